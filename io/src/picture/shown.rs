//! What can be shown of a field: its components, of complex numbers their absolute values, angles
//! and parts, of vectors their lengths.

use std::f64::consts::PI;

use fluxions_expr::Rank;
use ndarray::{ArrayD, Zip};
use num_complex::Complex64;

use crate::error::Error;
use crate::series::{Component, Field, Series};

/// Which real number is shown of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aspect {
    /// The real value itself.
    Value,
    /// The real part.
    Real,
    /// The imaginary part.
    Imaginary,
    /// The absolute value.
    Modulus,
    /// The angle in the complex plane.
    Angle,
}

impl Aspect {
    /// The aspects of a complex number; the first two determine it.
    const OF_COMPLEX: [Aspect; 4] =
        [Aspect::Modulus, Aspect::Angle, Aspect::Real, Aspect::Imaginary];

    fn name(self, of: &str) -> String {
        match self {
            Aspect::Value => of.into(),
            Aspect::Real => format!("re {of}"),
            Aspect::Imaginary => format!("im {of}"),
            Aspect::Modulus => format!("|{of}|"),
            Aspect::Angle => format!("arg {of}"),
        }
    }
}

/// Something to be shown: one real number per cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) field: Field,
    /// The component, or `None` for the norm of all components.
    component: Option<usize>,
    aspect: Aspect,
}

impl Shown {
    /// What it is, as the picture says.
    pub(super) fn name(&self) -> String {
        let components = self.field.components();
        let of = self.component.map_or(self.field.name(), |component| &components[component]);
        self.aspect.name(of)
    }

    /// The range of its values if they are those of an angle, which goes round.
    pub(super) fn circle(&self) -> Option<(f64, f64)> {
        (self.aspect == Aspect::Angle).then_some((-PI, PI))
    }

    /// Its values at one snapshot, along the last axis at one index if `cut` gives one.
    pub(super) fn read(
        &self,
        series: &Series,
        snapshot: usize,
        cut: Option<usize>,
    ) -> Result<ArrayD<f64>, Error> {
        let component = |number| series.component(&self.field, snapshot, number, cut);
        let Some(number) = self.component else { return norm(&self.field, component) };
        let values = component(number)?;
        Ok(match self.aspect {
            Aspect::Value | Aspect::Real => values.map(|x| x, |z| z.re),
            Aspect::Imaginary => values.map(|_| 0.0, |z| z.im),
            Aspect::Modulus => values.absolute(),
            Aspect::Angle => values.map(|x| Complex64::from(x).arg(), Complex64::arg),
        })
    }
}

/// The square root of the sum of the squares of all components.
fn norm(
    field: &Field,
    component: impl Fn(usize) -> Result<Component, Error>,
) -> Result<ArrayD<f64>, Error> {
    let mut total = component(0)?.absolute();
    for number in 1..field.components().len() {
        let values = component(number)?.absolute();
        Zip::from(&mut total).and(&values).for_each(|total, x| *total = total.hypot(*x));
    }
    Ok(total)
}

/// All names that can be asked for, each with what it shows, in rows of the picture.
fn choices(field: &Field) -> Vec<(String, Vec<Vec<Shown>>)> {
    let components = field.components();
    let one = |component, aspect| Shown { field: field.clone(), component, aspect };
    let aspects: &[Aspect] = match field.ty().complex {
        false => &[Aspect::Value],
        true => &Aspect::OF_COMPLEX,
    };
    let mut choices = Vec::new();
    // A vector or tensor as a whole shows one number per component, in the order in which it is
    // written.
    if field.ty().rank != Rank::Scalar {
        let all = (0..components.len()).map(|number| one(Some(number), aspects[0]));
        let all: Vec<Shown> = all.collect();
        let rows = all.chunks(field.directions().len().max(1)).map(<[Shown]>::to_vec).collect();
        choices.push((field.name().to_string(), rows));
        let norm = one(None, Aspect::Modulus);
        choices.push((norm.name(), vec![vec![norm]]));
    }
    for (number, component) in components.into_iter().enumerate() {
        let every: Vec<Shown> = aspects.iter().map(|aspect| one(Some(number), *aspect)).collect();
        choices.push((component, vec![every.iter().take(2).cloned().collect()]));
        if every.len() > 1 {
            choices.extend(every.into_iter().map(|shown| (shown.name(), vec![vec![shown]])));
        }
    }
    choices
}

/// What is shown, in rows: what a name of [`choices`] stands for, or by default all fields.
pub(super) fn choose(series: &Series, asked: Option<&str>) -> Result<Vec<Vec<Shown>>, Error> {
    let fields = series.fields()?;
    let fields = fields.iter().map(|name| Ok(choices(&series.field(name)?)));
    let fields = fields.collect::<Result<Vec<_>, Error>>()?;
    let Some(asked) = asked else {
        // The first name of each is that of the field.
        let rows = fields.into_iter().filter_map(|choices| choices.into_iter().next());
        return Ok(arrange(rows.map(|(_, rows)| rows).collect()));
    };
    let mut known: Vec<_> = fields.into_iter().flatten().collect();
    match known.iter().position(|(name, _)| name == asked) {
        Some(found) => Ok(known.swap_remove(found).1),
        None => Err(Error::NoField {
            path: series.path().into(),
            name: asked.into(),
            known: known.into_iter().map(|(name, _)| name).collect(),
        }),
    }
}

/// Puts single panels side by side, followed by the rows of those fields that take several.
fn arrange(fields: Vec<Vec<Vec<Shown>>>) -> Vec<Vec<Shown>> {
    let (single, several): (Vec<_>, Vec<_>) =
        fields.into_iter().partition(|rows| rows.iter().map(Vec::len).sum::<usize>() == 1);
    let single: Vec<Shown> = single.into_iter().flatten().flatten().collect();
    let across = columns(single.len());
    single.chunks(across).map(<[Shown]>::to_vec).chain(several.into_iter().flatten()).collect()
}

/// Panels side by side: few enough that a row stays readable.
fn columns(panels: usize) -> usize {
    match panels {
        0..=3 => panels.max(1),
        4 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use fluxions_expr::Type;

    use super::*;

    fn choices_of(rank: Rank, complex: bool) -> Vec<(String, Vec<Vec<String>>)> {
        let directions = ["x".to_string(), "y".to_string()];
        let field = Field::new("f", Type { rank, complex }, &directions);
        let names = |row: Vec<Shown>| row.iter().map(Shown::name).collect();
        let rows = |rows: Vec<Vec<Shown>>| rows.into_iter().map(names).collect();
        choices(&field).into_iter().map(|(name, shown)| (name, rows(shown))).collect()
    }

    #[test]
    fn a_real_scalar_is_itself() {
        assert_eq!(choices_of(Rank::Scalar, false), [("f".into(), vec![vec!["f".into()]])]);
    }

    #[test]
    fn every_name_stands_for_panels_that_say_what_they_are() {
        let find = |choices: &[(String, Vec<Vec<String>>)], name: &str| {
            choices.iter().find(|(known, _)| known == name).unwrap().1.concat()
        };
        let complex = choices_of(Rank::Scalar, true);
        assert_eq!(find(&complex, "f"), ["|f|", "arg f"]);
        assert_eq!(find(&complex, "im f"), ["im f"]);
        let vector = choices_of(Rank::Vector, false);
        assert_eq!(find(&vector, "f"), ["f.x", "f.y"]);
        assert_eq!(find(&vector, "|f|"), ["|f|"]);
        let both = choices_of(Rank::Vector, true);
        assert_eq!(find(&both, "f"), ["|f.x|", "|f.y|"]);
        assert_eq!(find(&both, "f.y"), ["|f.y|", "arg f.y"]);
        let tensor = choices_of(Rank::Tensor, false);
        assert_eq!(tensor[0].1, [["f.xx", "f.xy"], ["f.yx", "f.yy"]]);
    }
}
