//! Worlds of programs that have initialised MPI themselves.
#![cfg(feature = "mpi")]

use fluxions_comm::{Error, Kind, World};
use fluxions_testing::under_mpi;
use mpi::raw::AsRaw;
use mpi::topology::Color;
use mpi::traits::{Communicator, CommunicatorCollectives, Destination, Source};

#[test]
fn a_program_that_has_initialised_mpi_goes_on_with_it_on_1_to_3_ranks() {
    let name = "a_program_that_has_initialised_mpi_goes_on_with_it_on_1_to_3_ranks";
    under_mpi(&[1, 2, 3], name, || {
        let universe = mpi::initialize().expect("nobody has initialised MPI before");
        let theirs = universe.world();
        let (rank, size) = (theirs.rank() as usize, theirs.size() as usize);
        let world = World::attach().unwrap();
        assert_eq!((world.rank(), world.size(), world.kind()), (rank, size, Kind::Mpi));
        assert_eq!(world.max(rank as f64).unwrap(), (size - 1) as f64);
        // Messages of both with the same tag are apart: the second one is received first.
        if rank == 0 && size > 1 {
            theirs.process_at_rank(1).send_with_tag(&11.0f64, 7);
            world.send(&[22.0], 1, 7).unwrap();
        }
        if rank == 1 {
            let mut ours = [0.0];
            world.recv(&mut ours, 0, 7).unwrap();
            let (other, _) = theirs.process_at_rank(0).receive_with_tag::<f64>(7);
            assert_eq!((ours[0], other), (22.0, 11.0));
        }
        // The ranks of the same parity, from the last one on.
        let color = Color::with_value(theirs.rank() % 2);
        let part = theirs.split_by_color_with_key(color, -theirs.rank()).unwrap();
        // SAFETY: the communicator is one of this process, and not between groups.
        let ours = unsafe { World::from_raw(part.as_raw()) }.unwrap();
        let same = (0..size).filter(|other| other % 2 == rank % 2);
        assert_eq!(ours.size(), same.clone().count());
        assert_eq!(ours.rank(), same.filter(|other| *other > rank).count());
        let sum = ours.sum(&[rank as f64]).unwrap();
        let expected: usize = (0..size).filter(|other| other % 2 == rank % 2).sum();
        assert_eq!(sum, expected as f64);
        drop((ours, world));
        // MPI is still in use, and the program's own.
        theirs.barrier();
    });
}

#[test]
fn without_mpi_there_is_nothing_to_attach_to() {
    let failed = World::attach().err();
    assert!(matches!(failed, Some(Error::NotStarted { .. })), "{failed:?}");
}
