//! Shows the snapshots of a series: writes its index and its description, from a thread of its own where a core is spare.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Contents;
use super::index::{self, Numbers};
use super::segment::Places;
use super::xdmf::Description;
use crate::error::Error;
use crate::folder::{RunFolder, Wait};

/// The shortest time between two writes of the index while a run goes on.
const PAUSE: Duration = Duration::from_millis(250);
/// A pause is so many times as long as the write before it, so that long series do not hold up the steps,
const TIMES_LONGER: u32 = 20;
/// but no longer than this. So this is what an index may lack after a kill.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Writes the index and the description of a series.
pub(crate) struct IndexWriter {
    way: Way,
    /// With how many snapshots the index was written, or is being written.
    shown: usize,
    /// With how many snapshots the index is on the disk.
    synced: usize,
    /// When the last write ended, and how long it took; nothing before the first.
    last: Option<(Instant, Duration)>,
}

enum Way {
    /// At once.
    Here(Box<Shown>),
    /// From a thread.
    Aside(IndexThread),
}

impl IndexWriter {
    /// A writer of the index of a series. It leaves the work to a thread of its own if it is to be `aside` and the system
    /// allows a further thread.
    pub(crate) fn new(
        folder: &RunFolder,
        contents: &Contents,
        places: Places,
        aside: bool,
    ) -> Self {
        let shown = || Shown::nothing(folder, contents, places);
        let thread = aside.then(|| IndexThread::start(shown()).ok()).flatten();
        let way = thread.map_or_else(|| Way::Here(Box::new(shown())), Way::Aside);
        IndexWriter { way, shown: 0, synced: 0, last: None }
    }

    /// Shows these snapshots, the first of which are those shown before, unless it was done a short time ago. Does not wait
    /// for the thread: what fails there is an error of a later call.
    ///
    /// # Errors
    /// If the index cannot be written.
    pub(crate) fn show_if_due(&mut self, times: &[f64], numbers: &Numbers) -> Result<(), Error> {
        self.take_outcomes(false)?;
        let pause = |took: Duration| (TIMES_LONGER * took).clamp(PAUSE, LONGEST_PAUSE);
        let is_due = self.last.is_none_or(|(when, took)| when.elapsed() >= pause(took));
        if self.shown == times.len() || self.is_busy() || !is_due {
            return Ok(());
        }
        self.begin(times, numbers, Wait::No)
    }

    /// Shows these snapshots, and returns when that is done.
    ///
    /// # Errors
    /// If the index cannot be written.
    pub(crate) fn show(
        &mut self,
        times: &[f64],
        numbers: &Numbers,
        wait: Wait,
    ) -> Result<(), Error> {
        self.wait()?;
        let known = if wait == Wait::ForDisk { self.synced } else { self.shown };
        if known == times.len() {
            return Ok(());
        }
        self.begin(times, numbers, wait)?;
        self.wait()?;
        if wait == Wait::ForDisk {
            self.synced = times.len();
        }
        Ok(())
    }

    /// Returns when what the thread has begun is done.
    ///
    /// # Errors
    /// If the index could not be written.
    pub(crate) fn wait(&mut self) -> Result<(), Error> {
        self.take_outcomes(true)
    }

    /// Whether the index is on the disk with so many snapshots.
    pub(crate) fn is_on_disk(&self, snapshots: usize) -> bool {
        self.synced == snapshots
    }

    fn begin(&mut self, times: &[f64], numbers: &Numbers, wait: Wait) -> Result<(), Error> {
        let of_numbers =
            numbers.iter().map(|(name, all)| (name.clone(), all[self.shown..].to_vec()));
        let order =
            Order { times: times[self.shown..].to_vec(), numbers: of_numbers.collect(), wait };
        self.shown = times.len();
        match &mut self.way {
            Way::Here(shown) => {
                let outcome = shown.carry_out(order);
                self.take(outcome)
            }
            Way::Aside(thread) => {
                thread.send(order);
                Ok(())
            }
        }
    }

    fn is_busy(&self) -> bool {
        matches!(&self.way, Way::Aside(IndexThread { is_busy: true, .. }))
    }

    /// Looks what has come of the last order, for which it waits if `wait` is set.
    fn take_outcomes(&mut self, wait: bool) -> Result<(), Error> {
        let Way::Aside(thread) = &mut self.way else { return Ok(()) };
        thread.outcome(wait).map_or(Ok(()), |outcome| self.take(outcome))
    }

    fn take(&mut self, Outcome { took, written }: Outcome) -> Result<(), Error> {
        self.last = Some((Instant::now(), took));
        written
    }
}

/// What the index shows.
struct Shown {
    folder: RunFolder,
    contents: Contents,
    places: Places,
    times: Vec<f64>,
    numbers: Numbers,
    description: Description,
}

/// Snapshots that are to be shown beside those that are.
struct Order {
    times: Vec<f64>,
    numbers: Numbers,
    wait: Wait,
}

/// What came of an order.
struct Outcome {
    took: Duration,
    written: Result<(), Error>,
}

impl Shown {
    fn nothing(folder: &RunFolder, contents: &Contents, places: Places) -> Self {
        Shown {
            folder: folder.clone(),
            contents: contents.clone(),
            places,
            times: Vec::new(),
            numbers: Vec::new(),
            description: Description::default(),
        }
    }

    fn carry_out(&mut self, order: Order) -> Outcome {
        let began = Instant::now();
        self.times.extend(order.times);
        if self.numbers.is_empty() {
            self.numbers = order.numbers;
        } else {
            let pairs = self.numbers.iter_mut().zip(order.numbers);
            pairs.for_each(|((_, all), (_, new))| all.extend(new));
        }
        let written = self.write(order.wait);
        Outcome { took: began.elapsed(), written }
    }

    fn write(&mut self, wait: Wait) -> Result<(), Error> {
        let Shown { folder, contents, places, times, numbers, description } = self;
        index::write(&folder.series(), contents, *places, times, numbers, wait)?;
        description.write(folder, contents, (*places, times), wait)
    }
}

/// A thread that writes, and the ways to it and back.
struct IndexThread {
    /// Nothing once the thread is to end.
    orders: Option<Sender<Order>>,
    outcomes: Receiver<Outcome>,
    /// Whether there is an order of which the outcome was not taken yet.
    is_busy: bool,
    thread: Option<JoinHandle<()>>,
}

impl IndexThread {
    fn start(mut shown: Shown) -> std::io::Result<Self> {
        let (orders, taken) = mpsc::channel();
        let (told, outcomes) = mpsc::channel();
        let builder = std::thread::Builder::new().name("fluxions-index".into());
        let thread = builder.spawn(move || {
            for order in taken {
                // Nobody listens any more where a run is given up.
                let _ = told.send(shown.carry_out(order));
            }
        })?;
        let (orders, thread) = (Some(orders), Some(thread));
        Ok(IndexThread { orders, outcomes, is_busy: false, thread })
    }

    fn send(&mut self, order: Order) {
        self.is_busy = true;
        let orders = self.orders.as_ref().expect("it goes on until it is dropped");
        orders.send(order).unwrap_or_else(|_| unreachable!("{ALIVE}"));
    }

    fn outcome(&mut self, wait: bool) -> Option<Outcome> {
        if !self.is_busy {
            return None;
        }
        let outcome = match wait {
            true => Some(self.outcomes.recv().expect(ALIVE)),
            false => match self.outcomes.try_recv() {
                Ok(outcome) => Some(outcome),
                Err(mpsc::TryRecvError::Empty) => None,
                Err(mpsc::TryRecvError::Disconnected) => unreachable!("{ALIVE}"),
            },
        };
        self.is_busy = outcome.is_none();
        outcome
    }
}

const ALIVE: &str = "the thread goes on as long as there may be orders";

impl Drop for IndexThread {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // What it has written has its name or not: nothing can be told here.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use fluxions_expr::Type;
    use fluxions_grid::{Ends, Grid};

    use super::super::Field;
    use super::*;
    use crate::problem::{Compression, Precision};

    #[test]
    fn a_thread_writes_the_same_and_what_fails_there_is_told_later() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 5, Ends::Bounded).build().unwrap();
        let contents = Contents {
            title: "Wärme".into(),
            grid,
            fields: vec![Field::new("u", Type::REAL, &["x".to_string()])],
            precision: Precision::F64,
            compression: Compression::None,
            problem: String::new(),
        };
        let snapshots = |count: usize| {
            let times: Vec<f64> = (0..count).map(|k| 0.5 * k as f64).collect();
            let numbers = vec![("T".to_string(), times.iter().map(|t| -t).collect::<Vec<_>>())];
            (times, numbers)
        };
        let mut files = Vec::new();
        for aside in [false, true] {
            let made = tempfile::tempdir().unwrap();
            let folder = RunFolder::at(made.path().join("run"));
            std::fs::create_dir(folder.path()).unwrap();
            let mut writer = IndexWriter::new(&folder, &contents, Places::new(2), aside);
            let shown = || {
                let file = hdf5::File::open(folder.series()).unwrap();
                let read = |name: &str| file.dataset(name).unwrap().read_raw::<f64>().unwrap();
                let described = std::fs::read_to_string(folder.xdmf()).unwrap();
                let described = described.matches("<Time Value").count();
                (read("time"), read("numbers/T"), described)
            };
            let expected = |count: usize| {
                let (times, numbers) = snapshots(count);
                (times, numbers[0].1.clone(), count)
            };
            writer.show(&[], &Numbers::new(), Wait::ForDisk).unwrap();
            assert!(!folder.series().exists(), "without snapshots there is nothing to show");
            let (times, numbers) = snapshots(1);
            writer.show_if_due(&times, &numbers).unwrap();
            writer.wait().unwrap();
            assert_eq!(shown(), expected(1));
            let (times, numbers) = snapshots(4);
            writer.show(&times, &numbers, Wait::No).unwrap();
            assert_eq!(shown(), expected(4));
            assert!(!writer.is_on_disk(4));
            writer.show(&times, &numbers, Wait::ForDisk).unwrap();
            assert!(writer.is_on_disk(4));
            assert_eq!(shown(), expected(4));
            files.push([folder.series(), folder.xdmf()].map(|path| std::fs::read(path).unwrap()));
            std::fs::remove_dir_all(folder.path()).unwrap();
            let (times, numbers) = snapshots(5);
            let begun = writer.begin(&times, &numbers, Wait::No);
            assert_eq!(begun.is_err(), !aside);
            assert_eq!(writer.wait().is_err(), aside);
            assert!(writer.show(&times, &numbers, Wait::ForDisk).is_err(), "it is tried again");
            assert!(!writer.is_on_disk(5));
        }
        assert!(files[0] == files[1], "the same bits");
    }
}
