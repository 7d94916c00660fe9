//! Which boundary condition holds where: for each field and definition, at each face.

use fluxions_expr::{Expr, Node, Place, nearest};
use fluxions_grid::{Condition, Grid, Side};

use crate::error::Error;
use crate::origin::{Origin, Part};
use crate::pde::Pde;
use crate::scalar::Scalar;

/// A boundary condition as it was given.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) of: Option<String>,
    pub(crate) at: String,
    pub(crate) condition: Condition<Scalar>,
}

/// The conditions of one quantity: lower and upper side of each of the three axes inside.
pub type FaceConditions = [[Condition<Expr>; 2]; 3];

/// The conditions of all fields and definitions. Quantities with the same conditions share a set.
#[derive(Clone, Debug)]
pub struct Conditions {
    sets: Vec<FaceConditions>,
    /// The set of whatever has no conditions of its own.
    common: usize,
    fields: Vec<usize>,
    definitions: Vec<usize>,
}

impl Conditions {
    /// Periodic axes, and no flux through walls.
    pub(crate) fn default_of(grid: &Grid) -> Self {
        let at = |axis: usize| match grid.inner_axis(axis) {
            Some(axis) if !axis.is_periodic() => {
                let node = Node::Number(0.0);
                Condition::Derivative(Expr { node, span: Default::default() })
            }
            _ => Condition::Periodic,
        };
        let set = std::array::from_fn(|axis| [at(axis), at(axis)]);
        Conditions { sets: vec![set], common: 0, fields: Vec::new(), definitions: Vec::new() }
    }

    /// The conditions of this set.
    pub fn set(&self, number: usize) -> &FaceConditions {
        &self.sets[number]
    }

    /// The set of quantities without conditions of their own.
    pub fn common(&self) -> usize {
        self.common
    }

    /// The set of a field.
    pub fn of_field(&self, field: usize) -> usize {
        self.fields[field]
    }

    /// The set of a definition.
    pub fn of_definition(&self, definition: usize) -> usize {
        self.definitions[definition]
    }

    /// The number of the set, which is added if it is new.
    fn number_of(&mut self, set: FaceConditions) -> usize {
        self.sets.iter().position(|known| *known == set).unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        })
    }
}

/// The conditions of all fields and definitions of `pde` by these entries.
///
/// For each face the most specific entry counts: of the quantity before of all, of the face
/// before of the axis.
pub(crate) fn resolve(pde: &Pde, entries: &[Entry]) -> Result<Conditions, Vec<Error>> {
    let mut errors = Vec::new();
    let names: Vec<&str> = (pde.fields().iter().map(String::as_str))
        .chain(pde.definitions().iter().map(|d| d.name.as_str()))
        .collect();
    let mut checked = Vec::new();
    for entry in entries {
        if let Some(name) = &entry.of
            && !names.contains(&name.as_str())
        {
            errors.push(Error::NobodysCondition {
                origin: origin(entry, Part::Whole),
                name: name.clone(),
                nearest: nearest(name, names.iter().copied()),
            });
            continue;
        }
        match check(pde, entry) {
            Ok(condition) => checked.extend(condition),
            Err(found) => errors.extend(found),
        }
    }
    let mut conditions = Conditions::default_of(pde.grid());
    let default = conditions.sets[0].clone();
    let mut set_of = |name: Option<&str>| {
        let mut set = default.clone();
        for whose in [None, name] {
            for faces in [2, 1] {
                for entry in &checked {
                    if entry.of.as_deref() == whose && entry.sides.len() == faces {
                        for side in &entry.sides {
                            set[entry.axis][side.index()] = entry.condition.clone();
                        }
                    }
                }
            }
        }
        if let Err(error) = check_ends(pde.grid(), &set, name) {
            // What is wrong for all is wrong for each.
            if !errors.iter().any(|e| matches!(e, Error::UnfitCondition { .. })) {
                errors.push(error);
            }
        }
        set
    };
    let common = set_of(None);
    let fields: Vec<_> = pde.fields().iter().map(|name| set_of(Some(name))).collect();
    let definitions: Vec<_> = pde.definitions().iter().map(|d| set_of(Some(&d.name))).collect();
    conditions.common = conditions.number_of(common);
    conditions.fields = fields.into_iter().map(|set| conditions.number_of(set)).collect();
    conditions.definitions = definitions.into_iter().map(|set| conditions.number_of(set)).collect();
    if errors.is_empty() { Ok(conditions) } else { Err(errors) }
}

fn origin(entry: &Entry, part: Part) -> Origin {
    Origin::Boundary { of: entry.of.clone(), at: entry.at.clone(), part }
}

/// An entry that was checked by itself.
struct Checked {
    of: Option<String>,
    axis: usize,
    sides: Vec<Side>,
    condition: Condition<Expr>,
}

fn check(pde: &Pde, entry: &Entry) -> Result<Option<Checked>, Vec<Error>> {
    let grid = pde.grid();
    let (name, sides) = match entry.at.strip_suffix(['-', '+']) {
        Some(name) if entry.at.ends_with('-') => (name, vec![Side::Lower]),
        Some(name) => (name, vec![Side::Upper]),
        None => (entry.at.as_str(), Side::BOTH.to_vec()),
    };
    let Some(named) = grid.axes().iter().position(|axis| axis.name() == name) else {
        let faces = |axis: &str| format!("{axis}, {axis}-, {axis}+");
        let known: Vec<_> = grid.axis_names().iter().map(|axis| faces(axis)).collect();
        return Err(vec![Error::NoSuchFace {
            origin: origin(entry, Part::Whole),
            at: entry.at.clone(),
            known: known.join(", "),
        }]);
    };
    let axis = &grid.axes()[named];
    let unfit = |reason: String| {
        let condition = entry.condition.name();
        let origin = origin(entry, Part::Whole);
        Err(vec![Error::UnfitCondition { origin, at: entry.at.clone(), condition, reason }])
    };
    match (axis.is_periodic(), entry.condition.joins_ends()) {
        (true, false) => {
            return unfit(format!("the axis {name} is periodic, so that it has no walls"));
        }
        (false, true) => return unfit(format!("the axis {name} is not periodic in [grid]")),
        _ => {}
    }
    let needed = entry.condition.depth();
    if axis.cells() < needed {
        return unfit(format!("it needs {needed} cells along {name}, and there is 1"));
    }
    let mut errors = Vec::new();
    let mut parts = match entry.condition {
        Condition::Mixed { .. } => vec![Part::Value, Part::Coefficient],
        _ => vec![Part::Value],
    };
    let condition = entry.condition.clone().try_map(|scalar| {
        let origin = origin(entry, parts.pop().unwrap_or(Part::Value));
        match pde.check(&origin, &scalar.to_string(), Place::Condition) {
            Ok((expr, _)) => Ok(expr),
            Err(found) => {
                errors.extend(found);
                Err(())
            }
        }
    });
    match condition {
        Ok(condition) => Ok(Some(Checked {
            of: entry.of.clone(),
            axis: grid.missing() + named,
            sides,
            condition,
        })),
        Err(()) => Err(errors),
    }
}

/// The two ends of a periodic axis are joined in one way.
fn check_ends(grid: &Grid, set: &FaceConditions, name: Option<&str>) -> Result<(), Error> {
    for (axis, [lower, upper]) in set.iter().enumerate() {
        if let Some(axis) = grid.inner_axis(axis)
            && axis.is_periodic()
            && lower != upper
        {
            let at = axis.name().to_string();
            let origin = Origin::Boundary {
                of: name.map(str::to_string),
                at: format!("{at}-"),
                part: Part::Whole,
            };
            let reason = "both ends of a periodic axis are joined in the same way".into();
            return Err(Error::UnfitCondition { origin, at, condition: lower.name(), reason });
        }
    }
    Ok(())
}
