//! Implicit schemes: the state at the end of a step, or of a stage, is the solution of equations, so that steps
//! may be as long as the solution allows, however fast its fastest modes would decay.

use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

use crate::plan::plan::Plan;
use crate::schemes::imex::Imex;
use crate::schemes::rates;
use crate::schemes::scheme::Scheme;
use crate::schemes::tolerance::Tolerance;
use crate::solvers::registers::Registers;
use crate::system::pde::Pde;
use crate::system::solver_options::SolverOptions;

/// An implicit scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implicit {
    /// u_n+1 = u_n + dt·F(u_n+1), of order 1.
    BackwardEuler,
    /// u_n+1 = u_n + dt/2·(F(u_n) + F(u_n+1)), the trapezoidal rule, of order 2. Fast modes oscillate, and
    /// decay slowly.
    CrankNicolson,
    /// The same with the first two steps made of halves by backward Euler, which damp what is rough in the initial state
    /// (Rannacher 1984, Numer. Math. 43, 309), where all steps have a given length.
    Rannacher,
    /// The backward differentiation formula of two steps, of order 2 (Hairer & Wanner 1996, "Solving Ordinary
    /// Differential Equations II", V.1; for steps of different length Hairer, Nørsett & Wanner 1993, III.5).
    /// The first step is one of backward Euler, and so is one that is much longer than the step before.
    Bdf2,
    /// The trapezoidal rule followed by a backward differentiation formula, of order 2, with an estimate of the
    /// error (Bank et al. 1985, IEEE Trans. Electron Devices 32, 1992; Hosea & Shampine 1996, Appl. Numer.
    /// Math. 20, 21).
    TrBdf2,
    /// Two diagonally implicit stages, of order 2 (Alexander 1977, SIAM J. Numer. Anal. 14, 1006).
    Sdirk2,
    /// Five diagonally implicit stages, of order 4, with a second result of order 3 (Hairer & Wanner 1996, IV.6,
    /// eq. 6.16).
    Sdirk4,
}

/// The coefficients of diagonally implicit stages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ImplicitStages {
    /// The rows of A, each up to its diagonal. The last row gives the result.
    pub(crate) a: Vec<Vec<f64>>,
    /// The times of the stages.
    pub(crate) c: Vec<f64>,
    /// The weights of the stages in a second result, whose difference estimates the error.
    pub(crate) embedded: Option<Vec<f64>>,
}

impl Implicit {
    /// All implicit schemes.
    pub const ALL: [Implicit; 7] = [
        Implicit::BackwardEuler,
        Implicit::CrankNicolson,
        Implicit::Rannacher,
        Implicit::Bdf2,
        Implicit::TrBdf2,
        Implicit::Sdirk2,
        Implicit::Sdirk4,
    ];

    /// The name in problem files.
    pub fn name(self) -> &'static str {
        match self {
            Implicit::BackwardEuler => "backward-euler",
            Implicit::CrankNicolson => "crank-nicolson",
            Implicit::Rannacher => "crank-nicolson-rannacher",
            Implicit::Bdf2 => "bdf2",
            Implicit::TrBdf2 => "tr-bdf2",
            Implicit::Sdirk2 => "sdirk2",
            Implicit::Sdirk4 => "sdirk4",
        }
    }

    /// The order of its error in the time step.
    pub fn order(self) -> usize {
        match self {
            Implicit::BackwardEuler => 1,
            Implicit::Sdirk4 => 4,
            _ => 2,
        }
    }

    /// The order of the result whose error is estimated.
    pub(crate) fn error_order(self) -> usize {
        self.order().min(3)
    }

    /// The number of states before that at the beginning of a step on which the step looks back, or the estimate of
    /// its error.
    pub(crate) fn looks_back(self, estimates_error: bool) -> usize {
        let own = usize::from(self == Implicit::Bdf2);
        let of_error = self.leading_error(1.0, 1.0).map_or(0, |_| self.order());
        if estimates_error { own.max(of_error) } else { own }
    }

    /// The error of a step of length `dt` after one of length `last`, for every unit of the divided difference of the
    /// solution that is one order higher than the scheme; nothing where the stages tell the error.
    ///
    /// The p-th divided difference is the p-th derivative over p!, so these are p! times the error constants (Hairer &
    /// Wanner 1996, V.1 and IV.6: dt²/2·u″, dt³/12·u‴ for the trapezoidal rule, 2/9·dt³·u‴ for equal steps of the
    /// two-step formula; R(z) − e^z = (3γ² − 2γ³ − 1/6)·z³ for the two stages of Alexander, γ = 1 − 1/√2).
    pub(crate) fn leading_error(self, dt: f64, last: f64) -> Option<f64> {
        match self {
            Implicit::BackwardEuler => Some(dt * dt),
            Implicit::CrankNicolson | Implicit::Rannacher => Some(dt * dt * dt / 2.0),
            Implicit::Bdf2 => {
                let ratio = dt / last;
                let share = (1.0 + ratio) * (1.0 + ratio) / (ratio * (1.0 + 2.0 * ratio));
                Some(dt * dt * dt * share)
            }
            Implicit::Sdirk2 => Some(dt * dt * dt * (3.0 * SQRT_2 - 4.0)),
            Implicit::TrBdf2 | Implicit::Sdirk4 => None,
        }
    }

    /// Its stages; those of its first step, where it looks back on the step before.
    pub(crate) fn stages(self) -> ImplicitStages {
        let (a, c, embedded) = match self {
            Implicit::BackwardEuler | Implicit::Bdf2 => (vec![vec![1.0]], vec![1.0], None),
            Implicit::CrankNicolson | Implicit::Rannacher => {
                (vec![vec![0.0], vec![0.5, 0.5]], vec![0.0, 1.0], None)
            }
            Implicit::TrBdf2 => {
                // γ = 2 − √2, d = γ/2, w = √2/4.
                let (d, w) = (1.0 - FRAC_1_SQRT_2, SQRT_2 / 4.0);
                let a = vec![vec![0.0], vec![d, d], vec![w, w, d]];
                let embedded = vec![(1.0 - w) / 3.0, w + 1.0 / 3.0, d / 3.0];
                (a, vec![0.0, 2.0 * d, 1.0], Some(embedded))
            }
            Implicit::Sdirk2 => {
                let gamma = 1.0 - FRAC_1_SQRT_2;
                (vec![vec![gamma], vec![FRAC_1_SQRT_2, gamma]], vec![gamma, 1.0], None)
            }
            Implicit::Sdirk4 => {
                let a = vec![
                    vec![0.25],
                    vec![0.5, 0.25],
                    vec![17.0 / 50.0, -0.04, 0.25],
                    vec![371.0 / 1360.0, -137.0 / 2720.0, 15.0 / 544.0, 0.25],
                    vec![25.0 / 24.0, -49.0 / 48.0, 125.0 / 16.0, -85.0 / 12.0, 0.25],
                ];
                let embedded = vec![59.0 / 48.0, -17.0 / 96.0, 225.0 / 32.0, -85.0 / 12.0, 0.0];
                (a, vec![0.25, 0.75, 0.55, 0.5, 1.0], Some(embedded))
            }
        };
        ImplicitStages { a, c, embedded }
    }
}

/// An implicit scheme, or one that treats a part implicitly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Solving {
    All(Implicit),
    Part(Imex),
}

impl Solving {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Solving::All(implicit) => implicit.name(),
            Solving::Part(imex) => imex.name(),
        }
    }

    pub(crate) fn order(self) -> usize {
        match self {
            Solving::All(implicit) => implicit.order(),
            Solving::Part(imex) => imex.order(),
        }
    }

    pub(crate) fn estimates_error(self) -> bool {
        match self {
            Solving::All(_) => true,
            Solving::Part(imex) => imex.estimates_error(),
        }
    }

    /// The number of states on which a step looks back, beside that at its beginning.
    pub(crate) fn looks_back(self, estimates_error: bool) -> usize {
        match self {
            Solving::All(implicit) => implicit.looks_back(estimates_error),
            Solving::Part(_) => 0,
        }
    }

    /// The stages of what is treated implicitly.
    pub(crate) fn stages(self) -> ImplicitStages {
        match self {
            Solving::All(implicit) => implicit.stages(),
            Solving::Part(imex) => imex.stages().implicit,
        }
    }
}

/// An implicit scheme with how its equations are solved.
#[derive(Clone, Debug)]
pub(crate) struct ImplicitScheme {
    pub(crate) solving: Solving,
    pub(crate) tolerance: Option<Tolerance>,
    pub(crate) options: SolverOptions,
}

/// The arrays of an implicit scheme, beside those of its solver.
#[derive(Clone, Debug)]
pub(crate) struct ImplicitRegisters {
    pub(crate) solver: Registers,
    /// The state at the beginning of the step, and what a stage is added to.
    pub(crate) old: usize,
    pub(crate) base: usize,
    /// The states at the beginnings of the steps before, the latest first, as far as they are needed.
    pub(crate) earlier: Vec<usize>,
    /// The slopes of the stages, and those of what is treated explicitly.
    pub(crate) slopes: Vec<usize>,
    pub(crate) explicit: Vec<usize>,
}

impl ImplicitScheme {
    /// The names of the arrays beside those of all fields, and where they lie.
    pub(crate) fn registers(&self, pde: &Pde) -> (Vec<String>, ImplicitRegisters) {
        let (fields, n) = (pde.array_names(), pde.arrays());
        let mut names = Registers::names_of_unknowns(pde);
        let own = pde.all_arrays() + names.len();
        let (of_solver, solver) = Registers::new(&fields, &fields, own, &self.options);
        names.extend(of_solver);
        let first = pde.all_arrays() + names.len();
        let count = self.solving.stages().a.len();
        let of_explicit = if matches!(self.solving, Solving::Part(_)) { count } else { 0 };
        let back = self.solving.looks_back(self.tolerance.is_some());
        let own = ["former", "base of"].map(str::to_string).into_iter();
        let own = own.chain((1..=back).map(|steps| format!("{steps} before of")));
        let slopes = (1..=count + of_explicit).map(|stage| format!("slope {stage} of"));
        for what in own.chain(slopes) {
            names.extend(fields.iter().map(|name| format!("{what} {name}")));
        }
        let slope = |stage: usize| first + (2 + back + stage) * n;
        let slopes = (0..count).map(slope).collect();
        let explicit = (count..count + of_explicit).map(slope).collect();
        let (old, base) = (first, first + n);
        let earlier = (2..2 + back).map(|k| first + k * n).collect();
        (names, ImplicitRegisters { solver, old, base, earlier, slopes, explicit })
    }
}

impl Scheme for ImplicitScheme {
    fn name(&self) -> &str {
        self.solving.name()
    }

    fn order(&self) -> usize {
        self.solving.order()
    }

    fn real_limit(&self) -> f64 {
        f64::INFINITY
    }

    fn imaginary_limit(&self) -> f64 {
        f64::INFINITY
    }

    fn registers(&self, pde: &Pde) -> usize {
        1 + self.registers(pde).0.len() / pde.arrays().max(1)
    }

    fn kept(&self, pde: &Pde) -> Vec<String> {
        self.registers(pde).0
    }

    /// The plan of the slopes, of which steps are made by a solver.
    fn step(&self, pde: &Pde) -> Plan {
        let (names, registers) = self.registers(pde);
        rates::plan_to_arrays(pde, &names, registers.solver.rates)
    }
}

/// No steps: a state in which the rates of change vanish.
#[derive(Clone, Debug)]
pub(crate) struct BalanceScheme {
    pub(crate) options: SolverOptions,
    /// Whether the state is a steady one, to which the way leads along the solution in time.
    pub(crate) steady: bool,
}

impl BalanceScheme {
    /// The names of the arrays beside those of all fields, and where they lie.
    pub(crate) fn registers(&self, pde: &Pde) -> (Vec<String>, Registers) {
        let mut names = Registers::names_of_unknowns(pde);
        let first = pde.all_arrays() + names.len();
        let (of_solver, registers) = Registers::new(&pde.array_names(), &[], first, &self.options);
        names.extend(of_solver);
        (names, registers)
    }
}

impl Scheme for BalanceScheme {
    fn name(&self) -> &str {
        if self.steady { "steady" } else { "elliptic" }
    }

    fn order(&self) -> usize {
        1
    }

    fn real_limit(&self) -> f64 {
        f64::INFINITY
    }

    fn imaginary_limit(&self) -> f64 {
        f64::INFINITY
    }

    fn registers(&self, pde: &Pde) -> usize {
        1 + self.registers(pde).0.len() / pde.arrays().max(1)
    }

    fn kept(&self, pde: &Pde) -> Vec<String> {
        self.registers(pde).0
    }

    fn step(&self, pde: &Pde) -> Plan {
        let (names, registers) = self.registers(pde);
        rates::plan_to_arrays(pde, &names, registers.rates)
    }
}
