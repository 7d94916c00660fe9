//! How fast a run gets on and when it will end, by what it writes anyway: run.log has a line with the seconds for each
//! snapshot, and the last line of diagnostics.csv may be newer.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use fluxions_io::RunFolder;
use fluxions_io::numbers::brief;
use fluxions_io::problem::Times;

/// The most bytes that are read of a file, from its end.
const MOST: u64 = 1 << 23;

/// To where a run goes, in words that the log has and [`Pace::read`] understands.
pub(crate) fn end_in_words(times: &Times) -> String {
    match (times.balances(), times.max_steps) {
        (true, _) => String::new(),
        (false, None) => format!(", to t = {}", brief(times.end)),
        (false, Some(most)) => format!(", to t = {} or step {most}", brief(times.end)),
    }
}

/// Where a run stood at some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Seconds since its start.
    pub(crate) seconds: f64,
    pub(crate) time: f64,
    pub(crate) step: u64,
}

/// How a run gets on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pace {
    pub(crate) newest: Point,
    /// Seconds since then.
    age: f64,
    /// An earlier point, from which the speed is measured.
    earlier: Option<Point>,
    /// Where the run began.
    first: f64,
    end: Option<f64>,
    most_steps: Option<u64>,
}

impl Pace {
    /// What the files of a run say of the time since it was last started, if they say anything.
    pub(crate) fn read(folder: &RunFolder) -> Option<Self> {
        let (log, written) = tail(&folder.log())?;
        let mut pace = Pace::parse(&log)?;
        let now = SystemTime::now();
        let since =
            |then: SystemTime| now.duration_since(then).map_or(0.0, |age| age.as_secs_f64());
        pace.age = since(written);
        if let Some((lines, written)) = tail(&folder.diagnostics())
            && let Some((step, time)) = last_row(&lines)
            && step > pace.newest.step
        {
            let seconds = pace.newest.seconds + (pace.age - since(written)).max(0.0);
            pace.earlier = pace.earlier.or(Some(pace.newest));
            pace.newest = Point { seconds, time, step };
            pace.age = since(written);
        }
        Some(pace)
    }

    /// What a log says.
    fn parse(log: &str) -> Option<Self> {
        let mut points: Vec<Point> = Vec::new();
        let (mut end, mut most_steps) = (None, None);
        for line in log.lines() {
            let Some((stamp, told)) =
                line.strip_prefix('[').and_then(|line| line.split_once(" s] "))
            else {
                continue;
            };
            if told.starts_with("Fluxions ") {
                // A run that goes on counts anew.
                points.clear();
                let to = told.rsplit_once(", to t = ").map(|(_, to)| to);
                let parts = to.map(|to| to.split_once(" or step ").unwrap_or((to, "")));
                end = parts.and_then(|(end, _)| end.parse().ok());
                most_steps = parts.and_then(|(_, most)| most.parse().ok());
            }
            points.extend(point(stamp, told));
        }
        let newest = *points.last()?;
        // Over the second half of the time, since the speed may change.
        let from = newest.seconds / 2.0;
        let earlier = points.iter().find(|point| point.seconds >= from && point.step < newest.step);
        let earlier = earlier.or(points.first()).filter(|point| point.step < newest.step).copied();
        Some(Pace { newest, age: 0.0, earlier, first: points[0].time, end, most_steps })
    }

    /// Steps in a second.
    pub(crate) fn steps_per_second(&self) -> Option<f64> {
        let earlier = self.earlier?;
        let seconds = self.newest.seconds - earlier.seconds;
        (seconds > 0.0).then(|| (self.newest.step - earlier.step) as f64 / seconds)
    }

    /// The seconds that are left, by the time of the problem and by steps, whichever ends first.
    pub(crate) fn seconds_left(&self) -> Option<f64> {
        let (newest, earlier) = (self.newest, self.earlier?);
        let seconds = newest.seconds - earlier.seconds;
        let by_time = self.end.map(|end| (end - newest.time) / (newest.time - earlier.time));
        let by_steps = self.most_steps.map(|most| {
            most.saturating_sub(newest.step) as f64 / (newest.step - earlier.step) as f64
        });
        let left = by_time.into_iter().chain(by_steps).reduce(f64::min)? * seconds - self.age;
        (left.is_finite() && seconds > 0.0).then_some(left.max(0.0))
    }

    /// The share of the run that is done.
    pub(crate) fn share(&self) -> Option<f64> {
        let all = self.end? - self.first;
        (all > 0.0).then(|| ((self.newest.time - self.first) / all).clamp(0.0, 1.0))
    }
}

/// A line of the log about a snapshot.
fn point(stamp: &str, told: &str) -> Option<Point> {
    let (time, rest) = told.strip_prefix("t = ")?.split_once(" (step ")?;
    let (step, _) = rest.split_once("): snapshot")?;
    Some(Point {
        seconds: stamp.trim().parse().ok()?,
        time: time.parse().ok()?,
        step: step.parse().ok()?,
    })
}

/// Step and time of the last complete row of a file of numbers.
fn last_row(lines: &str) -> Option<(u64, f64)> {
    let whole = &lines[..lines.rfind('\n')?];
    let mut row = whole.lines().next_back()?.split(',');
    Some((row.next()?.parse().ok()?, row.next()?.parse().ok()?))
}

/// The end of a file, and when it was written.
fn tail(path: &Path) -> Option<(String, SystemTime)> {
    let mut open = std::fs::File::open(path).ok()?;
    let found = open.metadata().ok()?;
    open.seek(SeekFrom::Start(found.len().saturating_sub(MOST))).ok()?;
    let mut bytes = Vec::new();
    open.take(MOST).read_to_end(&mut bytes).ok()?;
    Some((String::from_utf8_lossy(&bytes).into_owned(), found.modified().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
[     0.100 s] Fluxions 0.1.0 solves a.toml on 2 rank(s), in steps of 1 by euler, to t = 50
[     0.100 s] t = 0 (step 0): snapshot
[     9.000 s] t = 40 (step 40): snapshot
[     0.200 s] Fluxions 0.1.0 solves a.toml on 2 rank(s), in steps of 1 by euler, to t = 100 or step 300
[     0.200 s] warning: something
[     1.000 s] t = 40 (step 40): snapshot
[     2.000 s] t = 50 (step 60): snapshot
[     3.000 s] t = 60 (step 80): snapshot
[     4.000 s] t = 70 (step 100): snapsh";

    #[test]
    fn the_log_tells_how_fast_a_run_gets_on() {
        let pace = Pace::parse(LOG).unwrap();
        assert_eq!(pace.newest, Point { seconds: 3.0, time: 60.0, step: 80 });
        assert_eq!(pace.steps_per_second(), Some(20.0));
        // 40 of the time at 10 a second; steps would last longer.
        assert_eq!(pace.seconds_left(), Some(4.0));
        assert_eq!(pace.share(), Some(20.0 / 60.0));
        let fewer = Pace::parse(&LOG.replace("or step 300", "or step 100")).unwrap();
        assert_eq!(fewer.seconds_left(), Some(1.0));
        let older = Pace { age: 1.5, ..pace };
        assert_eq!(older.seconds_left(), Some(2.5));
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        assert_eq!(Pace::parse(""), None);
        let first = LOG.lines().take(2).collect::<Vec<_>>().join("\n");
        let pace = Pace::parse(&first).unwrap();
        assert_eq!((pace.steps_per_second(), pace.seconds_left()), (None, None));
        let steady = LOG.replace(", to t = 100 or step 300", "");
        let pace = Pace::parse(&steady).unwrap();
        assert_eq!((pace.seconds_left(), pace.share()), (None, None));
        assert!(pace.steps_per_second().is_some());
    }

    #[test]
    fn half_a_row_is_none() {
        assert_eq!(last_row("step,time,m\n0,0.0,1\n5,2.5,1\n10,5."), Some((5, 2.5)));
        assert_eq!(last_row("step,time,m\n"), None);
    }
}
