//! Expressions to passes: which intermediate arrays there are, in which order they are computed,
//! and whose halos are needed when.
//!
//! An operator looks at the neighbours of its argument, so the argument must be stored, with
//! halos of its own. A field is; anything else becomes a *quantity*, computed by an earlier pass.
//! The *level* of a quantity counts the passes that lead to it: fields have level 0. A reduction
//! over the domain is a number, and has a level too.

use fluxions_expr::{
    Binary, Builder, Distribution, Expr, Kernel, Node, Operator, Reduction, Value,
};
use fluxions_grid::Grid;
use fluxions_halo::HaloWidth;

use crate::lower::{lower, operator};
use crate::pde::Pde;

/// The kernel parameter that is the time.
pub(crate) const TIME: usize = 0;

/// An array that a pass reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ArrayRef {
    /// The state of a field.
    Field(usize),
    /// A quantity of the program.
    Quantity(usize),
    /// Random numbers of the program.
    Random(usize),
    /// An array that only who builds the pass knows.
    Extra(usize),
}

/// A stored intermediate result.
#[derive(Clone, Debug)]
pub(crate) struct Quantity {
    /// For messages: the definition's name or the expression's text position.
    pub(crate) name: String,
    key: Key,
    /// What it is.
    expr: Expr,
    /// The conditions of operators applied to compound expressions in it.
    owner: usize,
    /// Its own boundary conditions.
    pub(crate) conditions: usize,
    pub(crate) level: usize,
    pub(crate) width: HaloWidth,
}

/// What makes two quantities the same.
#[derive(Clone, Debug, PartialEq)]
enum Key {
    /// A definition; its value depends on the owner where compound expressions are in it.
    Named { definition: usize, owner: Option<usize> },
    /// An unnamed expression with the conditions of its equation's field.
    Compound { expr: Expr, owner: usize },
}

/// A number made of the whole domain.
#[derive(Clone, Debug)]
pub(crate) struct DomainNumber {
    pub(crate) kind: Reduction,
    expr: Expr,
    owner: usize,
    level: usize,
}

/// Random numbers, one per cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RandomArray {
    /// The field or definition whose expression holds them.
    pub(crate) name: String,
    /// Which of the random numbers in that expression.
    pub(crate) site: u32,
    pub(crate) distribution: Distribution,
}

/// Arrays whose halos are filled together.
#[derive(Clone, Debug)]
pub(crate) struct HaloGroup {
    pub(crate) arrays: Vec<ArrayRef>,
    /// The boundary conditions of each.
    pub(crate) conditions: Vec<usize>,
    pub(crate) width: HaloWidth,
}

/// A kernel with what its inputs are.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) kernel: Kernel,
    pub(crate) inputs: Vec<ArrayRef>,
}

/// What has to be done, in order, before the expressions of a program can be computed.
#[derive(Clone, Debug)]
pub(crate) enum Preparation {
    /// Fill the halos of a group.
    Halo(HaloGroup),
    /// Compute quantities.
    Quantities { pass: Pass, quantities: Vec<usize> },
    /// Compute the number of this index from the values of a pass.
    Number { pass: Pass, number: usize },
}

/// The quantities and numbers that some expressions need.
#[derive(Clone, Debug)]
pub(crate) struct Program<'a> {
    pde: &'a Pde,
    fields: Vec<HaloWidth>,
    pub(crate) quantities: Vec<Quantity>,
    pub(crate) numbers: Vec<DomainNumber>,
    pub(crate) randoms: Vec<RandomArray>,
}

impl<'a> Program<'a> {
    /// The program of these expressions, each with the set of boundary conditions of its owner.
    pub(crate) fn new(pde: &'a Pde, targets: &[(&Expr, usize)]) -> Self {
        let fields = vec![HaloWidth::default(); pde.fields().len()];
        let (quantities, numbers, randoms) = (Vec::new(), Vec::new(), Vec::new());
        let mut program = Program { pde, fields, quantities, numbers, randoms };
        for (expr, owner) in targets {
            program.level(expr, *owner);
        }
        program
    }

    /// The conditions of operators on compound expressions in an expression without an equation:
    /// those of the fields in it where they all have the same, else the common ones.
    pub(crate) fn owner_of(pde: &Pde, expr: &Expr) -> usize {
        let mut sets = Vec::new();
        collect_fields(pde, expr, &mut sets);
        match sets.split_first() {
            Some((first, rest)) if rest.iter().all(|set| set == first) => *first,
            _ => pde.conditions().common(),
        }
    }

    /// Passes after which an expression can be computed; notes what it needs.
    fn level(&mut self, expr: &Expr, owner: usize) -> usize {
        match &expr.node {
            Node::Define(d) => {
                let pde = self.pde;
                self.level(&pde.definitions()[*d].expr, owner)
            }
            Node::Operator(op, argument) => self.source(*op, argument, owner),
            Node::Reduce(kind, argument) => {
                let level = self.level(argument, owner) + 1;
                if self.number(*kind, argument, owner).is_none() {
                    let (kind, expr) = (*kind, Expr::clone(argument));
                    self.numbers.push(DomainNumber { kind, expr, owner, level });
                }
                level
            }
            _ => {
                let levels = expr.children().iter().map(|child| self.level(child, owner));
                levels.max().unwrap_or(0)
            }
        }
    }

    /// Notes that an operator is applied to an argument; the argument's level.
    fn source(&mut self, op: Operator, argument: &Expr, owner: usize) -> usize {
        let width = reach(op, self.pde.grid());
        if let Node::Field(field) = argument.node {
            self.fields[field] = self.fields[field].union(&width);
            return 0;
        }
        let key = self.key(argument, owner);
        if let Some(known) = self.quantities.iter_mut().find(|q| q.key == key) {
            known.width = known.width.union(&width);
            return known.level;
        }
        let (expr, name, conditions) = match &key {
            Key::Named { definition, .. } => {
                let definition = *definition;
                let found = &self.pde.definitions()[definition];
                let conditions = self.pde.conditions().of_definition(definition);
                (found.expr.clone(), found.name.clone(), conditions)
            }
            Key::Compound { expr, owner } => (expr.clone(), String::new(), *owner),
        };
        let level = self.level(&expr, owner) + 1;
        let name = match name.is_empty() {
            true => format!("argument {}", self.quantities.len() + 1),
            false => name,
        };
        self.quantities.push(Quantity { name, key, expr, owner, conditions, level, width });
        level
    }

    fn key(&self, argument: &Expr, owner: usize) -> Key {
        match argument.node {
            Node::Define(definition) => {
                let depends = depends_on_owner(self.pde, &self.pde.definitions()[definition].expr);
                Key::Named { definition, owner: depends.then_some(owner) }
            }
            _ => Key::Compound { expr: argument.clone(), owner },
        }
    }

    fn quantity(&self, argument: &Expr, owner: usize) -> Option<usize> {
        let key = self.key(argument, owner);
        self.quantities.iter().position(|q| q.key == key)
    }

    fn number(&self, kind: Reduction, argument: &Expr, owner: usize) -> Option<usize> {
        let same = |n: &DomainNumber| n.kind == kind && n.owner == owner && n.expr == *argument;
        self.numbers.iter().position(same)
    }

    /// The kernel parameter of a number of the domain.
    pub(crate) fn parameter_of(number: usize) -> usize {
        TIME + 1 + number
    }

    /// How many kernel parameters the program uses.
    pub(crate) fn parameters(&self) -> usize {
        Self::parameter_of(self.numbers.len())
    }

    /// The expression of a quantity, and the conditions of compound expressions in it.
    pub(crate) fn body(&self, quantity: usize) -> (&Expr, usize) {
        let Quantity { expr, owner, .. } = &self.quantities[quantity];
        (expr, *owner)
    }

    /// What has to be done before the expressions can be computed.
    pub(crate) fn preparations(&mut self) -> Vec<Preparation> {
        let mut preparations = Vec::new();
        let levels = (self.quantities.iter().map(|q| q.level))
            .chain(self.numbers.iter().map(|n| n.level))
            .max()
            .unwrap_or(0);
        preparations.extend(self.halo_of_fields().map(Preparation::Halo));
        for level in 1..=levels {
            for number in 0..self.numbers.len() {
                let DomainNumber { expr, owner, level: l, .. } = self.numbers[number].clone();
                if l == level {
                    let mut pass = PassBuilder::new(self, level - 1);
                    let value = pass.value(&expr, owner, "");
                    pass.builder.output(value);
                    preparations.push(Preparation::Number { pass: pass.finish(), number });
                }
            }
            let here: Vec<usize> =
                (0..self.quantities.len()).filter(|q| self.quantities[*q].level == level).collect();
            if here.is_empty() {
                continue;
            }
            let body = |q: &usize| {
                let (expr, owner) = self.body(*q);
                (expr.clone(), owner)
            };
            let bodies: Vec<_> = here.iter().map(body).collect();
            let mut pass = PassBuilder::new(self, level - 1);
            for (expr, owner) in bodies {
                let value = pass.value(&expr, owner, "");
                pass.builder.output(value);
            }
            let pass = pass.finish();
            let group = self.halo_of(&here);
            preparations.push(Preparation::Quantities { pass, quantities: here });
            preparations.push(Preparation::Halo(group));
        }
        preparations
    }

    fn halo_of_fields(&self) -> Option<HaloGroup> {
        let needed: Vec<usize> =
            (0..self.fields.len()).filter(|f| !self.fields[*f].is_empty()).collect();
        let width = needed.iter().fold(HaloWidth::default(), |w, f| w.union(&self.fields[*f]));
        let group = HaloGroup {
            arrays: needed.iter().map(|f| ArrayRef::Field(*f)).collect(),
            conditions: needed.iter().map(|f| self.pde.conditions().of_field(*f)).collect(),
            width,
        };
        (!needed.is_empty()).then_some(group)
    }

    fn halo_of(&self, quantities: &[usize]) -> HaloGroup {
        let width = |w: HaloWidth, q: &usize| w.union(&self.quantities[*q].width);
        HaloGroup {
            arrays: quantities.iter().map(|q| ArrayRef::Quantity(*q)).collect(),
            conditions: quantities.iter().map(|q| self.quantities[*q].conditions).collect(),
            width: quantities.iter().fold(HaloWidth::default(), width),
        }
    }
}

/// Whether the value of an expression depends on the equation in which it stands: it does where
/// an operator is applied to a compound expression.
fn depends_on_owner(pde: &Pde, expr: &Expr) -> bool {
    let here = match &expr.node {
        Node::Operator(_, argument) => !matches!(argument.node, Node::Field(_) | Node::Define(_)),
        Node::Define(d) => depends_on_owner(pde, &pde.definitions()[*d].expr),
        _ => false,
    };
    here || expr.children().iter().any(|child| depends_on_owner(pde, child))
}

fn collect_fields(pde: &Pde, expr: &Expr, sets: &mut Vec<usize>) {
    match &expr.node {
        Node::Field(field) => sets.push(pde.conditions().of_field(*field)),
        Node::Define(d) => collect_fields(pde, &pde.definitions()[*d].expr, sets),
        _ => expr.children().iter().for_each(|child| collect_fields(pde, child, sets)),
    }
}

/// How far an operator looks.
fn reach(op: Operator, grid: &Grid) -> HaloWidth {
    let mut builder = Builder::new();
    let value = operator(op, grid, 0, &mut builder);
    builder.output(value);
    let kernel = builder.finish();
    HaloWidth { layers: kernel.reach(0), corners: kernel.reaches_corners(0) }
}

/// A pass while it is built.
pub(crate) struct PassBuilder<'p, 'a> {
    program: &'p mut Program<'a>,
    /// Quantities and numbers up to this level are there.
    level: usize,
    pub(crate) builder: Builder,
    inputs: Vec<ArrayRef>,
}

impl<'p, 'a> PassBuilder<'p, 'a> {
    /// A pass that may use what has at most this level.
    pub(crate) fn new(program: &'p mut Program<'a>, level: usize) -> Self {
        PassBuilder { program, level, builder: Builder::new(), inputs: Vec::new() }
    }

    /// A pass that may use everything.
    pub(crate) fn last(program: &'p mut Program<'a>) -> Self {
        Self::new(program, usize::MAX)
    }

    /// The number of an input array.
    pub(crate) fn input(&mut self, array: ArrayRef) -> usize {
        self.inputs.iter().position(|known| *known == array).unwrap_or_else(|| {
            self.inputs.push(array);
            self.inputs.len() - 1
        })
    }

    /// The input arrays so far.
    pub(crate) fn inputs(&self) -> &[ArrayRef] {
        &self.inputs
    }

    /// The value of an array in the cell.
    pub(crate) fn load(&mut self, array: ArrayRef) -> Value {
        let input = self.input(array);
        self.builder.load(input, [0; 3])
    }

    /// The value of an expression. `name` is that of the field whose expression it is, which
    /// names its random numbers.
    pub(crate) fn value(&mut self, expr: &Expr, owner: usize, name: &str) -> Value {
        // The builder is lent to `lower`, whose leaves need the rest of this.
        let mut builder = std::mem::take(&mut self.builder);
        let value = lower(expr, &mut builder, &mut |leaf, builder| {
            std::mem::swap(&mut self.builder, builder);
            let value = self.leaf(leaf, owner, name);
            std::mem::swap(&mut self.builder, builder);
            value
        });
        self.builder = builder;
        value
    }

    fn leaf(&mut self, leaf: &Expr, owner: usize, name: &str) -> Value {
        let grid = self.program.pde.grid();
        match &leaf.node {
            Node::Field(field) => self.load(ArrayRef::Field(*field)),
            Node::Define(d) => {
                let pde = self.program.pde;
                let definition = &pde.definitions()[*d];
                match self.program.quantity(leaf, owner) {
                    Some(q) if self.program.quantities[q].level <= self.level => {
                        self.load(ArrayRef::Quantity(q))
                    }
                    _ => self.value(&definition.expr, owner, &definition.name),
                }
            }
            Node::Coordinate(axis) => {
                let axis = grid.missing() + axis;
                self.builder.profile(axis, axis)
            }
            Node::Time => self.builder.parameter(TIME),
            Node::Operator(op, argument) => {
                let array = match argument.node {
                    Node::Field(field) => Some(ArrayRef::Field(field)),
                    _ => self.program.quantity(argument, owner).map(ArrayRef::Quantity),
                };
                // `Program::new` noted every argument of an operator.
                let array = array.expect("the argument of an operator is stored");
                let input = self.input(array);
                operator(*op, self.program.pde.grid(), input, &mut self.builder)
            }
            Node::Reduce(kind, argument) => {
                let number = self.program.number(*kind, argument, owner);
                let number = number.expect("a reduction is computed before it is used");
                self.builder.parameter(Program::parameter_of(number))
            }
            Node::Random(distribution, arguments, site) => {
                let [a, b] = &**arguments;
                let (a, b) = (self.value(a, owner, name), self.value(b, owner, name));
                let array = self.random(name, *site, *distribution);
                let random = self.load(array);
                let spread = match distribution {
                    Distribution::Uniform => self.builder.binary(Binary::Subtract, b, a),
                    Distribution::Normal => b,
                };
                let scaled = self.builder.binary(Binary::Multiply, spread, random);
                self.builder.binary(Binary::Add, a, scaled)
            }
            // Numbers and calls are no leaves, the rest stands in boundary conditions only.
            Node::Number(_) | Node::Call(..) | Node::Adjacent | Node::Spacing => {
                self.builder.constant(f64::NAN)
            }
        }
    }

    fn random(&mut self, name: &str, site: u32, distribution: Distribution) -> ArrayRef {
        let array = RandomArray { name: name.into(), site, distribution };
        let randoms = &mut self.program.randoms;
        let known = randoms.iter().position(|known| *known == array);
        ArrayRef::Random(known.unwrap_or_else(|| {
            randoms.push(array);
            randoms.len() - 1
        }))
    }

    /// The finished pass.
    pub(crate) fn finish(self) -> Pass {
        Pass { kernel: self.builder.finish(), inputs: self.inputs }
    }
}
