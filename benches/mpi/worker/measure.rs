//! Bursts, as bench.h measures and prints them.

use std::time::Instant;

use fluxions_comm::{Error, World};

const BURSTS: usize = 200;

/// One line of the table: what is measured, with what, and how often it is done in all.
pub(crate) struct Row<'a> {
    pub(crate) bench: &'a str,
    pub(crate) variant: &'a str,
    pub(crate) parameter: &'a str,
    pub(crate) times: usize,
    /// How many messages, one after the other, make one time.
    pub(crate) parts: usize,
    /// Whether all ranks meet before a burst.
    pub(crate) meets: bool,
}

impl Row<'_> {
    /// Does it in short bursts, each as slow as its slowest rank, and prints the best one and the median.
    pub(crate) fn measure(
        &self,
        world: &World,
        mut body: impl FnMut() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let each = self.times / BURSTS + 1;
        let mut bursts = Vec::with_capacity(BURSTS);
        for burst in 0..=BURSTS {
            if self.meets {
                world.barrier()?;
            }
            let began = Instant::now();
            for _ in 0..each {
                body()?;
            }
            let seconds = began.elapsed().as_secs_f64();
            if burst > 0 {
                bursts.push(seconds / each as f64 / self.parts as f64 * 1e6);
            }
        }
        let mut slowest =
            bursts.iter().map(|burst| world.max(*burst)).collect::<Result<Vec<f64>, _>>()?;
        slowest.sort_by(f64::total_cmp);
        if world.is_root() {
            let Row { bench, variant, parameter, .. } = self;
            let (best, median) = (slowest[0], slowest[BURSTS / 2]);
            println!("{bench}\t{variant}\t{parameter}\t{best:.4}\t{median:.4}");
        }
        Ok(())
    }
}
