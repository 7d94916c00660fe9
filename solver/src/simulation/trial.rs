//! Steps that are tried, and made anew if the clock rejects them.

use crate::error::Error;
use crate::run::executor::Executor;
use crate::run::guard::Causes;
use crate::simulation::clock::{Found, Trial, Verdict};
use crate::simulation::run_loop::ratio;
use crate::simulation::simulation::Simulation;
use crate::simulation::state::State;
use crate::simulation::undo::Undo;

impl Simulation {
    /// Makes a step that is not certain: as often as it takes until the clock accepts it.
    pub(super) fn try_step(&mut self) -> Result<(), Error> {
        let tried = match self.implicit.is_some() {
            true => self.try_implicit_step(),
            false => self.try_explicit_step(),
        };
        tried.map_err(|mut error| {
            if let Error::StepTooShort { step, .. } = &mut error {
                *step = self.steps;
            }
            error
        })
    }

    fn try_explicit_step(&mut self) -> Result<(), Error> {
        let arrays = self.state.pde.arrays();
        // The longest stable step in the new state is found where the old one would be overwritten.
        let looks = self.clock.looks_at_states();
        let mut undo = match self.undo.take() {
            Some(undo) => undo,
            None if looks => Undo::of(self.kept()),
            None => Undo::new(self.stepper.plan(), arrays),
        };
        loop {
            self.tell_limit()?;
            let step = self.next_step();
            self.choose_stages(step.dt)?;
            self.choose_first_step(step.dt);
            if let Some(dense) = &mut self.dense {
                dense.prepare(&mut self.state, step.from)?;
            }
            let State { world, block, memory, .. } = &mut self.state;
            undo.save(memory);
            self.stepper.step = self.steps;
            self.stepper.ratio = ratio(step.dt, self.last_dt);
            // All ranks fail to find unknowns alike.
            let (mine, found) = match self.stepper.run(world, block, memory, step.from, step.dt) {
                Ok(mine) => (mine, true),
                Err(Error::NotSolved { .. } | Error::Incompatible { .. })
                    if !self.stepper.plan().results().is_empty() =>
                {
                    (true, false)
                }
                Err(error) => return Err(error),
            };
            let finite = found && world.min(f64::from(u8::from(mine)))? == 1.0;
            let causes = match mine {
                true => Causes::default(),
                false => self.stepper.causes(block, memory, step.from, step.dt),
            };
            if looks {
                memory.swap_all(self.stepper.plan().swaps());
            }
            let found = match &mut self.limit {
                Some(limit) if looks && finite => {
                    let found = limit.find(&mut self.state, step.to)?;
                    let State { world, block, memory, .. } = &self.state;
                    let change = undo.change((world, block, memory), step.dt, &limit.rates)?;
                    Some(Found { limit: found, change })
                }
                _ => None,
            };
            let error = error(&self.stepper);
            let verdict = self.clock.judge(&Trial { step, finite, error, found });
            let memory = &mut self.state.memory;
            // A step that cannot be judged is not accepted either.
            if *verdict.as_ref().unwrap_or(&Verdict::Rejected) == Verdict::Rejected {
                // The new state is still beside the old one, but for what was overwritten.
                undo.restore(memory);
                if let Err(failed) = verdict {
                    self.undo = Some(undo);
                    return Err(failed);
                }
                continue;
            }
            if !looks {
                memory.swap_all(self.stepper.plan().swaps());
            }
            if !mine {
                let place = self.state.first_not_finite();
                self.health.note(self.steps + 1, step.to, place, causes);
            }
            (self.time, self.steps, self.last_dt) = (step.to, self.steps + 1, Some(step.dt));
            if let Some(dense) = &mut self.dense {
                dense.note(step);
            }
            self.undo = Some(undo);
            return self.look_ahead();
        }
    }
}

/// The error of the step that was just made, beside the tolerance, if its plan tells it.
fn error(stepper: &Executor) -> Option<f64> {
    let errors = &stepper.parameters()[stepper.plan().results()];
    let larger = |most: f64, x: f64| if x > most || x.is_nan() { x } else { most };
    (!errors.is_empty()).then(|| errors.iter().copied().fold(0.0, larger))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use fluxions_comm::World;
    use fluxions_comm::threads::run as on_threads;
    use fluxions_grid::{Ends, Grid};

    use super::*;
    use crate::schemes::choice::SchemeChoice;
    use crate::schemes::tableau::Tableau;
    use crate::simulation::clock::{Clock, Step};
    use crate::simulation::schedule::Every;
    use crate::simulation::snapshot::Snapshot;
    use crate::simulation::tracker::GO_ON;
    use crate::system::pde::Pde;
    use crate::system::transport::{Advector, Sources, Transport};

    /// When a clock halves a step.
    #[derive(Clone, Copy, PartialEq)]
    enum Halves {
        /// Every third one, before it is made.
        Before,
        /// Every third one, after it was made.
        After,
        /// Where a number is not finite.
        NotFinite,
        /// Never; instead judging the third one fails.
        NotButFails,
        /// Never; instead steps are shortened to end where a tracker is due.
        NotButEndsAtDue,
    }

    /// Steps of a length, some of them halved; all of them uncertain.
    struct Halving {
        when: Halves,
        usual: f64,
        dt: f64,
        time: f64,
        end: f64,
        due: f64,
        made: u64,
        rejected: Rc<RefCell<u64>>,
    }

    impl Clock for Halving {
        fn set_end(&mut self, end: Option<f64>) -> Result<(), Error> {
            self.end = end.unwrap_or(f64::INFINITY);
            Ok(())
        }

        fn expect(&mut self, due: Option<f64>) {
            let due = due.filter(|_| self.when == Halves::NotButEndsAtDue);
            self.due = due.unwrap_or(f64::INFINITY);
        }

        fn step(&self, ahead: u64) -> Option<Step> {
            let halved = self.when == Halves::Before && self.made % 3 == 2;
            let dt = if halved { self.usual / 2.0 } else { self.dt };
            let (from, stop) = (self.time, self.end.min(self.due));
            let to = if from + dt < stop { from + dt } else { stop };
            let dt = dt.min(stop - from);
            (ahead == 0 && dt > 0.0).then_some(Step { from, dt, to })
        }

        fn is_cut(&self) -> bool {
            false
        }

        fn certain(&self) -> u64 {
            0
        }

        fn dt(&self) -> f64 {
            self.dt
        }

        fn pass(&mut self, _: u64) {
            unreachable!("no step is certain")
        }

        fn judge(&mut self, trial: &Trial) -> Result<Verdict, Error> {
            assert_eq!(Some(trial.step), self.next());
            let halves = match self.when {
                Halves::NotButFails if self.made == 2 => {
                    return Err(Error::ForeignState { what: "a clock that fails" });
                }
                Halves::NotButFails => false,
                Halves::Before | Halves::NotButEndsAtDue => false,
                Halves::After => self.made % 3 == 2 && self.dt == self.usual,
                Halves::NotFinite => !trial.finite,
            };
            if halves {
                self.dt /= 2.0;
                *self.rejected.borrow_mut() += 1;
                return Ok(Verdict::Rejected);
            }
            (self.time, self.dt, self.made) = (trial.step.to, self.usual, self.made + 1);
            self.due = f64::INFINITY;
            Ok(Verdict::Accepted)
        }

        fn save(&self) -> Vec<u8> {
            unreachable!("nobody saves it")
        }

        fn restore(&mut self, _: f64, _: &[u8]) -> Result<(), Error> {
            unreachable!("nobody restores it")
        }
    }

    const DT: f64 = 0.01;

    /// A clock at time 0, and how many steps it has rejected.
    fn clock(when: Halves) -> (Box<dyn Clock>, Rc<RefCell<u64>>) {
        let rejected = Rc::new(RefCell::new(0));
        let (end, due) = (f64::INFINITY, f64::INFINITY);
        let (made, count) = (0, rejected.clone());
        let clock = Halving { when, usual: DT, dt: DT, time: 0.0, end, due, made, rejected: count };
        (Box::new(clock), rejected)
    }

    /// The bits of the fields after a run with halved steps, how many were made, and how many
    /// rejected.
    fn halving(
        world: &World,
        pde: &Pde,
        scheme: &SchemeChoice,
        when: Halves,
        end: f64,
    ) -> Result<(Vec<u64>, u64, u64), Error> {
        let builder = Simulation::builder(pde, world).scheme(scheme).dt(DT).seed(3);
        let builder =
            builder.initial("u", "1 + 0.3*sin(2*pi*x)").initial("v", "0.2 + 0.1*cos(2*pi*x)");
        let mut simulation = builder.build().unwrap();
        let (clock, rejected) = clock(when);
        simulation.clock = clock;
        let report = simulation.run_until(end)?;
        let mut bits = Vec::new();
        for name in ["u", "v"] {
            bits.extend(simulation.gather(name)?.iter().flatten().map(|x| x.to_bits()));
        }
        Ok((bits, report.steps, *rejected.borrow()))
    }

    /// Equations with noise; transport whose steps write to the arrays of the state, and keep the
    /// velocities of the step before.
    fn systems() -> Vec<(Pde, SchemeChoice)> {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 24, Ends::Periodic).build().unwrap();
        let equations =
            || Pde::on(&grid).equation("u", "v - u^3 + t").equation("v", "0.001*laplace(u)");
        let noisy = equations().noise("v", "0.01");
        let velocity = || Advector::Velocity(vec!["0.3*u + v".into()]);
        let transport = || Transport::by(velocity());
        let advected = equations().transport("u", transport()).transport("v", transport());
        let euler = advected.sources(Sources::Euler);
        let advected = equations().transport("u", transport()).transport("v", transport());
        let symmetric = advected.sources(Sources::Symmetric);
        vec![
            (equations().build().unwrap(), Tableau::RK4.into()),
            (noisy.build().unwrap(), Tableau::EULER.into()),
            (euler.build().unwrap(), SchemeChoice::Usual),
            (symmetric.build().unwrap(), SchemeChoice::Usual),
        ]
    }

    #[test]
    fn rejected_steps_leave_no_trace_on_1_and_2_ranks() {
        for (k, (pde, scheme)) in systems().into_iter().enumerate() {
            for ranks in [1, 2] {
                let run = |when| {
                    on_threads(ranks, |world| halving(world, &pde, &scheme, when, 0.2)).unwrap()
                };
                let (plain, steps, none) = run(Halves::Before).swap_remove(0);
                let (tried, same, rejected) = run(Halves::After).swap_remove(0);
                assert_eq!((none, steps, rejected), (0, same, steps / 3), "{k}");
                assert!(tried == plain, "{k} on {ranks} ranks");
            }
        }
    }

    #[test]
    fn a_step_that_cannot_be_judged_leaves_no_trace() {
        for (k, (pde, scheme)) in systems().into_iter().enumerate() {
            let world = World::solo();
            let build = || {
                let builder = Simulation::builder(&pde, &world).scheme(scheme.clone()).dt(DT);
                let builder = builder.seed(3).initial("u", "1 + 0.3*sin(2*pi*x)");
                builder.initial("v", "0.2 + 0.1*cos(2*pi*x)").build().unwrap()
            };
            let bits = |simulation: &Simulation| {
                let all = ["u", "v"].map(|name| simulation.field(name).unwrap().to_owned());
                all.into_iter().flatten().map(f64::to_bits).collect::<Vec<_>>()
            };
            let (mut failing, mut plain) = (build(), build());
            failing.clock = clock(Halves::NotButFails).0;
            plain.clock = clock(Halves::Before).0;
            let failed = failing.run_until(1.0).unwrap_err();
            assert!(matches!(failed, Error::ForeignState { .. }), "{k}: {failed}");
            plain.step().unwrap();
            plain.step().unwrap();
            assert_eq!(failing.steps(), plain.steps(), "{k}");
            assert!(bits(&failing) == bits(&plain), "{k}");
        }
    }

    #[test]
    fn some_plans_overwrite_the_state() {
        // Otherwise the test above would not show that it is brought back.
        let overwritten = |(pde, scheme): &(Pde, SchemeChoice)| {
            let world = World::solo();
            let builder = Simulation::builder(pde, &world).scheme(scheme).dt(DT);
            let simulation = builder.initial("u", 1.0).initial("v", 1.0).build().unwrap();
            !Undo::new(simulation.plan(), pde.arrays()).arrays.is_empty()
        };
        let found: Vec<bool> = systems().iter().map(overwritten).collect();
        assert_eq!(found, [false, false, true, true]);
    }

    #[test]
    fn a_clock_can_end_steps_where_trackers_are_due() {
        let world = World::solo();
        let (pde, scheme) = systems().swap_remove(0);
        let seen = Rc::new(RefCell::new(Vec::new()));
        let list = seen.clone();
        let builder = Simulation::builder(&pde, &world).initial("u", 1.0).initial("v", 0.0);
        let due = Every::Times(vec![0.013, 0.0451]);
        let builder = builder.scheme(scheme).dt(DT).track(due, move |now: &mut Snapshot<'_>| {
            list.borrow_mut().push((now.step(), now.time()));
            Ok(GO_ON)
        });
        let mut simulation = builder.build().unwrap();
        simulation.clock = clock(Halves::NotButEndsAtDue).0;
        simulation.run_until(0.06).unwrap();
        assert_eq!(*seen.borrow(), [(0, 0.0), (2, 0.013), (6, 0.0451), (8, 0.06)]);
    }

    /// Only one of the ranks finds the number that is not finite.
    #[test]
    fn a_clock_can_reject_what_is_not_finite_on_1_to_3_ranks() {
        let grid = Grid::cartesian().axis("x", 0.0..1.0, 24, Ends::Periodic).build().unwrap();
        // The step from 0.04 evaluates this at 0.045, and so does half of it, at its end.
        let hot = "where(x < 0.1, sqrt((t - 0.0446)*(t - 0.0454)), 0)";
        let pde = Pde::on(&grid).equation("u", hot).equation("v", "0").build().unwrap();
        for ranks in 1..=3 {
            let run =
                |world: &World| halving(world, &pde, &Tableau::RK4.into(), Halves::NotFinite, 0.1);
            for (_, steps, rejected) in on_threads(ranks, run).unwrap() {
                assert_eq!((steps, rejected), (11, 2), "{ranks} ranks");
            }
        }
    }
}
