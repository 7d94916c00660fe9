//! Compares the ghost cells on a small block with the formulas that define them.

use std::f64::consts::{FRAC_PI_2, TAU};

use fluxions_expr::{Scratch, Type};
use fluxions_grid::{Condition, Ends, Face, Grid, Layout, Region, Side};
use fluxions_halo::{HaloWidth, Subdomain, wall};

use crate::plan::halo_group::{HaloGroup, SeenGhosts};
use crate::run::binding::HaloBinding;
use crate::run::testing::alone;
use crate::run::walls::filling::Filling;
use crate::run::walls::wall::Wall;
use crate::system::boundary::array_condition::FaceConditions;
use crate::system::formula::Formula;
use crate::system::pde::Pde;
use crate::system::transport::{Advector, Mpdata, Transport};

const TIME: f64 = 0.5;
const WIDTH: HaloWidth = HaloWidth { layers: [[0; 2], [2; 2], [2; 2]], corners: false };

/// A block of 4 × 3 cells with spacings 0.25 and 1.
fn grid(y_ends: Ends) -> Grid {
    let grid = Grid::cartesian().axis("x", 0.0..1.0, 4, Ends::Bounded);
    grid.axis("y", -1.0..2.0, 3, y_ends).build().unwrap()
}

/// The value in a cell of an array, by a formula.
fn cell(array: usize, [_, i, j]: [isize; 3]) -> f64 {
    let (i, j) = (i as f64, j as f64);
    1.0 + 0.5 * i * i + 3.0 * j + 0.25 * i * j - 2.0 * array as f64
}

/// Some arrays, one after the other, on a block with two layers of halo cells.
struct Arrays {
    block: Subdomain,
    layout: Layout,
    memory: Vec<f64>,
    halo: HaloBinding,
    walls: Vec<Vec<(Face, Wall)>>,
    scratch: Scratch,
}

impl Arrays {
    /// Arrays with these conditions. If there are several, they are the real and the imaginary part
    /// of a field.
    fn new(pde: &Pde, conditions: &[&FaceConditions]) -> Self {
        let (_, _, block) = alone(pde);
        let layout = block.layout([0, 2, 2]);
        let mut scratch = Scratch::default();
        let mut memory = vec![f64::NAN; conditions.len() * layout.length()];
        let starts: Vec<usize> = (0..conditions.len()).map(|k| k * layout.length()).collect();
        for (array, start) in starts.iter().enumerate() {
            for at in cells(&block.domain()) {
                memory[start + layout.index(at)] = cell(array, at);
            }
        }
        let group = HaloGroup {
            arrays: Vec::new(),
            conditions: Vec::new(),
            partners: Vec::new(),
            width: WIDTH,
            seen: SeenGhosts::Mirrored,
            around: None,
        };
        let walls = conditions
            .iter()
            .map(|set| Wall::all(pde, &block, &group, set, |_| block.domain(), &mut scratch));
        let walls = walls.collect();
        let pair = [starts[0], starts[starts.len() - 1]];
        let halo =
            HaloBinding { partners: vec![pair; starts.len()], arrays: starts, around: vec![] };
        Arrays { block, layout, memory, halo, walls, scratch }
    }

    fn fill(&mut self, part: Option<&Region>) {
        let Arrays { layout, memory, halo, walls, scratch, .. } = self;
        let mut filling = Filling { memory, layout, halo, time: TIME, scratch };
        for (number, walls) in walls.iter_mut().enumerate() {
            walls.iter_mut().for_each(|(_, wall)| wall.fill(&mut filling, number, part));
        }
    }

    fn at(&self, array: usize, cell: [isize; 3]) -> f64 {
        self.memory[self.halo.arrays[array] + self.layout.index(cell)]
    }

    /// The cells along a face at a distance inwards. Negative distances are those of ghost cells.
    fn along(&self, face: Face, inwards: isize) -> Vec<[isize; 3]> {
        let cells_across = self.block.shape()[face.axis];
        cells(&wall::layer(&self.block.domain(), face, cells_across, inwards))
    }
}

fn cells(region: &Region) -> Vec<[isize; 3]> {
    let Region { start, end } = *region;
    let rows = (start[0]..end[0]).flat_map(|i| (start[1]..end[1]).map(move |j| (i, j)));
    rows.flat_map(|(i, j)| (start[2]..end[2]).map(move |k| [i, j, k])).collect()
}

fn faces() -> impl Iterator<Item = Face> {
    [1, 2].into_iter().flat_map(|axis| Side::BOTH.map(|side| Face { axis, side }))
}

/// The values from which a ghost cell is computed.
struct Ghost {
    /// The value of the cell as far inwards as the ghost cell is beyond the wall.
    mirrored: f64,
    /// The value of the second cell from the wall.
    second: f64,
    /// The spacing of cells across the wall. `distance` is that from the mirrored cell.
    spacing: f64,
    distance: f64,
    /// The coordinates of the place at the wall next to the ghost cell.
    x: f64,
    y: f64,
}

/// Compares the ghost cells of a real field beyond all faces with a formula.
fn check_scalar(condition: Condition<Formula>, layers: usize, expected: impl Fn(&Ghost) -> f64) {
    let pde = Pde::on(&grid(Ends::Bounded)).equation("u", "laplace(u)");
    let pde = pde.boundary("x", condition.clone()).boundary("y", condition).build().unwrap();
    let set = pde.conditions().of_field(0, Type::REAL).unwrap()[0];
    check(&pde, pde.conditions().of_array(set), layers, expected);
}

fn check(pde: &Pde, conditions: &FaceConditions, layers: usize, expected: impl Fn(&Ghost) -> f64) {
    let mut arrays = Arrays::new(pde, &[conditions]);
    arrays.fill(None);
    for face in faces() {
        for layer in 1..=layers {
            let inner = arrays.along(face, layer as isize - 1).into_iter();
            let second = arrays.along(face, 1).into_iter();
            let ghosts = arrays.along(face, -(layer as isize)).into_iter();
            for ((ghost, inner), second) in ghosts.zip(inner).zip(second) {
                let axes = pde.grid().axes();
                let mut at = [0, 1].map(|axis| axes[axis].centre(ghost[1 + axis]));
                at[face.axis - 1] = axes[face.axis - 1].bounds()[face.side.index()];
                let spacing = axes[face.axis - 1].spacing();
                let wanted = expected(&Ghost {
                    mirrored: cell(0, inner),
                    second: cell(0, second),
                    spacing,
                    distance: (2 * layer - 1) as f64 * spacing,
                    x: at[0],
                    y: at[1],
                });
                let found = arrays.at(0, ghost);
                let place = format!("{face:?}, layer {layer}, {ghost:?}");
                assert!((found - wanted).abs() < 1e-12, "{place}: {found} and not {wanted}");
            }
        }
    }
}

#[test]
fn a_value_lies_between_ghost_and_mirrored_cell() {
    check_scalar(Condition::Value("2".into()), 2, |g| 4.0 - g.mirrored);
    let expected = |g: &Ghost| 2.0 * (g.x + 10.0 * g.y + TIME) - g.mirrored;
    check_scalar(Condition::Value("x + 10*y + t".into()), 2, expected);
}

#[test]
fn a_derivative_is_the_slope_outwards() {
    let expected = |g: &Ghost| g.mirrored + g.distance * 3.0 * g.y;
    check_scalar(Condition::Derivative("3*y".into()), 2, expected);
    // The condition depends on the value of the mirrored cell and on the spacing of cells.
    let expected = |g: &Ghost| g.mirrored + g.distance * (g.mirrored * TIME + g.spacing);
    check_scalar(Condition::Derivative("cell*t + dx".into()), 2, expected);
    // The value at the wall lies on the line through the first two cells.
    let expected = |g: &Ghost| g.mirrored + g.distance * (1.5 * g.mirrored - 0.5 * g.second).abs();
    check_scalar(Condition::Derivative("abs(value)".into()), 1, expected);
}

#[test]
fn a_mixed_condition_weighs_slope_and_value() {
    let condition = Condition::Mixed { coefficient: "2".into(), value: "x - t".into() };
    check_scalar(condition, 2, |g| {
        let (d, gamma, beta) = (g.distance, 2.0, g.x - TIME);
        (2.0 * d * beta + (2.0 - d * gamma) * g.mirrored) / (2.0 + d * gamma)
    });
}

#[test]
fn a_curvature_bends_the_line_of_the_last_two_cells() {
    check_scalar(Condition::Curvature("4*y".into()), 1, |g| {
        4.0 * g.y * g.spacing * g.spacing + 2.0 * g.mirrored - g.second
    });
}

#[test]
fn a_ghost_value_is_what_it_says() {
    let expected = |g: &Ghost| 7.0 * TIME + g.x;
    check_scalar(Condition::Ghost("7*t + x".into()), 2, expected);
}

#[test]
fn a_wall_mirrors() {
    check_scalar(Condition::Wall, 2, |g| g.mirrored);
}

/// A field with velocity 0, and with a condition across `y`.
fn advected(grid: &Grid, condition: Condition<Formula>, signed: bool) -> Pde {
    let transport = Transport {
        options: Mpdata { signed, ..Mpdata::default() },
        ..Transport::by(Advector::Velocity(vec!["0".into(), "0".into()]))
    };
    Pde::on(grid).transport("u", transport).boundary("y", condition).build().unwrap()
}

fn of_advected(pde: &Pde) -> &FaceConditions {
    let meaning = pde.conditions().of_advected(&pde.advected[0]);
    pde.conditions().of_array(meaning.arrays[0])
}

#[test]
fn beyond_an_open_end_slopes_go_on_with_their_ratio() {
    // Along y the values are 1 + 3j + …, so the slopes are equal and their ratio is 1.
    for signed in [true, false] {
        let pde = advected(&grid(Ends::Bounded), Condition::Open, signed);
        let mut arrays = Arrays::new(&pde, &[of_advected(&pde)]);
        arrays.fill(None);
        for layer in 1..=2 {
            let above = Face { axis: 2, side: Side::Upper };
            for ghost in arrays.along(above, -layer) {
                assert!((arrays.at(0, ghost) - cell(0, ghost)).abs() < 1e-12, "{ghost:?}");
            }
            let below = Face { axis: 2, side: Side::Lower };
            for ghost in arrays.along(below, -layer) {
                // Where no cell is negative, the values do not fall below 0.
                let line = cell(0, ghost);
                let wanted = if signed { line } else { line.max(0.0) };
                assert!((arrays.at(0, ghost) - wanted).abs() < 1e-12, "{ghost:?}");
            }
        }
    }
}

#[test]
fn beyond_a_pole_lies_the_other_side() {
    let grid = Grid::cartesian().axis("x", 0.0..TAU, 6, Ends::Periodic);
    let grid = grid.axis("y", -FRAC_PI_2..FRAC_PI_2, 3, Ends::Bounded).build().unwrap();
    let pde = advected(&grid, Condition::Pole, false);
    let mut arrays = Arrays::new(&pde, &[of_advected(&pde)]);
    arrays.fill(None);
    for side in Side::BOTH {
        let face = Face { axis: 2, side };
        for layer in 1..=2 {
            let inner = arrays.along(face, layer - 1);
            for (i, ghost) in arrays.along(face, -layer).into_iter().enumerate() {
                let opposite = inner[(i + 3) % 6];
                assert_eq!(arrays.at(0, ghost), cell(0, opposite), "{ghost:?}");
            }
        }
    }
}

#[test]
fn of_complex_fields_each_part_may_need_the_other() {
    let condition = Condition::Mixed { coefficient: "I".into(), value: "2*I + y".into() };
    let pde = Pde::on(&grid(Ends::Bounded)).field("p", Type::COMPLEX).equation("p", "laplace(p)");
    let pde = pde.boundary("x", condition).build().unwrap();
    let sets = pde.conditions().of_field(0, Type::COMPLEX).unwrap();
    let sets: Vec<_> = sets.iter().map(|set| pde.conditions().of_array(*set)).collect();
    let mut arrays = Arrays::new(&pde, &sets);
    arrays.fill(None);
    let times = |[a, b]: [f64; 2], [c, d]: [f64; 2]| [a * c - b * d, a * d + b * c];
    for layer in 1..=2 {
        let face = Face { axis: 1, side: Side::Upper };
        let d = (2 * layer - 1) as f64 * 0.25;
        let inner = arrays.along(face, layer - 1);
        for (ghost, inner) in arrays.along(face, -layer).into_iter().zip(inner) {
            let y = pde.grid().axes()[1].centre(ghost[2]);
            // The formula is g·(2 + dγ) = 2dβ + (2 − dγ)·f.
            let found = [0, 1].map(|part| arrays.at(part, ghost));
            let left = times(found, [2.0, d]);
            let right = times([2.0, -d], [cell(0, inner), cell(1, inner)]);
            let right = [right[0] + 2.0 * d * y, right[1] + 2.0 * d * 2.0];
            assert!((0..2).all(|k| (left[k] - right[k]).abs() < 1e-12), "{left:?} {right:?}");
        }
    }
}

#[test]
fn parts_of_a_wall_together_are_the_wall() {
    let pde = Pde::on(&grid(Ends::Bounded)).equation("u", "laplace(u)");
    let pde = pde.boundary("x", Condition::Value("x + y*t".into()));
    let pde = pde.boundary("y", Condition::Derivative("value*x".into())).build().unwrap();
    let conditions =
        pde.conditions().of_array(pde.conditions().of_field(0, Type::REAL).unwrap()[0]);
    let mut whole = Arrays::new(&pde, &[conditions]);
    whole.fill(None);
    let mut cut = Arrays::new(&pde, &[conditions]);
    let domain = cut.block.domain();
    let all = domain.grown([[0; 2], [2; 2], [2; 2]]);
    for j in 0..3 {
        // These are the ghost cells beyond the walls across x only.
        let column = all.with_axis(2, j, j + 1);
        cut.fill(Some(&column));
        let beyond = column.with_axis(1, -2, 0);
        assert!(cells(&beyond).iter().all(|cell| cut.at(0, *cell).is_finite()));
        let next = beyond.with_axis(2, j + 1, j + 2);
        assert!(j == 2 || cells(&next).iter().all(|cell| cut.at(0, *cell).is_nan()));
    }
    for i in 0..4 {
        cut.fill(Some(&all.with_axis(1, i, i + 1)));
    }
    let bits = |arrays: &Arrays| arrays.memory.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&whole), bits(&cut));
}
