//! Reductions of MPI processes whose bits depend on the order, so that MPI must not choose it.

use std::ops::Range;

use crate::data::Data;
use crate::error::Error;
use crate::mpi::Communicator;
use crate::operator::{Operator, fold};
use crate::waiting::Call;

/// Lists that take so many bytes on all ranks together are combined by all ranks.
const SHORT: usize = 1 << 16;

impl Communicator {
    fn is_short<T>(&self, data: &[T]) -> bool {
        size_of_val(data).saturating_mul(self.size()) <= SHORT
    }

    /// How many of so many elements each rank combines.
    fn parts(&self, length: usize) -> Vec<usize> {
        let (each, more) = (length / self.size(), length % self.size());
        (0..self.size()).map(|rank| each + usize::from(rank < more)).collect()
    }

    /// The elements of all ranks combined that are this rank's part, and how many each rank has.
    fn combined_part<T: Data>(
        &self,
        data: &[T],
        operator: &impl Operator<T>,
        call: Call,
    ) -> Result<(Vec<T>, Vec<usize>), Error> {
        let parts = self.parts(data.len());
        let mine = parts[self.rank()];
        // As many as all ranks send here; what is in them does not matter.
        let mut all: Vec<T> = data.iter().copied().cycle().take(mine * self.size()).collect();
        let from = vec![mine; self.size()];
        self.alltoallv((data, &parts), (&mut all, &from), call)?;
        let mut part = all[..mine].to_vec();
        fold(&all, mine, operator, &mut part);
        Ok((part, parts))
    }

    pub(super) fn allreduce_in_order<T: Data>(
        &self,
        data: &mut [T],
        operator: &impl Operator<T>,
        call: Call,
    ) -> Result<(), Error> {
        if self.is_short(data) {
            return self.scan_in_order(data, operator, 0..self.size(), call);
        }
        let (part, parts) = self.combined_part(data, operator, call)?;
        self.allgatherv(&part, data, &parts, call)
    }

    pub(super) fn reduce_in_order<T: Data>(
        &self,
        data: &mut [T],
        operator: &impl Operator<T>,
        root: usize,
        call: Call,
    ) -> Result<(), Error> {
        let is_root = self.rank() == root;
        if self.is_short(data) {
            let mut all = if is_root { data.repeat(self.size()) } else { Vec::new() };
            self.gather(data, &mut all, root, call)?;
            if is_root {
                fold(&all, data.len(), operator, data);
            }
            return Ok(());
        }
        let (part, parts) = self.combined_part(data, operator, call)?;
        match is_root {
            true => self.gatherv(&part, data, &parts, root, call),
            false => self.gatherv(&part, &mut [], &[], root, call),
        }
    }

    /// Combines the elements of some ranks, piece by piece, so that memory does not grow with the number of ranks.
    pub(super) fn scan_in_order<T: Data>(
        &self,
        data: &mut [T],
        operator: &impl Operator<T>,
        ranks: Range<usize>,
        call: Call,
    ) -> Result<(), Error> {
        let piece = (SHORT / size_of::<T>() / self.size()).max(1);
        for piece in data.chunks_mut(piece) {
            let mut all = piece.repeat(self.size());
            self.allgather(piece, &mut all, call)?;
            let length = piece.len();
            fold(&all[ranks.start * length..ranks.end * length], length, operator, piece);
        }
        Ok(())
    }
}
