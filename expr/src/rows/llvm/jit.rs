//! From a module to code, and calls of it: the only place of this crate that is `unsafe`.

use std::ffi::{CStr, CString};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use inkwell::OptimizationLevel;
use inkwell::builder::Builder;
use inkwell::context::Context;
use inkwell::llvm_sys::error::{LLVMDisposeErrorMessage, LLVMErrorRef, LLVMGetErrorMessage};
use inkwell::llvm_sys::orc2::lljit::{
    LLVMOrcCreateLLJIT, LLVMOrcLLJITAddObjectFile, LLVMOrcLLJITGetMainJITDylib, LLVMOrcLLJITLookup,
    LLVMOrcLLJITRef,
};
use inkwell::llvm_sys::support::LLVMParseCommandLineOptions;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{
    CodeModel, FileType, InitializationConfig, RelocMode, Target as Machines, TargetMachine,
};
use inkwell::types::BasicTypeEnum;
use inkwell::values::{IntValue, PointerValue};

use super::emit::made;
use super::extents::Extents;
use super::function;
use super::target::Target;
use crate::kernel::Kernel;
use crate::rows::{Call, Cells};

/// What is done to a module before code is generated. Loads, stores and arithmetic are emitted
/// in the form that they should have; what is left is to share what is equal. More passes cost
/// time and make nothing faster.
const PASSES: &str = "mem2reg,early-cse";

/// The function that a kernel becomes: memory, positions of inputs and of outputs, pitches,
/// cells, parameters, addresses of the profiles at index 0, how far ahead lies what comes next. Not
/// 0 if all checked outputs are finite.
type Entry = unsafe extern "C" fn(
    *mut f64,
    *const usize,
    *const usize,
    *const usize,
    *const isize,
    *const f64,
    *const usize,
    usize,
) -> i64;

/// A kernel as machine code. It is never unloaded.
pub(super) struct Code {
    entry: Entry,
    /// The same, which fetches what lies ahead.
    fetching: Entry,
    extents: Extents,
}

impl Code {
    /// Makes code of a kernel.
    pub(super) fn new(kernel: &Kernel, target: &Target) -> Result<Self, String> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("kernel_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let machine = machine(target)?;
        let context = Context::create();
        let module = context.create_module(&name);
        module.set_triple(&machine.get_triple());
        module.set_data_layout(&machine.get_target_data().get_data_layout());
        let extents = Extents::of(kernel);
        let fetching = format!("{name}_fetching");
        function::emit(&context, &module, &name, kernel, &extents, target, false);
        function::emit(&context, &module, &fetching, kernel, &extents, target, true);
        // LLVM ends the process when it gets to see nonsense.
        module.verify().map_err(|message| message.to_string())?;
        module
            .run_passes(PASSES, &machine, PassBuilderOptions::create())
            .map_err(|message| message.to_string())?;
        let object = machine
            .write_to_memory_buffer(&module, FileType::Object)
            .map_err(|message| message.to_string())?;
        let [entry, fetching] = link(object, [&name, &fetching])?;
        Ok(Code { entry, fetching, extents })
    }

    /// Computes a range of cells; panics if it would touch what is not part of the call.
    ///
    /// `addresses` is working memory.
    pub(super) fn run(
        &self,
        call: &mut Call<'_>,
        cells: Cells,
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
        // SAFETY: the code reads and writes nothing but what `check` has found to be within the
        // memory, the parameters and the profiles, all of which are borrowed until it returns; it
        // may ask for cache lines beyond, which does nothing where there are none.
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
            )
        };
        finite != 0
    }
}

fn machine(target: &Target) -> Result<TargetMachine, String> {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    READY
        .get_or_init(|| {
            // Addresses are emitted in the form that they should have; finding another one took
            // most of the time and made nothing faster.
            let options = [c"fluxions", c"-disable-lsr"].map(CStr::as_ptr);
            // SAFETY: the options are C strings, as many as is said, and without a message for
            // unknown ones; they are set once, before there is any code generator.
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

/// The linker of all code of this process.
struct Linker(LLVMOrcLLJITRef);

// SAFETY: LLJIT may be used from any thread, several at a time.
unsafe impl Send for Linker {}
// SAFETY: as above.
unsafe impl Sync for Linker {}

/// Loads an object file and finds its functions.
fn link(object: MemoryBuffer<'static>, names: [&str; 2]) -> Result<[Entry; 2], String> {
    static LINKER: OnceLock<Result<Linker, String>> = OnceLock::new();
    let linker = LINKER.get_or_init(|| {
        let mut linker = std::ptr::null_mut();
        // SAFETY: without a builder LLJIT takes its defaults.
        success(unsafe { LLVMOrcCreateLLJIT(&mut linker, std::ptr::null_mut()) })?;
        Ok(Linker(linker))
    });
    let linker = linker.as_ref().map_err(Clone::clone)?.0;
    // SAFETY: the linker lives as long as the process; it takes over the object, which is
    // therefore not dropped here.
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
        // signature of `Entry`; code is never unloaded.
        Ok::<_, String>(unsafe { std::mem::transmute::<usize, Entry>(address as usize) })
    };
    Ok([find(names[0])?, find(names[1])?])
}

fn success(error: LLVMErrorRef) -> Result<(), String> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: an error that is not null has a message, a C string, until it is disposed of.
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
) -> PointerValue<'ctx> {
    // SAFETY: one index into an array of scalars is well formed; only loads and stores at the
    // address have to be valid, of which `Extents` makes sure.
    made(unsafe { builder.build_gep(of, base, &[index], "") })
}

/// A function that compiled code calls number by number.
#[derive(Clone, Copy)]
pub(super) enum Scalar {
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
    Three(fn(f64, f64, f64) -> f64),
}

impl Scalar {
    /// The address of what calls it for some lanes, and its own.
    pub(super) fn addresses(self) -> (usize, usize) {
        match self {
            Scalar::One(f) => (call_one as *const () as usize, f as usize),
            Scalar::Two(f) => (call_two as *const () as usize, f as usize),
            Scalar::Three(f) => (call_three as *const () as usize, f as usize),
        }
    }
}

/// The numbers of the set bits.
fn set(mut lanes: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = (lanes != 0).then(|| lanes.trailing_zeros() as usize);
        lanes &= lanes.wrapping_sub(1);
        lane
    })
}

extern "C" fn call_one(f: usize, lanes: u64, out: *mut f64, x: *const f64) {
    // SAFETY: compiled code passes the address of a `Scalar::One`, and vectors that have all the
    // lanes set.
    unsafe {
        let f = std::mem::transmute::<usize, fn(f64) -> f64>(f);
        set(lanes).for_each(|k| *out.add(k) = f(*x.add(k)));
    }
}

extern "C" fn call_two(f: usize, lanes: u64, out: *mut f64, x: *const f64, y: *const f64) {
    // SAFETY: as for `call_one`.
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
    // SAFETY: as for `call_one`.
    unsafe {
        let f = std::mem::transmute::<usize, fn(f64, f64, f64) -> f64>(f);
        set(lanes).for_each(|k| *out.add(k) = f(*x.add(k), *y.add(k), *z.add(k)));
    }
}
