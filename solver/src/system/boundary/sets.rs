//! Sets of conditions: what holds for an array at all faces, each set once, and which sets the
//! conditions of an owner make for each type of quantity.

use fluxions_expr::{Rank, Type};
use indexmap::IndexSet;

use crate::system::boundary::array_condition::FaceConditions;
use crate::system::boundary::checked::{CheckedCondition, Mismatch};
use crate::system::boundary::faces::faces_of;
use crate::system::symbols::Symbols;

/// How many types of quantities there are: real and complex ones of each rank.
const TYPES: usize = 2 * Rank::ALL.len();

/// For each type of quantity the set of each of its arrays, or why the conditions of an owner do not
/// fit the type.
type SetsByType = [Result<Vec<usize>, Mismatch>; TYPES];

fn number_of(ty: Type) -> usize {
    2 * ty.rank as usize + usize::from(ty.complex)
}

fn type_of(number: usize) -> Type {
    Type { rank: Rank::ALL[number / 2], complex: number % 2 == 1 }
}

/// All sets of conditions of a problem, and those of each owner.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sets {
    list: IndexSet<FaceConditions>,
    owners: IndexSet<SetsByType>,
}

impl Sets {
    pub(crate) fn get(&self, set: usize) -> &FaceConditions {
        &self.list[set]
    }

    /// All sets.
    pub(crate) fn all(&self) -> impl Iterator<Item = &FaceConditions> {
        self.list.iter()
    }

    /// The set of each array of a quantity of this type.
    pub(crate) fn of(&self, owner: usize, ty: Type) -> Result<&[usize], &Mismatch> {
        self.owners[owner][number_of(ty)].as_ref().map(Vec::as_slice)
    }

    /// The number of these conditions, which are added unless they are known.
    pub(crate) fn number(&mut self, faces: FaceConditions) -> usize {
        self.list.insert_full(faces).0
    }

    /// The number of the owner of these conditions, who is added unless there is one with the same
    /// conditions.
    pub(crate) fn owner(&mut self, symbols: &Symbols, given: &[&CheckedCondition]) -> usize {
        let of_types: SetsByType = std::array::from_fn(|number| {
            let ty = type_of(number);
            let arrays = (0..ty.numbers(symbols.space().dimension()))
                .map(|k| faces_of(symbols, given, ty, k))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(arrays.into_iter().map(|faces| self.number(faces)).collect())
        });
        self.owners.insert_full(of_types).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_a_number_of_its_own() {
        for number in 0..TYPES {
            assert_eq!(number_of(type_of(number)), number);
        }
    }
}
