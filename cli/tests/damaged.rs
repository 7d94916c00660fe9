//! Damaged files: whatever is in a file, commands that read it end with a message and an exit code of their own.

mod common;

use common::{Home, text};

/// A generator of pseudo-random numbers: SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// Bytes of a file with a few of them changed, a piece of it set to one value, or cut off.
fn damaged(whole: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    // What says what the file is stands in its first kilobytes.
    let range = if random.below(3) > 0 { bytes.len().min(8192) } else { bytes.len() };
    match random.below(4) {
        0 => bytes.truncate(random.below(range)),
        1 => {
            let (at, length) = (random.below(range), 1 + random.below(64));
            let value = [0, 0xff, 0x7f][random.below(3)];
            bytes[at..].iter_mut().take(length).for_each(|byte| *byte = value);
        }
        _ => {
            for _ in 0..1 + random.below(8) {
                let at = random.below(range);
                bytes[at] ^= 1 << random.below(8);
            }
        }
    }
    bytes
}

/// As many mutations as this, by `FLUXIONS_MUTATIONS` if that is set.
fn mutations() -> usize {
    let asked = std::env::var("FLUXIONS_MUTATIONS").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(475)
}

#[test]
fn no_file_crashes_a_command() {
    let home = Home::new();
    home.write("small.toml", common::SMALL);
    home.succeed(&["run", "small.toml", "--quiet"]);
    home.succeed(&["run", "small.toml", "--quiet", "--out", "other"]);
    let mut random = Random(11);
    for name in ["series.h5", "snapshots/000000.h5"] {
        let path = home.path().join("small").join(name);
        let whole = std::fs::read(&path).unwrap();
        for number in 0..mutations() {
            std::fs::write(&path, damaged(&whole, &mut random)).unwrap();
            let file = format!("small/{name}");
            let out = ["out.npz", "out.h5", "out.pvd", "out.pvd"][number / 5 % 4];
            let args: &[&str] = match number % 5 {
                0 => &["info", "small"],
                1 => &["plot", "small", "-o", "out.png"],
                2 => &["diff", "small", "other"],
                3 => &[
                    "export",
                    "small",
                    "--to",
                    ["npz", "pde", "vtk", "vtu"][number / 5 % 4],
                    "-o",
                    out,
                ],
                _ => &["info", &file],
            };
            let output = fluxions_testing::finish(&mut home.fluxions(args));
            let (code, told) = (output.status.code(), text(&output.stderr));
            assert!(
                matches!(code, Some(0 | 1 | 4)),
                "{args:?}, mutation {number}: {code:?} {told}"
            );
            assert_eq!(code == Some(4), told.contains("error"), "{args:?}, {number}: {told}");
        }
        std::fs::write(&path, whole).unwrap();
    }
}

/// Initial values and parameters may come from files of anybody.
#[test]
fn no_file_of_initial_values_crashes_a_command() {
    let home = Home::new();
    home.write("small.toml", common::SMALL);
    home.succeed(&["run", "small.toml", "--quiet"]);
    let from_file = "[initial]\nu = { file = \"data.h5\" }\nv = \"0\"\n[time]";
    let (before, after) = common::SMALL.split_once("[initial]").unwrap();
    let (_, after) = after.split_once("[time]").unwrap();
    home.write("next.toml", &format!("{before}{from_file}{after}"));
    let mut random = Random(12);
    let whole = std::fs::read(home.path().join("small/snapshots/000000.h5")).unwrap();
    for number in 0..mutations() / 8 {
        std::fs::write(home.path().join("data.h5"), damaged(&whole, &mut random)).unwrap();
        let args =
            ["run", "next.toml", "--quiet", "--overwrite", "--ranks", "1", "--set", "time.end=2"];
        let output = fluxions_testing::finish(&mut home.fluxions(&args));
        let (code, told) = (output.status.code(), text(&output.stderr));
        // Values that are not finite are found before the first step.
        assert!(matches!(code, Some(0 | 2 | 3 | 4)), "mutation {number}: {code:?} {told}");
        assert!(!told.contains("panicked"), "{number}: {told}");
        assert_eq!(code != Some(0), told.contains("error"), "{number}: {told}");
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let home = Home::new();
    let made = std::process::Command::new("mkfifo").arg(home.path().join("pipe")).status();
    assert!(made.unwrap().success());
    for path in ["pipe", "/dev/zero", "nowhere"] {
        let told = home.fail(4, &["info", path]);
        assert!(told.contains("is neither a run folder nor a file of one"), "{told}");
    }
}

/// A file of HDF5 may name any other file: as a link, as storage of its numbers, or as the source of a virtual dataset.
#[test]
fn what_lies_outside_the_folder_of_a_file_is_not_read() {
    let home = Home::new();
    home.write("small.toml", common::SMALL);
    home.succeed(&["run", "small.toml", "--quiet"]);
    std::fs::create_dir(home.path().join("in")).unwrap();
    let secret = home.path().join("small/snapshots/000000.h5");
    let secret = secret.to_str().unwrap();
    let from_file =
        "[initial]\nu = { file = \"in/data.h5\", dataset = \"fields/u\" }\nv = \"0\"\n[time]";
    let (before, after) = common::SMALL.split_once("[initial]").unwrap();
    let (_, after) = after.split_once("[time]").unwrap();
    home.write("next.toml", &format!("{before}{from_file}{after}"));
    let path = home.path().join("in/data.h5");
    let ways: [fn(&hdf5::File, &str) -> hdf5::Result<()>; 4] = [
        |file, secret| file.group("fields")?.link_external(secret, "fields/u", "u"),
        |file, _| file.group("fields")?.link_external("../small/series.h5", "fields/u", "u"),
        |file, secret| {
            let space = [24, 20];
            let map = file.new_dataset::<f64>().shape(space);
            let all = || hdf5::Hyperslab::from(vec![hdf5::SliceOrIndex::from(..), (..).into()]);
            let map = map.virtual_map(secret, "fields/u", space, all(), space, all());
            map.create("fields/u").map(drop)
        },
        |file, secret| {
            let stored = file.new_dataset::<f64>().shape([24, 20]).external(secret, 0, 24 * 20 * 8);
            stored.create("fields/u").map(drop)
        },
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let file = hdf5::File::create(&path).unwrap();
        file.create_group("fields").unwrap();
        way(&file, secret).unwrap();
        file.close().unwrap();
        let told = home.fail(4, &["info", "in/data.h5"]);
        let words = "`fields/u` lies in another file, outside the folder of this one";
        assert!(told.contains(words), "{number}: {told}");
        let told = home.fail(2, &["check", "next.toml"]);
        assert!(told.contains(words), "{number}: {told}");
    }
}
