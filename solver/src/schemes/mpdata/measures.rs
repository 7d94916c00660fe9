//! What is measured of flows before the first step: how fast they are, and that densities are
//! positive.

use fluxions_expr::{Binary, Reduction, Unary, Value};

use crate::error::Error;
use crate::plan::pass::PassBuilder;
use crate::plan::profile::Along;
use crate::plan::program::Pass;
use crate::schemes::mpdata::antidiffusion::Corrects;
use crate::schemes::mpdata::courant_field::{Flow, Way, load};
use crate::schemes::mpdata::courant_fields::Flows;
use crate::schemes::mpdata::face_flux::Fluxes;
use crate::schemes::mpdata::step::by_hand;
use crate::system::origin::Origin;
use crate::system::pde::Pde;
use crate::system::transport::Advector;
use crate::system::transport::advected::Advected;

/// Largest Courant number, with some room for rounding.
pub(crate) const MOST_COURANT: f64 = 1.0 + 1e-9;

/// Something that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Measure {
    /// The largest outflow from a cell over what is in it, of the flow of this number.
    Outflow(usize),
    /// The sum of the Courant numbers of a cell; of a flow that depends on the fields as it is at
    /// the beginning. Unlike the outflow it does not look at the next cell, and so makes sense in a
    /// part of a grid.
    Speed(usize),
    /// The least density.
    Density(usize),
    /// How much diffusion moves at most, of the advected field of this number.
    Diffusion(usize),
}

impl Measure {
    /// All that are measured, in order.
    pub(crate) fn all(pde: &Pde, flows: &Flows) -> Vec<Measure> {
        let mut all = Vec::new();
        for (k, known) in flows.list.iter().enumerate() {
            if known.velocity().is_none() {
                all.push(Measure::Outflow(k));
            }
            all.push(Measure::Speed(k));
            all.push(Measure::Density(k));
        }
        let advected = flows.advected.iter().enumerate();
        let is_known = |advected: &Advected, pde: &Pde| {
            !advected.diffusivity.is_empty() && advected.found_diffusivities(pde).is_empty()
        };
        all.extend(advected.filter(|(_, c)| is_known(c, pde)).map(|(k, _)| Measure::Diffusion(k)));
        all
    }

    /// How the values of cells become one.
    pub(crate) fn kind(self) -> Reduction {
        match self {
            Measure::Density(_) => Reduction::Min,
            _ => Reduction::Max,
        }
    }

    /// Its value in a cell.
    pub(crate) fn pass(self, pde: &Pde, flows: &Flows) -> Pass {
        by_hand(pde, |pass| {
            let value = match self {
                Measure::Outflow(k) => outflow(pass, &flows.list[k].flow),
                Measure::Density(k) => flows.list[k].flow.density_itself(&mut pass.builder, [0; 3]),
                Measure::Speed(k) => {
                    let known = &flows.list[k];
                    match known.velocity() {
                        Some(_) => speed(pass, &known.flow, &known.before),
                        None => given_speed(pass, &known.flow),
                    }
                }
                Measure::Diffusion(k) => {
                    diffusion(pass, &flows.advected[k], &flows.list[flows.of[k]].flow)
                }
            };
            pass.builder.output(value);
        })
    }
}

/// A flow whose arrays are not there yet.
fn computed<'a>(flow: &Flow<'a>) -> Flow<'a> {
    let mut flow = flow.clone();
    if matches!(flow.way, Way::EachStep(_)) {
        flow.way = Way::Computed;
    }
    flow
}

fn outflow(pass: &mut PassBuilder, flow: &Flow) -> Value {
    let (flow, velocity) = (&computed(flow), &Corrects::Flow);
    Fluxes { flow, velocity, field: 0, direct: false, limits: None }.outflow(pass)
}

fn given_speed(pass: &mut PassBuilder, flow: &Flow) -> Value {
    let flow = computed(flow);
    let mut sum = pass.builder.constant(0.0);
    for k in 0..flow.axes.len() {
        let courant = flow.courant(pass, k, [0; 3]);
        let size = pass.builder.unary(Unary::Abs, courant);
        sum = pass.builder.binary(Binary::Add, sum, size);
    }
    match flow.density(pass, [0; 3]) {
        Some(density) => pass.builder.binary(Binary::Divide, sum, density),
        None => sum,
    }
}

fn speed(pass: &mut PassBuilder, flow: &Flow, cells: &[usize]) -> Value {
    let mut sum = pass.builder.constant(0.0);
    for (k, array) in cells.iter().enumerate() {
        let velocity = load(pass, *array, [0; 3]);
        let b = &mut pass.builder;
        let size = b.unary(Unary::Abs, velocity);
        let scale = b.parameter(flow.scales[k]);
        let part = b.binary(Binary::Multiply, size, scale);
        sum = b.binary(Binary::Add, sum, part);
    }
    sum
}

/// Fluxes go with the larger of two values, so that up to twice the diffusivity leaves through
/// each of two faces.
fn diffusion(pass: &mut PassBuilder, advected: &Advected, flow: &Flow) -> Value {
    let b = &mut pass.builder;
    let zero = b.constant(0.0);
    let mut sum = zero;
    for (mu, axis) in advected.diffusivity.iter().zip(flow.pde.grid().axes()) {
        let mu = flow.located(b, mu, [Along::Centre; 3], [0; 3]);
        let factor = b.constant(4.0 / (axis.spacing() * axis.spacing()));
        let part = b.binary(Binary::Multiply, mu, factor);
        sum = b.binary(Binary::Add, sum, part);
        // One that is negative makes no sense, and no sum either.
        let nan = b.constant(f64::NAN);
        let negative = b.binary(Binary::Less, mu, zero);
        sum = b.select(negative, nan, sum);
    }
    let dt = b.parameter(flow.whole_step);
    b.binary(Binary::Multiply, sum, dt)
}

/// What is wrong by these results of measures, the same on all ranks.
pub(crate) fn check(pde: &Pde, results: &[f64], dt: f64) -> Result<(), Error> {
    let flows = Flows::of(pde);
    for (measure, result) in Measure::all(pde, &flows).into_iter().zip(results) {
        let field = |k: usize| pde.fields()[flows.list[k].advected.field].clone();
        match measure {
            Measure::Density(k) if *result <= 0.0 || result.is_nan() => {
                let (field, least) = (field(k), *result);
                let origin = Origin::Transport { of: field.clone(), key: "g_factor" };
                return Err(Error::Density { origin, field, least });
            }
            Measure::Outflow(k) if *result > MOST_COURANT || result.is_nan() => {
                let given = matches!(flows.list[k].flow.advector, Advector::Courant(_));
                let dt = (!given).then_some(dt);
                let (field, courant, key) =
                    (field(k), *result, flows.list[k].advected.advector.key());
                let origin = Origin::Transport { of: field.clone(), key };
                return Err(Error::Courant { origin, field, courant, dt });
            }
            Measure::Diffusion(k) if *result < 0.0 || result.is_nan() => {
                let field = pde.fields()[flows.advected[k].field].clone();
                let origin = Origin::Transport { of: field.clone(), key: "diffusivity" };
                return Err(Error::Diffusivity { origin, field });
            }
            _ => {}
        }
    }
    Ok(())
}

/// How fast flows and diffusion are by these results for a time step of `dt`, per unit of time:
/// steps may be as long as the inverse. Courant numbers that are given limit no step.
///
/// `whole` says whether they are of a whole grid: where the ends of a part meet flows may jump.
pub(crate) fn rate(pde: &Pde, results: &[f64], dt: f64, whole: bool) -> f64 {
    let flows = Flows::of(pde);
    let (mut of_flows, mut of_diffusion) = (vec![0.0; flows.list.len()], Vec::new());
    of_diffusion.resize(flows.advected.len(), 0.0);
    for (measure, result) in Measure::all(pde, &flows).into_iter().zip(results) {
        match measure {
            Measure::Outflow(k) | Measure::Speed(k) => {
                let known = &flows.list[k];
                let given = matches!(known.flow.advector, Advector::Courant(_));
                let counts = match measure {
                    Measure::Outflow(_) => whole,
                    _ => !whole || known.velocity().is_some(),
                };
                if counts && !given {
                    of_flows[k] = result / dt;
                }
            }
            Measure::Diffusion(k) => of_diffusion[k] = result / dt,
            Measure::Density(_) => {}
        }
    }
    let all = flows.of.iter().zip(of_diffusion).map(|(flow, rate)| of_flows[*flow] + rate);
    all.fold(0.0, f64::max)
}
