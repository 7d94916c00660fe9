//! Errors of operators applied to exact fields, in the maximum norm, next to walls of every kind.

use std::cell::RefCell;
use std::f64::consts::TAU;
use std::rc::Rc;

use fluxions::prelude::*;

use crate::conditions::{Kind, Shift, Texts};
use crate::exact::{Complex, Local};
use crate::fields::{Closed, Fields, Quantity, Space};
use crate::table::{self, Entry};

/// An operator on the quantities c, D, u, v and T.
struct Operator {
    text: &'static str,
    exact: fn(&Local) -> Vec<Complex>,
    /// The order away from walls.
    order: f64,
    /// The order of the derivatives across walls: errors of ghost cells are divided by as many
    /// powers of the spacing.
    across: Option<u32>,
    /// The same where only ghost cells of components normal to the wall have errors.
    normal: Option<u32>,
    /// Whether it is applied to vectors or tensors, which have such components.
    has_normals: bool,
    /// Where it makes sense.
    fits: fn(&Space) -> bool,
}

fn anywhere(_: &Space) -> bool {
    true
}
fn cartesian(space: &Space) -> bool {
    !space.is_curved()
}
fn curved(space: &Space) -> bool {
    space.is_curved()
}
fn has_y(space: &Space) -> bool {
    cartesian(space) && space.axes > 1
}
fn has_z(space: &Space) -> bool {
    cartesian(space) && space.axes > 2
}
fn has_height(space: &Space) -> bool {
    space.geometry == Geometry::Cylindrical
}
fn flat(space: &Space) -> bool {
    space.components() == 2
}
/// Where there are rotations along some direction of vectors that depend on the axes only.
fn turning(space: &Space) -> bool {
    space.components() > 1 && space.geometry != Geometry::Spherical
}
fn solid(space: &Space) -> bool {
    turning(space) && space.components() == 3
}

fn gradient(l: &Local) -> Vec<Complex> {
    l.vector(|i| l.d[i].c())
}
fn divergence(l: &Local) -> Vec<Complex> {
    vec![l.sum(|i| l.d[i].u(i))]
}
fn gradient_squared(l: &Local) -> Vec<Complex> {
    vec![l.sum(|i| l.d[i].c() * l.d[i].c())]
}
fn vector_gradient(l: &Local) -> Vec<Complex> {
    l.tensor(|i, j| l.d[j].u(i))
}
pub(crate) fn advect(l: &Local) -> Vec<Complex> {
    vec![l.sum(|i| l.at.v(i) * l.d[i].c())]
}
fn advect_vector(l: &Local) -> Vec<Complex> {
    l.vector(|i| l.sum(|j| l.at.v(j) * l.d[j].u(i)))
}
fn curl(l: &Local) -> Vec<Complex> {
    l.cross(|i, j| l.d[i].u(j))
}
pub(crate) fn laplace(l: &Local) -> Vec<Complex> {
    vec![l.sum(|i| l.dd(i, i).c())]
}
pub(crate) fn vector_laplace(l: &Local) -> Vec<Complex> {
    l.vector(|k| l.sum(|i| l.dd(i, i).u(k)))
}
pub(crate) fn diffusion(l: &Local) -> Vec<Complex> {
    vec![l.sum(|i| l.d[i].d() * l.d[i].c() + l.at.d() * l.dd(i, i).c())]
}
/// The derivative along axis A of each component of a quantity.
fn first<const A: usize>(of: Quantity, l: &Local) -> Vec<Complex> {
    match of.rank() {
        Rank::Scalar => vec![l.d[A].c()],
        Rank::Vector => l.vector(|i| l.d[A].u(i)),
        Rank::Tensor => l.tensor(|i, j| l.d[A].t(i, j)),
    }
}
fn second<const A: usize>(of: Quantity, l: &Local) -> Vec<Complex> {
    match of.rank() {
        Rank::Scalar => vec![l.dd(A, A).c()],
        Rank::Vector => l.vector(|i| l.dd(A, A).u(i)),
        Rank::Tensor => l.tensor(|i, j| l.dd(A, A).t(i, j)),
    }
}

fn operators() -> Vec<Operator> {
    use Quantity::{C, T, U};
    let (none, one, two) = (None, Some(1), Some(2));
    let mut all = Vec::new();
    let mut add = |text, order, across, normal: Option<Option<u32>>, fits, exact| {
        let (has_normals, normal) = (normal.is_some(), normal.flatten());
        all.push(Operator { text, exact, order, across, normal, has_normals, fits });
    };
    type Exact = fn(&Local) -> Vec<Complex>;
    type Fits = fn(&Space) -> bool;
    for (text, order, across, fits, exact) in [
        ("laplace(c)", 2.0, two, anywhere as Fits, laplace as Exact),
        ("gradient(c)", 2.0, one, anywhere, gradient),
        ("gradient_forward(c)", 1.0, one, anywhere, gradient),
        ("gradient_backward(c)", 1.0, one, anywhere, gradient),
        ("gradient_squared(c)", 2.0, one, anywhere, gradient_squared),
        ("gradient_squared_conservative(c)", 2.0, one, anywhere, gradient_squared),
        ("diffusion(D, c)", 2.0, two, anywhere, diffusion),
        ("advect(v, c)", 2.0, one, anywhere, advect),
        ("advect_upwind(v, c)", 1.0, one, anywhere, advect),
        ("d_dx(c)", 2.0, one, cartesian, |l| first::<0>(C, l)),
        ("d_dx_forward(c)", 1.0, one, cartesian, |l| first::<0>(C, l)),
        ("d_dx_backward(c)", 1.0, one, cartesian, |l| first::<0>(C, l)),
        ("d2_dx2(c)", 2.0, two, cartesian, |l| second::<0>(C, l)),
        ("d_dy(c)", 2.0, one, has_y, |l| first::<1>(C, l)),
        ("d2_dy2(c)", 2.0, two, has_y, |l| second::<1>(C, l)),
        ("d_dz(c)", 2.0, one, has_z, |l| first::<2>(C, l)),
        ("d2_dz2(c)", 2.0, two, has_z, |l| second::<2>(C, l)),
        ("d_dr(c)", 2.0, one, curved, |l| first::<0>(C, l)),
        ("d_dr_forward(c)", 1.0, one, curved, |l| first::<0>(C, l)),
        ("d_dr_backward(c)", 1.0, one, curved, |l| first::<0>(C, l)),
        ("d2_dr2(c)", 2.0, two, curved, |l| second::<0>(C, l)),
        ("d_dz(c)", 2.0, one, has_height, |l| first::<1>(C, l)),
        ("d_dz_forward(c)", 1.0, one, has_height, |l| first::<1>(C, l)),
        ("d_dz_backward(c)", 1.0, one, has_height, |l| first::<1>(C, l)),
        ("d2_dz2(c)", 2.0, two, has_height, |l| second::<1>(C, l)),
        ("curl(c)", 2.0, one, flat, |l| vec![l.d[1].c(), l.d[0].c() * -1.0]),
        // Compositions whose outer part looks at no neighbours.
        ("dot(u, gradient(c))", 2.0, one, anywhere, |l| {
            vec![l.sum(|i| l.at.u(i) * l.d[i].c().conj())]
        }),
        ("dot(T, gradient(c))", 2.0, one, anywhere, |l| {
            l.vector(|i| l.sum(|j| l.at.t(i, j) * l.d[j].c().conj()))
        }),
        ("dot(gradient(c), T)", 2.0, one, anywhere, |l| {
            l.vector(|j| l.sum(|i| l.d[i].c() * l.at.t(i, j).conj()))
        }),
        ("outer(gradient(c), u)", 2.0, one, anywhere, |l| l.tensor(|i, j| l.d[i].c() * l.at.u(j))),
        ("cross(gradient(c), u)", 2.0, one, turning, |l| l.cross(|i, j| l.d[i].c() * l.at.u(j))),
    ] {
        add(text, order, across, None, fits, exact);
    }
    for (text, order, across, normal, fits, exact) in [
        ("divergence(u)", 2.0, one, one, anywhere as Fits, divergence as Exact),
        ("divergence_forward(u)", 1.0, one, one, cartesian, divergence),
        ("divergence_backward(u)", 1.0, one, one, cartesian, divergence),
        ("vector_gradient(u)", 2.0, one, one, anywhere, vector_gradient),
        ("vector_gradient_forward(u)", 1.0, one, one, cartesian, vector_gradient),
        ("vector_gradient_backward(u)", 1.0, one, one, cartesian, vector_gradient),
        ("vector_laplace(u)", 2.0, two, two, anywhere, vector_laplace),
        ("curl(u)", 2.0, one, none, turning, curl),
        ("d_dx(u)", 2.0, one, one, cartesian, |l| first::<0>(U, l)),
        ("d_dx_forward(u)", 1.0, one, one, cartesian, |l| first::<0>(U, l)),
        ("d2_dx2(u)", 2.0, two, two, cartesian, |l| second::<0>(U, l)),
        ("d_dy(u)", 2.0, one, one, has_y, |l| first::<1>(U, l)),
        ("d_dy_backward(u)", 1.0, one, one, has_y, |l| first::<1>(U, l)),
        ("d2_dy2(u)", 2.0, two, two, has_y, |l| second::<1>(U, l)),
        ("d_dz(u)", 2.0, one, one, has_z, |l| first::<2>(U, l)),
        ("d2_dz2(u)", 2.0, two, two, has_z, |l| second::<2>(U, l)),
        ("advect(v, u)", 2.0, one, one, cartesian, advect_vector),
        ("advect_upwind(v, u)", 1.0, one, one, cartesian, advect_vector),
        ("d_dx(T)", 2.0, one, one, cartesian, |l| first::<0>(T, l)),
        ("d2_dy2(T)", 2.0, two, two, has_y, |l| second::<1>(T, l)),
        ("tensor_divergence(T)", 2.0, one, one, anywhere, |l| {
            l.vector(|i| l.sum(|j| l.d[j].t(i, j)))
        }),
        ("tensor_double_divergence(T)", 2.0, two, two, anywhere, |l| {
            vec![l.sum(|i| l.sum(|j| l.dd(i, j).t(i, j)))]
        }),
        ("dot(vector_gradient(u), v)", 2.0, one, one, anywhere, advect_vector),
        ("dot(v, vector_gradient(u))", 2.0, one, one, anywhere, |l| {
            l.vector(|j| l.sum(|i| l.at.v(i) * l.d[j].u(i).conj()))
        }),
        ("dot(T, vector_gradient(u))", 2.0, one, one, anywhere, |l| {
            l.tensor(|i, k| l.sum(|j| l.at.t(i, j) * l.d[k].u(j).conj()))
        }),
        ("trace(vector_gradient(u))", 2.0, one, one, anywhere, divergence),
        ("transpose(vector_gradient(u))", 2.0, one, one, anywhere, |l| {
            l.tensor(|i, j| l.d[i].u(j))
        }),
        ("cross(v, curl(u))", 2.0, one, none, solid, |l| {
            let curl = curl(l);
            l.cross(|i, j| l.at.v(i) * curl[j])
        }),
        // W = outer(u, v), with ghost cells that are always exact.
        ("tensor_divergence(W)", 2.0, none, none, anywhere, |l| {
            l.vector(|i| l.sum(|j| l.d[j].u(i) * l.at.v(j) + l.at.u(i) * l.d[j].v(j)))
        }),
    ] {
        add(text, order, across, Some(normal), fits, exact);
    }
    all
}

/// The order of an operator at r = 0, where it is lower than elsewhere. A central difference has an
/// error of d²/6 f‴, the mean over a cell one of d²/8 f″ and the like; what they are divided by is
/// r ~ d there:
/// - `vector_laplace` has u_r′/r, and the third derivative of an odd function is not 0: order 1;
/// - `tensor_divergence` in its conservative form has means of T_rr/r, and T_rr″ is not 0: order 1;
/// - `tensor_double_divergence` in its conservative form has such means divided by r²: order 0, in
///   the cells next to the centre. The form is py-pde's.
fn order_at_centre(text: &str, geometry: Geometry, conservative: Option<bool>) -> f64 {
    match (text, geometry, conservative) {
        ("vector_laplace(u)", ..) => 1.0,
        ("tensor_divergence(T)" | "tensor_divergence(W)", _, Some(true)) => 1.0,
        ("tensor_double_divergence(T)", Geometry::Spherical, None | Some(true)) => 0.0,
        _ => f64::INFINITY,
    }
}

/// Whether an operator has a form that conserves integrals and one that does not. In polar and
/// cylindrical coordinates the two of `laplace` are one.
pub(crate) fn has_forms(text: &str, space: &Space) -> bool {
    let is = |names: &[&str]| names.iter().any(|name| text.starts_with(name));
    match space.geometry {
        Geometry::Cartesian => false,
        Geometry::Polar | Geometry::Cylindrical => is(&["divergence(", "tensor_divergence("]),
        Geometry::Spherical => is(&[
            "laplace(",
            "divergence(",
            "vector_laplace(",
            "tensor_divergence(",
            "tensor_double_divergence(",
        ]),
    }
}

impl Operator {
    fn theory(&self, fields: Fields, conservative: Option<bool>, kind: Kind) -> f64 {
        let derivatives = if kind.is_normal() { self.normal } else { self.across };
        let at_walls = derivatives.map_or(f64::INFINITY, |m| kind.ghost_order() - f64::from(m));
        let Space { geometry, hollow, .. } = fields.space;
        let at_centre = match fields.closed {
            Closed::Walls if !hollow => order_at_centre(self.text, geometry, conservative),
            // Fixed points lie away from it.
            _ => f64::INFINITY,
        };
        self.order.min(at_walls).min(at_centre)
    }
}

/// The size of a domain. Operators see only a few cells, so between walls a small one will do.
fn size(space: Space, closed: Closed) -> [f64; 2] {
    match closed {
        Closed::Walls if space.is_curved() && space.hollow => [0.0085; 2],
        Closed::Walls if space.hollow => [0.01; 2],
        Closed::Walls => [0.5, 0.0625],
        Closed::Periodic | Closed::Antiperiodic => [1.0; 2],
    }
}

/// The errors of all operators on one domain.
pub(crate) fn entries(space: Space, closed: Closed, complex: bool) -> Vec<Entry> {
    let fields = Fields { space, closed, complex, size: size(space, closed) };
    // Between walls errors are largest in their corners, so that all cells count. Otherwise they
    // are waves, whose crests lie somewhere between cells: there the same points are looked
    // at on both grids, which are the cells of the coarse one.
    let nested = fields.closed != Closed::Walls;
    let (cells, ratio) = match (space.hollow, space.axes) {
        _ if nested => ([8, 24], 3),
        (true, _) => ([4, 8], 2),
        (false, 1) => ([128, 256], 2),
        (false, _) => ([64, 128], 2),
    };
    let exact = [0, 1].map(|k| {
        let grid = fields.grid(if nested { cells[0] } else { cells[k] }, None);
        table::cells(&grid).map(|at| Local::new(&fields, at)).collect::<Vec<_>>()
    });
    let mut entries = Vec::new();
    for conservative in [None, Some(true), Some(false)] {
        if conservative.is_some() && !space.is_curved() {
            continue;
        }
        let operators: Vec<_> = operators()
            .into_iter()
            .filter(|operator| (operator.fits)(&space))
            .filter(|operator| conservative.is_none() || has_forms(operator.text, &space))
            .collect();
        let exact = [0, 1].map(|k| {
            let of = |op: &Operator| exact[k].iter().map(op.exact).collect::<Vec<_>>();
            operators.iter().map(of).collect::<Vec<_>>()
        });
        for kind in Kind::ALL {
            let enough = !fields.complex || matches!(kind, Kind::Ghost | Kind::Mixed);
            if kind.closed() != fields.closed || !enough {
                continue;
            }
            let errors = [0, 1].map(|k| {
                let grid = fields.grid(cells[k], conservative);
                let stride = if nested && k == 1 { ratio } else { 1 };
                let found = results(&grid, fields, kind, &operators, stride);
                let pairs = found.iter().zip(&exact[k]);
                let compare =
                    |(found, exact): (&Vec<_>, &Vec<_>)| table::largest_difference(found, exact);
                pairs.map(compare).collect::<Vec<_>>()
            });
            for (n, operator) in operators.iter().enumerate() {
                if kind.is_normal() && !operator.has_normals {
                    continue;
                }
                entries.push(Entry {
                    what: operator.text.into(),
                    space,
                    conservative,
                    kind,
                    theory: operator.theory(fields, conservative, kind),
                    errors: [0, 1].map(|k| errors[k][n].0),
                    ratio: ratio as f64,
                    spacing: fields.size[0] / cells[1] as f64 * if nested { TAU } else { 1.0 },
                    scale: errors[1][n].1.max(1.0),
                });
            }
        }
    }
    entries
}

/// The results of all operators: for each of their numbers its values in the cells.
fn results(
    grid: &Grid,
    fields: Fields,
    kind: Kind,
    operators: &[Operator],
    stride: usize,
) -> Vec<Vec<Vec<f64>>> {
    let texts = Texts::new(fields);
    let mut pde = Pde::on(grid).define("W", "outer(u, v)");
    let coefficients = match kind.closed() {
        Closed::Walls => Kind::Ghost,
        _ => Kind::Periodic,
    };
    for quantity in Quantity::ALL {
        // Nothing is stepped; but what an equation says shows what vanishes by symmetry.
        pde = pde.field(quantity.name(), fields.type_of(quantity));
        pde = pde.equation(quantity.name(), texts.value(quantity));
        let kind = match quantity.rank() {
            _ if quantity.is_coefficient() => coefficients,
            Rank::Scalar if kind.is_normal() => Kind::Ghost,
            _ => kind,
        };
        pde = texts.meet(pde, quantity, kind);
    }
    let n = fields.space.components();
    // Of W ghost values only.
    let product = |k: usize, _: &[usize], shift: Shift| {
        let u = texts.component(Quantity::U, k / n, &[], shift);
        format!("{u}*{}", texts.component(Quantity::V, k % n, &[], shift))
    };
    let ghosts = if fields.closed == Closed::Walls { Kind::Ghost } else { kind };
    let ty = fields.type_of(Quantity::T);
    pde = texts.conditions(pde, "W", ty, ghosts, &product);
    let pde = texts.functions(pde).build().unwrap_or_else(|e| panic!("{e}"));

    let world = World::solo();
    let mut simulation = Simulation::builder(&pde, &world).dt(1.0);
    for quantity in Quantity::ALL {
        simulation = simulation.initial(quantity.name(), texts.value(quantity));
    }
    for (k, operator) in operators.iter().enumerate() {
        simulation = simulation.field(&format!("operator {k}"), operator.text);
    }
    let found = Rc::new(RefCell::new(Vec::new()));
    let (all, count) = (found.clone(), operators.len());
    let simulation = simulation.track(Every::Steps(1), move |now: &mut Snapshot| {
        for k in 0..count {
            let parts = now.parts(&format!("operator {k}"))?;
            all.borrow_mut().push(parts.iter().map(|part| table::nested(part, stride)).collect());
        }
        Ok(GO_ON)
    });
    simulation.build().and_then(|mut s| Ok(s.run_until(0.0)?)).unwrap_or_else(|e| panic!("{e}"));
    found.take()
}
