//! The profiles of kernels for advected fields. They hold the coordinates of the centres and faces
//! of cells near a cell, which continue beyond the ends of axes as advecting velocities do.

use fluxions_expr::{Builder, Value};
use fluxions_grid::Axis;

use crate::operators::FIRST_METRIC;
use crate::system::transport::conditions::Edge;

/// The content of a profile, for the cell that lies `shift` cells away along its axis.
///
/// Beyond an end of an axis, the coordinates are those of the cell that determines the flow there.
/// This is the last cell, or beyond a wall or a pole the mirrored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AxisProfile {
    /// The coordinate of the cell's centre.
    Centre,
    /// The coordinate of the cell's lower face. `Upper` is that of its upper face.
    Lower,
    Upper,
    /// The coordinate of the lower face. Beyond a wall or pole it is mirrored as a face, not with
    /// its cell.
    Face,
    /// 1 where the cell has an advecting velocity, and 0 beyond an end with given values.
    Inside,
    /// For the lower face: 1 where it has an advecting velocity; 0 beyond an end with given values,
    /// and at a wall or pole; −1 beyond a wall or pole.
    Passes,
    /// 1 within the domain and beyond a pole, and 0 elsewhere.
    Corrected,
    /// For the lower face: 1 within the domain and beyond a pole, and 0 elsewhere.
    FaceCorrected,
    /// For the lower face at an end with values given at the wall: the direction into the domain, 1 or
    /// −1; 0 for all others.
    Inwards,
    /// 1 beyond a pole, and 0 elsewhere.
    BeyondPole,
    /// The coordinate of the centre on the opposite side of a periodic axis. The next ones are
    /// likewise the coordinates of the faces there.
    OppositeCentre,
    OppositeLower,
    OppositeUpper,
    OppositeFace,
}

const KINDS: [AxisProfile; 14] = [
    AxisProfile::Centre,
    AxisProfile::Lower,
    AxisProfile::Upper,
    AxisProfile::Face,
    AxisProfile::Inside,
    AxisProfile::Passes,
    AxisProfile::Corrected,
    AxisProfile::FaceCorrected,
    AxisProfile::Inwards,
    AxisProfile::BeyondPole,
    AxisProfile::OppositeCentre,
    AxisProfile::OppositeLower,
    AxisProfile::OppositeUpper,
    AxisProfile::OppositeFace,
];

/// The largest number of cells between a cell and the cells whose profiles it uses.
const REACH: i32 = 3;
const SHIFTS: usize = 2 * REACH as usize + 1;

impl AxisProfile {
    /// The profile with the same content on the opposite side of a periodic axis.
    pub(crate) fn opposite(self) -> Self {
        match self {
            AxisProfile::Centre => AxisProfile::OppositeCentre,
            AxisProfile::Lower => AxisProfile::OppositeLower,
            AxisProfile::Upper => AxisProfile::OppositeUpper,
            AxisProfile::Face => AxisProfile::OppositeFace,
            other => other,
        }
    }

    /// The number of the profile with this content along an axis. `edges` is the number of the kind
    /// of ends.
    fn number(self, edges: usize, axis: usize, shift: i32) -> usize {
        let shift = (shift + REACH) as usize;
        FIRST_METRIC + ((edges * 3 + axis) * KINDS.len() + self as usize) * SHIFTS + shift
    }

    /// The value of this profile in a kernel, for the cell at an offset from the kernel's cell.
    pub(crate) fn load(
        self,
        b: &mut Builder,
        edges: usize,
        axis: usize,
        offset: [i32; 3],
    ) -> Value {
        b.profile(axis, self.number(edges, axis, offset[axis]))
    }

    /// The content of the profile of this number: the kind of ends, the axis, the content and the
    /// shift.
    pub(crate) fn of_number(number: usize) -> (usize, usize, AxisProfile, isize) {
        let number = number - FIRST_METRIC;
        let (number, shift) = (number / SHIFTS, (number % SHIFTS) as isize - REACH as isize);
        let (number, kind) = (number / KINDS.len(), KINDS[number % KINDS.len()]);
        (number / 3, number % 3, kind, shift)
    }

    /// The number of profiles for this many kinds of ends.
    pub(crate) fn profiles(edges: usize) -> usize {
        edges * 3 * KINDS.len() * SHIFTS
    }

    /// The value for the cell of this index in the whole grid.
    pub(crate) fn value(self, axis: &Axis, ends: [Edge; 2], index: isize) -> f64 {
        let n = axis.cells() as isize;
        if ends[0] == Edge::Joined {
            let half =
                if self as usize >= AxisProfile::OppositeCentre as usize { n / 2 } else { 0 };
            let index = (index + half).rem_euclid(n);
            return match self {
                AxisProfile::Centre | AxisProfile::OppositeCentre => axis.centre(index),
                AxisProfile::Lower
                | AxisProfile::Face
                | AxisProfile::OppositeLower
                | AxisProfile::OppositeFace => axis.face(index as usize),
                AxisProfile::Upper | AxisProfile::OppositeUpper => axis.face(index as usize + 1),
                AxisProfile::Inwards | AxisProfile::BeyondPole => 0.0,
                AxisProfile::Inside
                | AxisProfile::Passes
                | AxisProfile::Corrected
                | AxisProfile::FaceCorrected => 1.0,
            };
        }
        let beyond = |index: isize, last: isize| match index {
            i if i < 0 => Some(ends[0]),
            i if i > last => Some(ends[1]),
            _ => None,
        };
        let mirrors = |edge: Option<Edge>| matches!(edge, Some(Edge::Wall | Edge::Pole));
        let cell = match (beyond(index, n - 1), index) {
            (edge, i) if mirrors(edge) => {
                if i < 0 {
                    -1 - i
                } else {
                    2 * n - 1 - i
                }
            }
            (_, i) => i,
        };
        // No more ghost cells can be mirrored than the axis has cells.
        let cell = cell.clamp(0, n - 1);
        let face = match (beyond(index, n), index) {
            (edge, i) if mirrors(edge) => {
                if i < 0 {
                    -i
                } else {
                    2 * n - i
                }
            }
            (_, i) => i,
        };
        let face = face.clamp(0, n);
        match self {
            AxisProfile::Centre | AxisProfile::OppositeCentre => axis.centre(cell),
            AxisProfile::Lower | AxisProfile::OppositeLower => axis.face(cell as usize),
            AxisProfile::Upper | AxisProfile::OppositeUpper => axis.face(cell as usize + 1),
            AxisProfile::Face | AxisProfile::OppositeFace => axis.face(face as usize),
            AxisProfile::Inside => match beyond(index, n - 1) {
                Some(edge) if edge.is_given() => 0.0,
                _ => 1.0,
            },
            AxisProfile::Passes => {
                let ends_here =
                    |edge: Edge, at: isize| index == at && matches!(edge, Edge::Wall | Edge::Pole);
                match beyond(index, n) {
                    Some(edge) if edge.is_given() => 0.0,
                    Some(Edge::Wall | Edge::Pole) => -1.0,
                    None if ends_here(ends[0], 0) || ends_here(ends[1], n) => 0.0,
                    _ => 1.0,
                }
            }
            AxisProfile::Corrected => match beyond(index, n - 1) {
                None | Some(Edge::Pole) => 1.0,
                _ => 0.0,
            },
            AxisProfile::FaceCorrected => match beyond(index, n) {
                None | Some(Edge::Pole) => 1.0,
                _ => 0.0,
            },
            AxisProfile::Inwards => match (index, ends) {
                (0, [Edge::Given, _]) => 1.0,
                (i, [_, Edge::Given]) if i == n => -1.0,
                _ => 0.0,
            },
            AxisProfile::BeyondPole => match beyond(index, n - 1) {
                Some(Edge::Pole) => 1.0,
                _ => 0.0,
            },
        }
    }
}
