//! How far beyond a block the passes of a plan have to be computed, and how wide its halos are.

use crate::plan::plan::{Action, Extent, Plan, Slot};
use crate::run::blocking::pipeline::{Margins, widen};

impl Plan {
    /// Makes sweeps go beyond the block as far as later ones look into what they store, up to where
    /// halos are filled; and halos without a width as wide as later sweeps look into them.
    pub(crate) fn settle_margins(&mut self) {
        let mut needs: Vec<Margins> = vec![Margins::default(); self.arrays];
        let mut corners = vec![false; self.arrays];
        let Plan { actions, groups, kernels, .. } = self;
        for action in actions.iter_mut().rev() {
            match action {
                Action::Sweep { kernel, inputs, outputs, extent: Extent::Block, beyond } => {
                    let arrays = |slots: &[Slot]| -> Vec<Option<usize>> {
                        let array = |slot: &Slot| match slot {
                            Slot::Array(array) => Some(*array),
                            Slot::Row(_) => None,
                        };
                        slots.iter().map(array).collect()
                    };
                    for array in arrays(outputs).into_iter().flatten() {
                        widen(beyond, &std::mem::take(&mut needs[array]));
                        corners[array] = false;
                    }
                    let wide = beyond.iter().flatten().any(|margin| *margin > 0);
                    for (i, array) in arrays(inputs).into_iter().enumerate() {
                        let Some(array) = array else { continue };
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
                    for array in arrays.iter() {
                        let need = std::mem::take(&mut needs[*array]);
                        if open {
                            widen(&mut width.layers, &need);
                            width.corners |= std::mem::take(&mut corners[*array]);
                        }
                    }
                    // Along one axis there are none.
                    let axes = width.widest().iter().filter(|layers| **layers > 0).count();
                    width.corners &= axes > 1;
                }
                _ => {}
            }
        }
    }
}
