//! Errors of solutions: of manufactured problems u_t = L u + source, in the maximum norm after some
//! time. Next to walls operators have errors of a lower order than elsewhere, but
//! solutions do not.

use std::f64::consts::TAU;

use fluxions::prelude::*;

use crate::conditions::{Kind, Shift, Texts};
use crate::exact::{Complex, Local};
use crate::fields::{Closed, Fields, Quantity, Space};
use crate::operators::{advect, diffusion, has_forms, laplace, vector_laplace};
use crate::table::{self, Entry};

/// A problem for c or u, whose solution is the manufactured field times cos(ωt).
struct Problem {
    unknown: Quantity,
    /// L
    text: &'static str,
    exact: fn(&Local) -> Vec<Complex>,
    /// A definition that the conditions are for.
    define: Option<Define>,
    /// The kinds in one, two and three dimensions.
    kinds: [&'static [Kind]; 3],
}

/// A definition in the place of J.
#[derive(Clone, Copy)]
enum Define {
    /// Half the unknown.
    Half(&'static str),
    /// The gradient of the unknown.
    Gradient(&'static str),
}

impl Define {
    fn text(self) -> &'static str {
        let (Define::Half(text) | Define::Gradient(text)) = self;
        text
    }
}

mod kinds {
    use crate::conditions::Kind::{self, *};

    pub(super) const PLAIN: &[Kind] = &[
        Ghost,
        Value,
        Derivative,
        Mixed,
        Curvature,
        CurvatureAtWall,
        Supported,
        Periodic,
        Antiperiodic,
    ];
    pub(super) const NORMAL: &[Kind] =
        &[NormalValue, NormalDerivative, NormalMixed, NormalCurvature, Periodic, Antiperiodic];
    pub(super) const FEW: &[Kind] = &[Value, Derivative, Mixed];
    pub(super) const SMOOTH: &[Kind] =
        &[Derivative, Mixed, NormalDerivative, NormalMixed, NormalCurvature];
    pub(super) const MIXED: &[Kind] = &[Mixed];
}
use kinds::{FEW, MIXED, NORMAL, PLAIN, SMOOTH};

const PROBLEMS: [Problem; 8] = [
    Problem {
        unknown: Quantity::C,
        text: "laplace(c)",
        exact: laplace,
        define: None,
        kinds: [PLAIN, PLAIN, &[Kind::Derivative, Kind::Mixed]],
    },
    Problem {
        unknown: Quantity::C,
        text: "laplace(J)",
        exact: |l| half(laplace(l)),
        define: Some(Define::Half("c/2")),
        kinds: [PLAIN, PLAIN, &[]],
    },
    Problem {
        unknown: Quantity::U,
        text: "vector_laplace(u)",
        exact: vector_laplace,
        define: None,
        kinds: [&Kind::ALL, SMOOTH, MIXED],
    },
    Problem {
        unknown: Quantity::U,
        text: "vector_laplace(J)",
        exact: |l| half(vector_laplace(l)),
        define: Some(Define::Half("u/2")),
        kinds: [&Kind::ALL, SMOOTH, &[]],
    },
    Problem {
        unknown: Quantity::C,
        text: "divergence(J)",
        exact: laplace,
        define: Some(Define::Gradient("gradient(c)")),
        kinds: [NORMAL, &[], &[]],
    },
    Problem {
        unknown: Quantity::U,
        text: "tensor_divergence(J)",
        exact: vector_laplace,
        define: Some(Define::Gradient("vector_gradient(u)")),
        kinds: [NORMAL, &[], &[]],
    },
    Problem {
        unknown: Quantity::C,
        text: "diffusion(D, c)",
        exact: diffusion,
        define: None,
        kinds: [FEW, &[Kind::Value], &[]],
    },
    Problem {
        unknown: Quantity::C,
        text: "laplace(c) - advect(v, c)",
        exact: |l| vec![laplace(l)[0] - advect(l)[0]],
        define: None,
        kinds: [FEW, FEW, &[]],
    },
];

fn half(numbers: Vec<Complex>) -> Vec<Complex> {
    numbers.into_iter().map(|number| number * 0.5).collect()
}

/// The size of domains.
const SIZE: f64 = 0.6;

/// The errors of the solutions of all problems on one domain.
pub(crate) fn entries(space: Space, closed: Closed, complex: bool) -> Vec<Entry> {
    let fields = Fields { space, closed, complex, size: [SIZE; 2] };
    // For gradients of gradients, whose stencils are wide, the last two.
    let cells: &[usize] = match space.axes {
        1 => &[32, 64, 128],
        2 => &[16, 32],
        _ => &[8, 16],
    };
    let grid = |k: usize, conservative| fields.grid(cells[k], conservative);
    let locals = |k| table::cells(&grid(k, None)).map(|at| Local::new(&fields, at)).collect();
    let exact: Vec<Vec<Local>> = (0..cells.len()).map(locals).collect();
    let mut entries = Vec::new();
    for problem in &PROBLEMS {
        let has_forms = space.axes == 1 && has_forms(problem.text, &space);
        let forms = if has_forms { vec![Some(true), Some(false)] } else { vec![None] };
        for conservative in forms {
            for kind in problem.kinds[space.axes - 1] {
                let enough = !fields.complex
                    || matches!(kind, Kind::Mixed | Kind::Periodic | Kind::Antiperiodic)
                    || (space.axes == 1 && matches!(kind, Kind::Value | Kind::Derivative));
                // An equation of second order cannot have two numbers at a wall.
                let too_many = *kind == Kind::Clamped;
                if kind.closed() != fields.closed || !enough || too_many {
                    continue;
                }
                let coarse = usize::from(matches!(problem.define, Some(Define::Gradient(_))));
                let errors = [coarse, coarse + 1]
                    .map(|k| error(&grid(k, conservative), fields, problem, *kind, &exact[k]));
                let wave = fields.closed != Closed::Walls;
                let what = match problem.define {
                    None => problem.text.into(),
                    Some(define) => problem.text.replace('J', define.text()),
                };
                entries.push(Entry {
                    what: format!("d/dt = {what}"),
                    space,
                    conservative,
                    kind: *kind,
                    theory: if *kind == Kind::CurvatureAtWall { 1.0 } else { 2.0 },
                    errors,
                    ratio: 2.0,
                    spacing: if wave { TAU } else { SIZE } / cells[coarse + 1] as f64,
                    scale: 1.0,
                });
            }
        }
    }
    entries
}

/// The error of the solution.
fn error(grid: &Grid, fields: Fields, problem: &Problem, kind: Kind, exact: &[Local]) -> f64 {
    let (unknown, space) = (problem.unknown, fields.space);
    let (name, ty) = (unknown.name(), fields.type_of(unknown));
    let texts = Texts::new(fields);
    // Walls with formulas of the time are worked out in each step, which takes long.
    let omega = if space.axes == 1 { 8.0 } else { 0.0 };
    let now = |factor: &str, text: String| match text.as_str() {
        "0" => text,
        _ if omega == 0.0 => format!("{factor}*{text}"),
        _ => format!("{factor}*cos({omega}*t)*{text}"),
    };
    let own = |k: usize, along: &[usize], shift: Shift| {
        now("1", texts.component(unknown, k, along, shift))
    };
    let half = |k: usize, along: &[usize], shift: Shift| {
        now("0.5", texts.component(unknown, k, along, shift))
    };
    // Of gradients the components normal to walls, which are derivatives along the axes also
    // where these are curved.
    let n = space.components();
    let gradient = |k: usize, along: &[usize], shift: Shift| match k % n {
        axis if axis < space.axes => {
            now("1", texts.component(unknown, k / n, &[&[axis], along].concat(), shift))
        }
        _ => "0".into(),
    };
    // (1 + i/2) L, which damps waves as L does.
    let (factor, operator) = match fields.complex {
        true => (Complex { re: 1.0, im: 0.5 }, format!("(1 + 0.5*I)*({})", problem.text)),
        false => (Complex { re: 1.0, im: 0.0 }, problem.text.into()),
    };
    let rate = format!("{}*sin({omega}*t)*shape - cos({omega}*t)*image", -omega);
    let mut pde = Pde::on(grid)
        .define("D", texts.value(Quantity::D))
        .define("v", texts.value(Quantity::V))
        .equation(name, format!("{operator} + {rate}"));
    for constant in ["shape", "image"] {
        pde = pde.equation(constant, "0").field(constant, ty);
    }
    pde = pde.field(name, ty);
    pde = match problem.define {
        None => texts.conditions(pde, name, ty, kind, &own),
        Some(Define::Half(text)) => {
            // The unknown itself has others, which nothing uses.
            texts.conditions(pde.define("J", text), "J", ty, kind, &half)
        }
        Some(Define::Gradient(text)) => {
            let rank = if ty.rank == Rank::Scalar { Rank::Vector } else { Rank::Tensor };
            let pde = pde.define("J", text);
            let pde = texts.conditions(pde, "J", ty.with_rank(rank), kind, &gradient);
            let kind = if kind.closed() == Closed::Walls { Kind::Ghost } else { kind };
            texts.conditions(pde, name, ty, kind, &own)
        }
    };
    let pde = texts.functions(pde).build().unwrap_or_else(|e| panic!("{e}"));

    // Rates are larger at r = 0, and smaller for differences of differences, which reach twice as
    // far.
    let step = match (space.hollow, space.axes) {
        (true, _) => 0.3,
        (false, 1) => 0.12,
        (false, _) => 0.2,
    };
    let step = match problem.define {
        // D is up to 2.7.
        None if problem.text.starts_with("diffusion") => step / 2.7,
        Some(Define::Gradient(_)) if space.hollow => 2.0 * step,
        Some(Define::Half(_)) if space.axes > 1 => 2.0 * step,
        _ => step,
    };
    let spacings = grid.axes().iter().map(|axis| axis.spacing());
    let spacing = spacings.fold(f64::INFINITY, f64::min);
    let world = World::solo();
    let mut simulation = Simulation::builder(&pde, &world)
        .initial(name, 0.0)
        .initial("shape", 0.0)
        .initial("image", 0.0)
        .scheme(Tableau::EULER)
        .dt(step * spacing * spacing / grid.dimension() as f64)
        .build()
        .unwrap_or_else(|e| panic!("{e}"));
    let shape = |local: &Local| match unknown.rank() {
        Rank::Scalar => vec![local.at.c()],
        _ => local.vector(|i| local.at.u(i)),
    };
    let image = |local: &Local| (problem.exact)(local).iter().map(|x| *x * factor).collect();
    let mut set = |field: &str, of: &dyn Fn(&Local) -> Vec<Complex>| {
        let values: Vec<_> = exact.iter().map(of).collect();
        for number in 0..ty.numbers(n) {
            let mut part = simulation.part_mut(field, number).unwrap();
            for (to, from) in part.iter_mut().zip(&values) {
                let Complex { re, im } = from[number / ty.per_component()];
                *to = [re, im][number % ty.per_component()];
            }
        }
    };
    set(name, &shape);
    set("shape", &shape);
    set("image", &image);
    let end = 0.1 * SIZE * SIZE;
    simulation.run_until(end).unwrap();
    let part = |number| simulation.part(name, number).unwrap().iter().copied().collect();
    let found: Vec<Vec<f64>> = (0..ty.numbers(n)).map(part).collect();
    let scaled = |local: &Local| shape(local).into_iter().map(|x| x * (omega * end).cos());
    let exact: Vec<Vec<_>> = exact.iter().map(|local| scaled(local).collect()).collect();
    table::largest_difference(&found, &exact).0
}
