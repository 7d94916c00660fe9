//! Margins: numbers of cells beyond the faces of a block.

use std::ops::Range;

/// Numbers of cells at the lower and upper side of each axis.
pub(crate) type Margins = [[usize; 2]; 3];

/// Such numbers for each face of the domain.
pub(crate) type FaceMargins = [[Margins; 2]; 3];

/// Makes margins large enough for others too.
pub(crate) fn widen(margins: &mut Margins, others: &Margins) {
    widen_some(margins, others, 0..3);
}

/// Makes margins along some axes large enough for others too.
pub(crate) fn widen_some(margins: &mut Margins, others: &Margins, axes: Range<usize>) {
    for axis in axes {
        for side in 0..2 {
            margins[axis][side] = margins[axis][side].max(others[axis][side]);
        }
    }
}
