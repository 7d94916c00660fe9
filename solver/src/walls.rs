//! Ghost cells beyond the walls: boundary conditions compiled to kernels along a wall.
//!
//! A wall's cells are copied into consecutive numbers, the ghost values computed there, and
//! written beyond the wall. What does not depend on time or on the field is computed once.

use fluxions_expr::rows::Profile;
use fluxions_expr::{Binary, Builder, Call, Expr, Node, Op, RowFn, Rows, Scratch, Value};
use fluxions_grid::{Condition, Face, Grid, Layout, Region};
use fluxions_halo::{Subdomain, wall};

use crate::lower::lower;
use crate::pde::Pde;

/// The parameter of the kernel that is the time.
const TIME: usize = 0;
/// Inputs of the kernel: the cell at the wall, the next one inwards, then precomputed numbers.
const ADJACENT: usize = 0;
const NEXT: usize = 1;
const FIRST_STATIC: usize = 2;

/// The ghost cells of one array beyond one face.
pub(crate) struct Wall {
    strip: Strip,
    rows: Rows,
    /// Layers to read: the cell at the wall, the next one inwards.
    sources: [Region; 2],
    needed: [bool; 2],
    ghosts: Region,
    /// Inputs and the output, one after the other, as many numbers each as the wall has cells.
    numbers: Vec<f64>,
    inputs: Vec<usize>,
    output: usize,
}

impl Wall {
    /// The ghost cells beyond a face of this block by a condition that does not join two ends.
    /// `along` are the cells along the wall.
    pub(crate) fn new(
        pde: &Pde,
        block: &Subdomain,
        along: &Region,
        face: Face,
        condition: &Condition<Expr>,
        scratch: &mut Scratch,
    ) -> Self {
        let layer = |distance| wall::layer(along, face, block.shape()[face.axis], distance);
        let ghosts = layer(-1);
        let strip = Strip::new(pde.grid(), block, &ghosts, face);
        let place = Place { pde, face, across: strip.across };

        // Expressions that stay the same are evaluated now and become inputs.
        let mut statics = Vec::new();
        let Ok(formula) = condition.clone().try_map(|expr| {
            if changes(pde, &expr) || matches!(expr.node, Node::Number(_)) {
                return Ok::<_, std::convert::Infallible>(Part::Expression(expr));
            }
            let mut builder = Builder::new();
            let value = place.lower(&expr, &mut builder);
            builder.output(value);
            let mut values = vec![0.0; strip.cells()];
            strip.run(&Rows::compile(&builder.finish()), &mut values, &[], 0, 0.0, scratch);
            statics.push(values);
            Ok(Part::Static(FIRST_STATIC + statics.len() - 1))
        });

        let mut builder = Builder::new();
        let ghost = place.ghost(&formula, &mut builder);
        builder.output(ghost);
        let kernel = builder.finish();
        let needed = [ADJACENT, NEXT].map(|input| {
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
        Wall { strip, rows, sources: [layer(0), layer(1)], needed, ghosts, numbers, inputs, output }
    }

    /// Sets the ghost cells of an array at a time.
    pub(crate) fn fill(
        &mut self,
        array: &mut [f64],
        layout: &Layout,
        time: f64,
        scratch: &mut Scratch,
    ) {
        let cells = self.strip.cells();
        for (input, source) in self.sources.iter().enumerate().filter(|(i, _)| self.needed[*i]) {
            wall::read(array, layout, source, &mut self.numbers[self.inputs[input]..][..cells]);
        }
        self.strip.run(&self.rows, &mut self.numbers, &self.inputs, self.output, time, scratch);
        wall::write(&self.numbers[self.output..], layout, &self.ghosts, array);
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
            let centre = |local: isize| named.centre(block.start()[axis] as isize + local);
            let values = (ghosts.start[axis]..ghosts.end[axis]).map(centre).collect();
            Profile { values, before: 0 }
        };
        let shape = across.map(|axis| ghosts.shape()[axis]);
        Strip { across, shape, profiles: (0..3).map(coordinates).collect() }
    }

    fn cells(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    fn run(
        &self,
        rows: &Rows,
        memory: &mut [f64],
        inputs: &[usize],
        output: usize,
        time: f64,
        scratch: &mut Scratch,
    ) {
        let [n1, n2] = self.shape;
        let mut parameters = [0.0];
        parameters[TIME] = time;
        let mut call = Call {
            memory,
            inputs,
            outputs: &[output],
            pitch: [0, n2],
            parameters: &parameters,
            profiles: &self.profiles,
        };
        rows.run(&mut call, [(0, 1), (0, n1 as isize), (0, n2 as isize)], scratch);
    }
}

/// A number of a condition, as the kernel sees it.
enum Part {
    Expression(Expr),
    /// Computed before: the input that holds it.
    Static(usize),
}

/// Whether an expression has to be evaluated again each time.
fn changes(pde: &Pde, expr: &Expr) -> bool {
    let mut changes = false;
    expr.walk(&mut |part| {
        changes |= match &part.node {
            Node::Time | Node::Adjacent => true,
            Node::Define(d) => self::changes(pde, &pde.definitions()[*d].expr),
            _ => false,
        }
    });
    changes
}

/// Where a condition stands.
struct Place<'a> {
    pde: &'a Pde,
    face: Face,
    /// The axes along the wall, in order.
    across: [usize; 2],
}

impl Place<'_> {
    fn spacing(&self) -> f64 {
        // A face lies across a named axis.
        self.pde.grid().inner_axis(self.face.axis).map_or(1.0, |axis| axis.spacing())
    }

    /// The operations of a condition's expression.
    fn lower(&self, expr: &Expr, builder: &mut Builder) -> Value {
        lower(expr, builder, &mut |leaf, builder| match &leaf.node {
            Node::Time => builder.parameter(TIME),
            Node::Adjacent => builder.load(ADJACENT, [0; 3]),
            Node::Spacing => builder.constant(self.spacing()),
            Node::Coordinate(named) => {
                let axis = self.pde.grid().missing() + named;
                match self.across.iter().position(|other| *other == axis) {
                    Some(along) => builder.profile(1 + along, axis),
                    None => {
                        let named = &self.pde.grid().axes()[*named];
                        builder.constant(named.bounds()[self.face.side.index()])
                    }
                }
            }
            Node::Define(d) => self.lower(&self.pde.definitions()[*d].expr, builder),
            // Conditions may not use anything else.
            _ => builder.constant(f64::NAN),
        })
    }

    fn part(&self, part: &Part, builder: &mut Builder) -> Value {
        match part {
            Part::Expression(expr) => self.lower(expr, builder),
            Part::Static(input) => builder.load(*input, [0; 3]),
        }
    }

    /// The ghost cell by the formulas of [`Condition`].
    fn ghost(&self, condition: &Condition<Part>, b: &mut Builder) -> Value {
        use Binary::{Add, Divide, Multiply, Subtract};
        let d = b.constant(self.spacing());
        let two = b.constant(2.0);
        let f1 = b.load(ADJACENT, [0; 3]);
        match condition {
            Condition::Value(v) => {
                let v = self.part(v, b);
                let double = b.binary(Multiply, two, v);
                b.binary(Subtract, double, f1)
            }
            Condition::Derivative(v) => {
                let v = self.part(v, b);
                let change = b.binary(Multiply, d, v);
                b.binary(Add, f1, change)
            }
            Condition::Mixed { coefficient, value } => {
                let (gamma, beta) = (self.part(coefficient, b), self.part(value, b));
                let d_gamma = b.binary(Multiply, d, gamma);
                let d_beta = b.binary(Multiply, d, beta);
                let source = b.binary(Multiply, two, d_beta);
                let weight = b.binary(Subtract, two, d_gamma);
                let inner = b.binary(Multiply, weight, f1);
                let above = b.binary(Add, source, inner);
                let below = b.binary(Add, two, d_gamma);
                b.binary(Divide, above, below)
            }
            Condition::Curvature(v) => {
                let v = self.part(v, b);
                let square = b.binary(Multiply, d, d);
                let bend = b.binary(Multiply, v, square);
                let double = b.binary(Multiply, two, f1);
                let f2 = b.load(NEXT, [0; 3]);
                let line = b.binary(Subtract, double, f2);
                b.binary(Add, bend, line)
            }
            Condition::Ghost(v) => self.part(v, b),
            // These are no walls: the halo comes from the opposite end.
            Condition::Periodic | Condition::Antiperiodic => f1,
        }
    }
}
