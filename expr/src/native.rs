//! Native functions: functions of real numbers that a program defines by Rust closures.

use std::fmt;
use std::sync::Arc;

/// The largest number of arguments of a [`Closure`]. [`Native::of_slice`] takes any number.
pub const MOST_ARGUMENTS: usize = 8;

/// What [`Native::each`] calls, with the values, the arguments and the pitch.
type Each = dyn Fn(&mut [f64], &[f64], usize) + Send + Sync;

/// A function of any number of real numbers, defined by a closure. A copy is the same function.
#[derive(Clone)]
pub struct Native {
    name: Arc<str>,
    arguments: usize,
    breaks: Arc<[f64]>,
    /// Applies the closure cell by cell. The loop is compiled with the closure in it.
    each: Arc<Each>,
}

impl Native {
    /// The function of this name that a closure of one to eight numbers defines. The closure must
    /// give the same number for the same arguments wherever and whenever it is called.
    pub fn new<A, F: Closure<A>>(name: &str, function: F) -> Self {
        let each = move |values: &mut [f64], arguments: &[f64], pitch: usize| {
            each_of_numbers(&function, values, arguments, pitch);
        };
        let breaks = Arc::new([]);
        Native { name: name.into(), arguments: F::ARGUMENTS, breaks, each: Arc::new(each) }
    }

    /// The function of this name that a closure of a slice defines. The slice holds all `arguments`
    /// of the function. The closure must give the same number for the same arguments wherever and
    /// whenever it is called.
    pub fn of_slice(
        name: &str,
        arguments: usize,
        function: impl Fn(&[f64]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let each = move |values: &mut [f64], arguments: &[f64], pitch: usize| {
            each_of_slice(&function, values, arguments, pitch);
        };
        Native { name: name.into(), arguments, breaks: Arc::new([]), each: Arc::new(each) }
    }

    /// The same function of one number, which jumps or bends at these arguments. Where it is a function of the time,
    /// time steps that follow a tolerance end there.
    #[must_use]
    pub fn with_breaks(self, breaks: impl IntoIterator<Item = f64>) -> Self {
        Native { breaks: breaks.into_iter().collect(), ..self }
    }

    /// The arguments at which the function is known to jump or bend.
    pub fn breaks(&self) -> &[f64] {
        &self.breaks
    }

    /// The name of the function in expressions.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of arguments that the function takes.
    pub fn arguments(&self) -> usize {
        self.arguments
    }

    /// The value for these arguments, which are as many as the function takes.
    pub fn eval(&self, arguments: &[f64]) -> f64 {
        let mut value = [0.0];
        self.each(&mut value, arguments, 1);
        value[0]
    }

    /// Computes the value in each cell of a row. The arguments are rows too, one after the other:
    /// the first argument of all cells, then the second one. These rows are `pitch` numbers long,
    /// which is at least the length of `values`.
    pub(crate) fn each(&self, values: &mut [f64], arguments: &[f64], pitch: usize) {
        (self.each)(values, &arguments[..self.arguments * pitch], pitch);
    }
}

impl PartialEq for Native {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.each, &other.each)
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Applies a closure of numbers cell by cell, as [`Native::each`] does. `arguments` consists of the
/// rows of the arguments only.
fn each_of_numbers<A, F: Closure<A>>(
    function: &F,
    values: &mut [f64],
    arguments: &[f64],
    pitch: usize,
) {
    let cells = values.len();
    let rows: [&[f64]; MOST_ARGUMENTS] = std::array::from_fn(|k| match k < F::ARGUMENTS {
        true => &arguments[k * pitch..][..cells],
        false => &[],
    });
    for (i, value) in values.iter_mut().enumerate() {
        let mut x = [0.0; MOST_ARGUMENTS];
        for k in 0..F::ARGUMENTS {
            x[k] = rows[k][i];
        }
        *value = function.call(x);
    }
}

/// Applies a closure of a slice cell by cell.
fn each_of_slice(
    function: impl Fn(&[f64]) -> f64,
    values: &mut [f64],
    arguments: &[f64],
    pitch: usize,
) {
    // With at most this many arguments nothing is allocated.
    let mut few = [0.0; 16];
    let mut many = Vec::new();
    let count = arguments.len() / pitch;
    let x = match few.get_mut(..count) {
        Some(x) => x,
        None => {
            many.resize(count, 0.0);
            &mut many[..]
        }
    };
    for (i, value) in values.iter_mut().enumerate() {
        for (x, row) in x.iter_mut().zip(arguments.chunks_exact(pitch)) {
            *x = row[i];
        }
        *value = function(x);
    }
}

/// Closures that can define a [`Native`]: those of one to eight real numbers. `A` stands for the
/// types of the arguments and is inferred.
pub trait Closure<A>: Send + Sync + 'static {
    /// The number of arguments that the closure takes.
    const ARGUMENTS: usize;

    /// The value of the closure. Its arguments are the first of these numbers.
    fn call(&self, x: [f64; MOST_ARGUMENTS]) -> f64;
}

/// The type that stands for an argument of this name.
macro_rules! real {
    ($x:ident) => {
        f64
    };
}

/// Implements [`Closure`] for closures with as many arguments as there are names.
macro_rules! closures_of {
    ($count:literal: $($x:ident)+) => {
        impl<F> Closure<($(real!($x),)+)> for F
        where
            F: Fn($(real!($x)),+) -> f64 + Send + Sync + 'static,
        {
            const ARGUMENTS: usize = $count;

            #[inline]
            fn call(&self, [$($x,)+ ..]: [f64; MOST_ARGUMENTS]) -> f64 {
                self($($x),+)
            }
        }
    };
}

closures_of!(1: a);
closures_of!(2: a b);
closures_of!(3: a b c);
closures_of!(4: a b c d);
closures_of!(5: a b c d e);
closures_of!(6: a b c d e f);
closures_of!(7: a b c d e f g);
closures_of!(8: a b c d e f g h);

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
        let folded = b.native(&f, &[two, two]);
        assert_eq!(b.as_constant(folded), Some(0.0));
    }

    #[test]
    fn arguments_come_in_order() {
        let eight = |a, b, c, d, e, f, g, h| {
            [a, b, c, d, e, f, g, h].iter().fold(0.0, |sum: f64, x: &f64| 10.0 * sum + x)
        };
        let digits = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        assert_eq!(Native::new("eight", eight).eval(&digits), 12_345_678.0);
        // The cells 0 and 1 of rows of length three, for functions of few and of many arguments.
        for count in [1, 2, 9, 16, 17, 40] {
            let f = Native::of_slice("sum", count, |x| {
                x.iter().enumerate().map(|(k, x)| (k + 1) as f64 * x).sum()
            });
            assert_eq!(f.arguments(), count);
            let rows: Vec<f64> = (0..count).flat_map(|_| [1.0, 2.0, 100.0]).collect();
            let mut values = [0.0; 2];
            f.each(&mut values, &rows, 3);
            let sum = (count * (count + 1) / 2) as f64;
            assert_eq!(values, [sum, 2.0 * sum]);
        }
        let nothing = Native::of_slice("nothing", 0, |x| x.len() as f64 + 3.0);
        assert_eq!(nothing.eval(&[]), 3.0);
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
