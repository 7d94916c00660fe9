#!/usr/bin/env python3
"""fluxions-comm and fluxions-halo beside C and numba-mpi: calls, messages, reductions, halos.

    benches/mpi/driver.py [--only call,pingpong,allreduce,pi,halo,threads] [--mpi openmpi,mpich] [--rounds 3] [--funneled]

Builds what it needs in target/peers/mpi, for each MPI that is installed (mpicc.openmpi, mpicc.mpich). In each round every
program runs once, in turn: C, then comm, then numba-mpi where the environment of this script has it. A program gives the
best of 200 short bursts, each as slow as its slowest rank; a figure is the median over the rounds. Printed are
microseconds of C, and the others as ratios to it: compare figures of one row only. All start MPI at the thread level
SINGLE, or at FUNNELED; numba-mpi always asks for MULTIPLE. Halos over threads stand beside those of the first MPI's C.
"""

import argparse
import collections
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILT = ROOT / "target/peers/mpi"
CARGO = os.environ.get("CARGO", "cargo")
BLOCKS = ["1 512 512", "1 2048 2048", "128 128 128"]
WAYS = ["persistent", "isend", "axes", "persistent types", "neighbor packed", "neighbor types", "shared"]
BENCHES = ["call", "pingpong", "allreduce", "pi", "halo", "threads"]


def compiles(mpi):
    """Whether an MPI is there with its headers."""
    if not shutil.which(f"mpicc.{mpi}"):
        return False
    command = [f"mpicc.{mpi}", "-x", "c", "-E", "-o", "/dev/null", "-"]
    return subprocess.run(command, input="#include <mpi.h>", text=True, stderr=subprocess.DEVNULL).returncode == 0


def build(mpi):
    BUILT.mkdir(parents=True, exist_ok=True)
    for name in ["calls", "halo"]:
        subprocess.run([f"mpicc.{mpi}", "-O3", "-march=native", "-w", "-o", BUILT / f"{name}.{mpi}", HERE / f"{name}.c"], check=True)
    # rsmpi does not build anew for another MPI, so each has a folder. For this processor, as C.
    target = str(BUILT / f"target.{mpi}")
    env = dict(os.environ, MPICC=f"mpicc.{mpi}", CARGO_TARGET_DIR=target, RUSTFLAGS="-C target-cpu=native")
    words = [CARGO, "build", "--release", "--package", "fluxions-halo", "--bench", "mpi", "--message-format=json"]
    lines = subprocess.run(words, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    found = [line.split('"executable":"')[1].split('"')[0] for line in lines if '"executable":"' in line]
    shutil.copy(found[-1], BUILT / f"worker.{mpi}")


def launch(mpi, ranks, words, funneled):
    """The lines that a program prints on so many ranks, each bound to a core if there are enough."""
    env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1")
    if funneled:
        env["FUNNELED"] = "1"
    command = [str(word) for word in words]
    if mpi:
        bind = "--bind-to" if mpi == "openmpi" else "-bind-to"
        start = [f"mpirun.{mpi}", "-n", str(ranks), *([bind, "core"] if ranks <= os.cpu_count() else [])]
        command = start + command
    if mpi == "mpich" and "python" in command[-3]:
        # mpi4py's wheel asks for libmpi.so.12; Debian's MPICH has the same interface under another name.
        link = BUILT / "mpich_as_libmpi/libmpi.so.12"
        link.parent.mkdir(exist_ok=True)
        if not link.exists():
            link.symlink_to(next(pathlib.Path("/usr/lib").glob("*/libmpich.so.12")))
        env.update(MPI4PY_MPIABI="mpich", LD_LIBRARY_PATH=str(link.parent))
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout[-500:]}{done.stderr[-500:]}")
    lines = done.stdout.splitlines()
    if any(line.startswith("# WRONG") for line in lines):
        return []  # MPICH 4.0 swaps the faces of two periodic ranks in neighbourhood collectives
    return [line.split("\t") for line in lines if line.count("\t") == 4]


def cases(bench):
    """The arguments of each case of a benchmark, and its number of ranks."""
    if bench not in ["halo", "threads"]:
        return [(1 if bench == "call" else 2, [bench])]
    found = []
    for block in BLOCKS:
        cuts = ["2 1 1", "1 1 2"] if block.startswith("128") else ["1 2 1", "1 1 2"]
        found += [(2, ["halo", *block.split(), width, *cut.split()]) for cut in cuts for width in "12"]
    return found


def programs(bench, mpi, words):
    """What runs in a round: the MPI that starts it, if any does, and its words."""
    worker = BUILT / f"worker.{mpi}"
    if bench in ["halo", "threads"]:
        ways = [(mpi, [BUILT / f"halo.{mpi}", *words[1:], way]) for way in WAYS]
        return ways + [(mpi if bench == "halo" else None, [worker, *words])]
    found = [(mpi, [BUILT / f"calls.{mpi}", *words]), (mpi, [worker, *words])]
    if has_numba_mpi():
        found.append((mpi, [sys.executable, HERE / "python_worker.py", *words]))
    return found


def has_numba_mpi():
    words = [sys.executable, "-c", "import importlib.util as u, sys; sys.exit(not u.find_spec('numba_mpi'))"]
    return subprocess.run(words).returncode == 0


def table(title, found):
    middle = {key: statistics.median(values) for key, values in found.items()}
    variants = list(dict.fromkeys(variant for _, variant in middle))
    print(f"\n## {title}: microseconds of {variants[0]}, the others as ratios to it")
    ways = [variant for variant in variants if variant in WAYS and variant != "shared"]
    best = ["best of C"] if ways else []
    print("| | " + " | ".join(variants + best) + " |\n|---|" + "---|" * len(variants + best))
    for parameter in dict.fromkeys(parameter for parameter, _ in middle):
        known = [(variant, middle[parameter, variant]) for variant in variants if (parameter, variant) in middle]
        first, base = known[0]
        cells = {variant: f"{us / base:.2f}" for variant, us in known} | {first: f"{base:.3f}"}
        if ways:
            least = min(us for variant, us in known if variant in ways)
            cells["best of C"] = f"{least / base:.2f}; ours to it {known[-1][1] / least:.2f}"
        print(f"| {parameter} | " + " | ".join(cells.get(variant, "") for variant in variants + best) + " |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", default=",".join(BENCHES))
    arguments.add_argument("--mpi", default="openmpi,mpich")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--cases", default="", help="of halo: only those whose words, with spaces, begin like this")
    arguments.add_argument("--funneled", action="store_true")
    arguments = arguments.parse_args()
    installed = [mpi for mpi in arguments.mpi.split(",") if compiles(mpi) and shutil.which(f"mpirun.{mpi}")]
    for mpi in installed:
        build(mpi)
    for bench in arguments.only.split(","):
        for mpi in installed[:1] if bench == "threads" else installed:
            found = collections.defaultdict(list)
            for _ in range(arguments.rounds):
                for ranks, words in cases(bench):
                    if len(words) > 1 and not " ".join(words[1:]).startswith(arguments.cases):
                        continue
                    for starter, program in programs(bench, mpi, words):
                        for _, variant, parameter, best, _ in launch(starter, ranks, program, arguments.funneled):
                            found[parameter, variant].append(float(best))
            table(f"{bench}, {mpi}", found)


main()
