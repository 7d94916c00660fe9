//! Pictures of a run, and texts of users on the terminal.

mod common;

use std::process::Command;

use common::{Home, SMALL, text};
use fluxions::io::Series;

/// A problem that does nothing, with a title, a grid and equations; the rest of the file follows.
fn still(title: &str, grid: &str, rest: &str) -> String {
    let time = "[time]\nend = 1\ndt = 1\nscheme = \"euler\"\n";
    format!("title = \"{title}\"\n[grid]\n{grid}\n{time}{rest}")
}

const SQUARE: &str = "x = { bounds = [0, 1], cells = 8 }\ny = { bounds = [0, 1], cells = 8 }";

/// The width and the height of a PNG file.
fn size(home: &Home, name: &str) -> [u32; 2] {
    let png = std::fs::read(home.path().join(name)).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    [16, 20].map(|at| u32::from_be_bytes([png[at], png[at + 1], png[at + 2], png[at + 3]]))
}

#[test]
fn a_run_draws_no_picture_where_none_is_wanted() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    assert!(home.succeed(&["run", "small.toml"]).contains("picture small/final.png"));
    let picture = home.path().join("small/final.png");
    assert!(picture.exists());
    let said = home.succeed(&["run", "small.toml", "--overwrite", "--no-picture"]);
    assert!(!said.contains("picture") && said.contains("series.h5") && !picture.exists(), "{said}");
    home.succeed(&["run", "small.toml", "--overwrite"]);
    let said = home.succeed(&["run", "small.toml", "--overwrite", "--set", "output.picture=false"]);
    assert!(!said.contains("picture") && !picture.exists(), "{said}");
}

#[test]
fn the_picture_of_a_run_has_few_panels_in_the_order_of_the_file() {
    let home = Home::new();
    let names = ["z", "b", "q", "a", "x1", "c", "w", "d"];
    let lines = |value: &str| names.map(|name| format!("{name} = {value}\n")).concat();
    let fields = format!("[equations]\n{}[initial]\n{}", lines("0"), lines("\"x\""));
    home.write("many.toml", &still("many", SQUARE, &fields));
    let said = home.succeed(&["run", "many.toml"]);
    assert!(said.contains("(6 of 8 panels: `fluxions plot` draws all)"), "{said}");
    let series = Series::open(&home.path().join("many")).unwrap();
    assert_eq!(series.fields().unwrap(), names);
    // Two rows of three panels, and all of them in three rows.
    home.succeed(&["plot", "many"]);
    let ([run, low], [plot, high]) = (size(&home, "many/final.png"), size(&home, "many/plot.png"));
    assert!(run == plot && 3 * low < 2 * high + 200 && low < high, "{low} {high}");
    let said = home.succeed(&["info", "many"]);
    let listed: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("field")).collect();
    let listed: Vec<&str> =
        listed.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(listed, names);
}

#[test]
fn every_range_of_numbers_can_be_drawn() {
    for (bounds, values) in [
        ("[-8e307, 8e307]", "1.7e308*where(x > 0, 1, -1)"),
        ("[0, 1e-300]", "1e-300*x"),
        ("[500000, 500100]", "101325 + 5*sin(x)"),
        ("[0, 1000]", "0"),
        ("[0, 1]", "1 + 2e-9*x"),
    ] {
        let home = Home::new();
        let line = format!("x = {{ bounds = {bounds}, cells = 8 }}");
        let fields = format!(
            "[equations]\nu = 0\n[initial]\nu = \"{values}\"\n\
             [output]\nfields = [\"u\", \"none = 0/0\", \"some = where(u > 0, u, -1/0)\"]\n"
        );
        home.write("line.toml", &still("", &line, &fields));
        home.succeed(&["run", "line.toml"]);
        let plane = format!("{line}\ny = {{ bounds = [0, 1], cells = 1 }}");
        home.write("plane.toml", &still("", &plane, &fields));
        home.succeed(&["run", "plane.toml"]);
        assert!(size(&home, "plane/final.png")[0] > 400);
    }
}

#[test]
fn curved_grids_are_drawn_as_they_lie_in_space() {
    let home = Home::new();
    let fields = "[fields]\nv = \"vector\"\n[equations]\nv = \"0*v\"\n[initial]\nv = [\"r\", 1]\n";
    let grid = "geometry = \"polar\"\nr = { bounds = [1, 2], cells = 8 }";
    home.write("disk.toml", &still("", grid, fields));
    home.succeed(&["run", "disk.toml"]);
    let [width, height] = size(&home, "disk/final.png");
    assert!(width.abs_diff(height) < 120, "{width} {height}");
    // A line for each component.
    home.succeed(&["plot", "disk", "--plain-axes"]);
    let [width, height] = size(&home, "disk/plot.png");
    assert!(width > 2 * height, "{width} {height}");
}

#[test]
fn a_short_run_does_not_measure_the_machine() {
    let home = Home::new();
    home.write("small.toml", SMALL);
    let report = home.succeed(&["run", "small.toml", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(report["bandwidth_fraction"].is_null());
}

#[test]
fn texts_of_users_do_not_control_the_terminal() {
    let home = Home::new();
    let fields = "[equations]\nu = 0\n[initial]\nu = \"x\"\n";
    let file = "red\u{1b}[31m.toml";
    home.write(file, &still("a\\u001b[31mb\\nc", SQUARE, fields));
    let folder = "red\u{1b}[31m";
    home.write("eight.toml", "titel = \"a\u{9b}31mb\"\n");
    let mut told = Vec::new();
    for args in [
        &["check", file][..],
        &["run", file],
        &["info", folder],
        &["plot", folder],
        &["diff", folder, folder],
        &["diff", folder, "nowhere\u{1b}[31m"],
        &["plot", folder, "--field", "\u{1b}[31m"],
        &["run", file, "--set", "output.fields=[\"\\u001b[31m\"]"],
        &["run", file, "--set", "time.\u{1b}[31m=3"],
        &["check", "eight.toml"],
    ] {
        let output = fluxions_testing::finish(&mut home.fluxions(args));
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(['\u{1b}', '\u{9b}']), "{args:?}: {said:?}");
        told.push(said);
    }
    assert!(told[0].contains("title       a␛[31mb\n            c\n"), "{}", told[0]);
    assert!(told[1].contains("picture red␛[31m/final.png"), "{}", told[1]);
    assert!(told[2].contains("title       a␛[31mb\n            c\n"), "{}", told[2]);
    assert!(told[7].contains("`␛[31m` is not a name"), "{}", told[7]);
    assert!(told[9].contains("titel = \"a�31mb\""), "{}", told[9]);
    let log = home.read("red\u{1b}[31m/run.log");
    assert!(log.contains("red␛[31m.toml") && !log.contains('\u{1b}'), "{log}");
}

/// The frames of a GIF file, and its width and height.
fn frames(home: &Home, name: &str) -> (Vec<image::RgbaImage>, [u32; 2]) {
    use image::AnimationDecoder;
    let open = std::fs::File::open(home.path().join(name)).unwrap();
    let decoder = image::codecs::gif::GifDecoder::new(open).unwrap();
    let frames = decoder.into_frames().collect_frames().unwrap();
    let frames: Vec<image::RgbaImage> =
        frames.into_iter().map(|frame| frame.into_buffer()).collect();
    let (width, height) = frames[0].dimensions();
    (frames, [width, height])
}

/// A field that is the same everywhere and grows: with colours of its own each picture would look like the others.
#[test]
fn a_movie_has_a_picture_for_each_snapshot_and_one_scale() {
    let home = Home::new();
    let rest =
        "[equations]\nu = \"1 + 0*u\"\n[initial]\nu = 0\n[output]\nevery = 1\npicture = false\n";
    home.write("grow.toml", &still("grow", SQUARE, rest).replace("end = 1", "end = 4"));
    home.succeed(&["run", "grow.toml", "--quiet"]);
    let said = home.succeed(&["movie", "grow"]);
    assert_eq!(said, "grow/movie.gif (5 pictures, t = 0 to 4)\n");
    let (frames, [width, height]) = frames(&home, "grow/movie.gif");
    assert_eq!(frames.len(), 5);
    let middle = |frame: &image::RgbaImage| frame.get_pixel(width / 3, height / 2).0;
    let colours: std::collections::HashSet<[u8; 4]> = frames.iter().map(middle).collect();
    assert_eq!(colours.len(), 5, "{colours:?}");
    for (args, code, said) in [
        (&["movie", "grow", "-o", "a.avi"][..], 2, "neither a GIF nor an MP4 file"),
        (&["movie", "grow", "--fps", "0"], 2, "--fps must be at least 0.01"),
        (&["movie", "grow", "--field", "w"], 4, "holds no field `w`"),
        (&["movie", "nowhere"], 4, "is neither a run folder"),
    ] {
        let told = home.fail(code, args);
        assert!(told.contains(said), "{told}");
    }
}

/// By ffmpeg, where that is installed.
#[test]
fn a_movie_in_mp4_has_the_same_pictures() {
    let home = Home::new();
    let rest =
        "[equations]\nu = \"1 + 0*u\"\n[initial]\nu = 0\n[output]\nevery = 1\npicture = false\n";
    home.write("grow.toml", &still("grow", SQUARE, rest).replace("end = 1", "end = 4"));
    home.succeed(&["run", "grow.toml", "--quiet"]);
    // A program of that name that fails says why, and nothing is left.
    let bin = home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let fake = home
        .write("bin/ffmpeg", "#!/bin/sh\nhead -c 100 >/dev/null\necho 'no encoder' >&2\nexit 1\n");
    std::fs::set_permissions(&fake, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for (path, why) in
        [(&*path, "ffmpeg has failed (exit status: 1): no encoder"), ("", "GIF does not")]
    {
        let mut movie = home.fluxions(&["movie", "grow", "-o", "a.mp4"]);
        let output = fluxions_testing::finish(movie.env("PATH", path));
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(4) && said.contains(why), "{said}");
        let left: Vec<_> =
            std::fs::read_dir(home.path()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().contains("mp4")), "{left:?}");
    }
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        eprintln!("skipped: there is no ffmpeg (scripts/test_tools.sh installs it)");
        return;
    }
    let said = home.succeed(&["movie", "grow", "-o", "grow.mp4", "--fps", "10"]);
    assert_eq!(said, "grow.mp4 (5 pictures, t = 0 to 4)\n");
    home.succeed(&["plot", "grow", "-o", "grow.png"]);
    let [width, height] = size(&home, "grow.png").map(|n| n as usize / 2 * 2);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args([
        "-loglevel",
        "error",
        "-i",
        "grow.mp4",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]);
    let output = fluxions_testing::finish(ffmpeg.current_dir(home.path()));
    let pictures: Vec<&[u8]> = output.stdout.chunks(3 * width * height).collect();
    assert_eq!((pictures.len(), output.stdout.len()), (5, 5 * 3 * width * height));
    // From dark violet to yellow, as far as a video keeps colours.
    let middle = |picture: &[u8]| -> [u8; 3] {
        let at = 3 * (height / 2 * width + width / 3);
        [picture[at], picture[at + 1], picture[at + 2]]
    };
    for (picture, colour) in [(0, [68, 1, 84]), (4, [253, 231, 37])] {
        let found = middle(pictures[picture]);
        let near = found.iter().zip(colour).all(|(a, b): (&u8, u8)| a.abs_diff(b) < 25);
        assert!(near, "{found:?} {colour:?}");
    }
}

/// Values that move along an axis, with snapshots at unequal times.
#[test]
fn a_kymograph_shows_an_axis_against_time() {
    let home = Home::new();
    let rest = "[equations]\nu = \"1 + 0*u\"\nw = 0\n[initial]\nu = 0\nw = \"y\"\n\
                [output]\nat = [0, 1, 4]\npicture = false\n";
    home.write("grow.toml", &still("grow", SQUARE, rest).replace("end = 1", "end = 4"));
    home.succeed(&["run", "grow.toml", "--quiet"]);
    let said = home.succeed(&["plot", "grow", "--kymograph", "--field", "u"]);
    assert_eq!(said, "grow/kymograph.png (t = 0 to 4)\n");
    let image = image::open(home.path().join("grow/kymograph.png")).unwrap().into_rgb8();
    // Along a line upwards in the map: the snapshots at 0, 1 and 4 have 1/8, 1/2 - 1/8 and the rest of the time.
    let column: Vec<[u8; 3]> = (0..image.height()).map(|y| image.get_pixel(200, y).0).collect();
    let rows = |colour: [u8; 3]| {
        column
            .iter()
            .filter(|found| found.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 4))
            .count()
    };
    // Viridis at 0, 1/4 and 1.
    let [first, second, third] = [[68, 1, 84], [59, 82, 139], [253, 231, 37]].map(rows);
    let all = (first + second + third) as f64;
    assert!(all > 300.0, "{first} {second} {third}");
    for (rows, share) in [(first, 0.125), (second, 0.5), (third, 0.375)] {
        assert!((rows as f64 / all - share).abs() < 0.01, "{first} {second} {third}");
    }
    // Both fields, along y.
    home.succeed(&["plot", "grow", "--kymograph", "--along", "y", "-o", "y.png"]);
    assert!(size(&home, "y.png")[0] > 2 * image.width() - 10);
    for (args, code, said) in [
        (&["plot", "grow", "--kymograph", "--along", "z"][..], 4, "has no axis `z`"),
        (&["plot", "grow", "--along", "y"], 2, "--kymograph"),
        (&["plot", "grow", "--kymograph", "--time", "1"], 2, "cannot be used with"),
    ] {
        let told = home.fail(code, args);
        assert!(told.contains(said), "{told}");
    }
    home.succeed(&["run", "grow.toml", "--quiet", "--out", "one", "--set", "time.end=0"]);
    let told = home.fail(4, &["plot", "one", "--kymograph"]);
    assert!(told.contains("needs at least two snapshots, and there are 1"), "{told}");
}
