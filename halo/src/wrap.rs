//! The halo cells of a block that is its own neighbour across an axis. They are copies of the cells
//! at its other end.

use fluxions_grid::{Layout, Region};

/// Sets `layers` halo cells at the lower and upper side of `axis` to the cells at the opposite end,
/// with the sign changed if `negate`. `along` gives the cells along the two faces; its extent
/// across them does not count.
pub fn wrap(
    array: &mut [f64],
    layout: &Layout,
    along: &Region,
    axis: usize,
    layers: [usize; 2],
    negate: bool,
) {
    let n = layout.shape()[axis] as isize;
    let period = match axis {
        2 => n,
        _ => n * layout.pitch()[axis] as isize,
    };
    let [low, high] = layers.map(|count| count as isize);
    for (ghosts, shift) in
        [(along.with_axis(axis, -low, 0), period), (along.with_axis(axis, n, n + high), -period)]
    {
        layout.rows(&ghosts, |at, length| {
            let from = (at as isize + shift) as usize;
            if negate {
                (0..length).for_each(|k| array[at + k] = -array[from + k]);
            } else if length <= 4 {
                (0..length).for_each(|k| array[at + k] = array[from + k]);
            } else {
                array.copy_within(from..from + length, at);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ghosts_are_the_cells_of_the_other_end() {
        let layout = Layout::new([2, 3, 5], [1, 2, 2]);
        for axis in 0..3 {
            for negate in [false, true] {
                let mut array: Vec<f64> = (0..layout.length()).map(|i| i as f64 + 1.0).collect();
                let old = array.clone();
                let layers = if axis == 0 { [1, 1] } else { [2, 1] };
                wrap(&mut array, &layout, &layout.domain(), axis, layers, negate);
                let n = layout.shape()[axis] as isize;
                let sign = if negate { -1.0 } else { 1.0 };
                let mut changed = 0;
                for (start, end, shift) in
                    [(-(layers[0] as isize), 0, n), (n, n + layers[1] as isize, -n)]
                {
                    let ghosts = layout.domain().with_axis(axis, start, end);
                    for i in ghosts.start[0]..ghosts.end[0] {
                        for j in ghosts.start[1]..ghosts.end[1] {
                            for k in ghosts.start[2]..ghosts.end[2] {
                                let mut from = [i, j, k];
                                from[axis] += shift;
                                let expected = sign * old[layout.index(from)];
                                assert_eq!(array[layout.index([i, j, k])], expected);
                                changed += 1;
                            }
                        }
                    }
                }
                let differ = array.iter().zip(&old).filter(|(a, b)| a != b).count();
                assert_eq!(differ, changed);
            }
        }
    }
}
