//! Numbers on their way to a file.

use memmap2::MmapMut;

use super::number::NumberType;

/// Bytes of a large page, in which addresses are translated faster than in many small ones.
pub(crate) const LARGE_PAGE: usize = 2 << 20;

/// Numbers in runs of cells that follow one another in the grid.
pub(crate) struct Piece {
    /// How many bytes it has room for.
    most: usize,
    /// Nothing before it is used. The system gives pages as they are filled, and they are used again and again.
    bytes: Option<MmapMut>,
    filled: usize,
    /// Where runs begin: the number of the cell, and the place in the bytes.
    runs: Vec<(u64, usize)>,
    /// The cell after the last one.
    next: u64,
}

impl Piece {
    /// A piece with room for so many bytes.
    pub(crate) fn of(most: usize) -> Self {
        Piece { most, bytes: None, filled: 0, runs: Vec::new(), next: 0 }
    }

    /// For how many more numbers there is room.
    pub(crate) fn room(&self, numbers: NumberType) -> usize {
        (self.most - self.filled) / numbers.size
    }

    /// Adds numbers from this cell on, for which there is room.
    ///
    /// # Errors
    /// If the system does not grant the memory.
    pub(crate) fn append(
        &mut self,
        cell: u64,
        numbers: NumberType,
        re: &[f64],
        im: Option<&[f64]>,
    ) -> std::io::Result<()> {
        let end = self.filled + re.len() * numbers.size;
        let bytes = match &mut self.bytes {
            Some(bytes) => bytes,
            None => self.bytes.insert(memory(self.most)?),
        };
        if self.runs.is_empty() || cell != self.next {
            self.runs.push((cell, self.filled));
        }
        numbers.put(re, im, &mut bytes[self.filled..end]);
        (self.filled, self.next) = (end, cell + re.len() as u64);
        Ok(())
    }

    /// The runs: the number of the first cell, and the bytes.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let ends = self.runs.iter().skip(1).map(|(_, begin)| *begin).chain([self.filled]);
        let bytes = self.bytes.as_deref().unwrap_or_default();
        self.runs.iter().zip(ends).map(move |((cell, begin), end)| (*cell, &bytes[*begin..end]))
    }

    pub(crate) fn empty(&mut self) {
        self.filled = 0;
        self.runs.clear();
    }
}

fn memory(bytes: usize) -> std::io::Result<MmapMut> {
    let new = MmapMut::map_anon(bytes)?;
    // Without large pages nothing is lost.
    #[cfg(target_os = "linux")]
    if bytes == LARGE_PAGE {
        let _ = new.advise(memmap2::Advice::HugePage);
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Precision;

    #[test]
    fn cells_that_follow_one_another_are_one_run() {
        let numbers = NumberType::new(Precision::F64, false);
        let mut piece = Piece::of(LARGE_PAGE);
        piece.append(5, numbers, &[1.0, 2.0], None).unwrap();
        piece.append(7, numbers, &[3.0], None).unwrap();
        piece.append(20, numbers, &[4.0], None).unwrap();
        let bytes: Vec<u8> = [1.0, 2.0, 3.0].iter().flat_map(|x: &f64| x.to_le_bytes()).collect();
        let runs: Vec<_> = piece.runs().collect();
        assert_eq!(runs, [(5, &bytes[..]), (20, &4f64.to_le_bytes()[..])]);
        assert_eq!(piece.room(numbers), LARGE_PAGE / 8 - 4);
        piece.empty();
        assert_eq!((piece.runs().count(), piece.room(numbers)), (0, LARGE_PAGE / 8));
        // The cell that would have followed begins a run of the next piece.
        piece.append(21, numbers, &[5.0], None).unwrap();
        assert_eq!(piece.runs().collect::<Vec<_>>(), [(21, &5f64.to_le_bytes()[..])]);
    }
}
