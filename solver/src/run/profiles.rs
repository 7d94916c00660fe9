//! The profiles of kernels on one block: the coordinates of cells, followed by metric factors.

use std::collections::BTreeSet;

use fluxions_expr::Kernel;
use fluxions_expr::rows::Profile;
use fluxions_grid::Metric;
use fluxions_halo::Subdomain;

use crate::operators::FIRST_METRIC;
use crate::plan::profile::AxisProfile;
use crate::system::pde::Pde;

/// The profiles at the cells of a block and of its halo: the coordinate along each of the three
/// axes and then, on curvilinear grids, each metric factor. The halo cells beyond the ends of a
/// periodic axis are copies of the cells at the other end, and have the profiles of those cells.
///
/// For advected fields, the profiles of [`AxisProfile`] follow, as far as these kernels use them.
pub(crate) fn of_block(
    pde: &Pde,
    block: &Subdomain,
    halo: [usize; 3],
    kernels: &[Kernel],
) -> Vec<Profile> {
    let grid = pde.grid();
    let along = |axis: usize, value: &dyn Fn(isize) -> f64| {
        let (n, before) = (block.shape()[axis] as isize, halo[axis]);
        let start = block.start()[axis] as isize;
        let whole = grid.inner_axis(axis).filter(|named| named.is_periodic());
        let index = |i: isize| match whole {
            Some(named) => (start + i).rem_euclid(named.cells() as isize),
            None => start + i,
        };
        let values = (-(before as isize)..n + before as isize).map(|i| value(index(i)));
        Profile { values: values.collect(), before }
    };
    let mut profiles: Vec<Profile> = (0..FIRST_METRIC)
        .map(|axis| match grid.inner_axis(axis) {
            Some(named) => along(axis, &|index| named.centre(index)),
            None => Profile::default(),
        })
        .collect();
    if grid.geometry().is_curvilinear() {
        let radial = grid.missing();
        let metric = |m: &Metric| along(radial, &|index| grid.metric(*m, index));
        profiles.extend(Metric::ALL.iter().map(metric));
    }
    let edges = pde.edges();
    if !edges.is_empty() {
        profiles.resize(FIRST_METRIC + AxisProfile::profiles(edges.len()), Profile::default());
        let used: BTreeSet<usize> = kernels.iter().flat_map(Kernel::profiles).collect();
        for number in used.range(FIRST_METRIC..) {
            let (ends, axis, what, shift) = AxisProfile::of_number(*number);
            let Some(named) = grid.inner_axis(axis) else { continue };
            let ends = edges[ends][axis];
            profiles[*number] = along(axis, &|index| what.value(named, ends, index + shift));
        }
    }
    profiles
}
