"""The seconds that output takes: 50 snapshots of 1024² cells (W9), and by itself what is small.

python output.py [--rounds N]: prints a table of many small snapshots, and of values at points.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess

import machine
from workloads import ENVIRONMENT, PYTHON, built, mpirun, python

SNAPSHOTS, N = 50, 1024
# Where it is written: in memory, such as /dev/shm/output, the disk plays no part.
FOLDER = os.environ.get("OUTPUT_FOLDER", os.path.join(machine.BUILT, "output"))
# Snapshots, and cells along each of two axes.
SMALL = ((501, 96), (4000, 8))
# Values at points, at each of so many steps.
POINTS, STEPS = 101, 1000


def problem(steps, n, output):
    return f"""
[grid]
x = {{ bounds = [0, {n}], cells = {n}, periodic = true }}
y = {{ bounds = [0, {n}], cells = {n}, periodic = true }}
[equations]
u = "laplace(u)"
[initial]
u = "0.5 + 0.3*sin(0.37*x)*cos(0.23*y)"
[time]
end = {steps / 4}
dt = 0.25
scheme = "euler"
[output]
picture = false
{output}
"""


def of_snapshots(snapshots, n):
    return problem(4 * (snapshots - 1), n, "every = 1")


def of_points():
    probes = [
        f'[[output.probe]]\nname = "p{k}"\nat = [{0.5 + 0.9 * k}, 48.2]\nevery = 0.25\n'
        for k in range(POINTS)
    ]
    return problem(STEPS, 96, f"every = {STEPS / 4}\n" + "".join(probes))


def fluxions(launcher, ranks=None, text=None):
    def seconds(run):
        problem, folder = os.path.join(FOLDER, "problem.toml"), os.path.join(FOLDER, "run")
        with open(problem, "w") as file:
            file.write(text or of_snapshots(SNAPSHOTS, N))
        command = [*launcher, built("fluxions"), "run", problem, "--out", folder]
        run([*command, "--overwrite", "--quiet", *(["--ranks", str(ranks)] if ranks else [])])
        with open(os.path.join(folder, "report.json")) as file:
            return json.load(file)["output_seconds"]

    return seconds


def printed(*command):
    """Of a program that prints the seconds itself."""
    return lambda run: float(run(list(map(str, command))).split()[-1])


def of_fluxions(text):
    return [
        ("Fluxions, threads", 1, fluxions([], 1, text)),
        ("Fluxions, threads", 2, fluxions([], 2, text)),
        ("Fluxions, MPI", 2, fluxions(mpirun(2), None, text)),
    ]


def writers(snapshots=SNAPSHOTS, n=N):
    """Names, ranks, and functions that write and return the seconds."""
    file = os.path.join(FOLDER, "data.h5")
    script = [PYTHON, python("hdf5_output.py")]
    of = (file, snapshots, n)
    return of_fluxions(of_snapshots(snapshots, n)) + [
        ("C with HDF5", 1, printed(*mpirun(1), built("hdf5_output"), *of)),
        ("C with HDF5", 2, printed(*mpirun(2), built("hdf5_output"), *of)),
        ("h5py, one dataset", 1, printed(*script, "contiguous", *of)),
        ("h5py, a chunk each", 1, printed(*script, "chunked", *of)),
        ("h5py, flushed", 1, printed(*script, "flushed", *of)),
        ("py-pde, uncompressed", 1, printed(*script, "pypde", *of)),
        ("py-pde", 1, printed(*script, "pypde_compressed", *of)),
    ]


def writers_of_points():
    file = os.path.join(FOLDER, "data.h5")
    script = [PYTHON, python("hdf5_output.py")]
    return of_fluxions(of_points()) + [
        ("h5py, flushed", 1, printed(*script, "points", file, STEPS, POINTS)),
    ]


def measure(rounds, wanted, priority, writers_of=writers):
    """The median seconds of each writer, by name and ranks."""

    def run(command):
        done = subprocess.run(
            command,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            preexec_fn=priority.as_worker,
        )
        if done.returncode != 0:
            raise OSError(done.stderr[-400:].strip())
        return done.stdout

    samples, errors = {}, {}
    for _ in range(rounds):
        for tool, ranks, writer in writers_of():
            name = f"{tool}, {ranks}"
            if not wanted(tool) or name in errors:
                continue
            os.makedirs(FOLDER, exist_ok=True)
            try:
                with machine.alone():
                    samples.setdefault(name, []).append(writer(run))
            except OSError as error:
                errors[name] = str(error)
                print(f"  {name:32} {error}", flush=True)
            shutil.rmtree(FOLDER)
    results = {name: {"error": error} for name, error in errors.items()}
    for name, seconds in samples.items():
        if name not in errors:
            results[name] = {"seconds": statistics.median(seconds), "samples": seconds}
            print(f"  {name:32} {results[name]['seconds']:.3f} s", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    cases = [
        (f"{count} of {n}²", lambda count=count, n=n: writers(count, n)) for count, n in SMALL
    ]
    cases.append((f"{POINTS} points, {STEPS} steps", writers_of_points))
    table, priority = {}, machine.Priority(False)
    for name, writers_of in cases:
        print(name)
        for tool, result in measure(rounds, lambda tool: True, priority, writers_of).items():
            table.setdefault(tool, {})[name] = result.get("seconds")
    print("\n| output, seconds |", " | ".join(name for name, _ in cases), "|")
    print("| --- |" + " --- |" * len(cases))
    for tool, found in table.items():
        seconds = [found.get(name) for name, _ in cases]
        print(f"| {tool} |", " | ".join("–" if s is None else f"{s:.3f}" for s in seconds), "|")


if __name__ == "__main__":
    main()
