//! Measures, at the start, how many steps, slabs and cells of a tile are best for a wavefront.
//!
//! The best choice depends on caches and memory, and on who shares them. It never changes a bit of
//! the results.

use std::time::Instant;

use fluxions_comm::World;
use fluxions_halo::Subdomain;

use crate::error::Error;
use crate::run::blocking::deep_pipeline::{DeepPipeline, STEPS};
use crate::run::blocking::wavefront::{WHOLE, Wavefront};
use crate::run::counts::Counts;
use crate::run::memory::Memory;

/// The largest number of steps if nothing can be measured.
const UNMEASURED: usize = 4;
/// The numbers of cells of tiles along the second axis that are tried. In three dimensions slabs
/// lie across axis 0, and these are rows of a plane. In two dimensions they are cells of a row.
const TILES: [&[usize]; 2] = [&[16, 32, 64], &[512, 1024]];
/// A task advances as many slabs at a time as fit into this number of bytes, and at least one.
const BATCH: usize = 64 << 10;
/// The most slabs that a task advances at a time.
const MOST_SLABS: usize = 64;
/// Each choice is timed over arrays of this number of bytes, which is more than caches hold. If
/// there are fewer, it is timed over all of them.
const TIMED: usize = 64 << 20;
/// A choice that takes fewer seconds than this is timed once more, so that other programs on the
/// machine disturb the measurement less.
const SHORT: f64 = 0.05;
/// A choice is not tried if the measurements would take more seconds than this. So little is tried
/// where arithmetic takes most of the time, which nothing here changes.
const ENOUGH: f64 = 0.5;
/// A choice must be faster than the best one so far by this factor.
const BETTER: f64 = 1.02;
/// A block that stays in the fastest caches is swept so many times for a measurement that about this
/// number of cells are computed. Its halos are exchanged each time, as that takes a good part of
/// the time.
const CELLS: usize = 1 << 14;
/// The most times that such a block is swept for a measurement.
const MOST_SWEEPS: usize = 64;
/// The numbers of steps that are tried in such a block.
const STEPS_IN_CACHE: [usize; 2] = [1, 4];
/// What [`SHORT`] is in such a block.
const SHORT_IN_CACHE: f64 = 1e-3;

impl DeepPipeline {
    /// Chooses the numbers of steps, slabs and cells of a tile of a wavefront. Some sweeps over the
    /// memory are timed, unless they would call closures of the program. Collective.
    pub(crate) fn tune(
        &self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        wavefront: &mut Wavefront,
    ) -> Result<(), Error> {
        let slabs = block.shape()[self.pipeline.axis];
        let along = block.shape()[self.pipeline.tile_axis];
        let slab_bytes = (memory.layout().length() / slabs.max(1)).max(1) * size_of::<f64>();
        // Blocks that must not be cut into tiles are not cut, whatever the program asks for.
        let tile = self.asked.tile.filter(|cells| self.tiled && *cells > 0);
        wavefront.tile = tile.unwrap_or(WHOLE);
        let batch = |tile: usize| {
            let bytes = (slab_bytes * tile.min(along) / along.max(1)).max(1);
            self.asked.slabs.unwrap_or((BATCH / bytes).min(MOST_SLABS)).max(1)
        };
        wavefront.slabs = batch(wavefront.tile);
        if self.asked.steps.is_some() {
            return Ok(());
        }
        let most = wavefront.steps;
        if wavefront.calls_closures() {
            wavefront.steps = most.min(UNMEASURED);
            return Ok(());
        }
        let timed = (TIMED / (slab_bytes * memory.arrays())).max(4 * most).min(slabs) as isize;
        // The first sweep touches the memory, since the system provides pages only when they are
        // touched.
        wavefront.steps = 1;
        wavefront.sweep(block, memory, 1, |_| (0.0, 0.0, 1.0), None);
        wavefront.choose_ways(memory)?;
        let in_cache = self.in_cache.is_some();
        // All ranks must exchange halos as many times.
        let sweeps = (CELLS / self.in_cache.unwrap_or(CELLS).max(1)).clamp(1, MOST_SWEEPS);
        // Each sweep goes over another part of the block. Where the block is larger than the
        // caches, this part is no longer in them.
        let mut parts = (0..slabs as isize / timed).cycle().map(|part| part * timed);
        let mut time = |wavefront: &mut Wavefront| {
            let start = parts.next().expect("a block has a part to be timed on");
            let (steps, still) = (wavefront.steps, |_| (0.0, 0.0, 1.0));
            let began = Instant::now();
            if in_cache {
                for _ in 0..sweeps {
                    wavefront.advance(block, memory, steps, still, &mut Counts::default())?;
                }
            } else {
                wavefront.sweep(block, memory, steps, still, Some(start..start + timed));
            }
            Ok::<_, Error>(world.max(began.elapsed().as_secs_f64())?)
        };
        let (first_tile, first_slabs) = (wavefront.tile, wavefront.slabs);
        let mut best = (f64::INFINITY, (1, first_tile, first_slabs));
        let mut spent = 0.0;
        let mut attempt = |wavefront: &mut Wavefront, steps: usize, tile, slabs| {
            // All ranks agree about these times, and so about what is tried.
            if best.0.is_finite() && spent + best.0 * steps as f64 > ENOUGH {
                return Ok(());
            }
            (wavefront.steps, wavefront.tile, wavefront.slabs) = (steps, tile, slabs);
            let mut seconds = time(wavefront)?;
            spent += seconds;
            if seconds < if in_cache { SHORT_IN_CACHE } else { SHORT } {
                let again = time(wavefront)?;
                spent += again;
                seconds = seconds.min(again);
            }
            let seconds = seconds / steps as f64;
            if seconds * BETTER < best.0 {
                best = (seconds, (steps, tile, slabs));
            }
            (wavefront.steps, wavefront.tile, wavefront.slabs) = best.1;
            Ok::<_, Error>(())
        };
        if in_cache {
            for steps in STEPS_IN_CACHE.into_iter().filter(|n| *n < most).chain([most]) {
                attempt(wavefront, steps, first_tile, first_slabs)?;
            }
            return Ok(());
        }
        let mut tiles = vec![first_tile];
        if self.tiled && self.asked.tile.is_none() {
            tiles.extend(TILES[self.pipeline.axis]);
        }
        for tile in tiles {
            // With tiles more steps stay in the caches than without. So smaller numbers of steps
            // are not tried.
            let least = wavefront.steps;
            let slabs = batch(tile);
            for steps in STEPS.into_iter().rev().filter(|n| (least..=most).contains(n)) {
                attempt(wavefront, steps, tile, slabs)?;
            }
        }
        if self.asked.slabs.is_none() {
            let Wavefront { steps, tile, slabs, .. } = *wavefront;
            for slabs in [2 * slabs, slabs / 2] {
                if (1..=MOST_SLABS).contains(&slabs) {
                    attempt(wavefront, steps, tile, slabs)?;
                }
            }
        }
        Ok(())
    }
}
