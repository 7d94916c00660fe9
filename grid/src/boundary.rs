//! Boundary conditions as data.
//!
//! A condition is imposed through one layer of ghost cells, which are set before an operator uses
//! them. Below, g is the ghost cell, f1 the cell at the wall, f2 the next one inwards and d the
//! spacing normal to the wall.
//!
//! | condition | g |
//! |---|---|
//! | value v | 2v − f1 |
//! | derivative v, along the outward normal | f1 + d·v |
//! | mixed ∂c/∂n + γc = β | (2dβ + (2 − dγ)·f1)/(2 + dγ) |
//! | curvature v | v·d² + 2·f1 − f2; in layer k k(k + 1)/2·v·d² + (k + 1)·f1 − k·f2 |
//! | value v and derivative s | f1, f2 and both numbers make a cubic: with y_k = f_k − v + (k − ½)·d·s it is v + (k − ½)·d·s + ((27·y1 − y2)·m² − (y2 − 9·y1)·m³)/18 with m = 2k − 1 |
//! | value v and curvature q | 2v − f1 + q·(d/2)² |
//! | ghost v | v |
//! | wall | f1; of a vector's component normal to it −f1 |
//! | flux j | f1, and j takes the place of what flows through the wall; of a vector's normal component 2j − f1 |
//! | absorbing c | f1 − d·(∂f/∂t)/c |
//! | open | 2·f1 − f2; of advected fields see below |
//! | pole | the cell at the other side of the pole |
//! | periodic, antiperiodic | ± the cell at the opposite end |
//!
//! If a scheme needs further layers of ghost cells, they mirror further cells in the same way.
//!
//! Beyond an open end, the slopes of an advected field (MPDATA) continue with the ratio of its last
//! two slopes: p1 = p0 − (p1 − p0)·r with r = (p1 − p0)/(p2 − p1), where the cells on the right are
//! counted inwards. So an exponential tail remains one. If a value is given for an advected field,
//! it is that of the ghost cells.
//!
//! Each component of a vector or tensor has its own ghost cells. The conditions whose names begin
//! with `normal` apply only to the component normal to the wall, or to those components of a tensor
//! whose second index is that of the normal. The first three conditions in the table hold at the
//! wall itself, between g and f1, to second order (LeVeque 2007, "Finite Difference Methods for
//! Ordinary and Partial Differential Equations", section 2.12).

/// A boundary condition whose numbers have the type `T`: they are plain numbers or expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition<T> {
    /// The value at the wall (Dirichlet).
    Value(T),
    /// The derivative at the wall along the outward normal (Neumann).
    Derivative(T),
    /// ∂c/∂n + coefficient·c = value at the wall, where n is the outward normal (Robin).
    Mixed {
        /// The number γ.
        coefficient: T,
        /// The number β.
        value: T,
    },
    /// Both the value at the wall and the derivative there along the outward normal, for equations of
    /// fourth order: a clamped plate.
    Clamped {
        /// The value at the wall.
        value: T,
        /// The derivative at the wall along the outward normal.
        derivative: T,
    },
    /// Both the value and the second derivative normal to the wall at the wall, for equations of fourth
    /// order: a plate that is simply supported, with a moment at its edge.
    Supported {
        /// The value at the wall.
        value: T,
        /// The second derivative at the wall.
        curvature: T,
    },
    /// The second derivative normal to the wall.
    Curvature(T),
    /// The value of the ghost cell itself.
    Ghost(T),
    /// The value at the wall, for the component normal to the wall.
    NormalValue(T),
    /// The derivative at the wall along the outward normal, for the component normal to the wall.
    NormalDerivative(T),
    /// ∂c/∂n + coefficient·c = value at the wall, for the component normal to the wall.
    NormalMixed {
        /// The number γ.
        coefficient: T,
        /// The number β.
        value: T,
    },
    /// The second derivative normal to the wall, for the component normal to the wall.
    NormalCurvature(T),
    /// A function of the program computes the values of the ghost cells from the place, the time
    /// and three cells at the wall.
    Function(T),
    /// What flows out through the wall, per area and time, by the equation of the field. For the
    /// operators themselves the field mirrors itself. Of a vector it is the component along the
    /// outward normal.
    Flux(T),
    /// Waves that arrive at this speed along the normal leave: ∂c/∂t + speed·∂c/∂n = 0 at the wall, of
    /// first order (Engquist & Majda 1977, Math. Comput. 31, 629, equation 1.7). It is the derivative
    /// −(∂c/∂t)/speed, with ∂c/∂t from the equation of the field.
    Absorbing(T),
    /// The field continues in a straight line, with the slope of the last two cells.
    Open,
    /// Nothing passes the wall. The values beyond it mirror those within.
    Wall,
    /// The values beyond the wall follow from how those go on of which the quantity is made. This is
    /// what holds for the arguments of operators by themselves; it cannot be given.
    Continued,
    /// A pole of a sphere. Beyond it lie the cells on its other side, half the length of the
    /// periodic axis away.
    Pole,
    /// The cells at the opposite end are the neighbours.
    Periodic,
    /// The cells at the opposite end are the neighbours, with the sign changed.
    Antiperiodic,
}

impl<T> Condition<T> {
    /// The condition with each of its numbers replaced by what `f` returns for it.
    ///
    /// # Errors
    /// The first error that `f` returns.
    pub fn try_map<U, E>(&self, mut f: impl FnMut(&T) -> Result<U, E>) -> Result<Condition<U>, E> {
        Ok(match self {
            Condition::Value(v) => Condition::Value(f(v)?),
            Condition::Derivative(v) => Condition::Derivative(f(v)?),
            Condition::Mixed { coefficient, value } => {
                Condition::Mixed { coefficient: f(coefficient)?, value: f(value)? }
            }
            Condition::Clamped { value, derivative } => {
                Condition::Clamped { value: f(value)?, derivative: f(derivative)? }
            }
            Condition::Supported { value, curvature } => {
                Condition::Supported { value: f(value)?, curvature: f(curvature)? }
            }
            Condition::Curvature(v) => Condition::Curvature(f(v)?),
            Condition::Ghost(v) => Condition::Ghost(f(v)?),
            Condition::NormalValue(v) => Condition::NormalValue(f(v)?),
            Condition::NormalDerivative(v) => Condition::NormalDerivative(f(v)?),
            Condition::NormalMixed { coefficient, value } => {
                Condition::NormalMixed { coefficient: f(coefficient)?, value: f(value)? }
            }
            Condition::NormalCurvature(v) => Condition::NormalCurvature(f(v)?),
            Condition::Function(v) => Condition::Function(f(v)?),
            Condition::Flux(v) => Condition::Flux(f(v)?),
            Condition::Absorbing(v) => Condition::Absorbing(f(v)?),
            Condition::Open => Condition::Open,
            Condition::Wall => Condition::Wall,
            Condition::Continued => Condition::Continued,
            Condition::Pole => Condition::Pole,
            Condition::Periodic => Condition::Periodic,
            Condition::Antiperiodic => Condition::Antiperiodic,
        })
    }

    /// The numbers of the condition. Those of a mixed condition begin with the coefficient, those of a
    /// clamped or supported one with the value.
    pub fn numbers(&self) -> Vec<&T> {
        match self {
            Condition::Value(v)
            | Condition::Derivative(v)
            | Condition::Curvature(v)
            | Condition::Ghost(v)
            | Condition::NormalValue(v)
            | Condition::NormalDerivative(v)
            | Condition::NormalCurvature(v)
            | Condition::Function(v)
            | Condition::Flux(v)
            | Condition::Absorbing(v) => vec![v],
            Condition::Mixed { coefficient, value }
            | Condition::NormalMixed { coefficient, value } => vec![coefficient, value],
            Condition::Clamped { value, derivative } => vec![value, derivative],
            Condition::Supported { value, curvature } => vec![value, curvature],
            Condition::Open
            | Condition::Wall
            | Condition::Continued
            | Condition::Pole
            | Condition::Periodic
            | Condition::Antiperiodic => vec![],
        }
    }

    /// Whether the condition joins the two ends of an axis.
    pub fn joins_ends(&self) -> bool {
        matches!(self, Condition::Periodic | Condition::Antiperiodic)
    }

    /// Whether the condition is only for the component normal to the wall.
    pub fn is_normal(&self) -> bool {
        matches!(
            self,
            Condition::NormalValue(_)
                | Condition::NormalDerivative(_)
                | Condition::NormalMixed { .. }
                | Condition::NormalCurvature(_)
        )
    }

    /// The condition for a single component: a `normal` condition becomes the one without this
    /// word.
    #[must_use]
    pub fn of_component(self) -> Self {
        match self {
            Condition::NormalValue(v) => Condition::Value(v),
            Condition::NormalDerivative(v) => Condition::Derivative(v),
            Condition::NormalMixed { coefficient, value } => {
                Condition::Mixed { coefficient, value }
            }
            Condition::NormalCurvature(v) => Condition::Curvature(v),
            other => other,
        }
    }

    /// The name of the condition in problem files.
    pub fn name(&self) -> &'static str {
        match self {
            Condition::Value(_) => "value",
            Condition::Derivative(_) => "derivative",
            Condition::Mixed { .. } => "mixed",
            Condition::Clamped { .. } => "value and derivative",
            Condition::Supported { .. } => "value and curvature",
            Condition::Curvature(_) => "curvature",
            Condition::Ghost(_) => "ghost",
            Condition::NormalValue(_) => "normal_value",
            Condition::NormalDerivative(_) => "normal_derivative",
            Condition::NormalMixed { .. } => "normal_mixed",
            Condition::NormalCurvature(_) => "normal_curvature",
            Condition::Function(_) => "function",
            Condition::Flux(_) => "flux",
            Condition::Absorbing(_) => "absorbing",
            Condition::Open => "open",
            Condition::Wall => "wall",
            Condition::Continued => "as its fields go on",
            Condition::Pole => "pole",
            Condition::Periodic => "periodic",
            Condition::Antiperiodic => "antiperiodic",
        }
    }

    /// The number of cells of the domain, counted from the wall, that determine the ghost cell.
    pub fn depth(&self) -> usize {
        match self {
            Condition::Clamped { .. } | Condition::Curvature(_) | Condition::NormalCurvature(_) => {
                2
            }
            Condition::Open | Condition::Function(_) => 3,
            _ => 1,
        }
    }
}

/// One of the two ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end at the lower bound, written `x-`.
    Lower,
    /// The end at the upper bound, written `x+`.
    Upper,
}

impl Side {
    /// Both sides, the lower first.
    pub const BOTH: [Side; 2] = [Side::Lower, Side::Upper];

    /// The number 0 for the lower side and 1 for the upper side.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The sign `-` for the lower side and `+` for the upper side.
    pub fn sign(self) -> char {
        match self {
            Side::Lower => '-',
            Side::Upper => '+',
        }
    }

    /// The other side.
    #[must_use]
    pub fn opposite(self) -> Side {
        match self {
            Side::Lower => Side::Upper,
            Side::Upper => Side::Lower,
        }
    }
}

/// One face of the domain: one of the three inner axes, and a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Face {
    /// The number of the inner axis, 0 to 2.
    pub axis: usize,
    /// The end of the axis.
    pub side: Side,
}

impl Face {
    /// All faces, axis by axis, the lower one first.
    pub fn all() -> impl Iterator<Item = Face> {
        (0..3).flat_map(|axis| Side::BOTH.map(|side| Face { axis, side }))
    }
}
