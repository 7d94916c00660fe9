//! Calls of functions that have no instruction: number by number, or vector by vector.

use inkwell::values::{IntValue, PointerValue, VectorValue};

use super::emit::{Emit, made};
use super::jit::{self, LaneFn};

impl<'ctx> Emit<'_, 'ctx> {
    /// Calls a function for each of these lanes; the others stay as in `usual`.
    pub(super) fn by_number<const N: usize>(
        &self,
        lanes: IntValue<'ctx>,
        usual: Option<VectorValue<'ctx>>,
        function: LaneFn,
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
    pub(super) fn each<const N: usize>(
        &self,
        function: LaneFn,
        arguments: [VectorValue<'ctx>; N],
    ) -> VectorValue<'ctx> {
        let every = self.word((1 << self.target.width) - 1);
        let lanes = self.mask().map_or(every, |mask| self.lanes(mask));
        self.by_number(lanes, None, function, arguments)
    }

    /// Calls the native function of the kernel's call of this number. `natives` is what was given
    /// to the kernel's function for it, and `count` says for how many of the first lanes.
    fn native(
        &self,
        natives: PointerValue<'ctx>,
        call: u32,
        count: IntValue<'ctx>,
        arguments: &[VectorValue<'ctx>],
    ) -> VectorValue<'ctx> {
        let values = self.native_slots.expect("the kernel calls native functions");
        let width = self.word(self.target.width.into());
        let slot = |k: usize| {
            let first = self.word(k as i64 * i64::from(self.target.width));
            self.element(values, first)
        };
        for (k, argument) in arguments.iter().enumerate() {
            made(self.builder.build_store(slot(1 + k), *argument));
        }
        let (word, pointer) = (self.context.i64_type(), self.pointer());
        let [words, pointers] = [word.into(), pointer.into()];
        let types = [pointers, words, words, words, pointers, pointers];
        let call = self.word(call.into());
        let given = [
            natives.into(),
            call.into(),
            count.into(),
            width.into(),
            values.into(),
            slot(1).into(),
        ];
        let callee = self.context.void_type().fn_type(&types, false);
        let caller = self.word(jit::native_caller() as i64).const_to_pointer(pointer);
        made(self.builder.build_indirect_call(callee, caller, &given, ""));
        made(self.builder.build_load(self.vector(), values, "")).into_vector_value()
    }

    /// Calls a native function for the lanes that count.
    pub(super) fn native_lanes(
        &self,
        natives: PointerValue<'ctx>,
        call: u32,
        arguments: &[VectorValue<'ctx>],
    ) -> VectorValue<'ctx> {
        let width = self.word(self.target.width.into());
        let count = self.active.map_or(width, |active| self.smaller(active.count, width));
        self.native(natives, call, count, arguments)
    }

    /// Calls a native function of which all lanes are the same, once.
    pub(super) fn native_once(
        &self,
        natives: PointerValue<'ctx>,
        call: u32,
        arguments: &[VectorValue<'ctx>],
    ) -> VectorValue<'ctx> {
        let values = self.native(natives, call, self.word(1), arguments);
        let first = self.context.i32_type().const_zero();
        let value = made(self.builder.build_extract_element(values, first, ""));
        self.splat(value.into_float_value())
    }
}
