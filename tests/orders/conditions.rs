//! The conditions that manufactured fields meet at walls, as formulas.

use std::cell::RefCell;
use std::collections::BTreeSet;

use fluxions::prelude::*;
use fluxions::solver::PdeBuilder;

use crate::exact::derivative;
use crate::fields::{Closed, Fields, Quantity};

/// The kinds of conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Value,
    Derivative,
    Mixed,
    /// The second derivative in the cell at the wall, where the condition holds.
    Curvature,
    /// The second derivative at the wall.
    CurvatureAtWall,
    /// Value and derivative at once.
    Clamped,
    /// Value and second derivative at the wall at once.
    Supported,
    Ghost,
    Periodic,
    Antiperiodic,
    NormalValue,
    NormalDerivative,
    NormalMixed,
    NormalCurvature,
}

impl Kind {
    pub(crate) const ALL: [Kind; 14] = [
        Kind::Ghost,
        Kind::Value,
        Kind::Derivative,
        Kind::Mixed,
        Kind::Curvature,
        Kind::CurvatureAtWall,
        Kind::Clamped,
        Kind::Supported,
        Kind::Periodic,
        Kind::Antiperiodic,
        Kind::NormalValue,
        Kind::NormalDerivative,
        Kind::NormalMixed,
        Kind::NormalCurvature,
    ];

    pub(crate) fn is_normal(self) -> bool {
        use Kind::*;
        matches!(self, NormalValue | NormalDerivative | NormalMixed | NormalCurvature)
    }

    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Ghost => "ghost",
            Kind::Value => "value",
            Kind::Derivative => "deriv.",
            Kind::Mixed => "mixed",
            Kind::Curvature => "curv.",
            Kind::CurvatureAtWall => "at wall",
            Kind::Clamped => "clamped",
            Kind::Supported => "support.",
            Kind::Periodic => "period.",
            Kind::Antiperiodic => "antip.",
            Kind::NormalValue => "n.value",
            Kind::NormalDerivative => "n.deriv.",
            Kind::NormalMixed => "n.mixed",
            Kind::NormalCurvature => "n.curv.",
        }
    }

    /// How straight axes are closed.
    pub(crate) fn closed(self) -> Closed {
        match self {
            Kind::Periodic => Closed::Periodic,
            Kind::Antiperiodic => Closed::Antiperiodic,
            _ => Closed::Walls,
        }
    }

    /// The power of the spacing with which ghost cells differ from the smooth continuation f of
    /// the field. With the wall at 0, cells at ±d/2: a value gives 2f(0) − f(−d/2), which is
    /// f(d/2) − d²/4 f″ + …; a derivative f(−d/2) + d f′(0) = f(d/2) − d³/24 f‴ + …; curvature in
    /// the cell f(d/2) − d⁴/12 f⁗ + …, but with f″ of the wall there is an error of d³/2 f‴. With two
    /// numbers, a cubic and a parabola about the wall are off by a fourth derivative.
    pub(crate) fn ghost_order(self) -> f64 {
        match self {
            Kind::Value | Kind::NormalValue => 2.0,
            Kind::Derivative | Kind::NormalDerivative | Kind::Mixed | Kind::NormalMixed => 3.0,
            Kind::CurvatureAtWall => 3.0,
            Kind::Curvature | Kind::NormalCurvature => 4.0,
            Kind::Clamped | Kind::Supported => 4.0,
            Kind::Ghost | Kind::Periodic | Kind::Antiperiodic => f64::INFINITY,
        }
    }
}

/// Which component of a quantity, its real or imaginary part, differentiated along which axes.
type Function = (Quantity, usize, usize, Vec<usize>);

/// Writes manufactured fields and their derivatives as calls of functions, such as `u0(x, y, 0)`,
/// and `u0i_xx(x, y, 0)` for a derivative of the imaginary part.
pub(crate) struct Texts {
    pub(crate) fields: Fields,
    used: RefCell<BTreeSet<Function>>,
}

/// Where a formula is evaluated: beside the wall, along an axis.
pub(crate) type Shift<'a> = Option<(usize, &'a str)>;

/// The formula of a component, of its derivative along some axes, with a shift.
pub(crate) type Component<'a> = &'a dyn Fn(usize, &[usize], Shift) -> String;

impl Texts {
    pub(crate) fn new(fields: Fields) -> Self {
        Texts { fields, used: RefCell::default() }
    }

    /// Makes the functions known that were used.
    pub(crate) fn functions(&self, mut pde: PdeBuilder) -> PdeBuilder {
        for (quantity, k, imaginary, along) in self.used.take() {
            let fields = self.fields;
            let name = self.function(quantity, k, imaginary, &along);
            let f = move |at: [f64; 3]| fields.component(quantity, k, imaginary, at);
            pde = pde
                .function(&name, move |x: f64, y: f64, z: f64| derivative(&f, &along, [x, y, z]));
        }
        pde
    }

    fn function(&self, quantity: Quantity, k: usize, imaginary: usize, along: &[usize]) -> String {
        let part = ["", "i"][imaginary];
        let along: String = along.iter().map(|axis| self.fields.space.axis(*axis)).collect();
        let line = if along.is_empty() { "" } else { "_" };
        format!("{}{k}{part}{line}{along}", quantity.name())
    }

    /// The text of a component, or of a derivative of it.
    pub(crate) fn component(
        &self,
        quantity: Quantity,
        k: usize,
        along: &[usize],
        shift: Shift,
    ) -> String {
        let space = self.fields.space;
        // On spherical grids formulas have to show which components vanish, and which are equal.
        let k = match (space.geometry, quantity.rank(), k) {
            (Geometry::Spherical, Rank::Vector, 1 | 2) => return "0".into(),
            (Geometry::Spherical, Rank::Tensor, 1 | 5 | 7) => return "0".into(),
            (Geometry::Spherical, Rank::Tensor, 3) => return "0".into(),
            (Geometry::Spherical, Rank::Tensor, 2 | 6) if !space.hollow => return "0".into(),
            (Geometry::Spherical, Rank::Tensor, 8) => 4,
            _ => k,
        };
        let coordinate = |axis: usize| match shift {
            _ if axis >= space.axes => "0".to_string(),
            Some((moved, by)) if moved == axis => format!("{} {by}", space.axis(axis)),
            _ => space.axis(axis).into(),
        };
        let at = [0, 1, 2].map(coordinate).join(", ");
        let part = |imaginary| {
            self.used.borrow_mut().insert((quantity, k, imaginary, along.to_vec()));
            format!("{}({at})", self.function(quantity, k, imaginary, along))
        };
        match self.fields.is_complex(quantity) {
            true => format!("({} + I*{})", part(0), part(1)),
            false => part(0),
        }
    }

    /// The formula of a value made of one for each component.
    fn formula(&self, rank: Rank, component: impl Fn(usize) -> String) -> Formula {
        let n = self.fields.space.components();
        let row = |i: usize| Formula::List((0..n).map(|j| component(n * i + j).into()).collect());
        match rank {
            Rank::Scalar => component(0).into(),
            Rank::Vector => row(0),
            Rank::Tensor => Formula::List((0..n).map(row).collect()),
        }
    }

    /// The formula of a whole quantity.
    pub(crate) fn value(&self, quantity: Quantity) -> Formula {
        self.formula(quantity.rank(), |k| self.component(quantity, k, &[], None))
    }

    /// The conditions that a quantity meets.
    pub(crate) fn meet(&self, pde: PdeBuilder, quantity: Quantity, kind: Kind) -> PdeBuilder {
        let component =
            |k: usize, along: &[usize], shift: Shift| self.component(quantity, k, along, shift);
        let complex = self.fields.is_complex(quantity);
        let ty = Type::real(quantity.rank()).with_complex(complex);
        self.conditions(pde, quantity.name(), ty, kind, &component)
    }

    /// Conditions of one kind, at all walls, for a field or definition of this name with these
    /// components. At r = 0, which is no wall, they mirror the cells beside them: components with
    /// an odd number of directions that turn around with the sign changed.
    pub(crate) fn conditions(
        &self,
        mut pde: PdeBuilder,
        name: &str,
        ty: Type,
        kind: Kind,
        component: Component,
    ) -> PdeBuilder {
        let space = self.fields.space;
        for axis in 0..space.axes {
            if self.fields.closed != Closed::Walls && !space.is_radial(axis) {
                let joined = match kind {
                    Kind::Antiperiodic => Condition::Antiperiodic,
                    _ => Condition::Periodic,
                };
                pde = pde.boundary_of(name, space.axis(axis), joined);
                continue;
            }
            for (side, outward, inward) in [("-", "-", "+"), ("+", "+", "-")] {
                let face = format!("{}{side}", space.axis(axis));
                if space.is_centre(axis, side) {
                    let turns = |direction: usize| !space.is_height(direction);
                    let n = space.components();
                    let mirror = self.formula(ty.rank, |k| {
                        let odd = match ty.rank {
                            Rank::Scalar => false,
                            Rank::Vector => turns(k),
                            Rank::Tensor => turns(k / n) != turns(k % n),
                        };
                        if odd { "-value".into() } else { "value".into() }
                    });
                    pde = pde.boundary_of(name, &face, Condition::Ghost(mirror));
                    continue;
                }
                let beyond = format!("{outward} dx/2");
                let inside = format!("{inward} dx/2");
                let ghost = self.formula(ty.rank, |k| component(k, &[], Some((axis, &beyond))));
                if kind.is_normal() {
                    // The other components are continued.
                    pde = pde.boundary_of(name, &face, Condition::Ghost(ghost.clone()));
                }
                // The formula of all components, or of those normal to the wall.
                let formula = |of: &dyn Fn(usize) -> String| match ty.rank {
                    Rank::Vector if kind.is_normal() => of(axis).into(),
                    Rank::Tensor if kind.is_normal() => {
                        self.formula(Rank::Vector, |i| of(space.components() * i + axis))
                    }
                    rank => self.formula(rank, of),
                };
                let gamma = if ty.complex { "(0.3 + 0.2*I)" } else { "0.3" };
                let value = |k: usize| component(k, &[], None);
                let slope = |k: usize| format!("{outward}({})", component(k, &[axis], None));
                let mixed = |k: usize| format!("{} + {gamma}*{}", slope(k), value(k));
                let bend = |k: usize| component(k, &[axis, axis], Some((axis, &inside)));
                let bend_at_wall = |k: usize| component(k, &[axis, axis], None);
                let coefficient = || Formula::from(gamma);
                let condition = match kind {
                    Kind::Value => Condition::Value(formula(&value)),
                    Kind::NormalValue => Condition::NormalValue(formula(&value)),
                    Kind::Derivative => Condition::Derivative(formula(&slope)),
                    Kind::NormalDerivative => Condition::NormalDerivative(formula(&slope)),
                    Kind::Mixed => {
                        Condition::Mixed { coefficient: coefficient(), value: formula(&mixed) }
                    }
                    Kind::NormalMixed => {
                        let value = formula(&mixed);
                        Condition::NormalMixed { coefficient: coefficient(), value }
                    }
                    Kind::Curvature => Condition::Curvature(formula(&bend)),
                    Kind::CurvatureAtWall => Condition::Curvature(formula(&bend_at_wall)),
                    Kind::Clamped => {
                        Condition::Clamped { value: formula(&value), derivative: formula(&slope) }
                    }
                    Kind::Supported => Condition::Supported {
                        value: formula(&value),
                        curvature: formula(&bend_at_wall),
                    },
                    Kind::NormalCurvature => Condition::NormalCurvature(formula(&bend)),
                    Kind::Ghost | Kind::Periodic | Kind::Antiperiodic => Condition::Ghost(ghost),
                };
                pde = pde.boundary_of(name, &face, condition);
            }
        }
        pde
    }
}
