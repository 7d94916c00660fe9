//! The order of named texts that use each other.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use fluxions_expr::AstKind;

/// The names in a text, as far as it can be parsed.
pub(crate) fn names_of(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(ast) = fluxions_expr::parse(text) {
        ast.walk(&mut |node| {
            if let AstKind::Name(name) = &node.kind {
                names.push(name.clone());
            }
        });
    }
    names
}

/// For each text the texts that it names, in ascending order. Texts that cannot be parsed name
/// nothing.
fn needs_of(texts: &[(String, String)]) -> Vec<Vec<usize>> {
    let mut numbers: HashMap<&str, Vec<usize>> = HashMap::new();
    for (k, (name, _)) in texts.iter().enumerate() {
        numbers.entry(name).or_default().push(k);
    }
    let needs = |(_, text): &(String, String)| {
        let names = names_of(text);
        let named = names.iter().filter_map(|name| numbers.get(name.as_str()));
        named.flatten().copied().collect::<BTreeSet<_>>().into_iter().collect()
    };
    texts.iter().map(needs).collect()
}

/// An order in which each of the texts comes after those that it names, or the names of a circle of
/// texts that need each other. Of all texts that could come next, the first one does. Texts that
/// cannot be parsed name nothing.
pub(crate) fn in_order(texts: &[(String, String)]) -> Result<Vec<usize>, Vec<String>> {
    let needs = needs_of(texts);
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); texts.len()];
    for (k, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|need| users[*need].push(k));
    }
    // How many texts each of them waits for.
    let mut waits: Vec<usize> = needs.iter().map(Vec::len).collect();
    let ready = (0..texts.len()).filter(|k| waits[*k] == 0).map(Reverse);
    let mut ready: BinaryHeap<Reverse<usize>> = ready.collect();
    let (mut order, mut done) = (Vec::with_capacity(texts.len()), vec![false; texts.len()]);
    while let Some(Reverse(k)) = ready.pop() {
        order.push(k);
        done[k] = true;
        for user in &users[k] {
            waits[*user] -= 1;
            if waits[*user] == 0 {
                ready.push(Reverse(*user));
            }
        }
    }
    let Some(left) = (0..texts.len()).find(|k| !done[*k]) else { return Ok(order) };
    // Everything left waits for something left: follow it until it comes round.
    let (mut path, mut places) = (Vec::new(), HashMap::new());
    let mut next = left;
    loop {
        if let Some(first) = places.insert(next, path.len()) {
            return Err(path[first..].iter().map(|k: &usize| texts[*k].0.clone()).collect());
        }
        path.push(next);
        let waiting = needs[next].iter().copied().find(|need| !done[*need]);
        next = waiting.expect("what is left waits for something that is left");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(texts: &[(&str, &str)]) -> Result<Vec<usize>, Vec<String>> {
        let owned = texts.iter().map(|(name, text)| (name.to_string(), text.to_string()));
        in_order(&owned.collect::<Vec<_>>())
    }

    #[test]
    fn of_all_that_could_come_next_the_first_one_does() {
        let texts =
            [("a", "c + d"), ("b", "1"), ("c", "b"), ("d", "2*b"), ("e", "0"), ("f", "a + (")];
        assert_eq!(ordered(&texts), Ok(vec![1, 2, 3, 0, 4, 5]));
        assert_eq!(ordered(&[]), Ok(vec![]));
    }

    #[test]
    fn a_circle_is_named_from_where_it_begins() {
        let found = ordered(&[("z", "a"), ("a", "b"), ("b", "c + d"), ("c", "a"), ("d", "1")]);
        assert_eq!(found, Err(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(ordered(&[("p", "p + 1")]), Err(vec!["p".into()]));
    }
}
