//! Rooted trees, which the order conditions of Runge–Kutta schemes are counted by, and every table of
//! coefficients against them.
//!
//! A scheme is of order p if Φ(t) = 1/γ(t) for every tree t of up to p nodes (Butcher 1963; Hairer, Nørsett &
//! Wanner 1993, "Solving Ordinary Differential Equations I", theorem II.2.13), and a scheme of two parts if that
//! holds for every way to give the nodes the colours of the parts (the same, theorem II.15.9).

use crate::schemes::imex::Imex;
use crate::schemes::implicit::{Implicit, ImplicitStages};
use crate::schemes::tableau::Tableau;

/// A rooted tree. The colour of a node says which part of the rates it stands for.
#[derive(Clone, Debug, PartialEq)]
struct Tree {
    colour: usize,
    branches: Vec<Tree>,
}

/// A matrix of coefficients, row by row. Zeros at the end of a row may be missing.
type Rows = Vec<Vec<f64>>;

impl Tree {
    /// All trees of so many nodes in so many colours, each once.
    fn all(nodes: usize, colours: usize) -> Vec<Tree> {
        let smaller: Vec<Tree> = (1..nodes).flat_map(|n| Tree::all(n, colours)).collect();
        let forests = forests(nodes - 1, &smaller);
        let rooted = |colour| {
            let forests = forests.iter().cloned();
            forests.map(move |branches| Tree { colour, branches })
        };
        (0..colours).flat_map(rooted).collect()
    }

    fn nodes(&self) -> usize {
        1 + self.branches.iter().map(Tree::nodes).sum::<usize>()
    }

    /// γ: the number of nodes times the densities of the branches.
    fn density(&self) -> f64 {
        self.nodes() as f64 * self.branches.iter().map(Tree::density).product::<f64>()
    }

    /// The product over the branches of Σ_j a_ij times the same of the branch in stage j.
    fn in_stage(&self, a: &[Rows], i: usize) -> f64 {
        let of_branch = |branch: &Tree| -> f64 {
            let row = a[branch.colour][i].iter().enumerate();
            row.map(|(j, a_ij)| a_ij * branch.in_stage(a, j)).sum()
        };
        self.branches.iter().map(of_branch).product()
    }

    /// Φ(t) − 1/γ(t) for parts with these matrices and weights.
    fn residual(&self, a: &[Rows], b: &[Vec<f64>]) -> f64 {
        let stages = b[self.colour].iter().enumerate();
        let weight: f64 = stages.map(|(i, b_i)| b_i * self.in_stage(a, i)).sum();
        weight - 1.0 / self.density()
    }
}

/// All ways to choose some trees, any of them several times, that have so many nodes together.
fn forests(nodes: usize, trees: &[Tree]) -> Vec<Vec<Tree>> {
    if nodes == 0 {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for (k, tree) in trees.iter().enumerate().filter(|(_, tree)| tree.nodes() <= nodes) {
        for mut rest in forests(nodes - tree.nodes(), &trees[k..]) {
            rest.push(tree.clone());
            found.push(rest);
        }
    }
    found
}

/// What is asked of a table: the matrices and weights of its parts, and the order.
struct Table {
    name: String,
    order: usize,
    a: Vec<Rows>,
    b: Vec<Vec<f64>>,
    c: Vec<f64>,
}

/// Every table of the schemes, and each once more with the weights of its second result.
fn tables() -> Vec<Table> {
    let mut tables = Vec::new();
    for t in Tableau::ALL {
        let a: Rows = (0..t.stages()).map(|i| t.a(i).to_vec()).collect();
        let mut add = |name: String, order, b: &[f64]| {
            let (a, b, c) = (vec![a.clone()], vec![b.to_vec()], t.c().to_vec());
            tables.push(Table { name, order, a, b, c });
        };
        add(t.name().into(), t.order(), t.b());
        if let Some(embedded) = t.embedded() {
            let order = if t.name() == "fehlberg45" { 5 } else { t.order() - 1 };
            assert_eq!(t.error_order(), Some(order.min(t.order())));
            add(format!("{} embedded", t.name()), order, embedded);
        }
    }
    // `bdf2` has no table: the one it gives is that of its first step. Rannacher's is that of the trapezoidal rule.
    let others = [Implicit::Bdf2, Implicit::Rannacher];
    for scheme in Implicit::ALL.into_iter().filter(|scheme| !others.contains(scheme)) {
        let ImplicitStages { a, c, embedded } = scheme.stages();
        let mut add = |name: String, order, b: Vec<f64>| {
            tables.push(Table { name, order, a: vec![a.clone()], b: vec![b], c: c.clone() });
        };
        add(scheme.name().into(), scheme.order(), a.last().unwrap().clone());
        assert_eq!(embedded.is_none(), scheme.leading_error(1.0, 1.0).is_some());
        if let Some(embedded) = embedded {
            add(format!("{} embedded", scheme.name()), 3, embedded);
        }
    }
    for scheme in Imex::ALL {
        let stages = scheme.stages();
        let ImplicitStages { a, c, embedded } = stages.implicit;
        let mut add = |name: String, order, b: Vec<Vec<f64>>| {
            let a = vec![stages.a.clone(), a.clone()];
            tables.push(Table { name, order, a, b, c: c.clone() });
        };
        add(scheme.name().into(), scheme.order(), stages.b.to_vec());
        assert_eq!(embedded.is_some(), scheme.estimates_error());
        if let Some(embedded) = embedded {
            let b = vec![embedded.clone(), embedded];
            add(format!("{} embedded", scheme.name()), scheme.order() - 1, b);
        }
    }
    tables
}

/// The numbers of rooted trees in one and in two colours (OEIS A000081 and A000151).
#[test]
fn there_are_as_many_trees_as_is_known() {
    let count = |colours| (1..=6).map(|nodes| Tree::all(nodes, colours).len()).collect::<Vec<_>>();
    assert_eq!(count(1), [1, 1, 2, 4, 9, 20]);
    assert_eq!(count(2), [2, 4, 14, 52, 214, 916]);
}

#[test]
fn conditions_hold_up_to_the_order_and_not_beyond() {
    for Table { name, order, a, b, .. } in tables() {
        let residuals = |nodes: usize| {
            let trees = Tree::all(nodes, a.len()).into_iter();
            trees.map(|tree| tree.residual(&a, &b).abs()).fold(0.0, f64::max)
        };
        for nodes in 1..=order {
            assert!(residuals(nodes) <= 1e-13, "{name}, {nodes}: {}", residuals(nodes));
        }
        assert!(residuals(order + 1) > 1e-4, "{name}: {}", residuals(order + 1));
    }
}

#[test]
fn rows_sum_to_the_times_of_their_stages() {
    for Table { name, a, b, c, .. } in tables() {
        assert!(b.iter().all(|b| b.len() == c.len()), "{name}");
        for rows in a {
            assert_eq!(rows.len(), c.len(), "{name}");
            for (row, c) in rows.iter().zip(&c) {
                assert!((row.iter().sum::<f64>() - c).abs() <= 1e-13, "{name}: {row:?} {c}");
            }
        }
    }
}

/// R(z) at z = −1/2, −5/4, −2 and 3/10, from the published coefficients as exact fractions.
    #[rustfmt::skip]
    const STABILITY: &[(&str, [f64; 4])] = &[
        ("euler", [0.5, -0.25, -1.0, 1.3]),
        ("rk2", [0.625, 0.53125, 1.0, 1.345]),
        ("ssprk3", [0.6041666666666666, 0.20572916666666666, -0.3333333333333333, 1.3495]),
        ("ssprk(10,4)", [0.6065409840182282, 0.2871027932019374, 0.13897678199461463, 1.349857435426586]),
        ("rk4", [0.6067708333333334, 0.3074544270833333, 0.3333333333333333, 1.3498375]),
        ("carpenter-kennedy45", [0.6066145833333333, 0.2921956380208333, 0.17333333333333334, 1.34984965]),
        ("bogacki-shampine", [0.6041666666666666, 0.20572916666666666, -0.3333333333333333, 1.3495]),
        ("bogacki-shampine embedded", [0.6028645833333334, 0.21590169270833334, -0.16666666666666666, 1.35023125]),
        ("fehlberg45", [0.6064703525641025, 0.278110601963141, 0.02564102564102564, 1.3498608653846154]),
        ("fehlberg45 embedded", [0.6065179286858975, 0.28385710104917866, 0.09743589743589744, 1.3498581004807693]),
        ("cash-karp", [0.6065299479166667, 0.28679148356119794, 0.14666666666666667, 1.34985866125]),
        ("cash-karp embedded", [0.6065202617645263, 0.28545860573649406, 0.1286328125, 1.3498590857781982]),
        ("dormand-prince", [0.6065364583333334, 0.2883809407552083, 0.17333333333333334, 1.349858965]),
        ("dormand-prince embedded", [0.6065057942708333, 0.2844756444295247, 0.12133333333333333, 1.3498607014375]),
        ("tsit5", [0.6065327949686162, 0.28748656460370253, 0.1583281914543269, 1.3498587940820554]),
        ("tsit5 embedded", [0.6065487286583202, 0.2894864563748415, 0.18473406965073777, 1.3498578666886243]),
        ("backward-euler", [0.6666666666666666, 0.4444444444444444, 0.3333333333333333, 1.4285714285714286]),
        ("crank-nicolson", [0.6, 0.23076923076923078, 0.0, 1.3529411764705883]),
        ("sdirk2", [0.6032634801055627, 0.25839343798960546, 0.06822746429607388, 1.351303537896916]),
        ("sdirk4", [0.6065471049467391, 0.2873229628748163, 0.13991769547325103, 1.349856051623936]),
        ("sdirk4 embedded", [0.6069196768785247, 0.2955867154117883, 0.1728395061728395, 1.349953392478021]),
        ("tr-bdf2", [0.6032634801055627, 0.25839343798960546, 0.06822746429607388, 1.351303537896916]),
        ("tr-bdf2 embedded", [0.6071095282937473, 0.30071551053220236, 0.1968784047411856, 1.3499911545109295]),
        ("implicit imex-euler", [0.6666666666666666, 0.4444444444444444, 0.3333333333333333, 1.4285714285714286]),
        ("explicit imex-euler", [0.5, -0.25, -1.0, 1.3]),
        ("implicit ars222", [0.6032634801055627, 0.25839343798960546, 0.06822746429607388, 1.351303537896916]),
        ("explicit ars222", [0.625, 0.53125, 1.0, 1.345]),
        ("implicit ars233", [0.6042863032815421, 0.2561675633213865, 0.050180138592764385, 1.3483990191565298]),
        ("explicit ars233", [0.6041666666666666, 0.20572916666666666, -0.3333333333333333, 1.3495]),
        ("implicit ars443", [0.6058666666666667, 0.27599407116931013, 0.10416666666666667, 1.3496006992253444]),
        ("explicit ars443", [0.6026475694444444, 0.1463894314236111, -0.7222222222222222, 1.349303125]),
        ("implicit ark3(2)4L[2]SA", [0.6057584824919415, 0.2748090239042347, 0.10134448043411115, 1.349511538535273]),
        ("explicit ark3(2)4L[2]SA", [0.6059523809523809, 0.27548363095238093, 0.12380952380952381, 1.3497314285714286]),
        ("implicit ark3(2)4L[2]SA embedded", [0.6053287864616741, 0.27151893905875446, 0.09376778088056646, 1.3497668476916411]),
        ("explicit ark3(2)4L[2]SA embedded", [0.6076577184979577, 0.298848509490266, 0.20607300587496385, 1.3493146950440513]),
        ("implicit ark4(3)6L[2]SA", [0.6065471049467391, 0.2873229628748163, 0.13991769547325103, 1.349856051623936]),
        ("explicit ark4(3)6L[2]SA", [0.6065518518518519, 0.2879005714699074, 0.1474962962962963, 1.3498560832]),
        ("implicit ark4(3)6L[2]SA embedded", [0.6065368287546469, 0.28706837843051153, 0.13883045384068363, 1.3498539093530375]),
        ("explicit ark4(3)6L[2]SA embedded", [0.6065258453022221, 0.28633911278331514, 0.13502538374425974, 1.3498553899918155]),
    ];

/// What a step makes of u' = z·u with u = 1 and a length of 1.
fn stability(a: &Rows, b: &[f64], z: f64) -> f64 {
    let mut stages: Vec<f64> = Vec::new();
    for (i, row) in a.iter().enumerate() {
        let before: f64 = row.iter().zip(&stages).map(|(a, u)| a * z * u).sum();
        stages.push((1.0 + before) / (1.0 - z * row.get(i).unwrap_or(&0.0)));
    }
    1.0 + b.iter().zip(stages).map(|(b, u)| b * z * u).sum::<f64>()
}

#[test]
fn stability_functions_are_those_of_exact_fractions() {
    let mut compared = 0;
    for Table { name, a, b, .. } in tables() {
        // Of two parts each by itself.
        let parts = if a.len() == 2 { &["explicit ", "implicit "][..] } else { &[""] };
        for ((part, a), b) in parts.iter().zip(&a).zip(&b) {
            let (_, known) = STABILITY
                .iter()
                .find(|(known, _)| *known == format!("{part}{name}"))
                .unwrap_or_else(|| panic!("{part}{name}"));
            for (z, known) in [-0.5, -1.25, -2.0, 0.3].into_iter().zip(known) {
                let found = stability(a, b, z);
                assert!((found - known).abs() <= 1e-13, "{part}{name} at {z}: {found} {known}");
            }
            compared += 1;
        }
    }
    assert_eq!(compared, STABILITY.len());
}
