//! Turns tokens into a syntax tree by precedence climbing (Pratt 1973, "Top down operator
//! precedence").
//!
//! The operators are, from loosest to tightest: `or`, `and`, `not`, comparisons, `+ -`, `* / %`,
//! unary `- +`, and `^ **`, which group to the right. Calls, indices and members bind tightest.

use crate::ast::{Ast, AstKind, Infix, Prefix};
use crate::error::Error;
use crate::scope::Lambda;
use crate::span::Span;
use crate::spelling::{is_library, usual};
use crate::token::{Token, TokenKind, tokenize};

/// The largest number of nested brackets, signs and exponents that the parser follows.
const MAX_NESTING: usize = 200;
/// The largest number of levels of a syntax tree and of the checked expression that it becomes. All
/// code that walks a tree by recursion relies on it. A sum or a product is one level, however many
/// operands it has.
pub(crate) const MAX_DEPTH: usize = 1000;

/// Binding powers. An operator is taken while its power is at least the caller's minimum.
mod power {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARISON: u8 = 4;
    pub(super) const SUM: u8 = 5;
    pub(super) const PRODUCT: u8 = 6;
    pub(super) const SIGN: u8 = 7;
    pub(super) const POWER: u8 = 8;
}

/// Parses one expression.
///
/// # Errors
/// The first mistake in the text: a bad character or number, a token out of place, a bracket
/// that is never closed, or nesting beyond what the parser follows.
pub fn parse(text: &str) -> Result<Ast, Error> {
    let tokens = tokenize(text)?;
    let mut parser = Parser { text, tokens: &tokens, at: 0, depth: 0 };
    let ast = parser.expression(0)?;
    let next = parser.peek();
    match next.kind {
        TokenKind::End => Ok(ast),
        _ => Err(parser.out_of_place(&ast)),
    }
}

/// Parses a function written as `(x, a) -> x/(a + x)`.
///
/// # Errors
/// The first mistake in the text.
pub fn parse_function(text: &str) -> Result<Lambda, Error> {
    let tokens = tokenize(text)?;
    let mut parser = Parser { text, tokens: &tokens, at: 0, depth: 0 };
    let mut parameters = Vec::new();
    let bracket = parser.peek().kind == TokenKind::Open;
    if bracket {
        parser.advance();
    }
    loop {
        let token = parser.advance();
        match token.kind {
            TokenKind::Name(name) if !parameters.contains(&name) => parameters.push(name),
            _ => return Err(Error::NotAFunctionText { span: token.span }),
        }
        match (&parser.peek().kind, bracket) {
            (TokenKind::Comma, true) => drop(parser.advance()),
            (TokenKind::Close, true) => {
                parser.advance();
                break;
            }
            (TokenKind::Arrow, false) => break,
            _ => return Err(Error::NotAFunctionText { span: parser.peek().span }),
        }
    }
    let arrow = parser.advance();
    if arrow.kind != TokenKind::Arrow {
        return Err(Error::NotAFunctionText { span: arrow.span });
    }
    let body = parser.expression(0)?;
    match parser.peek().kind {
        TokenKind::End => Ok(Lambda { parameters, body, text: text.into() }),
        _ => Err(parser.out_of_place(&body)),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at]
    }

    /// What stands for a token in messages.
    fn describe(&self, token: &Token) -> String {
        token.kind.describe(&self.text[token.span.start..token.span.end])
    }

    fn advance(&mut self) -> Token {
        let token = self.tokens[self.at].clone();
        // The parser never goes beyond the end token, so that there is always a token to look at.
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// Parses an expression whose operators all bind at least as tightly as `minimum`.
    fn expression(&mut self, minimum: u8) -> Result<Ast, Error> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(Error::TooDeep { limit: MAX_NESTING, span: self.peek().span });
        }
        let mut left = self.operand()?;
        // The power of the operators that `left` consists of.
        let mut joined = None;
        while let Some((operator, power)) = infix(&self.peek().kind) {
            if power < minimum {
                break;
            }
            self.advance();
            let right = match operator {
                // Powers group to the right: 2^3^2 is 2^(3^2). A sign may stand before the
                // exponent.
                Infix::Power => self.expression(power)?,
                _ => self.expression(power + 1)?,
            };
            let span = left.span.to(right.span);
            if power == power::COMPARISON && is_comparison(&left) {
                return Err(Error::ChainedComparison { span });
            }
            left = match operator {
                Infix::Power => self.power(left, right)?,
                _ => self.checked(left.then(operator, right, joined == Some(power)))?,
            };
            joined = Some(power);
        }
        self.depth -= 1;
        Ok(left)
    }

    /// Parses an operand: a sign and its operand, or an atom with what follows it.
    fn operand(&mut self) -> Result<Ast, Error> {
        let token = self.advance();
        let prefix = match token.kind {
            TokenKind::Minus => Some((Prefix::Negate, power::SIGN)),
            TokenKind::Plus => Some((Prefix::Plus, power::SIGN)),
            TokenKind::Not => Some((Prefix::Not, power::NOT)),
            _ => None,
        };
        if let Some((prefix, power)) = prefix {
            let inner = self.expression(power)?;
            let span = token.span.to(inner.span);
            return self.node(AstKind::Prefix(prefix, Box::new(inner)), span);
        }
        let atom = self.atom(token)?;
        self.postfix(atom)
    }

    fn atom(&mut self, token: Token) -> Result<Ast, Error> {
        match token.kind {
            TokenKind::Number(value) => Ok(Ast::new(AstKind::Number(value), token.span)),
            TokenKind::Name(name) if self.peek().kind == TokenKind::Open => {
                let open = self.advance().span;
                let (arguments, close) = self.list(open, '(', TokenKind::Close)?;
                self.node(AstKind::Call(name, token.span, arguments), token.span.to(close))
            }
            TokenKind::Name(name) => Ok(Ast::new(AstKind::Name(name), token.span)),
            TokenKind::Open => {
                let (mut inner, close) = self.list(token.span, '(', TokenKind::Close)?;
                let span = token.span.to(close);
                match inner.len() {
                    0 => Err(Error::Unexpected {
                        expected: "an expression",
                        found: "`)`".into(),
                        span: close,
                        hint: None,
                    }),
                    1 => {
                        let mut only = inner.remove(0);
                        only.span = span;
                        Ok(only)
                    }
                    _ => self.node(AstKind::Tuple(inner), span),
                }
            }
            TokenKind::OpenBracket => {
                let (items, close) = self.list(token.span, '[', TokenKind::CloseBracket)?;
                self.node(AstKind::List(items), token.span.to(close))
            }
            TokenKind::Nabla => self.nabla(token.span),
            TokenKind::Increment => self.applied("laplace", token.span, token.span),
            TokenKind::Bar => self.bars(token.span),
            ref kind => Err(Error::Unexpected {
                expected: "a number, a name or `(`",
                found: self.describe(&token),
                span: token.span,
                hint: match kind {
                    TokenKind::Star => Some("for a power write `^` or `**` without a space".into()),
                    _ => None,
                },
            }),
        }
    }

    /// Parses expressions between commas up to `close`. The opening bracket was already taken.
    fn list(
        &mut self,
        open: Span,
        bracket: char,
        close: TokenKind,
    ) -> Result<(Vec<Ast>, Span), Error> {
        let mut items = Vec::new();
        if self.peek().kind == close {
            return Ok((items, self.advance().span));
        }
        loop {
            if self.peek().kind == TokenKind::End {
                return Err(Error::Unclosed { bracket, span: open });
            }
            items.push(self.expression(0)?);
            match &self.peek().kind {
                TokenKind::Comma => {
                    self.advance();
                }
                kind if *kind == close => return Ok((items, self.advance().span)),
                TokenKind::End => return Err(Error::Unclosed { bracket, span: open }),
                _ => return Err(self.out_of_place(&items[items.len() - 1])),
            }
        }
    }

    /// Parses what may follow an atom: `[index]`, `.member` and `²`.
    fn postfix(&mut self, mut atom: Ast) -> Result<Ast, Error> {
        loop {
            match self.peek().kind {
                TokenKind::OpenBracket | TokenKind::Dot => atom = self.component(atom)?,
                TokenKind::Superscript(power) => {
                    let span = self.advance().span;
                    let exponent = Ast::new(AstKind::Number(f64::from(power)), span);
                    atom = self.power(atom, exponent)?;
                }
                _ => return Ok(atom),
            }
        }
    }

    /// Parses `[index]` or `.member` after an atom.
    fn component(&mut self, atom: Ast) -> Result<Ast, Error> {
        let opening = self.advance();
        if opening.kind == TokenKind::OpenBracket {
            let (items, close) = self.list(opening.span, '[', TokenKind::CloseBracket)?;
            let span = atom.span.to(close);
            if items.is_empty() {
                return Err(Error::Unexpected {
                    expected: "an index",
                    found: "`]`".into(),
                    span: close,
                    hint: None,
                });
            }
            return self.node(AstKind::Index(Box::new(atom), items), span);
        }
        let token = self.advance();
        let TokenKind::Name(name) = token.kind else {
            return Err(Error::Unexpected {
                expected: "the name of a component",
                found: self.describe(&token),
                span: token.span,
                hint: None,
            });
        };
        let span = atom.span.to(token.span);
        if let AstKind::Name(of) = &atom.kind
            && self.peek().kind == TokenKind::Open
        {
            let hint = match is_library(of) {
                true => format!("functions have no prefix: write `{name}(…)`"),
                false => format!("a function is called by its name alone: `{name}({of})`"),
            };
            let (expected, found) = ("an operator such as `+` or `*`", "`(`".to_string());
            return Err(Error::Unexpected { expected, found, span, hint: Some(hint) });
        }
        self.node(AstKind::Member(Box::new(atom), name, token.span), span)
    }

    /// The node of base^exponent. |∇c|² becomes an operator.
    fn power(&self, base: Ast, exponent: Ast) -> Result<Ast, Error> {
        let span = base.span.to(exponent.span);
        if exponent.kind == AstKind::Number(2.0)
            && let Some(of) = gradient_in_bars(&base)
        {
            let name = "gradient_squared".to_string();
            return self.node(AstKind::Call(name, base.span, vec![of]), span);
        }
        self.checked(base.then(Infix::Power, exponent, false))
    }

    /// Parses what follows `∇`, as in `∇²c`, `∇·v`, `∇×v` and `∇c`.
    fn nabla(&mut self, nabla: Span) -> Result<Ast, Error> {
        let (name, sign) = match self.peek().kind {
            TokenKind::Superscript(2) => ("laplace", self.advance().span),
            TokenKind::CentredDot => ("divergence", self.advance().span),
            TokenKind::Times => ("curl", self.advance().span),
            _ => ("gradient", nabla),
        };
        self.applied(name, nabla, sign)
    }

    /// Parses what an operator written as signs is applied to; the signs begin at `nabla` and end
    /// with `sign`.
    fn applied(&mut self, name: &str, nabla: Span, sign: Span) -> Result<Ast, Error> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(Error::TooDeep { limit: MAX_NESTING, span: nabla });
        }
        let token = self.advance();
        // `∇` applies to an atom with its indices only: ∇²c² is (∇²c)².
        let mut of = self.atom(token)?;
        while matches!(self.peek().kind, TokenKind::Dot | TokenKind::OpenBracket) {
            of = self.component(of)?;
        }
        self.depth -= 1;
        let span = nabla.to(of.span);
        self.node(AstKind::Call(name.into(), nabla.to(sign), vec![of]), span)
    }

    /// Parses `|a|`, whose first bar was already taken.
    fn bars(&mut self, open: Span) -> Result<Ast, Error> {
        let inner = self.expression(0)?;
        let close = self.advance();
        if close.kind != TokenKind::Bar {
            return Err(Error::Unclosed { bracket: '|', span: open });
        }
        let span = open.to(close.span);
        self.node(AstKind::Call(BARS.into(), open, vec![inner]), span)
    }

    fn node(&self, kind: AstKind, span: Span) -> Result<Ast, Error> {
        self.checked(Ast::new(kind, span))
    }

    /// The node, unless it has too many levels.
    fn checked(&self, ast: Ast) -> Result<Ast, Error> {
        if ast.depth() > MAX_DEPTH {
            return Err(Error::TooDeep { limit: MAX_DEPTH, span: ast.span });
        }
        Ok(ast)
    }

    /// The error for a token that cannot follow `left`.
    fn out_of_place(&self, left: &Ast) -> Error {
        let token = self.peek();
        let next = self.tokens.get(self.at + 1).map(|next| &next.kind);
        let hint = match (&left.kind, &token.kind) {
            // As in Python: `a if condition else b`.
            (_, TokenKind::Name(name)) if matches!(name.as_str(), "if" | "else") => {
                Some("for a choice write `where(condition, a, b)`".into())
            }
            (AstKind::Number(_), TokenKind::Name(name)) => {
                let value = &self.text[left.span.start..left.span.end];
                Some(format!("to multiply, write `{value}*{name}`"))
            }
            (
                _,
                TokenKind::Name(_)
                | TokenKind::Number(_)
                | TokenKind::Open
                | TokenKind::Nabla
                | TokenKind::Increment,
            ) => Some("to multiply, write `*`".into()),
            (_, TokenKind::Times) => {
                Some("to multiply, write `*`; a product of vectors is `cross(a, b)`".into())
            }
            (_, TokenKind::CentredDot) => {
                Some("to multiply, write `*`; a product of vectors is `dot(a, b)`".into())
            }
            // |∇c|
            (_, TokenKind::Bar) if next == Some(&TokenKind::Nabla) => {
                Some("to multiply, write `*`".into())
            }
            (_, TokenKind::Bar) => Some("for a logical or write `or`".into()),
            (_, TokenKind::Close) => Some("there is no `(` for it".into()),
            (_, TokenKind::CloseBracket) => Some("there is no `[` for it".into()),
            _ => None,
        };
        Error::Unexpected {
            expected: "an operator such as `+` or `*`",
            found: self.describe(token),
            span: token.span,
            hint,
        }
    }
}

fn infix(kind: &TokenKind) -> Option<(Infix, u8)> {
    Some(match kind {
        TokenKind::Or => (Infix::Or, power::OR),
        TokenKind::And => (Infix::And, power::AND),
        TokenKind::Less => (Infix::Less, power::COMPARISON),
        TokenKind::LessEqual => (Infix::LessEqual, power::COMPARISON),
        TokenKind::Greater => (Infix::Greater, power::COMPARISON),
        TokenKind::GreaterEqual => (Infix::GreaterEqual, power::COMPARISON),
        TokenKind::Equal => (Infix::Equal, power::COMPARISON),
        TokenKind::NotEqual => (Infix::NotEqual, power::COMPARISON),
        TokenKind::Plus => (Infix::Add, power::SUM),
        TokenKind::Minus => (Infix::Subtract, power::SUM),
        TokenKind::Star => (Infix::Multiply, power::PRODUCT),
        TokenKind::Slash => (Infix::Divide, power::PRODUCT),
        TokenKind::Percent => (Infix::Remainder, power::PRODUCT),
        TokenKind::Power => (Infix::Power, power::POWER),
        _ => return None,
    })
}

/// The name of the function `|a|`, which stands for `abs` of scalars and for `norm` of vectors and
/// tensors.
pub(crate) const BARS: &str = "|…|";

/// The argument c, if the node is `|∇c|` or `|gradient(c)|`.
fn gradient_in_bars(ast: &Ast) -> Option<Ast> {
    let AstKind::Call(bars, _, inner) = &ast.kind else { return None };
    let AstKind::Call(name, _, of) = &inner.first()?.kind else { return None };
    (bars == BARS && usual(name) == "gradient" && of.len() == 1).then(|| of[0].clone())
}

/// Whether the node is a comparison that was written without parentheses around it.
fn is_comparison(ast: &Ast) -> bool {
    use Infix::*;
    let AstKind::Infix(a, rest) = &ast.kind else { return false };
    match &rest[..] {
        [(Less | LessEqual | Greater | GreaterEqual | Equal | NotEqual, b)] => {
            ast.span == a.span.to(b.span)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The syntax tree as fully parenthesised text.
    fn show(text: &str) -> String {
        fn go(ast: &Ast) -> String {
            match &ast.kind {
                AstKind::Number(value) => format!("{value}"),
                AstKind::Name(name) => name.clone(),
                AstKind::Prefix(op, a) => format!("({op:?} {})", go(a)),
                AstKind::Infix(a, rest) => {
                    rest.iter().fold(go(a), |left, (op, b)| format!("({left} {op:?} {})", go(b)))
                }
                AstKind::Call(name, _, args) => {
                    format!("{name}({})", args.iter().map(go).collect::<Vec<_>>().join(", "))
                }
                AstKind::List(items) => {
                    format!("[{}]", items.iter().map(go).collect::<Vec<_>>().join(", "))
                }
                AstKind::Tuple(items) => {
                    format!("<{}>", items.iter().map(go).collect::<Vec<_>>().join(", "))
                }
                AstKind::Index(a, items) => {
                    format!("{}[{}]", go(a), items.iter().map(go).collect::<Vec<_>>().join(", "))
                }
                AstKind::Member(a, name, _) => format!("{}.{name}", go(a)),
            }
        }
        go(&parse(text).unwrap())
    }

    #[test]
    fn power_binds_right_and_tighter_than_the_sign() {
        assert_eq!(show("-a^2"), "(Negate (a Power 2))");
        assert_eq!(show("2^3^2"), "(2 Power (3 Power 2))");
        assert_eq!(show("2^-3^2*a"), "((2 Power (Negate (3 Power 2))) Multiply a)");
        assert_eq!(show("-2*3"), "((Negate 2) Multiply 3)");
    }

    #[test]
    fn logic_is_looser_than_comparison_and_comparison_than_sums() {
        assert_eq!(show("not a + 1 < b and c or d"), "(((Not ((a Add 1) Less b)) And c) Or d)");
    }

    #[test]
    fn sums_and_products_bind_left() {
        assert_eq!(show("a - b - c*d/e"), "((a Subtract b) Subtract ((c Multiply d) Divide e))");
        assert_eq!(show("a*b + c*d*e - (f + g)"), {
            "(((a Multiply b) Add ((c Multiply d) Multiply e)) Subtract (f Add g))"
        });
    }

    #[test]
    fn a_sum_and_a_product_are_one_level_however_long() {
        for text in [format!("a{}", " + b*c".repeat(10_000)), format!("a{}", "*b/c".repeat(10_000))]
        {
            let tree = parse(&text).unwrap();
            assert!(tree.depth() <= 3, "{}", tree.depth());
            assert_eq!(tree.span, Span::new(0, text.len()));
            assert_eq!(tree, tree.clone());
        }
        let tree = parse("a - 2*b + c").unwrap().to_string();
        let lines =
            ["sum  [0..11]", "  a  [0..1]", "  subtract: multiply  [4..7]", "    2  [4..5]"];
        assert!(tree.starts_with(&lines.join("\n")), "{tree}");
        assert!(tree.ends_with("  add: c  [10..11]\n"), "{tree}");
        assert!(parse("a + b + c").unwrap().to_string().starts_with("add  [0..9]\n  a "));
    }

    #[test]
    fn calls_lists_components() {
        assert_eq!(show("f(a, [b, c])[0].x"), "f(a, [b, c])[0].x");
        assert_eq!(show("Piecewise((a, b), (c, True))"), "Piecewise(<a, b>, <c, True>)");
    }

    #[test]
    fn signs_of_vector_calculus_are_read() {
        assert_eq!(show("∇²c + ∇²(a*b)"), "(laplace(c) Add laplace((a Multiply b)))");
        assert_eq!(show("|∇c|² + |∇c|^2"), "(gradient_squared(c) Add gradient_squared(c))");
        assert_eq!(show("∇²c²"), "(laplace(c) Power 2)");
        assert_eq!(show("\u{2206}c²"), "(laplace(c) Power 2)");
        assert_eq!(show("|grad(c)|²"), "gradient_squared(c)");
        assert_eq!(show("∇·v + ∇×v[0]"), "(divergence(v) Add curl(v[0]))");
        assert_eq!(show("-c³*2"), "((Negate (c Power 3)) Multiply 2)");
        assert_eq!(show("|a - b|"), "|…|((a Subtract b))");
        assert_eq!(show("T[0, 1]"), "T[0, 1]");
    }

    #[test]
    fn functions_are_names_an_arrow_and_a_body() {
        let f = parse_function("(x, a) -> x/(a + x)").unwrap();
        assert_eq!(f.parameters, ["x", "a"]);
        assert_eq!(f.body.span, Span::new(10, 19));
        assert_eq!(parse_function("x -> x^2").unwrap().parameters, ["x"]);
        for text in ["x^2", "(x, x) -> x", "(x, 2) -> x", "-> x", "(x -> x", "(x) x", "() -> 1"] {
            assert!(parse_function(text).is_err(), "{text}");
        }
    }

    #[test]
    fn chained_comparisons_are_refused_unless_parenthesised() {
        assert!(matches!(parse("0 < x < 1"), Err(Error::ChainedComparison { .. })));
        assert!(parse("(0 < x) == (x < 1)").is_ok());
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        for text in [
            "(".repeat(100_000),
            "-".repeat(100_000),
            "2^".repeat(100_000),
            format!("x{}", "[0]".repeat(100_000)),
        ] {
            assert!(parse(&text).is_err());
        }
        let indices = format!("x{}", "[0]".repeat(1000));
        assert!(matches!(parse(&indices), Err(Error::TooDeep { .. })));
        let nested = format!("{}1{}", "(".repeat(150), ")".repeat(150));
        assert!(parse(&nested).is_ok());
    }

    #[test]
    fn errors_point_at_the_token() {
        let error = parse("2 x").unwrap_err();
        assert_eq!(error.span(), Span::new(2, 3));
        assert_eq!(error.help().unwrap(), "to multiply, write `2*x`");
        assert_eq!(parse("a || b").unwrap_err().help().unwrap(), "for a logical or write `or`");
        for text in ["∇·(K∇c)", "2∇²c", "(1 + c)∇·v", "K|∇c|²"] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.help().unwrap(), "to multiply, write `*`", "{text}");
        }
        let help = |text| parse(text).unwrap_err().help().unwrap();
        assert_eq!(help("1 if u > 0 else 2"), "for a choice write `where(condition, a, b)`");
        assert_eq!(help("np.sin(x)"), "functions have no prefix: write `sin(…)`");
        assert_eq!(help("u.max()"), "a function is called by its name alone: `max(u)`");
        let product =
            |name| format!("to multiply, write `*`; a product of vectors is `{name}(a, b)`");
        assert_eq!(help("u×2"), product("cross"));
        assert_eq!(help("u·2"), product("dot"));
        assert_eq!(help("u ÷ 2"), "to divide, write `/`");
        // A number is shown as it was typed.
        assert_eq!(help("12345678901234567890 x"), "to multiply, write `12345678901234567890*x`");
        let found = parse("x 12345678901234567890").unwrap_err().to_string();
        assert!(found.ends_with("found the number 12345678901234567890"), "{found}");
        assert!(matches!(parse("(a + b"), Err(Error::Unclosed { bracket: '(', .. })));
        assert!(matches!(parse(""), Err(Error::Unexpected { .. })));
        assert!(matches!(parse("a + * b"), Err(Error::Unexpected { .. })));
    }
}
