//! The coordinate systems.

/// A coordinate system.
///
/// In the curvilinear ones fields depend on fewer coordinates than space has: on r in polar and
/// spherical coordinates, on r and z in cylindrical ones. Vectors have a component for each
/// coordinate of the whole space all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Geometry {
    /// Straight axes at right angles: any of x, y, z.
    Cartesian,
    /// The distance r from the centre of a disk or ring; vectors are (r, φ).
    Polar,
    /// The distance r from the centre of a ball or shell; vectors are (r, θ, φ).
    Spherical,
    /// The distance r from an axis and the position z along it; vectors are (r, z, φ).
    Cylindrical,
}

impl Geometry {
    /// Every coordinate system.
    pub const ALL: [Geometry; 4] =
        [Geometry::Cartesian, Geometry::Polar, Geometry::Spherical, Geometry::Cylindrical];

    /// Its name, as problem files use it.
    pub fn name(self) -> &'static str {
        match self {
            Geometry::Cartesian => "cartesian",
            Geometry::Polar => "polar",
            Geometry::Spherical => "spherical",
            Geometry::Cylindrical => "cylindrical",
        }
    }

    /// The coordinate system of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|geometry| geometry.name() == name)
    }

    /// The axes that it can have, in order. All but Cartesian ones must have all of them.
    pub fn axes(self) -> &'static [&'static str] {
        match self {
            Geometry::Cartesian => &["x", "y", "z"],
            Geometry::Polar | Geometry::Spherical => &["r"],
            Geometry::Cylindrical => &["r", "z"],
        }
    }

    /// The coordinates that fields do not depend on; they come last in vectors.
    pub fn symmetric_axes(self) -> &'static [&'static str] {
        match self {
            Geometry::Cartesian => &[],
            Geometry::Polar | Geometry::Cylindrical => &["phi"],
            Geometry::Spherical => &["theta", "phi"],
        }
    }

    /// Whether the first axis is a distance r from a centre.
    pub fn is_curvilinear(self) -> bool {
        self != Geometry::Cartesian
    }
}
