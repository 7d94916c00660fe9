//! What somebody may have meant by a word that is not known.

use fluxions_expr::nearest;

/// Asks for the nearest of the known words, or else lists all of them after `list`, as in "known
/// here: a, b". Words are quoted as they are in the message: names by backticks, which are left out
/// in lists, and texts of the problem file by double quotes.
pub(crate) fn suggest<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
    quote: char,
    list: &str,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(word, known.iter().copied()) {
        return format!("did you mean {quote}{near}{quote}?");
    }
    let listed = |word: &&str| match quote {
        '`' => word.to_string(),
        _ => format!("{quote}{word}{quote}"),
    };
    format!("{list} {}", known.iter().map(listed).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_or_all_are_listed() {
        let known = ["euler", "rk4"];
        assert_eq!(suggest("eulr", known, '"', "known here:"), "did you mean \"euler\"?");
        assert_eq!(suggest("eulr", known, '`', "known here:"), "did you mean `euler`?");
        let listed = suggest("leapfrog", known, '"', "known here:");
        assert_eq!(listed, "known here: \"euler\", \"rk4\"");
        assert_eq!(suggest("leapfrog", known, '`', "it has"), "it has euler, rk4");
    }
}
