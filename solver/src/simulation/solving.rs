//! What is put together for schemes that solve equations.

use fluxions_expr::Backend;

use crate::error::Error;
use crate::plan::plan::Plan;
use crate::schemes::choice::{SchemeChoice, balance, implicit_scheme};
use crate::schemes::implicit::{BalanceScheme, ImplicitRegisters, ImplicitScheme, Solving as Kind};
use crate::schemes::rates;
use crate::simulation::assembly::Assembly;
use crate::solvers::diagonal::Diagonal;
use crate::solvers::jacobian::{Jacobian, JacobianPlans};
use crate::solvers::multigrid::cycles::Multigrid;
use crate::solvers::newton::Newton;
use crate::solvers::preconditioner::Preconditioner;
use crate::solvers::registers::Registers;
use crate::solvers::vectors::Vectors;
use crate::system::pde::Pde;
use crate::system::solver_options::SolverOptions;

/// How exactly unknowns beside implicit steps are found, beside the steps themselves: rates see the errors of unknowns
/// as if the state were not the same each time, and conditions at walls may multiply them by 1/dx².
const UNKNOWNS: f64 = 1e-3;
/// What is less than this is rounding.
const LEAST: f64 = 1e-14;

/// The plans of a scheme that solves equations, and where its arrays lie.
pub(super) struct Solving {
    plans: JacobianPlans,
    /// Stores what is treated explicitly of the rates, where that is a part of them.
    pub(super) explicit: Option<Plan>,
    /// Computes the rates of unknowns without space, as parameters from this number on, if there are any.
    pub(super) numbers: Option<(Plan, usize)>,
    /// Stores by how much what vanishes for unknowns changes with the fields of `steps` that ask for it.
    pub(super) response: Option<Plan>,
    registers: Registers,
    options: SolverOptions,
    pub(super) what: Solved,
}

/// What equations are solved for.
pub(super) enum Solved {
    /// The state at the end of each step.
    Steps(Box<(ImplicitScheme, ImplicitRegisters)>),
    /// The state in which rates vanish.
    Balance(BalanceScheme),
    /// The unknowns beside fields that are stepped, with the names of their arrays.
    Unknowns(Vec<String>),
}

impl Solving {
    /// The plans of a scheme; nothing if it solves no equations, or cannot step the system.
    pub(super) fn new(pde: &Pde, scheme: &SchemeChoice) -> Option<Self> {
        let (names, registers, options, what) = match scheme {
            SchemeChoice::Implicit(_, tolerance, options)
            | SchemeChoice::Imex(_, tolerance, options) => {
                let kind = match scheme {
                    SchemeChoice::Imex(imex, ..) => Kind::Part(*imex),
                    SchemeChoice::Implicit(implicit, ..) => Kind::All(*implicit),
                    _ => return None,
                };
                let scheme = implicit_scheme(pde, kind, tolerance.as_ref(), options).ok()?;
                let (names, registers) = scheme.registers(pde);
                let solver = registers.solver.clone();
                (names, solver, *options, Solved::Steps(Box::new((scheme, registers))))
            }
            SchemeChoice::Elliptic(options) | SchemeChoice::Steady(options) => {
                let steady = matches!(scheme, SchemeChoice::Steady(_));
                let scheme = balance(pde, options, steady).ok()?;
                let (names, registers) = scheme.registers(pde);
                (names, registers, *options, Solved::Balance(scheme))
            }
            _ => return None,
        };
        let plans = match scheme {
            SchemeChoice::Elliptic(_) => JacobianPlans::of_unknowns(pde, &names, &registers),
            SchemeChoice::Imex(..) => JacobianPlans::of_parts(pde, &names, &registers),
            _ => JacobianPlans::of_rates(pde, &names, &registers),
        };
        let explicit = matches!(scheme, SchemeChoice::Imex(..))
            .then(|| rates::plan_of_explicit(pde, &names, registers.to));
        let numbers = (!pde.globals().is_empty()).then(|| rates::plan_of_numbers(pde, &names));
        Some(Solving { plans, explicit, numbers, response: None, registers, options, what })
    }

    /// All plans.
    pub(super) fn all_plans(&self) -> impl Iterator<Item = &Plan> {
        let plans = [&self.plans.rates, &self.plans.product.plan];
        let numbers = self.numbers.iter().map(|(plan, _)| plan);
        plans.into_iter().chain(&self.explicit).chain(&self.response).chain(numbers)
    }

    /// The plans that find the unknowns beside fields that are stepped, in the midst of a step of this plan, or of what
    /// `steps` solve: they use none of its arrays but their own. Nothing if there are none.
    pub(super) fn of_unknowns(pde: &Pde, step: &Plan, steps: Option<&Solving>) -> Option<Self> {
        let (names, registers) = Registers::of_unknowns(pde)?;
        let kept = step.names_from(pde.all_arrays());
        debug_assert_eq!(names, kept[..names.len()]);
        let plans = JacobianPlans::of_unknowns(pde, kept, &registers);
        let what = Solved::Unknowns(pde.array_names()[pde.unknown_arrays()].to_vec());
        let steps = steps.filter(|steps| !steps.plans.unknowns.is_empty());
        let response = steps.map(|steps| plans.response(pde, &steps.plans, registers.right));
        let (explicit, numbers, mut options) = (None, None, pde.solver);
        if response.is_some() {
            let tolerance = options.tolerance.unwrap_or(SolverOptions::TOLERANCE);
            options.tolerance = Some((UNKNOWNS * tolerance).max(LEAST));
        }
        Some(Solving { plans, explicit, numbers, response, registers, options, what })
    }

    /// The solver, ready to run.
    pub(super) fn newton(
        &self,
        assembly: &Assembly<'_>,
        backend: Backend,
    ) -> Result<Newton, Error> {
        let Solving { plans, registers, options, .. } = self;
        let pde = assembly.pde();
        let n = plans.arrays;
        let rates = assembly.executor(plans.rates.clone(), backend)?;
        let product = assembly.executor(plans.product.plan.clone(), backend)?;
        let jacobian = Jacobian::new(plans, rates, product);
        let (cut, block) = (assembly.decomposition(), assembly.block());
        let vectors = Vectors::new(pde.grid(), cut, block, n);
        let missing = pde.grid().missing();
        let periodic = std::array::from_fn(|axis| {
            axis >= missing && pde.grid().axes()[axis - missing].is_periodic()
        });
        let vector = plans.from..plans.from + n;
        let diagonal = Diagonal::new(&plans.product.plan, vector, registers.diagonal, periodic);
        let rank = block.rank();
        let multigrid = Multigrid::new(pde, &plans.fields, &diagonal, periodic, cut, rank);
        let (registers, options) = (registers.clone(), *options);
        let preconditioner = Preconditioner::new(diagonal, multigrid, options.preconditioner);
        Ok(Newton::new(jacobian, vectors, preconditioner, registers, options))
    }
}
