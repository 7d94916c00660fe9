//! Donor-cell fluxes through the faces of cells, their limiter, and the new values of cells.

use fluxions_expr::{Binary, Value};

use crate::plan::pass::PassBuilder;
use crate::schemes::mpdata::antidiffusion::FaceVelocity;
use crate::schemes::mpdata::courant_field::{CourantField, TINY, load, load_seen, plus, step};

/// The arrays of the flux limiter: the part of the antidiffusive fluxes into a cell and out of it
/// that makes no new extreme.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limiter {
    pub(crate) rise: usize,
    pub(crate) fall: usize,
}

/// The fluxes of one pass for one array.
pub(crate) struct FaceFluxes<'a> {
    pub(crate) courants: &'a CourantField<'a>,
    pub(crate) velocity: &'a FaceVelocity,
    /// The array of the field.
    pub(crate) field: usize,
    /// Whether the velocity is the flux itself, as that of a correction with an infinite gauge is.
    pub(crate) direct: bool,
    pub(crate) limits: Option<Limiter>,
}

impl FaceFluxes<'_> {
    /// The velocity at the face of the cell at an offset, limited.
    pub(crate) fn limited(&self, pass: &mut PassBuilder, k: usize, offset: [i32; 3]) -> Value {
        let v = self.velocity.at(self.courants, pass, k, offset);
        let Some(limits) = self.limits else { return v };
        let left = plus(offset, step(self.courants.axes()[k], -1));
        let fall = [left, offset].map(|cell| load(pass, limits.fall, cell));
        let rise = [left, offset].map(|cell| load(pass, limits.rise, cell));
        // Where the flux goes decides, which is where the velocity goes unless values are negative.
        let flux = self.of_velocity(pass, k, offset, v);
        let b = &mut pass.builder;
        let [zero, one] = [0.0, 1.0].map(|number| b.constant(number));
        let to_right = b.binary(Binary::Min, fall[0], rise[1]);
        let to_left = b.binary(Binary::Min, rise[0], fall[1]);
        let right = b.binary(Binary::GreaterEqual, flux, zero);
        let limit = b.select(right, to_right, to_left);
        let limit = b.binary(Binary::Min, one, limit);
        b.binary(Binary::Multiply, v, limit)
    }

    /// The flux through the face of the cell at an offset.
    fn at(&self, pass: &mut PassBuilder, k: usize, offset: [i32; 3]) -> Value {
        let v = self.limited(pass, k, offset);
        self.of_velocity(pass, k, offset, v)
    }

    /// The donor-cell flux [V]⁺·ψL + [V]⁻·ψR (Smolarkiewicz 1983, Mon. Weather Rev. 111, 479).
    fn of_velocity(&self, pass: &mut PassBuilder, k: usize, offset: [i32; 3], v: Value) -> Value {
        if self.direct {
            return v;
        }
        let left = load(pass, self.field, plus(offset, step(self.courants.axes()[k], -1)));
        let right = load(pass, self.field, offset);
        let b = &mut pass.builder;
        let zero = b.constant(0.0);
        let (out, into) = (b.binary(Binary::Max, v, zero), b.binary(Binary::Min, v, zero));
        let (a, c) =
            (b.binary(Binary::Multiply, out, left), b.binary(Binary::Multiply, into, right));
        b.binary(Binary::Add, a, c)
    }

    /// The value of the cell after these fluxes.
    pub(crate) fn update(&self, pass: &mut PassBuilder) -> Value {
        let mut sum = None;
        for (k, axis) in self.courants.axes().iter().enumerate() {
            let (out, into) = (self.at(pass, k, step(*axis, 1)), self.at(pass, k, [0; 3]));
            let b = &mut pass.builder;
            let change = b.binary(Binary::Subtract, out, into);
            sum = Some(sum.map_or(change, |sum| b.binary(Binary::Add, sum, change)));
        }
        let value = load(pass, self.field, [0; 3]);
        let density = self.courants.density(pass, [0; 3]);
        let b = &mut pass.builder;
        let Some(mut sum) = sum else { return value };
        if let Some(density) = density {
            sum = b.binary(Binary::Divide, sum, density);
        }
        b.binary(Binary::Subtract, value, sum)
    }

    /// The limiter of the cell: how far it may rise and fall, over how far the fluxes would move
    /// it. `before` is the field at the beginning of the step (Smolarkiewicz & Grabowski 1990, J.
    /// Comput. Phys. 86, 355).
    pub(crate) fn limits(&self, pass: &mut PassBuilder, before: usize) -> [Value; 2] {
        let (mut into, mut out) = (None, None);
        for (k, axis) in self.courants.axes().iter().enumerate() {
            let (lower, upper) = (self.at(pass, k, [0; 3]), self.at(pass, k, step(*axis, 1)));
            let b = &mut pass.builder;
            let zero = b.constant(0.0);
            let mut pair = |a: Value, c: Value| {
                let (a, c) = (b.binary(Binary::Max, a, zero), b.binary(Binary::Min, c, zero));
                b.binary(Binary::Subtract, a, c)
            };
            let (entering, leaving) = (pair(lower, upper), pair(upper, lower));
            let mut add = |sum: &mut Option<Value>, term| {
                *sum = Some(sum.map_or(term, |sum| b.binary(Binary::Add, sum, term)));
            };
            add(&mut into, entering);
            add(&mut out, leaving);
        }
        let mut cells = vec![[0; 3]];
        for axis in self.courants.axes() {
            cells.extend([step(*axis, -1), step(*axis, 1)]);
        }
        let mut values = Vec::new();
        for array in [before, self.field] {
            let exprs = self.courants.exprs;
            values.extend(cells.iter().map(|cell| load_seen(exprs, pass, array, *cell, [0; 3])));
        }
        let value = load(pass, self.field, [0; 3]);
        let density = self.courants.density(pass, [0; 3]);
        let b = &mut pass.builder;
        let mut extreme = |f: Binary| {
            let all = values.iter().copied();
            all.reduce(|a, c| b.binary(f, a, c)).unwrap_or(value)
        };
        let (most, least) = (extreme(Binary::Max), extreme(Binary::Min));
        let (up, down) =
            (b.binary(Binary::Subtract, most, value), b.binary(Binary::Subtract, value, least));
        let [tiny, one] = [TINY, 1.0].map(|number| b.constant(number));
        let mut flux =
            |sum: Option<Value>| sum.map_or(tiny, |sum| b.binary(Binary::Add, sum, tiny));
        let (into, out) = (flux(into), flux(out));
        // One division for both.
        let both = b.binary(Binary::Multiply, into, out);
        let inverse = b.binary(Binary::Divide, density.unwrap_or(one), both);
        let mut over = |room: Value, other: Value| {
            let room = b.binary(Binary::Multiply, room, other);
            b.binary(Binary::Multiply, room, inverse)
        };
        [over(up, out), over(down, into)]
    }

    /// What flows out of the cell in a step, over what is there: the Courant number of the cell.
    pub(crate) fn outflow(&self, pass: &mut PassBuilder) -> Value {
        let mut sum = None;
        for (k, axis) in self.courants.axes().iter().enumerate() {
            let lower = self.velocity.at(self.courants, pass, k, [0; 3]);
            let upper = self.velocity.at(self.courants, pass, k, step(*axis, 1));
            let b = &mut pass.builder;
            let zero = b.constant(0.0);
            let (right, left) =
                (b.binary(Binary::Max, upper, zero), b.binary(Binary::Min, lower, zero));
            let out = b.binary(Binary::Subtract, right, left);
            // Max and min drop a NaN; the sum times 0 brings it back, and adds 0 otherwise.
            let sum_of_both = b.binary(Binary::Add, lower, upper);
            let nothing = b.binary(Binary::Multiply, sum_of_both, zero);
            let out = b.binary(Binary::Add, out, nothing);
            sum = Some(sum.map_or(out, |sum| b.binary(Binary::Add, sum, out)));
        }
        let density = self.courants.density(pass, [0; 3]);
        let b = &mut pass.builder;
        let out = sum.unwrap_or_else(|| b.constant(0.0));
        density.map_or(out, |density| b.binary(Binary::Divide, out, density))
    }
}
