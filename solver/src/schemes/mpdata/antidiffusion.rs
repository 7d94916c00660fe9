//! Antidiffusive velocities: the error of the donor-cell flux through a face, as a velocity.
//!
//! Notation as in the papers: the face lies between the cells L and R, V is the Courant number at the
//! face whose error is corrected, and V̄ the mean of the four transverse ones around it.

use fluxions_expr::{Binary, Unary, Value};

use crate::plan::pass::PassBuilder;
use crate::schemes::mpdata::courant_field::{CourantField, TINY, load, load_seen, plus, step};
use crate::schemes::mpdata::ratio::{Ratio, sum, summed};
use crate::system::transport::{Mpdata, ThirdOrder};

/// The velocity with which a pass advects: Courant numbers at faces.
#[derive(Clone, Debug)]
pub(crate) enum FaceVelocity {
    /// The advecting velocity.
    Courant,
    /// The velocity in these arrays, one for each axis: that of an earlier correction.
    Arrays(Vec<usize>),
}

impl FaceVelocity {
    /// The velocity at the face of the cell at an offset, before it is multiplied with its scale,
    /// if it has one.
    fn bare(
        &self,
        courants: &CourantField,
        pass: &mut PassBuilder,
        k: usize,
        offset: [i32; 3],
    ) -> Value {
        match self {
            FaceVelocity::Courant => courants.bare(pass, k, offset),
            FaceVelocity::Arrays(arrays) => load(pass, arrays[k], offset),
        }
    }

    /// The velocity at the face of the cell at an offset.
    pub(crate) fn at(
        &self,
        courants: &CourantField,
        pass: &mut PassBuilder,
        k: usize,
        offset: [i32; 3],
    ) -> Value {
        match self {
            FaceVelocity::Courant => courants.courant(pass, k, offset),
            FaceVelocity::Arrays(arrays) => load(pass, arrays[k], offset),
        }
    }
}

/// The antidiffusive velocities of one pass for one array.
pub(crate) struct Antidiffusion<'a> {
    pub(crate) courants: &'a CourantField<'a>,
    pub(crate) options: Mpdata,
    pub(crate) velocity: &'a FaceVelocity,
    /// The array of the field.
    pub(crate) field: usize,
    /// Whether it is the last pass.
    pub(crate) last: bool,
    /// Whether the velocity has a part that is diffusion: then a value at a wall counts as one in
    /// the cell beyond.
    pub(crate) diffuses: bool,
}

/// Some cells with the signs that their values have in a sum.
type Cells<'c> = &'c [([i32; 3], f64)];

impl Antidiffusion<'_> {
    /// The antidiffusive velocity at the face of the cell across its `k`-th named axis.
    ///
    /// Smolarkiewicz & Margolin 1998 (J. Comput. Phys. 140, 459), equations 29a and 29b, after
    /// Smolarkiewicz 1984 (J. Comput. Phys. 54, 325).
    pub(crate) fn velocity(&self, pass: &mut PassBuilder, k: usize) -> Value {
        let axis = self.courants.axes()[k];
        let (right, left) = ([0; 3], step(axis, -1));
        let density = self.courants.density_at_face(pass, k);
        let v = self.velocity.at(self.courants, pass, k, [0; 3]);
        let over = |pass: &mut PassBuilder, value| match density {
            Some(density) => pass.builder.binary(Binary::Divide, value, density),
            None => value,
        };
        let mut others = Vec::new();
        for other in (0..self.courants.axes().len()).filter(|other| *other != k) {
            let mean = self.mean(pass, other, k);
            others.push((self.courants.axes()[other], mean));
        }
        let size = pass.builder.unary(Unary::Abs, v);
        let (part, ratio) = (over(pass, size), over(pass, v));
        let b = &mut pass.builder;
        let (one, half) = (b.constant(1.0), b.constant(-0.5));
        let rest = b.binary(Binary::Subtract, one, part);
        let along = b.binary(Binary::Multiply, size, rest);
        let half = b.binary(Binary::Multiply, half, ratio);
        let slope = self.ratio(pass, axis, &[(right, 1.0), (left, -1.0)], 2.0);
        let mut terms = vec![(along, slope)];
        for (other, mean) in &others {
            let cells = around(axis, *other, [1.0, 1.0, -1.0, -1.0]);
            let factor = pass.builder.binary(Binary::Multiply, half, *mean);
            terms.push((factor, self.ratio(pass, axis, &cells, 4.0)));
        }
        let third = self.options.third_order != ThirdOrder::None;
        let mut w = if self.options.dpdc && self.last {
            let a = sum(pass, &[(one, slope)]);
            let w = sum(pass, &terms);
            let mut w = summed(pass, w, a);
            if third {
                let courants = FaceCourant { v, size, ratio };
                let terms = self.third_order(pass, k, &courants, &others, &over);
                let more = sum(pass, &terms);
                w = pass.builder.binary(Binary::Add, w, more);
            }
            w
        } else {
            if third {
                let courants = FaceCourant { v, size, ratio };
                terms.extend(self.third_order(pass, k, &courants, &others, &over));
            }
            sum(pass, &terms)
        };
        if self.options.divergent_flow {
            w = self.divergence(pass, k, ratio, w);
        }
        match self.diffuses {
            true => w,
            false => self.courants.exprs.without_inflow(&mut pass.builder, k, v, w),
        }
    }

    /// The sum of signed values around the face across an axis over the sum of the values; with an
    /// infinite gauge, over the number of values.
    fn ratio(&self, pass: &mut PassBuilder, axis: usize, cells: Cells<'_>, count: f64) -> Ratio {
        let mut values = Vec::new();
        for (offset, _) in cells {
            let beside = step(axis, if offset[axis] < 0 { -1 } else { 0 });
            let value = load_seen(self.courants.exprs, pass, self.field, *offset, beside);
            let magnitude = self.options.signed && !self.options.infinite_gauge;
            values.push(if magnitude { pass.builder.unary(Unary::Abs, value) } else { value });
        }
        let b = &mut pass.builder;
        // The positive ones first, so that there is something to subtract from.
        let plus = cells.iter().zip(&values).filter(|((_, sign), _)| *sign > 0.0);
        let minus = cells.iter().zip(&values).filter(|((_, sign), _)| *sign < 0.0);
        let mut add = |list: Vec<Value>| {
            let sum = list.into_iter().reduce(|sum, value| b.binary(Binary::Add, sum, value));
            sum.expect("every difference has terms of both signs")
        };
        let (plus, minus) =
            (add(plus.map(|(_, v)| *v).collect()), add(minus.map(|(_, v)| *v).collect()));
        let difference = b.binary(Binary::Subtract, plus, minus);
        if self.options.infinite_gauge {
            let count = b.constant(1.0 / count);
            return Ratio { above: b.binary(Binary::Multiply, difference, count), below: None };
        }
        let sum = b.binary(Binary::Add, plus, minus);
        let tiny = b.constant(TINY);
        Ratio { above: difference, below: Some(b.binary(Binary::Add, sum, tiny)) }
    }

    /// The mean of the four transverse velocities along another axis around the face.
    fn mean(&self, pass: &mut PassBuilder, other: usize, k: usize) -> Value {
        let (left, up) = (step(self.courants.axes()[k], -1), step(self.courants.axes()[other], 1));
        let mut at = |offset| self.velocity.bare(self.courants, pass, other, offset);
        let [v0, v1, v2, v3] = [[0; 3], up, left, plus(left, up)].map(&mut at);
        let b = &mut pass.builder;
        let sum = b.binary(Binary::Add, v0, v1);
        let more = b.binary(Binary::Add, v2, v3);
        let (sum, mut quarter) = (b.binary(Binary::Add, sum, more), b.constant(0.25));
        if let (FaceVelocity::Courant, Some(scale)) = (self.velocity, self.courants.scale(other)) {
            let scale = b.parameter(scale);
            quarter = b.binary(Binary::Multiply, quarter, scale);
        }
        b.binary(Binary::Multiply, quarter, sum)
    }

    /// The third-order terms (Smolarkiewicz & Margolin 1998, equation 36, as Jaruga et al.
    /// 2015, Geosci. Model Dev. 8, 1005, use them).
    fn third_order(
        &self,
        pass: &mut PassBuilder,
        k: usize,
        courants: &FaceCourant,
        others: &[(usize, Value)],
        over: &dyn Fn(&mut PassBuilder, Value) -> Value,
    ) -> Vec<(Value, Ratio)> {
        let axis = self.courants.axes()[k];
        let FaceCourant { v, size, ratio } = *courants;
        let cells =
            [(step(axis, 1), 1.0), ([0; 3], -1.0), (step(axis, -1), -1.0), (step(axis, -2), 1.0)];
        let bend = self.ratio(pass, axis, &cells, 4.0);
        let b = &mut pass.builder;
        let [two, three, third] = [2.0, 3.0, 1.0 / 3.0].map(|number| b.constant(number));
        // (3 V|V|/G − 2 V³/G² − V)/6 · 2 bend
        let square = b.binary(Binary::Multiply, ratio, ratio);
        let cube = b.binary(Binary::Multiply, square, v);
        let cube = b.binary(Binary::Multiply, two, cube);
        let quadratic = b.binary(Binary::Multiply, ratio, size);
        let quadratic = b.binary(Binary::Multiply, three, quadratic);
        let factor = b.binary(Binary::Subtract, quadratic, cube);
        let factor = b.binary(Binary::Subtract, factor, v);
        let factor = b.binary(Binary::Multiply, factor, third);
        let mut terms = vec![(factor, bend)];
        // V̄/(2G)·(|V| − 2 V²/G) · 2 twist
        for (other, mean) in others {
            let cells = around(axis, *other, [1.0, -1.0, -1.0, 1.0]);
            let twist = self.ratio(pass, axis, &cells, 4.0);
            let across = over(pass, *mean);
            let b = &mut pass.builder;
            let square = b.binary(Binary::Multiply, ratio, v);
            let square = b.binary(Binary::Multiply, two, square);
            let factor = b.binary(Binary::Subtract, size, square);
            terms.push((b.binary(Binary::Multiply, across, factor), twist));
        }
        // −⅔ V V̄ V̄/G² of the two other axes
        if let ([(one, mean), (two, other)], ThirdOrder::Full) = (others, self.options.third_order)
        {
            let mut cells = Vec::new();
            for side in [0, -1] {
                for (i, j) in [(1, 1), (1, -1), (-1, 1), (-1, -1)] {
                    let across = plus(step(*one, i), step(*two, j));
                    cells.push((plus(step(axis, side), across), f64::from(i * j)));
                }
            }
            let twist = self.ratio(pass, axis, &cells, 8.0);
            let across = over(pass, *other);
            let b = &mut pass.builder;
            let factor = b.binary(Binary::Multiply, ratio, *mean);
            let factor = b.binary(Binary::Multiply, factor, across);
            let two_thirds = b.constant(-2.0 / 3.0);
            terms.push((b.binary(Binary::Multiply, factor, two_thirds), twist));
        }
        terms
    }

    /// Adds the term of a velocity with a divergence (Smolarkiewicz & Margolin 1998, equation 30).
    fn divergence(&self, pass: &mut PassBuilder, k: usize, ratio: Value, w: Value) -> Value {
        let axis = self.courants.axes()[k];
        let left = step(axis, -1);
        let mut at = |k: usize, offset| self.velocity.at(self.courants, pass, k, offset);
        // What flows out of the cells L and R beyond what flows in.
        let mut pairs = vec![(at(k, step(axis, 1)), at(k, left))];
        for other in (0..self.courants.axes().len()).filter(|other| *other != k) {
            let up = step(self.courants.axes()[other], 1);
            pairs.push((at(other, up), at(other, [0; 3])));
            pairs.push((at(other, plus(left, up)), at(other, left)));
        }
        let b = &mut pass.builder;
        let differences: Vec<Value> =
            pairs.into_iter().map(|(out, into)| b.binary(Binary::Subtract, out, into)).collect();
        let sum = differences.into_iter().reduce(|sum, term| b.binary(Binary::Add, sum, term));
        let (Some(sum), quarter) = (sum, b.constant(0.25)) else { return w };
        let factor = b.binary(Binary::Multiply, quarter, ratio);
        let mut term = b.binary(Binary::Multiply, factor, sum);
        if self.options.infinite_gauge {
            let (l, r) = (load(pass, self.field, left), load(pass, self.field, [0; 3]));
            let b = &mut pass.builder;
            let (sum, half) = (b.binary(Binary::Add, l, r), b.constant(0.5));
            let mean = b.binary(Binary::Multiply, half, sum);
            term = b.binary(Binary::Multiply, term, mean);
        }
        pass.builder.binary(Binary::Subtract, w, term)
    }
}

/// The velocity at the face, its magnitude, and its ratio to the density.
struct FaceCourant {
    v: Value,
    size: Value,
    ratio: Value,
}

/// The cells R+, L+, R−, L− beside a face along another axis, with signs.
fn around(axis: usize, other: usize, signs: [f64; 4]) -> [([i32; 3], f64); 4] {
    let (up, down, left) = (step(other, 1), step(other, -1), step(axis, -1));
    let cells = [up, plus(left, up), down, plus(left, down)];
    std::array::from_fn(|k| (cells[k], signs[k]))
}
