//! The report of a run as a page: report.html, one file that needs nothing else, neither a network nor other files.
//!
//! What is text stands in the page itself; pictures and curves are data in it, which its script draws. Texts of users go
//! through html.rs, or into the data, which cannot end the script that holds it.

mod curves;
mod html;
mod outcome;
mod player;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::error::Error;
use crate::folder::{RunFolder, Wait, write_whole};
use crate::numbers::brief;
use crate::picture::{View, png};
use crate::series::Series;
use html::{escaped, section};
use outcome::Outcome;

/// The page, with names in double braces for what goes into it.
const SKELETON: &str = include_str!("skeleton.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The most panels of pictures.
const PANELS: usize = 6;
/// The most bytes of a file of text that the page shows: of the log the last ones.
const MOST_TEXT: usize = 200_000;

/// How much a page shows in pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pictures {
    /// There are none.
    None,
    /// As many as can be drawn in about so many seconds.
    Within(f64),
    /// As many as a page may have.
    All,
}

impl Pictures {
    /// What the page of a run of so many seconds shows that is written at its end: what takes a hundredth of them, or the
    /// tenth of a second.
    pub fn of_run(seconds: f64) -> Self {
        Pictures::Within(0.1 + seconds.max(0.0) / 100.0)
    }
}

/// Writes the page of the run in a folder, as far as the run has come: as report.html in the folder, or where it is
/// asked for. Says where.
///
/// # Errors
/// If there is no run, or the file is one that no run has made, or cannot be written. What cannot be read of the run
/// is told in the page.
pub fn write(
    folder: &RunFolder,
    pictures: Pictures,
    asked: Option<&Path>,
) -> Result<PathBuf, Error> {
    // Without a lock there is nothing that says what a run has made.
    if !folder.holds_run() && (asked.is_none() || !folder.series().is_file()) {
        return Err(Error::NoRun { path: folder.path().into() });
    }
    let page = page(folder, pictures);
    let path = match asked {
        Some(asked) => asked.to_path_buf(),
        None => folder.make("report.html")?,
    };
    write_whole(&path, page.as_bytes(), Wait::No)?;
    Ok(path)
}

fn page(folder: &RunFolder, pictures: Pictures) -> String {
    let mut sections = String::new();
    let mut data = serde_json::Map::new();
    let outcome = Outcome::read(folder);
    sections += &outcome.to_html();
    let mut title = String::new();
    match Series::open(folder.path()) {
        Ok(series) => {
            title = series.text("title");
            if pictures != Pictures::None {
                match show(folder, &series, &outcome, pictures) {
                    Ok((html, player)) => {
                        sections += &html;
                        data.extend(player);
                    }
                    Err(error) => sections += &section("States", &told(&error)),
                }
            }
        }
        Err(Error::NoRun { .. } | Error::NoSnapshot { .. }) => {
            sections += &section("States", "<p>There is no snapshot.</p>")
        }
        Err(error) => sections += &section("States", &told(&error)),
    }
    let curves = curves::read(folder);
    if !curves.is_empty() {
        sections += &section("Diagnostics", "<div id=\"curves\" class=\"grid\"></div>");
        data.insert("curves".into(), Value::Array(curves));
    }
    sections += &outcome.performance();
    let problem = text(&folder.problem(), Text::First);
    if title.is_empty() {
        title = folder_name(folder);
    }
    if let Some(problem) = problem {
        sections += &section("Problem", &format!("<pre>{}</pre>", escaped(&problem)));
    }
    if let Some(log) = text(&folder.log(), Text::Last) {
        let log =
            format!("<details><summary>run.log</summary><pre>{}</pre></details>", escaped(&log));
        sections += &section("Log", &log);
    }
    sections += &section("Files", &files(folder));
    fill(&title, &sections, &Value::Object(data))
}

/// The page made of its parts.
fn fill(title: &str, sections: &str, data: &Value) -> String {
    // `<` can stand nowhere but in strings.
    let data = data.to_string().replace('<', "\\u003c");
    let heading = title.lines().map(escaped).collect::<Vec<_>>().join("<br>");
    let parts = [
        ("title", &*escaped(title)),
        ("heading", &heading),
        ("version", env!("CARGO_PKG_VERSION")),
        ("style", STYLE),
        ("script", SCRIPT),
        ("data", &data),
        ("sections", sections),
    ];
    let mut page = String::new();
    // In one go, so that braces in the parts mean nothing.
    for (number, piece) in SKELETON.split("{{").enumerate() {
        let (name, rest) =
            if number == 0 { ("", piece) } else { piece.split_once("}}").unwrap_or(("", piece)) };
        let part = parts.iter().find(|(known, _)| *known == name);
        page += part.map_or("", |(_, part)| part);
        page += rest;
    }
    page
}

/// Whether a picture, as bytes of PNG, has panels side by side.
fn is_wide(png: &[u8]) -> bool {
    const WIDE: u32 = 1000;
    // The width follows the mark of the format and the head of its first part.
    let width = png.get(16..20).and_then(|bytes| bytes.try_into().ok());
    width.is_some_and(|width| u32::from_be_bytes(width) >= WIDE)
}

/// The last state and the player, with its data.
fn show(
    folder: &RunFolder,
    series: &Series,
    outcome: &Outcome,
    pictures: Pictures,
) -> Result<(String, serde_json::Map<String, Value>), Error> {
    let times = series.times()?;
    let Some(last) = times.last() else { return Ok(Default::default()) };
    let view = View { most: Some(PANELS), ..View::default() };
    let picture = match outcome.drawn(folder) {
        Some(drawn) => drawn,
        None => png(series, &view)?,
    };
    let image = format!(
        "<p class=\"picture{}\"><img class=\"state\" alt=\"the state at t = {time}\" src=\"{}\"></p>",
        if is_wide(&picture) { " wide" } else { "" },
        html::image(&picture),
        time = escaped(&brief(*last)),
    );
    let player = player::read(series, &view, &times, pictures)?;
    let mut html = section("Last state", &image);
    if times.len() > 1 {
        html += &section("Over time", player::CONTROLS);
    }
    if player.contains_key("kymographs") {
        html += &section("Kymographs", "<div id=\"kymographs\" class=\"grid\"></div>");
    }
    Ok((html, player))
}

fn told(error: &Error) -> String {
    let help = error.help().map(|help| format!("<p>{}</p>", escaped(&help)));
    format!("<p>{}</p>{}", escaped(&error.to_string()), help.unwrap_or_default())
}

/// Which part of a long text is shown.
#[derive(Clone, Copy, PartialEq)]
enum Text {
    First,
    Last,
}

/// The text of a file, if it has any; a long one in part.
fn text(path: &Path, which: Text) -> Option<String> {
    let bytes = std::fs::read(path).ok().filter(|bytes| !bytes.is_empty())?;
    let cut = bytes.len().saturating_sub(MOST_TEXT);
    let part = match which {
        Text::First => &bytes[..bytes.len() - cut],
        Text::Last => &bytes[cut..],
    };
    let part = String::from_utf8_lossy(part);
    Some(match (cut, which) {
        (0, _) => part.into_owned(),
        (_, Text::First) => format!("{part}\n…"),
        (_, Text::Last) => format!("…\n{part}"),
    })
}

/// Links to the files of the run, which lie beside the page.
fn files(folder: &RunFolder) -> String {
    let known = [
        ("series.h5", "the time series (HDF5)"),
        ("series.xdmf", "the same for ParaView"),
        ("diagnostics.csv", "diagnostics"),
        ("conserved.csv", "conserved quantities, with their drifts"),
        ("probes", "what probes have seen"),
        ("parts", "lines, slices and boxes"),
        ("spectra", "spectra"),
        ("histograms", "histograms"),
        ("problem.toml", "the problem as solved"),
        ("report.json", "the report in numbers"),
        ("run.log", "the log"),
        ("final.png", "the last state"),
    ];
    let there = known.into_iter().filter(|(name, _)| folder.path().join(name).exists());
    let links = there.map(|(name, what)| format!("<li><a href=\"{name}\">{name}</a>, {what}</li>"));
    format!("<ul>{}</ul>", links.collect::<String>())
}

fn folder_name(folder: &RunFolder) -> String {
    let path = std::path::absolute(folder.path()).unwrap_or_else(|_| folder.path().into());
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Numbers as JSON, with null for those that are not finite.
fn numbers(values: impl IntoIterator<Item = f64>) -> Value {
    values.into_iter().map(|x| json!(x)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_users_end_neither_tags_nor_the_script() {
        let bad = "</script><script>alert(1)</script>{{data}}&\"'";
        let page = fill(bad, "", &json!({ "a": bad }));
        assert_eq!(page.matches("<script").count(), 2, "{page}");
        assert_eq!(page.matches("</script>").count(), 2);
        assert!(page.contains("<title>&lt;/script&gt;&lt;script&gt;alert(1)"));
        assert!(page.contains("{\"a\":\"\\u003c/script>"), "{page}");
    }

    #[test]
    fn a_page_loads_nothing() {
        let page = fill("t", "", &json!({}));
        for word in ["http://", "https://", "//cdn", "@import", "src=", "fetch(", "XMLHttp"] {
            assert!(!page.contains(word) || word == "http://", "{word}");
        }
        // The name of SVG is no address.
        assert_eq!(
            page.matches("http://").count(),
            page.matches("http://www.w3.org/2000/svg").count()
        );
        assert!(page.contains("default-src 'none'"));
    }
}
