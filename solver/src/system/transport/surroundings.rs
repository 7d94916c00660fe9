//! What transport asks of the system around it: of its noise, its operators, and at poles.

use fluxions_expr::{Expr, Rank, Type};

use crate::error::Error;
use crate::operators;
use crate::system::boundary::conditions::Conditions;
use crate::system::definition::MadeOf;
use crate::system::noise::Noise;
use crate::system::operand::{Beyond, Operand, StoredOperand, each_operand};
use crate::system::symbols::Symbols;
use crate::system::transport::advected::{Advected, unfit};

/// A system around the fields that are advected.
pub(crate) struct Surroundings<'a> {
    pub(crate) symbols: &'a Symbols,
    pub(crate) equations: &'a [Expr],
    pub(crate) conditions: &'a Conditions,
    pub(crate) noise: &'a Noise,
}

impl Surroundings<'_> {
    /// What does not go together with the transport of these fields.
    pub(crate) fn check(&self, advected: &[Advected]) -> Vec<Error> {
        let mut errors = Vec::new();
        let Some(first) = advected.first() else { return errors };
        let name = &self.symbols.fields()[first.field];
        if !self.noise.fields.is_empty() {
            errors.push(unfit(name, "", "noise cannot be combined with transport yet"));
        }
        for advected in advected {
            let name = &self.symbols.fields()[advected.field];
            if !self.conditions.of_advected(advected).has_pole() {
                continue;
            }
            let grid = self.symbols.grid();
            let around = grid.axes().iter().find(|axis| axis.is_periodic());
            match around {
                Some(axis) if grid.dimension() == 2 && axis.cells() % 2 == 0 => {}
                _ => {
                    let reason = "a pole needs a periodic axis with an even number of cells, on a \
                              grid of two axes";
                    errors.push(unfit(name, "", reason));
                }
            }
            if self.symbols.types()[advected.field].rank != Rank::Scalar {
                let reason = "only scalars can cross a pole: the components of a vector change \
                              direction there";
                errors.push(unfit(name, "", reason));
            }
            if !advected.is_given(self.symbols) {
                let reason = "across a pole the flow has to be given, not found from the fields";
                errors.push(unfit(name, advected.advector.key(), reason));
            }
            if !advected.found_diffusivities(self.symbols).is_empty() {
                let reason = "across a pole it has to be given, not found from the fields";
                errors.push(unfit(name, "diffusivity", reason));
            }
        }
        if self.looks_across_pole() {
            errors.push(unfit(name, "", "operators do not look across a pole yet"));
        }
        errors
    }

    /// Whether an operator in an equation looks at cells beyond a pole.
    fn looks_across_pole(&self) -> bool {
        let mut found = false;
        for (field, equation) in self.equations.iter().enumerate() {
            let owner = self.conditions.owner_of_field(field);
            each_operand(self.symbols, self.conditions, equation, owner, &mut |stored| {
                found |= self.is_across_pole(&stored);
            });
        }
        found
    }

    /// Whether an operator looks at cells of an operand beyond a pole. What is computed for the
    /// operator needs conditions at all faces, whether it looks there or not.
    fn is_across_pole(&self, stored: &StoredOperand<'_>) -> bool {
        let Surroundings { symbols, conditions, .. } = self;
        let (owner, ty) = match &stored.operand {
            Operand::Field { field, numbers } => {
                let Some(ty) = symbols.types().get(*field) else { return false };
                let sets = conditions.of_field(*field, *ty);
                let sets = sets.expect("conditions fit every field with an equation");
                let sets = &sets[numbers.clone()];
                let types: Vec<Type> = stored.arguments.iter().map(|a| a.ty).collect();
                let reach =
                    operators::reach(stored.operator, symbols.operators(), symbols.grid(), &types);
                let widths = &reach[stored.k].numbers;
                return sets.iter().zip(widths).any(|(set, width)| {
                    conditions.has_pole(*set) && width.is_some_and(|width| !width.is_empty())
                });
            }
            Operand::Define { beyond: Beyond::Conditions(owner), ty, .. } => (*owner, *ty),
            Operand::Compound { beyond: Beyond::Conditions(owner) } => (*owner, stored.expr().ty),
            Operand::Define { .. } | Operand::Compound { .. } => {
                let fields = MadeOf::new(stored.expr(), symbols.definitions()).fields;
                let has_pole = |field: &usize| {
                    let ty = symbols.types().get(*field)?;
                    let sets = conditions.of_field(*field, *ty)?;
                    Some(sets.iter().any(|set| conditions.has_pole(*set)))
                };
                return fields.iter().any(|field| has_pole(field) == Some(true));
            }
        };
        // Conditions that do not fit the type are a mistake of their own.
        let sets = conditions.arrays(owner, ty).unwrap_or(&[]);
        sets.iter().any(|set| conditions.has_pole(*set))
    }
}
