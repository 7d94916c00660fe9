//! Problems with transport, put together from numbers: grids, ends, flows, options, sources.

use fluxions::prelude::*;
use fluxions::solver::{Advector, Blocking, Mpdata, Sources, ThirdOrder, Transport};

/// A problem and how it is stepped.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What it is made of, for messages.
    pub(crate) name: String,
    pub(crate) pde: Pde,
    pub(crate) initial: Vec<(String, String)>,
    pub(crate) dt: f64,
    pub(crate) steps: u64,
}

impl Case {
    /// The bits of all fields at the end, on rank 0, or what went wrong; nothing where the grid
    /// cannot be cut in this way.
    pub(crate) fn solve(
        &self,
        ranks: usize,
        dims: &[usize],
        blocking: Blocking,
    ) -> Option<Result<Vec<u64>, String>> {
        let solve = |world: &World| Ok::<_, String>(self.solve_on(world, dims, blocking));
        on_threads(ranks, solve).unwrap().swap_remove(0)
    }

    pub(crate) fn solve_on(
        &self,
        world: &World,
        dims: &[usize],
        blocking: Blocking,
    ) -> Option<Result<Vec<u64>, String>> {
        let builder = Simulation::builder(&self.pde, world).dt(self.dt).dims(dims);
        let builder = builder.blocking(blocking).max_steps(Some(self.steps));
        let builder = self.initial.iter().fold(builder, |b, (f, text)| b.initial(f, text.as_str()));
        let mut simulation = match builder.build() {
            Ok(simulation) => simulation,
            Err(e) if e.to_string().contains("cannot be cut") => return None,
            Err(e) => return Some(Err(e.to_string())),
        };
        let solve = || {
            simulation.run_until(1e9)?;
            let mut bits = Vec::new();
            for field in self.pde.fields() {
                bits.extend(simulation.gather(field)?.into_iter().flatten().map(f64::to_bits));
            }
            Ok(bits)
        };
        let found: Result<_, fluxions::solver::Error> = { solve }();
        Some(found.map_err(|e| e.to_string()))
    }
}

/// Options by their names, joined by `_`: `it3_fct`.
pub(crate) fn options(name: &str) -> Mpdata {
    let mut options = Mpdata::default();
    for word in name.split('_') {
        match word {
            "iga" => options.infinite_gauge = true,
            "fct" => options.nonoscillatory = true,
            "tot" => options.third_order = ThirdOrder::Standard,
            "full" => options.third_order = ThirdOrder::Full,
            "dfl" => options.divergent_flow = true,
            "dpdc" => options.dpdc = true,
            "signed" => options.signed = true,
            _ => options.iterations = word.strip_prefix("it").unwrap().parse().unwrap(),
        }
    }
    options
}

/// Numbers that make choices; 0 is the simplest one.
#[derive(Clone)]
pub(crate) struct Dice<'d>(pub(crate) std::slice::Iter<'d, u32>);

impl Dice<'_> {
    /// One of 0 … n−1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        *self.0.next().unwrap_or(&0) as usize % n
    }

    pub(crate) fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

const NAMES: [&str; 3] = ["x", "y", "z"];
const SPACINGS: [f64; 3] = [1.0, 0.5, 2.0];

/// A grid of so many axes, of which each end has a condition.
fn ends(
    dice: &mut Dice,
    dimension: usize,
    thin: bool,
) -> (Grid, Vec<(String, Condition<Formula>)>) {
    let mut grid = Grid::cartesian();
    let mut conditions = Vec::new();
    for k in 0..dimension {
        let few = [[37, 29, 40], [13, 17, 22], [9, 11, 8]][dimension - 1];
        let cells = match (thin, dice.below(6)) {
            (true, thin @ 4..) => thin - 1,
            (_, some) => few[some % 3] + k,
        };
        let kind = if dice.below(3) == 0 { Periodic } else { Bounded };
        let end = SPACINGS[k] * cells as f64;
        grid = grid.axis(NAMES[k], 0.0..end, cells, kind);
        if kind == Periodic {
            continue;
        }
        let other = if dimension > 1 { NAMES[(k + 1) % dimension] } else { "0.4" };
        for side in ["-", "+"] {
            let condition = match dice.below(8) {
                0 => continue,
                1 => Condition::Wall,
                2 => Condition::Open,
                3 => Condition::Value(0.7.into()),
                4 => Condition::Value(format!("1 + 0.5*sin({other} + t)").into()),
                5 => Condition::Derivative(format!("0.1*cos({other})").into()),
                6 => Condition::Ghost("0.5*value + 0.1".into()),
                _ => Condition::Ghost(format!("0.5 + 0.1*cos({other} - t)").into()),
            };
            conditions.push((format!("{}{side}", NAMES[k]), condition));
        }
    }
    (grid.build().unwrap(), conditions)
}

pub(crate) const OPTIONS: [&str; 20] = [
    "it2",
    "it1",
    "it3",
    "it4",
    "iga",
    "fct",
    "iga_fct",
    "it3_fct",
    "it3_iga",
    "it3_tot",
    "iga_tot",
    "iga_fct_tot",
    "it3_fct_full",
    "dfl",
    "it3_dfl_fct",
    "dfl_iga_fct_tot",
    "dpdc",
    "it3_dpdc_fct",
    "dpdc_iga_fct_full_dfl",
    "it4_fct_tot_dfl",
];

/// A flow of moderate speed. `other` is a field beside the one that is advected.
fn advector(dice: &mut Dice, dimension: usize, field: &str, dt: f64) -> Advector<Formula> {
    let speeds = [0.45, 0.24, 0.15][dimension - 1];
    let axes = || (0..dimension).map(|k| (k, NAMES[k], NAMES[(k + 1) % dimension]));
    let speed = |k: usize| speeds * SPACINGS[k] / dt;
    let formulas = |text: &dyn Fn(usize, &str, &str) -> String| {
        axes().map(|(k, along, across)| Formula::Text(text(k, along, across))).collect()
    };
    let sign = |k: usize| if k.is_multiple_of(2) { 1.0 } else { -1.0 };
    match dice.below(10) {
        0 => Advector::Courant(axes().map(|(k, ..)| (sign(k) * speeds).into()).collect()),
        1 => Advector::Courant(formulas(&|k, along, across| {
            format!("{}*(0.4 + 0.6*sin({along} + 2*{across}))", sign(k) * speeds)
        })),
        2 => Advector::Velocity(formulas(&|k, _, across| format!("{}*cos({across})", speed(k)))),
        3 => Advector::Velocity(formulas(&|k, _, across| {
            format!("{}*sin({across} + t)*exp(-t/10)", speed(k))
        })),
        4 => Advector::Velocity(formulas(&|k, _, _| format!("{}*cos(t)", speed(k)))),
        5 => Advector::Velocity(formulas(&|k, _, _| {
            format!("{}*tanh(abs({field})/2)", sign(k) * speed(k))
        })),
        6 => Advector::Velocity(formulas(&|k, along, _| {
            format!("{}*tanh(d_d{along}(other) + 0.1*t)", speed(k))
        })),
        7 => Advector::Velocity(formulas(&|k, _, _| format!("{}*tanh(given)", speed(k)))),
        8 if dimension == 2 => {
            let size = 0.5 * SPACINGS[0] * SPACINGS[1] * speeds / dt;
            Advector::StreamFunction(format!("{size}*sin(x)*cos(y)*(1 + 0.3*sin(t))").into())
        }
        9 if dimension == 2 => {
            let size = 0.5 * SPACINGS[0] * SPACINGS[1] * speeds / dt;
            Advector::StreamFunction(format!("{size}*sin(x + 2*y)").into())
        }
        _ => Advector::Courant(formulas(&|k, along, _| {
            format!("{}*sin({along})*cos(t)", sign(k) * speeds)
        })),
    }
}

/// How one field is advected.
fn transport(
    dice: &mut Dice,
    dimension: usize,
    advector: Advector<Formula>,
) -> (String, Transport) {
    let mut name = dice.one(&OPTIONS).to_string();
    let diffusion = dice.below(5);
    // Diffusion divides by the field.
    if diffusion == 0 && dice.below(3) == 1 {
        name += "_signed";
    }
    let g_factor = match dice.below(4) {
        0 => 1.0.into(),
        1 => "1 + 0.1*sin(x)".into(),
        2 => "exp(0.1*cos(x))".into(),
        _ => 1.1.into(),
    };
    let diffusivity: Vec<Formula> = match diffusion {
        0 | 1 => vec![],
        2 => vec![0.01.into()],
        3 => vec!["0.01*tanh(abs(other))".into()],
        _ => {
            (0..dimension).map(|k| format!("0.01*(1 + 0.5*sin({} + t))", NAMES[k]).into()).collect()
        }
    };
    let name = format!("{name} of {advector:?} with G {g_factor:?}, {diffusivity:?}");
    let options = options(name.split(' ').next().unwrap_or(""));
    (name, Transport { advector, options, g_factor, diffusivity })
}

/// A problem on a grid with so many axes, some of them as thin as the passes allow.
pub(crate) fn case(dice: &mut Dice, dimension: usize) -> Case {
    let thin = attempt(&mut dice.clone(), dimension, true);
    thin.or_else(|| attempt(dice, dimension, false)).expect("no axis is too thin")
}

fn attempt(dice: &mut Dice, dimension: usize, thin: bool) -> Option<Case> {
    let (grid, conditions) = ends(dice, dimension, thin);
    let dt = 0.5;
    let vector = dice.below(6) == 5;
    let itself = dice.below(3) == 2;
    let flow = match vector && itself {
        true => {
            let parts = (0..dimension).map(|k| format!("0.1*tanh(psi[{k}])*{}", SPACINGS[k]));
            Advector::Velocity(parts.map(Formula::Text).collect())
        }
        false => advector(dice, dimension, if vector { "psi[0]" } else { "psi" }, dt),
    };
    let (mut name, advected) = transport(dice, dimension, flow.clone());
    let cells: Vec<usize> = grid.axes().iter().map(|axis| axis.cells()).collect();
    let mut builder = Pde::on(&grid)
        .parameter("given", "sin(x)*cos(x/2)")
        .equation("other", "0.01*laplace(other) - 0.1*other")
        .transport("psi", advected);
    let wave = ["sin(x)", "sin(x)*cos(2*y)", "sin(x)*cos(2*y)*sin(z/2)"][dimension - 1];
    let bump = format!("1 + 0.8*{wave}");
    let mut initial = vec![("psi".to_string(), bump), ("other".into(), format!("3*{wave}"))];
    if vector {
        builder = builder.field("psi", Type::real(Rank::Vector));
        let parts: Vec<String> = (0..dimension).map(|k| format!("1.5 + cos(x + {k})")).collect();
        initial[0].1 = format!("[{}]", parts.join(", "));
    }
    let source = match dice.below(7) {
        1 => Some("-0.1*psi"),
        2 if vector => Some("0.05*psi*other"),
        2 => Some("0.1*(other - psi^2)"),
        3 if vector => None,
        3 => Some("0.01*laplace(psi)"),
        4 if vector => None,
        4 => Some("0.01*(1 - average(psi)) + 0.1*sin(t + x)"),
        5 => Some("0"),
        _ => None,
    };
    if let Some(source) = source {
        builder = builder.equation("psi", source);
    }
    if dice.below(2) == 1 {
        builder = builder.sources(Sources::Euler);
    }
    // A second field, by the same flow or another one.
    let second = dice.below(3);
    if second > 0 {
        let flow = if second == 1 { flow } else { advector(dice, dimension, "other", dt) };
        let (also, advected) = transport(dice, dimension, flow);
        builder = builder.transport("phi", advected);
        initial.push(("phi".into(), format!("2 + {wave}")));
        name = format!("{name}; phi: {also}");
        if dice.below(2) == 1 {
            let coupled = if vector { "-0.1*phi" } else { "0.1*(psi - phi)" };
            builder = builder.equation("phi", coupled);
            name += " coupled";
        }
    }
    for (at, condition) in &conditions {
        // Those that make no sense for operators are the advected ones' own.
        builder = builder.boundary_of("psi", at, condition.clone());
        if second > 0 {
            builder = builder.boundary_of("phi", at, condition.clone());
        }
    }
    let name = format!(
        "{cells:?} {}{name}, source {source:?}, {conditions:?}",
        if vector { "vector " } else { "" }
    );
    let pde = match builder.build() {
        Ok(pde) => pde,
        Err(e) if thin && e.to_string().contains("cells") => return None,
        Err(e) => panic!("{name}: {e}"),
    };
    let steps = 2 + dice.below(4) as u64;
    Some(Case { name, pde, initial, dt, steps })
}
