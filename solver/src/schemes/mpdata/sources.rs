//! What is computed from the fields at the beginning and the end of a step: sources, and velocities
//! that depend on them.

use fluxions_expr::{Binary, Value};

use crate::plan::action::{Extent, Slot};
use crate::plan::pass::PassBuilder;
use crate::plan::plan::equations;
use crate::plan::program::{ArrayRef, OwnedExpr, Program};
use crate::schemes::mpdata::courant_field::load;
use crate::schemes::mpdata::courant_fields::{
    CourantFields, NamedCourant, along_axes, found_diffusivities,
};
use crate::schemes::mpdata::step::{Steps, found, is_nothing};
use crate::schemes::rates::{self, Update};
use crate::system::definition::MadeOf;

/// The value of a real scalar.
fn number(pass: &mut PassBuilder, target: OwnedExpr<'_>) -> Value {
    let value = pass.value(target).only().re;
    // A part that is 0 by its form has no value.
    value.unwrap_or_else(|| pass.builder.constant(0.0))
}

/// The arrays of what a step computes from the fields at its beginning, at the centres of cells.
pub(crate) struct Found {
    /// For each of the Courant numbers the velocity along each axis; none where it is given.
    pub(crate) velocities: Vec<Vec<usize>>,
    /// For each advected field the diffusivity along each axis; none where it is given.
    pub(crate) diffusivities: Vec<Vec<usize>>,
}

impl Found {
    /// No arrays so far.
    fn nothing(fields: &CourantFields<'_>) -> Self {
        Found {
            velocities: vec![Vec::new(); fields.list.len()],
            diffusivities: vec![Vec::new(); fields.advected.len()],
        }
    }
}

impl<'a> Steps<'a> {
    /// Computes what depends on the fields at the beginning of the step: velocities,
    /// diffusivities, and a part of the sources.
    pub(crate) fn begin(&mut self, fields: &CourantFields<'a>, part: Option<usize>) -> Found {
        let sources = equations(self.pde);
        let mut targets = found(self.pde, fields);
        if part.is_some() {
            targets.extend(&sources);
        }
        let mut found = Found::nothing(fields);
        if targets.is_empty() {
            return found;
        }
        let mut program = self.prepare(&targets);
        let slot = self.slots();
        for (named, cells) in fields.list.iter().zip(&mut found.velocities) {
            *cells = self.velocity_arrays(named);
            if cells.is_empty() {
                continue;
            }
            let mut outputs: Vec<Slot> = cells.iter().map(|array| Slot::Array(*array)).collect();
            // To the middle of the step, in a straight line: v + (v − v before) dt/(2 dt before).
            let weights = [self.plan.add_ratio(0.5, 1.0), self.plan.add_ratio(0.5, 0.0)];
            let mut pass = PassBuilder::last(&mut program);
            let targets = named.targets(self.pde);
            let values: Vec<Value> = targets.iter().map(|t| number(&mut pass, *t)).collect();
            for (value, array) in values.iter().zip(&named.before) {
                let earlier = load(&mut pass, *array, [0; 3]);
                let b = &mut pass.builder;
                let [of_now, of_then] = weights.map(|weight| b.parameter(weight));
                let now = b.binary(Binary::Multiply, of_now, *value);
                let then = b.binary(Binary::Multiply, of_then, earlier);
                let middle = b.binary(Binary::Subtract, now, then);
                b.output(middle);
            }
            for (value, array) in values.iter().zip(&named.before) {
                let input = pass.input(ArrayRef::Extra(*array));
                pass.builder.output_with(*value, Some(input), false);
                outputs.push(Slot::Array(*array));
            }
            let pass = pass.finish();
            self.plan.sweep(pass, &slot, outputs, Extent::Block, "velocity".into());
        }
        self.store_diffusivities(fields, &mut program, &mut found);
        if let Some(part) = part {
            let base = self.at.clone();
            self.add_sources(&mut program, &sources, part, &base);
        }
        found
    }

    /// Computes velocities and diffusivities that depend on the fields, as they are in the present state.
    pub(crate) fn look(&mut self, fields: &CourantFields<'a>) -> Found {
        let targets = found(self.pde, fields);
        let mut found = Found::nothing(fields);
        if targets.is_empty() {
            return found;
        }
        let mut program = self.prepare(&targets);
        for (named, cells) in fields.list.iter().zip(&mut found.velocities) {
            *cells = self.velocity_arrays(named);
            if !cells.is_empty() {
                self.store_velocity(&mut program, named, cells);
            }
        }
        self.store_diffusivities(fields, &mut program, &mut found);
        found
    }

    /// New arrays for a velocity at the centres of cells, one for each axis; none where it does not depend on the
    /// fields.
    fn velocity_arrays(&mut self, named: &NamedCourant<'a>) -> Vec<usize> {
        if named.velocity().is_none() {
            return Vec::new();
        }
        let what = format!("velocity of {}", named.name);
        let names = along_axes(self.pde, &what, ", at cells").into_iter();
        names.map(|name| self.plan.add_array(name)).collect()
    }

    /// Stores a velocity as it is in the present state.
    fn store_velocity(
        &mut self,
        program: &mut Program<'a>,
        named: &NamedCourant<'a>,
        arrays: &[usize],
    ) {
        let mut pass = PassBuilder::last(program);
        for target in named.targets(self.pde) {
            let value = number(&mut pass, target);
            pass.builder.output(value);
        }
        let (pass, slot) = (pass.finish(), self.slots());
        let outputs = arrays.iter().map(|array| Slot::Array(*array)).collect();
        self.plan.sweep(pass, &slot, outputs, Extent::Block, "velocity".into());
    }

    /// Stores diffusivities that depend on the fields.
    fn store_diffusivities(
        &mut self,
        fields: &CourantFields<'a>,
        program: &mut Program<'a>,
        found: &mut Found,
    ) {
        let slot = self.slots();
        for (advected, cells) in fields.advected.iter().zip(&mut found.diffusivities) {
            let targets = found_diffusivities(self.pde, advected);
            if targets.is_empty() {
                continue;
            }
            let names = advected.diffusivity_names(self.pde.symbols()).into_iter();
            cells.extend(names.map(|name| self.plan.add_array(name)));
            let outputs = cells.iter().map(|array| Slot::Array(*array)).collect();
            let mut pass = PassBuilder::last(program);
            for target in targets {
                let value = number(&mut pass, target);
                pass.builder.output(value);
            }
            let pass = pass.finish();
            self.plan.sweep(pass, &slot, outputs, Extent::Block, "diffusivity".into());
        }
    }

    /// Stores velocities that depend on the fields, as those of a step before the first.
    pub(crate) fn store_earlier(&mut self, fields: &CourantFields<'a>) {
        for named in &fields.list {
            let targets = named.targets(self.pde);
            if targets.is_empty() {
                continue;
            }
            let mut program = self.prepare(&targets);
            self.store_velocity(&mut program, named, &named.before);
        }
    }

    /// Adds a part of the sources, computed from the fields as they are, to what is in the arrays `from`.
    fn add_sources(
        &mut self,
        program: &mut Program<'a>,
        sources: &[OwnedExpr<'_>],
        part: usize,
        from: &[usize],
    ) {
        let slot = self.slots();
        let (mut outputs, mut next) = (Vec::new(), self.at.clone());
        let mut pass = PassBuilder::last(program);
        let with_sources = sources.iter().enumerate().filter(|(_, source)| !is_nothing(source));
        for (field, source) in with_sources {
            for (k, rate) in rates::of_field(&mut pass, self.pde, field, *source) {
                let base = match from[k] == self.at[k] {
                    true => ArrayRef::Field(k),
                    false => ArrayRef::Extra(from[k]),
                };
                let update =
                    Update { base: vec![(base, 1.0)], factor: part, in_place: None, checked: true };
                update.output(&mut pass, rate);
                next[k] = self.copy(k, &[self.at[k], from[k]]);
                outputs.push(Slot::Array(next[k]));
            }
        }
        let pass = pass.finish();
        self.plan.sweep(pass, &slot, outputs, Extent::Block, "source".into());
        self.at = next;
    }

    /// Adds the other half of the sources, from the fields at the end of the step. Where a source
    /// depends on a field that has a source, the fields without this half give a first guess.
    pub(crate) fn end(&mut self) {
        let sources = equations(self.pde);
        let base = self.at.clone();
        let of_sources = |field: &usize| !is_nothing(&sources[*field]);
        let coupled = sources.iter().any(|source| {
            let made = MadeOf::new(source.expr, self.pde.definitions());
            made.fields.iter().any(|field| *field < sources.len() && of_sources(field))
        });
        self.plan.at(1.0);
        for _ in 0..if coupled { 2 } else { 1 } {
            let mut program = self.prepare(&sources);
            self.add_sources(&mut program, &sources, self.half, &base);
            self.plan.count_evaluations(1);
        }
    }
}
