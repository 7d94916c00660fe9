//! The rates of change of a state, and products of their Jacobian matrix with vectors.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use crate::error::Error;
use crate::plan::plan::{Plan, equations, rates};
use crate::plan::program::OwnedExpr;
use crate::plan::tangent::{TangentPlan, tangent};
use crate::run::counts::Counts;
use crate::run::executor::{Executor, Unknowns};
use crate::schemes::rates;
use crate::solvers::place::Place;
use crate::solvers::registers::Registers;
use crate::solvers::vectors::Vector;
use crate::system::definition::MadeOf;
use crate::system::pde::Pde;

/// The plans of the rates of change, and of products of their Jacobian matrix.
#[derive(Clone, Debug)]
pub(crate) struct JacobianPlans {
    /// Stores the rates of the state in arrays from `rates` on.
    pub(crate) rates: Plan,
    /// Stores the product of a vector in arrays from `from` on in arrays from `to` on.
    pub(crate) product: TangentPlan,
    /// The fields whose arrays make up a vector.
    pub(crate) fields: Vec<usize>,
    /// The number of these arrays.
    pub(crate) arrays: usize,
    pub(crate) to_rates: Vector,
    pub(crate) from: Vector,
    pub(crate) to: Vector,
    /// The arrays of unknowns of the state that are found before the rates, if they matter.
    pub(crate) unknowns: Range<usize>,
}

impl JacobianPlans {
    /// The plans for the rates of all fields of a system.
    pub(crate) fn of_rates(pde: &Pde, kept: &[String], registers: &Registers) -> Self {
        let fields: Vec<usize> = (0..pde.fields().len()).collect();
        Self::new(pde, kept, registers, (&fields, &rates(pde)), pde.has_constraints())
    }

    /// The plans for what vanishes for the unknowns of a system, all of them or those beside fields that are
    /// stepped.
    pub(crate) fn of_unknowns(pde: &Pde, kept: &[String], registers: &Registers) -> Self {
        let fields: Vec<usize> = match pde.has_constraints() {
            true => pde.unknowns().collect(),
            false => (0..pde.fields().len()).collect(),
        };
        let all = equations(pde);
        let values: Vec<OwnedExpr<'_>> = fields.iter().map(|field| all[*field]).collect();
        Self::new(pde, kept, registers, (&fields, &values), false)
    }

    /// The plans for what is treated implicitly of the rates of all fields.
    pub(crate) fn of_parts(pde: &Pde, kept: &[String], registers: &Registers) -> Self {
        let fields: Vec<usize> = (0..pde.fields().len()).collect();
        let mut values = equations(pde);
        let unknowns = if pde.has_constraints() { pde.unknowns() } else { 0..0 };
        let mut solves = pde.has_constraints() && pde.conditions().see_others();
        for (field, value) in values.iter_mut().enumerate() {
            let part = pde.parts[field].implicit.as_ref().filter(|_| !unknowns.contains(&field));
            value.expr = part.unwrap_or(&pde.rest[field]);
            let made_of = MadeOf::new(value.expr, pde.definitions());
            solves |= made_of.fields.iter().any(|field| unknowns.contains(field));
        }
        Self::new(pde, kept, registers, (&fields, &values), solves)
    }

    /// The plans for values of some fields, which change with the values of the same fields; if `solves`, also by
    /// the unknowns that follow from these.
    fn new(
        pde: &Pde,
        kept: &[String],
        registers: &Registers,
        (fields, values): (&[usize], &[OwnedExpr<'_>]),
        solves: bool,
    ) -> Self {
        let Registers { state, rates: to_rates, from, to, .. } = *registers;
        let n: usize = fields.iter().map(|field| pde.arrays_of(*field).len()).sum();
        let rates = rates::plan_of_values(pde, kept, (fields, values), to_rates, solves);
        let changes = (0..n).map(|array| (state + array, from + array));
        let results = (0..n).map(|array| (to_rates + array, to + array));
        let product = tangent(pde, &rates, changes, results);
        let (fields, arrays) = (fields.to_vec(), n);
        let unknowns = if solves { pde.unknown_arrays() } else { 0..0 };
        JacobianPlans { rates, product, fields, arrays, to_rates, from, to, unknowns }
    }

    /// The plan that stores by how much what vanishes for the unknowns of a system changes with the other arrays of a
    /// vector of `steps`, where `self` are the plans for the unknowns and `right` is where it is stored.
    pub(crate) fn response(&self, pde: &Pde, steps: &JacobianPlans, right: Vector) -> Plan {
        let changes = (0..pde.unknown_arrays().start).map(|array| (array, steps.from + array));
        let results = (0..self.arrays).map(|array| (self.to_rates + array, right + array));
        tangent(pde, &self.rates, changes, results).plan
    }
}

/// The plans, ready to run.
pub(crate) struct Jacobian {
    rates: Executor,
    product: Executor,
    pub(crate) is_constant: bool,
    arrays: usize,
    to_rates: Vector,
    from: Vector,
    to: Vector,
    /// The arrays of unknowns that follow from the state, and what finds them.
    pub(crate) unknowns: Range<usize>,
    solver: Option<Rc<RefCell<dyn Unknowns>>>,
    /// Whether products know of that.
    responds: bool,
    evaluations: u64,
}

impl Jacobian {
    /// The plans with the executors of their two plans.
    pub(crate) fn new(plans: &JacobianPlans, rates: Executor, product: Executor) -> Self {
        let JacobianPlans { product: TangentPlan { is_constant, .. }, arrays, .. } = *plans;
        let JacobianPlans { to_rates, from, to, .. } = *plans;
        let (unknowns, solver) = (plans.unknowns.clone(), rates.unknowns());
        Jacobian {
            rates,
            product,
            // Of what is found of unknowns nobody knows whether it is the same in all states.
            is_constant: is_constant && unknowns.is_empty(),
            arrays,
            to_rates,
            from,
            to,
            unknowns,
            solver,
            responds: true,
            evaluations: 0,
        }
    }

    /// What evaluations and products did on this rank.
    pub(crate) fn counts(&self) -> Counts {
        let rhs_evaluations = self.evaluations;
        Counts { rhs_evaluations, ..self.rates.counts.with(self.product.counts) }
    }

    /// Computes the rates of the state at a time. Products are those of this state from then on.
    /// Collective.
    pub(crate) fn rates(&mut self, place: &mut Place<'_>, time: f64) -> Result<Vector, Error> {
        let Place { world, block, memory } = place;
        self.rates.run(world, block, memory, time, 0.0)?;
        self.product.adopt_parameters(&self.rates);
        self.evaluations += 1;
        Ok(self.to_rates)
    }

    /// Calls `action`, for which unknowns stay as they are in products: each would take a solution otherwise.
    pub(crate) fn without_response<R>(&mut self, action: impl FnOnce(&mut Self) -> R) -> R {
        self.responds = false;
        let result = action(self);
        self.responds = true;
        result
    }

    /// Gives another plan of changes what the last rates have left in parameters.
    pub(crate) fn lend_parameters(&self, other: &mut Executor) {
        other.adopt_parameters(&self.rates);
    }

    /// Computes the product with a vector, for the state and time of the last rates. Collective.
    pub(crate) fn product(
        &mut self,
        place: &mut Place<'_>,
        time: f64,
        from: Vector,
        to: Vector,
    ) -> Result<(), Error> {
        let Place { world, block, memory } = place;
        let pairs = [(from, self.from), (to, self.to)];
        let swaps: Vec<(usize, usize)> = pairs
            .into_iter()
            .filter(|(a, b)| a != b)
            .flat_map(|(a, b)| (0..self.arrays).map(move |k| (a + k, b + k)))
            .collect();
        memory.swap_all(&swaps);
        let done = self.product_here(&mut Place { world, block, memory }, time);
        memory.swap_all(&swaps);
        done
    }

    /// The product with the vector that is in its place. Unknowns of that vector are replaced by those that follow from the
    /// rest of it, and are 0 afterwards.
    fn product_here(&mut self, place: &mut Place<'_>, time: f64) -> Result<(), Error> {
        let Place { world, block, memory } = place;
        let unknowns = self.from + self.unknowns.start..self.from + self.unknowns.end;
        if let Some(solver) = self.solver.as_ref().filter(|_| !self.unknowns.is_empty()) {
            match self.responds {
                true => solver.borrow_mut().respond(world, block, memory, time, unknowns.start)?,
                false => unknowns.clone().for_each(|array| memory.of_array_mut(array).fill(0.0)),
            }
        }
        let done = self.product.run(world, block, memory, time, 0.0);
        unknowns.for_each(|array| memory.of_array_mut(array).fill(0.0));
        done.map(drop)
    }
}
