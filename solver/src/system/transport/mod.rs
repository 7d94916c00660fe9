//! Conservative transport by MPDATA: what is asked for.

pub(crate) mod advected;
pub(crate) mod conditions;
pub(crate) mod given;
pub(crate) mod limits;
pub(crate) mod surroundings;

use crate::system::formula::Formula;

/// How fields are advected: by which flow, and with which options of the scheme.
///
/// The equation of such a field is ∂(Gψ)/∂t + ∇·(G u ψ) − ∇·(G μ ∇ψ) = G·source, with the source
/// from its own equation, if it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Transport {
    /// The flow u that advects the field.
    pub advector: Advector<Formula>,
    /// The options of the scheme.
    pub options: Mpdata,
    /// G at the centres of cells, an expression of the coordinates: a density, or the Jacobian of
    /// the coordinates.
    pub g_factor: Formula,
    /// The diffusivity μ (length²/time): none, one for all directions, or one for each axis.
    pub diffusivity: Vec<Formula>,
}

/// What advects fields; `T` is how expressions are given.
#[derive(Clone, Debug, PartialEq)]
pub enum Advector<T> {
    /// The components of the velocity (length/time), one for each axis.
    Velocity(Vec<T>),
    /// The Courant numbers G·u·dt/dx, one for each axis.
    Courant(Vec<T>),
    /// A stream function s in two dimensions: G·u = ∂s/∂y, G·v = −∂s/∂x. Differenced between the
    /// corners of cells, so that the discrete divergence vanishes.
    StreamFunction(T),
}

/// The options of the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mpdata {
    /// The number of passes: the first is the upwind scheme, each further one corrects its error once
    /// more.
    pub iterations: usize,
    /// Corrections for a field on an infinite constant background (Smolarkiewicz & Clark 1986,
    /// J. Comput. Phys. 67, 396): signs may change, and nothing is divided.
    pub infinite_gauge: bool,
    /// Limits corrective fluxes so that no new extremes appear (Smolarkiewicz & Grabowski 1990,
    /// J. Comput. Phys. 86, 355).
    pub nonoscillatory: bool,
    /// Third-order terms.
    pub third_order: ThirdOrder,
    /// Terms for flows with a divergence (Smolarkiewicz 1984, J. Comput. Phys. 54, 325).
    pub divergent_flow: bool,
    /// The double-pass donor cell scheme: the last pass sums all further ones (Beason & Margolin
    /// 1988).
    pub dpdc: bool,
    /// Whether the field may have both signs: its magnitude then stands in ratios.
    pub signed: bool,
}

/// Which third-order terms corrections have (Smolarkiewicz & Margolin 1998, J. Comput. Phys. 140,
/// 459, equation 36; Waruszewski et al. 2018, J. Comput. Phys. 356, 253).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThirdOrder {
    /// No third-order terms.
    #[default]
    None,
    /// The terms along the flow, and across it in one direction.
    Standard,
    /// In three dimensions also the terms across the flow in both directions, which the common
    /// programs leave out.
    Full,
}

/// How the sources of advected fields are integrated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sources {
    /// Half of the source before the transport, half after it, of second order (Smolarkiewicz &
    /// Margolin 1998, J. Comput. Phys. 140, 459).
    #[default]
    Symmetric,
    /// All of the source before the transport, of first order.
    Euler,
}

impl Transport {
    /// Transport by a flow, with two passes and G = 1.
    pub fn by(advector: Advector<Formula>) -> Self {
        let (options, g_factor) = (Mpdata::default(), Formula::Number(1.0));
        Transport { advector, options, g_factor, diffusivity: Vec::new() }
    }
}

impl Default for Mpdata {
    /// Two passes, nothing else.
    fn default() -> Self {
        Mpdata {
            iterations: 2,
            infinite_gauge: false,
            nonoscillatory: false,
            third_order: ThirdOrder::None,
            divergent_flow: false,
            dpdc: false,
            signed: false,
        }
    }
}
