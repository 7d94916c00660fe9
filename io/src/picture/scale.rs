//! Ranges of numbers, and the colours of the numbers between their ends.

/// The numbers between two finite ends that differ, as fractions of the way from the lower to the
/// upper one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    /// A power of two by which numbers are multiplied so that differences neither overflow nor
    /// vanish.
    unit: f64,
}

impl Scale {
    /// The scale between these ends, which must be finite; equal ones are moved apart.
    pub(super) fn new(low: f64, high: f64) -> Self {
        let size = low.abs().max(high.abs());
        let unit = match size {
            1e300.. => 0.25,
            0.0..1e-250 => 2f64.powi(200),
            _ => 1.0,
        };
        if low < high {
            return Scale { low, high, unit };
        }
        let room = if size == 0.0 { 1.0 } else { (0.05 * size).max(1e-300) };
        Scale { low: (low - room).max(f64::MIN), high: (low + room).min(f64::MAX), unit }
    }

    /// The scale from the smallest to the largest finite value. What is constant but for rounding is
    /// in its middle.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a f64>) -> Self {
        let finite = values.into_iter().copied().filter(|x| x.is_finite());
        let (low, high) =
            finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
        if low > high {
            return Scale::new(0.0, 1.0);
        }
        let scale = Scale::new(low, high);
        let rounding = 1e-14 * low.abs().max(high.abs()) * scale.unit;
        match scale.length() <= rounding {
            true => Scale::new(low, low),
            false => scale,
        }
    }

    /// The lower and the upper end.
    pub(super) fn ends(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// How far the ends are apart, in units of this scale.
    fn length(&self) -> f64 {
        self.high * self.unit - self.low * self.unit
    }

    /// Where a number lies: 0 at the lower end, 1 at the upper one.
    pub(super) fn fraction(&self, x: f64) -> f64 {
        (x * self.unit - self.low * self.unit) / self.length()
    }

    /// The number at a fraction of the way.
    pub(super) fn at(&self, fraction: f64) -> f64 {
        self.low * (1.0 - fraction) + self.high * fraction
    }

    /// A scale that is longer at both ends by a fraction of its length.
    pub(super) fn widened(&self, by: f64) -> Self {
        let room = by * self.high - by * self.low;
        Scale::new((self.low - room).max(f64::MIN), (self.high + room).min(f64::MAX))
    }

    /// Whether there are numbers of both signs, none of them negligible.
    fn has_both_signs(&self) -> bool {
        let (below, above) = (-self.low, self.high);
        below.min(above) >= 0.1 * below.max(above)
    }
}

/// The smallest and the largest finite value, if there is any.
pub(super) fn extremes<'a>(values: impl IntoIterator<Item = &'a f64> + Clone) -> Vec<f64> {
    let finite = || values.clone().into_iter().copied().filter(|x| x.is_finite());
    [finite().reduce(f64::min), finite().reduce(f64::max)].into_iter().flatten().collect()
}

/// The colours of the numbers on a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    /// From dark to bright.
    Sequential,
    /// Blue below the middle, white there, red above.
    Diverging,
    /// The same at both ends.
    Cyclic,
}

impl Colours {
    /// The scale and the colours of these values: about zero if both signs matter.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a f64> + Clone) -> (Scale, Self) {
        let scale = Scale::of(values.clone());
        // A constant has one sign, whatever room there is around it.
        let varies = values.into_iter().any(|x| *x == scale.low);
        if varies && scale.has_both_signs() {
            let most = scale.high.max(-scale.low);
            return (Scale::new(-most, most), Colours::Diverging);
        }
        (scale, Colours::Sequential)
    }

    /// The colour at a fraction of the scale, as red, green and blue.
    pub(super) fn at(self, fraction: f64) -> [u8; 3] {
        let fraction = fraction.clamp(0.0, 1.0);
        let colour = match self {
            Colours::Sequential => colorous::VIRIDIS.eval_continuous(fraction),
            Colours::Diverging => colorous::RED_BLUE.eval_continuous(1.0 - fraction),
            Colours::Cyclic => colorous::SINEBOW.eval_continuous(fraction),
        };
        [colour.r, colour.g, colour.b]
    }

    /// The colours of so many fractions at equal distances.
    pub(super) fn table(self, entries: usize) -> Vec<[u8; 3]> {
        (0..entries).map(|k| self.at((k as f64 + 0.5) / entries as f64)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_has_a_length() {
        let scale = |values: &[f64]| Scale::of(values);
        assert_eq!(scale(&[1.0, f64::NAN, 3.0, f64::INFINITY]).ends(), [1.0, 3.0]);
        assert_eq!(scale(&[f64::NAN]).ends(), [0.0, 1.0]);
        assert_eq!(scale(&[0.0, 0.0]).ends(), [-1.0, 1.0]);
        // Rounding is no structure, what is larger is.
        let constant = scale(&[2.0, 2.0 + 1e-15]);
        assert!((constant.fraction(2.0) - 0.5).abs() < 1e-12, "{constant:?}");
        assert_eq!(scale(&[1.0, 1.0 + 2e-9]).ends(), [1.0, 1.0 + 2e-9]);
    }

    #[test]
    fn fractions_neither_overflow_nor_vanish() {
        for [low, high] in [
            [-1.7e308, 1.7e308],
            [f64::MIN, f64::MAX],
            [0.0, 1e-300],
            [-5e-324, 5e-324],
            [1e-310, 3e-310],
            [5e5, 5e5 + 100.0],
        ] {
            let scale = Scale::of(&[low, high]);
            assert_eq!([scale.fraction(low), scale.fraction(high)], [0.0, 1.0], "{low} {high}");
            let middle = scale.fraction(low / 2.0 + high / 2.0);
            assert!((middle - 0.5).abs() < 1e-6 || high < 1e-320, "{low} {high}: {middle}");
            let wide = scale.widened(0.05);
            assert!(wide.fraction(low) >= 0.0 && wide.fraction(high) <= 1.0);
        }
        for value in [f64::MAX, f64::MIN, 5e-324, 1e-310] {
            let [low, high] = Scale::of(&[value]).ends();
            assert!(low.is_finite() && high.is_finite() && low < high, "{value}");
        }
    }

    #[test]
    fn both_signs_are_shown_about_zero() {
        let (scale, colours) = Colours::of(&[-0.5, 2.0]);
        assert_eq!((scale.ends(), colours), ([-2.0, 2.0], Colours::Diverging));
        assert_eq!(Colours::of(&[-1e-12, 2.0]).1, Colours::Sequential);
        assert_eq!(Colours::of(&[1.0, 2.0]).1, Colours::Sequential);
        assert_eq!(Colours::of(&[0.0, 0.0]).1, Colours::Sequential);
        let [low, middle, high] = [0.0, 0.5, 1.0].map(|f| Colours::Diverging.at(f));
        assert!(middle.iter().all(|x| *x > 230), "{middle:?}");
        // Blue is below zero, red above, both as dark.
        assert!(low[2] > low[0] && high[0] > high[2]);
        assert_eq!(Colours::Cyclic.at(0.0), Colours::Cyclic.at(1.0));
    }
}
