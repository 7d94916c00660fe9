//! How fast kernels are compiled, and how many cells they compute in a second, by each back end:
//! `cargo bench --package fluxions-expr --features llvm`.

use std::hint::black_box;
use std::time::Instant;

use fluxions_expr::{Backend, Binary, Builder, Call, Kernel, Native, Scratch, Unary, Value};

fn add(b: &mut Builder, x: Value, y: Value) -> Value {
    b.binary(Binary::Add, x, y)
}

fn times(b: &mut Builder, x: Value, y: Value) -> Value {
    b.binary(Binary::Multiply, x, y)
}

/// (w + e) + (s + n) − centre·u of an input. A kernel with another number is compiled anew.
fn laplace(b: &mut Builder, input: usize, centre: f64) -> Value {
    let [w, e, s, n] = [[0, 0, -1], [0, 0, 1], [0, -1, 0], [0, 1, 0]].map(|o| b.load(input, o));
    let (u, four) = (b.load(input, [0; 3]), b.constant(centre));
    let (along, across) = (add(b, w, e), add(b, s, n));
    let (sum, centre) = (add(b, along, across), times(b, four, u));
    b.binary(Binary::Subtract, sum, centre)
}

/// u + k·laplace(u)
fn heat(centre: f64) -> Kernel {
    let mut b = Builder::new();
    let (laplace, k, u) = (laplace(&mut b, 0, centre), b.parameter(0), b.load(0, [0; 3]));
    let change = times(&mut b, k, laplace);
    let new = add(&mut b, u, change);
    b.output_with(new, None, true);
    b.finish()
}

/// The rates of change of Gray and Scott's two fields.
fn rates(b: &mut Builder, centre: f64) -> [Value; 2] {
    let (u, v) = (b.load(0, [0; 3]), b.load(1, [0; 3]));
    let (lu, lv) = (laplace(b, 0, centre), laplace(b, 1, centre));
    let [du, dv, f, fk, one] = [0.2, 0.1, 0.04, 0.1, 1.0].map(|x| b.constant(x));
    let vv = times(b, v, v);
    let uvv = times(b, u, vv);
    let (spread_u, spread_v) = (times(b, du, lu), times(b, dv, lv));
    let left = b.binary(Binary::Subtract, one, u);
    let (fed, killed) = (times(b, f, left), times(b, fk, v));
    let rate_u = b.binary(Binary::Subtract, spread_u, uvv);
    let rate_v = add(b, spread_v, uvv);
    [add(b, rate_u, fed), b.binary(Binary::Subtract, rate_v, killed)]
}

/// u + dt·rate
fn gray_scott(centre: f64) -> Kernel {
    let mut b = Builder::new();
    let dt = b.parameter(0);
    for (input, rate) in rates(&mut b, centre).into_iter().enumerate() {
        let (u, change) = (b.load(input, [0; 3]), times(&mut b, dt, rate));
        let new = add(&mut b, u, change);
        b.output_with(new, None, true);
    }
    b.finish()
}

/// A middle stage of the classical Runge–Kutta method: the sum so far, in place, and the next
/// state.
fn gray_scott_stage(centre: f64) -> Kernel {
    let mut b = Builder::new();
    let (weight, step) = (b.parameter(0), b.parameter(1));
    for (k, rate) in rates(&mut b, centre).into_iter().enumerate() {
        let (sum, old) = (b.load(2 + k, [0; 3]), b.load(4 + k, [0; 3]));
        let (part, change) = (times(&mut b, weight, rate), times(&mut b, step, rate));
        let (sum, state) = (add(&mut b, sum, part), add(&mut b, old, change));
        b.output_with(sum, Some(2 + k), false);
        b.output_with(state, None, true);
    }
    b.finish()
}

/// heat + sin(u)·exp(−u²)
fn forced(centre: f64) -> Kernel {
    let mut b = Builder::new();
    let (laplace, k, u) = (laplace(&mut b, 0, centre), b.parameter(0), b.load(0, [0; 3]));
    let (sine, square) = (b.unary(Unary::Sin, u), times(&mut b, u, u));
    let minus = b.unary(Unary::Negate, square);
    let bell = b.unary(Unary::Exp, minus);
    let force = times(&mut b, sine, bell);
    let rate = add(&mut b, laplace, force);
    let change = times(&mut b, k, rate);
    let new = add(&mut b, u, change);
    b.output_with(new, None, true);
    b.finish()
}

/// u + k·(laplace(u) + f(u)) with f(u) = u − u³, made of operations or as a native function.
fn reacting(centre: f64, native: bool) -> Kernel {
    let mut b = Builder::new();
    let (laplace, k, u) = (laplace(&mut b, 0, centre), b.parameter(0), b.load(0, [0; 3]));
    let reaction = if native {
        let f = Native::new("f", |u: f64| u - u * u * u);
        b.native(&f, &[u])
    } else {
        let square = times(&mut b, u, u);
        let cube = times(&mut b, square, u);
        b.binary(Binary::Subtract, u, cube)
    };
    let rate = add(&mut b, laplace, reaction);
    let change = times(&mut b, k, rate);
    let new = add(&mut b, u, change);
    b.output_with(new, None, true);
    b.finish()
}

/// Millions of cells in a second, the best of many sweeps over n × n cells.
fn speed(backend: Backend, kernel: &Kernel, n: usize) -> f64 {
    const LINE: usize = 8;
    let rows = backend.compile(kernel);
    let pitch = n + 2 * LINE;
    let length = ((n + 2) * pitch).next_multiple_of(512) + 9 * LINE;
    let mut memory: Vec<f64> =
        (0..11 * length + LINE).map(|i| 0.5 + 0.3 * (i as f64 * 0.37).sin()).collect();
    let shift = memory.as_ptr().align_offset(64);
    let memory = &mut memory[shift..];
    let start = |k: usize| k * length + pitch + LINE;
    let mut inputs: Vec<_> = (0..6).map(start).collect();
    let mut outputs: Vec<_> = (kernel.outputs().iter().enumerate())
        .map(|(k, output)| start(output.in_place.map_or(6 + k, |input| input as usize)))
        .collect();
    let mut scratch = Scratch::default();
    let sweeps = (4 << 20) / (n * n) + 1;
    let mut best = f64::INFINITY;
    for _ in 0..40 {
        let begin = Instant::now();
        for _ in 0..sweeps {
            let mut call = Call {
                memory,
                inputs: &inputs,
                outputs: &outputs,
                pitch: [0, pitch],
                parameters: &[0.1, 0.05],
                profiles: &[],
                ahead: 0,
            };
            let cells = [(0, 1), (0, n as isize), (0, n as isize)];
            black_box(rows.run(&mut call, cells, &mut scratch));
            for (k, output) in kernel.outputs().iter().enumerate() {
                if output.in_place.is_none() && kernel.outputs().len() < 4 {
                    std::mem::swap(&mut inputs[k], &mut outputs[k]);
                }
            }
        }
        best = best.min(begin.elapsed().as_secs_f64() / sweeps as f64);
    }
    (n * n) as f64 / best / 1e6
}

/// A kernel with the given number in it.
type Make = fn(f64) -> Kernel;

/// Milliseconds that compiling takes, at best.
fn compile_time(backend: Backend, kernel: Make) -> f64 {
    let time = |k| {
        let kernel = kernel(4.0 + f64::from(k) * 1e-3);
        let begin = Instant::now();
        black_box(backend.compile(&kernel));
        begin.elapsed().as_secs_f64() * 1e3
    };
    (1..20).map(time).fold(f64::INFINITY, f64::min)
}

/// Cells along each axis: in the first, second and third level of the cache, and beyond.
const SIZES: [usize; 4] = [32, 256, 1024, 2048];

fn main() {
    let begin = Instant::now();
    Backend::default().compile(&heat(3.0));
    println!("first kernel compiled in {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    let kernels: [(&str, Make); 6] = [
        ("heat", heat),
        ("gray_scott", gray_scott),
        ("gray_scott_stage", gray_scott_stage),
        ("forced", forced),
        ("reacting", |centre| reacting(centre, false)),
        ("reacting_native", |centre| reacting(centre, true)),
    ];
    for (name, kernel) in kernels {
        for backend in Backend::ALL {
            let compiled = compile_time(*backend, kernel);
            print!("{name:17} {backend:9} compiled in {compiled:5.1} ms,");
            for n in SIZES {
                print!("  {n}²: {:5.0}", speed(*backend, &kernel(4.0), n));
            }
            println!(" Mcell/s");
        }
    }
}
