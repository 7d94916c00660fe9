//! The machine code of kernels: linking it, calling it, and the functions that it calls. This is
//! the only module of the crate that is `unsafe`.

use std::any::Any;
use std::ffi::{CStr, CString};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::OnceLock;

use inkwell::OptimizationLevel;
use inkwell::builder::{Builder, BuilderError};
use inkwell::llvm_sys::error::{LLVMDisposeErrorMessage, LLVMErrorRef, LLVMGetErrorMessage};
use inkwell::llvm_sys::orc2::lljit::{
    LLVMOrcCreateLLJIT, LLVMOrcLLJITAddObjectFile, LLVMOrcLLJITGetMainJITDylib, LLVMOrcLLJITLookup,
    LLVMOrcLLJITRef,
};
use inkwell::llvm_sys::support::LLVMParseCommandLineOptions;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::targets::{
    CodeModel, InitializationConfig, RelocMode, Target as Machines, TargetMachine,
};
use inkwell::types::BasicTypeEnum;
use inkwell::values::{IntValue, PointerValue};

use super::extents::Extents;
use super::target::Target;
use crate::native::Native;
use crate::rows::{Call, Cells};

/// The function to which a kernel is compiled. Its arguments are the memory, the positions of
/// inputs and of outputs, the pitches, the cells, the parameters, the addresses of the profiles at
/// index 0, how many numbers ahead the next cells lie, and the native functions. The result is not
/// 0 if all checked outputs are finite.
type KernelFn = unsafe extern "C" fn(
    *mut f64,
    *const usize,
    *const usize,
    *const usize,
    *const isize,
    *const f64,
    *const usize,
    usize,
    *mut Natives<'_>,
) -> i64;

/// A kernel as machine code. It is never unloaded.
pub(super) struct Code {
    entry: KernelFn,
    /// Does what `entry` does, and also prefetches the cells that lie ahead.
    fetching: KernelFn,
    extents: Extents,
}

impl Code {
    /// Loads the functions of these names from an object file. `function::emit` has made both of a
    /// kernel with these extents. The second one prefetches the cells that lie ahead.
    pub(super) fn load(
        object: MemoryBuffer<'static>,
        names: [&str; 2],
        extents: Extents,
    ) -> Result<Self, String> {
        let [entry, fetching] = link(object, names)?;
        Ok(Code { entry, fetching, extents })
    }

    /// Computes a range of cells. It panics if the code would touch anything that is not part of
    /// the call, or if a native function panics.
    ///
    /// `natives` are the functions of the kernel's calls of native functions, and `addresses` is
    /// working memory.
    pub(super) fn run(
        &self,
        call: &mut Call<'_>,
        cells: Cells,
        natives: &[Native],
        addresses: &mut Vec<usize>,
    ) -> bool {
        if cells.iter().any(|(first, end)| first >= end) {
            return true;
        }
        self.extents.check(call, cells);
        addresses.clear();
        addresses.extend(
            call.profiles.iter().map(|p| p.values.as_ptr().wrapping_add(p.before) as usize),
        );
        let bounds = cells.map(|(first, end)| [first, end]);
        let mut natives = Natives { functions: natives, panic: None };
        // SAFETY: the code reads and writes only what `check` has found to lie within the memory,
        // the parameters and the profiles, all of which are borrowed until it returns. It may
        // prefetch cache lines beyond them, which does nothing where there are none. Nothing that
        // it calls unwinds.
        let finite = unsafe {
            (if call.ahead > 0 { self.fetching } else { self.entry })(
                call.memory.as_mut_ptr(),
                call.inputs.as_ptr(),
                call.outputs.as_ptr(),
                call.pitch.as_ptr(),
                bounds.as_ptr().cast(),
                call.parameters.as_ptr(),
                addresses.as_ptr(),
                call.ahead,
                &mut natives,
            )
        };
        if let Some(panic) = natives.panic {
            resume_unwind(panic);
        }
        finite != 0
    }
}

/// The LLVM machine that makes code for a target.
pub(super) fn machine(target: &Target) -> Result<TargetMachine, String> {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    READY
        .get_or_init(|| {
            // Addresses are emitted in their best form. Letting LLVM look for another form took
            // most of the time and made nothing faster.
            let options = [c"fluxions", c"-disable-lsr"].map(CStr::as_ptr);
            // SAFETY: the options are as many C strings as the call says, and no message is asked
            // for unknown ones. They are set once, before any code generator exists.
            unsafe { LLVMParseCommandLineOptions(2, options.as_ptr(), std::ptr::null()) };
            Machines::initialize_native(&InitializationConfig::default())
        })
        .clone()?;
    let triple = TargetMachine::get_default_triple();
    Machines::from_triple(&triple)
        .map_err(|message| message.to_string())?
        .create_target_machine(
            &triple,
            &target.cpu,
            &target.features,
            OptimizationLevel::Default,
            RelocMode::PIC,
            CodeModel::Small,
        )
        .ok_or_else(|| format!("LLVM makes no code for {}", target.cpu))
}

/// The linker of all code in this process.
struct Linker(LLVMOrcLLJITRef);

// SAFETY: LLJIT may be used from any thread, and by several threads at a time.
unsafe impl Send for Linker {}
// SAFETY: LLJIT may be used from any thread, and by several threads at a time.
unsafe impl Sync for Linker {}

/// Loads an object file and finds its functions.
fn link(object: MemoryBuffer<'static>, names: [&str; 2]) -> Result<[KernelFn; 2], String> {
    static LINKER: OnceLock<Result<Linker, String>> = OnceLock::new();
    let linker = LINKER.get_or_init(|| {
        let mut linker = std::ptr::null_mut();
        // SAFETY: without a builder LLJIT uses its defaults.
        success(unsafe { LLVMOrcCreateLLJIT(&mut linker, std::ptr::null_mut()) })?;
        Ok(Linker(linker))
    });
    let linker = linker.as_ref().map_err(Clone::clone)?.0;
    // SAFETY: the linker lives as long as the process. It takes over the object, which is therefore
    // not dropped here.
    unsafe {
        let library = LLVMOrcLLJITGetMainJITDylib(linker);
        let object = std::mem::ManuallyDrop::new(object);
        success(LLVMOrcLLJITAddObjectFile(linker, library, object.as_mut_ptr()))?;
    }
    let find = |name: &str| {
        let mut address = 0;
        let name = CString::new(name).map_err(|error| error.to_string())?;
        // SAFETY: the name is a C string.
        success(unsafe { LLVMOrcLLJITLookup(linker, &mut address, name.as_ptr()) })?;
        // SAFETY: the address is that of a function which `function::emit` has made, with the
        // signature of `KernelFn`. Code is never unloaded.
        Ok::<_, String>(unsafe { std::mem::transmute::<usize, KernelFn>(address as usize) })
    };
    Ok([find(names[0])?, find(names[1])?])
}

fn success(error: LLVMErrorRef) -> Result<(), String> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: an error that is not null has a message, which is a C string, until it is disposed
    // of.
    unsafe {
        let message = LLVMGetErrorMessage(error);
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeErrorMessage(message);
        Err(text)
    }
}

/// The address of an element of an array.
pub(super) fn element<'ctx>(
    builder: &Builder<'ctx>,
    of: BasicTypeEnum<'ctx>,
    base: PointerValue<'ctx>,
    index: IntValue<'ctx>,
) -> Result<PointerValue<'ctx>, BuilderError> {
    // SAFETY: one index into an array of scalars is well formed. Only loads and stores at the
    // address have to be valid, which `Extents` ensures.
    unsafe { builder.build_gep(of, base, &[index], "") }
}

/// The native functions of a kernel while its code runs.
struct Natives<'a> {
    /// The native function of each call.
    functions: &'a [Native],
    /// The panic of the first native function that panicked. Compiled code cannot be unwound, so
    /// the panic goes on only after the code has ended.
    panic: Option<Box<dyn Any + Send>>,
}

/// The address of the function by which compiled code calls native functions.
pub(super) fn native_caller() -> usize {
    call_native as *const () as usize
}

/// Computes the first `count` values of a group of `pitch` cells. The arguments are `pitch` numbers
/// each.
extern "C" fn call_native(
    natives: *mut Natives<'_>,
    call: u64,
    count: u64,
    pitch: u64,
    values: *mut f64,
    arguments: *const f64,
) {
    // SAFETY: compiled code passes on the `Natives` that `Code::run` lends it.
    let natives = unsafe { &mut *natives };
    if natives.panic.is_some() {
        return;
    }
    let function = &natives.functions[call as usize];
    let (count, pitch) = (count as usize, pitch as usize);
    // SAFETY: compiled code passes at least `count` doubles for the values, and `pitch` doubles for
    // each argument of the function. Both are initialised and do not overlap.
    let (values, arguments) = unsafe {
        (
            std::slice::from_raw_parts_mut(values, count),
            std::slice::from_raw_parts(arguments, function.arguments() * pitch),
        )
    };
    // After a panic the values are not used any more.
    let each = AssertUnwindSafe(|| function.each(values, arguments, pitch));
    natives.panic = catch_unwind(each).err();
}

/// A function that compiled code calls for each number.
#[derive(Clone, Copy)]
pub(super) enum LaneFn {
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
    Three(fn(f64, f64, f64) -> f64),
}

impl LaneFn {
    /// The address of the function that calls it for some lanes, and its own address.
    pub(super) fn addresses(self) -> (usize, usize) {
        match self {
            LaneFn::One(f) => (call_one as *const () as usize, f as usize),
            LaneFn::Two(f) => (call_two as *const () as usize, f as usize),
            LaneFn::Three(f) => (call_three as *const () as usize, f as usize),
        }
    }
}

/// The numbers of the bits that are set.
fn set(mut lanes: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = (lanes != 0).then(|| lanes.trailing_zeros() as usize);
        lanes &= lanes.wrapping_sub(1);
        lane
    })
}

extern "C" fn call_one(f: usize, lanes: u64, out: *mut f64, x: *const f64) {
    // SAFETY: compiled code passes the address of a `LaneFn::One`, and vectors that have all lanes
    // whose bits are set.
    unsafe {
        let f = std::mem::transmute::<usize, fn(f64) -> f64>(f);
        set(lanes).for_each(|k| *out.add(k) = f(*x.add(k)));
    }
}

extern "C" fn call_two(f: usize, lanes: u64, out: *mut f64, x: *const f64, y: *const f64) {
    // SAFETY: compiled code passes the address of a `LaneFn::Two`, and vectors that have all lanes
    // whose bits are set.
    unsafe {
        let f = std::mem::transmute::<usize, fn(f64, f64) -> f64>(f);
        set(lanes).for_each(|k| *out.add(k) = f(*x.add(k), *y.add(k)));
    }
}

extern "C" fn call_three(
    f: usize,
    lanes: u64,
    out: *mut f64,
    x: *const f64,
    y: *const f64,
    z: *const f64,
) {
    // SAFETY: compiled code passes the address of a `LaneFn::Three`, and vectors that have all
    // lanes whose bits are set.
    unsafe {
        let f = std::mem::transmute::<usize, fn(f64, f64, f64) -> f64>(f);
        set(lanes).for_each(|k| *out.add(k) = f(*x.add(k), *y.add(k), *z.add(k)));
    }
}
