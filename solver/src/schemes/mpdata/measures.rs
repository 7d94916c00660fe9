//! What is measured of a system with transport: how large Courant numbers are, before the first step and in the states
//! of a run, and whether densities are positive.

use fluxions_expr::{Binary, Reduction, Unary, Value};

use crate::error::Error;
use crate::plan::pass::PassBuilder;
use crate::plan::profile::AxisProfile;
use crate::plan::program::Pass;
use crate::schemes::by_hand::by_hand;
use crate::schemes::mpdata::antidiffusion::FaceVelocity;
use crate::schemes::mpdata::courant_field::{CourantField, load};
use crate::schemes::mpdata::courant_fields::CourantFields;
use crate::schemes::mpdata::face_flux::FaceFluxes;
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::transport::Advector;
use crate::system::transport::advected::Advected;

/// The largest Courant number for which the scheme is stable, with some room for rounding.
pub(crate) const MOST_COURANT: f64 = 1.0 + 1e-9;

/// Something that is measured. Numbers are those of [`CourantFields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// The largest outflow from a cell in a step, over what is in it.
    Outflow(usize),
    /// The largest sum of the Courant numbers of a cell; where the velocity depends on the fields,
    /// from their initial values. Unlike the outflow it does not look at the next cell, so that it
    /// makes sense in a part of a grid.
    Speed(usize),
    /// The least density.
    Density(usize),
    /// The largest part of a cell that diffusion moves in a step, for the advected field of this
    /// number.
    Diffusion(usize),
}

impl Measure {
    /// All that are measured, in order.
    pub(crate) fn all(pde: &Pde, fields: &CourantFields) -> Vec<Measure> {
        let mut all = Vec::new();
        for (k, named) in fields.list.iter().enumerate() {
            if named.velocity().is_none() {
                all.push(Measure::Outflow(k));
            }
            all.push(Measure::Speed(k));
            all.push(Measure::Density(k));
        }
        let advected = fields.advected.iter().enumerate();
        let is_known = |advected: &Advected, pde: &Pde| {
            !advected.diffusivity.is_empty()
                && advected.found_diffusivities(pde.symbols()).is_empty()
        };
        all.extend(advected.filter(|(_, c)| is_known(c, pde)).map(|(k, _)| Measure::Diffusion(k)));
        all
    }

    /// Those that tell how fast transport is in a state, whose velocities and diffusivities are known.
    pub(crate) fn of_state(fields: &CourantFields) -> Vec<Measure> {
        let outflows = (0..fields.list.len()).map(Measure::Outflow);
        let advected = fields.advected.iter().enumerate();
        let diffusions = advected.filter(|(_, advected)| !advected.diffusivity.is_empty());
        outflows.chain(diffusions.map(|(k, _)| Measure::Diffusion(k))).collect()
    }

    /// The reduction that makes one number of the values of all cells.
    pub(crate) fn kind(self) -> Reduction {
        match self {
            Measure::Density(_) => Reduction::Min,
            _ => Reduction::Max,
        }
    }

    /// Its value in a cell, with these Courant numbers, and for each advected field the arrays of its diffusivities
    /// where they depend on the fields.
    pub(crate) fn pass(
        self,
        pde: &Pde,
        fields: &CourantFields,
        (courants, diffusivities): (&[CourantField], &[Vec<usize>]),
    ) -> Pass {
        by_hand(pde, |pass| {
            let value = match self {
                Measure::Outflow(k) => outflow(pass, &courants[k]),
                Measure::Density(k) => {
                    fields.list[k].exprs.density_itself(&mut pass.builder, [0; 3])
                }
                Measure::Speed(k) => {
                    let named = &fields.list[k];
                    match named.velocity() {
                        Some(_) => speed(pass, &courants[k], &named.before),
                        None => given_speed(pass, &courants[k]),
                    }
                }
                Measure::Diffusion(k) => {
                    let cells = diffusivities.get(k).map_or(&[][..], Vec::as_slice);
                    diffusion(pass, &fields.advected[k], &courants[fields.of[k]], cells)
                }
            };
            pass.builder.output(value);
        })
    }
}

fn outflow(pass: &mut PassBuilder, courants: &CourantField) -> Value {
    let velocity = &FaceVelocity::Courant;
    FaceFluxes { courants, velocity, field: 0, direct: false, limits: None }.outflow(pass)
}

fn given_speed(pass: &mut PassBuilder, courants: &CourantField) -> Value {
    let mut sum = pass.builder.constant(0.0);
    for k in 0..courants.axes().len() {
        let courant = courants.courant(pass, k, [0; 3]);
        let size = pass.builder.unary(Unary::Abs, courant);
        sum = pass.builder.binary(Binary::Add, sum, size);
    }
    match courants.density(pass, [0; 3]) {
        Some(density) => pass.builder.binary(Binary::Divide, sum, density),
        None => sum,
    }
}

fn speed(pass: &mut PassBuilder, courants: &CourantField, cells: &[usize]) -> Value {
    let mut sum = pass.builder.constant(0.0);
    for (k, array) in cells.iter().enumerate() {
        let velocity = load(pass, *array, [0; 3]);
        let b = &mut pass.builder;
        let size = b.unary(Unary::Abs, velocity);
        let scale = b.parameter(courants.scales[k]);
        let part = b.binary(Binary::Multiply, size, scale);
        sum = b.binary(Binary::Add, sum, part);
    }
    sum
}

/// The part of a cell that diffusion moves in a step. Fluxes go with the larger of two values, so
/// that up to twice the diffusivity leaves through each of two faces.
fn diffusion(
    pass: &mut PassBuilder,
    advected: &Advected,
    courants: &CourantField,
    cells: &[usize],
) -> Value {
    let zero = pass.builder.constant(0.0);
    let mut sum = zero;
    let axes = courants.exprs.pde.grid().axes();
    for (k, (mu, axis)) in advected.diffusivity.iter().zip(axes).enumerate() {
        let mu = match cells.get(k) {
            Some(array) => load(pass, *array, [0; 3]),
            None => courants.exprs.located(&mut pass.builder, mu, [AxisProfile::Centre; 3], [0; 3]),
        };
        let b = &mut pass.builder;
        let factor = b.constant(4.0 / (axis.spacing() * axis.spacing()));
        let part = b.binary(Binary::Multiply, mu, factor);
        sum = b.binary(Binary::Add, sum, part);
        // A negative diffusivity is an error, which a NaN carries to the maximum over the domain.
        let nan = b.constant(f64::NAN);
        let negative = b.binary(Binary::Less, mu, zero);
        sum = b.select(negative, nan, sum);
    }
    let b = &mut pass.builder;
    let dt = b.parameter(courants.whole_step);
    b.binary(Binary::Multiply, sum, dt)
}

/// Which results of the measures of a state tell how fast each advected field is moved.
pub(crate) struct FlowRate {
    /// For each advected field the numbers of its results.
    of: Vec<Vec<usize>>,
}

impl FlowRate {
    /// For the results of these measures. Courant numbers that are given limit no step.
    pub(crate) fn new(fields: &CourantFields, measures: &[Measure]) -> Self {
        let is_given = |k: usize| {
            let advector = fields.list[k].exprs.advector;
            matches!(advector, Advector::Courant(_))
        };
        let of_field = |(field, courants): (usize, &usize)| {
            let counts = |measure: &Measure| match *measure {
                Measure::Outflow(k) => k == *courants && !is_given(k),
                Measure::Diffusion(k) => k == field,
                Measure::Speed(_) | Measure::Density(_) => false,
            };
            (0..measures.len()).filter(|number| counts(&measures[*number])).collect()
        };
        FlowRate { of: fields.of.iter().enumerate().map(of_field).collect() }
    }

    /// How fast transport and diffusion are, per unit of time, by results for a step of this length.
    pub(crate) fn largest(&self, results: &[f64], dt: f64) -> f64 {
        let rate = |numbers: &Vec<usize>| numbers.iter().map(|k| results[*k] / dt).sum();
        self.of.iter().map(rate).fold(0.0, f64::max)
    }
}

/// What was measured of a system before the first step, the same on all ranks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    values: Vec<(Measure, f64)>,
    /// The time step for which it was measured.
    dt: f64,
}

impl Measured {
    /// These results of these measures.
    pub(crate) fn new(measures: Vec<Measure>, results: &[f64], dt: f64) -> Self {
        debug_assert_eq!(measures.len(), results.len());
        Measured { values: measures.into_iter().zip(results.iter().copied()).collect(), dt }
    }

    /// What is wrong with the transport of a system by what was measured.
    pub(crate) fn check(&self, pde: &Pde) -> Result<(), Error> {
        let fields = CourantFields::of(pde);
        for (measure, result) in &self.values {
            let field = |k: usize| pde.fields()[fields.list[k].advected.field].clone();
            match *measure {
                Measure::Density(k) if *result <= 0.0 || result.is_nan() => {
                    let (field, least) = (field(k), *result);
                    let origin = Origin::Transport { of: field.clone(), key: "g_factor" };
                    return Err(Error::Density { origin, field, least });
                }
                Measure::Outflow(k) if *result > MOST_COURANT || result.is_nan() => {
                    let advector = fields.list[k].exprs.advector;
                    let given = matches!(advector, Advector::Courant(_));
                    let dt = (!given).then_some(self.dt);
                    let (field, courant, key) = (field(k), *result, advector.key());
                    let origin = Origin::Transport { of: field.clone(), key };
                    return Err(Error::Courant { origin, field, courant, dt });
                }
                Measure::Diffusion(k) if *result < 0.0 || result.is_nan() => {
                    let field = pde.fields()[fields.advected[k].field].clone();
                    let origin = Origin::Transport { of: field.clone(), key: "diffusivity" };
                    return Err(Error::Diffusivity { origin, field });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// How fast transport and diffusion are, per unit of time: steps may be as long as the inverse.
    /// Courant numbers that are given limit no step.
    ///
    /// `whole` says whether the grid is a whole one: where the ends of a part of a grid meet,
    /// velocities may jump.
    pub(crate) fn rate(&self, pde: &Pde, whole: bool) -> f64 {
        let fields = CourantFields::of(pde);
        let mut of_transport = vec![0.0; fields.list.len()];
        let mut of_diffusion = vec![0.0; fields.advected.len()];
        for (measure, result) in &self.values {
            match *measure {
                Measure::Outflow(k) | Measure::Speed(k) => {
                    let named = &fields.list[k];
                    let given = matches!(named.exprs.advector, Advector::Courant(_));
                    let counts = match measure {
                        Measure::Outflow(_) => whole,
                        _ => !whole || named.velocity().is_some(),
                    };
                    if counts && !given {
                        of_transport[k] = result / self.dt;
                    }
                }
                Measure::Diffusion(k) => of_diffusion[k] = result / self.dt,
                Measure::Density(_) => {}
            }
        }
        let all = fields.of.iter().zip(of_diffusion);
        all.map(|(k, diffusion)| of_transport[*k] + diffusion).fold(0.0, f64::max)
    }
}
