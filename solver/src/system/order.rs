//! The order of named texts that use each other.

use fluxions_expr::{Ast, AstKind};

/// Adds the names in a syntax tree to a list.
fn names_in(ast: &Ast, names: &mut Vec<String>) {
    match &ast.kind {
        AstKind::Number(_) => {}
        AstKind::Name(name) => names.push(name.clone()),
        AstKind::Prefix(_, a) | AstKind::Member(a, _, _) => names_in(a, names),
        AstKind::Infix(_, a, b) => {
            names_in(a, names);
            names_in(b, names);
        }
        AstKind::Index(a, nodes) => {
            names_in(a, names);
            nodes.iter().for_each(|node| names_in(node, names));
        }
        AstKind::Call(_, _, nodes) | AstKind::List(nodes) | AstKind::Tuple(nodes) => {
            nodes.iter().for_each(|node| names_in(node, names));
        }
    }
}

/// The names in a text, as far as it can be parsed.
pub(crate) fn names_of(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(ast) = fluxions_expr::parse(text) {
        names_in(&ast, &mut names);
    }
    names
}

/// An order in which each of the texts comes after those that it names, or the names of a circle of
/// texts that need each other. Texts that cannot be parsed name nothing.
pub(crate) fn in_order(texts: &[(String, String)]) -> Result<Vec<usize>, Vec<String>> {
    let needs: Vec<Vec<usize>> = texts
        .iter()
        .map(|(_, text)| {
            let names = names_of(text);
            (0..texts.len()).filter(|k| names.contains(&texts[*k].0)).collect()
        })
        .collect();
    let mut order = Vec::new();
    while order.len() < texts.len() {
        let ready = (0..texts.len())
            .find(|k| !order.contains(k) && needs[*k].iter().all(|n| order.contains(n)));
        match ready {
            Some(k) => order.push(k),
            None => {
                // Everything left waits for something left: follow it until it comes round.
                let waits = |k: usize| needs[k].iter().copied().find(|n| !order.contains(n));
                let left = (0..texts.len()).find(|k| !order.contains(k));
                let mut path = vec![left.expect("the order is not complete")];
                while let Some(next) = waits(path[path.len() - 1]) {
                    if let Some(first) = path.iter().position(|k| *k == next) {
                        return Err(path[first..].iter().map(|k| texts[*k].0.clone()).collect());
                    }
                    path.push(next);
                }
            }
        }
    }
    Ok(order)
}
