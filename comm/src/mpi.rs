//! Ranks as MPI processes. This is the only module with `unsafe` calls of MPI.
//!
//! Collective operations go through rsmpi. Persistent requests (MPI 4.0, section 3.9), which rsmpi
//! lacks, are made here. A message owns its buffer, so that MPI never writes to memory that is used
//! elsewhere. Errors of MPI itself are fatal, as is MPI's default.

use std::os::raw::c_int;
use std::rc::Rc;

use mpi::collective::SystemOperation;
use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::{Threading, Universe};
use mpi::ffi;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{AsRaw, Communicator, CommunicatorCollectives, Equivalence, Root};

use crate::combine::Combine;
use crate::error::Error;
use crate::wait_watch::WaitWatch;
use crate::waiting::{Call, Limit};

/// MPI's handle of a communicator.
pub type RawComm = ffi::MPI_Comm;

/// This process as one of the processes of the job. MPI is finalised when the last copy is dropped.
pub(crate) struct Process {
    communicator: SimpleCommunicator,
    /// The universe is dropped after the communicator, which uses it.
    _universe: Universe,
    /// Dropped last: it also watches the end.
    watch: WaitWatch,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.watch.enter(Call::End);
    }
}

impl Process {
    pub(crate) fn start() -> Result<Self, Error> {
        let (universe, _) =
            mpi::initialize_with_threading(Threading::Funneled).ok_or(Error::AlreadyStarted)?;
        abort_on_panic();
        let watch = WaitWatch::default();
        Ok(Process { communicator: universe.world(), _universe: universe, watch })
    }

    /// The name of the library, with its version.
    pub(crate) fn library() -> String {
        let text = mpi::environment::library_version().unwrap_or_default();
        let first = text.split([',', '\n']).next().unwrap_or_default();
        first.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn limit_waits(&self, limit: Limit) {
        self.watch.limit(self.rank(), limit);
    }

    pub(crate) fn rank(&self) -> usize {
        self.communicator.rank() as usize
    }

    pub(crate) fn size(&self) -> usize {
        self.communicator.size() as usize
    }

    pub(crate) fn barrier(&self) {
        self.watch.during(Call::Barrier, || self.communicator.barrier());
    }

    pub(crate) fn combine(&self, how: Combine, values: &mut [i64]) {
        /// How many integers are combined at once without allocation. The longest list is that of
        /// an exact sum.
        const ROOM: usize = 128;
        let operation = match how {
            Combine::Sum => SystemOperation::sum(),
            Combine::Max => SystemOperation::max(),
            Combine::Min => SystemOperation::min(),
        };
        for part in values.chunks_mut(ROOM) {
            let mut mine = [0; ROOM];
            let mine = &mut mine[..part.len()];
            mine.copy_from_slice(part);
            let call = Call::Combine { integers: part.len() };
            self.watch.during(call, || self.communicator.all_reduce_into(mine, part, operation));
        }
    }

    pub(crate) fn gather(&self, mine: &[f64], counts: &[usize]) -> Option<Vec<f64>> {
        let root = self.communicator.process_at_rank(0);
        if self.rank() != 0 {
            self.watch.during(Call::Gather, || root.gather_varcount_into(mine));
            return None;
        }
        let mut all = vec![0.0; counts.iter().sum()];
        let (counts, starts) = partition(counts);
        let mut partition = PartitionMut::new(&mut all[..], counts, &starts[..]);
        let gather = || root.gather_varcount_into_root(mine, &mut partition);
        self.watch.during(Call::Gather, gather);
        Some(all)
    }

    pub(crate) fn exchange(&self, mine: &[f64], to: &[usize], from: &[usize]) -> Vec<f64> {
        let mut all = vec![0.0; from.iter().sum()];
        let ((sent, sent_starts), (received, starts)) = (partition(to), partition(from));
        let mine = Partition::new(mine, sent, &sent_starts[..]);
        let mut theirs = PartitionMut::new(&mut all[..], received, &starts[..]);
        let exchange = || self.communicator.all_to_all_varcount_into(&mine, &mut theirs);
        self.watch.during(Call::Exchange, exchange);
        all
    }

    pub(crate) fn raw(&self) -> RawComm {
        self.communicator.as_raw()
    }

    pub(crate) fn outgoing(this: &Rc<Self>, to: usize, tag: usize, length: usize) -> Persistent {
        Persistent::new(this, (Call::Send { to, length }, length), |buffer, request| {
            // SAFETY: the buffer holds `length` doubles and lives as long as the request. Both
            // belong to the `Persistent`, which never moves the heap memory of the box.
            unsafe {
                ffi::MPI_Send_init(
                    buffer.as_ptr().cast(),
                    length as c_int,
                    f64::equivalent_datatype().as_raw(),
                    to as c_int,
                    tag as c_int,
                    this.raw(),
                    request,
                );
            }
        })
    }

    pub(crate) fn incoming(this: &Rc<Self>, from: usize, tag: usize, length: usize) -> Persistent {
        Persistent::new(this, (Call::Receive { from, length }, length), |buffer, request| {
            // SAFETY: the buffer holds `length` doubles and lives as long as the request. MPI
            // writes to it only while the request is active, and then `Persistent` lets nobody
            // access it.
            unsafe {
                ffi::MPI_Recv_init(
                    buffer.as_mut_ptr().cast(),
                    length as c_int,
                    f64::equivalent_datatype().as_raw(),
                    from as c_int,
                    tag as c_int,
                    this.raw(),
                    request,
                );
            }
        })
    }
}

/// Counts and the positions where the parts begin, in the form that MPI expects.
fn partition(counts: &[usize]) -> (Vec<c_int>, Vec<c_int>) {
    let total: usize = counts.iter().sum();
    assert!(total <= c_int::MAX as usize, "{total} numbers at once are too many for MPI");
    let starts = (0..counts.len()).map(|k| counts[..k].iter().sum::<usize>() as c_int).collect();
    (counts.iter().map(|n| *n as c_int).collect(), starts)
}

/// A persistent request with its buffer.
pub(crate) struct Persistent {
    buffer: Box<[f64]>,
    request: ffi::MPI_Request,
    active: bool,
    /// What a rank waits for in this request.
    call: Call,
    /// MPI must not be finalised before the request is freed.
    process: Rc<Process>,
}

impl Persistent {
    fn new(
        process: &Rc<Process>,
        (call, length): (Call, usize),
        init: impl FnOnce(&mut [f64], *mut ffi::MPI_Request),
    ) -> Self {
        assert!(length <= c_int::MAX as usize, "a message of {length} numbers is too long for MPI");
        let mut buffer: Box<[f64]> = vec![0.0; length].into();
        // SAFETY: this is a constant of the MPI library, which is only read.
        let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
        init(&mut buffer, &mut request);
        Persistent { buffer, request, active: false, call, process: process.clone() }
    }

    /// The buffer. MPI does not touch it unless the message is on its way.
    pub(crate) fn buffer(&self) -> &[f64] {
        assert!(!self.active, "the buffer of a message on its way");
        &self.buffer
    }

    pub(crate) fn buffer_mut(&mut self) -> &mut [f64] {
        assert!(!self.active, "the buffer of a message on its way");
        &mut self.buffer
    }

    pub(crate) fn start(&mut self) {
        assert!(!self.active, "a message is started twice");
        // SAFETY: the request is persistent and inactive.
        unsafe { ffi::MPI_Start(&mut self.request) };
        self.active = true;
    }

    pub(crate) fn poll(&mut self) {
        if self.active {
            let mut done = 0;
            // SAFETY: the request is active. If the test completes it, it becomes inactive.
            unsafe { ffi::MPI_Test(&mut self.request, &mut done, ffi::RSMPI_STATUS_IGNORE) };
            self.active = done == 0;
        }
    }

    pub(crate) fn finish(&mut self) {
        if self.active {
            let request = &mut self.request;
            // SAFETY: the request is active and becomes inactive.
            let wait = || unsafe { ffi::MPI_Wait(request, ffi::RSMPI_STATUS_IGNORE) };
            self.process.watch.during(self.call, wait);
            self.active = false;
        }
    }
}

impl Drop for Persistent {
    fn drop(&mut self) {
        if self.active {
            // A rank gave up in the middle of an exchange. MPI may still write to the buffer, so
            // the buffer is leaked. The job is about to end.
            std::mem::forget(std::mem::take(&mut self.buffer));
            return;
        }
        // SAFETY: the request is inactive and is not used again, and MPI is not finalised yet.
        unsafe { ffi::MPI_Request_free(&mut self.request) };
    }
}

/// Ends all processes of the job.
pub(crate) fn abort(code: i32) -> ! {
    // SAFETY: MPI was initialised by `Process::start`, before which nothing calls this.
    unsafe { ffi::MPI_Abort(ffi::RSMPI_COMM_WORLD, code) };
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
