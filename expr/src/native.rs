//! Functions that a program brings along: Rust closures of real numbers.

use std::fmt;
use std::sync::Arc;

/// Most arguments of such a function.
pub const MOST_ARGUMENTS: usize = 3;

/// A function of one to three real numbers, given as a closure. Copies are the same function.
#[derive(Clone)]
pub struct Native {
    name: Arc<str>,
    arguments: usize,
    call: Arc<dyn Fn([f64; MOST_ARGUMENTS]) -> f64 + Send + Sync>,
}

impl Native {
    /// The function of this name. It must give the same number for the same arguments wherever
    /// and whenever it is called.
    pub fn new<A>(name: &str, function: impl Closure<A>) -> Self {
        let arguments = function.arguments();
        Native { name: name.into(), arguments, call: Arc::new(move |x| function.call(x)) }
    }

    /// Its name in expressions.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many arguments it takes.
    pub fn arguments(&self) -> usize {
        self.arguments
    }

    /// Its value; of the arguments the first ones count.
    #[inline]
    pub fn eval(&self, arguments: [f64; MOST_ARGUMENTS]) -> f64 {
        (self.call)(arguments)
    }

    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.call).cast::<()>() as usize
    }
}

impl PartialEq for Native {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Closures that can be a [`Native`]: of one, two or three real numbers. `A` stands for the
/// arguments, and is inferred.
pub trait Closure<A>: Send + Sync + 'static {
    /// How many arguments it takes.
    fn arguments(&self) -> usize;
    /// Its value.
    fn call(&self, x: [f64; MOST_ARGUMENTS]) -> f64;
}

impl<F: Fn(f64) -> f64 + Send + Sync + 'static> Closure<(f64,)> for F {
    fn arguments(&self) -> usize {
        1
    }
    fn call(&self, [x, ..]: [f64; MOST_ARGUMENTS]) -> f64 {
        self(x)
    }
}

impl<F: Fn(f64, f64) -> f64 + Send + Sync + 'static> Closure<(f64, f64)> for F {
    fn arguments(&self) -> usize {
        2
    }
    fn call(&self, [x, y, _]: [f64; MOST_ARGUMENTS]) -> f64 {
        self(x, y)
    }
}

impl<F: Fn(f64, f64, f64) -> f64 + Send + Sync + 'static> Closure<(f64, f64, f64)> for F {
    fn arguments(&self) -> usize {
        3
    }
    fn call(&self, [x, y, z]: [f64; MOST_ARGUMENTS]) -> f64 {
        self(x, y, z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::Builder;
    use crate::scope::{Place, Scope};
    use crate::space::Space;
    use crate::types::Type;

    #[test]
    fn copies_are_one_function_and_others_are_not() {
        let make = || Native::new("f", |x: f64, y: f64| x - y);
        let (f, g) = (make(), make());
        assert_eq!(f, f.clone());
        assert_ne!(f, g);
        let mut b = Builder::new();
        let (x, y, two) = (b.load(0, [0; 3]), b.load(1, [0; 3]), b.constant(2.0));
        let once = b.native(&f, &[x, y]);
        assert_eq!(b.native(&f.clone(), &[x, y]), once);
        assert_ne!(b.native(&f, &[y, x]), once);
        assert_ne!(b.native(&g, &[x, y]), once);
        assert_eq!(b.natives().len(), 2);
        let folded = b.native(&f, &[two, two]);
        assert_eq!(b.as_constant(folded), Some(0.0));
    }

    #[test]
    fn arguments_count_and_are_real_scalars() {
        let mut scope = Scope::new(Place::Equation, &Space::cartesian(&["x", "y"]));
        scope.field("u", 0, Type::REAL);
        scope.native(Native::new("one", |x: f64| x));
        scope.native(Native::new("three", |x: f64, y: f64, z: f64| x + y * z));
        for (text, message) in [
            ("one(u, u)", "`one` takes 1 argument, but 2 are given"),
            ("three(u)", "`three` takes 3 arguments, but 1 is given"),
            ("one()", "`one` takes 1 argument, but 0 are given"),
            ("one(I*u)", "`one` takes a real number, and this is complex"),
            ("three(u, [u, u], 1)", "`three` takes a scalar, and this is a vector"),
            ("one + 1", "`one` is a function: it needs arguments, as in `one(…)`"),
        ] {
            let errors = crate::resolve(&crate::parse(text).unwrap(), text, &scope).unwrap_err();
            assert_eq!(errors[0].to_string(), message);
        }
    }
}
