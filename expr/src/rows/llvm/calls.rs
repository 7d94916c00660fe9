//! Calls of functions that have no instruction. They are made for each number or for vectors.

use inkwell::values::{BasicValue, IntValue, PointerValue, VectorValue};

use super::emit::{Emit, made};
use super::jit::{self, LaneFn};

impl<'ctx> Emit<'_, 'ctx> {
    /// Calls a function for each of these lanes. The other lanes keep the values in `usual`.
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

    /// Calls a function for each active lane.
    pub(super) fn each<const N: usize>(
        &self,
        function: LaneFn,
        arguments: [VectorValue<'ctx>; N],
    ) -> VectorValue<'ctx> {
        let every = self.word((1 << self.target.width) - 1);
        let lanes = self.mask().map_or(every, |mask| self.lanes(mask));
        self.by_number(lanes, None, function, arguments)
    }

    /// Calls a native function for the first `count` cells of a group of vectors. `natives` holds
    /// the native functions that the kernel's function was given, `call` is the number of the
    /// kernel's call, and `arguments` holds the arguments of each vector. One call for a group
    /// costs little more than one for a vector.
    fn native(
        &self,
        natives: PointerValue<'ctx>,
        call: u32,
        count: IntValue<'ctx>,
        arguments: &[Vec<VectorValue<'ctx>>],
    ) -> Vec<VectorValue<'ctx>> {
        let values = self.native_slots.expect("the kernel calls native functions");
        let (group, width) = (arguments.len(), self.target.width as usize);
        let slot = |vector: usize| self.element(values, self.word((vector * width) as i64));
        for (j, arguments) in arguments.iter().enumerate() {
            for (k, argument) in arguments.iter().enumerate() {
                let store = made(self.builder.build_store(slot((1 + k) * group + j), *argument));
                let _ = store.set_alignment(8);
            }
        }
        let (word, pointer) = (self.context.i64_type(), self.pointer());
        let [words, pointers] = [word.into(), pointer.into()];
        let types = [pointers, words, words, words, pointers, pointers];
        let pitch = self.word((group * width) as i64).into();
        let call = self.word(call.into()).into();
        let given = [natives.into(), call, count.into(), pitch, values.into(), slot(group).into()];
        let callee = self.context.void_type().fn_type(&types, false);
        let caller = self.word(jit::native_caller() as i64).const_to_pointer(pointer);
        made(self.builder.build_indirect_call(callee, caller, &given, ""));
        let load = |j: usize| {
            let value = made(self.builder.build_load(self.vector(), slot(j), ""));
            if let Some(load) = value.as_instruction_value() {
                let _ = load.set_alignment(8);
            }
            value.into_vector_value()
        };
        (0..group).map(load).collect()
    }

    /// Calls a native function for the active cells of a group of vectors.
    pub(super) fn native_group(
        &self,
        natives: PointerValue<'ctx>,
        call: u32,
        arguments: &[Vec<VectorValue<'ctx>>],
    ) -> Vec<VectorValue<'ctx>> {
        let all = self.word(i64::from(self.target.width) * arguments.len() as i64);
        let count = self.active.map_or(all, |active| self.smaller(active.count, all));
        self.native(natives, call, count, arguments)
    }

    /// Calls a native function once, where all lanes have the same arguments.
    pub(super) fn native_once(
        &self,
        natives: PointerValue<'ctx>,
        call: u32,
        arguments: Vec<VectorValue<'ctx>>,
    ) -> VectorValue<'ctx> {
        let values = self.native(natives, call, self.word(1), &[arguments]);
        let first = self.context.i32_type().const_zero();
        let value = made(self.builder.build_extract_element(values[0], first, ""));
        self.splat(value.into_float_value())
    }
}
