//! The function of a kernel: its loops over rows and columns, and the instructions in them.
//!
//! Values that are the same for a whole call are computed before all loops, and values that are the
//! same for a row before the loop over its columns. They are always computed in all lanes of a
//! vector. A row is computed in groups of several vectors that begin aligned. What is left before
//! and after the groups is computed vector by vector, with masked loads and stores. In a group all
//! loads come first and all stores last, so that an output may share the memory of an input.
//!
//! Code that stores past the caches does so in groups, cache line by cache line. It does so only
//! for outputs that do not share the memory of an input, since that memory is in the caches. Where
//! these outputs differ in their alignment to cache lines, their rows are computed without groups.

use std::collections::{BTreeMap, HashMap, HashSet};

use inkwell::IntPredicate;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::basic_block::BasicBlock;
use inkwell::context::Context;
use inkwell::module::Module;
use inkwell::values::{IntValue, PointerValue, VectorValue};

use super::emit::{Emit, made};
use super::extents::Extents;
use super::operation::{arguments, operate, unroll};
use super::target::Target;
use crate::kernel::{Kernel, Op};
use crate::math::Lanes;
use crate::rows::rate::{Rate, rates};

/// The number of doubles in a cache line.
const CACHE_LINE: usize = 8;

/// Adds the function of a kernel, with the signature of `jit::KernelFn`, to a module. If `fetches`,
/// the function prefetches the cells that lie ahead.
pub(super) fn emit<'ctx>(
    context: &'ctx Context,
    module: &Module<'ctx>,
    name: &str,
    kernel: &Kernel,
    extents: &Extents,
    target: &Target,
    fetches: bool,
) {
    let pointer = context.ptr_type(Default::default()).into();
    let word = context.i64_type();
    let mut parameters = [pointer; 9];
    parameters[7] = word.into();
    let function = module.add_function(name, word.fn_type(&parameters, false), None);
    let bits = (64 * target.width).to_string();
    for (key, value) in [
        ("target-cpu", target.cpu.as_str()),
        ("target-features", &target.features),
        ("prefer-vector-width", &bits),
        ("min-legal-vector-width", &bits),
    ] {
        function.add_attribute(AttributeLoc::Function, context.create_string_attribute(key, value));
    }
    // Vectors that find no register lie on the stack. Where a thread's stack begins would decide
    // whether each of them lies on two cache lines.
    let aligned = Attribute::get_named_enum_kind_id("alignstack");
    let line = context.create_enum_attribute(aligned, (CACHE_LINE * size_of::<f64>()) as u64);
    function.add_attribute(AttributeLoc::Function, line);
    let [memory, inputs, outputs, pitch, cells, parameters, profiles] =
        [0, 1, 2, 3, 4, 5, 6].map(|k| {
            let parameter = function.get_nth_param(k).expect("there are nine parameters");
            parameter.into_pointer_value()
        });
    let ahead = function.get_nth_param(7).expect("there are nine parameters").into_int_value();
    let natives = function.get_nth_param(8).expect("there are nine parameters");
    let rates = rates(kernel);
    let most = kernel.calls.iter().map(|call| call.arguments.len()).max();
    let native_vectors = most.map(|most| (1 + most) * unroll(kernel, &rates));
    let emit = Emit::new(context, module, function, target, native_vectors);
    let word = |base, k| emit.entry(context.i64_type(), base, k).into_int_value();
    let arguments = Arguments {
        memory,
        inputs,
        outputs,
        pitch: [0, 1].map(|k| word(pitch, k)),
        cells: [0, 1, 2].map(|k| [word(cells, 2 * k), word(cells, 2 * k + 1)]),
        parameters,
        profiles,
        ahead: fetches.then_some(ahead),
        natives: natives.into_pointer_value(),
    };
    let values = vec![None; kernel.ops.len()];
    KernelFunction { kernel, extents, rates, emit, arguments, values, rows: HashMap::new() }.emit();
}

/// The arguments of the function.
struct Arguments<'ctx> {
    memory: PointerValue<'ctx>,
    inputs: PointerValue<'ctx>,
    outputs: PointerValue<'ctx>,
    pitch: [IntValue<'ctx>; 2],
    cells: [[IntValue<'ctx>; 2]; 3],
    parameters: PointerValue<'ctx>,
    profiles: PointerValue<'ctx>,
    /// How many numbers ahead the prefetched cells lie, if there is prefetching.
    ahead: Option<IntValue<'ctx>>,
    /// The native functions that the code calls.
    natives: PointerValue<'ctx>,
}

/// A row of numbers in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum MemoryRow {
    /// An input, at offsets along axes 0 and 1.
    Input(u32, [i32; 2]),
    Output(usize),
    Profile(u32),
}

struct KernelFunction<'a, 'ctx> {
    kernel: &'a Kernel,
    extents: &'a Extents,
    rates: Vec<Rate>,
    emit: Emit<'a, 'ctx>,
    arguments: Arguments<'ctx>,
    /// The values that are the same for a call or a row, where they were computed already.
    values: Vec<Option<VectorValue<'ctx>>>,
    /// The addresses of column 0 in the present row.
    rows: HashMap<MemoryRow, PointerValue<'ctx>>,
}

/// A number that changes. It lies in memory until an LLVM pass turns it into values.
#[derive(Clone, Copy)]
struct Variable<'ctx>(PointerValue<'ctx>);

impl<'ctx> KernelFunction<'_, 'ctx> {
    fn emit(mut self) {
        let unroll = unroll(self.kernel, &self.rates);
        let [rows0, rows1, columns] = self.arguments.cells;
        let row0 = self.variable(rows0[0]);
        let row1 = self.variable(rows1[0]);
        let column = self.variable(columns[0]);
        let stop = self.variable(columns[0]);
        let sums: Vec<_> = (0..unroll).map(|_| self.sum()).collect();
        let starts = self.starts();
        self.compute(Rate::Call, [None; 2]);

        let [plane, row, whole, group, rest, masked, after, next, done] =
            ["plane", "row", "whole", "group", "rest", "masked", "after", "next", "done"]
                .map(|name| self.emit.block(name));
        self.go(plane);
        self.set(row1, rows1[0]);
        self.go(row);
        let (i0, i1) = (self.get(row0), self.get(row1));
        self.begin_row(&starts, i0, i1);
        self.set(column, columns[0]);
        let first = self.aligned(columns);
        self.set(stop, first);
        self.branch(IntPredicate::SGT, first, columns[0], masked, whole);

        // Groups of vectors are computed as long as there are enough columns.
        let cells = self.emit.word(i64::from(self.emit.target.width) * unroll as i64);
        self.emit.builder.position_at_end(whole);
        let left = made(self.emit.builder.build_int_sub(columns[1], self.get(column), "left"));
        self.branch(IntPredicate::SGE, left, cells, group, rest);
        self.emit.builder.position_at_end(group);
        let at = self.get(column);
        self.cells(at, unroll, &sums);
        self.set(column, self.add(at, cells));
        made(self.emit.builder.build_unconditional_branch(whole));

        // Single vectors are computed up to a column, before and after the groups.
        self.emit.builder.position_at_end(rest);
        self.set(stop, columns[1]);
        self.branch(IntPredicate::SLT, self.get(column), columns[1], masked, after);
        self.emit.builder.position_at_end(masked);
        let (at, end) = (self.get(column), self.get(stop));
        let left = made(self.emit.builder.build_int_sub(end, at, "left"));
        self.emit.activate(left);
        self.cells(at, 1, &sums);
        self.emit.active = None;
        let beyond = self.add(at, self.emit.word(self.emit.target.width.into()));
        let reached = self.emit.smaller(beyond, end);
        self.set(column, reached);
        self.branch(IntPredicate::SLT, reached, end, masked, whole);

        self.emit.builder.position_at_end(after);
        let i1 = self.add(self.get(row1), self.emit.word(1));
        self.set(row1, i1);
        self.branch(IntPredicate::SLT, i1, rows1[1], row, next);
        self.emit.builder.position_at_end(next);
        let i0 = self.add(self.get(row0), self.emit.word(1));
        self.set(row0, i0);
        self.branch(IntPredicate::SLT, i0, rows0[1], plane, done);
        self.emit.builder.position_at_end(done);
        self.finish(&sums);
    }

    /// Whether an output is stored past the caches.
    fn streams(&self, output: usize) -> bool {
        self.emit.target.streams && self.kernel.outputs[output].in_place.is_none()
    }

    /// The first of these columns at which a vector of the first output begins, or the end of the
    /// columns. If outputs are stored past the caches, it is the first column at which a cache line
    /// begins in all of these outputs.
    fn aligned(&self, [first, end]: [IntValue<'ctx>; 2]) -> IntValue<'ctx> {
        let builder = &self.emit.builder;
        let address = |output: usize| {
            let at = self.emit.element(self.rows[&MemoryRow::Output(output)], first);
            made(builder.build_ptr_to_int(at, self.emit.context.i64_type(), ""))
        };
        let mut streamed = (0..self.kernel.outputs.len()).filter(|k| self.streams(*k));
        let leader = streamed.next();
        let doubles = leader.map_or(self.emit.target.width as usize, |_| CACHE_LINE);
        let within = self.emit.word(8 * doubles as i64 - 1);
        let at = address(leader.unwrap_or(0));
        // The number of bytes up to the next multiple of this size, which is −at modulo the size.
        let missing = made(builder.build_int_neg(at, ""));
        let missing = made(builder.build_and(missing, within, ""));
        let columns = made(builder.build_right_shift(missing, self.emit.word(3), false, ""));
        let mut column = self.emit.smaller(self.add(first, columns), end);
        for other in streamed {
            let apart = made(builder.build_xor(at, address(other), ""));
            let apart = made(builder.build_and(apart, within, ""));
            let none = self.emit.word(0);
            let alike = made(builder.build_int_compare(IntPredicate::EQ, apart, none, "alike"));
            column = made(builder.build_select(alike, column, end, "")).into_int_value();
        }
        column
    }

    fn variable(&self, value: IntValue<'ctx>) -> Variable<'ctx> {
        let variable = made(self.emit.builder.build_alloca(value.get_type(), ""));
        made(self.emit.builder.build_store(variable, value));
        Variable(variable)
    }

    fn get(&self, variable: Variable<'ctx>) -> IntValue<'ctx> {
        let word = self.emit.context.i64_type();
        made(self.emit.builder.build_load(word, variable.0, "")).into_int_value()
    }

    fn set(&self, variable: Variable<'ctx>, value: IntValue<'ctx>) {
        made(self.emit.builder.build_store(variable.0, value));
    }

    fn add(&self, a: IntValue<'ctx>, b: IntValue<'ctx>) -> IntValue<'ctx> {
        made(self.emit.builder.build_int_add(a, b, ""))
    }

    /// Jumps to another block, and goes on there.
    fn go(&self, block: BasicBlock<'ctx>) {
        made(self.emit.builder.build_unconditional_branch(block));
        self.emit.builder.position_at_end(block);
    }

    fn branch(
        &self,
        how: IntPredicate,
        a: IntValue<'ctx>,
        b: IntValue<'ctx>,
        yes: BasicBlock<'ctx>,
        no: BasicBlock<'ctx>,
    ) {
        let is = made(self.emit.builder.build_int_compare(how, a, b, ""));
        made(self.emit.builder.build_conditional_branch(is, yes, no));
    }

    /// A sum of numbers that are multiplied by 0. It is 0 as long as all of the numbers are finite.
    fn sum(&self) -> PointerValue<'ctx> {
        let sum = made(self.emit.builder.build_alloca(self.emit.vector(), "sum"));
        made(self.emit.builder.build_store(sum, self.emit.vector().const_zero()));
        sum
    }

    /// Where the arrays begin. For each row that is used, this is the position in memory of cell
    /// (0, 0, 0) of its array, and for profiles along axis 2 the address of index 0.
    fn starts(&mut self) -> Vec<(MemoryRow, IntValue<'ctx>)> {
        let word = self.emit.context.i64_type();
        let position = |base, k| self.emit.entry(word, base, k).into_int_value();
        let inputs = self.extents.rows().map(|(input, row)| {
            (MemoryRow::Input(input, row), position(self.arguments.inputs, input as usize))
        });
        let outputs = (0..self.kernel.outputs.len())
            .map(|k| (MemoryRow::Output(k), position(self.arguments.outputs, k)));
        let starts = inputs.chain(outputs).collect();
        for op in &self.kernel.ops {
            if let Op::Profile { axis: 2, number } = *op {
                let profile = self.profile(number);
                self.rows.insert(MemoryRow::Profile(number), profile);
            }
        }
        starts
    }

    /// The address of the value of a profile at index 0.
    fn profile(&self, number: u32) -> PointerValue<'ctx> {
        let at = self.emit.entry(self.emit.pointer(), self.arguments.profiles, number as usize);
        at.into_pointer_value()
    }

    fn begin_row(
        &mut self,
        starts: &[(MemoryRow, IntValue<'ctx>)],
        row0: IntValue<'ctx>,
        row1: IntValue<'ctx>,
    ) {
        let builder = &self.emit.builder;
        let times = |a, b| made(builder.build_int_mul(a, b, ""));
        let pitch = self.arguments.pitch;
        let here = self.add(times(row0, pitch[0]), times(row1, pitch[1]));
        for (along, start) in starts {
            let mut position = self.add(here, *start);
            if let MemoryRow::Input(_, offset) = along {
                for axis in [0, 1] {
                    let offset = times(self.emit.word(offset[axis].into()), pitch[axis]);
                    position = self.add(position, offset);
                }
            }
            let address = self.emit.element(self.arguments.memory, position);
            self.rows.insert(*along, address);
        }
        self.compute(Rate::Row, [Some(row0), Some(row1)]);
    }

    /// Computes the values that have this rate.
    fn compute(&mut self, rate: Rate, rows: [Option<IntValue<'ctx>>; 2]) {
        let double = self.emit.context.f64_type();
        for (i, op) in self.kernel.ops.iter().enumerate() {
            if self.rates[i] != rate {
                continue;
            }
            let value = match *op {
                Op::Parameter(number) => {
                    let value = self.emit.entry(double, self.arguments.parameters, number as usize);
                    self.emit.splat(value.into_float_value())
                }
                Op::Profile { axis, number } => {
                    let row = rows[axis as usize].expect("the row is known at this rate");
                    let at = self.emit.element(self.profile(number), row);
                    let value = made(self.emit.builder.build_load(double, at, ""));
                    self.emit.splat(value.into_float_value())
                }
                Op::Native(call) => {
                    let arguments = arguments(self.kernel, call, &self.values);
                    self.emit.native_once(self.arguments.natives, call, arguments)
                }
                ref op => operate(&mut self.emit, op, |v| self.values[v]),
            };
            self.values[i] = Some(value);
        }
    }

    /// Computes this many vectors of cells, beginning at a column.
    fn cells(&mut self, column: IntValue<'ctx>, vectors: usize, sums: &[PointerValue<'ctx>]) {
        let width = self.emit.target.width as usize;
        let kernel = self.kernel;
        let at: HashMap<_, _> = self
            .rows
            .iter()
            .map(|(along, row)| (*along, self.emit.element(*row, column)))
            .collect();
        if let (Some(ahead), None) = (self.arguments.ahead, self.emit.active) {
            for along in self.foremost() {
                for cell in (0..vectors * width).step_by(CACHE_LINE) {
                    let here = self.emit.element(at[&along], self.emit.word(cell as i64));
                    self.emit.fetch(self.emit.element(here, ahead));
                }
            }
        }
        let mut values = vec![self.values.clone(); vectors];
        let mut loaded = HashMap::new();
        // A vector between two others is composed of them. Loading it would take as long as loading
        // both, since it crosses a cache line.
        let shuffled = self.emit.active.is_none();
        let centred = |op: &Op| match *op {
            Op::Load { input, offset: [a, b, 0] } => Some(MemoryRow::Input(input, [a, b])),
            _ => None,
        };
        let centred: HashSet<MemoryRow> = kernel.ops.iter().filter_map(centred).collect();
        for (i, op) in kernel.ops.iter().enumerate() {
            let (along, offset) = match *op {
                Op::Load { input, offset: [a, b, c] } => (MemoryRow::Input(input, [a, b]), c),
                Op::Profile { axis: 2, number } => (MemoryRow::Profile(number), 0),
                _ => continue,
            };
            let between = shuffled && centred.contains(&along);
            for (k, values) in values.iter_mut().enumerate() {
                let position = (k * width) as i64 + i64::from(offset);
                let mut load = |position: i64| {
                    *loaded.entry((along, position)).or_insert_with(|| {
                        self.emit.load(self.emit.element(at[&along], self.emit.word(position)))
                    })
                };
                let (vector, lane) =
                    (position.div_euclid(width as i64), position.rem_euclid(width as i64));
                let value = if between && lane != 0 && vector >= 0 && vector + 1 < vectors as i64 {
                    let (low, high) =
                        (load(vector * width as i64), load((vector + 1) * width as i64));
                    self.emit.across(low, high, lane as u64)
                } else {
                    load(position)
                };
                values[i] = Some(value);
            }
        }
        // The operations are emitted vector by vector up to the next call of a native function,
        // which is made for all vectors at once.
        let mut begin = 0;
        while begin < kernel.ops.len() {
            let rest = &kernel.ops[begin..];
            let is_call = |(k, op): (usize, &Op)| {
                matches!(op, Op::Native(_)) && values[0][begin + k].is_none()
            };
            let end = begin + rest.iter().enumerate().position(is_call).unwrap_or(rest.len());
            for values in &mut values {
                for i in begin..end {
                    if values[i].is_none() {
                        values[i] = Some(operate(&mut self.emit, &kernel.ops[i], |v| values[v]));
                    }
                }
            }
            if let Some(Op::Native(call)) = kernel.ops.get(end) {
                let arguments: Vec<_> =
                    values.iter().map(|values| arguments(kernel, *call, values)).collect();
                let results = self.emit.native_group(self.arguments.natives, *call, &arguments);
                for (values, result) in values.iter_mut().zip(results) {
                    values[end] = Some(result);
                }
            }
            begin = end + 1;
        }
        for (k, output) in kernel.outputs.iter().enumerate() {
            for (j, values) in values.iter().enumerate() {
                let value = values[output.value.index()].expect("all values are computed");
                let offset = self.emit.word((j * width) as i64);
                let to = self.emit.element(at[&MemoryRow::Output(k)], offset);
                match self.streams(k) && self.emit.active.is_none() {
                    true => self.emit.stream(to, value),
                    false => self.emit.store(to, value),
                }
                if output.checked {
                    self.check(value, sums[j]);
                }
            }
        }
    }

    /// For each array, the row that lies farthest ahead.
    fn foremost(&self) -> Vec<MemoryRow> {
        let mut rows: BTreeMap<u32, [i32; 2]> = BTreeMap::new();
        for (input, row) in self.extents.rows() {
            let last = rows.entry(input).or_insert(row);
            *last = row.max(*last);
        }
        let shared = |o: &crate::kernel::Output| o.in_place.is_some();
        let outputs = self.kernel.outputs.iter().enumerate().filter(|(_, o)| !shared(o));
        let mut all: Vec<_> = rows.into_iter().map(|(i, row)| MemoryRow::Input(i, row)).collect();
        all.extend(outputs.map(|(k, _)| MemoryRow::Output(k)));
        all
    }

    /// Adds a vector, multiplied by 0, to a sum.
    fn check(&mut self, value: VectorValue<'ctx>, sum: PointerValue<'ctx>) {
        let emit = &mut self.emit;
        let zero = emit.number(0.0);
        let value = match emit.mask() {
            Some(mask) => emit.select(mask, value, zero),
            None => value,
        };
        let old = made(emit.builder.build_load(emit.vector(), sum, "")).into_vector_value();
        let new = if emit.target.fused {
            emit.fma(value, zero, old)
        } else {
            let product = emit.mul(value, zero);
            emit.add(old, product)
        };
        made(emit.builder.build_store(sum, new));
    }

    /// Returns whether all sums are 0, which means that all checked numbers are finite.
    fn finish(mut self, sums: &[PointerValue<'ctx>]) {
        let emit = &mut self.emit;
        if emit.target.streams {
            emit.settle();
        }
        let zero = emit.number(0.0);
        let mut total = zero;
        for sum in sums {
            let sum = made(emit.builder.build_load(emit.vector(), *sum, "")).into_vector_value();
            total = emit.add(total, sum);
        }
        let finite = emit.equal(total, zero);
        let other = emit.not(finite);
        let bad = emit.lanes(other);
        let none = emit.word(0);
        let good = made(emit.builder.build_int_compare(IntPredicate::EQ, bad, none, ""));
        let good = made(emit.builder.build_int_z_extend(good, emit.context.i64_type(), ""));
        made(emit.builder.build_return(Some(&good)));
    }
}
