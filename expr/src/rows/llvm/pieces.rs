//! Large kernels in pieces. The time that LLVM takes grows faster than the code of a function, so
//! outputs that have little in common are computed by functions of their own.
//!
//! The bits are the same, since each value is computed by the same operations. What several pieces
//! need is computed by each of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::operation::weight;
use crate::extract::{extract, needed};
use crate::kernel::{Kernel, Op};
use crate::rows::{Backend, Call, Cells, RowFn, Scratch};

/// About how many instructions a kernel has at most that is not cut into pieces, and a piece too if
/// its outputs can be told apart.
pub(super) const LARGE: usize = 200;
/// About how many instructions a piece has at most.
const MOST: usize = 1000;
/// What a function costs to compile in addition to its instructions, in instructions.
const FUNCTION: usize = 20;

/// About how many instructions a kernel has.
pub(super) fn size(kernel: &Kernel) -> usize {
    kernel.ops.iter().map(weight).sum()
}

/// Some outputs of a kernel, as a kernel of their own.
pub(super) struct Piece {
    pub(super) kernel: Kernel,
    /// The inputs and the outputs of the whole kernel that are those of the piece.
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

impl Piece {
    /// About how long it takes to compile the piece, in instructions.
    pub(super) fn cost(&self) -> usize {
        FUNCTION + size(&self.kernel)
    }
}

/// The pieces of a large kernel. There are none if a piece would be too large, or if the pieces
/// would compute too much that they have in common.
pub(super) fn pieces(kernel: &Kernel) -> Option<Vec<Piece>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    // The operations of the last group, and how many instructions they have.
    let (mut visited, mut size) = (HashSet::new(), 0);
    let mut all = 0;
    for bundle in bundles(kernel)? {
        let values = || bundle.iter().map(|k| kernel.outputs[*k].value);
        let found = needed(&kernel.ops, &kernel.calls, values(), &mut visited);
        let more: usize = found.iter().map(|i| weight(&kernel.ops[*i])).sum();
        match groups.last_mut() {
            Some(last) if size + more <= LARGE => {
                size += more;
                all += more;
                last.extend(bundle);
            }
            _ => {
                visited.clear();
                let found = needed(&kernel.ops, &kernel.calls, values(), &mut visited);
                size = found.iter().map(|i| weight(&kernel.ops[*i])).sum();
                all += size;
                groups.push(bundle);
            }
        }
        if size > MOST {
            return None;
        }
    }
    if all > 2 * self::size(kernel) {
        return None;
    }
    let piece = |outputs: Vec<usize>| {
        let own: Vec<_> = outputs.iter().map(|k| kernel.outputs[*k]).collect();
        let (kernel, inputs) = extract(&kernel.ops, &kernel.calls, &own);
        Piece { kernel, inputs, outputs }
    };
    Some(groups.into_iter().map(piece).collect())
}

/// The outputs that must be computed together, since one overwrites what another one reads. `None`
/// if finding them would take too long.
fn bundles(kernel: &Kernel) -> Option<Vec<Vec<usize>>> {
    let shared = kernel.outputs.iter().enumerate();
    let writers: HashMap<u32, usize> =
        shared.filter_map(|(k, output)| Some((output.in_place?, k))).collect();
    let mut leaders: Vec<usize> = (0..kernel.outputs.len()).collect();
    if !writers.is_empty() {
        let mut steps = 0;
        for (k, output) in kernel.outputs.iter().enumerate() {
            let found = needed(&kernel.ops, &kernel.calls, [output.value], &mut HashSet::new());
            steps += found.len();
            if steps > 8 * kernel.ops.len() {
                return None;
            }
            for i in found {
                if let Op::Load { input, .. } = kernel.ops[i]
                    && let Some(writer) = writers.get(&input)
                {
                    let (a, b) = (leader(&mut leaders, k), leader(&mut leaders, *writer));
                    leaders[a.max(b)] = a.min(b);
                }
            }
        }
    }
    let mut bundles: Vec<Vec<usize>> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for k in 0..kernel.outputs.len() {
        let place = *places.entry(leader(&mut leaders, k)).or_insert(bundles.len());
        if place == bundles.len() {
            bundles.push(Vec::new());
        }
        bundles[place].push(k);
    }
    Some(bundles)
}

/// The first of the outputs that must be computed together with output `k`.
fn leader(leaders: &mut [usize], mut k: usize) -> usize {
    while leaders[k] != k {
        leaders[k] = leaders[leaders[k]];
        k = leaders[k];
    }
    k
}

/// The inputs and the outputs of the whole kernel that are those of a piece.
struct Places {
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

/// A kernel that is computed piece by piece.
pub(super) struct PieceRows {
    pieces: Vec<(Arc<dyn RowFn>, Places)>,
    /// The largest number of inputs and outputs of a piece.
    most: usize,
}

impl PieceRows {
    /// A kernel of these pieces, with their code.
    pub(super) fn new(pieces: Vec<(Arc<dyn RowFn>, Piece)>) -> Self {
        let places = |Piece { inputs, outputs, .. }| Places { inputs, outputs };
        let pieces = pieces.into_iter().map(|(rows, piece)| (rows, places(piece)));
        let pieces: Vec<_> = pieces.collect();
        let sizes = pieces.iter().map(|(_, places)| places.inputs.len() + places.outputs.len());
        PieceRows { most: sizes.max().unwrap_or(0), pieces }
    }
}

impl RowFn for PieceRows {
    fn run(&self, call: &mut Call<'_>, cells: Cells, scratch: &mut Scratch) -> bool {
        let mut places = std::mem::take(&mut scratch.places);
        let mut finite = true;
        for (rows, Places { inputs, outputs }) in &self.pieces {
            places.clear();
            places.extend(inputs.iter().map(|input| call.inputs[*input]));
            places.extend(outputs.iter().map(|output| call.outputs[*output]));
            let (inputs, outputs) = places.split_at(inputs.len());
            let memory = &mut *call.memory;
            finite &= rows.run(&mut Call { memory, inputs, outputs, ..*call }, cells, scratch);
        }
        scratch.places = places;
        finite
    }

    fn reserve(&self, scratch: &mut Scratch) {
        scratch.places.reserve(self.most.saturating_sub(scratch.places.len()));
        self.pieces.iter().for_each(|(rows, _)| rows.reserve(scratch));
    }

    fn backend(&self) -> Backend {
        let of_pieces = self.pieces.iter().map(|(rows, _)| rows.backend());
        of_pieces.into_iter().find(|backend| *backend != Backend::Llvm).unwrap_or(Backend::Llvm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::Builder;
    use crate::math::{Binary, Unary};
    use crate::rows::Rows;

    /// Diffusion of `n` fields, each of which also reads the one before, with results in place of
    /// inputs where `in_place`.
    fn fields(n: usize, in_place: bool) -> Kernel {
        let mut b = Builder::new();
        for k in 0..n {
            let [here, below, above, other] = [(k, 0), (k, -1), (k, 1), ((k + n - 1) % n, 0)]
                .map(|(input, o)| b.load(input, [0, 0, o]));
            let sum = b.binary(Binary::Add, below, above);
            let factor = b.constant(0.1 + k as f64);
            let product = b.binary(Binary::Multiply, sum, factor);
            let sine = b.unary(Unary::Sin, other);
            let sum = b.binary(Binary::Subtract, product, sine);
            let old = b.load(n + k, [0; 3]);
            let sum = b.binary(Binary::Add, sum, here);
            let sum = b.binary(Binary::Add, sum, old);
            b.output_with(sum, in_place.then_some(n + k), k % 2 == 0);
        }
        b.finish()
    }

    #[test]
    fn pieces_are_small_and_have_all_outputs() {
        let kernel = fields(40, true);
        let pieces = pieces(&kernel).unwrap();
        let outputs: Vec<usize> = pieces.iter().flat_map(|piece| piece.outputs.clone()).collect();
        assert_eq!(outputs, (0..40).collect::<Vec<_>>());
        assert!(pieces.len() > 4 && pieces.iter().all(|piece| size(&piece.kernel) <= LARGE));
    }

    #[test]
    fn equal_equations_of_many_fields_are_equal_pieces() {
        let mut b = Builder::new();
        for k in 0..100 {
            let (u, v) = (b.load(k, [0; 3]), b.load(k, [0, 0, 1]));
            let sine = b.unary(Unary::Sin, u);
            let sum = b.binary(Binary::Add, sine, v);
            b.output(sum);
        }
        let pieces = pieces(&b.finish()).unwrap();
        let (last, all) = pieces.split_last().unwrap();
        assert!(all.iter().all(|piece| piece.kernel == all[0].kernel));
        assert!(last.outputs.len() <= all[0].outputs.len());
    }

    #[test]
    fn what_overwrites_an_input_of_others_is_computed_with_them() {
        let mut b = Builder::new();
        for k in 0..20 {
            let (x, y) = (b.load(k, [0; 3]), b.load((k + 1) % 20, [0; 3]));
            let sine = b.unary(Unary::Sin, y);
            let sum = b.binary(Binary::Add, x, sine);
            b.output_with(sum, Some(k), false);
        }
        assert_eq!(pieces(&b.finish()).unwrap().len(), 1);
    }

    #[test]
    fn a_sum_of_too_many_terms_has_no_pieces() {
        let mut b = Builder::new();
        let x = b.load(0, [0; 3]);
        let mut sum = x;
        for k in 0..100 {
            let factor = b.constant(f64::from(k) + 0.3);
            let term = b.binary(Binary::Multiply, factor, x);
            let term = b.unary(Unary::Exp, term);
            sum = b.binary(Binary::Add, sum, term);
        }
        b.output(sum);
        assert!(pieces(&b.finish()).is_none());
    }

    #[test]
    fn pieces_give_the_bits_of_the_whole() {
        for in_place in [false, true] {
            let kernel = fields(40, in_place);
            let pieces = pieces(&kernel).unwrap();
            let parts = pieces.into_iter().map(|piece| {
                let rows: Arc<dyn RowFn> = Arc::new(Rows::compile(&piece.kernel));
                (rows, piece)
            });
            let rows = PieceRows::new(parts.collect());
            let numbers = |k: usize| (k as f64 * 0.37).sin() * 3.0;
            let memory: Vec<f64> = (0..120 * 34).map(numbers).collect();
            let places: Vec<usize> = (0..120).map(|k| k * 34 + 1).collect();
            let outputs = if in_place { &places[40..80] } else { &places[80..] };
            let run = |rows: &dyn RowFn| {
                let mut memory = memory.clone();
                let mut call = Call {
                    memory: &mut memory,
                    inputs: &places[..80],
                    outputs,
                    pitch: [34, 34],
                    parameters: &[],
                    profiles: &[],
                    ahead: 0,
                };
                let cells = [(0, 1), (0, 1), (0, 32)];
                let finite = rows.run(&mut call, cells, &mut Scratch::default());
                (finite, memory.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
            };
            assert_eq!(run(&rows), run(&Rows::compile(&kernel)));
        }
    }
}
