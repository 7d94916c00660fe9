//! What to do about an error, for those who write problem files: the library's advice, told in
//! sections, keys and commands.

use fluxions_expr::nearest;
use fluxions_solver::{Error, Hindrance, Origin};

/// What to do about an error, where that is known.
pub fn help(error: &Error) -> Option<String> {
    const STABLE: &str = "`fluxions check` prints the longest stable one";
    Some(match error {
        Error::NoInitialValue { field } => {
            format!("give it one in [initial], such as {field} = 0")
        }
        Error::NoSuchField { origin: Origin::Initial(_), name, known }
            if nearest(name, known.iter().map(String::as_str)).is_none() =>
        {
            format!(
                "add its equation to [equations]; that of a field that does not change is \
                 {name} = 0"
            )
        }
        Error::Circle { origin: Origin::Parameter(_), names } if names.len() == 1 => {
            format!("give it a number, such as {} = 1", names[0])
        }
        Error::UnfitArgument { .. } => {
            "name the argument in [define] and give it conditions of its own".into()
        }
        Error::UnfitScheme { scheme, what: Hindrance::Number, .. } if scheme == "elliptic" => {
            "write what vanishes in [equations], with mode = \"steady\" in [time]".into()
        }
        Error::SchemeWithTransport { scheme } if scheme == "steady" => {
            "give the run an end, and say `steady` in [stop]".into()
        }
        Error::NonlocalNoise { .. } => "use interpretation = \"ito\"".into(),
        Error::Memory { .. } | Error::NoMemory { .. } => {
            "use fewer cells, or more machines: `mpirun` over several of them".into()
        }
        Error::NotFinite { step: 1.., noise: true, .. } => format!(
            "the variance of its noise may be negative there, or the time step too long: {STABLE}"
        ),
        Error::NotFinite { step: 1.., .. } => format!("the time step may be too long: {STABLE}"),
        _ => return error.help(),
    })
}

/// What to do about a mistake in an expression, where that is known.
pub(super) fn of_expression(error: &fluxions_expr::Error) -> Option<String> {
    use fluxions_expr::Error::{TooDeep, TooLarge};
    match error {
        TooDeep { .. } | TooLarge { .. } => Some("name parts of it in [define]".into()),
        _ => error.help(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_finite(step: u64, noise: bool) -> Error {
        Error::NotFinite {
            field: "c".into(),
            cell: vec![0],
            axes: ["x".to_string()].into(),
            coordinates: vec![0.5],
            time: 0.0,
            step,
            noise,
        }
    }

    #[test]
    fn the_command_that_helps_is_named() {
        for noise in [false, true] {
            let told = help(&not_finite(3, noise)).unwrap();
            assert!(told.contains("`fluxions check`"), "{told}");
            assert_eq!(told.contains("variance"), noise);
            let library = not_finite(3, noise).help().unwrap();
            assert!(!library.contains("fluxions check"), "{library}");
        }
    }

    #[test]
    fn an_initial_value_that_is_not_finite_has_nothing_to_do_with_the_step() {
        let error = not_finite(0, false);
        assert_eq!(help(&error), error.help());
    }
}
