//! The passes of advected fields: the donor-cell pass, then antidiffusive ones.

use fluxions_expr::{Binary, Kernel, Unary, Value};

use crate::plan::action::{Extent, Slot};
use crate::plan::pass::PassBuilder;
use crate::plan::profile::AxisProfile;
use crate::plan::program::{ArrayRef, Pass};
use crate::schemes::by_hand::{by_hand, extra};
use crate::schemes::mpdata::antidiffusion::{Antidiffusion, FaceVelocity};
use crate::schemes::mpdata::courant_field::{
    CourantField, Storage, TINY, load, mean_at_face, step,
};
use crate::schemes::mpdata::courant_fields::{CourantFields, along_axes};
use crate::schemes::mpdata::face_flux::{FaceFluxes, Limiter};
use crate::schemes::mpdata::measures::MOST_COURANT;
use crate::schemes::mpdata::sources::Found;
use crate::schemes::mpdata::step::Steps;
use crate::system::transport::advected::Advected;

impl Steps<'_> {
    /// The passes of all advected fields.
    pub(crate) fn advect(
        &mut self,
        fields: &CourantFields<'_>,
        courants: &[CourantField<'_>],
        found: &Found,
    ) {
        let mut arrays = Vec::new();
        for (k, advected) in fields.advected.iter().enumerate() {
            for (number, array) in self.pde.arrays_of(advected.field).enumerate() {
                arrays.push(AdvectedArray {
                    advected,
                    courants: &courants[fields.of[k]],
                    diffusivities: &found.diffusivities[k],
                    array,
                    number,
                    start: self.at[array],
                    velocity: FaceVelocity::Courant,
                    corrections: [None, None],
                    limiter: None,
                });
            }
        }
        let iterations = arrays.iter().map(|item| item.advected.options.iterations);
        let most = iterations.max().expect("MPDATA steps systems with transport only");
        for pass in 1..=most {
            let takes_part = |t: &&mut AdvectedArray<'_>| t.advected.options.iterations >= pass;
            let mut list: Vec<_> = arrays.iter_mut().filter(takes_part).collect();
            let halo = |item: &&mut AdvectedArray<'_>| {
                let conditions = self.pde.conditions().of_advected(item.advected);
                let of_array = (self.at[item.array], conditions.arrays[item.number]);
                (conditions.is_timed && pass == 1, of_array)
            };
            // What flows in during the step has the value of its middle.
            let (timed, others): (Vec<_>, Vec<_>) = list.iter().map(halo).partition(|(t, _)| *t);
            let [timed, mut others] = [timed, others]
                .map(|list| list.into_iter().map(|(_, halo)| halo).collect::<Vec<_>>());
            if pass == 1 {
                for (advected, cells) in fields.advected.iter().zip(&found.diffusivities) {
                    let free = self.pde.conditions().of_advected(advected).free;
                    others.extend(cells.iter().map(|array| (*array, free)));
                }
            }
            self.plan.at(if pass == 1 { 0.0 } else { 1.0 });
            self.halo(&others);
            self.plan.at(0.5);
            self.halo(&timed);
            match pass {
                1 => list.iter_mut().for_each(|array| self.first(array)),
                _ => self.further(&mut list, pass),
            }
        }
    }

    /// New arrays of this name for each axis.
    fn along_axes(&mut self, what: &str) -> Vec<usize> {
        let names = along_axes(self.pde, what, "").into_iter();
        names.map(|name| self.plan.add_array(name)).collect()
    }

    /// The donor-cell pass of one array.
    fn first(&mut self, item: &mut AdvectedArray<'_>) {
        let AdvectedArray { advected, courants, array, .. } = *item;
        let name = self.plan.array_name(array).to_string();
        let field = self.at[array];
        if !advected.diffusivity.is_empty() {
            let arrays = self.along_axes(&format!("Courant number with diffusion of {name}"));
            let diffusivities = item.diffusivities;
            self.sweep(format!("Courant numbers with diffusion of {name}"), &arrays, |pass| {
                for k in 0..courants.axes().len() {
                    let cells = diffusivities.get(k).copied();
                    let value = diffusive(pass, advected, courants, field, cells, k);
                    pass.builder.output(value);
                }
            });
            item.velocity = FaceVelocity::Arrays(arrays);
        }
        item.start = field;
        let new = self.copy(array, &[field]);
        let last = advected.options.iterations == 1;
        let velocity = &item.velocity;
        let fluxes = FaceFluxes { courants, velocity, field, direct: false, limits: None };
        let outflow = FaceFluxes { velocity: &FaceVelocity::Courant, ..fluxes };
        let changes = matches!(courants.storage, Storage::EachStep(_))
            || advected.is_timed(self.pde.symbols());
        let pass = by_hand(self.pde, |pass| {
            let mut value = fluxes.update(pass);
            if changes {
                // Where more flows out of a cell than is in it no value is right.
                let out = outflow.outflow(pass);
                let b = &mut pass.builder;
                let (most, nan) = (b.constant(MOST_COURANT), b.constant(f64::NAN));
                let slow = b.binary(Binary::LessEqual, out, most);
                value = b.select(slow, value, nan);
            }
            pass.builder.output_with(value, None, last || changes);
        });
        let guard = changes.then(|| self.guard(&pass, &outflow));
        let outputs = vec![Slot::Array(new)];
        let name = format!("donor-cell pass of {name}");
        let kernel = self.plan.sweep(pass, &extra, outputs, Extent::Block, name);
        if let Some(guard) = guard {
            self.plan.add_guard(kernel, guard);
        }
        self.at[array] = new;
    }

    /// The guard of a pass: whether more flows out of a cell than is in it. An outflow that is not
    /// a number is not too large.
    fn guard(&self, guarded: &Pass, outflow: &FaceFluxes<'_>) -> Kernel {
        let pass = by_hand(self.pde, |pass| {
            // Its inputs are those of the pass.
            for array in &guarded.inputs {
                pass.input(*array);
            }
            let out = outflow.outflow(pass);
            let b = &mut pass.builder;
            let most = b.constant(MOST_COURANT);
            let fast = b.binary(Binary::Greater, out, most);
            b.output(fast);
        });
        debug_assert_eq!(pass.inputs, guarded.inputs);
        pass.kernel
    }

    /// An antidiffusive pass of some arrays.
    fn further(&mut self, list: &mut [&mut AdvectedArray<'_>], pass: usize) {
        let mut limits: Vec<Option<Limiter>> = Vec::new();
        let mut halos = Vec::new();
        for item in list.iter_mut() {
            let AdvectedArray { advected, courants, array, start, .. } = **item;
            let (name, field) = (self.plan.array_name(array).to_string(), self.at[array]);
            let options = advected.options;
            let last = pass == options.iterations;
            // A pass reads the velocities of the one before, so that two sets of arrays take turns.
            let (turn, which) = [(0, "correction"), (1, "next correction")][pass % 2];
            let arrays = item.corrections[turn]
                .get_or_insert_with(|| self.along_axes(&format!("{which} of {name}")))
                .clone();
            let velocity = &item.velocity;
            let diffuses = !advected.diffusivity.is_empty();
            let correction = Antidiffusion { courants, options, velocity, field, last, diffuses };
            self.sweep(format!("correction {} of {name}", pass - 1), &arrays, |pass| {
                for k in 0..courants.axes().len() {
                    let mut w = correction.velocity(pass, k);
                    if !last {
                        w = courants.exprs.corrected(&mut pass.builder, k, w);
                    }
                    pass.builder.output(w);
                }
            });
            item.velocity = FaceVelocity::Arrays(arrays);
            limits.push(options.nonoscillatory.then(|| {
                let limiter = *item.limiter.get_or_insert_with(|| Limiter {
                    rise: self.plan.add_array(format!("room above {name}")),
                    fall: self.plan.add_array(format!("room below {name}")),
                });
                let Limiter { rise, fall } = limiter;
                let fluxes = item.fluxes(field, None);
                self.sweep(format!("limits of {name}"), &[rise, fall], |pass| {
                    for limit in fluxes.limits(pass, start) {
                        pass.builder.output(limit);
                    }
                });
                let conditions = self.pde.conditions().of_advected(advected).limits;
                halos.extend([(rise, conditions), (fall, conditions)]);
                limiter
            }));
        }
        self.halo(&halos);
        for (item, mut limits) in list.iter_mut().zip(limits) {
            let AdvectedArray { advected, array, start, .. } = **item;
            let (name, field) = (self.plan.array_name(array).to_string(), self.at[array]);
            let last = pass == advected.options.iterations;
            if let (FaceVelocity::Arrays(arrays), Some(_), false) = (&item.velocity, limits, last) {
                // The next pass corrects the error of the limited velocities.
                let fluxes = item.fluxes(field, limits);
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
            let fluxes = item.fluxes(field, limits);
            self.sweep(format!("pass {pass} of {name}"), &[new], |pass| {
                let value = fluxes.update(pass);
                pass.builder.output_with(value, None, last);
            });
            self.at[array] = new;
        }
    }
}

/// One array of an advected field, from pass to pass.
struct AdvectedArray<'a> {
    advected: &'a Advected,
    courants: &'a CourantField<'a>,
    /// The arrays of its diffusivity along each axis, where it depends on fields.
    diffusivities: &'a [usize],
    /// The array of the state.
    array: usize,
    /// Which of the arrays of its field it is.
    number: usize,
    /// The array with its values at the beginning of the transport.
    start: usize,
    /// The velocity whose error the next pass corrects.
    velocity: FaceVelocity,
    /// The arrays of antidiffusive velocities, which the passes use in turn.
    corrections: [Option<Vec<usize>>; 2],
    /// The arrays of the limiter.
    limiter: Option<Limiter>,
}

impl AdvectedArray<'_> {
    /// The fluxes of an antidiffusive pass.
    fn fluxes(&self, field: usize, limits: Option<Limiter>) -> FaceFluxes<'_> {
        let direct = self.advected.options.infinite_gauge;
        FaceFluxes { courants: self.courants, velocity: &self.velocity, field, direct, limits }
    }
}

/// The Courant number at a face with the pseudo-velocity of diffusion: V − 2μ(ψR − ψL)/(ψR + ψL) (Smolarkiewicz &
/// Clark 1986, J. Comput. Phys. 67, 396).
fn diffusive(
    pass: &mut PassBuilder,
    advected: &Advected,
    courants: &CourantField,
    field: usize,
    cells: Option<usize>,
    k: usize,
) -> Value {
    let courant = courants.courant(pass, k, [0; 3]);
    let right = load(pass, field, [0; 3]);
    let left = load(pass, field, step(courants.axes()[k], -1));
    let mut at = [AxisProfile::Centre; 3];
    at[courants.axes()[k]] = AxisProfile::Face;
    let mut mu = match cells {
        None => courants.exprs.located(&mut pass.builder, &advected.diffusivity[k], at, [0; 3]),
        Some(array) => mean_at_face(courants.exprs, pass, array, k),
    };
    let b = &mut pass.builder;
    if let Some(density) = courants.exprs.density_on_face(b, k, [0; 3]) {
        mu = b.binary(Binary::Multiply, density, mu);
    }
    let spacing = courants.exprs.pde.grid().axes()[k].spacing();
    let factor = b.constant(2.0 / (spacing * spacing));
    let mu = b.binary(Binary::Multiply, mu, factor);
    let dt = b.parameter(courants.whole_step);
    let mu = b.binary(Binary::Multiply, mu, dt);
    // Nothing diffuses through a wall. Beyond it values are mirrored, so that the difference has
    // the right sign already.
    let mut mu = courants.exprs.bounded(b, k, [0; 3], mu);
    if let Some(regions) = courants.exprs.regions {
        mu = regions.at_face(pass, courants.axes()[k], [0; 3], mu);
    }
    let b = &mut pass.builder;
    let mu = b.unary(Unary::Abs, mu);
    let difference = b.binary(Binary::Subtract, right, left);
    let (sum, tiny) = (b.binary(Binary::Add, right, left), b.constant(TINY));
    let sum = b.binary(Binary::Add, sum, tiny);
    let ratio = b.binary(Binary::Divide, difference, sum);
    let pseudo = b.binary(Binary::Multiply, mu, ratio);
    b.binary(Binary::Subtract, courant, pseudo)
}
