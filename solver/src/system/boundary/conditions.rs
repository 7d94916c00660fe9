//! Which boundary condition holds where: for each array of each quantity, at each face.
//!
//! Conditions are given for a field, for a definition or for all. What they mean for a quantity
//! depends on its type, since vectors, tensors and complex numbers have several arrays. Operators
//! on compound expressions use the conditions of their equation's field, whatever the type of the
//! expression; so for each *owner* the conditions of every type are worked out.

use fluxions_expr::{Expr, Node, Rank, Type, nearest};
use fluxions_grid::Condition;

use crate::error::Error;
use crate::system::boundary::entry::{
    CheckedCondition, GivenCondition, check, covered, origin, straight_entries,
};
use crate::system::definition::MadeOf;
use crate::system::origin::{ConditionPart, Origin};
use crate::system::pde::Pde;
use crate::system::transport::conditions::AdvectedConditions;

/// The condition of one array at one face.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayCondition {
    /// The condition; its numbers may be vectors or tensors.
    pub condition: Condition<Expr>,
    /// Which component of them counts where they are.
    pub component: usize,
    /// Whether the array is one of imaginary parts.
    pub imaginary: bool,
    /// Whether the quantity is complex.
    pub complex: bool,
    /// Whether values beyond an open end may be negative.
    pub(crate) signed: bool,
    /// Whether the condition changes with the time.
    changes: bool,
}

/// The conditions of one array: lower and upper side of each of the three axes inside.
pub type FaceConditions = [[ArrayCondition; 2]; 3];

/// Why the conditions of an owner have no meaning for a type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unfit {
    /// The axis or face.
    pub(crate) at: String,
    /// The name of the condition.
    pub(crate) condition: &'static str,
    /// The reason, in words.
    pub(crate) reason: String,
}

/// The conditions of one owner, for every type.
type OfTypes = [Result<Vec<usize>, Unfit>; 6];

/// The conditions of all fields and definitions.
#[derive(Clone, Debug)]
pub struct Conditions {
    faces: Vec<FaceConditions>,
    owners: Vec<OfTypes>,
    /// The owner of whatever has no conditions of its own.
    common: usize,
    /// The owner by which values are continued in a straight line.
    straight: usize,
    fields: Vec<usize>,
    definitions: Vec<usize>,
    /// Whether each definition was given conditions by name.
    named: Vec<bool>,
    /// The same for each of the given fields.
    data_named: Vec<bool>,
    /// What conditions mean for the transport of each field that is advected.
    advected: Vec<Option<AdvectedConditions>>,
}

const fn number(ty: Type) -> usize {
    2 * ty.rank as usize + ty.complex as usize
}

/// The axes at whose ends the sign changes.
pub(crate) fn antiperiodic(conditions: &FaceConditions) -> [bool; 3] {
    let turned = |axis: usize| matches!(conditions[axis][0].condition, Condition::Antiperiodic);
    std::array::from_fn(turned)
}

impl Conditions {
    /// Nothing yet.
    pub(crate) fn none() -> Self {
        Conditions {
            faces: Vec::new(),
            owners: Vec::new(),
            common: 0,
            straight: 0,
            fields: Vec::new(),
            definitions: Vec::new(),
            named: Vec::new(),
            data_named: Vec::new(),
            advected: Vec::new(),
        }
    }

    /// The conditions of an array by their number.
    pub fn of_array(&self, number: usize) -> &FaceConditions {
        &self.faces[number]
    }

    /// The numbers of the conditions of a field's arrays, in their order.
    pub fn of_field(&self, field: usize, ty: Type) -> &[usize] {
        self.arrays(self.fields[field], ty).unwrap_or(&[])
    }

    /// The numbers of the conditions of a definition's arrays; none if they do not fit its type.
    pub fn of_definition(&self, definition: usize, ty: Type) -> &[usize] {
        self.arrays(self.definitions[definition], ty).unwrap_or(&[])
    }

    pub(crate) fn common(&self) -> usize {
        self.common
    }

    pub(crate) fn owner_of_field(&self, field: usize) -> usize {
        self.fields[field]
    }

    pub(crate) fn owner_of_definition(&self, definition: usize) -> usize {
        self.definitions[definition]
    }

    pub(crate) fn straight(&self) -> usize {
        self.straight
    }

    /// Whether a definition was given conditions by its name.
    pub(crate) fn is_definition_named(&self, definition: usize) -> bool {
        self.named[definition]
    }

    /// Whether a field has conditions of its own: those with equations always, given ones if they
    /// were named.
    pub(crate) fn is_field_named(&self, field: usize) -> bool {
        let given = self.fields.len() - self.data_named.len();
        field.checked_sub(given).is_none_or(|k| self.data_named[k])
    }

    /// Whether the conditions of an array change with the time.
    pub(crate) fn change(&self, number: usize) -> bool {
        self.faces[number].iter().flatten().any(|face| face.changes)
    }

    /// What conditions mean for the transport of a field that is advected.
    pub(crate) fn of_advected(&self, field: usize) -> Option<&AdvectedConditions> {
        self.advected.get(field)?.as_ref()
    }

    /// Whether there is a pole at an end of an axis.
    pub(crate) fn has_pole(&self, number: usize) -> bool {
        self.faces[number].iter().flatten().any(|face| face.condition == Condition::Pole)
    }

    /// The numbers of the conditions of the arrays of a quantity of this type.
    pub(crate) fn arrays(&self, owner: usize, ty: Type) -> Result<&[usize], &Unfit> {
        self.owners[owner][number(ty)].as_ref().map(Vec::as_slice)
    }

    /// Whether the condition of an array depends on the other part of a complex quantity.
    pub(crate) fn needs_partner(&self, number: usize) -> bool {
        self.faces[number].iter().flatten().any(|face| face.complex && face.needs_partner())
    }

    /// The number of these conditions.
    pub(crate) fn number_of(&mut self, faces: FaceConditions) -> usize {
        self.faces.iter().position(|known| *known == faces).unwrap_or_else(|| {
            self.faces.push(faces);
            self.faces.len() - 1
        })
    }

    /// Adds an owner with these conditions, unless there is one that has the same.
    fn add(&mut self, pde: &Pde, entries: &[&CheckedCondition]) -> usize {
        let mut of_types = Vec::new();
        for rank in Rank::ALL {
            for complex in [false, true] {
                let ty = Type { rank, complex };
                let arrays = (0..ty.numbers(pde.space().dimension()))
                    .map(|k| faces_of(pde, entries, ty, k))
                    .collect::<Result<Vec<_>, _>>();
                of_types.push(
                    arrays.map(|arrays| {
                        arrays.into_iter().map(|faces| self.number_of(faces)).collect()
                    }),
                );
            }
        }
        // Three ranks, real and complex.
        let Ok(of_types) = OfTypes::try_from(of_types) else { return 0 };
        self.owners.iter().position(|known| *known == of_types).unwrap_or_else(|| {
            self.owners.push(of_types);
            self.owners.len() - 1
        })
    }
}

impl ArrayCondition {
    pub(crate) fn new(
        pde: &Pde,
        condition: Condition<Expr>,
        component: usize,
        imaginary: bool,
        complex: bool,
    ) -> Self {
        let scalar = condition.numbers().iter().all(|expr| expr.ty.rank == Rank::Scalar);
        let changes =
            condition.numbers().iter().any(|expr| MadeOf::new(expr, pde.definitions()).timed);
        let component = if scalar { 0 } else { component };
        ArrayCondition { condition, component, imaginary, complex, signed: true, changes }
    }

    /// Whether the ghost cells of one part of a complex quantity depend on the cells of the other.
    fn needs_partner(&self) -> bool {
        let uses_value = |expr: &&Expr| {
            let mut uses = false;
            expr.walk(&mut |part| uses |= part.node == Node::Adjacent);
            uses
        };
        match &self.condition {
            Condition::Mixed { coefficient, .. } if coefficient.ty.complex => true,
            condition => condition.numbers().iter().any(uses_value),
        }
    }
}

/// The conditions of all fields and definitions of `pde` by these entries. `signed` says of each
/// field that is advected whether it has both signs.
///
/// For each face and component the most specific entry counts: of the quantity before of all, of
/// the face before of the axis.
pub(crate) fn resolve(
    pde: &Pde,
    entries: &[GivenCondition],
    signed: &[Option<bool>],
) -> Result<Conditions, Vec<Error>> {
    let mut errors = Vec::new();
    let names: Vec<&str> = (pde.fields().iter().map(String::as_str))
        .chain(pde.definitions().iter().map(|d| d.name.as_str()))
        .chain(pde.external().iter().map(|d| d.name.as_str()))
        .collect();
    let mut checked = Vec::new();
    for entry in entries {
        if let Some(name) = &entry.of
            && !names.contains(&name.as_str())
        {
            errors.push(Error::NobodysCondition {
                origin: origin(entry, ConditionPart::Whole),
                name: name.clone(),
                nearest: nearest(name, names.iter().copied()),
            });
            continue;
        }
        match check(pde, entry) {
            Ok(condition) => checked.push(condition),
            Err(found) => errors.extend(found),
        }
    }
    let mut conditions = Conditions::none();
    let of = |name: Option<&str>| -> Vec<&CheckedCondition> {
        let mut list = Vec::new();
        for whose in [None, name] {
            for faces in [2, 1] {
                let fits =
                    |e: &&CheckedCondition| e.of.as_deref() == whose && e.sides.len() == faces;
                list.extend(checked.iter().filter(fits));
            }
            if name.is_none() {
                break;
            }
        }
        list
    };
    conditions.common = conditions.add(pde, &of(None));
    conditions.straight = {
        let entries = straight_entries(pde.grid());
        let entries: Vec<&CheckedCondition> = entries.iter().collect();
        conditions.add(pde, &entries)
    };
    let mut add = |name: &str, ty: Type, must_fit: bool| {
        let entries = of(Some(name));
        let owner = conditions.add(pde, &entries);
        let normal = entries.iter().find(|e| e.of.is_some() && e.condition.is_normal());
        if let (Rank::Scalar, Some(entry)) = (ty.rank, normal) {
            let reason = format!("it is for vectors and tensors, and `{name}` is a scalar");
            let (of, at) = (entry.of.clone(), entry.at.clone());
            let whole = Origin::Boundary { of, at, part: ConditionPart::Whole };
            errors.push(entry.unfit(reason).error(whole));
        }
        if must_fit && let Err(unfit) = conditions.arrays(owner, ty) {
            let own = |e: &&&CheckedCondition| e.of.is_some() && e.at == unfit.at;
            let of = entries.iter().find(own).and_then(|e| e.of.clone());
            let whole = Origin::Boundary { of, at: unfit.at.clone(), part: ConditionPart::Whole };
            // What is wrong for all is wrong for each.
            if !errors.iter().any(|error| error.origin() == Some(&whole)) {
                errors.push(unfit.error(whole));
            }
        }
        owner
    };
    let mut fields: Vec<usize> =
        pde.fields().iter().zip(pde.types()).map(|(name, ty)| add(name, *ty, true)).collect();
    let named: Vec<bool> = pde
        .definitions()
        .iter()
        .map(|d| checked.iter().any(|entry| entry.of.as_ref() == Some(&d.name)))
        .collect();
    let definitions: Vec<usize> = pde
        .definitions()
        .iter()
        .zip(&named)
        .map(|(d, named)| add(&d.name, d.expr.ty, *named))
        .collect();
    let mut data_named = Vec::new();
    for data in pde.external() {
        let named = checked.iter().any(|entry| entry.of.as_ref() == Some(&data.name));
        fields.push(add(&data.name, data.ty(), named));
        data_named.push(named);
    }
    let others = (pde.definitions().iter().map(|d| &d.name))
        .chain(pde.external().iter().map(|data| &data.name))
        .filter(|name| {
            let named = |entry: &CheckedCondition| entry.of.as_ref() == Some(*name);
            signed.iter().all(Option::is_none) || checked.iter().any(named)
        });
    let not_advected = pde.fields().iter().zip(signed).filter(|(_, signed)| signed.is_none());
    for name in not_advected.map(|(name, _)| name).chain(others) {
        let entries = of(Some(name));
        if let Some(entry) = entries.iter().find(|entry| entry.condition == Condition::Pole) {
            let unfit = entry.unfit(format!("it is for fields that are advected, unlike `{name}`"));
            let (of, at) = (entry.of.clone(), entry.at.clone());
            errors.push(unfit.error(Origin::Boundary { of, at, part: ConditionPart::Whole }));
        }
    }
    let mut advected = Vec::new();
    for ((name, ty), signed) in pde.fields().iter().zip(pde.types()).zip(signed) {
        let entries = of(Some(name));
        let meaning = signed
            .map(|signed| AdvectedConditions::new(pde, &mut conditions, &entries, *ty, signed));
        advected.push(match meaning.transpose() {
            Ok(meaning) => meaning,
            Err(unfit) => {
                let own = |e: &&&CheckedCondition| e.of.is_some() && e.at == unfit.at;
                let of = entries.iter().find(own).and_then(|e| e.of.clone());
                let at = unfit.at.clone();
                errors.push(unfit.error(Origin::Boundary { of, at, part: ConditionPart::Whole }));
                None
            }
        });
    }
    conditions.advected = advected;
    conditions.data_named = data_named;
    (conditions.fields, conditions.definitions, conditions.named) = (fields, definitions, named);
    if errors.is_empty() { Ok(conditions) } else { Err(errors) }
}

impl Unfit {
    pub(crate) fn error(&self, origin: Origin) -> Error {
        let (at, condition, reason) = (self.at.clone(), self.condition, self.reason.clone());
        Error::UnfitCondition { origin, at, condition, reason: reason.into() }
    }
}

/// The conditions of array `k` of a quantity of this type.
fn faces_of(
    pde: &Pde,
    entries: &[&CheckedCondition],
    ty: Type,
    k: usize,
) -> Result<FaceConditions, Unfit> {
    faces_by(pde, entries, ty, k, &|entry, condition| match condition {
        Condition::Open => Ok(Condition::Curvature(Expr::number(0.0))),
        Condition::Wall => Ok(mirrored(pde, entry, ty, k)),
        condition => Ok(condition),
    })
}

/// What a wall means for array `k` of a quantity of this type: of a vector the component normal to
/// it changes its sign.
pub(crate) fn mirrored(pde: &Pde, entry: &CheckedCondition, ty: Type, k: usize) -> Condition<Expr> {
    let normal = entry.axis - pde.grid().missing();
    let (n, component) = (pde.space().dimension(), k / ty.per_component());
    let turned = match ty.rank {
        Rank::Scalar => false,
        Rank::Vector => component == normal,
        Rank::Tensor => (component / n == normal) != (component % n == normal),
    };
    let zero = Expr::number(0.0);
    if turned { Condition::Value(zero) } else { Condition::Derivative(zero) }
}

/// What the condition of an entry means for an array.
pub(crate) type Meaning<'m> =
    dyn Fn(&CheckedCondition, Condition<Expr>) -> Result<Condition<Expr>, Unfit> + 'm;

/// The same; `mean` says what a condition means for the array.
pub(crate) fn faces_by(
    pde: &Pde,
    entries: &[&CheckedCondition],
    ty: Type,
    k: usize,
    mean: &Meaning<'_>,
) -> Result<FaceConditions, Unfit> {
    let grid = pde.grid();
    let (component, imaginary) = (k / ty.per_component(), k % ty.per_component() == 1);
    let array = |condition, component| {
        ArrayCondition::new(pde, condition, component, imaginary, ty.complex)
    };
    let default = |axis: usize| match grid.inner_axis(axis) {
        Some(axis) if !axis.is_periodic() => array(Condition::Derivative(Expr::number(0.0)), 0),
        _ => array(Condition::Periodic, 0),
    };
    let mut faces: FaceConditions = std::array::from_fn(|axis| [default(axis), default(axis)]);
    for entry in entries {
        if let Some(component) = covered(pde, entry, ty, component)? {
            let condition = match ty.complex {
                false => entry.condition.clone(),
                true => entry.of_complex.clone().ok_or_else(|| {
                    entry.unfit("its formula makes no sense for complex numbers".into())
                })?,
            };
            let condition = mean(entry, condition)?.of_component();
            for side in &entry.sides {
                faces[entry.axis][side.index()] = array(condition.clone(), component);
            }
        }
    }
    for (k, [lower, upper]) in faces.iter().enumerate() {
        if let Some(axis) = grid.inner_axis(k)
            && axis.is_periodic()
            && lower != upper
        {
            // They differ because of an entry for one of them.
            let entry = entries.iter().rfind(|entry| entry.axis == k);
            return Err(Unfit {
                at: entry.map_or_else(|| axis.name().into(), |entry| entry.at.clone()),
                condition: lower.condition.name(),
                reason: "both ends of a periodic axis are joined in the same way".into(),
            });
        }
    }
    Ok(faces)
}
