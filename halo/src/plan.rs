//! Halo plans: which cells go to which neighbour. A plan knows nothing of messages (see
//! exchange.rs).

use fluxions_grid::{Face, Region, Side};

use crate::decomposition::Subdomain;

/// The number of layers of halo cells that are filled, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HaloWidth {
    /// The number of layers at the lower and upper side of each axis.
    pub layers: [[usize; 2]; 3],
    /// Whether edges and corners of the halo are filled too, not only its faces.
    pub corners: bool,
}

impl HaloWidth {
    /// The smallest width that covers both widths.
    #[must_use]
    pub fn union(&self, other: &HaloWidth) -> HaloWidth {
        let layers = std::array::from_fn(|axis| {
            std::array::from_fn(|side| self.layers[axis][side].max(other.layers[axis][side]))
        });
        HaloWidth { layers, corners: self.corners || other.corners }
    }

    /// The larger of the numbers of layers at the two sides of each axis.
    pub fn widest(&self) -> [usize; 3] {
        self.layers.map(|[low, high]| low.max(high))
    }

    /// Whether no halo cells are needed.
    pub fn is_empty(&self) -> bool {
        self.widest() == [0; 3]
    }
}

/// A leg: what one block exchanges with its neighbour beyond one face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The face.
    pub face: Face,
    /// The rank beyond the face, which may be this one.
    pub neighbour: usize,
    /// Whether the end of a periodic axis lies between the two blocks.
    pub wraps: bool,
    /// The cells of this block that the neighbour needs. The region may be empty.
    pub send: Region,
    /// The cells of this block's halo that come from the neighbour. The region may be empty.
    pub receive: Region,
}

/// The halo plan of one block: all that it exchanges.
///
/// The legs of a phase are exchanged at the same time. Without corners there is one phase. With
/// corners there is one phase per axis, in order. The legs of a later axis carry halo cells that
/// earlier phases filled, so edges and corners need no messages of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaloPlan {
    phases: Vec<Vec<Leg>>,
    axes: Vec<Vec<usize>>,
    width: HaloWidth,
}

impl HaloPlan {
    /// The plan for a block. Along an axis that is cut, blocks must have at least as many cells as
    /// the halo has layers.
    pub fn new(block: &Subdomain, width: HaloWidth) -> Self {
        let axes: Vec<Vec<usize>> = match width.corners {
            true => vec![vec![0], vec![1], vec![2]],
            false => vec![vec![0, 1, 2]],
        };
        let mut across = block.domain();
        let mut phases = Vec::new();
        for axes in &axes {
            let legs =
                |axis: &usize| Side::BOTH.map(|side| leg(block, &across, width, *axis, side));
            phases.push(axes.iter().flat_map(legs).flatten().collect());
            if width.corners {
                for axis in axes {
                    let mut margins = [[0; 2]; 3];
                    margins[*axis] = width.layers[*axis];
                    across = across.grown(margins);
                }
            }
        }
        HaloPlan { phases, axes, width }
    }

    /// The width of the halo.
    pub fn width(&self) -> HaloWidth {
        self.width
    }

    /// The legs of each phase.
    pub fn phases(&self) -> &[Vec<Leg>] {
        &self.phases
    }

    /// The axes whose halos each phase fills.
    pub fn axes(&self, phase: usize) -> &[usize] {
        &self.axes[phase]
    }

    /// The cells along a wall across `axis` whose ghost cells can be set after the phase of that
    /// axis. They are those of the block, and with corners also the halo cells that are filled by
    /// then.
    pub fn along_wall(&self, block: &Subdomain, axis: usize) -> Region {
        let mut margins = [[0; 2]; 3];
        if self.width.corners {
            margins[..axis].copy_from_slice(&self.width.layers[..axis]);
        }
        block.domain().grown(margins)
    }

    /// The faces beyond which another rank lies that sends halo cells.
    pub fn awaited(&self, block: &Subdomain) -> Vec<Face> {
        let legs = self.phases.iter().flatten();
        legs.filter(|leg| leg.neighbour != block.rank() && !leg.receive.is_empty())
            .map(|leg| leg.face)
            .collect()
    }
}

fn leg(
    block: &Subdomain,
    across: &Region,
    width: HaloWidth,
    axis: usize,
    side: Side,
) -> Option<Leg> {
    let face = Face { axis, side };
    let neighbour = block.neighbour(face)?;
    let layers = |side: Side| width.layers[axis][side.index()] as isize;
    let n = block.shape()[axis] as isize;
    // The halo at this side comes from the neighbour, whose halo at the opposite side comes from
    // this block.
    let (filled, given) = (layers(side), layers(side.opposite()));
    if filled == 0 && given == 0 {
        return None;
    }
    let (send, receive) = match side {
        Side::Lower => ((0, given), (-filled, 0)),
        Side::Upper => ((n - given, n), (n, n + filled)),
    };
    Some(Leg {
        face,
        neighbour: neighbour.rank,
        wraps: neighbour.wraps,
        send: across.with_axis(axis, send.0, send.1),
        receive: across.with_axis(axis, receive.0, receive.1),
    })
}
