//! Unknowns beside fields that are stepped: they are found anew for every state of which rates are computed.

use std::ops::Range;

use fluxions_comm::World;
use fluxions_halo::Subdomain;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::run::counts::{Counts, Iterations};
use crate::run::executor::{Executor, Unknowns};
use crate::run::memory::Memory;
use crate::saved;
use crate::solvers::newton::{Newton, SavedNewton};
use crate::solvers::place::Place;

/// What may be in excess in the course of a run, beside the magnitude of what there is: sources that balance at
/// first go on doing so up to rounding, or up to the error of what is not in flux form.
const DRIFT: f64 = 1e-6;

/// Finds unknowns for which something vanishes.
pub(crate) struct Constraint {
    newton: Newton,
    names: Vec<String>,
    /// Stores by how much what vanishes changes with other fields, where solvers of steps ask for it.
    response: Option<Executor>,
    /// Whether they have been found before.
    found: bool,
}

impl Constraint {
    /// The unknowns with these names of their arrays, which are found in this way.
    pub(crate) fn new(newton: Newton, names: Vec<String>, response: Option<Executor>) -> Self {
        Constraint { newton, names, response, found: false }
    }
}

/// What is known of the equations of unknowns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedConstraint {
    found: bool,
    newton: SavedNewton,
}

impl Unknowns for Constraint {
    fn find(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        time: f64,
    ) -> Result<(), Error> {
        let mut place = Place { world, block, memory };
        let excess = self.found.then_some(DRIFT);
        self.newton.balance(&mut place, time, &self.names, excess)?;
        self.found = true;
        Ok(())
    }

    fn respond(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        time: f64,
        to: usize,
    ) -> Result<(), Error> {
        let Some(response) = &mut self.response else { return Ok(()) };
        let mut place = Place { world, block, memory };
        // What the equations of the unknowns are made of is where others have worked since.
        self.newton.jacobian.rates(&mut place, time)?;
        self.newton.jacobian.lend_parameters(response);
        response.run(place.world, place.block, place.memory, time, 0.0)?;
        self.newton.respond(&mut place, time, to)
    }

    fn bytes(&self) -> usize {
        self.newton.preconditioner.bytes()
    }

    fn iterations(&self) -> Iterations {
        self.newton.iterations
    }

    fn counts(&self) -> Counts {
        self.newton.jacobian.counts()
    }

    fn save(&self) -> Vec<u8> {
        saved::to_bytes(&SavedConstraint { found: self.found, newton: self.newton.save() })
    }

    fn kept(&self) -> Range<usize> {
        self.newton.kept()
    }

    fn restore(
        &mut self,
        world: &World,
        block: &Subdomain,
        memory: &mut Memory,
        saved: &[u8],
    ) -> Result<(), Error> {
        let saved: SavedConstraint = saved::from_bytes(saved, "a system with the same unknowns")?;
        self.found = saved.found;
        self.newton.restore(&mut Place { world, block, memory }, saved.newton)
    }
}
