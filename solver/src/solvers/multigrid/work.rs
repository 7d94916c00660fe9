//! What there is to do on a grid on the way through a cycle, in one pass over its rows where that is possible: each stage
//! follows in a row as soon as the stage before is done in the rows beside, while they are still in the cache.

use pulp::NullaryFnOnce;

use crate::error::Error;
use crate::solvers::multigrid::level::{Level, RowOfCells};
use crate::solvers::multigrid::slab::Edges;
use crate::solvers::multigrid::smoothing::Beside;
use crate::solvers::multigrid::transfer::{CorrectAll, Correction, RestrictAll, Restriction};
use crate::solvers::wide::widely;

impl Level {
    /// Corrects the solution so many times. Collective.
    pub(crate) fn smooth(&mut self, edges: &mut Edges, times: usize) -> Result<(), Error> {
        self.work(edges, Work { times, ..Work::default() })
    }

    /// The same from the solution 0, whatever it was. Collective.
    pub(crate) fn smooth_zero(&mut self, edges: &mut Edges, times: usize) -> Result<(), Error> {
        self.work(edges, Work { times, from_zero: true, ..Work::default() })
    }

    /// Does what there is to do. Collective.
    pub(crate) fn work(&mut self, edges: &mut Edges, mut work: Work<'_, '_>) -> Result<(), Error> {
        if !self.tied {
            match self.offsets.len() {
                3 => return self.work_in_place::<2>(edges, work),
                5 => return self.work_in_place::<4>(edges, work),
                7 => return self.work_in_place::<6>(edges, work),
                _ => {}
            }
        }
        if let Some(correction) = &mut work.correction {
            widely(CorrectAll { correction, fine: self });
        }
        if work.from_zero {
            self.x.fill(0.0);
        }
        for colour in (0..work.times).flat_map(|_| [0, 1]) {
            edges.renew(self)?;
            match self.offsets.len() {
                9 => widely(Beside::<8> { level: self, colour }),
                27 => widely(Beside::<26> { level: self, colour }),
                _ => self.smooth_any(colour),
            }
        }
        if let Some(restriction) = &mut work.restriction {
            edges.renew(self)?;
            widely(RestrictAll { restriction, fine: self });
        }
        Ok(())
    }

    /// The same where cells of a colour are no neighbours.
    fn work_in_place<const N: usize>(
        &mut self,
        edges: &mut Edges,
        mut work: Work<'_, '_>,
    ) -> Result<(), Error> {
        if !work.from_zero && work.correction.is_none() {
            edges.renew(self)?;
        }
        let (open, joins) = (edges.are_open(), edges.join_rows());
        widely(InPlace::<N> { level: self, joins, open, work: &mut work });
        if open != [false; 2] {
            for stage in 1..work.stages() {
                edges.renew(self)?;
                widely(AtEdges::<N> { level: self, joins, open, stage, work: &mut work });
            }
        }
        Ok(())
    }
}

/// What there is to do on a level: a correction, smoothing, and the right side of a coarser level.
#[derive(Default)]
pub(crate) struct Work<'w, 'l> {
    pub(crate) correction: Option<&'w mut Correction>,
    pub(crate) from_zero: bool,
    pub(crate) times: usize,
    pub(crate) restriction: Option<&'w mut Restriction<'l>>,
}

/// A part of it that is done row by row, where each sees what was done before in the rows beside.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Correction,
    /// Smoothing of a colour, and whether it is the first.
    Colour(usize, bool),
    Restriction,
}

impl Work<'_, '_> {
    /// How many stages there are.
    #[inline(always)]
    fn stages(&self) -> usize {
        let others = [self.correction.is_some(), self.restriction.is_some()];
        2 * self.times + others.into_iter().filter(|there| *there).count()
    }

    #[inline(always)]
    fn stage(&self, number: usize) -> Stage {
        let number = match (number, self.correction.is_some()) {
            (0, true) => return Stage::Correction,
            (number, corrects) => number - usize::from(corrects),
        };
        if number < 2 * self.times {
            Stage::Colour(number % 2, number == 0)
        } else {
            Stage::Restriction
        }
    }

    /// Does a stage other than the last one in a row.
    #[inline(always)]
    fn do_in<const N: usize>(
        &mut self,
        level: &mut Level,
        row: RowOfCells,
        stage: Stage,
        joins: bool,
    ) {
        match stage {
            Stage::Correction => {
                if let Some(correction) = &mut self.correction {
                    correction.correct(level, row);
                }
            }
            Stage::Colour(_, true) if self.from_zero => level.begin(row),
            Stage::Colour(colour, _) => level.relax::<N>(row, colour),
            Stage::Restriction => {}
        }
        if joins {
            level.join(row);
        }
    }
}

/// All stages, but for rows that see what comes from beyond open ends: in the first stage none, and in each other one those
/// beside rows that were left out in the stage before.
struct InPlace<'l, 'w, 'c, const N: usize> {
    level: &'l mut Level,
    joins: bool,
    open: [bool; 2],
    work: &'l mut Work<'w, 'c>,
}

impl<const N: usize> NullaryFnOnce for InPlace<'_, '_, '_, N> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let InPlace { level, joins, open, work } = self;
        // A stage follows in a row as soon as those around it are done in the stage before, while they are still in
        // the cache.
        let [n0, n1, _] = level.shape;
        let (rows, later) = (n0 * n1, if n0 > 1 { n1 + 1 } else { 1 });
        let stages = work.stages();
        let mut made = 0;
        for first in 0..rows + (stages - 1) * later {
            for number in 0..stages {
                let Some(row) = first.checked_sub(number * later) else { break };
                if row >= rows {
                    continue;
                }
                let stage = work.stage(number);
                if stage != Stage::Restriction {
                    let row = level.row(row);
                    if number == 0 || !level.is_near_edge(row, open, number) {
                        work.do_in::<N>(level, row, stage, joins);
                    }
                    continue;
                }
                let Some(restriction) = &mut work.restriction else { continue };
                while made < restriction.rows() && restriction.last_of(level, made) <= row {
                    if !restriction.is_near_edge(level, made, open, number) {
                        restriction.make(level, made);
                    }
                    made += 1;
                }
            }
        }
    }
}

/// A stage in the rows that were left out.
struct AtEdges<'l, 'w, 'c, const N: usize> {
    level: &'l mut Level,
    joins: bool,
    open: [bool; 2],
    stage: usize,
    work: &'l mut Work<'w, 'c>,
}

impl<const N: usize> NullaryFnOnce for AtEdges<'_, '_, '_, N> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let AtEdges { level, joins, open, stage: number, work } = self;
        let stage = work.stage(number);
        if stage != Stage::Restriction {
            for row in 0..level.shape[0] * level.shape[1] {
                let row = level.row(row);
                if level.is_near_edge(row, open, number) {
                    work.do_in::<N>(level, row, stage, joins);
                }
            }
            return;
        }
        let Some(restriction) = &mut work.restriction else { return };
        for row in 0..restriction.rows() {
            if restriction.is_near_edge(level, row, open, number) {
                restriction.make(level, row);
            }
        }
    }
}
