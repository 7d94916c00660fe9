//! Words from textbooks and other programs: other spellings that are accepted, and what to write
//! instead of words that are not.

/// Other spellings of operators, unless the file gives the name to something else.
const SPELLINGS: [(&str, &str); 5] = [
    ("grad", "gradient"),
    ("div", "divergence"),
    ("lap", "laplace"),
    ("laplacian", "laplace"),
    ("Δ", "laplace"),
];

/// Libraries whose names people write before those of functions.
const LIBRARIES: [&str; 7] = ["np", "numpy", "math", "sympy", "sp", "scipy", "cmath"];

/// What to write instead of names that are called.
const CALLS: &[(&[&str], &str)] = &[
    (&["delta", "Laplacian", "nabla2"], "for the Laplacian write `laplace(…)`"),
    (&["biharmonic", "bilaplacian", "bilaplace"], "write `laplace(laplace(…))`"),
    (&["nabla", "del"], "write `gradient(…)`, `divergence(…)` or `curl(…)`"),
    (&["rot"], "write `curl(…)`"),
    (&["diff", "Derivative", "derivative", "deriv"], "for a derivative along x write `d_dx(…)`"),
    (&["if", "ifelse", "iif", "select"], "for a choice write `where(condition, a, b)`"),
    (&["step", "theta", "Theta"], "write `heaviside(…)`"),
    (&["pow", "power"], "for a power write `a^b`"),
    (&["mean", "avg"], "for the mean over the domain write `average(…)`"),
    (&["sum", "int", "total"], "for the integral over the domain write `integral(…)`"),
    (&["rand", "random", "uniform"], "write `random_uniform(0, 1)`"),
    (&["randn", "normal", "gauss"], "write `random_normal(0, 1)`"),
    (&["sgn"], "write `sign(…)`"),
    (&["fabs"], "write `abs(…)`"),
    (&["sqr", "square"], "for a square write `a^2`"),
];

/// What to write instead of names that stand alone.
const NAMES: &[(&[&str], &str)] = &[
    (&["inf", "Inf", "infinity", "nan", "NaN"], "every number has to be finite"),
    (&["true"], "write `True`"),
    (&["false"], "write `False`"),
    (&["j", "J"], "the imaginary unit is `i`"),
    (&["time"], "the time is `t`"),
    (&["if", "else"], "for a choice write `where(condition, a, b)`"),
];

/// The usual spelling of an operator's name.
pub(crate) fn usual(name: &str) -> &str {
    SPELLINGS.iter().find(|(other, _)| *other == name).map_or(name, |(_, usual)| usual)
}

/// Whether this is the name of a library, which stands before names of functions in other languages.
pub(crate) fn is_library(name: &str) -> bool {
    LIBRARIES.contains(&name)
}

/// What to write instead of a name that is called and not known, on a grid with these axes.
pub(crate) fn instead_of_call(name: &str, axes: &[String]) -> Option<String> {
    found(CALLS, name).or_else(|| instead_of_derivative(name, axes))
}

/// What to write instead of a name that stands alone and is not known.
pub(crate) fn instead_of_name(name: &str, axes: &[String]) -> Option<String> {
    if let Some(of) = name.strip_prefix('Δ').filter(|of| !of.is_empty()) {
        return Some(format!("for the Laplacian write `laplace({of})`"));
    }
    if let Some(told) = name.strip_prefix('d').and_then(|axis| no_axis(axis, axes)) {
        return Some(told);
    }
    let called = || instead_of_call(name, axes);
    found(NAMES, name).or_else(|| is_library(name).then(no_prefix)).or_else(called)
}

/// What to write instead of functions with the name of a library before them.
pub(crate) fn no_prefix() -> String {
    "functions and constants have no prefix: write `sin(…)` and `pi`".into()
}

fn found(list: &[(&[&str], &str)], name: &str) -> Option<String> {
    let row = list.iter().find(|(names, _)| names.contains(&name));
    row.map(|(_, instead)| instead.to_string())
}

/// What to write instead of a derivative such as `d_dz` in two dimensions, `d3_dx3` or `d2_dxdy`.
fn instead_of_derivative(name: &str, axes: &[String]) -> Option<String> {
    let rest = name.strip_suffix("_forward").or(name.strip_suffix("_backward")).unwrap_or(name);
    let (order, of) = rest.strip_prefix('d')?.split_once("_d")?;
    let order: usize = if order.is_empty() { 1 } else { order.parse().ok()? };
    let axis = of.trim_end_matches(|c: char| c.is_ascii_digit());
    let known = |axis: &str| axes.iter().any(|known| known == axis);
    if let Some((first, second)) = axis.split_once('d')
        && known(first)
        && known(second)
        && order == 2
    {
        return Some(format!("write `d_d{first}(d_d{second}(…))`"));
    }
    if axis == "t" {
        return Some("an equation gives the time derivative of its field".into());
    }
    if !known(axis) {
        return no_axis(axis, axes);
    }
    if !(3..=8).contains(&order) {
        return None;
    }
    let twice = format!("d2_d{axis}2(").repeat(order / 2);
    let (once, more) = if order % 2 == 1 { (format!("d_d{axis}("), 1) } else { (String::new(), 0) };
    Some(format!("write `{once}{twice}…{}`", ")".repeat(order / 2 + more)))
}

/// That the grid has no axis of this name, if it could be one: axes have names of one letter.
fn no_axis(axis: &str, axes: &[String]) -> Option<String> {
    if axes.is_empty() || !matches!(axis, "x" | "y" | "z" | "r") {
        return None;
    }
    let are = if axes.len() == 1 { "its axis is" } else { "its axes are" };
    Some(format!("the grid has no axis `{axis}`: {are} {}", axes.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_that_are_no_operators_are_written_by_those_that_are() {
        let axes = ["x".to_string(), "y".to_string()];
        let of = |name| instead_of_call(name, &axes);
        assert_eq!(of("d3_dx3").unwrap(), "write `d_dx(d2_dx2(…))`");
        assert_eq!(of("d4_dy4").unwrap(), "write `d2_dy2(d2_dy2(…))`");
        assert_eq!(of("d2_dxdy").unwrap(), "write `d_dx(d_dy(…))`");
        assert_eq!(of("d_dz").unwrap(), "the grid has no axis `z`: its axes are x, y");
        assert_eq!(of("d2_dz2").unwrap(), "the grid has no axis `z`: its axes are x, y");
        assert_eq!(of("d_dz_forward").unwrap(), "the grid has no axis `z`: its axes are x, y");
        assert_eq!(instead_of_name("dz", &axes), of("d_dz"));
        for name in ["d_dx", "d_dyy", "delt", "d", "d_", "dx_dy", "d1000000_dx", "d0_dx0"] {
            assert_eq!(of(name), None, "{name}");
        }
        assert_eq!(of("d_dt").unwrap(), "an equation gives the time derivative of its field");
    }
}
