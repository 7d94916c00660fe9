//! Messages that are looked at before they are received.

use crate::Case;
use fluxions_comm::{Any, Class, Status, World};

use crate::point_to_point::ends;
use crate::sample::{Sample, for_some_types};

pub(crate) const CASES: &[Case] = &[
    ("probe of all types", |world| for_some_types!(probe(world))),
    ("iprobe", iprobe),
    ("a matched message is nobody else's", matched),
    ("messages of any length", any_length),
    ("a message that is dropped", dropped),
    ("a message of another type", another_type),
];

fn probe<T: Sample>(world: &World) {
    ends(
        world,
        |last| world.send(&T::samples(0, 6), last, 3).unwrap(),
        |first| {
            let status = world.probe::<T>(Any, Any).unwrap();
            assert_eq!(status, Status { source: Some(first), tag: 3, length: 6 });
            let mut found = T::samples(1, status.length);
            world.recv(&mut found, status.source, status.tag).unwrap();
            assert_eq!(found, T::samples(0, 6));
        },
    );
}

fn iprobe(world: &World) {
    let rank = world.rank();
    assert_eq!(world.iprobe::<f64>(rank, Any).unwrap(), None);
    world.send(&[1.0, 2.0], rank, 4).unwrap();
    let status = loop {
        if let Some(status) = world.iprobe::<f64>(rank, 4).unwrap() {
            break status;
        }
    };
    assert_eq!(status.length, 2);
    assert_eq!(world.iprobe::<f64>(rank, 5).unwrap(), None);
    world.recv(&mut [0.0; 2], rank, 4).unwrap();
}

fn matched(world: &World) {
    let rank = world.rank();
    world.send(&[1], rank, 0).unwrap();
    world.send(&[2], rank, 0).unwrap();
    let first = world.mprobe(rank, 0).unwrap();
    assert_eq!(first.status::<i32>().unwrap().length, 1);
    let mut found = [0];
    world.recv(&mut found, rank, 0).unwrap();
    assert_eq!(found, [2]);
    assert!(world.improbe(Any, Any).unwrap().is_none());
    first.recv(&mut found).unwrap();
    assert_eq!(found, [1]);
    world.send(&[3], rank, 1).unwrap();
    let third = loop {
        if let Some(message) = world.improbe(rank, Any).unwrap() {
            break message;
        }
    };
    assert_eq!(third.recv_vec::<i32>().unwrap().0, [3]);
}

fn any_length(world: &World) {
    for length in [0, 3, 70_000] {
        ends(
            world,
            |last| world.send(&vec![0.5; length], last, 1).unwrap(),
            |first| {
                let (found, status) = world.recv_vec::<f64>(first, Any).unwrap();
                assert_eq!((found, status.length), (vec![0.5; length], length));
            },
        );
    }
}

fn dropped(world: &World) {
    let rank = world.rank();
    world.send(&[1.0; 9], rank, 0).unwrap();
    drop(world.mprobe(rank, 0).unwrap());
    assert_eq!(world.iprobe::<f64>(rank, 0).unwrap(), None);
}

fn another_type(world: &World) {
    let rank = world.rank();
    world.send(&[1u8, 2, 3], rank, 0).unwrap();
    assert_eq!(world.probe::<u16>(rank, 0).unwrap_err().class(), Some(Class::Type));
    let message = world.mprobe(rank, 0).unwrap();
    assert_eq!(message.status::<u16>().unwrap_err().class(), Some(Class::Type));
    assert_eq!(message.recv(&mut [0u16; 4]).unwrap_err().class(), Some(Class::Type));
    // The same bytes, as other types of the same sizes.
    world.send(&[1u32, 2, 3, 4], rank, 0).unwrap();
    assert_eq!(world.recv_vec::<[u32; 2]>(rank, 0).unwrap().0, [[1, 2], [3, 4]]);
}
