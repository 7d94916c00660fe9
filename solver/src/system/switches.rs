//! Times at which rates jump or bend: where comparisons of the time turn, where a table has a point. Steps that follow a
//! tolerance end there.

use std::ops::RangeInclusive;

use fluxions_expr::{
    Binary, Builder, Expr, Function, Kernel, Node, Parts, Rank, Space, Unary, Value, lower,
};

use crate::plan::program::TIME;
use crate::system::pde::Pde;

/// At how many times functions that are not linear are looked at within a step.
const LOOKS: u32 = 32;
/// So many such times within a step are too many to end at each.
const MANY: usize = 10;
/// More points of a table than this are not looked for in a function of the time that is not linear.
const MOST_POINTS: usize = 100;

/// The times at which the rates, the conditions, or what they are made of jump or bend as functions of the time alone.
pub(crate) struct Switches {
    /// Single times, in ascending order.
    once: Vec<f64>,
    /// Functions rate·t + offset of the time, by both numbers; where one is a whole number, there is such a time.
    every: Vec<[f64; 2]>,
    /// Gives functions of the time that are constant between such times.
    pieces: Option<Kernel>,
}

impl Switches {
    /// Those of a system, if there are any.
    pub(crate) fn new(pde: &Pde) -> Option<Self> {
        let mut search = Search::new(pde);
        let definitions = pde.definitions().iter().map(|definition| &definition.expr);
        let globals = pde.globals().iter().map(|global| &global.equation);
        let rates = pde.equations().iter().chain(globals);
        for expr in rates.chain(pde.conditions().numbers()).chain(definitions) {
            expr.walk(&mut |part| search.look_at(part));
        }
        let Search { mut once, every, builder, .. } = search;
        once.sort_by(f64::total_cmp);
        once.dedup();
        let pieces = Some(builder.finish()).filter(|kernel| !kernel.outputs().is_empty());
        let found = !once.is_empty() || !every.is_empty() || pieces.is_some();
        found.then_some(Switches { once, every, pieces })
    }

    /// The first such time after one time and not after another one, for steps of this length. What has many of them within
    /// a step is left to the estimate of its error. Two of them that are closer to each other than the share of the time
    /// between that is looked at may be missed where they are not known beforehand.
    pub(crate) fn first(&self, after: f64, until: f64, dt: f64) -> Option<f64> {
        let once = &self.once[self.once.partition_point(|time| *time <= after)..];
        let is_crowded = once.get(MANY).is_some_and(|time| *time <= after + dt);
        let once = once.first().copied().filter(|_| !is_crowded);
        let is_rare = |[rate, _]: &&[f64; 2]| rate.abs() * dt < MANY as f64;
        let every = self.every.iter().filter(is_rare).map(|linear| next_whole(*linear, after));
        let known = once.into_iter().chain(every).fold(until.next_up(), f64::min);
        let until = until.min(known);
        let found = self.pieces.as_ref().and_then(|kernel| turning(kernel, after..=until));
        found.or(Some(known).filter(|known| *known <= until))
    }

    /// Whether there is such a time no further away than this.
    pub(crate) fn is_near(&self, time: f64, distance: f64) -> bool {
        let (start, end) = (time - distance, time + distance);
        let once = self.once.partition_point(|time| *time < start);
        self.once.get(once).is_some_and(|time| *time <= end)
            || self.every.iter().any(|linear| next_whole(*linear, start) <= end)
            || self.pieces.as_ref().is_some_and(|kernel| bits(kernel, start) != bits(kernel, end))
    }
}

/// The first time after another one at which rate·t + offset is a whole number, with both numbers given.
fn next_whole([rate, offset]: [f64; 2], after: f64) -> f64 {
    let value = rate * after + offset;
    let n = if rate > 0.0 { value.floor() + 1.0 } else { value.ceil() - 1.0 };
    let at = |n: f64| (n - offset) / rate;
    // Rounding may lead back to where it began.
    if at(n) > after { at(n) } else { at(n + rate.signum()) }
}

/// The bits of the values of functions of the time.
fn bits(kernel: &Kernel, time: f64) -> Vec<u64> {
    let nothing = "functions of the time read nothing else";
    let parameter = |number: u32| match number as usize {
        TIME => time,
        _ => unreachable!("{nothing}"),
    };
    let values = kernel.outputs_in_cell(
        |_, _| unreachable!("{nothing}"),
        parameter,
        |_, _| unreachable!("{nothing}"),
    );
    values.into_iter().map(f64::to_bits).collect()
}

/// The first time in a range at which a function has another value than at the beginning, as far as looks at some times
/// tell; nothing if there are many such times.
fn turning(kernel: &Kernel, range: RangeInclusive<f64>) -> Option<f64> {
    let (start, end) = range.into_inner();
    let look = |k: u32| match k {
        LOOKS => end,
        k => start + (end - start) * f64::from(k) / f64::from(LOOKS),
    };
    let seen: Vec<Vec<u64>> = (0..=LOOKS).map(|k| bits(kernel, look(k))).collect();
    let turns = seen.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let first = seen.iter().position(|bits| *bits != seen[0]).filter(|_| turns <= MANY)? as u32;
    let (mut low, mut high) = (look(first - 1), look(first));
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return Some(high);
        }
        if bits(kernel, middle) == seen[0] { low = middle } else { high = middle }
    }
}

/// What is found of a system.
struct Search<'a> {
    space: &'a Space,
    /// What is known of each definition, and its value if it is a function of the time alone.
    definitions: Vec<(Form, Option<Value>)>,
    once: Vec<f64>,
    every: Vec<[f64; 2]>,
    /// Its outputs are functions of the time that are constant between such times.
    builder: Builder,
}

/// How an expression depends on the time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// As rate·t + offset, by both numbers.
    Linear([f64; 2]),
    /// In another way, and on nothing else.
    Timed,
    /// It depends on other things too.
    Other,
}

impl<'a> Search<'a> {
    fn new(pde: &'a Pde) -> Self {
        let mut search = Search {
            space: pde.space(),
            definitions: Vec::new(),
            once: Vec::new(),
            every: Vec::new(),
            builder: Builder::new(),
        };
        for definition in pde.definitions() {
            let form = search.form(&definition.expr);
            let value = (form != Form::Other).then(|| search.value(&definition.expr));
            search.definitions.push((form, value));
        }
        search
    }

    /// How an expression depends on the time.
    fn form(&self, expr: &Expr) -> Form {
        if expr.ty.rank != Rank::Scalar || expr.ty.complex {
            return Form::Other;
        }
        match &expr.node {
            Node::Number(value) => return Form::Linear([0.0, *value]),
            Node::Time => return Form::Linear([1.0, 0.0]),
            Node::Define(d) => return self.definitions.get(*d).map_or(Form::Other, |(f, _)| *f),
            Node::Call(..) | Node::Chain(..) | Node::Native(..) => {}
            _ => return Form::Other,
        }
        let parts: Vec<Form> = expr.children().iter().map(|part| self.form(part)).collect();
        if parts.contains(&Form::Other) {
            return Form::Other;
        }
        if parts.iter().all(|part| matches!(part, Form::Linear([0.0, _]))) {
            return match self.constant(expr) {
                Some(value) => Form::Linear([0.0, value]),
                None => Form::Timed,
            };
        }
        let linear = match &expr.node {
            Node::Call(Function::Unary(Unary::Negate), _) => {
                combined(Binary::Subtract, ZERO, parts[0])
            }
            Node::Call(Function::Binary(f), _) => combined(*f, parts[0], parts[1]),
            Node::Chain(functions, _) => {
                let rest = functions.iter().zip(&parts[1..]);
                rest.fold(parts[0], |left, (f, right)| combined(*f, left, *right))
            }
            _ => Form::Timed,
        };
        match linear {
            Form::Linear([rate, offset]) if !(rate.is_finite() && offset.is_finite()) => {
                Form::Timed
            }
            linear => linear,
        }
    }

    /// The value of an expression that depends on nothing.
    fn constant(&self, expr: &Expr) -> Option<f64> {
        let leaf = &mut |part: &Expr| match self.form(part) {
            Form::Linear([_, value]) => vec![value],
            _ => vec![f64::NAN],
        };
        fluxions_expr::numbers_in_cell(expr, self.space, leaf).first().copied()
    }

    /// The value of an expression that depends on the time alone.
    fn value(&mut self, expr: &Expr) -> Value {
        let definitions = &self.definitions;
        let mut leaf = |part: &Expr, builder: &mut Builder| match &part.node {
            Node::Time => Parts::real(builder.parameter(TIME)),
            Node::Define(d) => {
                let value = definitions[*d].1;
                Parts::real(value.expect("it depends on the time alone, and so does what it uses"))
            }
            other => unreachable!("{other:?} does not depend on the time alone"),
        };
        let value = lower(expr, self.space, &mut self.builder, &mut leaf).only().re;
        value.unwrap_or_else(|| self.builder.constant(0.0))
    }

    /// Takes note of the times that a part of an expression tells.
    fn look_at(&mut self, part: &Expr) {
        let parts = part.children();
        match &part.node {
            Node::Call(Function::Binary(f), _) => match f {
                Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => {
                    self.crossing(&parts[0], &parts[1]);
                }
                Binary::Min | Binary::Max => self.crossing(&parts[0], &parts[1]),
                Binary::Remainder | Binary::Modulo => {
                    self.wholes_of(Binary::Divide, &parts[0], &parts[1])
                }
                _ => {}
            },
            Node::Chain(functions, _) => {
                let is_remainder = |f: &Binary| matches!(f, Binary::Remainder | Binary::Modulo);
                for k in (0..functions.len()).filter(|k| is_remainder(&functions[*k])) {
                    self.wholes_of(Binary::Divide, &part.before(k), &parts[k + 1]);
                }
            }
            Node::Call(Function::MinOf | Function::MaxOf, _) => {
                for (k, a) in parts.iter().enumerate() {
                    parts[k + 1..].iter().for_each(|b| self.crossing(a, b));
                }
            }
            Node::Call(Function::Heaviside | Function::Unary(Unary::Sign | Unary::Abs), _) => {
                self.crossing(&parts[0], &Expr::number(0.0));
            }
            Node::Call(Function::Unary(Unary::Floor | Unary::Ceil), _) => {
                self.wholes_of(Binary::Add, &parts[0], &Expr::number(0.0));
            }
            Node::Call(Function::Unary(Unary::Round), _) => {
                self.wholes_of(Binary::Add, &parts[0], &Expr::number(0.5));
            }
            Node::Native(function, _) if !function.breaks().is_empty() && parts.len() == 1 => {
                let breaks = function.breaks();
                let few = breaks.len() <= MOST_POINTS;
                let is_linear = matches!(self.form(&parts[0]), Form::Linear(_));
                for at in breaks.iter().filter(|_| few || is_linear) {
                    self.crossing(&parts[0], &Expr::number(*at));
                }
            }
            _ => {}
        }
    }

    /// Takes note of the times at which one value comes to be more than another one, or less.
    fn crossing(&mut self, a: &Expr, b: &Expr) {
        match combined(Binary::Subtract, self.form(a), self.form(b)) {
            Form::Linear([0.0, _]) | Form::Other => {}
            Form::Linear([rate, offset]) => self.once.push(-offset / rate),
            Form::Timed => {
                let (a, b) = (self.value(a), self.value(b));
                let less = self.builder.binary(Binary::Less, a, b);
                self.builder.output(less);
            }
        }
    }

    /// Takes note of the times at which a function of two values is a whole number.
    fn wholes_of(&mut self, f: Binary, a: &Expr, b: &Expr) {
        match combined(f, self.form(a), self.form(b)) {
            Form::Linear([0.0, _]) | Form::Other => {}
            Form::Linear(linear) if self.every.contains(&linear) => {}
            Form::Linear(linear) => self.every.push(linear),
            Form::Timed => {
                let (a, b) = (self.value(a), self.value(b));
                let value = self.builder.binary(f, a, b);
                let floor = self.builder.unary(Unary::Floor, value);
                self.builder.output(floor);
            }
        }
    }
}

const ZERO: Form = Form::Linear([0.0, 0.0]);

/// How a function of two values depends on the time.
fn combined(f: Binary, a: Form, b: Form) -> Form {
    let (Form::Linear([p, q]), Form::Linear([r, s])) = (a, b) else {
        return if a == Form::Other || b == Form::Other { Form::Other } else { Form::Timed };
    };
    match f {
        Binary::Add => Form::Linear([p + r, q + s]),
        Binary::Subtract => Form::Linear([p - r, q - s]),
        Binary::Multiply if p == 0.0 => Form::Linear([q * r, q * s]),
        Binary::Multiply if r == 0.0 => Form::Linear([p * s, q * s]),
        Binary::Divide if r == 0.0 && s != 0.0 => Form::Linear([p / s, q / s]),
        _ => Form::Timed,
    }
}
