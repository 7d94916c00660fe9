//! How far beyond a block the passes of a plan must be computed, and how wide its halos must be.

use std::ops::Range;

use fluxions_expr::Kernel;

use crate::plan::action::{Action, Extent, Slot};
use crate::plan::halo_group::HaloGroup;

/// The number of cells at the lower and upper side of each axis.
pub(crate) type Margins = [[usize; 2]; 3];

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

/// Extends sweeps beyond the block as far as later sweeps look into their outputs, up to where
/// halos are filled. Gives halos without a width the width that later sweeps need.
pub(super) fn settle(
    actions: &mut [Action<Slot>],
    groups: &mut [HaloGroup],
    kernels: &[Kernel],
    arrays: usize,
) {
    let mut needs: Vec<Margins> = vec![Margins::default(); arrays];
    let mut corners = vec![false; arrays];
    for action in actions.iter_mut().rev() {
        match action {
            Action::Sweep { kernel, inputs, outputs, extent: Extent::Block, beyond } => {
                for array in outputs.iter().filter_map(|slot| slot.array()) {
                    widen(beyond, &std::mem::take(&mut needs[array]));
                    corners[array] = false;
                }
                let wide = beyond.iter().flatten().any(|margin| *margin > 0);
                for (i, slot) in inputs.iter().enumerate() {
                    let Some(array) = slot.array() else { continue };
                    let reach = kernels[*kernel].reach(i as u32);
                    let sum = std::array::from_fn(|axis| {
                        [0, 1].map(|side| beyond[axis][side] + reach[axis][side])
                    });
                    widen(&mut needs[array], &sum);
                    corners[array] |= wide || kernels[*kernel].reaches_corners(i as u32);
                }
            }
            Action::Halo { group, arrays, .. } => {
                let width = &mut groups[*group].width;
                let open = width.is_empty();
                for array in arrays.iter().filter_map(|slot| slot.array()) {
                    let need = std::mem::take(&mut needs[array]);
                    if open {
                        widen(&mut width.layers, &need);
                        width.corners |= std::mem::take(&mut corners[array]);
                    }
                }
                // A halo along a single axis has no corners.
                let axes = width.widest().iter().filter(|layers| **layers > 0).count();
                width.corners &= axes > 1;
            }
            _ => {}
        }
    }
}
