//! Writes a rank's part of each snapshot, large ones from a thread of its own while steps are made.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TryRecvError};
use std::thread::JoinHandle;

use super::block::Row;
use super::direct::OpenSegment;
use super::number::NumberType;
use super::piece::{LARGE_PAGE, Piece};
use crate::error::Error;

/// Bytes that a rank writes at once, at most. The system lets one rank after the other write to a file, and each turn may cost
/// the time until a rank wakes up.
const AT_ONCE: usize = 1 << 20;
/// Pieces that wait for the thread, at most. Who has more to write waits, so that memory is bounded.
const WAITING: usize = 16;

/// Where the numbers of a component of a field belong.
#[derive(Clone, Copy)]
pub(crate) struct Destination {
    /// The number of the field in the segment.
    pub(crate) field: usize,
    /// How many of the field's numbers come before the component's in its dataset.
    pub(crate) first: u64,
    /// The number of the component among those of all fields.
    pub(crate) component: usize,
    /// How its numbers are stored.
    pub(crate) numbers: NumberType,
}

/// Writes a rank's part of one snapshot after the other.
pub(crate) struct PartWriter {
    /// What is being filled.
    piece: Piece,
    way: Way,
    /// Why the snapshot cannot be written, if that is known before it is tried.
    failed: Option<Error>,
}

enum Way {
    /// At once, what was begun if anything was.
    Here(Option<Part>),
    /// From a thread.
    Aside(WriterThread),
}

impl PartWriter {
    /// About how many bytes of memory a writer takes, of so many in a snapshot.
    pub(crate) fn memory(is_aside: bool, snapshot: usize) -> usize {
        match is_aside {
            true => (snapshot / LARGE_PAGE + 2).min(WAITING + 2) * LARGE_PAGE,
            false => AT_ONCE,
        }
    }

    /// A writer that writes at once.
    pub(crate) fn here() -> Self {
        PartWriter { piece: Piece::of(AT_ONCE), way: Way::Here(None), failed: None }
    }

    /// A writer that leaves it to a thread of its own.
    ///
    /// # Errors
    /// If the system allows no further thread.
    pub(crate) fn aside() -> std::io::Result<Self> {
        let way = Way::Aside(WriterThread::start()?);
        Ok(PartWriter { piece: Piece::of(LARGE_PAGE), way, failed: None })
    }

    /// Begins a snapshot of so many components in all.
    pub(crate) fn begin(&mut self, segment: Arc<OpenSegment>, components: usize) {
        let new = Part { segment, sums: vec![0; components], outcome: Ok(()) };
        self.failed = None;
        match &mut self.way {
            Way::Here(part) => *part = Some(new),
            Way::Aside(thread) => thread.send(Order::Begin(new)),
        }
    }

    /// Writes rows of cells of a component.
    ///
    /// # Errors
    /// If the system does not grant the memory for that.
    pub(crate) fn write<'a>(
        &mut self,
        to: Destination,
        rows: impl Iterator<Item = Row<'a>>,
    ) -> std::io::Result<()> {
        for Row { cell, re, im } in rows {
            let mut done = 0;
            while done < re.len() {
                if self.piece.room(to.numbers) == 0 {
                    self.pass_on(to);
                }
                let next = re.len().min(done + self.piece.room(to.numbers));
                let im = im.as_ref().map(|im| &im[done..next]);
                self.piece.append(cell + done as u64, to.numbers, &re[done..next], im)?;
                done = next;
            }
        }
        self.pass_on(to);
        Ok(())
    }

    /// Writes what was filled, or has it written.
    fn pass_on(&mut self, to: Destination) {
        match &mut self.way {
            Way::Here(part) => {
                part.as_mut().expect(BEGUN).write(&self.piece, to);
                self.piece.empty();
            }
            Way::Aside(thread) => {
                let spare = thread.spare.try_recv().unwrap_or_else(|_| Piece::of(LARGE_PAGE));
                thread.send(Order::Write(std::mem::replace(&mut self.piece, spare), to));
            }
        }
    }

    /// Says why the snapshot cannot be written: that becomes its outcome.
    pub(crate) fn give_up(&mut self, why: Error) {
        self.piece.empty();
        self.failed.get_or_insert(why);
    }

    /// Says that the snapshot has no further rows.
    pub(crate) fn end(&mut self) {
        match &self.way {
            Way::Here(part) => part.as_ref().expect(BEGUN).segment.begin_settling(),
            Way::Aside(thread) => thread.send(Order::End),
        }
    }

    /// Whether the snapshot that was ended last is written.
    pub(crate) fn is_done(&mut self) -> bool {
        match &mut self.way {
            Way::Here(_) => true,
            Way::Aside(thread) => thread.is_done(),
        }
    }

    /// This rank's parts of the checksums of all components of the snapshot that was ended last, once it is written.
    ///
    /// # Errors
    /// If it could not be written.
    pub(crate) fn outcome(&mut self) -> Result<Vec<u64>, Error> {
        let outcome = match &mut self.way {
            Way::Here(part) => part.take().expect(BEGUN).end(),
            Way::Aside(thread) => thread.outcome(),
        };
        self.failed.take().map_or(outcome, Err)
    }
}

const BEGUN: &str = "a snapshot was begun";

/// A rank's part of a snapshot that is being written.
struct Part {
    segment: Arc<OpenSegment>,
    /// Parts of the checksums of all components.
    sums: Vec<u64>,
    outcome: Result<(), Error>,
}

impl Part {
    fn write(&mut self, piece: &Piece, to: Destination) {
        if self.outcome.is_ok() {
            self.outcome = self.try_to_write(piece, to);
        }
    }

    fn try_to_write(&mut self, piece: &Piece, to: Destination) -> Result<(), Error> {
        for (cell, bytes) in piece.runs() {
            let sum = to.numbers.checksum(bytes, cell);
            self.sums[to.component] = self.sums[to.component].wrapping_add(sum);
            self.segment.write_field(to.field, (to.first + cell, to.numbers.size), bytes)?;
        }
        Ok(())
    }

    fn end(self) -> Result<Vec<u64>, Error> {
        self.outcome.map(|()| self.sums)
    }
}

/// What the thread is to do.
enum Order {
    Begin(Part),
    Write(Piece, Destination),
    End,
}

/// A thread that writes, and the ways to it and back.
struct WriterThread {
    /// Nothing once the thread is to end.
    orders: Option<SyncSender<Order>>,
    /// Pieces to be used again.
    spare: Receiver<Piece>,
    outcomes: Receiver<Result<Vec<u64>, Error>>,
    /// What came of the last snapshot, if that is known and nobody has asked for it yet.
    outcome: Option<Result<Vec<u64>, Error>>,
    thread: Option<JoinHandle<()>>,
}

impl WriterThread {
    fn start() -> std::io::Result<Self> {
        let (orders, taken) = mpsc::sync_channel(WAITING);
        let (used, spare) = mpsc::channel();
        let (told, outcomes) = mpsc::channel();
        let builder = std::thread::Builder::new().name("fluxions-writer".into());
        let thread = builder.spawn(move || work(&taken, &used, &told))?;
        let (orders, thread) = (Some(orders), Some(thread));
        Ok(WriterThread { orders, spare, outcomes, outcome: None, thread })
    }

    fn send(&self, order: Order) {
        let orders = self.orders.as_ref().expect("it goes on until it is dropped");
        orders.send(order).unwrap_or_else(|_| unreachable!("{ALIVE}"));
    }

    fn is_done(&mut self) -> bool {
        if self.outcome.is_none() {
            self.outcome = match self.outcomes.try_recv() {
                Ok(outcome) => Some(outcome),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => unreachable!("{ALIVE}"),
            };
        }
        self.outcome.is_some()
    }

    fn outcome(&mut self) -> Result<Vec<u64>, Error> {
        self.outcome.take().unwrap_or_else(|| self.outcomes.recv().expect(ALIVE))
    }
}

const ALIVE: &str = "the thread goes on as long as there may be orders";

impl Drop for WriterThread {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // What it has written is complete or has no time: nothing can be told here.
            let _ = thread.join();
        }
    }
}

/// Does what is ordered until there can be no further orders.
fn work(orders: &Receiver<Order>, used: &Sender<Piece>, told: &Sender<Result<Vec<u64>, Error>>) {
    let mut part: Option<Part> = None;
    for order in orders {
        match order {
            Order::Begin(new) => part = Some(new),
            Order::Write(mut piece, to) => {
                part.as_mut().expect(BEGUN).write(&piece, to);
                piece.empty();
                let _ = used.send(piece);
            }
            Order::End => {
                let part = part.take().expect(BEGUN);
                let segment = part.segment.clone();
                let _ = told.send(part.end());
                segment.begin_settling();
            }
        }
    }
}
