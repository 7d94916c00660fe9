use fluxions_grid::Ends;
use hdf5::types::VarLenUnicode;
use hdf5::{H5Type, Location};
use num_complex::Complex;

use super::*;

const SHAPE: [usize; 2] = [4, 3];

fn grid() -> Grid {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, SHAPE[0], Ends::Bounded);
    grid.axis("y", 0.0..1.0, SHAPE[1], Ends::Periodic).build().unwrap()
}

/// Opens a file with a dataset `d` of this shape, with interpolation.
fn opened<T: H5Type + Clone + Default>(
    shape: &[usize],
    value: impl Fn(usize) -> T,
    ty: Option<Type>,
    more: impl Fn(&File, &Dataset),
) -> Result<(ExternalFile, tempfile::TempDir), Unusable> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("map.h5");
    let file = File::create(&path).unwrap();
    let dataset = file.new_dataset::<T>().shape(shape).create("d").unwrap();
    let values: Vec<T> = (0..shape.iter().product()).map(value).collect();
    if !values.is_empty() {
        dataset.write_raw(&values).unwrap();
    }
    more(&file, &dataset);
    drop(dataset);
    file.close().unwrap();
    let wanted = DatasetRequest { path, dataset: "d".into(), time: None, interpolated: true };
    let opened = match ty {
        Some(ty) => ExternalFile::open(&wanted, ty, &grid()),
        None => ExternalFile::open_any(&wanted, &grid()),
    };
    let folder = format!("{}/", home.path().display());
    match opened {
        Ok(file) => Ok((file, home)),
        Err(error) => Err(Unusable { message: error.message.replace(&folder, ""), ..error }),
    }
}

/// The reasons for which it is refused as a real field and as a parameter.
fn refused<T: H5Type + Clone + Default>(
    shape: &[usize],
    value: T,
    more: impl Fn(&File, &Dataset),
) -> [String; 2] {
    let opened = |ty| opened(shape, |_| value.clone(), ty, &more);
    [Some(Type::REAL), None].map(|ty| opened(ty).unwrap_err().message)
}

fn nothing(_: &File, _: &Dataset) {}

#[test]
fn an_empty_dataset_is_refused() {
    for shape in [[0, 3], [4, 0]] {
        let found = refused(&shape, 1.0, nothing);
        let expected = format!("`d` in map.h5 is empty: it has {shape:?} cells");
        assert_eq!(found, [expected.clone(), expected]);
    }
}

#[test]
fn a_snapshot_that_the_dataset_lacks_is_refused() {
    let times = |file: &File, _: &Dataset| {
        file.new_dataset_builder().with_data(&[0.0, 1.0, 2.0]).create("time").unwrap();
    };
    let found = refused(&[2, 4, 3], 1.0, times);
    let expected = "`d` in map.h5 has 2 snapshots, but the file has more times".to_string();
    assert_eq!(found, [expected.clone(), expected]);
    assert!(opened(&[3, 4, 3], |_| 1.0, None, times).is_ok());
}

#[test]
fn numbers_of_any_kind_are_read() {
    let real = |given: &ExternalFile| given.read(&[1, 0], &[1, 3], 0).unwrap();
    for ty in [Some(Type::REAL), None] {
        let of = |given: Result<(ExternalFile, _), _>| real(&given.unwrap().0);
        assert_eq!(of(opened(&SHAPE, |k| k as f32, ty, nothing)), [3.0, 4.0, 5.0]);
        assert_eq!(of(opened(&SHAPE, |k| k as i16, ty, nothing)), [3.0, 4.0, 5.0]);
        assert_eq!(of(opened(&SHAPE, |k| k as u64, ty, nothing)), [3.0, 4.0, 5.0]);
        assert_eq!(of(opened(&SHAPE, |k| k % 2 == 0, ty, nothing)), [0.0, 1.0, 0.0]);
    }
}

#[test]
fn complex_numbers_of_both_sizes_are_read() {
    fn check<T: H5Type + Copy + Default>(z: impl Fn(f32, f32) -> T + Copy) {
        for ty in [Some(Type::COMPLEX), None] {
            let (given, _home) =
                opened(&SHAPE, |k| z(k as f32, 0.5 - k as f32), ty, nothing).unwrap();
            assert_eq!(given.ty(), Type::COMPLEX);
            assert_eq!(given.read(&[1, 0], &[1, 3], 0).unwrap(), [3.0, 4.0, 5.0]);
            assert_eq!(given.read(&[1, 0], &[1, 3], 1).unwrap(), [-2.5, -3.5, -4.5]);
        }
        let message = opened(&SHAPE, |k| z(k as f32, 0.0), Some(Type::REAL), nothing);
        assert!(message.unwrap_err().message.ends_with("is complex, but a scalar is needed"));
        let message = opened(&[4, 3, 1], |k| z(k as f32, 0.0), None, nothing).unwrap_err();
        assert_eq!(
            message.message, "a vector on this grid has 2 components, but `d` has [4]",
            "of a parameter, too, the mistake is that of its own type"
        );
    }
    check(Complex::new);
    check(|re, im| Complex::new(f64::from(re), f64::from(im)));
}

#[test]
fn what_is_not_made_of_numbers_is_refused() {
    #[derive(Clone, Copy, Default, H5Type)]
    #[repr(C)]
    struct Pair {
        a: f64,
        b: f64,
    }
    #[derive(Clone, Copy, Default, H5Type)]
    #[repr(C)]
    struct Texts {
        r: [u8; 3],
        i: f64,
    }
    #[derive(Clone, Copy, Default, H5Type)]
    #[repr(C)]
    struct Half {
        r: f64,
    }
    let expected = "`d` in map.h5 holds neither real nor complex numbers".to_string();
    let expected = [expected.clone(), expected];
    assert_eq!(refused(&SHAPE, VarLenUnicode::default(), nothing), expected);
    assert_eq!(refused(&SHAPE, hdf5::types::FixedAscii::<5>::default(), nothing), expected);
    assert_eq!(refused(&SHAPE, Pair::default(), nothing), expected);
    assert_eq!(refused(&SHAPE, Texts::default(), nothing), expected);
    assert_eq!(refused(&SHAPE, Half::default(), nothing), expected);
    assert_eq!(refused(&SHAPE, [1.0, 2.0], nothing), expected);
}

#[test]
fn a_file_for_another_space_is_refused() {
    fn put(at: &Location, name: &str, values: &[&str]) {
        let values: Vec<VarLenUnicode> = values.iter().map(|v| v.parse().unwrap()).collect();
        at.new_attr::<VarLenUnicode>()
            .shape(values.len())
            .create(name)
            .unwrap()
            .write_raw(&values)
            .unwrap();
    }
    let geometry = |name: &'static str| {
        move |file: &File, _: &Dataset| {
            let text: VarLenUnicode = name.parse().unwrap();
            let attribute = file.new_attr::<VarLenUnicode>().create("geometry").unwrap();
            attribute.write_scalar(&text).unwrap();
        }
    };
    for name in ["cartesian", "wound"] {
        assert!(opened(&SHAPE, |_| 1.0, None, geometry(name)).is_ok());
    }
    let found = refused(&SHAPE, 1.0, geometry("cylindrical"));
    let expected = "map.h5 is for a cylindrical grid, but this grid is cartesian".to_string();
    assert_eq!(found, [expected.clone(), expected]);

    let axes =
        |names: &'static [&str]| move |_: &File, dataset: &Dataset| put(dataset, "axes", names);
    assert!(opened(&SHAPE, |_| 1.0, None, axes(&["x", "y"])).is_ok());
    // These are not the axes of a field of ours.
    assert!(opened(&SHAPE, |_| 1.0, None, axes(&["time", "x", "y"])).is_ok());
    let found = refused(&SHAPE, 1.0, axes(&["x", "z"]));
    let expected = "`d` in map.h5 has the axes x, z, but the grid has x, y".to_string();
    assert_eq!(found, [expected.clone(), expected]);
}
