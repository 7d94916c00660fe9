//! Writes a rank's part of each snapshot, large ones from a thread of its own while steps are made.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TryRecvError};
use std::thread::JoinHandle;

use super::block::Row;
use super::direct::OpenSegment;
use super::number::NumberType;
use crate::error::Error;

/// Bytes of a piece, at most: large enough for one call of the system, small enough to stay in the caches.
const PIECE: usize = 1 << 20;
/// Pieces that wait for the thread, at most. Who has more to write waits, so that memory is bounded.
const WAITING: usize = 32;

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
}

enum Way {
    /// At once, what was begun if anything was.
    Here(Option<Part>),
    /// From a thread.
    Aside(WriterThread),
}

impl PartWriter {
    /// A writer that writes at once.
    pub(crate) fn here() -> Self {
        PartWriter { piece: Piece::default(), way: Way::Here(None) }
    }

    /// A writer that leaves it to a thread of its own.
    ///
    /// # Errors
    /// If the system allows no further thread.
    pub(crate) fn aside() -> std::io::Result<Self> {
        let way = Way::Aside(WriterThread::start()?);
        Ok(PartWriter { piece: Piece::default(), way })
    }

    /// Begins a snapshot of so many components in all.
    pub(crate) fn begin(&mut self, segment: Arc<OpenSegment>, components: usize) {
        let new = Part { segment, sums: vec![0; components], outcome: Ok(()) };
        match &mut self.way {
            Way::Here(part) => *part = Some(new),
            Way::Aside(thread) => thread.send(Order::Begin(new)),
        }
    }

    /// Writes rows of cells of a component.
    pub(crate) fn write<'a>(&mut self, to: Destination, rows: impl Iterator<Item = Row<'a>>) {
        for Row { cell, re, im } in rows {
            let mut done = 0;
            while done < re.len() {
                if self.piece.room(to.numbers) == 0 {
                    self.pass_on(to);
                }
                let next = re.len().min(done + self.piece.room(to.numbers));
                let im = im.as_ref().map(|im| &im[done..next]);
                self.piece.append(cell + done as u64, to.numbers, &re[done..next], im);
                done = next;
            }
        }
        self.pass_on(to);
    }

    /// Writes what was filled, or has it written.
    fn pass_on(&mut self, to: Destination) {
        match &mut self.way {
            Way::Here(part) => {
                part.as_mut().expect(BEGUN).write(&self.piece, to);
                self.piece.empty();
            }
            Way::Aside(thread) => {
                let spare = thread.spare.try_recv().unwrap_or_default();
                thread.send(Order::Write(std::mem::replace(&mut self.piece, spare), to));
            }
        }
    }

    /// Says that the snapshot has no further rows.
    pub(crate) fn end(&mut self) {
        if let Way::Aside(thread) = &self.way {
            thread.send(Order::End);
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
        match &mut self.way {
            Way::Here(part) => part.take().expect(BEGUN).end(),
            Way::Aside(thread) => thread.outcome(),
        }
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

/// Numbers on their way to a file, in runs of cells that follow one another in the grid.
#[derive(Default)]
struct Piece {
    /// As large as a piece may be, once it is used.
    bytes: Vec<u8>,
    filled: usize,
    /// Where runs begin: the number of the cell, and the place in the bytes.
    runs: Vec<(u64, usize)>,
    /// The cell after the last one.
    next: u64,
}

impl Piece {
    /// For how many more numbers there is room.
    fn room(&self, numbers: NumberType) -> usize {
        (PIECE - self.filled) / numbers.size
    }

    /// Adds numbers from this cell on, for which there is room.
    fn append(&mut self, cell: u64, numbers: NumberType, re: &[f64], im: Option<&[f64]>) {
        let end = self.filled + re.len() * numbers.size;
        if self.bytes.len() < end {
            // Pieces are used again: those of small snapshots stay small.
            let room = if end > PIECE / 2 { PIECE } else { end };
            self.bytes.resize(room, 0);
        }
        if self.runs.is_empty() || cell != self.next {
            self.runs.push((cell, self.filled));
        }
        numbers.put(re, im, &mut self.bytes[self.filled..end]);
        (self.filled, self.next) = (end, cell + re.len() as u64);
    }

    /// The runs: the number of the first cell, and the bytes.
    fn runs(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let ends = self.runs.iter().skip(1).map(|(_, begin)| *begin).chain([self.filled]);
        self.runs.iter().zip(ends).map(|((cell, begin), end)| (*cell, &self.bytes[*begin..end]))
    }

    fn empty(&mut self) {
        self.filled = 0;
        self.runs.clear();
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
                let _ = told.send(part.take().expect(BEGUN).end());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Precision;

    #[test]
    fn cells_that_follow_one_another_are_one_run() {
        let numbers = NumberType::new(Precision::F64, false);
        let mut piece = Piece::default();
        piece.append(5, numbers, &[1.0, 2.0], None);
        piece.append(7, numbers, &[3.0], None);
        piece.append(20, numbers, &[4.0], None);
        let bytes: Vec<u8> = [1.0, 2.0, 3.0].iter().flat_map(|x: &f64| x.to_le_bytes()).collect();
        let runs: Vec<_> = piece.runs().collect();
        assert_eq!(runs, [(5, &bytes[..]), (20, &4f64.to_le_bytes()[..])]);
        assert_eq!(piece.room(numbers), PIECE / 8 - 4);
        piece.empty();
        assert_eq!((piece.runs().count(), piece.room(numbers)), (0, PIECE / 8));
        // The cell that would have followed begins a run of the next piece.
        piece.append(21, numbers, &[5.0], None);
        assert_eq!(piece.runs().collect::<Vec<_>>(), [(21, &5f64.to_le_bytes()[..])]);
    }
}
