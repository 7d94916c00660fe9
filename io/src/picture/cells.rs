//! Cells as pixels: fewer and larger ones where there are more cells than pixels.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};

/// The means of blocks of values, as many along each axis as `most` allows; the values themselves
/// where these are fewer. A block in which a number is missing has none. Angles, which are `cyclic`,
/// have no mean: the value in the middle stands for the block.
pub(super) fn reduced(values: ArrayView2<'_, f64>, most: [usize; 2], cyclic: bool) -> Array2<f64> {
    let (nx, ny) = values.dim();
    let [mx, my] = [nx.min(most[0].max(1)), ny.min(most[1].max(1))];
    if (mx, my) == (nx, ny) {
        return values.to_owned();
    }
    let block = |k: usize, blocks: usize, n: usize| -> Range<usize> {
        let block = k * n / blocks..((k + 1) * n / blocks).max(k * n / blocks + 1);
        let middle = (block.start + block.end) / 2;
        if cyclic { middle..middle + 1 } else { block }
    };
    Array2::from_shape_fn((mx, my), |(i, j)| {
        let part = values.slice(ndarray::s![block(i, mx, nx), block(j, my, ny)]);
        // Divided before they are added: sums may overflow.
        let weight = 1.0 / part.len() as f64;
        part.fold(0.0, |sum, x| sum + weight * x)
    })
}

/// The value at fractions of the ways along both axes.
pub(super) fn at<T: Copy>(values: &Array2<T>, [x, y]: [f64; 2]) -> T {
    let (nx, ny) = values.dim();
    let cell = |fraction: f64, n: usize| ((fraction * n as f64) as usize).min(n - 1);
    values[(cell(x, nx), cell(y, ny))]
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn blocks_have_means_and_angles_none() {
        let values = array![[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, f64::NAN]];
        assert_eq!(reduced(values.view(), [8, 8], false).dim(), (2, 4));
        let means = reduced(values.view(), [1, 2], false);
        assert_eq!(means[(0, 0)], 3.5);
        assert!(means[(0, 1)].is_nan());
        let middles = reduced(values.slice(ndarray::s![.., ..3]), [2, 1], true);
        assert_eq!(middles, array![[2.0], [6.0]]);
        let largest = array![[1.7e308, 1.7e308]];
        assert_eq!(reduced(largest.view(), [1, 1], false), array![[1.7e308]]);
    }

    #[test]
    fn a_cell_is_found_by_its_place() {
        let values = array![[0, 1], [2, 3], [4, 5]];
        assert_eq!(at(&values, [0.0, 0.0]), 0);
        assert_eq!(at(&values, [0.5, 0.9]), 3);
        assert_eq!(at(&values, [1.0, 1.0]), 5);
    }
}
