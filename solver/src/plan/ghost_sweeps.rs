//! The sweeps that compute ghost cells which follow from other arrays: those of quantities that go on
//! as what they are made of does, and those at walls where a condition sees other fields.

use std::collections::HashSet;

use fluxions_expr::{Binary, Expr, Node};
use fluxions_grid::{Condition, Face, Side};
use fluxions_halo::HaloWidth;

use crate::operators;
use crate::plan::action::{Action, Extent};
use crate::plan::builder::PlanBuilder;
use crate::plan::halo_group::partners;
use crate::plan::margins::{FaceMargins, Margins, widen};
use crate::plan::pass::{Ghosts, PassBuilder};
use crate::plan::program::{ArrayRef, OwnedExpr, Pass, Program, Quantity};
use crate::plan::wall_place::{OwnCells, WallPlace};
use crate::system::boundary::array_condition::ArrayCondition;
use crate::system::definition::{MadeOf, base};

/// An array with conditions, of a field or of a quantity.
struct Conditioned {
    array: ArrayRef,
    /// The arrays of the real and the imaginary part; twice the array itself for a real value.
    parts: [ArrayRef; 2],
    /// The number of its conditions.
    set: usize,
    width: HaloWidth,
}

/// A sweep over a layer of ghost cells: its pass, the arrays in which it stores them, and how far it
/// goes beyond the ends along the other axes.
struct GhostPass {
    pass: Pass,
    outputs: Vec<ArrayRef>,
    beyond: Margins,
}

impl Program<'_> {
    /// The arrays of a field.
    fn arrays_of_field(&self, field: usize) -> Vec<Conditioned> {
        let pde = self.pde;
        let (ty, arrays) = (pde.type_of_field(field), pde.arrays_of(field));
        let (sets, first) =
            (pde.conditions().of_field(field, ty).unwrap_or_default(), arrays.start);
        let one = |(array, set): (usize, &usize)| {
            let parts = partners(ty, array - first).map(|k| ArrayRef::Field(first + k));
            let width = self.fields[array];
            Conditioned { array: ArrayRef::Field(array), parts, set: *set, width }
        };
        arrays.zip(sets).map(one).collect()
    }

    /// The stored arrays of a quantity.
    fn arrays_of_quantity(&self, quantity: usize) -> Vec<Conditioned> {
        let Quantity { arrays, conditions, widths, expr, .. } = &self.quantities[quantity];
        let one = |k: usize| {
            let (array, width) = (arrays[k]?, widths[k]?);
            let stored = |k: usize| ArrayRef::Quantity(arrays[k].unwrap_or(array));
            let parts = partners(expr.ty, k).map(stored);
            Some(Conditioned { array: ArrayRef::Quantity(array), parts, set: conditions[k], width })
        };
        (0..arrays.len()).filter_map(one).collect()
    }

    /// Whether a number of the whole domain is computed from values in cells, without ghost cells.
    pub(super) fn is_of_cells(&self, number: usize) -> bool {
        !MadeOf::new(&self.numbers[number].expr, self.pde.definitions()).operators
    }

    /// Makes sure that what conditions see is there: halos as wide as is looked into, numbers of the
    /// whole domain, and ghost cells as far along walls as operators in other conditions look.
    pub(super) fn see(&mut self) {
        let pde = self.pde;
        if !pde.conditions().see_others() {
            return;
        }
        self.along = self.fields.iter().map(along_walls).collect();
        let fields = 0..pde.fields().len() + pde.external().len();
        loop {
            let before = (self.fields.clone(), self.along.clone(), self.numbers.len());
            let mut all: Vec<(usize, HaloWidth, FaceMargins)> = Vec::new();
            for field in fields.clone() {
                for array in self.arrays_of_field(field) {
                    all.push((array.set, array.width, self.along_of(array.array, &array.width)));
                }
            }
            for Quantity { conditions, widths, .. } in &self.quantities {
                let stored = conditions.iter().zip(widths);
                all.extend(stored.filter_map(|(set, width)| {
                    width.map(|width| (*set, width, along_walls(&width)))
                }));
            }
            for (set, width, along) in all {
                for (axis, side) in (0..3).flat_map(|axis| [(axis, 0), (axis, 1)]) {
                    let condition = &pde.conditions().of_array(set)[axis][side];
                    if width.layers[axis][side] == 0 || !condition.sees_others {
                        continue;
                    }
                    let face = Face { axis, side: Side::BOTH[side] };
                    for expr in condition.condition.numbers() {
                        self.level(OwnedExpr { expr, owner: pde.conditions().common(), name: "" });
                        self.look(expr, face, &along[axis][side], &mut HashSet::new());
                    }
                }
            }
            if before == (self.fields.clone(), self.along.clone(), self.numbers.len()) {
                return;
            }
        }
    }

    /// Makes halos wide enough for an expression of a condition at a face, where its ghost cells go so
    /// far along the wall. `seen` holds the definitions that were visited.
    fn look(&mut self, expr: &Expr, face: Face, along: &Margins, seen: &mut HashSet<usize>) {
        let pde = self.pde;
        let (axis, side) = (face.axis, face.side.index());
        let goes_along = along.iter().flatten().any(|cells| *cells > 0);
        match &expr.node {
            Node::Field(field) => {
                let mut layers = *along;
                let given = pde.conditions().gives_value(*field, pde.type_of_field(*field), face);
                layers[axis][side] = usize::from(given);
                for array in pde.arrays_of(*field) {
                    let width = &mut self.fields[array];
                    widen(&mut width.layers, &layers);
                    width.corners |= given && goes_along;
                }
            }
            Node::Define(d) if seen.insert(*d) => {
                self.look(&pde.definitions()[*d].expr, face, along, seen);
            }
            Node::Operator(op, arguments) => {
                let reach = self.reach(*op, arguments);
                let stored: Vec<usize> =
                    operators::stored(*op, arguments).map(|(k, _)| k).collect();
                for (k, argument) in arguments.iter().enumerate() {
                    let of = base(argument).filter(|_| stored.contains(&k));
                    let Some(Node::Field(field)) = of.map(|of| &of.node) else {
                        self.look(argument, face, along, seen);
                        continue;
                    };
                    for width in reach[k].numbers.iter().flatten() {
                        let mut layers = *along;
                        for (axis, sides) in layers.iter_mut().enumerate() {
                            for (side, cells) in sides.iter_mut().enumerate() {
                                *cells += width.layers[axis][side];
                            }
                        }
                        let mut beyond = layers;
                        beyond[axis..].fill([0; 2]);
                        let has_corners =
                            layers.iter().filter(|cells| **cells != [0; 2]).count() > 1;
                        for array in pde.arrays_of(*field) {
                            widen(&mut self.fields[array].layers, &layers);
                            self.fields[array].corners |= has_corners;
                            if width.layers[axis][side] > 0 {
                                widen(&mut self.along[array][axis][side], &beyond);
                            }
                        }
                    }
                }
            }
            // Numbers of the whole domain are computed before, from the cells alone.
            Node::Reduce(..) => {}
            _ => expr.children().iter().for_each(|child| self.look(child, face, along, seen)),
        }
    }

    /// How far the ghost cells of an array with a halo of this width go along the wall at each face.
    fn along_of(&self, array: ArrayRef, width: &HaloWidth) -> FaceMargins {
        match array {
            // Halos that are wider only for what conditions see need no ghost cells there.
            ArrayRef::Field(field) => self.along[field],
            _ => along_walls(width),
        }
    }

    /// The sweep over a layer of ghost cells of those of these arrays with conditions at the face that
    /// see others. Nothing if there are none.
    fn seen_ghosts(
        &mut self,
        arrays: &[Conditioned],
        level: usize,
        face: Face,
        layer: usize,
    ) -> Option<GhostPass> {
        let pde = self.pde;
        let side = face.side.index();
        let here = |array: &&Conditioned| {
            pde.conditions().of_array(array.set)[face.axis][side].sees_others
                && array.width.layers[face.axis][side] >= layer
        };
        let arrays: Vec<&Conditioned> = arrays.iter().filter(here).collect();
        if arrays.is_empty() {
            return None;
        }
        let place = WallPlace::new(pde.grid(), face, layer)?;
        let mut beyond = Margins::default();
        for array in &arrays {
            widen(&mut beyond, &self.along_of(array.array, &array.width)[face.axis][side]);
        }
        let mut pass = PassBuilder::beyond(self, level, Ghosts::Seen(place));
        let mut outputs = Vec::new();
        for array in &arrays {
            let condition: &ArrayCondition = &pde.conditions().of_array(array.set)[face.axis][side];
            let complex = condition.complex;
            let mut parts = array.parts;
            parts[usize::from(condition.imaginary)] = array.array;
            pass.set_own(OwnCells { parts, complex });
            let ghost = pass.ghost(condition, place);
            let ghost = if condition.imaginary { ghost.im } else { ghost.re };
            let ghost = ghost.unwrap_or_else(|| pass.builder.constant(0.0));
            let ghost = pass.finite_at_corners(ghost, array.array, place, &beyond);
            pass.builder.output(ghost);
            outputs.push(array.array);
        }
        Some(GhostPass { pass: pass.finish(), outputs, beyond })
    }

    /// The sweep over a layer of ghost cells of those of these quantities that go on beyond a face as
    /// what they are made of does. Nothing if there are none.
    fn continued_ghosts(
        &mut self,
        here: &[usize],
        level: usize,
        face: Face,
        layer: usize,
    ) -> Option<GhostPass> {
        let pde = self.pde;
        let axis = pde.grid().inner_axis(face.axis)?;
        let side = face.side.index();
        let is_here = |quantity: &Quantity, k: usize| {
            let faces = pde.conditions().of_array(quantity.conditions[k]);
            faces[face.axis][side].condition == Condition::Continued
                && quantity.widths[k].is_some_and(|width| width.layers[face.axis][side] >= layer)
        };
        let quantities: Vec<Quantity> = here.iter().map(|q| self.quantities[*q].clone()).collect();
        let is_any =
            |quantity: &&Quantity| (0..quantity.conditions.len()).any(|k| is_here(quantity, k));
        let quantities: Vec<&Quantity> = quantities.iter().filter(is_any).collect();
        if quantities.is_empty() {
            return None;
        }
        let place = WallPlace::new(pde.grid(), face, layer)?;
        let ghosts = match axis.is_periodic() {
            true => Ghosts::Themselves,
            false => Ghosts::AtWall(place),
        };
        let here = |quantity: &&Quantity| {
            let all = (0..quantity.conditions.len()).filter(|k| is_here(quantity, *k));
            all.filter_map(|k| quantity.widths[k]).collect::<Vec<_>>()
        };
        let beyond = beyond(quantities.iter().flat_map(here), face);
        let dimension = pde.space().dimension();
        let mut pass = PassBuilder::beyond(self, level - 1, ghosts);
        let mut outputs = Vec::new();
        for quantity in quantities {
            let Quantity { expr, owner, random, .. } = quantity;
            let parts = pass.value(OwnedExpr { expr, owner: *owner, name: random });
            let numbers = parts.numbers(expr.ty, dimension, &mut pass.builder);
            for (k, number) in numbers.into_iter().enumerate() {
                let (Some(array), true) = (quantity.arrays[k], is_here(quantity, k)) else {
                    continue;
                };
                let array = ArrayRef::Quantity(array);
                let number = match ghosts {
                    Ghosts::AtWall(_) => {
                        let two = pass.builder.constant(2.0);
                        let twice = pass.builder.binary(Binary::Multiply, two, number);
                        let inside = pass.load_at(array, place.mirrored());
                        let ghost = pass.builder.binary(Binary::Subtract, twice, inside);
                        pass.finite_at_corners(ghost, array, place, &beyond)
                    }
                    _ => number,
                };
                pass.builder.output(number);
                outputs.push(array);
            }
        }
        Some(GhostPass { pass: pass.finish(), outputs, beyond })
    }
}

/// How far the ghost cells of an array go along the wall at each face, beyond the block. Corners are
/// filled axis by axis, and those of later axes by what is done there.
fn along_walls(width: &HaloWidth) -> FaceMargins {
    std::array::from_fn(|axis| {
        let mut margins = Margins::default();
        if width.corners {
            margins[..axis].copy_from_slice(&width.layers[..axis]);
        }
        [margins; 2]
    })
}

/// How far ghost cells beyond a face go beyond the ends along the other axes.
fn beyond(widths: impl IntoIterator<Item = HaloWidth>, face: Face) -> Margins {
    let mut beyond = Margins::default();
    for width in widths.into_iter().filter(|width| width.corners) {
        widen(&mut beyond, &width.layers);
    }
    beyond[face.axis] = [0; 2];
    beyond
}

impl PlanBuilder {
    /// The sweeps that compute the ghost cells of fields at walls where their conditions see others.
    pub(super) fn beyond_walls_of_fields(
        &mut self,
        program: &mut Program<'_>,
    ) -> Vec<Action<ArrayRef>> {
        let names = program.pde.all_array_names();
        let mut actions = Vec::new();
        for (field, face) in program.pde.conditions().sweeps() {
            let arrays = program.arrays_of_field(*field);
            for layer in 1.. {
                // Numbers of the whole domain have level 1.
                let Some(found) = program.seen_ghosts(&arrays, 1, *face, layer) else { break };
                actions.push(self.ghost_sweep(program, found, *face, layer, &names));
            }
        }
        actions
    }

    /// The sweeps that compute the ghost cells of these quantities, as far as they follow from other
    /// arrays.
    pub(super) fn beyond_walls(
        &mut self,
        program: &mut Program<'_>,
        here: &[usize],
        level: usize,
        names: &[String],
    ) -> Vec<Action<ArrayRef>> {
        let mut actions = Vec::new();
        let faces = Face::all();
        for face in faces {
            let arrays: Vec<Conditioned> =
                here.iter().flat_map(|quantity| program.arrays_of_quantity(*quantity)).collect();
            for layer in 1.. {
                let continued = program.continued_ghosts(here, level, face, layer);
                let seen = program.seen_ghosts(&arrays, level.max(1), face, layer);
                if continued.is_none() && seen.is_none() {
                    break;
                }
                for found in continued.into_iter().chain(seen) {
                    actions.push(self.ghost_sweep(program, found, face, layer, names));
                }
            }
        }
        actions
    }

    /// The sweep over a layer of ghost cells. `names` are those of the arrays.
    fn ghost_sweep(
        &mut self,
        program: &Program<'_>,
        GhostPass { pass, outputs, beyond }: GhostPass,
        face: Face,
        layer: usize,
        names: &[String],
    ) -> Action<ArrayRef> {
        let axis = program.pde.grid().inner_axis(face.axis);
        let axis = axis.map_or_else(String::new, |axis| axis.name().to_string());
        let name = |array: &ArrayRef| match array {
            ArrayRef::Field(k) | ArrayRef::Quantity(k) => names[*k].as_str(),
            ArrayRef::Random(_) | ArrayRef::Extra(_) => "",
        };
        let list: Vec<_> = outputs.iter().map(name).collect();
        let name = format!("{} beyond {axis}{}", list.join(", "), face.side.sign());
        Action::Sweep {
            kernel: self.add_kernel(pass.kernel, name),
            inputs: pass.inputs,
            outputs,
            extent: Extent::Beyond { face, layer },
            beyond,
        }
    }
}
