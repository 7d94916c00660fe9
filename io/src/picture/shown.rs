//! What can be shown of a field: its components, of complex numbers their absolute values, angles
//! and parts, of vectors their lengths.

use std::f64::consts::PI;

use fluxions_expr::{Rank, Type};
use ndarray::{ArrayD, Zip};
use num_complex::Complex64;

use super::Components;
use super::scale::{Colours, Scale};
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
    /// The length of a vector, with arrows along it.
    Arrows,
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
            Aspect::Modulus | Aspect::Arrows => format!("|{of}|"),
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
    /// What the panel is about, as the picture says.
    pub(super) fn heading(&self) -> String {
        match self.aspect {
            Aspect::Arrows => self.field.name().into(),
            _ => self.name(),
        }
    }

    /// What its values are.
    pub(super) fn name(&self) -> String {
        let components = self.field.components();
        let of = self.component.map_or(self.field.name(), |component| &components[component]);
        self.aspect.name(of)
    }

    /// The scale and the colours of its values; those of an angle go round.
    pub(super) fn colours(&self, values: &ArrayD<f64>) -> (Scale, Colours) {
        match self.aspect {
            Aspect::Angle => (Scale::new(-PI, PI), Colours::Cyclic),
            _ => Colours::of(values),
        }
    }

    /// Its values at one snapshot, for each axis of the grid at one index or at all, and the components of
    /// arrows.
    pub(super) fn read(
        &self,
        series: &Series,
        snapshot: usize,
        at: &[Option<usize>],
    ) -> Result<(ArrayD<f64>, Option<Components>), Error> {
        let component = |number| series.part(&self.field, snapshot, number, at);
        let Some(number) = self.component else {
            let all = (0..self.field.components().len()).map(component);
            let all = all.collect::<Result<Vec<_>, Error>>()?;
            let norm = norm(&all);
            let real = |component: Component| component.map(|x| x, |z| z.re);
            let mut first = all.into_iter().map(real);
            let arrows = match (self.aspect, first.next(), first.next()) {
                (Aspect::Arrows, Some(a), Some(b)) => Some([a, b]),
                _ => None,
            };
            return Ok((norm, arrows));
        };
        let values = component(number)?;
        let values = match self.aspect {
            Aspect::Value | Aspect::Real => values.map(|x| x, |z| z.re),
            Aspect::Imaginary => values.map(|_| 0.0, |z| z.im),
            Aspect::Modulus | Aspect::Arrows => values.absolute(),
            Aspect::Angle => values.map(|x| Complex64::from(x).arg(), Complex64::arg),
        };
        Ok((values, None))
    }
}

/// The square root of the sum of the squares of all components.
fn norm(components: &[Component]) -> ArrayD<f64> {
    let mut all = components.iter().map(|component| component.clone().absolute());
    let mut total = all.next().unwrap_or_default();
    for values in all {
        Zip::from(&mut total).and(&values).for_each(|total, x| *total = total.hypot(*x));
    }
    total
}

/// All names that can be asked for, each with what it shows, in rows of the picture. Maps of vectors
/// that lie `in_plane` have arrows.
fn choices(field: &Field, in_plane: bool) -> Vec<(String, Vec<Vec<Shown>>)> {
    let components = field.components();
    let one = |component, aspect| Shown { field: field.clone(), component, aspect };
    let aspects: &[Aspect] = match field.ty().complex {
        false => &[Aspect::Value],
        true => &Aspect::OF_COMPLEX,
    };
    let mut choices = Vec::new();
    // Any other vector or tensor as a whole shows one number per component, in the order in which it
    // is written.
    let has_arrows =
        in_plane && field.ty() == Type::real(Rank::Vector) && field.directions().len() > 1;
    if has_arrows {
        choices.push((field.name().to_string(), vec![vec![one(None, Aspect::Arrows)]]));
    } else if field.ty().rank != Rank::Scalar {
        let all = (0..components.len()).map(|number| one(Some(number), aspects[0]));
        let all: Vec<Shown> = all.collect();
        let rows = all.chunks(field.directions().len().max(1)).map(<[Shown]>::to_vec).collect();
        choices.push((field.name().to_string(), rows));
    }
    if field.ty().rank != Rank::Scalar {
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

/// What is shown, for each field in rows: what a name of [`choices`] stands for, or by default all
/// fields.
pub(super) fn choose(
    series: &Series,
    asked: Option<&str>,
    in_plane: bool,
) -> Result<Vec<Vec<Vec<Shown>>>, Error> {
    let fields = series.fields()?;
    let fields = fields.iter().map(|name| Ok(choices(&series.field(name)?, in_plane)));
    let fields = fields.collect::<Result<Vec<_>, Error>>()?;
    let Some(asked) = asked else {
        // The first name of each is that of the field.
        let rows = fields.into_iter().filter_map(|choices| choices.into_iter().next());
        return Ok(rows.map(|(_, rows)| rows).collect());
    };
    let mut known: Vec<_> = fields.into_iter().flatten().collect();
    match known.iter().position(|(name, _)| name == asked) {
        Some(found) => Ok(vec![known.swap_remove(found).1]),
        None => Err(Error::NoField {
            path: series.path().into(),
            name: asked.into(),
            known: known.into_iter().map(|(name, _)| name).collect(),
        }),
    }
}

/// Puts at most so many panels into rows, in the order of the fields. Fields of one panel lie side by
/// side; others keep their rows. Says how many panels are left out.
pub(super) fn arrange<T>(fields: Vec<Vec<Vec<T>>>, most: usize) -> (Vec<Vec<T>>, usize) {
    let count = |rows: &[Vec<T>]| rows.iter().map(Vec::len).sum::<usize>();
    let all: usize = fields.iter().map(|rows| count(rows)).sum();
    let mut room = most;
    let mut rows = Vec::new();
    let mut single = Vec::new();
    for mut field in fields {
        let is_single = count(&field) == 1;
        for row in &mut field {
            row.truncate(room);
            room -= row.len();
        }
        match is_single {
            true => single.extend(field.into_iter().flatten()),
            false => {
                side_by_side(&mut single, &mut rows);
                rows.extend(field.into_iter().filter(|row| !row.is_empty()));
            }
        }
    }
    side_by_side(&mut single, &mut rows);
    (rows, all.saturating_sub(most))
}

/// Moves panels into rows.
fn side_by_side<T>(panels: &mut Vec<T>, rows: &mut Vec<Vec<T>>) {
    let across = columns(panels.len());
    let mut panels = panels.drain(..).peekable();
    while panels.peek().is_some() {
        rows.push(panels.by_ref().take(across).collect());
    }
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
    use super::*;

    fn choices_of(rank: Rank, complex: bool, in_plane: bool) -> Vec<(String, Vec<Vec<String>>)> {
        let directions = ["x".to_string(), "y".to_string()];
        let field = Field::new("f", Type { rank, complex }, &directions);
        let names = |row: Vec<Shown>| row.iter().map(Shown::name).collect();
        let rows = |rows: Vec<Vec<Shown>>| rows.into_iter().map(names).collect();
        choices(&field, in_plane).into_iter().map(|(name, shown)| (name, rows(shown))).collect()
    }

    #[test]
    fn a_real_scalar_is_itself() {
        assert_eq!(choices_of(Rank::Scalar, false, true), [("f".into(), vec![vec!["f".into()]])]);
    }

    #[test]
    fn every_name_stands_for_panels_that_say_what_they_are() {
        let find = |choices: &[(String, Vec<Vec<String>>)], name: &str| {
            choices.iter().find(|(known, _)| known == name).unwrap().1.concat()
        };
        let complex = choices_of(Rank::Scalar, true, true);
        assert_eq!(find(&complex, "f"), ["|f|", "arg f"]);
        assert_eq!(find(&complex, "im f"), ["im f"]);
        let vector = choices_of(Rank::Vector, false, false);
        assert_eq!(find(&vector, "f"), ["f.x", "f.y"]);
        assert_eq!(find(&vector, "|f|"), ["|f|"]);
        let both = choices_of(Rank::Vector, true, true);
        assert_eq!(find(&both, "f"), ["|f.x|", "|f.y|"]);
        assert_eq!(find(&both, "f.y"), ["|f.y|", "arg f.y"]);
        let tensor = choices_of(Rank::Tensor, false, true);
        assert_eq!(tensor[0].1, [["f.xx", "f.xy"], ["f.yx", "f.yy"]]);
    }

    #[test]
    fn a_vector_in_a_plane_has_one_panel_with_arrows() {
        let field = Field::new("v", Type::real(Rank::Vector), &["x", "y"].map(String::from));
        let choices = choices(&field, true);
        let whole = &choices[0].1[0][0];
        assert_eq!((whole.heading(), whole.name()), ("v".into(), "|v|".into()));
        let names: Vec<&str> = choices.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["v", "|v|", "v.x", "v.y"]);
    }

    #[test]
    fn panels_stay_in_order_and_few() {
        let single = |name| vec![vec![name]];
        let fields = || vec![single("z"), vec![vec!["|b|", "arg b"]], single("a"), single("c")];
        let rows = vec![vec!["z"], vec!["|b|", "arg b"], vec!["a", "c"]];
        assert_eq!(arrange(fields(), usize::MAX), (rows.clone(), 0));
        assert_eq!(arrange(fields(), 5), (rows.clone(), 0));
        assert_eq!(arrange(fields(), 2), (vec![vec!["z"], vec!["|b|"]], 3));
        let many = (0..50).map(|k| vec![vec![k]]).collect();
        assert_eq!(arrange(many, 6), (vec![vec![0, 1, 2], vec![3, 4, 5]], 44));
    }
}
