//! Movies of a series: a picture for each snapshot, all of them with the same colours for the same values. GIF is written
//! here, MP4 by ffmpeg, where that is installed.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, DynamicImage, Frame, RgbImage};
use ndarray::ArrayD;

use super::scale::{Colours, extremes};
use super::{Page, View, page, panels};
use crate::error::Error;
use crate::folder::{beside, put_in_place, remove};
use crate::series::Series;

/// The most pictures in a movie; of more snapshots some are left out.
const MOST: usize = 300;
/// How carefully the 256 colours of a GIF are chosen, from 1 to 30, the fastest.
const SPEED: i32 = 20;

/// What a movie shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Movie {
    /// How many pictures it has.
    pub pictures: usize,
    /// The times of the first and the last of them.
    pub times: [f64; 2],
}

/// Draws a movie of a series, as a GIF or MP4 file by the extension of its name, with so many pictures in a second.
///
/// # Errors
/// If the series holds no such field, or the file cannot be written.
pub fn movie(series: &Series, view: &View, per_second: f64, path: &Path) -> Result<Movie, Error> {
    let times = series.times()?;
    let Some(last) = times.len().checked_sub(1) else {
        return Err(Error::NoSnapshot { path: series.folder().path().into() });
    };
    let stride = times.len().div_ceil(MOST);
    // Counted from the end, which is always seen.
    let mut snapshots: Vec<usize> = (0..=last).rev().step_by(stride).collect();
    snapshots.reverse();
    let page = |snapshot: usize| panels(series, view, snapshot, times[snapshot]);
    let colours = common_colours(&snapshots, page)?;
    let new = beside(path);
    remove(&new)?;
    let pictures = snapshots.iter().map(|snapshot| {
        let mut page = page(*snapshot)?;
        let all = page.rows.iter_mut().flatten();
        for (panel, extremes) in all.zip(&colours).filter(|(panel, _)| !panel.is_cyclic()) {
            (panel.scale, panel.colours) = Colours::of(extremes);
        }
        Ok(page)
    });
    let written = write(pictures, path, &new, per_second).and_then(|()| put_in_place(&new, path));
    if written.is_err() {
        // What is there of it; why it failed matters more.
        let _ = remove(&new);
    }
    written?;
    let ends = [snapshots[0], last].map(|snapshot| times[snapshot]);
    Ok(Movie { pictures: snapshots.len(), times: ends })
}

/// Draws pages to a movie that is to be at `path`, for now at `new`.
fn write(
    pages: impl Iterator<Item = Result<Page, Error>>,
    path: &Path,
    new: &Path,
    per_second: f64,
) -> Result<(), Error> {
    let failed = |error: Box<dyn std::error::Error>| Error::Picture {
        path: path.into(),
        reason: error.to_string(),
    };
    let mut writer: Option<Writer> = None;
    for page in pages {
        let page = page?;
        let picture = page::image(&page.title, &page.rows).map_err(failed)?;
        let writer = match &mut writer {
            Some(writer) => writer,
            None => writer.insert(Writer::new(path, new, &picture, per_second).map_err(failed)?),
        };
        writer.add(picture).map_err(failed)?;
    }
    writer.map_or(Ok(()), |writer| writer.finish().map_err(failed))
}

/// The smallest and the largest value of each panel in all pictures.
fn common_colours(
    snapshots: &[usize],
    page: impl Fn(usize) -> Result<Page, Error>,
) -> Result<Vec<ArrayD<f64>>, Error> {
    let mut all: Vec<Vec<f64>> = Vec::new();
    for snapshot in snapshots {
        let Page { rows, .. } = page(*snapshot)?;
        for (number, panel) in rows.iter().flatten().enumerate() {
            if all.len() <= number {
                all.push(Vec::new());
            }
            all[number].extend(extremes(&panel.values));
        }
    }
    Ok(all.into_iter().map(|values| ndarray::Array1::from(values).into_dyn()).collect())
}

/// What pictures are written to.
struct Writer {
    size: (u32, u32),
    delay: Delay,
    kind: Kind,
}

enum Kind {
    Gif(Box<GifEncoder<File>>),
    Mp4(Encoder),
}

/// The program ffmpeg, which reads pictures and writes a movie.
struct Encoder {
    process: Child,
    /// What it says of failures, read all the time so that it never waits for that.
    said: Option<JoinHandle<String>>,
}

impl Encoder {
    fn start(mut command: Command) -> Result<Self, Box<dyn std::error::Error>> {
        let process = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = process.map_err(|error| {
            format!("MP4 needs the program ffmpeg, which cannot be started ({error}); GIF does not")
        })?;
        let said = process.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = stderr.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).trim().to_string()
            })
        });
        Ok(Encoder { process, said })
    }

    fn add(&mut self, frame: &RgbImage) -> Result<(), Box<dyn std::error::Error>> {
        let input = self.process.stdin.as_mut().ok_or("ffmpeg reads nothing")?;
        match input.write_all(frame.as_raw()) {
            // Why it has stopped reading, it says itself.
            Err(error) => self.finish().and(Err(error.into())),
            Ok(()) => Ok(()),
        }
    }

    /// Waits for its end.
    fn finish(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        drop(self.process.stdin.take());
        let status = self.process.wait()?;
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        match (status.success(), said.lines().last()) {
            (true, _) => Ok(()),
            (false, Some(last)) => Err(format!("ffmpeg has failed ({status}): {last}").into()),
            (false, None) => Err(format!("ffmpeg has failed ({status})").into()),
        }
    }
}

/// The file that it was about to write is removed after this.
impl Drop for Encoder {
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

impl Writer {
    fn new(
        path: &Path,
        new: &Path,
        first: &RgbImage,
        per_second: f64,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        // Videos have even numbers of pixels.
        let (width, height) = first.dimensions();
        let size = (width / 2 * 2, height / 2 * 2);
        let is_mp4 =
            path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("mp4"));
        let kind = if is_mp4 {
            let (shape, rate) = (format!("{}x{}", size.0, size.1), per_second.to_string());
            let mut command = Command::new("ffmpeg");
            command.args(["-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]);
            command
                .args(["-s", &shape, "-r", &rate, "-i", "-", "-pix_fmt", "yuv420p", "-f", "mp4"]);
            // The index first, so that browsers show it while they load it.
            command.args(["-movflags", "+faststart"]).arg(new);
            Kind::Mp4(Encoder::start(command)?)
        } else {
            let mut encoder = GifEncoder::new_with_speed(File::create_new(new)?, SPEED);
            encoder.set_repeat(Repeat::Infinite)?;
            Kind::Gif(Box::new(encoder))
        };
        let delay = Delay::from_numer_denom_ms((1000.0 / per_second) as u32, 1);
        Ok(Writer { size, delay, kind })
    }

    /// Adds a picture, which gets the size of the first one.
    fn add(&mut self, picture: RgbImage) -> Result<(), Box<dyn std::error::Error>> {
        let mut frame = RgbImage::from_pixel(self.size.0, self.size.1, image::Rgb([255; 3]));
        image::imageops::replace(&mut frame, &picture, 0, 0);
        match &mut self.kind {
            Kind::Gif(encoder) => {
                let frame = DynamicImage::ImageRgb8(frame).into_rgba8();
                encoder.encode_frame(Frame::from_parts(frame, 0, 0, self.delay))?;
            }
            Kind::Mp4(encoder) => encoder.add(&frame)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Box<dyn std::error::Error>> {
        match self.kind {
            Kind::Gif(_) => Ok(()),
            Kind::Mp4(mut encoder) => encoder.finish(),
        }
    }
}
