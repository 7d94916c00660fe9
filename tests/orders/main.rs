//! Observed orders of every operator and of solutions with it, in every geometry, at every kind of
//! wall.

mod conditions;
mod exact;
mod fields;
mod operators;
mod solutions;
mod table;

use fields::{Closed, Space};

/// A test for each way to close a domain, of real fields and of complex ones.
macro_rules! orders {
    ($($domain:ident = $space:ident { $($of:ident: [$($case:ident)*];)* })*) => {
        $(mod $domain { $(mod $of { $(
            #[test]
            fn $case() {
                let (closed, complex) = $crate::case(stringify!($case));
                let entries = $crate::$of::entries($crate::Space::$space, closed, complex);
                $crate::table::check(entries);
            }
        )* })* })*
    };
}

/// How a domain is closed, and whether fields are complex, by the name of the test.
fn case(name: &str) -> (Closed, bool) {
    let (closed, complex) = match name.strip_suffix("_complex") {
        Some(closed) => (closed, true),
        None => (name, false),
    };
    match closed {
        "walls" => (Closed::Walls, complex),
        "periodic" => (Closed::Periodic, complex),
        "antiperiodic" => (Closed::Antiperiodic, complex),
        _ => panic!("no way to close a domain: {closed}"),
    }
}

orders! {
    line = LINE {
        operators: [walls walls_complex periodic antiperiodic];
        solutions: [walls walls_complex periodic periodic_complex antiperiodic antiperiodic_complex];
    }
    square = SQUARE {
        operators: [walls walls_complex periodic antiperiodic];
        solutions: [walls walls_complex periodic periodic_complex antiperiodic antiperiodic_complex];
    }
    cube = CUBE {
        operators: [walls walls_complex periodic antiperiodic];
        solutions: [walls];
    }
    disk = DISK {
        operators: [walls walls_complex];
        solutions: [walls walls_complex];
    }
    annulus = ANNULUS {
        operators: [walls walls_complex];
        solutions: [walls walls_complex];
    }
    ball = BALL {
        operators: [walls walls_complex];
        solutions: [walls walls_complex];
    }
    shell = SHELL {
        operators: [walls walls_complex];
        solutions: [walls walls_complex];
    }
    cylinder = CYLINDER {
        operators: [walls walls_complex periodic antiperiodic];
        solutions: [walls walls_complex periodic periodic_complex antiperiodic antiperiodic_complex];
    }
    tube = TUBE {
        operators: [walls walls_complex periodic antiperiodic];
        solutions: [walls walls_complex periodic periodic_complex antiperiodic antiperiodic_complex];
    }
}
