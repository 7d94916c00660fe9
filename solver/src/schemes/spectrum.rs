//! Where the eigenvalues of the linearised equations of a system lie, and which steps keep them in the region
//! in which a scheme is stable.
//!
//! Along each axis the symbol of a difference whose coefficients are e_k and o_k, even and odd, goes round the ellipse
//! of the width 2 Σ|e_k| and the half height Σ|o_k|: that of advection and diffusion by central differences, and
//! the circle of upwind differences. Those of several axes add up, and so do decay and what arrays do to
//! each other. The latter moves eigenvalues by no more than the spectral radius of the matrix of these bounds
//! (Gershgorin's theorem for blocks: Feingold & Varga 1962, Pacific J. Math. 12, 1241).

use std::f64::consts::FRAC_PI_2;

use crate::schemes::scheme::Scheme;
use crate::schemes::stability::StabilityRegion;
use crate::schemes::symbol::{Symbol, Symbols};

/// A set that has all eigenvalues in it, but for those with a positive real part.
#[derive(Clone, Debug)]
pub(crate) struct Spectrum {
    /// A bound of their magnitude.
    pub(crate) rate: f64,
    /// A bound of the rate at which slow modes grow; 0 where they decay. What arrays do to each other is left out.
    pub(crate) growth: f64,
    /// The largest magnitude of the rate of each array, where that is asked for, and else 0.
    pub(crate) rates: Vec<f64>,
    /// A bound of the frequencies of waves that advected fields make of each other; 0 where there are none.
    waves: f64,
    shapes: Vec<Shape>,
    /// How far they may lie from the shapes.
    coupling: f64,
}

/// What is known of where a scheme is stable.
#[derive(Clone, Debug)]
pub(crate) struct StabilityLimits {
    region: Option<StabilityRegion>,
    /// How far it is stable where no region is known, and along the real axis.
    usual: f64,
    real_limit: f64,
    /// How far it is stable for waves that advected fields make of each other.
    waves: f64,
}

impl StabilityLimits {
    /// Those of a scheme.
    pub(crate) fn of(scheme: &dyn Scheme) -> Self {
        let (region, real_limit) = (scheme.region(), scheme.real_limit());
        StabilityLimits { region, usual: scheme.limit(), real_limit, waves: scheme.wave_limit() }
    }

    /// Whether waves that nothing damps grow, whatever the step.
    pub(crate) fn let_waves_grow(&self) -> bool {
        self.region.as_ref().is_some_and(|region| region.half_disc() == 0.0)
    }

    /// The longest step that is stable for an eigenvalue; infinite where no step is.
    pub(crate) fn for_eigenvalue(&self, (x, y): (f64, f64)) -> f64 {
        match &self.region {
            Some(region) if region.half_disc() > 0.0 => region.longest(x.min(0.0), y),
            // Waves that hardly decay are unstable with any step.
            Some(region) if -x > 0.2 * y.abs() => region.longest(x, y),
            Some(_) => f64::INFINITY,
            None if x == 0.0 && y == 0.0 => f64::INFINITY,
            None => self.usual / x.hypot(y),
        }
    }
}

/// The symbols of an array.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// The width of the ellipse of each axis, and its half height.
    ellipses: [(f64, f64); 3],
    /// How far they may be moved to the left, and up.
    decay: f64,
    waves: f64,
}

/// The angles between which the outline of a set is followed. Near 0, where slow waves decay slowly, they lie close.
const ANGLES: usize = 24;
/// A step that is this much shorter than decay allows makes no sense: what limits it does not decay.
const LEAST: f64 = 1e-3;

impl Spectrum {
    /// That of a system in which arrays act on each other in this way, with other rates of up to `other`.
    pub(crate) fn new(symbols: &Symbols, other: f64) -> Self {
        // Other rates are taken for decay.
        let mut shapes = vec![Shape { ellipses: [(0.0, 0.0); 3], decay: other, waves: 0.0 }];
        for symbol in symbols.diagonal() {
            for shape in [Shape::new(&symbol, false), Shape::new(&symbol, true)] {
                if shapes.last() != Some(&shape) {
                    shapes.push(shape);
                }
            }
        }
        let rate = symbols.totals(true).spectral_radius().max(other);
        let growth = symbols.diagonal().map(|symbol| symbol.slow).fold(0.0, f64::max);
        let rates = symbols.diagonal().map(|symbol| symbol.rate).collect();
        let coupling = symbols.totals(false).spectral_radius();
        Spectrum { rate, growth, rates, waves: 0.0, shapes, coupling }
    }

    /// The same with waves of up to this frequency that advected fields make of each other.
    pub(crate) fn with_waves(self, waves: f64) -> Self {
        Spectrum { waves, ..self }
    }

    /// The longest step of a scheme with these limits that keeps all eigenvalues where it is stable. It is infinite
    /// where nothing changes.
    pub(crate) fn longest(&self, limits: &StabilityLimits) -> f64 {
        self.longest_of_rates(limits).min(self.longest_for_waves(limits))
    }

    /// That for waves which advected fields make of each other.
    pub(crate) fn longest_for_waves(&self, limits: &StabilityLimits) -> f64 {
        if self.waves > 0.0 { limits.waves / self.waves } else { f64::INFINITY }
    }

    fn longest_of_rates(&self, limits: &StabilityLimits) -> f64 {
        let StabilityLimits { region, usual, real_limit, .. } = limits;
        // Where the rate is not a number, the state is not finite, and the next step tells.
        if self.rate.is_nan() || self.rate <= 0.0 {
            return f64::INFINITY;
        }
        let Some(region) = region else { return usual / self.rate };
        let by_rate = region.half_disc() / self.rate;
        let of_decay = real_limit / self.rate;
        let unstable = region.half_disc() == 0.0;
        // What arrays do to each other may be waves: no step would do.
        let coupling = if unstable { 0.0 } else { self.coupling };
        let of_shape = |shape: &Shape| shape.longest(region, coupling);
        let by_shapes = self.shapes.iter().map(of_shape).fold(f64::INFINITY, f64::min);
        match unstable {
            false => by_rate.max(by_shapes),
            true if by_shapes < LEAST * of_decay => of_decay,
            true if self.coupling > 0.0 => by_shapes.min(of_decay),
            true => by_shapes,
        }
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        (self.ellipses, self.decay, self.waves) == (other.ellipses, other.decay, other.waves)
    }
}

impl Shape {
    /// The shape for a symbol; `thin`: with as little damping as there is in any cell.
    fn new(symbol: &Symbol, thin: bool) -> Self {
        let Symbol { centre, even, odd, ratio, mixed, .. } = *symbol;
        let all: f64 = even.iter().sum();
        // The coefficient of the cell itself belongs to the differences as far as they balance it.
        let share = if all > 0.0 { (centre / all).min(1.0) } else { 0.0 };
        let ellipses = std::array::from_fn(|axis| {
            let least = odd[axis] * odd[axis] / ratio[axis];
            let even = if thin && ratio[axis] > 0.0 { even[axis].min(least) } else { even[axis] };
            ((1.0 + share) * even, odd[axis])
        });
        let decay = (centre - all).max(0.0) + mixed[0];
        Shape { ellipses, decay, waves: mixed[1] }
    }

    /// The point of the outline where its normal has this direction.
    fn outermost(&self, cos: f64, sin: f64, coupling: f64) -> (f64, f64) {
        let (mut x, mut y) = (coupling * cos, coupling * sin + self.waves);
        for (width, height) in self.ellipses {
            let radius = width / 2.0;
            let scale = (radius * cos).hypot(height * sin);
            x -= radius;
            if scale > 0.0 {
                x += radius * radius * cos / scale;
                y += height * height * sin / scale;
            }
        }
        (x, y)
    }

    /// The longest step that keeps it in the region.
    fn longest(&self, region: &StabilityRegion, coupling: f64) -> f64 {
        let at = |(x, y): (f64, f64)| region.longest(x.min(0.0), y);
        let mut longest = f64::INFINITY;
        for k in 0..=2 * ANGLES {
            // Up to the top, and from there on to the left.
            let along = k as f64 / ANGLES as f64;
            let angle = if k <= ANGLES { along * along } else { along } * FRAC_PI_2;
            let (x, y) = self.outermost(angle.cos(), angle.sin(), coupling);
            if k <= ANGLES {
                longest = longest.min(at((x, y)));
            }
            if k >= ANGLES {
                longest = longest.min(at((x - self.decay, y)));
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes::symbol::Part;
    use crate::schemes::tableau::Tableau;

    fn limits(tableau: &Tableau) -> StabilityLimits {
        let (region, usual) = (Some(tableau.region()), f64::NAN);
        let (real_limit, waves) = (tableau.real_limit(), f64::INFINITY);
        StabilityLimits { region, usual, real_limit, waves }
    }

    /// The longest step of a scheme for −c·d_dx(u) + D·d2_dx2(u) along each of some axes, cells of length 1.
    fn found(tableau: &Tableau, axes: &[(f64, f64)]) -> f64 {
        let mut symbols = Symbols::new(1);
        let (mut centre, mut total) = (0.0, 0.0);
        for (axis, (c, d)) in axes.iter().enumerate() {
            symbols.set(0, 0, Part::Even(axis), 2.0 * d);
            symbols.set(0, 0, Part::Odd(axis), *c);
            centre += 2.0 * d;
            total += 2.0 * d.max(c / 2.0);
        }
        symbols.set(0, 0, Part::Centre, centre);
        symbols.set(0, 0, Part::Total, total + centre);
        let spectrum = Spectrum::new(&symbols.leading(1), 0.0);
        spectrum.longest(&limits(tableau))
    }

    /// The same from the symbols of many waves.
    fn of_waves(tableau: &Tableau, axes: &[(f64, f64)]) -> f64 {
        const WAVES: usize = 120;
        let region = tableau.region();
        let mut longest = f64::INFINITY;
        for number in 1..WAVES.pow(axes.len() as u32) {
            let (mut x, mut y, mut rest) = (0.0, 0.0, number);
            for (c, d) in axes {
                let angle = std::f64::consts::TAU * (rest % WAVES) as f64 / WAVES as f64;
                rest /= WAVES;
                x -= 2.0 * d * (1.0 - angle.cos());
                y -= c * angle.sin();
            }
            longest = f64::min(longest, region.longest(x, y));
        }
        longest
    }

    #[test]
    fn advection_and_diffusion_have_the_limit_of_their_waves() {
        for tableau in Tableau::ALL {
            for c in [0.0, 0.01, 0.3, 1.0, 3.0, 30.0] {
                for axes in [&[(c, 1.0)][..], &[(c, 1.0), (0.5 * c, 1.0)], &[(c, 1.0), (0.0, 2.0)]]
                {
                    let (found, expected) = (found(&tableau, axes), of_waves(&tableau, axes));
                    let near = (0.95..1.02).contains(&(found / expected));
                    assert!(near, "{} {axes:?}: {found} {expected}", tableau.name());
                }
            }
        }
        // The classical limits: Hindmarsh, Gresho & Griffiths 1984, Int. J. Numer. Methods Fluids 4, 853.
        let near = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 0.01);
        near(found(&Tableau::EULER, &[(10.0, 1.0), (5.0, 1.0)]), 2.0 / 125.0);
        near(found(&Tableau::EULER, &[(0.5, 1.0)]), 0.5);
        near(found(&Tableau::RK4, &[(7.0, 0.0)]), 8f64.sqrt() / 7.0);
    }

    #[test]
    fn waves_are_those_of_arrays_that_act_on_each_other() {
        let mut symbols = Symbols::new(2);
        symbols.set(0, 1, Part::Total, 1.0);
        symbols.set(1, 0, Part::Total, 4.0);
        let spectrum = Spectrum::new(&symbols.leading(2), 0.0);
        assert_eq!(spectrum.longest(&limits(&Tableau::EULER)), 1.0);
        let longest = spectrum.longest(&limits(&Tableau::RK4));
        assert!((1.2..1.42).contains(&longest), "{longest}");
    }
}
