//! MPI as a whole: its start and its end.

use std::os::raw::{c_char, c_int, c_void};
use std::rc::Rc;

use mpi::ffi;

use crate::error::Error;
use crate::mpi::left_behind::LeftBehind;
use crate::mpi::wait_watch::WaitWatch;
use crate::waiting::{Call, Operation};

/// Which threads of a program there are beside the one that calls MPI.
///
/// Calls of Open MPI 4.1 take twice as long at any level but the first: 0.1 µs instead of
/// 0.05 µs for a persistent message of a rank to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ThreadLevel {
    /// There are no other threads at all.
    Single,
    /// Others do not call MPI. A limit of waits needs it, since a thread keeps watch.
    Funneled,
}

/// MPI in this process. It is finalised when the last communicator, message and request is dropped.
pub(crate) struct Environment {
    finalises: bool,
    pub(crate) level: ThreadLevel,
    pub(super) highest_tag: usize,
    /// Whether the library may write beyond the room for a message, as Open MPI does (4.1.4 and 5.0.11 were seen to): it fetches
    /// long ones from the memory of the sender, all of each.
    pub(super) overruns: bool,
    /// It also watches the end.
    pub(super) watch: WaitWatch,
    pub(super) left_behind: LeftBehind,
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.left_behind.end();
        if self.finalises {
            self.watch.enter(Call::of_all(Operation::End, 0));
            // SAFETY: MPI was initialised here, and all that uses it is gone.
            unsafe { ffi::MPI_Finalize() };
        }
    }
}

impl Environment {
    /// Starts MPI. From then on a panic ends all processes.
    pub(crate) fn start(level: ThreadLevel) -> Result<Rc<Self>, Error> {
        if is_initialised() {
            return Err(Error::AlreadyStarted);
        }
        // SAFETY: MPI was not initialised in this process; arguments are optional (MPI 4.0, section 11.2.1).
        unsafe {
            let (wanted, mut provided) = (level_of_mpi(level), 0);
            let none = std::ptr::null_mut::<c_int>();
            ffi::MPI_Init_thread(none, std::ptr::null_mut(), wanted, &mut provided);
        }
        abort_on_panic();
        Ok(Rc::new(Environment {
            finalises: true,
            level,
            highest_tag: highest_tag(),
            overruns: Self::library().starts_with("Open MPI"),
            watch: WaitWatch::default(),
            left_behind: LeftBehind::default(),
        }))
    }

    /// MPI as the program has initialised it, which is also to finalise it.
    pub(crate) fn attach() -> Result<Rc<Self>, Error> {
        if is_finalised() || !is_initialised() {
            let reason = match is_finalised() {
                false => "it was not initialised",
                true => "it was finalised",
            };
            return Err(Error::NotStarted { reason });
        }
        let (mut level, mut is_main) = (0, 0);
        // SAFETY: MPI is initialised; both may then be called from any thread. The constant is only read.
        let serialised = unsafe {
            ffi::MPI_Query_thread(&mut level);
            ffi::MPI_Is_thread_main(&mut is_main);
            ffi::RSMPI_THREAD_SERIALIZED
        };
        if is_main == 0 && level < serialised {
            let reason = "it may be called from another thread only, the one that initialised it";
            return Err(Error::NotStarted { reason });
        }
        Ok(Rc::new(Environment {
            finalises: false,
            level: ThreadLevel::Funneled,
            highest_tag: highest_tag(),
            overruns: Self::library().starts_with("Open MPI"),
            watch: WaitWatch::default(),
            left_behind: LeftBehind::default(),
        }))
    }

    /// The name of the library, with its version.
    pub(crate) fn library() -> String {
        let mut length = 0;
        let mut text = [0 as c_char; ffi::MPI_MAX_LIBRARY_VERSION_STRING as usize + 1];
        // SAFETY: this may be called at any time, and the text has as much room as MPI asks for.
        unsafe { ffi::MPI_Get_library_version(text.as_mut_ptr(), &mut length) };
        let bytes: Vec<u8> = text.iter().take(length.max(0) as usize).map(|c| *c as u8).collect();
        let text = String::from_utf8_lossy(&bytes);
        let first = text.split([',', '\n']).next().unwrap_or_default();
        first.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The name of this machine.
    pub(crate) fn host() -> String {
        let mut length = 0;
        let mut text = [0 as c_char; ffi::MPI_MAX_PROCESSOR_NAME as usize + 1];
        // SAFETY: MPI is initialised, and the text has as much room as it asks for.
        unsafe { ffi::MPI_Get_processor_name(text.as_mut_ptr(), &mut length) };
        let bytes: Vec<u8> = text.iter().take(length.max(0) as usize).map(|c| *c as u8).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn is_initialised() -> bool {
    let mut initialised = 0;
    // SAFETY: this may be called at any time.
    unsafe { ffi::MPI_Initialized(&mut initialised) };
    initialised != 0
}

fn is_finalised() -> bool {
    let mut finalised = 0;
    // SAFETY: this may be called at any time.
    unsafe { ffi::MPI_Finalized(&mut finalised) };
    finalised != 0
}

fn level_of_mpi(level: ThreadLevel) -> c_int {
    // SAFETY: these are constants of the MPI library, which are only read.
    unsafe {
        match level {
            ThreadLevel::Single => ffi::RSMPI_THREAD_SINGLE,
            ThreadLevel::Funneled => ffi::RSMPI_THREAD_FUNNELED,
        }
    }
}

/// The largest tag that a message may have.
fn highest_tag() -> usize {
    /// What every MPI allows (MPI 4.0, section 9.1.2).
    const LEAST: usize = 32767;
    let (mut value, mut found) = (std::ptr::null_mut::<c_int>(), 0);
    // SAFETY: MPI is initialised. The attribute, if there is one, is a pointer to an integer.
    unsafe {
        let place: *mut *mut c_int = &mut value;
        let key = ffi::MPI_TAG_UB as c_int;
        ffi::MPI_Comm_get_attr(ffi::RSMPI_COMM_WORLD, key, place.cast::<c_void>(), &mut found);
        match found != 0 && !value.is_null() {
            true => usize::try_from(*value).unwrap_or(LEAST),
            false => LEAST,
        }
    }
}

/// Ends all processes of the job.
pub(crate) fn abort(code: i32) -> ! {
    if !is_finalised() {
        // SAFETY: MPI was initialised before anything calls this.
        unsafe { ffi::MPI_Abort(ffi::RSMPI_COMM_WORLD, code) };
    }
    std::process::exit(code)
}

/// Makes a panic on one rank end the job. Otherwise the other ranks would wait forever.
fn abort_on_panic() {
    /// The exit code of Rust programs that panic.
    const PANICKED: i32 = 101;
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        abort(PANICKED);
    }));
}
