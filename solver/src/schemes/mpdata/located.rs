//! Expressions of place and time at the centres and faces of cells, beyond the ends of axes too.

use std::collections::HashMap;

use fluxions_expr::{Builder, Expr, Node, Parts, Value, lower};

use crate::plan::profile::AxisProfile;
use crate::plan::program::TIME;
use crate::schemes::mpdata::courant_exprs::CourantExprs;
use crate::system::transport::conditions::Edge;

impl CourantExprs<'_> {
    /// An expression of place and time at positions of the cell at an offset along each axis.
    pub(crate) fn located(
        &self,
        b: &mut Builder,
        expr: &Expr,
        at: [AxisProfile; 3],
        offset: [i32; 3],
    ) -> Value {
        let here = self.lowered(b, expr, at, offset);
        let poles = |axis: &&usize| self.edges[**axis].contains(&Edge::Pole);
        let Some(across) = self.axes.iter().find(poles) else { return here };
        let mut turned = at;
        for axis in self.axes.iter().filter(|axis| *axis != across) {
            turned[*axis] = at[*axis].opposite();
        }
        let there = self.lowered(b, expr, turned, offset);
        let beyond = AxisProfile::BeyondPole.load(b, self.number, *across, offset);
        b.select(beyond, there, here)
    }

    fn lowered(
        &self,
        b: &mut Builder,
        expr: &Expr,
        at: [AxisProfile; 3],
        offset: [i32; 3],
    ) -> Value {
        let parts = self.parts(b, expr, at, offset, &mut HashMap::new());
        parts.only().re.unwrap_or_else(|| b.constant(0.0))
    }

    fn parts(
        &self,
        b: &mut Builder,
        expr: &Expr,
        at: [AxisProfile; 3],
        offset: [i32; 3],
        known: &mut HashMap<usize, Parts>,
    ) -> Parts {
        lower(expr, self.pde.space(), b, &mut |leaf, b| match &leaf.node {
            Node::Time => Parts::real(b.parameter(TIME)),
            Node::Coordinate(named) => {
                let axis = self.pde.grid().missing() + named;
                Parts::real(at[axis].load(b, self.number, axis, offset))
            }
            Node::Define(d) => {
                if !known.contains_key(d) {
                    let expr = &self.pde.definitions()[*d].expr;
                    let value = self.parts(b, expr, at, offset, known);
                    known.insert(*d, value);
                }
                known[d].clone()
            }
            // Nothing else is allowed in it (system/transport/advected.rs).
            _ => Parts::real(b.constant(f64::NAN)),
        })
    }
}
