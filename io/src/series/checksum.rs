//! Checksums of snapshots: for each component of a field the sum, modulo 2^64, of a hash of each number's bits and
//! the number of its cell. So each rank adds what it has, and the sum does not depend on ranks.

/// The sum of the hashes of numbers in a row of cells, whose first has this number in the grid.
#[inline(always)]
pub(crate) fn of_row(bits: impl Iterator<Item = u64>, first: u64) -> u64 {
    bits.zip(first..).fold(0, |sum, (bits, cell)| sum.wrapping_add(hash(bits, cell)))
}

/// The sum as it is stored: 0 stands for what was not written.
pub(crate) fn stored(sum: u64) -> u64 {
    sum.max(1)
}

/// A hash of a number in a cell: the finisher of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, figure 17), for the bits
/// of the number and a multiple of the cell's number by the golden ratio.
#[inline(always)]
fn hash(bits: u64, cell: u64) -> u64 {
    let z = bits ^ cell.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_tells_of_changes_and_of_the_order_but_not_of_the_parts() {
        let bits: Vec<u64> = (0..50).map(|k| f64::from(k).sqrt().to_bits()).collect();
        let whole = of_row(bits.iter().copied(), 0);
        let parts = of_row(bits[..20].iter().copied(), 0)
            .wrapping_add(of_row(bits[20..].iter().copied(), 20));
        assert_eq!(whole, parts);
        let mut swapped = bits.clone();
        swapped.swap(3, 4);
        assert_ne!(of_row(swapped.into_iter(), 0), whole);
        for bit in 0..64 {
            let mut flipped = bits.clone();
            flipped[7] ^= 1 << bit;
            assert_ne!(of_row(flipped.into_iter(), 0), whole, "{bit}");
        }
        assert_eq!((stored(0), stored(5)), (1, 5));
    }
}
