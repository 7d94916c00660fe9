//! Random expressions of a type, as text, with their values by the oracle.

use fluxions_expr::{Coordinates, Rank, Space, Type};
use num_complex::{Complex64, c64};

use crate::oracle::*;

/// Makes expressions. Every decision takes a choice; when none are left it is the first, so that
/// fewer and smaller choices make simpler expressions.
pub(crate) struct Maker {
    pub(crate) space: Space,
    choices: std::vec::IntoIter<u32>,
    /// Fields, numbers and, last, the parameters of the function whose body is made.
    pub(crate) names: Vec<Term>,
    /// Functions written as text.
    pub(crate) functions: Vec<(String, String)>,
}

/// How many of the names are no parameters.
const GLOBALS: usize = 9;

impl Maker {
    pub(crate) fn new(space: usize, choices: Vec<u32>) -> Self {
        use Coordinates::*;
        let (coordinates, axes, components): (_, &[&str], &[&str]) = [
            (Cartesian, &["x", "y"][..], &["x", "y"][..]),
            (Cartesian, &["x", "y", "z"], &["x", "y", "z"]),
            (Polar, &["r"], &["r", "phi"]),
            (Spherical, &["r"], &["r", "theta", "phi"]),
            (Cylindrical, &["r", "z"], &["r", "z", "phi"]),
            (Cartesian, &["x"], &["x"]),
        ][space];
        let components = components.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let space = Space { coordinates, components, ..Space::cartesian(axes) };
        let mut names = Vec::new();
        for (k, name) in ["u", "psi", "v", "w", "S", "T"].into_iter().enumerate() {
            let ty = Type { rank: Rank::ALL[k / 2], complex: k % 2 == 1 };
            let part = |i, c| ((7 * i + 5 * k + 3 * c + 1) as f64).sin() * 2.0;
            let z = |i, c| c64(part(i, c), if ty.complex { part(i, c + 50) } else { 0.0 });
            names.push(Term::known(name, ty, ty.rank.components(space.dimension()), z));
        }
        names.push(Term::known(axes[0], Type::REAL, 1, |i, _| (i as f64 - 1.0).into()));
        names.push(Term::known("t", Type::REAL, 1, |_, _| 0.75.into()));
        names.push(Term::known("gamma", Type::REAL, 1, |_, _| 2.0.into()));
        Maker { space, choices: choices.into_iter(), names, functions: Vec::new() }
    }

    fn pick(&mut self, n: usize) -> usize {
        self.choices.next().map_or(0, |choice| choice as usize % n)
    }

    /// Component c of the result is `f` of these (operand, component) pairs. It is written in one
    /// of these ways, in which `$0` is the first operand.
    fn of<const N: usize, R: Into<Complex64>>(
        &mut self,
        (ty, least): (Type, f64),
        texts: &[&str],
        from: [Term; N],
        parts: impl Fn(usize) -> Vec<(usize, usize)>,
        f: impl Fn(&[Complex64]) -> R,
    ) -> Term {
        let mut text = texts[self.pick(texts.len())].to_string();
        for (k, operand) in from.iter().enumerate() {
            text = text.replace(&format!("${k}"), &operand.text);
        }
        let component = |i: usize, c: usize| {
            let x: Vec<Num> = parts(c).iter().map(|(k, part)| from[*k].cells[i][*part]).collect();
            call(&x, least, |x| f(x).into())
        };
        let size = ty.rank.components(self.space.dimension());
        let cell = |i| (0..size).map(|c| component(i, c)).collect();
        Term { text, ty, cells: (0..CELLS).map(cell).collect() }
    }

    fn any_type(&mut self) -> Type {
        Type { rank: Rank::ALL[self.pick(3)], complex: self.pick(2) == 1 }
    }

    fn leaf(&mut self, ty: Type) -> Term {
        let hidden = |k: usize, name: &str| self.names[k + 1..].iter().any(|n| n.text == name);
        let fits = |(k, name): &(usize, &Term)| name.ty == ty && !hidden(*k, &name.text);
        let mut fit: Vec<Term> =
            self.names.iter().enumerate().filter(fits).map(|(_, name)| name.clone()).collect();
        for (text, x) in [("2", 2.0), ("1", 1.0), ("0", 0.0), (".5", 0.5), ("25e-1", 2.5)] {
            fit.extend((ty == Type::REAL).then(|| Term::known(text, ty, 1, |_, _| x.into())));
        }
        for text in ["I", "i"] {
            let i = || Term::known(text, ty, 1, |_, _| Complex64::I);
            fit.extend((ty == Type::COMPLEX).then(i));
        }
        let k = self.pick(fit.len());
        fit.swap_remove(k)
    }

    /// Operands of these ranks, one of them complex at least if the result is to be.
    fn pair(&mut self, ranks: [Rank; 2], complex: bool, fuel: usize) -> [Term; 2] {
        let which = if complex { 1 + self.pick(3) } else { 0 };
        [0, 1].map(|k| self.term(Type { rank: ranks[k], complex: which >> k & 1 == 1 }, fuel))
    }

    /// A random expression of a type.
    pub(crate) fn term(&mut self, ty: Type, fuel: usize) -> Term {
        use Rank::{Scalar, Tensor, Vector};
        let Some(fuel) = fuel.checked_sub(1) else { return self.leaf(ty) };
        let (n, plain) = (self.space.dimension(), (ty, ARITHMETIC));
        let pairs = |c| vec![(0, c), (1, c)];
        match (self.pick(13), ty.rank) {
            (1, rank) => {
                let (text, sign) = [("($0 + $1)", 1.0), ("($0 - $1)", -1.0)][self.pick(2)];
                let from = self.pair([rank, rank], ty.complex, fuel);
                self.of(plain, &[text], from, pairs, |x| x[0] + x[1] * sign)
            }
            (2, rank) => {
                let from = self.pair([Scalar, rank], ty.complex, fuel);
                let texts = ["($0*$1)", "($1*$0)"];
                self.of(plain, &texts, from, |c| vec![(0, 0), (1, c)], |x| x[0] * x[1])
            }
            (3, rank) => {
                let from = self.pair([rank, Scalar], ty.complex, fuel);
                self.of(plain, &["($0/$1)"], from, |c| vec![(0, c), (1, 0)], |x| x[0] / x[1])
            }
            (4, rank) => {
                let [a, b] = self.pair([rank, rank], ty.complex, fuel);
                let from = [a, b, self.term(Type::REAL, fuel)];
                let texts = ["where($2, $0, $1)", "Piecewise(($0, $2), ($1, True))"];
                let parts = |c| vec![(0, c), (1, c), (2, 0)];
                let choice = |x: &[Complex64]| if x[2].re != 0.0 { x[0] } else { x[1] };
                self.of(plain, &texts, from, parts, choice)
            }
            (5, _) => self.written(ty, fuel),
            (6, _) => {
                let whole = ty.with_complex(ty.complex || self.pick(2) == 1);
                let from = [self.term(whole, fuel)];
                let rows: &[Complex] = match (whole.complex, ty.complex) {
                    (true, false) => &[("real", |z| z.re.into()), ("im", |z| z.im.into())],
                    _ => &[("-", |z| -z), ("+", |z| z), ("conj", |z| z.conj())],
                };
                let (name, f) = rows[self.pick(rows.len())];
                self.of((ty, CUT), &[&format!("{name}($0)")], from, |c| vec![(0, c)], |x| f(x[0]))
            }
            (7, Scalar | Vector) => {
                let of = Rank::ALL[(ty.rank.indices() + 1 + self.pick(2)).min(2)];
                let (from, k, l) =
                    ([self.term(ty.with_rank(of), fuel)], self.pick(n), self.pick(n));
                let (d, form) = (&self.space.components.clone(), self.pick(2));
                let (place, text) = match (of, ty.rank, form) {
                    (Tensor, Scalar, 0) => (k * n + l, format!("($0)[{k}, {l}]")),
                    (Tensor, Scalar, _) => (k * n + l, format!("($0).{}{}", d[k], d[l])),
                    (Tensor, ..) => (k * n, format!("($0)[{k}]")),
                    (.., 0) => (k, format!("($0)[{k}]")),
                    _ => (k, format!("($0).{}", d[k])),
                };
                self.of(plain, &[&text], from, |c| vec![(0, place + c)], |x| x[0])
            }
            (7, Tensor) | (11, Vector | Tensor) => {
                let below = Rank::ALL[ty.rank.indices() - 1];
                let mut item = |k| {
                    let complex = ty.complex && (k == 0 || self.pick(2) == 1);
                    self.term(Type { rank: below, complex }, fuel)
                };
                let (from, size) = ([0, 1, 2].map(&mut item), below.components(n));
                let text = ["[$0]", "[$0, $1]", "[$0, $1, $2]"][n - 1];
                self.of(plain, &[text], from, |c| vec![(c / size, c % size)], |x| x[0])
            }
            (8, rank) => {
                let choices = match rank {
                    Scalar => [[Vector, Vector]; 3],
                    Vector => [[Tensor, Vector], [Vector, Tensor], [Tensor, Vector]],
                    Tensor => [[Tensor, Tensor]; 3],
                };
                let ranks = choices[self.pick(3)];
                let from = self.pair(ranks, ty.complex, fuel);
                let columns = from[1].ty.rank.components(n) / n;
                let parts = |c: usize| {
                    let (i, j) = (c / columns, c % columns);
                    (0..n).flat_map(|k| [(0, i * n + k), (1, k * columns + j)]).collect()
                };
                let sum =
                    |x: &[Complex64]| x.chunks(2).map(|x| x[0] * x[1].conj()).sum::<Complex64>();
                self.of(plain, &["dot($0, $1)", "inner($0, $1)"], from, parts, sum)
            }
            (9, Tensor) => {
                let from = self.pair([Vector, Vector], ty.complex, fuel);
                let parts = |c| vec![(0, c / n), (1, c % n)];
                self.of(plain, &["outer($0, $1)"], from, parts, |x| x[0] * x[1])
            }
            (9, rank) if (rank, n) == (Scalar, 2) || (rank, n) == (Vector, 3) => {
                let from = self.pair([Vector, Vector], ty.complex, fuel);
                // The directions in an order in which they are right-handed.
                let turned = self.space.coordinates == Coordinates::Cylindrical;
                let order = if turned { [0, 2, 1] } else { [0, 1, 2] };
                let parts = |c: usize| {
                    let at = if n == 2 { 2 } else { order[c] };
                    let (p, q) = (order[(at + 1) % 3], order[(at + 2) % 3]);
                    vec![(0, p), (1, q), (0, q), (1, p)]
                };
                self.of(plain, &["cross($0, $1)"], from, parts, |x| x[0] * x[1] - x[2] * x[3])
            }
            (10, Tensor) => {
                let from = [self.term(ty, fuel)];
                self.of(plain, &["transpose($0)"], from, |c| vec![(0, c % n * n + c / n)], |x| x[0])
            }
            (10, Scalar) => {
                let from = [self.term(ty.with_rank(Tensor), fuel)];
                let parts = |_| (0..n).map(|k| (0, k * n + k)).collect();
                self.of(plain, &["trace($0)"], from, parts, |x| x.iter().sum::<Complex64>())
            }
            (11 | 12, Scalar) if ty.complex => self.complex_function(fuel),
            (11 | 12, Scalar) => self.real_function(fuel),
            _ => self.leaf(ty),
        }
    }

    fn complex_function(&mut self, fuel: usize) -> Term {
        let ty = (Type::COMPLEX, CUT);
        if self.pick(4) == 0 {
            let from = self.pair([Rank::Scalar; 2], true, fuel);
            return self.of(
                ty,
                &["($0)^($1)"],
                from,
                |_| vec![(0, 0), (1, 0)],
                |x| x[0].powc(x[1]),
            );
        }
        let (name, f) = COMPLEX[self.pick(COMPLEX.len())];
        let from = [self.term(Type::COMPLEX, fuel)];
        let mut term =
            self.of(ty, &[&format!("{name}($0)")], from.clone(), |_| vec![(0, 0)], |x| f(x[0]));
        // What the formulas of num-complex lose where terms cancel.
        for (cell, z) in term.cells.iter_mut().zip(&from[0].cells) {
            cell[0].error += 1e-15 * (1.0 + z[0].z.norm_sqr());
        }
        term
    }

    fn real_function(&mut self, fuel: usize) -> Term {
        let (real, cut) = ((Type::REAL, REAL_FUNCTION), (Type::REAL, CUT));
        let (one, two) = (|_| vec![(0, 0)], |_| vec![(0, 0), (1, 0)]);
        match self.pick(8) {
            0 => {
                let ty = self.any_type();
                let from = [self.term(ty, fuel)];
                let count = from[0].cells[0].len();
                let name = if ty.rank == Rank::Scalar { "abs($0)" } else { "norm($0)" };
                let norm = |x: &[Complex64]| x.iter().map(|x| x.norm_sqr()).sum::<f64>().sqrt();
                let parts = |_| (0..count).map(|c| (0, c)).collect();
                self.of(cut, &["|$0|", name], from, parts, norm)
            }
            1 => {
                let from = [self.term(Type::COMPLEX, fuel)];
                self.of(cut, &["arg($0)"], from, one, |x| x[0].arg())
            }
            2 => {
                let from = self.pair([Rank::Scalar; 2], true, fuel);
                let (text, equal) = [("($0 == $1)", true), ("($0 != $1)", false)][self.pick(2)];
                self.of(cut, &[text], from, two, |x| truth((x[0] == x[1]) == equal))
            }
            3 | 4 => {
                let (name, f) = REAL2[self.pick(REAL2.len())];
                let infix = name.len() < 3 || name == "and";
                let text =
                    if infix { format!("(($0) {name} ($1))") } else { format!("{name}($0, $1)") };
                let from = self.pair([Rank::Scalar; 2], false, fuel);
                self.of(real, &[&text], from, two, |x| f(x[0].re, x[1].re))
            }
            _ => {
                let (name, f) = REAL[self.pick(REAL.len())];
                let from = [self.term(Type::REAL, fuel)];
                self.of(real, &[&format!("({name}($0))")], from, one, |x| f(x[0].re))
            }
        }
    }

    /// A call of a function written as text, whose parameters hide what has their name outside.
    fn written(&mut self, ty: Type, fuel: usize) -> Term {
        let mut argument = |name: &str| {
            let ty = self.any_type();
            let term = self.term(ty, fuel);
            (term.text.clone(), Term { text: name.into(), ..term })
        };
        let ((a, p), (b, q)) = (argument("p"), argument(["q", "u", "t"][fuel % 3]));
        let outer = self.names.split_off(GLOBALS);
        let text = format!("(p, {}) -> ", q.text);
        self.names.extend([p, q]);
        let body = self.term(ty, fuel);
        self.names.truncate(GLOBALS);
        self.names.extend(outer);
        let name = format!("f{}", self.functions.len());
        self.functions.push((name.clone(), text + &body.text));
        Term { text: format!("{name}({a}, {b})"), ..body }
    }
}
