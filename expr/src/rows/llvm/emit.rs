//! Primitive operations as instructions on vectors.

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
use inkwell::{AddressSpace, FloatPredicate, IntPredicate};

use super::jit::{self, Scalar};
use super::target::Target;
use crate::math::Lanes;

/// Emits instructions at the end of a block. Functions that have no instruction are called number
/// by number, which may end the block and begin another.
pub(super) struct Emit<'a, 'ctx> {
    pub(super) context: &'ctx Context,
    pub(super) module: &'a Module<'ctx>,
    pub(super) builder: Builder<'ctx>,
    pub(super) function: FunctionValue<'ctx>,
    pub(super) target: &'a Target,
    /// The lanes that count; all if there is none.
    pub(super) active: Option<VectorValue<'ctx>>,
    /// Where arguments of functions that are called number by number lie, and first their values.
    slots: [PointerValue<'ctx>; 4],
}

/// What the builder makes: it refuses only what would be a mistake in this module.
pub(super) fn made<T>(result: Result<T, BuilderError>) -> T {
    result.expect("the instruction is well formed")
}

impl<'a, 'ctx> Emit<'a, 'ctx> {
    /// Begins in a function's first block.
    pub(super) fn new(
        context: &'ctx Context,
        module: &'a Module<'ctx>,
        function: FunctionValue<'ctx>,
        target: &'a Target,
    ) -> Self {
        let builder = context.create_builder();
        builder.position_at_end(context.append_basic_block(function, "entry"));
        let vector = context.f64_type().vec_type(target.width);
        let slots = [0; 4].map(|_| made(builder.build_alloca(vector, "slot")));
        Emit { context, module, builder, function, target, active: None, slots }
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

    /// The same scalar in all lanes.
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

    /// The lanes of two adjacent vectors from one of the first on.
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

    /// Sets which lanes count: as many of the first as `count` says.
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
        let count = made(self.builder.build_shuffle_vector(one, i64s.get_poison(), first, ""));
        let lanes = VectorType::const_vector(&lanes);
        let less = self.builder.build_int_compare(IntPredicate::SLT, lanes, count, "active");
        self.active = Some(made(less));
    }

    /// The double that lies `index` doubles after another.
    pub(super) fn element(
        &self,
        base: PointerValue<'ctx>,
        index: IntValue<'ctx>,
    ) -> PointerValue<'ctx> {
        jit::element(&self.builder, self.context.f64_type().into(), base, index)
    }

    /// Number `index` of a row of integers, doubles or pointers of 64 bits each.
    pub(super) fn entry<T: BasicType<'ctx>>(
        &self,
        of: T,
        base: PointerValue<'ctx>,
        index: usize,
    ) -> BasicValueEnum<'ctx> {
        let at =
            jit::element(&self.builder, of.as_basic_type_enum(), base, self.word(index as i64));
        made(self.builder.build_load(of, at, ""))
    }

    /// A vector from memory, of the active lanes.
    /// Asks for a cache line that will be needed soon.
    pub(super) fn fetch(&self, at: PointerValue<'ctx>) {
        let i32s = self.context.i32_type();
        // For reading, into the second-level cache, of data.
        let [read, level, data] = [0, 2, 1].map(|k| i32s.const_int(k, false).into());
        self.call("llvm.prefetch", &[self.pointer().into()], &[at.into(), read, level, data]);
    }

    pub(super) fn load(&self, at: PointerValue<'ctx>) -> VectorValue<'ctx> {
        let Some(active) = self.active else {
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

    /// Stores a vector past the caches, at an address that is a multiple of its size.
    pub(super) fn stream(&self, at: PointerValue<'ctx>, x: VectorValue<'ctx>) {
        let store = made(self.builder.build_store(at, x));
        let _ = store.set_alignment(8 * self.target.width);
        let one = self.context.i32_type().const_int(1, false);
        let mark = self.context.metadata_node(&[one.into()]);
        let _ = store.set_metadata(mark, self.context.get_kind_id("nontemporal"));
    }

    /// Makes what was stored past the caches visible to others before what is stored later. On other
    /// processors the barriers of those who share memory do so anyway.
    pub(super) fn settle(&self) {
        if cfg!(target_arch = "x86_64") {
            self.call("llvm.x86.sse.sfence", &[], &[]);
        }
    }

    /// Stores the active lanes of a vector.
    pub(super) fn store(&self, at: PointerValue<'ctx>, x: VectorValue<'ctx>) {
        let Some(active) = self.active else {
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

    fn call(
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
    fn intrinsic<const N: usize>(
        &self,
        name: &str,
        of: [VectorValue<'ctx>; N],
    ) -> VectorValue<'ctx> {
        let value = self.call(name, &[self.vector().into()], &of.map(Into::into));
        value.expect("the intrinsic gives a value").into_vector_value()
    }

    /// The lanes of a mask as the bits of a word, the first lowest.
    pub(super) fn lanes(&self, mask: VectorValue<'ctx>) -> IntValue<'ctx> {
        let width = NonZeroU32::new(self.target.width).expect("vectors have lanes");
        let bits = self.context.custom_width_int_type(width).expect("an integer has this width");
        let bits = made(self.builder.build_bit_cast(mask, bits, "")).into_int_value();
        made(self.builder.build_int_z_extend(bits, self.context.i64_type(), ""))
    }

    /// Calls a function for each of these lanes; the others stay as in `usual`.
    fn by_number<const N: usize>(
        &self,
        lanes: IntValue<'ctx>,
        usual: Option<VectorValue<'ctx>>,
        function: Scalar,
        arguments: [VectorValue<'ctx>; N],
    ) -> VectorValue<'ctx> {
        let [value, slots @ ..] = self.slots;
        if let Some(usual) = usual {
            made(self.builder.build_store(value, usual));
        }
        for (slot, argument) in slots.iter().zip(arguments) {
            made(self.builder.build_store(*slot, argument));
        }
        let (words, pointer) = (self.context.i64_type(), self.pointer());
        let (caller, function) = function.addresses();
        let mut types = vec![words.into(), words.into(), pointer.into()];
        let mut given = vec![self.word(function as i64).into(), lanes.into(), value.into()];
        for slot in &slots[..N] {
            types.push(pointer.into());
            given.push((*slot).into());
        }
        let callee = self.context.void_type().fn_type(&types, false);
        let caller = self.word(caller as i64).const_to_pointer(pointer);
        made(self.builder.build_indirect_call(callee, caller, &given, ""));
        made(self.builder.build_load(self.vector(), value, "")).into_vector_value()
    }

    /// Calls a function for each lane that counts.
    fn each<const N: usize>(
        &self,
        function: Scalar,
        arguments: [VectorValue<'ctx>; N],
    ) -> VectorValue<'ctx> {
        let every = self.word((1 << self.target.width) - 1);
        let lanes = self.active.map_or(every, |active| self.lanes(active));
        self.by_number(lanes, None, function, arguments)
    }

    fn compare(
        &self,
        how: FloatPredicate,
        a: VectorValue<'ctx>,
        b: VectorValue<'ctx>,
    ) -> VectorValue<'ctx> {
        made(self.builder.build_float_compare(how, a, b, ""))
    }
}

impl<'ctx> Lanes for Emit<'_, 'ctx> {
    type Number = VectorValue<'ctx>;
    type Bits = VectorValue<'ctx>;
    type Mask = VectorValue<'ctx>;

    fn number(&mut self, x: f64) -> VectorValue<'ctx> {
        let x = self.context.f64_type().const_float(x);
        VectorType::const_vector(&vec![x; self.target.width as usize])
    }
    fn add(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_float_add(a, b, ""))
    }
    fn sub(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_float_sub(a, b, ""))
    }
    fn mul(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_float_mul(a, b, ""))
    }
    fn div(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_float_div(a, b, ""))
    }
    fn fma(
        &mut self,
        a: VectorValue<'ctx>,
        b: VectorValue<'ctx>,
        c: VectorValue<'ctx>,
    ) -> VectorValue<'ctx> {
        if self.target.fused {
            self.intrinsic("llvm.fma", [a, b, c])
        } else {
            self.each(Scalar::Three(f64::mul_add), [a, b, c])
        }
    }
    fn sqrt(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        self.intrinsic("llvm.sqrt", [a])
    }
    fn negate(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_float_neg(a, ""))
    }
    fn abs(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        self.intrinsic("llvm.fabs", [a])
    }
    fn copysign(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        self.intrinsic("llvm.copysign", [a, b])
    }
    fn floor(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        if self.target.rounds {
            self.intrinsic("llvm.floor", [a])
        } else {
            self.each(Scalar::One(f64::floor), [a])
        }
    }
    fn ceil(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        if self.target.rounds {
            self.intrinsic("llvm.ceil", [a])
        } else {
            self.each(Scalar::One(f64::ceil), [a])
        }
    }
    fn truncate(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        if self.target.rounds {
            self.intrinsic("llvm.trunc", [a])
        } else {
            self.each(Scalar::One(f64::trunc), [a])
        }
    }
    fn remainder(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        self.each(Scalar::Two(|a, b| a % b), [a, b])
    }

    fn less(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        self.compare(FloatPredicate::OLT, a, b)
    }
    fn less_equal(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        self.compare(FloatPredicate::OLE, a, b)
    }
    fn equal(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        self.compare(FloatPredicate::OEQ, a, b)
    }
    fn both(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_and(a, b, ""))
    }
    fn either(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_or(a, b, ""))
    }
    fn not(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_not(a, ""))
    }
    fn select(
        &mut self,
        mask: VectorValue<'ctx>,
        yes: VectorValue<'ctx>,
        no: VectorValue<'ctx>,
    ) -> VectorValue<'ctx> {
        made(self.builder.build_select(mask, yes, no, "")).into_vector_value()
    }

    fn integer(&mut self, x: i64) -> VectorValue<'ctx> {
        VectorType::const_vector(&vec![self.word(x); self.target.width as usize])
    }
    fn to_bits(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        let bits = self.context.i64_type().vec_type(self.target.width);
        made(self.builder.build_bit_cast(a, bits, "")).into_vector_value()
    }
    fn from_bits(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_bit_cast(a, self.vector(), "")).into_vector_value()
    }
    fn add_bits(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_int_add(a, b, ""))
    }
    fn sub_bits(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_int_sub(a, b, ""))
    }
    fn and_bits(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_and(a, b, ""))
    }
    fn or_bits(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_or(a, b, ""))
    }
    fn xor_bits(&mut self, a: VectorValue<'ctx>, b: VectorValue<'ctx>) -> VectorValue<'ctx> {
        made(self.builder.build_xor(a, b, ""))
    }
    fn shift_left(&mut self, a: VectorValue<'ctx>, by: u32) -> VectorValue<'ctx> {
        let by = self.integer(by.into());
        made(self.builder.build_left_shift(a, by, ""))
    }
    fn shift_right(&mut self, a: VectorValue<'ctx>, by: u32) -> VectorValue<'ctx> {
        let by = self.integer(by.into());
        made(self.builder.build_right_shift(a, by, false, ""))
    }
    fn is_zero(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        let zero = self.integer(0);
        made(self.builder.build_int_compare(IntPredicate::EQ, a, zero, ""))
    }

    fn rare(
        &mut self,
        rare: VectorValue<'ctx>,
        x: VectorValue<'ctx>,
        usual: VectorValue<'ctx>,
        function: fn(f64) -> f64,
    ) -> VectorValue<'ctx> {
        let rare = match self.active {
            Some(active) => self.both(rare, active),
            None => rare,
        };
        let lanes = self.lanes(rare);
        let none = self.word(0);
        let any = made(self.builder.build_int_compare(IntPredicate::NE, lanes, none, ""));
        let (call, after) = (self.block("rare"), self.block("usual"));
        let before = self.builder.get_insert_block().expect("the builder is in a block");
        let branch = made(self.builder.build_conditional_branch(any, call, after));
        // Tells the register allocator to save nothing around the call in the usual case.
        let weight = |w| self.context.i32_type().const_int(w, false).into();
        let weights =
            [self.context.metadata_string("branch_weights").into(), weight(1), weight(1 << 16)];
        let _ = branch
            .set_metadata(self.context.metadata_node(&weights), self.context.get_kind_id("prof"));
        self.builder.position_at_end(call);
        let computed = self.by_number(lanes, Some(usual), Scalar::One(function), [x]);
        made(self.builder.build_unconditional_branch(after));
        self.builder.position_at_end(after);
        let value = made(self.builder.build_phi(self.vector(), ""));
        value.add_incoming(&[(&usual, before), (&computed, call)]);
        value.as_basic_value().into_vector_value()
    }
}
