//! The space of expressions: its coordinates and the components of vectors.

/// Another name of the coordinate r, as in py-pde.
pub(crate) const RADIUS: &str = "radius";

/// A system of coordinates, as far as formulas depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Coordinates {
    /// Straight axes at right angles.
    #[default]
    Cartesian,
    /// (r, φ), where nothing depends on φ.
    Polar,
    /// (r, θ, φ), where nothing depends on θ and φ.
    Spherical,
    /// (r, z, φ), where nothing depends on φ.
    Cylindrical,
}

impl Coordinates {
    /// The name of the system in messages.
    pub fn name(self) -> &'static str {
        match self {
            Coordinates::Cartesian => "cartesian",
            Coordinates::Polar => "polar",
            Coordinates::Spherical => "spherical",
            Coordinates::Cylindrical => "cylindrical",
        }
    }
}

/// The axes of a grid and the directions of its vectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// The system of coordinates.
    pub coordinates: Coordinates,
    /// The names of the axes.
    pub axes: Vec<String>,
    /// The names of a vector's components. Those along the axes come first, in the order of the
    /// axes.
    pub components: Vec<String>,
}

impl Space {
    /// A space without coordinates, for constants.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// A Cartesian space with these axes.
    pub fn cartesian(axes: &[&str]) -> Self {
        let names: Vec<String> = axes.iter().map(|axis| axis.to_string()).collect();
        Space { coordinates: Coordinates::Cartesian, axes: names.clone(), components: names }
    }

    /// The number of the axis of this name. In curvilinear coordinates `radius` is another name of
    /// `r`.
    pub fn axis(&self, name: &str) -> Option<usize> {
        let curved = self.coordinates != Coordinates::Cartesian;
        let name = if curved && name == RADIUS { "r" } else { name };
        self.axes.iter().position(|axis| axis == name)
    }

    /// The number of components of a vector.
    pub fn dimension(&self) -> usize {
        self.components.len()
    }
}
