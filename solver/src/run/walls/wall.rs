//! Walls: boundary conditions compiled to kernels that compute the ghost cells along a wall.
//!
//! The cells at a wall are copied into consecutive numbers. A kernel computes the ghost values from
//! them, and these are written beyond the wall. Numbers of a condition that depend neither on the
//! time nor on the field are computed once.

use fluxions_expr::{Builder, ComplexValue, Node, Op, RowFn, Rows, Scratch, Tangent, Value};
use fluxions_grid::{Condition, Face, Layout, Region};
use fluxions_halo::{Subdomain, wall};

use crate::plan::halo_group::{HaloGroup, SeenGhosts};
use crate::run::walls::filling::Filling;
use crate::run::walls::formula::{ConditionNumber, FIRST_STATIC, GhostRule};
use crate::run::walls::pole::Half;
use crate::run::walls::strip::{Strip, StripPart};
use crate::system::boundary::array_condition::{ArrayCondition, FaceConditions};
use crate::system::definition::MadeOf;
use crate::system::pde::Pde;

/// One layer of ghost cells of one array beyond one face.
pub(crate) struct Wall {
    strip: Strip,
    rows: Rows,
    /// The layer of mirrored cells. `inner` holds the first three layers inwards.
    mirrored: Region,
    inner: [Region; 3],
    /// Which of the inputs the kernel reads.
    needed: Vec<bool>,
    /// The first of the inputs that are the changes of cells, if the array holds changes of another.
    changes: Option<usize>,
    /// The layer of ghost cells.
    ghosts: Region,
    /// Whether the array is one of imaginary parts.
    imaginary: bool,
    /// The half turn to the other side of a pole, if one lies there.
    half: Option<Half>,
    /// The cells at corners, each with the nearest cell of the strip that is not at a corner.
    corners: Vec<(usize, usize)>,
    /// The numbers of the inputs and of the output of the kernel, one after the other. Each has as
    /// many numbers as the wall has cells.
    numbers: Vec<f64>,
    /// The position in `numbers` where each input begins. `output` is the position of the output.
    inputs: Vec<usize>,
    output: usize,
}

impl Wall {
    /// The walls of one array of a group on this block, one for each layer of ghost cells that the
    /// group has. `along` gives the cells along the faces across each axis.
    pub(crate) fn all(
        pde: &Pde,
        block: &Subdomain,
        group: &HaloGroup,
        conditions: &FaceConditions,
        along: impl Fn(usize) -> Region,
        scratch: &mut Scratch,
    ) -> Vec<(Face, Self)> {
        let faces = Face::all();
        let at_wall = |face: Face| {
            let condition = &conditions[face.axis][face.side.index()];
            let filled = match (&condition.condition, condition.sees_others, group.seen) {
                (Condition::Continued, ..) | (_, true, SeenGhosts::Known) => return None,
                (_, true, SeenGhosts::Mirrored) => condition.mirrored(pde.symbols()),
                (_, false, _) => condition.clone(),
            };
            block.neighbour(face).is_none().then_some((face, filled))
        };
        let mut walls = Vec::new();
        for (face, condition) in faces.filter_map(at_wall) {
            for layer in 1..=group.width.layers[face.axis][face.side.index()] {
                let along = along(face.axis);
                let is_tangent = group.around.is_some();
                let place = (face, layer, &condition, is_tangent);
                let wall = Wall::new(pde, block, &along, place, scratch);
                walls.push((face, wall));
            }
        }
        walls
    }

    /// The wall for a layer of ghost cells, counted from 1 at the wall, beyond a face of this
    /// block. The condition must not join two ends. `along` gives the cells along the wall. If
    /// `is_tangent`, the arrays hold changes of others.
    fn new(
        pde: &Pde,
        block: &Subdomain,
        along: &Region,
        (face, layer, condition, is_tangent): (Face, usize, &ArrayCondition, bool),
        scratch: &mut Scratch,
    ) -> Self {
        let beyond = layer as isize;
        let layer = |distance| wall::layer(along, face, block.shape()[face.axis], distance);
        let ghosts = layer(-beyond);
        let strip = Strip::new(pde.grid(), block, &ghosts, face);
        let place = GhostRule { pde, face, across: strip.across, layer: beyond, condition };

        // Expressions that never change are evaluated here and become inputs.
        let mut statics = Vec::new();
        let Ok(formula) = condition.condition.try_map(|expr| {
            let changes = MadeOf::new(expr, pde.definitions()).changes;
            if changes || matches!(expr.node, Node::Number(_)) {
                return Ok::<_, std::convert::Infallible>(ConditionNumber::Expression(
                    expr.clone(),
                ));
            }
            let mut input = |part: fn(ComplexValue) -> Option<Value>| {
                let mut builder = Builder::new();
                let number = place.component(expr, &mut builder);
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
        let (mut kernel, mut count) = (builder.finish(), FIRST_STATIC + statics.len());
        let changes = is_tangent.then_some(count);
        if let Some(first) = changes {
            let change = |input: usize| (input < FIRST_STATIC).then_some(first + input);
            let Tangent { mut builder, outputs } = Tangent::of(&kernel, change, |_| None);
            let change = outputs[0].1.unwrap_or_else(|| builder.constant(0.0));
            builder.output(change);
            (kernel, count) = (builder.finish(), first + FIRST_STATIC);
        }
        let is_needed = |input: usize| {
            let loads = |op: &Op| matches!(op, Op::Load { input: i, .. } if *i as usize == input);
            kernel.ops().iter().any(loads)
        };
        let needed = (0..count).map(is_needed).collect();
        let rows = Rows::compile(&kernel);
        rows.reserve(scratch);
        let cells = strip.cells();
        let inputs: Vec<usize> = (0..count).map(|input| input * cells).collect();
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
            changes,
            ghosts,
            imaginary,
            half,
            corners,
            numbers,
            inputs,
            output,
        }
    }

    /// Sets the ghost cells of the array of this number in a group, or those of them that lie in
    /// `part`: some rows of the wall, or a part of its only row.
    pub(crate) fn fill(&mut self, filling: &mut Filling<'_>, number: usize, part: Option<&Region>) {
        let part = match part {
            None => self.strip.all(),
            Some(part) => match self.strip.part(&self.ghosts, part) {
                Some(part) => part,
                None => return,
            },
        };
        let Filling { memory, layout, halo, time, scratch } = filling;
        let (position, partners) = (halo.arrays[number], halo.partners[number]);
        let of_itself = (self.changes.unwrap_or(0), position, partners);
        let around = self.changes.map(|_| {
            let [array, re, im] = halo.around[number];
            (0, array, [re, im])
        });
        for (first, array, partners) in [of_itself].into_iter().chain(around) {
            self.read(memory, layout, &part, first, array, partners);
        }
        let Wall { strip, rows, numbers, inputs, output, corners, .. } = self;
        strip.run(rows, numbers, inputs, *output, *time, &part, scratch);
        // A formula such as sqrt(x) may have no value beyond the end of the wall.
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

    /// Copies those cells of an array and its partners that the kernel reads to the inputs from `first` on.
    fn read(
        &mut self,
        memory: &[f64],
        layout: &Layout,
        part: &StripPart,
        first: usize,
        position: usize,
        partners: [usize; 2],
    ) {
        // For the array's own part the array itself is read, since its partner may only stand for
        // it.
        let mut own = partners;
        own[usize::from(self.imaginary)] = position;
        let parts = [&self.mirrored, &self.inner[0], &self.inner[1]];
        let parts = parts.into_iter().flat_map(|layer| own.map(|array| (array, layer)));
        let inner = self.inner.iter().map(|layer| (position, layer));
        for (input, (array, layer)) in (first..).zip(parts.chain(inner)) {
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
    }
}
