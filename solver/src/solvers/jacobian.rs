//! The rates of change of a state, and products of their Jacobian matrix with vectors.

use crate::error::Error;
use crate::plan::plan::{Plan, equations, rates};
use crate::plan::program::OwnedExpr;
use crate::plan::tangent::{TangentPlan, tangent};
use crate::run::counts::Counts;
use crate::run::executor::Executor;
use crate::schemes::rates;
use crate::solvers::place::Place;
use crate::solvers::registers::Registers;
use crate::solvers::vectors::Vector;
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
}

impl JacobianPlans {
    /// The plans for the rates of all fields of a system.
    pub(crate) fn of_rates(pde: &Pde, kept: &[String], registers: &Registers) -> Self {
        let fields: Vec<usize> = (0..pde.fields().len()).collect();
        Self::new(pde, kept, registers, (&fields, &rates(pde)))
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
        Self::new(pde, kept, registers, (&fields, &values))
    }

    /// The plans for what is treated implicitly of the rates of all fields.
    pub(crate) fn of_parts(pde: &Pde, kept: &[String], registers: &Registers) -> Self {
        let fields: Vec<usize> = (0..pde.fields().len()).collect();
        let mut values = equations(pde);
        for (field, value) in values.iter_mut().enumerate() {
            value.expr = pde.parts[field].implicit.as_ref().unwrap_or(&pde.rest[field]);
        }
        Self::new(pde, kept, registers, (&fields, &values))
    }

    /// The plans for values of some fields, which change with the values of the same fields.
    fn new(
        pde: &Pde,
        kept: &[String],
        registers: &Registers,
        (fields, values): (&[usize], &[OwnedExpr<'_>]),
    ) -> Self {
        let Registers { state, rates: to_rates, from, to, .. } = *registers;
        let n: usize = fields.iter().map(|field| pde.arrays_of(*field).len()).sum();
        let rates = rates::plan_of_values(pde, kept, fields, values, to_rates);
        let changes = (0..n).map(|array| (state + array, from + array));
        let results = (0..n).map(|array| (to_rates + array, to + array));
        let product = tangent(pde, &rates, changes, results);
        JacobianPlans { rates, product, fields: fields.to_vec(), arrays: n, to_rates, from, to }
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
    evaluations: u64,
}

impl Jacobian {
    /// The plans with the executors of their two plans.
    pub(crate) fn new(plans: &JacobianPlans, rates: Executor, product: Executor) -> Self {
        let JacobianPlans { product: TangentPlan { is_constant, .. }, arrays, .. } = *plans;
        let JacobianPlans { to_rates, from, to, .. } = *plans;
        Jacobian { rates, product, is_constant, arrays, to_rates, from, to, evaluations: 0 }
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
        let done = self.product.run(world, block, memory, time, 0.0);
        memory.swap_all(&swaps);
        done.map(drop)
    }
}
