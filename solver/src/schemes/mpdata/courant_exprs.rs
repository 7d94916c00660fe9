//! Courant numbers at the faces of cells, and densities in cells, as expressions of place and time.
//!
//! The face of a cell along an axis is the one towards lower coordinates. Faces beyond the ends of
//! axes have Courant numbers too (plan/profile.rs).

use fluxions_expr::{Binary, Builder, Expr, Op, Unary, Value};

use crate::plan::profile::AxisProfile;
use crate::schemes::mpdata::regions::ClosedRegions;
use crate::system::pde::Pde;
use crate::system::transport::Advector;
use crate::system::transport::advected::Advected;
use crate::system::transport::conditions::{Edge, Edges};

/// Courant numbers that take no more cheap operations than this are computed wherever they are
/// used, instead of being stored.
const CHEAP: usize = 8;

/// The velocity, or another form of advector, with which some fields are advected, and the density
/// G.
#[derive(Clone, Debug)]
pub(crate) struct CourantExprs<'a> {
    pub(crate) pde: &'a Pde,
    pub(crate) advector: &'a Advector<Expr>,
    density: Option<&'a Expr>,
    /// The owner of the boundary conditions, where the velocity depends on fields.
    owner: Option<usize>,
    pub(super) edges: Edges,
    /// The regions by which the fields are closed.
    pub(crate) regions: Option<ClosedRegions>,
    /// The number of these ends of axes among those of the system.
    pub(super) number: usize,
    /// The axes, as they are numbered inside.
    pub(crate) axes: Vec<usize>,
}

impl PartialEq for CourantExprs<'_> {
    fn eq(&self, other: &Self) -> bool {
        let key =
            |exprs: &Self| (exprs.advector, exprs.density, exprs.edges, exprs.regions, exprs.owner);
        key(self) == key(other)
    }
}

impl<'a> CourantExprs<'a> {
    /// The expressions of an advected field.
    pub(crate) fn new(pde: &'a Pde, advected: &'a Advected) -> Self {
        let missing = pde.grid().missing();
        let edges = pde.conditions().of_advected(advected).edges;
        CourantExprs {
            pde,
            advector: &advected.advector,
            density: advected.density.as_ref(),
            owner: (!advected.is_given(pde.symbols()))
                .then(|| pde.conditions().owner_of_field(advected.field)),
            edges,
            regions: ClosedRegions::of(pde, advected),
            number: (pde.edges().iter())
                .position(|known| *known == edges)
                .expect("the ends of an advected field are among those of its system"),
            axes: (missing..3).collect(),
        }
    }

    /// By what the advecting velocity along each axis is multiplied, over the time step; nothing
    /// where Courant numbers are given.
    pub(crate) fn factors(&self) -> Option<Vec<f64>> {
        let spacings = || self.pde.grid().axes().iter().map(|axis| axis.spacing());
        match self.advector {
            Advector::Velocity(_) => Some(spacings().map(|spacing| 1.0 / spacing).collect()),
            Advector::StreamFunction(_) => {
                let area: f64 = spacings().product();
                Some(vec![1.0 / area; self.axes.len()])
            }
            Advector::Courant(_) => None,
        }
    }

    /// Whether Courant numbers are so cheap that they are computed wherever they are used.
    pub(crate) fn is_cheap(&self) -> bool {
        let mut b = Builder::new();
        for k in 0..self.axes.len() {
            let value = self.base(&mut b, k, [0; 3]);
            b.output(value);
        }
        is_cheap(b, CHEAP * self.axes.len())
    }

    /// Whether the density is so cheap that it is computed wherever it is used.
    pub(crate) fn is_density_cheap(&self) -> bool {
        let mut b = Builder::new();
        let value = self.density_itself(&mut b, [0; 3]);
        b.output(value);
        is_cheap(b, CHEAP)
    }

    /// The velocity times the density at the face of the cell at an offset across its `k`-th named
    /// axis, from expressions of place and time; it still lacks the factor with the time step.
    pub(crate) fn base(&self, b: &mut Builder, k: usize, offset: [i32; 3]) -> Value {
        let axis = self.axes[k];
        let mut at = [AxisProfile::Centre; 3];
        at[axis] = AxisProfile::Face;
        let value = match self.advector {
            Advector::Velocity(parts) => {
                let speed = self.located(b, &parts[k], at, offset);
                match self.density_on_face(b, k, offset) {
                    None => speed,
                    Some(density) => b.binary(Binary::Multiply, density, speed),
                }
            }
            Advector::Courant(parts) => self.located(b, &parts[k], at, offset),
            Advector::StreamFunction(s) => {
                // Of the two axes the other one.
                let other = self.axes[1 - k];
                let mut corner = |along| {
                    let mut corner = at;
                    corner[other] = along;
                    self.located(b, s, corner, offset)
                };
                let (upper, lower) = (corner(AxisProfile::Upper), corner(AxisProfile::Lower));
                match k {
                    0 => b.binary(Binary::Subtract, upper, lower),
                    _ => b.binary(Binary::Subtract, lower, upper),
                }
            }
        };
        self.bounded(b, k, offset, value)
    }

    /// A velocity at a face, changed as the ends of axes demand where the face lies beyond one.
    pub(crate) fn bounded(
        &self,
        b: &mut Builder,
        k: usize,
        offset: [i32; 3],
        mut value: Value,
    ) -> Value {
        for (other, axis) in self.axes.iter().enumerate() {
            let (what, matters): (_, fn(Edge) -> bool) = match other == k {
                true => {
                    (AxisProfile::Passes, |e| e.is_given() || matches!(e, Edge::Wall | Edge::Pole))
                }
                false => (AxisProfile::Inside, Edge::is_given),
            };
            if self.edges[*axis].into_iter().any(matters) {
                let there = what.load(b, self.number, *axis, offset);
                value = b.binary(Binary::Multiply, value, there);
            }
        }
        value
    }

    /// An antidiffusive velocity, set to 0 beyond all ends of axes but poles.
    pub(crate) fn corrected(&self, b: &mut Builder, k: usize, mut value: Value) -> Value {
        for (other, axis) in self.axes.iter().enumerate() {
            let ends = |e: &Edge| !matches!(e, Edge::Joined | Edge::Pole);
            if self.edges[*axis].iter().any(ends) {
                let what =
                    if other == k { AxisProfile::FaceCorrected } else { AxisProfile::Corrected };
                let there = what.load(b, self.number, *axis, [0; 3]);
                let zero = b.constant(0.0);
                value = b.select(there, value, zero);
            }
        }
        value
    }

    /// An antidiffusive velocity, set to 0 where a velocity comes in from an end with values that are
    /// given at the wall: what comes in is exactly the velocity times that value.
    pub(crate) fn without_inflow(
        &self,
        b: &mut Builder,
        k: usize,
        velocity: Value,
        corrected: Value,
    ) -> Value {
        let axis = self.axes[k];
        if !self.edges[axis].contains(&Edge::Given) {
            return corrected;
        }
        let inwards = AxisProfile::Inwards.load(b, self.number, axis, [0; 3]);
        let inwards = b.binary(Binary::Multiply, inwards, velocity);
        let zero = b.constant(0.0);
        let comes_in = b.binary(Binary::Greater, inwards, zero);
        b.select(comes_in, zero, corrected)
    }

    /// Whether the density is not 1.
    pub(crate) fn has_density(&self) -> bool {
        self.density.is_some()
    }

    /// The density at the centre of the cell at an offset, computed.
    pub(crate) fn density_itself(&self, b: &mut Builder, offset: [i32; 3]) -> Value {
        match self.density {
            Some(density) => self.located(b, density, [AxisProfile::Centre; 3], offset),
            None => b.constant(1.0),
        }
    }

    /// The density exactly at the face of the cell at an offset.
    pub(crate) fn density_on_face(
        &self,
        b: &mut Builder,
        k: usize,
        offset: [i32; 3],
    ) -> Option<Value> {
        let mut at = [AxisProfile::Centre; 3];
        at[self.axes[k]] = AxisProfile::Face;
        self.density.map(|density| self.located(b, density, at, offset))
    }
}

fn is_cheap(b: Builder, most: usize) -> bool {
    let kernel = b.finish();
    let cheap = |op: &Op| match op {
        Op::Binary(f, ..) => matches!(f, Binary::Add | Binary::Subtract | Binary::Multiply),
        Op::Unary(f, _) => *f == Unary::Negate,
        Op::Native(..) | Op::Select(..) => false,
        _ => true,
    };
    kernel.arithmetic_operations() <= most && kernel.ops().iter().all(cheap)
}
