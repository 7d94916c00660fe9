//! Calls of functions that are not built in: functions written as text, and native functions.

use super::{Resolver, Typed};
use crate::ast::Ast;
use crate::error::Error;
use crate::native::Native;
use crate::scope::{Callable, Lambda, Uses};
use crate::span::Span;
use crate::typed::{Expr, Node};
use crate::types::Type;

/// The largest number of functions written as text whose calls can be nested in each other's
/// bodies.
const MOST_CALLS: usize = 64;

/// What a parameter of a function stands for.
pub(super) struct Argument {
    pub(super) expr: Expr,
    pub(super) uses: Uses,
    pub(super) size: usize,
    pub(super) depth: usize,
}

impl Resolver<'_> {
    /// A call of a function that is not built in.
    pub(super) fn callable(
        &mut self,
        name: &str,
        callable: Callable,
        args: &[Ast],
        span: Span,
    ) -> Option<Typed> {
        let count = match &callable {
            Callable::Text(lambda) => lambda.parameters.len(),
            Callable::Native(native) => native.arguments(),
        };
        self.count(name, args, count..=count, span)?;
        match callable {
            Callable::Text(lambda) => self.expand(name, &lambda, args, span),
            Callable::Native(native) => {
                let arguments = self.arguments(args)?;
                self.native(native, arguments)
            }
        }
    }

    fn native(&mut self, native: Native, arguments: Vec<Expr>) -> Option<Typed> {
        for argument in &arguments {
            self.real_scalar(argument, &format!("`{}`", native.name()))?;
        }
        Some((Node::Native(native, arguments), Type::REAL))
    }

    /// The body of a function, in which the arguments stand for the parameters.
    fn expand(&mut self, name: &str, lambda: &Lambda, args: &[Ast], span: Span) -> Option<Typed> {
        // A body that calls its own function never ends, whatever its conditions say.
        if self.functions.iter().any(|outer| outer == name) {
            let name = name.to_string();
            return self.fail(Error::EndlessFunction { name, span });
        }
        if self.functions.len() == MOST_CALLS {
            return self.fail(Error::TooDeep { limit: MOST_CALLS, span });
        }
        let arguments: Vec<_> = args.iter().map(|argument| self.argument(argument)).collect();
        let arguments: Vec<Argument> = arguments.into_iter().collect::<Option<_>>()?;
        let names = lambda.parameters.iter().map(String::as_str);
        let mut functions = std::mem::take(&mut self.functions);
        functions.push(name.to_string());
        let mut inner = Resolver {
            text: &lambda.text,
            scope: self.scope,
            errors: Vec::new(),
            uses: Uses::default(),
            random: self.random,
            arguments: names.zip(arguments).collect(),
            functions,
            depth: self.depth,
            nesting: self.nesting,
            parts: self.parts,
        };
        let body = inner.expression(&lambda.body);
        let Resolver { errors, uses, random, mut functions, parts, .. } = inner;
        functions.pop();
        (self.random, self.functions, self.parts) = (random, functions, parts);
        self.uses.merge(&uses);
        if let Some(error) = errors.into_iter().next() {
            return self.fail(match error {
                Error::TooDeep { limit, .. } => Error::TooDeep { limit, span },
                Error::TooLarge { limit, .. } => Error::TooLarge { limit, span },
                error => {
                    let (name, text) = (name.to_string(), lambda.text.clone());
                    Error::InFunction { name, text, error: Box::new(error), span }
                }
            });
        }
        let body = body?.at(span);
        Some((body.node, body.ty))
    }

    /// An argument of a function written as text, together with what it uses.
    fn argument(&mut self, ast: &Ast) -> Option<Argument> {
        let outside = std::mem::take(&mut self.uses);
        let expr = self.expression(ast);
        let uses = std::mem::replace(&mut self.uses, outside);
        let expr = expr?;
        let (size, depth) = expr.extent();
        Some(Argument { expr, uses, size, depth })
    }
}
