//! The coordinate systems.

/// A coordinate system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Geometry {
    /// Straight axes at right angles: any of x, y, z.
    Cartesian,
}

impl Geometry {
    /// Its name, as problem files use it.
    pub fn name(self) -> &'static str {
        match self {
            Geometry::Cartesian => "cartesian",
        }
    }

    /// The axes that it can have, in order.
    pub fn axes(self) -> &'static [&'static str] {
        match self {
            Geometry::Cartesian => &["x", "y", "z"],
        }
    }
}
