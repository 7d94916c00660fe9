//! Doubles as integers of the same order, so that the largest of many doubles is found exactly. If
//! any of them is NaN, the result is NaN.

/// An integer that is ordered like the double, with −0 below +0. Every NaN becomes `nan`.
pub(crate) fn to_ordered(x: f64, nan: i64) -> i64 {
    if x.is_nan() {
        return nan;
    }
    let bits = x.to_bits() as i64;
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

/// The double of an ordered integer. The extreme integers stand for NaN.
pub(crate) fn from_ordered(ordered: i64) -> f64 {
    if ordered == i64::MAX || ordered == i64::MIN {
        return f64::NAN;
    }
    let bits = if ordered < 0 { ordered ^ i64::MAX } else { ordered };
    f64::from_bits(bits as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_bits_are_kept() {
        let ascending = [
            f64::NEG_INFINITY,
            f64::MIN,
            -1.0,
            -f64::MIN_POSITIVE,
            -5e-324,
            -0.0,
            0.0,
            5e-324,
            1.0,
            f64::MAX,
            f64::INFINITY,
        ];
        let ordered = ascending.map(|x| to_ordered(x, i64::MAX));
        assert!(ordered.windows(2).all(|w| w[0] < w[1]));
        for (x, o) in ascending.iter().zip(ordered) {
            assert_eq!(from_ordered(o).to_bits(), x.to_bits());
            assert!(o < i64::MAX && o > i64::MIN);
        }
        assert!(from_ordered(to_ordered(f64::NAN, i64::MIN)).is_nan());
    }
}
