#!/usr/bin/env python3
"""Solvers beside plain C, PETSc and SUNDIALS: elliptic problems, implicit, stabilised and adaptive steps.

    benches/solvers.py target/release/fluxions [--only S1,S3] [--rounds 3] [--ranks 1]

The other programs are built in target/peers/solvers, those of PETSc and SUNDIALS where these are installed (Debian:
petsc-dev, libsundials-dev); reference states are computed there once, which takes minutes. In each round every program
runs once, in turn. Printed are medians of the seconds of solving or stepping, without set-up of the program, and
errors: relative L2 distances to the reference states, or residuals of S1. Needs h5py, NumPy and SciPy.

S1  Poisson's equation to 1e-10 of the first residual: 1024², periodic 1024², 128³
S2  heat 1024², 20 backward Euler steps of 1000 explicit limits
S3  Allen-Cahn 256² to t = 50, Cahn-Hilliard 256² to t = 20
S4  Brusselator 128² to t = 11.5 (Hairer & Wanner 1996, "Solving ODEs II", section IV.10)
S5  Gray-Scott 256² to t = 500, adaptive explicit
S6  heat 512² to t = 0.05: 52 429 steps of explicit Euler
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import h5py
import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "solvers")
BIN = os.path.join(os.path.dirname(HERE), "../target/peers/solvers")
PETSC = "/usr/lib/petscdir"
MG = "-pc_type mg -pc_mg_galerkin none -mg_levels_ksp_type richardson -mg_levels_pc_type sor -mg_levels_ksp_max_it 1"
GALERKIN = "-pc_type mg -pc_mg_galerkin pmat -mg_levels_ksp_type richardson -mg_levels_pc_type sor -mg_levels_ksp_max_it 1"


def build():
    """Builds what can be built."""
    os.makedirs(BIN, exist_ok=True)
    flags = ["-O3", "-march=native"]

    def compiled(name, compiler, *more):
        program = os.path.join(BIN, name)
        if not os.path.exists(program):
            source = os.path.join(HERE, name + ".c")
            subprocess.run([compiler, *flags, "-o", program, source, *more], check=True)

    compiled("mg", "gcc", "-fopenmp", "-lm")
    compiled("rkc", "gcc", "-lm")
    if os.path.exists("/usr/include/cvode"):
        libraries = "cvode arkode nvecserial sunlinsolspgmr sunlinsolpcg sunnonlinsolfixedpoint"
        compiled("ts_sundials", "gcc", *[f"-lsundials_{name}" for name in libraries.split()], "-lm")
    if os.path.isdir(PETSC):
        packages = subprocess.run(["find", PETSC + "/", "-name", "PETSc.pc"], capture_output=True, text=True).stdout
        path = os.path.dirname(packages.split()[0])
        flags_of = ["pkg-config", "--cflags", "--libs", "PETSc"]
        found = subprocess.run(flags_of, env=dict(os.environ, PKG_CONFIG_PATH=path), capture_output=True, text=True)
        for name in ["s1_petsc", "ts_petsc"]:
            compiled(name, "mpicc", *found.stdout.split(), "-lm")


def grid(n, length, dimensions=2, periodic=True):
    axis = f"{{ bounds = [0, {length}], cells = {n}, periodic = {str(periodic).lower()} }}"
    return "[grid]\n" + "".join(f"{name} = {axis}\n" for name in "xyz"[:dimensions])


def poisson(n, dimensions, periodic):
    wall = "" if periodic else "[boundary]\n" + "".join(f"{x} = {{ value = 0 }}\n" for x in "xyz"[:dimensions])
    waves = "sin(6*pi*x)*cos(4*pi*y)"
    # Rough, as that of the other programs, and of average 0 where the ends are joined.
    rough = "mod(7919*x*(1 - x) + 104729*y*(1 - y), 1) - 0.5"
    right = f"({waves} + {rough} - average({waves} + {rough}))" if periodic else f"({waves} + {rough})"
    return f'{grid(n, 1, dimensions, periodic)}[solve]\nphi = "laplace(phi) + {right}"\n{wall}[solver]\ntolerance = 1e-10\n'


AC = "0.2*(sin(3*q*x + 0.3)*cos(2*q*y) + cos(5*q*x)*sin(4*q*y + 1) + 0.7*sin(7*q*x + 2*q*y) + 0.9*cos(2*q*x - 6*q*y + 0.5))"
HEAT = "where((abs(x - 0.5) < 0.25) and (abs(y - 0.4) < 0.2), 1, 0) + 0.5*sin(3*q*x)*cos(q*y)"
PROBLEMS = {
    "heat": (1, {"u": "laplace(u)"}, {"u": HEAT}, 0.05),
    "ac": (64, {"u": "laplace(u) + u - u^3"}, {"u": AC}, 50),
    "ch": (128, {"u": "laplace(u^3 - u - laplace(u))"}, {"u": AC}, 20),
    "brus": (
        1,
        {
            "u": "0.1*laplace(u) + 1 + u^2*v - 4.4*u + where((t >= 1.1) and ((x - 0.3)^2 + (y - 0.6)^2 <= 0.01), 5, 0)",
            "v": "0.1*laplace(v) + 3.4*u - u^2*v",
        },
        {"u": "22*y*(1 - y)^1.5", "v": "27*x*(1 - x)^1.5"},
        11.5,
    ),
    "gs": (
        2.5,
        {
            "u": "2e-5*laplace(u) + 0.037*(1 - u) - u*v^2",
            "v": "1e-5*laplace(v) + u*v^2 - 0.097*v",
        },
        {
            "u": "1 - 0.5*where((abs(x - 1.25) < 0.2) and (abs(y - 1.25) < 0.3), 1, 0)",
            "v": "0.25*where((abs(x - 1.25) < 0.2) and (abs(y - 1.25) < 0.3), 1, 0)*(1 + 0.05*sin(3*q*x)*sin(2*q*y))",
        },
        500,
    ),
}


def evolution(name, n, time):
    length, equations, initial, end = PROBLEMS[name]
    lines = [grid(n, length), f'[parameters]\nq = "2*pi/{length}"\n', "[equations]\n"]
    lines += [f'{field} = "{value}"\n' for field, value in equations.items()]
    lines += ["[initial]\n"] + [f'{field} = "{value}"\n' for field, value in initial.items()]
    return "".join(lines) + time.replace("END", repr(float(end)))


def adaptive(scheme, tolerance):
    return (
        f'[time]\nend = END\nscheme = "{scheme}"\n'
        f"tolerance = {{ relative = {tolerance}, absolute = {tolerance / 10} }}\n"
    )


def fluxions(program, problem, ranks, reference=None):
    """Seconds of stepping, and the error."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "p.toml"), "w") as file:
            file.write(problem + "[output]\npicture = false\n")
        command = [program, "run", "p.toml", "--quiet", "--ranks", str(ranks)]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "p/report.json")) as file:
            report = json.load(file)
        if reference is None:
            error = report.get("solver", {}).get("residual")
            first = report.get("solver", {}).get("first_residual")
            return report["stepping_seconds"], error / first if error and first else None
        with h5py.File(os.path.join(folder, "p/series.h5")) as series:
            # Those of the other programs run fastest along x.
            fields = [series["fields"][name][-1].T.ravel() for name in ("u", "v") if name in series["fields"]]
        found, expected = np.concatenate(fields), np.fromfile(reference)
        return report["stepping_seconds"], np.linalg.norm(found - expected) / np.linalg.norm(expected)


def other(command, ranks):
    """Seconds of solving or stepping, and the error; nothing where the program is not there."""
    name, *arguments = command.split()
    program = os.path.join(BIN, name)
    if not os.path.exists(program):
        return None
    environment = dict(os.environ, OMP_NUM_THREADS=str(ranks), OMPI_MCA_rmaps_base_oversubscribe="1")
    command = [program, *arguments]
    if ranks > 1 and "petsc" in name:
        command = ["mpirun", "-n", str(ranks), *command]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        return None
    found = json.loads(lines[-1].replace(":nan", ":NaN"))
    return found.get("solve", found.get("wall")), found.get("rel", found.get("error"))


def stiff(name, n, tolerance, schemes, levels, petsc, sundials, looser=()):
    reference = f"{BIN}/ref_{name}{n}"
    implicit = 'implicit = { u = "-laplace(laplace(u))" }\n' if name == "ch" else ""

    def ours(scheme, tolerance):
        time = adaptive(scheme, tolerance) + (implicit if scheme == "ark3" else "")
        return evolution(name, n, time), reference

    rows = {f"Fluxions {scheme}": ours(scheme, tolerance) for scheme in schemes}
    # Of high order, with errors far below the tolerance.
    for scheme, factor in looser:
        rows[f"Fluxions {scheme}, {factor:g} x the tolerance"] = ours(scheme, factor * tolerance)
    # Norms of errors differ from program to program: times are to be read at equal errors.
    rows |= {
        f"Fluxions {scheme}, 10 x the tolerance": ours(scheme, 10 * tolerance)
        for scheme in schemes
        if scheme != "auto"
    }
    if name != "ch":
        for label, limit in [("C rkc2", tolerance), ("C rkc2, 0.3 x the tolerance", 0.3 * tolerance)]:
            rows[label] = f"rkc {name} {n} rkc2 {limit} {limit / 10} -ref {reference}"
    for label, options in petsc.items():
        rows[f"PETSc {label}"] = (
            f"ts_petsc -prob {name} -n {n} -ref {reference} {options} -ts_rtol {tolerance} -ts_atol {tolerance / 10} "
            f"-pc_mg_levels {levels} {GALERKIN} -name {label}"
        )
    for label in sundials:
        rows[f"SUNDIALS {label}"] = f"ts_sundials {name} {n} {label} {tolerance} {tolerance / 10} -ref {reference}"
    return rows


BDF2 = "-ts_type bdf -full -ksp_type gmres -snes_rtol 1e-3 -ksp_rtol 1e-3"
ROSW = "-ts_type rosw -full -ksp_type gmres -ksp_rtol 1e-4"
HIGH = [("ark4", 10), ("ark4", 100), ("sdirk4", 100), ("sdirk4", 1000)]
IMEX = "-ts_type arkimex -snes_type ksponly -ksp_type cg -ksp_rtol 1e-4"


def rows_of_s1():
    for n, d, periodic, levels in [(1024, 2, False, 9), (1024, 2, True, 9), (128, 3, False, 6)]:
        bounds = "per" if periodic else "dir"
        yield f"S1 {n}^{d} {'periodic' if periodic else 'values 0'}", {
            "Fluxions": (poisson(n, d, periodic), None),
            "C, FMG and V(2,1)": f"mg {d} {n} {bounds} 2 1 fmg 1e-10 1",
            "PETSc CG + multigrid": f"s1_petsc -d {d} -n {n} -bc {bounds} -reps 1 -pc_mg_levels {levels} -ksp_type cg {MG} -name cg",
        }


def rows_of_s2():
    n = 1024
    end = 20 * 1000 * 0.25 / n**2
    time = f'[time]\nend = {end!r}\ndt = {end / 20!r}\nscheme = "backward-euler"\n[solver]\ntolerance = 1e-8\n'
    yield "S2 heat 1024^2, 20 steps of backward Euler", {
        "Fluxions": (evolution("heat", n, time), None),
        "PETSc CG + multigrid": (
            f"ts_petsc -prob heat -n {n} -T {end!r} -ts_dt {end / 20!r} -ts_adapt_type none -snes_type ksponly "
            f"-ts_type beuler -ksp_type cg -ksp_rtol 1e-8 -pc_mg_levels 8 {GALERKIN} -name beuler"
        ),
    }


def rows_of_s3():
    petsc = {"bdf2": BDF2, "rosw": ROSW, "arkimex3": IMEX}
    yield "S3 Allen-Cahn 256^2, 1e-4", stiff("ac", 256, 1e-4, ["rkc2", "ark3", "tr-bdf2", "bdf2"], 6, petsc, ["bdf", "erk5"], HIGH)
    yield "S3 Cahn-Hilliard 256^2, 1e-4", stiff("ch", 256, 1e-4, ["ark3", "tr-bdf2"], 6, petsc, ["bdf"])


def rows_of_s4():
    petsc = {"bdf2": BDF2, "rosw": ROSW, "arkimex3": IMEX}
    yield "S4 Brusselator 128^2, 1e-4", stiff("brus", 128, 1e-4, ["rkc2", "ark3", "tr-bdf2"], 5, petsc, ["bdf"], HIGH)


def rows_of_s5():
    reference = f"{BIN}/ref_gs256"
    for tolerance in [1e-4, 1e-6]:
        limits = f"-ts_rtol {tolerance} -ts_atol {tolerance / 10}"
        yield f"S5 Gray-Scott 256^2, {tolerance:g}", {
            **{f"Fluxions {s}": (evolution("gs", 256, adaptive(s, tolerance)), reference) for s in ["tsit5", "dormand-prince"]},
            "PETSc rk5dp": f"ts_petsc -prob gs -n 256 -explicit -ref {reference} -ts_type rk -ts_rk_type 5dp {limits} -name rk5dp",
            "SUNDIALS erk5": f"ts_sundials gs 256 erk5 {tolerance} {tolerance / 10} -ref {reference}",
        }


def rows_of_s6():
    yield "S6 heat 512^2, 1e-3", stiff(
        "heat", 512, 1e-3, ["rkc2", "ark3", "tr-bdf2", "auto"], 7, {"bdf2": BDF2, "arkimex3": IMEX}, [], HIGH
    )


ROWS = {"S1": rows_of_s1, "S2": rows_of_s2, "S3": rows_of_s3, "S4": rows_of_s4, "S5": rows_of_s5, "S6": rows_of_s6}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fluxions")
    parser.add_argument("--only", default=",".join(ROWS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ranks", type=int, default=1)
    options = parser.parse_args()
    program = os.path.abspath(options.fluxions)
    build()
    if any(row in options.only for row in ["S3", "S4", "S5", "S6"]):
        subprocess.run([sys.executable, f"{HERE}/refs.py", BIN], check=True, stdout=subprocess.DEVNULL)
    for row in options.only.split(","):
        for title, cases in ROWS[row]():
            found = {name: [] for name in cases}
            for _ in range(options.rounds):
                for name, case in cases.items():
                    ours = isinstance(case, tuple)
                    one = fluxions(program, case[0], options.ranks, case[1]) if ours else other(case, options.ranks)
                    if one is not None:
                        found[name].append(one)
            print(f"\n| {title} | seconds | error |\n| --- | --- | --- |")
            for name, runs in found.items():
                if runs:
                    seconds, error = statistics.median(run[0] for run in runs), runs[-1][1]
                    error = "–" if error is None or error != error else f"{error:.1e}"
                    print(f"| {name} | {seconds:.3f} | {error} |", flush=True)


if __name__ == "__main__":
    main()
