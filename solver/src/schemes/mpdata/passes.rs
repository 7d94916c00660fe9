//! The passes of advected fields: the upwind one, then corrective ones.

use fluxions_expr::{Binary, Unary, Value};

use crate::plan::action::Action;
use crate::plan::pass::PassBuilder;
use crate::plan::profile::Along;
use crate::plan::program::ArrayRef;
use crate::schemes::mpdata::antidiffusion::{Correction, Corrects};
use crate::schemes::mpdata::courant_field::{Flow, TINY, Way, load, mean_at_face, step};
use crate::schemes::mpdata::courant_fields::Flows;
use crate::schemes::mpdata::face_flux::{Fluxes, Limits};
use crate::schemes::mpdata::measures::MOST_COURANT;
use crate::schemes::mpdata::step::Steps;
use crate::system::pde::Pde;
use crate::system::transport::advected::Advected;

/// What stands for a value that is not known since a Courant number was too large: a NaN with a
/// mark.
const TOO_FAST: u64 = 0x7ff8_0000_0000_0c0a;

/// Whether a NaN has that mark.
pub(crate) fn is_too_fast(value: f64) -> bool {
    // Its sign may have changed on the way.
    value.is_nan() && value.abs().to_bits() == TOO_FAST
}

impl Steps<'_> {
    /// The passes of all advected fields.
    pub(crate) fn advect(&mut self, flows: &Flows<'_>) {
        let mut travellers = Vec::new();
        for (advected, flow) in self.pde.advected.iter().zip(&flows.of) {
            for (number, array) in self.pde.arrays_of(advected.field).enumerate() {
                let corrects = Corrects::Flow;
                let flow = &flows.list[*flow].flow;
                let start = self.at[array];
                travellers.push(Traveller { advected, flow, array, number, start, corrects });
            }
        }
        let most = travellers.iter().map(|t| t.advected.options.iterations).max().unwrap_or(0);
        for pass in 1..=most {
            let takes_part = |t: &&mut Traveller<'_>| t.advected.options.iterations >= pass;
            let mut list: Vec<_> = travellers.iter_mut().filter(takes_part).collect();
            self.plan.actions.push(Action::At(if pass == 1 { 0.0 } else { 1.0 }));
            let mut halos: Vec<_> =
                list.iter().map(|t| (self.at[t.array], t.conditions(self.pde))).collect();
            if pass == 1 {
                halos.extend(self.found_diffusivities(flows));
            }
            self.halo(&halos);
            self.plan.actions.push(Action::At(0.5));
            match pass {
                1 => list.iter_mut().for_each(|traveller| self.first(traveller)),
                _ => self.further(&mut list, pass),
            }
        }
    }

    /// The arrays of diffusivities that depend on the fields, with their conditions.
    fn found_diffusivities(&mut self, flows: &Flows<'_>) -> Vec<(usize, usize)> {
        let mut arrays = Vec::new();
        for advected in flows.advected {
            let Some(conditions) = self.pde.conditions().of_advected(advected.field) else {
                continue;
            };
            if !advected.found_diffusivities(self.pde).is_empty() {
                let names = advected.diffusivity_names(self.pde).into_iter();
                arrays.extend(names.map(|name| (self.named(name), conditions.free)));
            }
        }
        arrays
    }

    /// The arrays of this name for each axis.
    fn along_axes(&mut self, name: &str) -> Vec<usize> {
        let axes = self.pde.grid().axis_names();
        axes.into_iter().map(|axis| self.named(format!("{name} along {axis}"))).collect()
    }

    /// The upwind pass of one array.
    fn first(&mut self, traveller: &mut Traveller<'_>) {
        let Traveller { advected, flow, array, .. } = *traveller;
        let name = self.plan.array_names[array].clone();
        let field = self.at[array];
        if !advected.diffusivity.is_empty() {
            let arrays = self.along_axes(&format!("flow and diffusion of {name}"));
            let found: Option<Vec<usize>> = (!advected.found_diffusivities(self.pde).is_empty())
                .then(|| {
                    let names = advected.diffusivity_names(self.pde).into_iter();
                    names.map(|name| self.named(name)).collect()
                });
            self.sweep(format!("flow and diffusion of {name}"), &arrays, |pass| {
                for k in 0..flow.axes.len() {
                    let cells = found.as_ref().map(|arrays| arrays[k]);
                    let value = diffusive(pass, advected, flow, field, cells, k);
                    pass.builder.output(value);
                }
            });
            traveller.corrects = Corrects::Arrays(arrays);
        }
        traveller.start = field;
        let new = self.copy(array, &[field]);
        let last = advected.options.iterations == 1;
        let velocity = &traveller.corrects;
        let fluxes = Fluxes { flow, velocity, field, direct: false, limits: None };
        let changes = matches!(flow.way, Way::EachStep(_)) || advected.is_timed(self.pde);
        self.sweep(format!("upwind pass of {name}"), &[new], |pass| {
            let mut value = fluxes.update(pass);
            if changes {
                let out = Fluxes { velocity: &Corrects::Flow, ..fluxes }.outflow(pass);
                let b = &mut pass.builder;
                let (most, mark) = (b.constant(MOST_COURANT), b.constant(f64::from_bits(TOO_FAST)));
                let (slow, known) =
                    (b.binary(Binary::LessEqual, out, most), b.binary(Binary::Equal, out, out));
                // A flow that is not a number is no large Courant number.
                let mark = b.select(known, mark, out);
                value = b.select(slow, value, mark);
            }
            pass.builder.output_with(value, None, last || changes);
        });
        self.at[array] = new;
    }

    /// A corrective pass of some arrays.
    fn further(&mut self, list: &mut [&mut Traveller<'_>], pass: usize) {
        let mut limits: Vec<Option<Limits>> = Vec::new();
        let mut halos = Vec::new();
        for traveller in list.iter_mut() {
            let Traveller { advected, flow, array, start, .. } = **traveller;
            let (name, field) = (self.plan.array_names[array].clone(), self.at[array]);
            let options = advected.options;
            let last = pass == options.iterations;
            // Two sets of arrays take turns.
            let which = if pass.is_multiple_of(2) { "correction" } else { "next correction" };
            let arrays = self.along_axes(&format!("{which} of {name}"));
            let corrects = &traveller.corrects;
            let correction = Correction { flow, options, corrects, field, last };
            self.sweep(format!("correction {} of {name}", pass - 1), &arrays, |pass| {
                for k in 0..flow.axes.len() {
                    let mut w = correction.velocity(pass, k);
                    if !last {
                        w = flow.corrected(&mut pass.builder, k, w);
                    }
                    pass.builder.output(w);
                }
            });
            traveller.corrects = Corrects::Arrays(arrays);
            limits.push(options.nonoscillatory.then(|| {
                let rise = self.named(format!("room above {name}"));
                let fall = self.named(format!("room below {name}"));
                let fluxes = traveller.fluxes(field, None);
                self.sweep(format!("limits of {name}"), &[rise, fall], |pass| {
                    for limit in fluxes.limits(pass, start) {
                        pass.builder.output(limit);
                    }
                });
                let conditions = self.pde.conditions().of_advected(advected.field);
                let conditions = conditions.map_or(0, |conditions| conditions.limits);
                halos.extend([(rise, conditions), (fall, conditions)]);
                Limits { rise, fall }
            }));
        }
        self.halo(&halos);
        for (traveller, mut limits) in list.iter_mut().zip(limits) {
            let Traveller { advected, array, start, .. } = **traveller;
            let (name, field) = (self.plan.array_names[array].clone(), self.at[array]);
            let last = pass == advected.options.iterations;
            if let (Corrects::Arrays(arrays), Some(_), false) = (&traveller.corrects, limits, last)
            {
                // The next pass corrects what was limited.
                let fluxes = traveller.fluxes(field, limits);
                self.sweep(format!("limited correction of {name}"), arrays, |pass| {
                    for (k, array) in arrays.iter().enumerate() {
                        let w = fluxes.limited(pass, k, [0; 3]);
                        let input = pass.input(ArrayRef::Extra(*array));
                        pass.builder.output_with(w, Some(input), false);
                    }
                });
                limits = None;
            }
            let used = [field, if advected.options.nonoscillatory { start } else { field }];
            let new = self.copy(array, &used);
            let fluxes = traveller.fluxes(field, limits);
            self.sweep(format!("pass {pass} of {name}"), &[new], |pass| {
                let value = fluxes.update(pass);
                pass.builder.output_with(value, None, last);
            });
            self.at[array] = new;
        }
    }
}

/// One array of a field on its way through the passes.
struct Traveller<'a> {
    advected: &'a Advected,
    flow: &'a Flow<'a>,
    /// The array of the state, and which of its field's it is.
    array: usize,
    number: usize,
    /// Where its values at the beginning are.
    start: usize,
    /// What the next pass corrects.
    corrects: Corrects,
}

impl Traveller<'_> {
    /// The number of its boundary conditions.
    fn conditions(&self, pde: &Pde) -> usize {
        let conditions = pde.conditions().of_advected(self.advected.field);
        conditions.map_or(0, |conditions| conditions.arrays[self.number])
    }

    /// The fluxes of a corrective pass.
    fn fluxes(&self, field: usize, limits: Option<Limits>) -> Fluxes<'_> {
        let direct = self.advected.options.infinite_gauge;
        Fluxes { flow: self.flow, velocity: &self.corrects, field, direct, limits }
    }
}

/// The flow through a face with that of diffusion: V − 2μ(ψR − ψL)/(ψR + ψL) (Smolarkiewicz &
/// Clark 1986, J. Comput. Phys. 67, 396).
fn diffusive(
    pass: &mut PassBuilder,
    advected: &Advected,
    flow: &Flow,
    field: usize,
    cells: Option<usize>,
    k: usize,
) -> Value {
    let courant = flow.courant(pass, k, [0; 3]);
    let right = load(pass, field, [0; 3]);
    let left = load(pass, field, step(flow.axes[k], -1));
    let mut at = [Along::Centre; 3];
    at[flow.axes[k]] = Along::Face;
    let mut mu = match cells {
        None => flow.located(&mut pass.builder, &advected.diffusivity[k], at, [0; 3]),
        Some(array) => mean_at_face(flow, pass, array, k),
    };
    let b = &mut pass.builder;
    if let Some(density) = flow.density_on_face(b, k, [0; 3]) {
        mu = b.binary(Binary::Multiply, density, mu);
    }
    let spacing = flow.pde.grid().axes()[k].spacing();
    let factor = b.constant(2.0 / (spacing * spacing));
    let mu = b.binary(Binary::Multiply, mu, factor);
    let dt = b.parameter(flow.whole_step);
    let mu = b.binary(Binary::Multiply, mu, dt);
    // Nothing diffuses through a wall; beyond it the difference has the sign.
    let mu = flow.bounded(b, k, [0; 3], mu);
    let mu = b.unary(Unary::Abs, mu);
    let difference = b.binary(Binary::Subtract, right, left);
    let (sum, tiny) = (b.binary(Binary::Add, right, left), b.constant(TINY));
    let sum = b.binary(Binary::Add, sum, tiny);
    let ratio = b.binary(Binary::Divide, difference, sum);
    let pseudo = b.binary(Binary::Multiply, mu, ratio);
    b.binary(Binary::Subtract, courant, pseudo)
}
