//! The calls of calls.c.

use std::hint::black_box;

use fluxions_comm::{Error, Sum, World};

use crate::measure::Row;

/// What calls cost on one rank.
pub(crate) fn call(world: &World) -> Result<(), Error> {
    let row = |parameter, times| Row {
        bench: "call",
        variant: "comm",
        parameter,
        times,
        parts: 1,
        meets: true,
    };
    let n = 200_000;
    let (a, mut b) = ([1.0], [0.0]);
    row("rank", n).measure(world, || {
        black_box(world.rank());
        Ok(())
    })?;
    row("send to nobody", n).measure(world, || world.send(black_box(&a), None, 0))?;
    let mut owned = Some(vec![1.0]);
    row("isend+wait to nobody", n).measure(world, || {
        let Some(data) = owned.take() else { return Ok(()) };
        owned = Some(world.isend(data, None, 0)?.wait()?.0);
        Ok(())
    })?;
    row("sendrecv with itself", n / 4)
        .measure(world, || world.sendrecv(&a, 0, 0, &mut b, 0, 0).map(drop))?;
    let mut owned = Some((vec![1.0], vec![0.0]));
    row("isend+irecv+wait with itself", n / 4).measure(world, || {
        let Some((sent, received)) = owned.take() else { return Ok(()) };
        let receipt = world.irecv(received, 0, 0)?;
        let sent = world.isend(sent, 0, 0)?.wait()?.0;
        owned = Some((sent, receipt.wait()?.0));
        Ok(())
    })?;
    row("allreduce alone", n / 4).measure(world, || world.allreduce(black_box(&mut b), Sum))?;
    let mut from = world.recv_init(vec![0.0], 0, 1)?;
    let mut to = world.send_init(vec![1.0], 0, 1)?;
    row("persistent with itself", n / 4).measure(world, || {
        from.start()?;
        to.start()?;
        from.wait()?;
        to.wait()
    })
}

/// Half a round trip.
pub(crate) fn pingpong(world: &World) -> Result<(), Error> {
    for bytes in [8, 64, 512, 4096, 32768, 262_144, 1 << 20, 4 << 20] {
        let times = match bytes {
            0..=4096 => 20000,
            4097..=32768 => 4000,
            32769..=262_144 => 1000,
            _ => 200,
        };
        let (name, other) = (bytes.to_string(), 1 - world.rank());
        let row = |variant| Row {
            bench: "pingpong",
            variant,
            parameter: &name,
            times,
            parts: 2,
            meets: false,
        };
        let numbers: Vec<f64> = (0..bytes / 8).map(|k| k as f64).collect();
        let (a, mut b) = (numbers.clone(), numbers.clone());
        row("comm").measure(world, || {
            if world.is_root() {
                world.send(&a, other, 0)?;
                world.recv(&mut b, other, 0)?;
            } else {
                world.recv(&mut b, other, 0)?;
                world.send(&a, other, 0)?;
            }
            Ok(())
        })?;
        drop((a, b));
        let mut from = world.recv_init(numbers.clone(), other, 1)?;
        let mut to = world.send_init(numbers, other, 1)?;
        row("comm persistent").measure(world, || {
            from.start()?;
            if world.is_root() {
                to.start()?;
                to.wait()?;
                from.wait()?;
            } else {
                from.wait()?;
                to.start()?;
                to.wait()?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn reductions<'a>(variant: &'a str, parameter: &'a str, world: &World) -> Row<'a> {
    let times = if world.size() > 2 { 200 } else { 10000 };
    Row { bench: "allreduce", variant, parameter, times, parts: 1, meets: true }
}

/// Sums of all ranks, in place, and into another list.
pub(crate) fn allreduce(world: &World) -> Result<(), Error> {
    for count in [1, 71, 1000] {
        let (doubles, integers) = (format!("{count} f64"), format!("{count} i64"));
        let (a, mut b) = (vec![0.0; count], vec![0.0; count]);
        let into = reductions("comm", &doubles, world);
        into.measure(world, || world.allreduce_into(&a, &mut b, Sum))?;
        let (a, mut b) = (vec![0i64; count], vec![0i64; count]);
        let into = reductions("comm", &integers, world);
        into.measure(world, || world.allreduce_into(&a, &mut b, Sum))?;
        let in_place = reductions("comm in place", &integers, world);
        in_place.measure(world, || world.allreduce(&mut b, Sum))?;
    }
    reductions("comm", "barrier", world).measure(world, || world.barrier())
}

#[inline(never)]
fn part_of_pi(world: &World, intervals: usize) -> f64 {
    // Of 32 bits, as in C: a larger number takes several instructions to become a float.
    let [intervals, size, first] = [intervals, world.size(), world.rank() + 1].map(|n| n as i32);
    let h = 1.0 / f64::from(intervals);
    let (mut part, mut i) = (0.0, first);
    while i < intervals {
        let x = h * (f64::from(i) - 0.5);
        part += 4.0 / (1.0 + x * x);
        i += size;
    }
    h * part
}

/// The benchmark that numba-mpi has published.
pub(crate) fn pi(world: &World) -> Result<(), Error> {
    for intervals in [10000, 5000, 2000, 1000] {
        let parameter = format!("{intervals} intervals");
        let row = Row {
            bench: "pi",
            variant: "comm",
            parameter: &parameter,
            times: 4000,
            parts: 1,
            meets: true,
        };
        row.measure(world, || {
            let mut sum = [part_of_pi(world, intervals)];
            world.allreduce(&mut sum, Sum)?;
            assert!((3.138..3.145).contains(&sum[0]), "pi is not {}", sum[0]);
            Ok(())
        })?;
    }
    Ok(())
}
