//! Eigenvalues of small matrices.

use num_complex::Complex64;

/// How often an eigenvalue is iterated for.
const MOST: usize = 60;

/// The eigenvalues of an upper Hessenberg matrix, given by its rows, by the QR iteration with Wilkinson's shifts
/// (Golub & Van Loan 2013, "Matrix Computations", 7.5); in no order. Nothing where they cannot be found.
pub(crate) fn eigenvalues(rows: &[Vec<f64>]) -> Option<Vec<Complex64>> {
    let mut h: Vec<Vec<Complex64>> =
        rows.iter().map(|row| row.iter().map(|x| Complex64::new(*x, 0.0)).collect()).collect();
    let mut found = Vec::new();
    let (mut end, mut tries) = (h.len(), 0);
    while end > 0 {
        let last = end - 1;
        // Where the matrix falls apart.
        let is_small = |k: usize| {
            let near = h[k - 1][k - 1].l1_norm() + h[k][k].l1_norm();
            h[k][k - 1].l1_norm() <= f64::EPSILON * near
        };
        let start = (1..end).rev().find(|k| is_small(*k)).unwrap_or(0);
        if start == last {
            found.push(h[last][last]);
            (end, tries) = (last, 0);
            continue;
        }
        tries += 1;
        if tries > MOST || !h[last][last].is_finite() {
            return None;
        }
        let shift = match tries % 11 {
            // A shift out of the ordinary, should the iteration go round in circles.
            10 => h[last][last] + h[last][last - 1].l1_norm(),
            _ => nearest([
                h[last - 1][last - 1],
                h[last - 1][last],
                h[last][last - 1],
                h[last][last],
            ]),
        };
        (start..end).for_each(|k| h[k][k] -= shift);
        let mut rotations = Vec::new();
        for k in start..last {
            let (a, b) = (h[k][k], h[k + 1][k]);
            let length = a.norm().hypot(b.norm());
            let (c, s) =
                if length > 0.0 { (a / length, b / length) } else { (1.0.into(), 0.0.into()) };
            for j in k..end {
                let (x, y) = (h[k][j], h[k + 1][j]);
                (h[k][j], h[k + 1][j]) = (c.conj() * x + s.conj() * y, c * y - s * x);
            }
            rotations.push((c, s));
        }
        for (k, (c, s)) in (start..).zip(rotations) {
            for row in &mut h[start..(k + 2).min(end)] {
                let (x, y) = (row[k], row[k + 1]);
                (row[k], row[k + 1]) = (x * c + y * s, y * c.conj() - x * s.conj());
            }
        }
        (start..end).for_each(|k| h[k][k] += shift);
    }
    Some(found)
}

/// The eigenvalue of the matrix ((a, b), (c, d)) that is nearest to d.
fn nearest([a, b, c, d]: [Complex64; 4]) -> Complex64 {
    let half = (a - d) / 2.0;
    let root = (half * half + b * c).sqrt();
    let one = d + half + root;
    let other = d + half - root;
    if (one - d).norm() < (other - d).norm() { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(rows: &[Vec<f64>]) -> Vec<(f64, f64)> {
        let mut found: Vec<(f64, f64)> =
            eigenvalues(rows).unwrap().iter().map(|z| (z.re, z.im)).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        found
    }

    #[test]
    fn eigenvalues_are_those_that_are_known() {
        // Waves along a ring: the roots of 1.
        let n = 12;
        let ring = |i: usize| (0..n).map(|j| f64::from(u8::from((j + 1) % n == i))).collect();
        for (re, im) in sorted(&(0..n).map(ring).collect::<Vec<_>>()) {
            assert!((re.hypot(im) - 1.0).abs() < 1e-12, "{re} {im}");
        }
        // The second difference between walls: −2 + 2·cos(πk/(n + 1)).
        let entry = |i: usize, j: usize| match i.abs_diff(j) {
            0 => -2.0,
            1 => 1.0,
            _ => 0.0,
        };
        let n = 30;
        let rows: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect();
        for (k, (re, im)) in sorted(&rows).into_iter().rev().enumerate() {
            let angle = std::f64::consts::PI * (k + 1) as f64 / (n + 1) as f64;
            assert!((re + 2.0 - 2.0 * angle.cos()).abs() < 1e-12 && im.abs() < 1e-12, "{k} {re}");
        }
        // The companion matrix of (z − 1)(z² + 2z + 5).
        let companion = [vec![-1.0, -3.0, 5.0], vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]];
        for (found, expected) in
            sorted(&companion).into_iter().zip([(-1.0, -2.0), (-1.0, 2.0), (1.0, 0.0)])
        {
            assert!((found.0 - expected.0).hypot(found.1 - expected.1) < 1e-12, "{found:?}");
        }
        assert_eq!(eigenvalues(&[vec![f64::NAN, 1.0], vec![1.0, 0.0]]), None);
    }
}
