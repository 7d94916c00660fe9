//! Ghost cells beyond the walls: boundary conditions compiled to kernels along a wall.
//!
//! A wall's cells are copied into consecutive numbers, the ghost values computed there, and
//! written beyond the wall. What does not depend on time or on the field is computed once.

use std::collections::HashMap;

use fluxions_expr::rows::Profile;
use fluxions_expr::{
    Binary, Builder, Call, Expr, Node, Number, Op, Parts, Rank, RowFn, Rows, Scratch, Unary, Value,
    lower,
};
use fluxions_grid::{Condition, Face, Grid, Layout, Region, Side};
use fluxions_halo::{HaloWidth, Subdomain, wall};

use crate::system::boundary::array_condition::{ArrayCondition, FaceConditions};
use crate::system::definition::MadeOf;
use crate::system::pde::Pde;

/// The parameter of the kernel that is the time.
const TIME: usize = 0;
/// Inputs of the kernel: the cell as far inwards as the ghost cell is beyond, its real and its
/// imaginary part, the first three cells inwards, then precomputed numbers.
const ADJACENT: [usize; 2] = [0, 1];
const INNER: [usize; 3] = [2, 3, 4];
const FIRST_STATIC: usize = 5;

/// One layer of ghost cells of one array beyond one face.
pub(crate) struct Wall {
    strip: Strip,
    rows: Rows,
    /// The layers to read: the mirrored one, the first ones inwards.
    mirrored: Region,
    inner: [Region; 3],
    needed: [bool; FIRST_STATIC],
    ghosts: Region,
    /// Whether the array is one of imaginary parts.
    imaginary: bool,
    /// Cells of the axis along the wall that are half around a pole, if one lies there.
    half: Option<Half>,
    /// Cells at corners, each with the nearest one that is at none.
    corners: Vec<(usize, usize)>,
    /// Inputs and the output, one after the other, as many numbers each as the wall has cells.
    numbers: Vec<f64>,
    inputs: Vec<usize>,
    output: usize,
}

impl Wall {
    /// The ghost cells of one array beyond all walls of this block where layers are needed; `along`
    /// tells the cells along the faces across each axis.
    pub(crate) fn all(
        pde: &Pde,
        block: &Subdomain,
        width: &HaloWidth,
        conditions: &FaceConditions,
        along: impl Fn(usize) -> Region,
        scratch: &mut Scratch,
    ) -> Vec<(Face, Self)> {
        let faces = (0..3).flat_map(|axis| Side::BOTH.map(|side| Face { axis, side }));
        let has_wall = |face: &Face| block.neighbour(*face).is_none();
        let layers = faces.filter(has_wall).flat_map(|face| {
            (1..=width.layers[face.axis][face.side.index()]).map(move |layer| (face, layer))
        });
        let wall = |(face, layer): (Face, usize)| {
            let condition = &conditions[face.axis][face.side.index()];
            (face, Wall::new(pde, block, &along(face.axis), face, layer, condition, scratch))
        };
        layers.map(wall).collect()
    }

    /// A layer of ghost cells, counted from 1 at the wall, beyond a face of this block by a
    /// condition that does not join two ends. `along` are the cells along the wall.
    fn new(
        pde: &Pde,
        block: &Subdomain,
        along: &Region,
        face: Face,
        layer: usize,
        condition: &ArrayCondition,
        scratch: &mut Scratch,
    ) -> Self {
        let beyond = layer as isize;
        let layer = |distance| wall::layer(along, face, block.shape()[face.axis], distance);
        let ghosts = layer(-beyond);
        let strip = Strip::new(pde.grid(), block, &ghosts, face);
        let place = GhostRule { pde, face, across: strip.across, layer: beyond, condition };

        // Expressions that stay the same are evaluated now and become inputs.
        let mut statics = Vec::new();
        let Ok(formula) = condition.condition.clone().try_map(|expr| {
            let changes = MadeOf::new(&expr, pde.definitions()).changes;
            if changes || matches!(expr.node, Node::Number(_)) {
                return Ok::<_, std::convert::Infallible>(ConditionNumber::Expression(expr));
            }
            let mut input = |part: fn(Number) -> Option<Value>| {
                let mut builder = Builder::new();
                let number = place.component(&expr, &mut builder);
                let value = part(number)?;
                builder.output(value);
                let mut values = vec![0.0; strip.cells()];
                let rows = Rows::compile(&builder.finish());
                strip.run(&rows, &mut values, &[], 0, 0.0, &strip.all(), scratch);
                statics.push(values);
                Some(FIRST_STATIC + statics.len() - 1)
            };
            let re = input(|number| number.re);
            Ok(ConditionNumber::Static { re, im: input(|number| number.im) })
        });

        let mut builder = Builder::new();
        let ghost = place.ghost(&formula, &mut builder);
        let ghost = if condition.imaginary { ghost.im } else { ghost.re };
        let ghost = ghost.unwrap_or_else(|| builder.constant(0.0));
        builder.output(ghost);
        let kernel = builder.finish();
        let needed = std::array::from_fn(|input| {
            let loads = |op: &Op| matches!(op, Op::Load { input: i, .. } if *i as usize == input);
            kernel.ops().iter().any(loads)
        });
        let rows = Rows::compile(&kernel);
        rows.reserve(scratch);
        let cells = strip.cells();
        let inputs: Vec<usize> =
            (0..FIRST_STATIC + statics.len()).map(|input| input * cells).collect();
        let output = inputs.len() * cells;
        let mut numbers = vec![0.0; output + cells];
        for (values, start) in statics.iter().zip(&inputs[FIRST_STATIC..]) {
            numbers[*start..][..cells].copy_from_slice(values);
        }
        let half = Half::of(pde.grid(), condition, face);
        let imaginary = condition.imaginary;
        let corners = strip.corners(pde.grid(), block, &ghosts);
        Wall {
            strip,
            rows,
            mirrored: layer(beyond - 1),
            inner: [0, 1, 2].map(layer),
            needed,
            ghosts,
            imaginary,
            half,
            corners,
            numbers,
            inputs,
            output,
        }
    }

    /// Sets the ghost cells of the array that begins at `position`; `partners` are where those
    /// of real and imaginary parts begin.
    pub(crate) fn fill(
        &mut self,
        memory: &mut [f64],
        position: usize,
        partners: [usize; 2],
        layout: &Layout,
        time: f64,
        scratch: &mut Scratch,
    ) {
        let all = self.ghosts;
        self.fill_part(memory, position, partners, layout, time, &all, scratch);
    }

    /// The same for a part of the ghost cells: some consecutive ones along the first named axis,
    /// if the wall does not lie across it.
    pub(crate) fn fill_part(
        &mut self,
        memory: &mut [f64],
        position: usize,
        partners: [usize; 2],
        layout: &Layout,
        time: f64,
        part: &Region,
        scratch: &mut Scratch,
    ) {
        let Some(part) = self.strip.part(&self.ghosts, part) else { return };
        // The part that the array itself is comes from there.
        let mut adjacent = partners;
        adjacent[usize::from(self.imaginary)] = position;
        let mirrored = adjacent.map(|array| (array, &self.mirrored));
        let inner = self.inner.iter().map(|layer| (position, layer));
        for (input, (array, layer)) in mirrored.into_iter().chain(inner).enumerate() {
            if self.needed[input] {
                let array = &memory[array..][..layout.length()];
                let layer = part.of_layer(layer, &self.strip);
                let numbers = &mut self.numbers[self.inputs[input] + part.first..];
                match &self.half {
                    None => wall::read(array, layout, &layer, &mut numbers[..part.cells]),
                    Some(half) => half.read(array, layout, &layer, &mut numbers[..part.cells]),
                }
            }
        }
        let Wall { strip, rows, numbers, inputs, output, corners, .. } = self;
        strip.run(rows, numbers, inputs, *output, time, &part, scratch);
        // A formula such as sqrt(x) may end where the wall does.
        let ghosts = &mut numbers[*output..];
        let here = part.first..part.first + part.cells;
        for (cell, nearest) in corners.iter().filter(|(cell, _)| here.contains(cell)) {
            if !ghosts[*cell].is_finite() {
                ghosts[*cell] = ghosts[*nearest];
            }
        }
        let array = &mut memory[position..][..layout.length()];
        let ghosts = part.of_layer(&self.ghosts, &self.strip);
        wall::write(&self.numbers[self.output + part.first..], layout, &ghosts, array);
    }
}

/// Consecutive cells of a strip: some of its rows, or a part of its only one.
struct StripPart {
    /// The first and one past the last index along the strip's two axes.
    range: [(usize, usize); 2],
    /// Where its cells begin in the strip, and how many they are.
    first: usize,
    cells: usize,
}

impl StripPart {
    /// The cells of this part in a layer along the wall.
    fn of_layer(&self, layer: &Region, strip: &Strip) -> Region {
        strip.across.iter().zip(self.range).fold(*layer, |part, (axis, (start, end))| {
            let first = layer.start[*axis];
            part.with_axis(*axis, first + start as isize, first + end as isize)
        })
    }
}

/// The cells along a wall, as rows for kernels: the two axes along it are the kernel's axes 1
/// and 2.
struct Strip {
    across: [usize; 2],
    shape: [usize; 2],
    /// The coordinates of the cells along each of the grid's axes.
    profiles: Vec<Profile>,
}

impl Strip {
    fn new(grid: &Grid, block: &Subdomain, ghosts: &Region, face: Face) -> Self {
        let across = match face.axis {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        };
        let coordinates = |axis: usize| {
            let Some(named) = grid.inner_axis(axis) else { return Profile::default() };
            let cells = named.cells() as isize;
            let centre = |local: isize| {
                let index = block.start()[axis] as isize + local;
                named.centre(if named.is_periodic() { index.rem_euclid(cells) } else { index })
            };
            let values = (ghosts.start[axis]..ghosts.end[axis]).map(centre).collect();
            Profile { values, before: 0 }
        };
        let shape = across.map(|axis| ghosts.shape()[axis]);
        Strip { across, shape, profiles: (0..3).map(coordinates).collect() }
    }

    /// The cells at corners, beyond another wall, each with the nearest one that is not.
    fn corners(&self, grid: &Grid, block: &Subdomain, ghosts: &Region) -> Vec<(usize, usize)> {
        let inside = |k: usize, position: usize| {
            let axis = self.across[k];
            let bounded = grid.inner_axis(axis).filter(|named| !named.is_periodic());
            let Some(named) = bounded else { return position };
            let first = block.start()[axis] as isize + ghosts.start[axis];
            let index = first + position as isize;
            (index.clamp(0, named.cells() as isize - 1) - first) as usize
        };
        let [n1, n2] = self.shape;
        let cells = (0..n1).flat_map(|i| (0..n2).map(move |j| (i, j)));
        let pair = |(i, j)| (i * n2 + j, inside(0, i) * n2 + inside(1, j));
        cells.map(pair).filter(|(cell, nearest)| cell != nearest).collect()
    }

    fn cells(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// The whole strip.
    fn all(&self) -> StripPart {
        let [n1, n2] = self.shape;
        StripPart { range: [(0, n1), (0, n2)], first: 0, cells: n1 * n2 }
    }

    /// The cells of a part of the ghosts, which are those of the whole strip; nothing if there are
    /// none.
    fn part(&self, ghosts: &Region, part: &Region) -> Option<StripPart> {
        let both = ghosts.intersection(part);
        if both.is_empty() {
            return None;
        }
        let range = self.across.map(|axis| {
            let index = |i: isize| (i - ghosts.start[axis]) as usize;
            (index(both.start[axis]), index(both.end[axis]))
        });
        let [(row, end), (column, last)] = range;
        let n2 = self.shape[1];
        debug_assert!(last - column == n2 || end - row == 1, "parts are consecutive");
        Some(StripPart { range, first: row * n2 + column, cells: both.cells() })
    }

    fn run(
        &self,
        rows: &Rows,
        memory: &mut [f64],
        inputs: &[usize],
        output: usize,
        time: f64,
        part: &StripPart,
        scratch: &mut Scratch,
    ) {
        let n2 = self.shape[1];
        let mut parameters = [0.0];
        parameters[TIME] = time;
        let mut call = Call {
            memory,
            inputs,
            outputs: &[output],
            pitch: [0, n2],
            parameters: &parameters,
            profiles: &self.profiles,
            ahead: 0,
        };
        let [rows_here, columns] = part.range.map(|(start, end)| (start as isize, end as isize));
        rows.run(&mut call, [(0, 1), rows_here, columns], scratch);
    }
}

/// A number of a condition, as the kernel sees it.
enum ConditionNumber {
    Expression(Expr),
    /// Computed before: the inputs that hold it.
    Static {
        re: Option<usize>,
        im: Option<usize>,
    },
}

/// Where a condition stands.
struct GhostRule<'a> {
    pde: &'a Pde,
    face: Face,
    /// The axes along the wall, in order.
    across: [usize; 2],
    /// Which layer of ghost cells is filled.
    layer: isize,
    condition: &'a ArrayCondition,
}

impl GhostRule<'_> {
    fn spacing(&self) -> f64 {
        // A face lies across a named axis.
        self.pde.grid().inner_axis(self.face.axis).map_or(1.0, |axis| axis.spacing())
    }

    /// The distance of the ghost cell from the cell that it mirrors.
    fn distance(&self) -> f64 {
        (2 * self.layer - 1) as f64 * self.spacing()
    }

    /// The mirrored cell: the one at the wall for the first layer.
    fn adjacent(&self, builder: &mut Builder) -> Number {
        let [re, im] = ADJACENT;
        let re = Some(builder.load(re, [0; 3]));
        Number { re, im: self.condition.complex.then(|| builder.load(im, [0; 3])) }
    }

    /// The component of a condition's expression that counts for the array.
    fn component(&self, expr: &Expr, builder: &mut Builder) -> Number {
        let parts = self.lower(expr, builder, &mut HashMap::new());
        let component = if parts.rank == Rank::Scalar { 0 } else { self.condition.component };
        parts.items[component]
    }

    /// The operations of a condition's expression. `known` are the definitions that were computed.
    fn lower(
        &self,
        expr: &Expr,
        builder: &mut Builder,
        known: &mut HashMap<usize, Parts>,
    ) -> Parts {
        let space = self.pde.space();
        lower(expr, space, builder, &mut |leaf, builder| match &leaf.node {
            Node::Time => Parts::real(builder.parameter(TIME)),
            Node::Adjacent => Parts::scalar(self.adjacent(builder)),
            Node::Spacing => Parts::real(builder.constant(self.spacing())),
            Node::Coordinate(named) => {
                let axis = self.pde.grid().missing() + named;
                Parts::real(match self.across.iter().position(|other| *other == axis) {
                    Some(along) => builder.profile(1 + along, axis),
                    None => {
                        let named = &self.pde.grid().axes()[*named];
                        builder.constant(named.bounds()[self.face.side.index()])
                    }
                })
            }
            Node::Define(d) => {
                if !known.contains_key(d) {
                    let value = self.lower(&self.pde.definitions()[*d].expr, builder, known);
                    known.insert(*d, value);
                }
                known[d].clone()
            }
            // Conditions may not use anything else.
            _ => Parts::real(builder.constant(f64::NAN)),
        })
    }

    fn part(&self, part: &ConditionNumber, builder: &mut Builder) -> Number {
        match part {
            ConditionNumber::Expression(expr) => self.component(expr, builder),
            ConditionNumber::Static { re, im } => {
                let mut load = |input: &Option<usize>| input.map(|i| builder.load(i, [0; 3]));
                Number { re: load(re), im: load(im) }
            }
        }
    }

    /// The ghost cell by the formulas of [`Condition`].
    fn ghost(&self, condition: &Condition<ConditionNumber>, b: &mut Builder) -> Number {
        let d = b.constant(self.distance());
        let two = b.constant(2.0);
        let f1 = self.adjacent(b);
        match condition {
            Condition::Value(v) => {
                let v = self.part(v, b);
                let double = b.scaled(v, two);
                b.difference(double, f1)
            }
            Condition::Derivative(v) => {
                let v = self.part(v, b);
                let change = b.scaled(v, d);
                b.sum(f1, change)
            }
            Condition::Mixed { coefficient, value } => {
                let (gamma, beta) = (self.part(coefficient, b), self.part(value, b));
                let (d_gamma, d_beta) = (b.scaled(gamma, d), b.scaled(beta, d));
                let source = b.scaled(d_beta, two);
                let weight = b.difference(Number::real(two), d_gamma);
                let inner = b.times(weight, f1);
                let above = b.sum(source, inner);
                let below = b.sum(Number::real(two), d_gamma);
                b.over(above, below)
            }
            Condition::Curvature(v) => {
                let v = self.part(v, b);
                let square = Number::real(d);
                let square = b.times(square, square);
                let bend = b.times(v, square);
                let double = b.scaled(f1, two);
                // Of the other part nothing is used.
                let f2 = b.load(INNER[1], [0; 3]);
                let f2 = Number { re: Some(f2), im: self.condition.complex.then_some(f2) };
                let line = b.difference(double, f2);
                b.sum(bend, line)
            }
            Condition::Ghost(v) => self.part(v, b),
            Condition::Open => Number::real(self.open(b)),
            // Beyond a wall and a pole the mirrored cells follow, those of a pole turned when they
            // are read. The rest are no walls: the halo comes from the opposite end. Those for normal
            // components were turned into plain ones (conditions.rs).
            _ => f1,
        }
    }

    /// Beyond an open end slopes go on with the ratio of the last two, where those are more than
    /// rounding (Bartman et al. 2022, J. Open Source Softw. 7, 3896). Values that are not negative
    /// end at 0; where they may be, slopes do not grow.
    fn open(&self, b: &mut Builder) -> Value {
        const LEAST_SLOPE: f64 = 1e-10;
        let [zero, one, least] = [0.0, 1.0, LEAST_SLOPE].map(|number| b.constant(number));
        let [p0, p1, p2] = INNER.map(|input| b.load(input, [0; 3]));
        let (last, before) =
            (b.binary(Binary::Subtract, p1, p0), b.binary(Binary::Subtract, p2, p1));
        let ratio = b.binary(Binary::Divide, last, before);
        let size = b.unary(Unary::Abs, before);
        let steep = b.binary(Binary::Greater, size, least);
        let ratio = b.select(steep, ratio, zero);
        let positive = b.binary(Binary::Max, ratio, zero);
        let bounded = b.binary(Binary::Min, positive, one);
        let mut go_on = |ratio: Value, floor: Option<Value>| {
            let (mut value, mut inner) = (p0, p1);
            for _ in 0..self.layer {
                let slope = b.binary(Binary::Subtract, inner, value);
                let change = b.binary(Binary::Multiply, slope, ratio);
                let mut next = b.binary(Binary::Subtract, value, change);
                if let Some(floor) = floor {
                    next = b.binary(Binary::Max, next, floor);
                }
                (value, inner) = (next, value);
            }
            value
        };
        let signed = go_on(bounded, None);
        if self.condition.signed {
            return signed;
        }
        let positive = go_on(ratio, Some(zero));
        let negative = b.binary(Binary::Less, p0, zero);
        b.select(negative, signed, positive)
    }
}

/// Half of the way around a pole: the axis along the wall that goes around it.
struct Half {
    axis: usize,
    cells: isize,
}

impl Half {
    /// The way around, where the condition is that of a pole.
    fn of(grid: &Grid, condition: &ArrayCondition, face: Face) -> Option<Self> {
        let is_pole = matches!(condition.condition, Condition::Pole);
        let around = |axis: &usize| {
            *axis != face.axis && grid.inner_axis(*axis).is_some_and(|named| named.is_periodic())
        };
        let axis = (0..3).find(around).filter(|_| is_pole)?;
        let cells = grid.inner_axis(axis)?.cells() as isize;
        Some(Half { axis, cells })
    }

    /// Reads the cells of a layer, each half a turn further, into consecutive numbers. The axis
    /// around the pole is not cut.
    fn read(&self, array: &[f64], layout: &Layout, layer: &Region, cells: &mut [f64]) {
        let mut numbers = cells.iter_mut();
        for i in layer.start[0]..layer.end[0] {
            for j in layer.start[1]..layer.end[1] {
                for k in layer.start[2]..layer.end[2] {
                    let mut cell = [i, j, k];
                    cell[self.axis] = (cell[self.axis] + self.cells / 2).rem_euclid(self.cells);
                    if let Some(number) = numbers.next() {
                        *number = array[layout.index(cell)];
                    }
                }
            }
        }
    }
}
