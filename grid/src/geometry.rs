//! Geometries: the systems of coordinates.

/// A system of coordinates.
///
/// In curvilinear coordinates fields depend on fewer coordinates than space has: on r in polar and
/// spherical coordinates, and on r and z in cylindrical ones. Still, vectors have a component for
/// each coordinate of the whole space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Geometry {
    /// Straight axes at right angles, which are any of x, y and z.
    Cartesian,
    /// The distance r from the centre of a disk or ring. Vectors are (r, φ).
    Polar,
    /// The distance r from the centre of a ball or shell. Vectors are (r, θ, φ).
    Spherical,
    /// The distance r from an axis and the position z along it. Vectors are (r, z, φ).
    Cylindrical,
}

impl Geometry {
    /// All geometries.
    pub const ALL: [Geometry; 4] =
        [Geometry::Cartesian, Geometry::Polar, Geometry::Spherical, Geometry::Cylindrical];

    /// The name of the geometry in problem files.
    pub fn name(self) -> &'static str {
        match self {
            Geometry::Cartesian => "cartesian",
            Geometry::Polar => "polar",
            Geometry::Spherical => "spherical",
            Geometry::Cylindrical => "cylindrical",
        }
    }

    /// The geometry of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|geometry| geometry.name() == name)
    }

    /// The axes that a grid of this geometry can have, in order. A Cartesian grid may have some of
    /// them, and the others must have all of them.
    pub fn axes(self) -> &'static [&'static str] {
        match self {
            Geometry::Cartesian => &["x", "y", "z"],
            Geometry::Polar | Geometry::Spherical => &["r"],
            Geometry::Cylindrical => &["r", "z"],
        }
    }

    /// The coordinates on which fields do not depend. In vectors they come last.
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
