//! How far beyond a block the passes of a plan have to be computed, and how wide its halos are.

use fluxions_expr::Kernel;
use fluxions_halo::HaloWidth;

use crate::plan::action::{Action, Extent, Slot};
use crate::plan::halo_group::HaloGroup;
use crate::plan::margins::{Margins, widen};

/// Makes sweeps go beyond the block as far as later ones look into what they store, up to where
/// halos are filled; and halos without a width as wide as later sweeps look into them. Returns how
/// far beyond the block sweeps look into each array before the plan itself fills its halos.
pub(super) fn settle(
    actions: &mut [Action<Slot>],
    groups: &mut [HaloGroup],
    kernels: &[Kernel],
    arrays: usize,
) -> Vec<HaloWidth> {
    let mut needs: Vec<Margins> = vec![Margins::default(); arrays];
    let mut corners = vec![false; arrays];
    for action in actions.iter_mut().rev() {
        match action {
            Action::Sweep { kernel, inputs, outputs, extent: Extent::Block, beyond } => {
                for array in outputs.iter().filter_map(|slot| slot.array()) {
                    widen(beyond, &std::mem::take(&mut needs[array]));
                    corners[array] = false;
                }
                look(&kernels[*kernel], inputs, beyond, (&mut needs, &mut corners));
            }
            Action::Reduce { kernel, inputs, .. } => {
                let block = Margins::default();
                look(&kernels[*kernel], inputs, &block, (&mut needs, &mut corners));
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
                // Halos along one axis have no corners.
                let axes = width.widest().iter().filter(|layers| **layers > 0).count();
                width.corners &= axes > 1;
            }
            _ => {}
        }
    }
    needs.into_iter().zip(corners).map(|(layers, corners)| HaloWidth { layers, corners }).collect()
}

/// What a kernel looks at that is run so far beyond the block.
fn look(
    kernel: &Kernel,
    inputs: &[Slot],
    beyond: &Margins,
    (needs, corners): (&mut [Margins], &mut [bool]),
) {
    let wide = beyond.iter().flatten().any(|margin| *margin > 0);
    for (i, slot) in inputs.iter().enumerate() {
        let Some(array) = slot.array() else { continue };
        let reach = kernel.reach(i as u32);
        let sum =
            std::array::from_fn(|axis| [0, 1].map(|side| beyond[axis][side] + reach[axis][side]));
        widen(&mut needs[array], &sum);
        corners[array] |= wide || kernel.reaches_corners(i as u32);
    }
}
