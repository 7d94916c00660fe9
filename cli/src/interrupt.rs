//! What ends a run before its end: signals, and limits of the time by the clock on the wall.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use fluxions_io::Problem;
use fluxions_io::checkpoint::Limit;
use fluxions_io::numbers::duration;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::flag;

/// The signals that end a run after a checkpoint, with their names.
const SIGNALS: [(i32, &str); 3] = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"), (SIGUSR1, "SIGUSR1")];

/// A second signal of a kind ends a run at once, if it comes so long after the first. Slurm sends SIGTERM to all processes
/// of a job and again to those of a step.
const GRACE: Duration = Duration::from_secs(2);

/// How long before the end of a batch job a run begins to stop, apart from what a checkpoint takes: the share of what is
/// left at its start, and at most so long.
const RESERVE: (f64, Duration) = (0.05, Duration::from_secs(60));

/// The signals that this process was sent.
#[derive(Clone)]
pub(crate) struct Signals {
    /// The number of the last one, counted from 1.
    seen: Arc<AtomicUsize>,
    /// For each of them, whether it ends the process at once.
    ends: Arc<[Arc<AtomicBool>]>,
    /// What is done before a signal ends the process, for a run that cannot stop after a checkpoint.
    last: Arc<Mutex<Option<Last>>>,
}

/// What is done at last, given the name of a signal.
type Last = Box<dyn FnOnce(&str) + Send>;

impl Signals {
    /// Records the signals that ask a run to stop, from now on; a second one that comes later than in a moment ends the
    /// process at once. SIGHUP is ignored, so that a closed terminal ends no run, and so is SIGXFSZ, so that writing
    /// beyond a limit of file sizes is an error.
    pub(crate) fn watch() -> Self {
        let seen = Arc::new(AtomicUsize::new(0));
        let watch = |(number, (signal, _)): (usize, &(i32, &str))| {
            let ends = Arc::new(AtomicBool::new(false));
            // A process that cannot be told of signals runs as it would without.
            let _ = flag::register_conditional_default(*signal, ends.clone());
            let _ = flag::register_usize(*signal, seen.clone(), number + 1);
            ends
        };
        let ends: Arc<[Arc<AtomicBool>]> = SIGNALS.iter().enumerate().map(watch).collect();
        let watched = Signals { seen, ends, last: Arc::default() };
        if let Ok(mut signals) =
            signal_hook::iterator::Signals::new(SIGNALS.map(|(signal, _)| signal))
        {
            let watched = watched.clone();
            // It lives as long as the process.
            let _ = std::thread::Builder::new().name("signals".into()).spawn(move || {
                for signal in signals.forever() {
                    let number = SIGNALS.iter().position(|(known, _)| *known == signal);
                    watched.end(number);
                    std::thread::sleep(GRACE);
                    number.into_iter().for_each(|k| watched.ends[k].store(true, Ordering::Relaxed));
                }
            });
        }
        for signal in [SIGHUP, SIGXFSZ] {
            let _ = flag::register(signal, Arc::default());
        }
        watched
    }

    /// Lets signals end the process, for a run without checkpoints, after `last` was done with the name of the signal; one
    /// that has come does so now.
    pub(crate) fn end_after(&self, last: impl FnOnce(&str) + Send + 'static) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(last));
        self.end(self.seen.load(Ordering::Relaxed).checked_sub(1));
    }

    /// Ends the process as a signal does, if there is one and that is how it ends.
    fn end(&self, number: Option<usize>) {
        let Some(number) = number else { return };
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(last) = last {
            let (signal, name) = SIGNALS[number];
            // Another one does not wait.
            self.ends[number].store(true, Ordering::Relaxed);
            last(name);
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }

    /// Why a run is to stop, if a signal asks for it.
    pub(crate) fn reason(&self) -> Option<String> {
        let number = self.seen.load(Ordering::Relaxed).checked_sub(1)?;
        Some(format!("the signal {} asked for it", SIGNALS[number].1))
    }
}

/// The times at which a run has to be over: by its problem file, and by the batch system.
pub(crate) fn limits(problem: &Problem) -> Vec<Limit> {
    let by_file = problem.stop.wall_time.map(|most| Limit {
        at: Instant::now() + most,
        reserve: Duration::ZERO,
        reason: format!("the wall time of {} is over", duration(most)),
    });
    by_file.into_iter().chain(batch_limit(|name| std::env::var(name).ok())).collect()
}

/// The end of the batch job, if its system says it: Slurm by the time of the end, PBS by the length of the job, which
/// counts from its beginning, so that it is taken to have begun now.
fn batch_limit(variable: impl Fn(&str) -> Option<String>) -> Option<Limit> {
    let number = |name: &str| variable(name)?.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs_f64();
    let left = match number("SLURM_JOB_END_TIME") {
        Some(end) => end - now,
        None => number("PBS_WALLTIME")?,
    };
    let left = Duration::try_from_secs_f64(left.max(0.0)).ok()?;
    let (share, most) = RESERVE;
    Some(Limit {
        at: Instant::now().checked_add(left)?,
        reserve: left.mul_f64(share).min(most),
        reason: "the time of the batch job is nearly over".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_batch_job_is_read_from_the_environment() {
        assert_eq!(batch_limit(|_| None), None);
        let pbs = batch_limit(|name| (name == "PBS_WALLTIME").then(|| "600".into())).unwrap();
        assert_eq!(pbs.reserve, Duration::from_secs(30));
        let left = pbs.at - Instant::now();
        assert!(left > Duration::from_secs(590) && left <= Duration::from_secs(600));
        let past = batch_limit(|name| (name == "SLURM_JOB_END_TIME").then(|| "1000".into()));
        assert!(past.unwrap().at <= Instant::now());
        assert_eq!(batch_limit(|_| Some("soon".into())), None);
    }
}
