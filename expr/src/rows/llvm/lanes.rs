//! Primitive operations as instructions. Operations that have no instruction on the processor
//! become calls for each number.

use inkwell::types::VectorType;
use inkwell::values::VectorValue;
use inkwell::{FloatPredicate, IntPredicate};

use super::emit::{Emit, made};
use super::jit::LaneFn;
use crate::math::Lanes;

impl<'ctx> Emit<'_, 'ctx> {
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
    type Real = VectorValue<'ctx>;
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
            self.each(LaneFn::Three(f64::mul_add), [a, b, c])
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
            self.each(LaneFn::One(f64::floor), [a])
        }
    }
    fn ceil(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        if self.target.rounds {
            self.intrinsic("llvm.ceil", [a])
        } else {
            self.each(LaneFn::One(f64::ceil), [a])
        }
    }
    fn truncate(&mut self, a: VectorValue<'ctx>) -> VectorValue<'ctx> {
        if self.target.rounds {
            self.intrinsic("llvm.trunc", [a])
        } else {
            self.each(LaneFn::One(f64::trunc), [a])
        }
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
        self.rarely(rare, usual, LaneFn::One(function), [x])
    }
    fn rare_pair(
        &mut self,
        rare: VectorValue<'ctx>,
        x: VectorValue<'ctx>,
        y: VectorValue<'ctx>,
        usual: VectorValue<'ctx>,
        function: fn(f64, f64) -> f64,
    ) -> VectorValue<'ctx> {
        self.rarely(rare, usual, LaneFn::Two(function), [x, y])
    }
}

impl<'ctx> Emit<'_, 'ctx> {
    /// `function` of `arguments`, number by number, where `rare` holds, and `usual` elsewhere.
    fn rarely<const N: usize>(
        &mut self,
        rare: VectorValue<'ctx>,
        usual: VectorValue<'ctx>,
        function: LaneFn,
        arguments: [VectorValue<'ctx>; N],
    ) -> VectorValue<'ctx> {
        let rare = match self.mask() {
            Some(mask) => self.both(rare, mask),
            None => rare,
        };
        let lanes = self.lanes(rare);
        let none = self.word(0);
        let any = made(self.builder.build_int_compare(IntPredicate::NE, lanes, none, ""));
        let (call, after) = (self.block("rare"), self.block("usual"));
        let before = self.builder.get_insert_block().expect("the builder is in a block");
        let branch = made(self.builder.build_conditional_branch(any, call, after));
        // The weights tell the register allocator to save nothing around the call in the usual
        // case.
        let weight = |w| self.context.i32_type().const_int(w, false).into();
        let weights =
            [self.context.metadata_string("branch_weights").into(), weight(1), weight(1 << 16)];
        let _ = branch
            .set_metadata(self.context.metadata_node(&weights), self.context.get_kind_id("prof"));
        self.builder.position_at_end(call);
        let computed = self.by_number(lanes, Some(usual), function, arguments);
        made(self.builder.build_unconditional_branch(after));
        self.builder.position_at_end(after);
        let value = made(self.builder.build_phi(self.vector(), ""));
        value.add_incoming(&[(&usual, before), (&computed, call)]);
        value.as_basic_value().into_vector_value()
    }
}
