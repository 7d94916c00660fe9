//! Boundary conditions that a program gives as functions of position, time and cells at the wall.

use fluxions_expr::{Expr, Native, Node, Span, Type};

/// How many cells such a function sees, counted from the wall inwards.
const CELLS: usize = 3;

/// A boundary condition that a program gives as a function: it computes the value of a ghost cell.
/// It is for real quantities; of a vector or tensor it is called for each component with the cells
/// of that component.
///
/// ```
/// use fluxions_grid::{Ends, Grid};
/// use fluxions_solver::{Pde, WallFunction, WallPoint};
///
/// let grid = Grid::cartesian().axis("x", 0.0..1.0, 64, Ends::Bounded).build()?;
/// // A wall that radiates: d_n c = 1 - c^4, with c at the cell at the wall.
/// let dx = grid.axes()[0].spacing();
/// let radiating = WallFunction::new(move |wall: &WallPoint<'_>| {
///     let distance = (2 * wall.layer - 1) as f64 * dx;
///     wall.mirrored() + distance * (1.0 - wall.cells[0].powi(4))
/// });
/// let pde = Pde::on(&grid)
///     .equation("c", "laplace(c)")
///     .boundary("x+", radiating.condition())
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WallFunction {
    /// Of the coordinates, the time, the layer and the cells.
    rule: WallRule,
}

#[derive(Clone)]
struct WallRule(std::sync::Arc<dyn Fn(&WallPoint<'_>) -> f64 + Send + Sync>);

impl PartialEq for WallRule {
    fn eq(&self, other: &Self) -> bool {
        std::sync::Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for WallRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a function of the wall")
    }
}

/// A ghost cell beyond a wall, as a [`WallFunction`] sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WallPoint<'a> {
    /// The point of the wall beside the ghost cell: a coordinate along each named axis of the grid.
    pub position: &'a [f64],
    /// The time.
    pub time: f64,
    /// The layer of the ghost cell, counted from 1 at the wall. Its centre lies `layer` - 1/2
    /// spacings beyond the wall. There are as many layers as operators look far.
    pub layer: usize,
    /// The values of three cells, counted from the wall inwards.
    pub cells: [f64; CELLS],
}

impl WallPoint<'_> {
    /// The value of the cell that lies as far within the wall as the ghost cell lies beyond it; of
    /// the last cell that is seen where the layer lies further out.
    pub fn mirrored(&self) -> f64 {
        self.cells[self.layer.clamp(1, CELLS) - 1]
    }
}

impl WallFunction {
    /// The condition by which a ghost cell has the value of this function. It must give the same
    /// number for the same arguments on every rank.
    pub fn new(function: impl Fn(&WallPoint<'_>) -> f64 + Send + Sync + 'static) -> Self {
        WallFunction { rule: WallRule(std::sync::Arc::new(function)) }
    }

    /// The function of what conditions see on a grid of so many axes.
    pub(crate) fn expr(&self, axes: usize) -> Expr {
        let rule = self.rule.clone();
        let native = Native::of_slice("wall", axes + 2 + CELLS, move |arguments| {
            let (position, rest) = arguments.split_at(axes);
            let cells = std::array::from_fn(|cell| rest[2 + cell]);
            (rule.0)(&WallPoint { position, time: rest[0], layer: rest[1] as usize, cells })
        });
        let real = |node| Expr { node, ty: Type::REAL, span: Span::default() };
        let coordinates = (0..axes).map(|axis| real(Node::Coordinate(axis)));
        let cells = (0..CELLS).map(|cell| real(Node::Inwards(cell)));
        let arguments = coordinates.chain([real(Node::Time), real(Node::Layer)]).chain(cells);
        real(Node::Native(native, arguments.collect()))
    }
}
