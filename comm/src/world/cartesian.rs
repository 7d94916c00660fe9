//! Ranks on a grid.

use std::ops::Deref;

use crate::error::{Class, Error};
use crate::waiting::{Call, Operation};
use crate::world::World;

/// Ranks on a grid of any dimensions, whose last axis runs fastest (MPI 4.0, section 8.5). It is a world of these ranks, with
/// messages of its own.
///
/// ```
/// use fluxions_comm::{Error, threads};
///
/// // Every rank of a ring tells its neighbours its coordinate.
/// threads::run(3, |world| {
///     let ring = world.cartesian(&[3], &[true])?.expect("all ranks are in it");
///     let mine = ring.coordinates(ring.rank())?[0];
///     let (below, above) = ring.shift(0, 1)?;
///     let mut found = [0];
///     ring.sendrecv(&[mine], above, 0, &mut found, below, 0)?;
///     assert_eq!(found[0], (mine + 2) % 3);
///     Ok::<(), Error>(())
/// })?;
/// # Ok::<(), Error>(())
/// ```
pub struct Cartesian {
    world: World,
    dimensions: Vec<usize>,
    periodic: Vec<bool>,
}

impl Deref for Cartesian {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

fn wrong(text: impl Into<String>) -> Error {
    Error::failed(Call::of_all(Operation::Cartesian, 0), Class::Dimensions, text)
}

impl World {
    /// Puts ranks on a grid of these dimensions, in their order. Ranks beyond the grid are in none. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(6, |world| {
    /// let grid = world.cartesian(&[2, 3], &[true, false])?.unwrap();
    /// assert_eq!(grid.coordinates(5)?, [1, 2]);
    /// assert_eq!(grid.rank_at(&[-1, 0])?, Some(3)); // periodic
    /// assert_eq!(grid.rank_at(&[0, -1])?, None);
    /// // The neighbours below and above along the second axis.
    /// let row = 3 * (grid.rank() / 3);
    /// if grid.rank() == row {
    ///     assert_eq!(grid.shift(1, 1)?, (None, Some(row + 1)));
    /// }
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If the grid has more places than there are ranks, or an axis of no length, or if another rank has failed.
    pub fn cartesian(
        &self,
        dimensions: &[usize],
        periodic: &[bool],
    ) -> Result<Option<Cartesian>, Error> {
        if periodic.len() != dimensions.len() {
            let (axes, said) = (dimensions.len(), periodic.len());
            return Err(wrong(format!("{said} of {axes} axes are said to be periodic or not")));
        }
        let places = dimensions.iter().try_fold(1usize, |product, n| product.checked_mul(*n));
        let places =
            places.filter(|places| (1..=self.size()).contains(places)).ok_or_else(|| {
                wrong(format!("a grid of {dimensions:?} does not fit {} rank(s)", self.size()))
            })?;
        let world = match places == self.size() {
            true => Some(self.dup()?),
            false => self.split((self.rank() < places).then_some(0), 0)?,
        };
        Ok(world.map(|world| Cartesian {
            world,
            dimensions: dimensions.to_vec(),
            periodic: periodic.to_vec(),
        }))
    }
}

impl Cartesian {
    /// The lengths of the axes.
    pub fn dimensions(&self) -> &[usize] {
        &self.dimensions
    }

    /// Which axes are periodic.
    pub fn periodic(&self) -> &[bool] {
        &self.periodic
    }

    /// The coordinates of a rank.
    ///
    /// # Errors
    /// If there is no such rank.
    pub fn coordinates(&self, rank: usize) -> Result<Vec<usize>, Error> {
        let call = Call { peer: Some(rank), ..Call::of_all(Operation::Cartesian, 0) };
        self.world.check_rank(Some(rank), call)?;
        let mut rest = rank;
        let mut coordinates = vec![0; self.dimensions.len()];
        for (coordinate, length) in coordinates.iter_mut().zip(&self.dimensions).rev() {
            *coordinate = rest % length;
            rest /= length;
        }
        Ok(coordinates)
    }

    /// The rank at some coordinates, which go round along periodic axes. Nothing beyond the ends of others.
    ///
    /// # Errors
    /// If there is not one coordinate for each axis.
    pub fn rank_at(&self, coordinates: &[isize]) -> Result<Option<usize>, Error> {
        if coordinates.len() != self.dimensions.len() {
            let (axes, found) = (self.dimensions.len(), coordinates.len());
            return Err(wrong(format!("{found} coordinate(s) for {axes} axes")));
        }
        let axes = coordinates.iter().zip(&self.dimensions).zip(&self.periodic);
        Ok(axes.into_iter().try_fold(0, |rank, ((coordinate, length), periodic)| {
            let place = match periodic {
                true => coordinate.rem_euclid(*length as isize) as usize,
                false => usize::try_from(*coordinate).ok().filter(|place| place < length)?,
            };
            Some(rank * length + place)
        }))
    }

    /// From whom this rank receives, and to whom it sends, if all ranks send along an axis by this displacement. Nobody beyond
    /// the ends of an axis that is not periodic.
    ///
    /// # Errors
    /// If there is no such axis.
    pub fn shift(
        &self,
        axis: usize,
        displacement: isize,
    ) -> Result<(Option<usize>, Option<usize>), Error> {
        if axis >= self.dimensions.len() {
            return Err(wrong(format!("there is no axis {axis}")));
        }
        let here = self.coordinates(self.rank())?;
        let at = |displacement: isize| {
            let mut there: Vec<isize> = here.iter().map(|place| *place as isize).collect();
            there[axis] = there[axis].saturating_add(displacement);
            self.rank_at(&there)
        };
        Ok((at(displacement.saturating_neg())?, at(displacement)?))
    }

    /// The part of the grid that lies along the axes that are kept, through this rank. Collective.
    ///
    /// ```
    /// # use fluxions_comm::*;
    /// # threads::run(4, |world| {
    /// let grid = world.cartesian(&[2, 2], &[false, false])?.unwrap();
    /// let row = grid.sub(&[false, true])?;
    /// assert_eq!((row.size(), row.dimensions()), (2, [2].as_slice()));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If it is not said of each axis whether it is kept, or if another rank has failed.
    pub fn sub(&self, kept: &[bool]) -> Result<Cartesian, Error> {
        if kept.len() != self.dimensions.len() {
            let (axes, said) = (self.dimensions.len(), kept.len());
            return Err(wrong(format!("{said} of {axes} axes are said to be kept or not")));
        }
        let here = self.coordinates(self.rank())?;
        // Ranks in one part agree in all coordinates that are not kept.
        let colour = (0..kept.len()).filter(|axis| !kept[*axis]);
        let colour = colour.fold(0, |colour, axis| colour * self.dimensions[axis] + here[axis]);
        let world = self.world.split(colour, 0)?.ok_or_else(|| wrong("a rank is in no part"))?;
        fn select<T: Copy>(list: &[T], kept: &[bool]) -> Vec<T> {
            list.iter().zip(kept).filter(|(_, kept)| **kept).map(|(item, _)| *item).collect()
        }
        Ok(Cartesian {
            world,
            dimensions: select(&self.dimensions, kept),
            periodic: select(&self.periodic, kept),
        })
    }
}

/// Dimensions of a grid of so many ranks, as close to each other as can be, the longest first. Those that are given and not 0
/// stay.
///
/// ```
/// use fluxions_comm::balanced_dimensions;
///
/// assert_eq!(balanced_dimensions(12, &[0, 0])?, [4, 3]);
/// assert_eq!(balanced_dimensions(12, &[0, 2, 0])?, [3, 2, 2]);
/// assert!(balanced_dimensions(12, &[5, 0]).is_err());
/// # Ok::<(), fluxions_comm::Error>(())
/// ```
///
/// # Errors
/// If the ranks cannot be divided in this way.
pub fn balanced_dimensions(ranks: usize, given: &[usize]) -> Result<Vec<usize>, Error> {
    let fixed = given.iter().filter(|n| **n > 0).try_fold(1usize, |all, n| all.checked_mul(*n));
    let free = given.iter().filter(|n| **n == 0).count();
    let rest =
        fixed.filter(|fixed| ranks > 0 && ranks.is_multiple_of(*fixed)).map(|fixed| ranks / fixed);
    let rest = rest.filter(|rest| free > 0 || *rest == 1).ok_or_else(|| {
        wrong(format!("{ranks} rank(s) cannot be divided into a grid of {given:?}"))
    })?;
    let mut found = factors(rest, free, rest).unwrap_or_default().into_iter();
    Ok(given.iter().map(|n| if *n > 0 { *n } else { found.next().unwrap_or(1) }).collect())
}

/// So many factors of a number, none larger than `most` and in descending order, the first as small as can be, then the
/// second, and so on.
fn factors(number: usize, count: usize, most: usize) -> Option<Vec<usize>> {
    if count == 0 {
        return (number == 1).then(Vec::new);
    }
    (1..=most.min(number)).filter(|first| number.is_multiple_of(*first)).find_map(|first| {
        let mut all = vec![first];
        all.extend(factors(number / first, count - 1, first)?);
        Some(all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_balanced() {
        for (ranks, axes, expected) in [
            (6, 2, vec![3, 2]),
            (7, 2, vec![7, 1]),
            (7, 3, vec![7, 1, 1]),
            (24, 3, vec![4, 3, 2]),
            (64, 3, vec![4, 4, 4]),
            (1, 2, vec![1, 1]),
        ] {
            assert_eq!(balanced_dimensions(ranks, &vec![0; axes]).unwrap(), expected);
        }
        assert_eq!(balanced_dimensions(6, &[3, 2]).unwrap(), [3, 2]);
        for wrong in [&[4, 2][..], &[0, 4], &[], &[6, 2]] {
            assert!(balanced_dimensions(6, wrong).is_err(), "{wrong:?}");
        }
        assert!(balanced_dimensions(0, &[0]).is_err());
    }

    #[test]
    fn coordinates_and_ranks() {
        let grid =
            Cartesian { world: World::solo(), dimensions: vec![1, 1], periodic: vec![true, false] };
        assert_eq!(grid.coordinates(0).unwrap(), [0, 0]);
        assert_eq!(grid.rank_at(&[-7, 0]).unwrap(), Some(0));
        assert_eq!(grid.rank_at(&[0, 1]).unwrap(), None);
        assert_eq!(grid.shift(0, 1).unwrap(), (Some(0), Some(0)));
        assert_eq!(grid.shift(1, 1).unwrap(), (None, None));
        assert!(grid.shift(2, 1).is_err() && grid.rank_at(&[0]).is_err());
        assert!(grid.coordinates(1).is_err() && grid.sub(&[true]).is_err());
    }
}
