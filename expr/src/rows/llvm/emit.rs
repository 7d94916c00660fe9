//! Instructions on vectors and words, and the places of the arguments of calls.

use std::num::NonZeroU32;

use inkwell::basic_block::BasicBlock;
use inkwell::builder::{Builder, BuilderError};
use inkwell::context::Context;
use inkwell::intrinsics::Intrinsic;
use inkwell::module::Module;
use inkwell::types::{BasicType, BasicTypeEnum, PointerType, VectorType};
use inkwell::values::{
    BasicMetadataValueEnum, BasicValue, BasicValueEnum, FloatValue, FunctionValue, IntValue,
    PointerValue, VectorValue,
};
use inkwell::{AddressSpace, IntPredicate};

use super::jit;
use super::target::Target;

/// Emits instructions at the end of a block. An operation may end the block and begin another one.
pub(super) struct Emit<'a, 'ctx> {
    pub(super) context: &'ctx Context,
    pub(super) module: &'a Module<'ctx>,
    pub(super) builder: Builder<'ctx>,
    pub(super) function: FunctionValue<'ctx>,
    pub(super) target: &'a Target,
    /// The active lanes. Without them all lanes are active.
    pub(super) active: Option<Active<'ctx>>,
    /// The places of the values, and then of the arguments, of functions that are called for each
    /// number.
    pub(super) slots: [PointerValue<'ctx>; 4],
    /// The place of the values, and then of the arguments, of native functions, one group of
    /// vectors after the other. It exists in kernels that call native functions.
    pub(super) native_slots: Option<PointerValue<'ctx>>,
}

/// The active lanes of a vector, which are the first `count` ones.
#[derive(Clone, Copy)]
pub(super) struct Active<'ctx> {
    pub(super) mask: VectorValue<'ctx>,
    pub(super) count: IntValue<'ctx>,
}

/// What the LLVM builder made. It fails only if there is a mistake in this module.
pub(super) fn made<T>(result: Result<T, BuilderError>) -> T {
    result.expect("the instruction is well formed")
}

impl<'a, 'ctx> Emit<'a, 'ctx> {
    /// Begins in the first block of a function. `native_vectors` is the number of vectors that
    /// calls of native functions need, if there are any.
    pub(super) fn new(
        context: &'ctx Context,
        module: &'a Module<'ctx>,
        function: FunctionValue<'ctx>,
        target: &'a Target,
        native_vectors: Option<usize>,
    ) -> Self {
        let builder = context.create_builder();
        builder.position_at_end(context.append_basic_block(function, "entry"));
        let vector = context.f64_type().vec_type(target.width);
        let slots = [0; 4].map(|_| made(builder.build_alloca(vector, "slot")));
        let native_slots = native_vectors.map(|count| {
            let vectors = vector.array_type(count as u32);
            let at = made(builder.build_alloca(vectors, "arguments"));
            made(builder.build_store(at, vectors.const_zero()));
            at
        });
        Emit { context, module, builder, function, target, active: None, slots, native_slots }
    }

    pub(super) fn block(&self, name: &str) -> BasicBlock<'ctx> {
        self.context.append_basic_block(self.function, name)
    }

    pub(super) fn vector(&self) -> VectorType<'ctx> {
        self.context.f64_type().vec_type(self.target.width)
    }

    pub(super) fn word(&self, x: i64) -> IntValue<'ctx> {
        self.context.i64_type().const_int(x as u64, true)
    }

    /// A vector that holds the same scalar in all lanes.
    pub(super) fn splat(&self, x: FloatValue<'ctx>) -> VectorValue<'ctx> {
        let i32s = self.context.i32_type();
        let one = made(self.builder.build_insert_element(
            self.vector().get_poison(),
            x,
            i32s.const_zero(),
            "",
        ));
        let first = i32s.vec_type(self.target.width).const_zero();
        made(self.builder.build_shuffle_vector(one, self.vector().get_poison(), first, ""))
    }

    /// The lanes of two adjacent vectors, from lane `lane` of the first one on.
    pub(super) fn across(
        &self,
        low: VectorValue<'ctx>,
        high: VectorValue<'ctx>,
        lane: u64,
    ) -> VectorValue<'ctx> {
        let i32s = self.context.i32_type();
        let lanes: Vec<_> =
            (lane..lane + u64::from(self.target.width)).map(|k| i32s.const_int(k, false)).collect();
        made(self.builder.build_shuffle_vector(low, high, VectorType::const_vector(&lanes), ""))
    }

    /// Makes the first `count` lanes the active ones. `count` is not negative.
    pub(super) fn activate(&mut self, count: IntValue<'ctx>) {
        let i64s = self.context.i64_type().vec_type(self.target.width);
        let lanes: Vec<_> = (0..self.target.width).map(|k| self.word(k.into())).collect();
        let one = made(self.builder.build_insert_element(
            i64s.get_poison(),
            count,
            self.context.i32_type().const_zero(),
            "",
        ));
        let first = self.context.i32_type().vec_type(self.target.width).const_zero();
        let counts = made(self.builder.build_shuffle_vector(one, i64s.get_poison(), first, ""));
        let lanes = VectorType::const_vector(&lanes);
        let mask = made(self.builder.build_int_compare(IntPredicate::SLT, lanes, counts, "active"));
        self.active = Some(Active { mask, count });
    }

    /// The active lanes as a mask, or `None` if all lanes are active.
    pub(super) fn mask(&self) -> Option<VectorValue<'ctx>> {
        self.active.map(|active| active.mask)
    }

    /// The smaller of two words.
    pub(super) fn smaller(&self, a: IntValue<'ctx>, b: IntValue<'ctx>) -> IntValue<'ctx> {
        let less = made(self.builder.build_int_compare(IntPredicate::SLT, a, b, ""));
        made(self.builder.build_select(less, a, b, "")).into_int_value()
    }

    /// The address of the double that lies `index` doubles after another one.
    pub(super) fn element(
        &self,
        base: PointerValue<'ctx>,
        index: IntValue<'ctx>,
    ) -> PointerValue<'ctx> {
        made(jit::element(&self.builder, self.context.f64_type().into(), base, index))
    }

    /// Number `index` in a row of integers, doubles or pointers of 64 bits each.
    pub(super) fn entry<T: BasicType<'ctx>>(
        &self,
        of: T,
        base: PointerValue<'ctx>,
        index: usize,
    ) -> BasicValueEnum<'ctx> {
        let index = self.word(index as i64);
        let at = made(jit::element(&self.builder, of.as_basic_type_enum(), base, index));
        made(self.builder.build_load(of, at, ""))
    }

    /// Prefetches a cache line that will be needed soon.
    pub(super) fn fetch(&self, at: PointerValue<'ctx>) {
        let i32s = self.context.i32_type();
        // The line is fetched for reading, into the second-level cache, as data.
        let [read, level, data] = [0, 2, 1].map(|k| i32s.const_int(k, false).into());
        self.call("llvm.prefetch", &[self.pointer().into()], &[at.into(), read, level, data]);
    }

    /// Loads the active lanes of a vector from memory.
    pub(super) fn load(&self, at: PointerValue<'ctx>) -> VectorValue<'ctx> {
        let Some(active) = self.mask() else {
            let vector = made(self.builder.build_load(self.vector(), at, ""));
            if let Some(load) = vector.as_instruction_value() {
                let _ = load.set_alignment(8);
            }
            return vector.into_vector_value();
        };
        let align = self.context.i32_type().const_int(8, false);
        let zero = self.vector().const_zero();
        let arguments = [at.into(), align.into(), active.into(), zero.into()];
        let types = [self.vector().into(), self.pointer().into()];
        match self.call("llvm.masked.load", &types, &arguments) {
            Some(value) => value.into_vector_value(),
            None => zero,
        }
    }

    /// Stores a vector past the caches. Its address must be a multiple of its size.
    pub(super) fn stream(&self, at: PointerValue<'ctx>, x: VectorValue<'ctx>) {
        let store = made(self.builder.build_store(at, x));
        let _ = store.set_alignment(8 * self.target.width);
        let one = self.context.i32_type().const_int(1, false);
        let mark = self.context.metadata_node(&[one.into()]);
        let _ = store.set_metadata(mark, self.context.get_kind_id("nontemporal"));
    }

    /// Makes what was stored past the caches visible to other cores before any later store. On
    /// other processors the barriers between those who share memory do this.
    pub(super) fn settle(&self) {
        if cfg!(target_arch = "x86_64") {
            self.call("llvm.x86.sse.sfence", &[], &[]);
        }
    }

    /// Stores the active lanes of a vector.
    pub(super) fn store(&self, at: PointerValue<'ctx>, x: VectorValue<'ctx>) {
        let Some(active) = self.mask() else {
            let store = made(self.builder.build_store(at, x));
            let _ = store.set_alignment(8);
            return;
        };
        let align = self.context.i32_type().const_int(8, false);
        let arguments = [x.into(), at.into(), align.into(), active.into()];
        self.call("llvm.masked.store", &[self.vector().into(), self.pointer().into()], &arguments);
    }

    pub(super) fn pointer(&self) -> PointerType<'ctx> {
        self.context.ptr_type(AddressSpace::default())
    }

    /// Calls an intrinsic function.
    pub(super) fn call(
        &self,
        intrinsic: &str,
        types: &[BasicTypeEnum<'ctx>],
        arguments: &[BasicMetadataValueEnum<'ctx>],
    ) -> Option<BasicValueEnum<'ctx>> {
        let function = Intrinsic::find(intrinsic)
            .and_then(|found| found.get_declaration(self.module, types))
            .expect("the intrinsic exists for these types");
        made(self.builder.build_call(function, arguments, "")).try_as_basic_value().basic()
    }

    /// An intrinsic of vectors that gives a vector.
    pub(super) fn intrinsic<const N: usize>(
        &self,
        name: &str,
        of: [VectorValue<'ctx>; N],
    ) -> VectorValue<'ctx> {
        let value = self.call(name, &[self.vector().into()], &of.map(Into::into));
        value.expect("the intrinsic gives a value").into_vector_value()
    }

    /// The lanes of a mask as the bits of a word. The first lane is the lowest bit.
    pub(super) fn lanes(&self, mask: VectorValue<'ctx>) -> IntValue<'ctx> {
        let width = NonZeroU32::new(self.target.width).expect("vectors have lanes");
        let bits = self.context.custom_width_int_type(width).expect("an integer has this width");
        let bits = made(self.builder.build_bit_cast(mask, bits, "")).into_int_value();
        made(self.builder.build_int_z_extend(bits, self.context.i64_type(), ""))
    }
}
