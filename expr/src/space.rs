//! The space in which expressions live: its coordinates, and the components of vectors.

/// Another name of the coordinate r, as in py-pde.
pub(crate) const RADIUS: &str = "radius";

/// A system of coordinates, as far as formulas depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Coordinates {
    /// Straight axes at right angles.
    #[default]
    Cartesian,
    /// (r, φ), nothing depending on φ.
    Polar,
    /// (r, θ, φ), nothing depending on θ and φ.
    Spherical,
    /// (r, z, φ), nothing depending on φ.
    Cylindrical,
}

impl Coordinates {
    /// The name, as messages use it.
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
    /// The names of a vector's components; those along the axes come first, in their order.
    pub components: Vec<String>,
}

impl Space {
    /// A space without coordinates, for constants.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// Cartesian space with these axes.
    pub fn cartesian(axes: &[&str]) -> Self {
        let names: Vec<String> = axes.iter().map(|axis| axis.to_string()).collect();
        Space { coordinates: Coordinates::Cartesian, axes: names.clone(), components: names }
    }

    /// The number of the axis of that name. Away from the straight ones, `radius` is `r`.
    pub fn axis(&self, name: &str) -> Option<usize> {
        let curved = self.coordinates != Coordinates::Cartesian;
        let name = if curved && name == RADIUS { "r" } else { name };
        self.axes.iter().position(|axis| axis == name)
    }

    /// How many components a vector has.
    pub fn dimension(&self) -> usize {
        self.components.len()
    }
}
