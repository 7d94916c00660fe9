"""W9: the seconds that 50 snapshots of 1024² cells take to be written, into the page cache."""

import json
import os
import shutil
import statistics
import subprocess

import machine
from workloads import ENVIRONMENT, PYTHON, built, mpirun, python

SNAPSHOTS, N = 50, 1024
FOLDER = os.path.join(machine.BUILT, "output")

PROBLEM = f"""
[grid]
x = {{ bounds = [0, {N}], cells = {N}, periodic = true }}
y = {{ bounds = [0, {N}], cells = {N}, periodic = true }}
[equations]
u = "laplace(u)"
[initial]
u = "0.5 + 0.3*sin(0.37*x)*cos(0.23*y)"
[time]
end = {SNAPSHOTS - 1}
dt = 0.25
scheme = "euler"
[output]
every = 1
"""


def fluxions(launcher, ranks=None):
    def seconds(run):
        problem, folder = os.path.join(FOLDER, "problem.toml"), os.path.join(FOLDER, "run")
        with open(problem, "w") as file:
            file.write(PROBLEM)
        command = [*launcher, built("fluxions"), "run", problem, "--out", folder]
        run([*command, "--overwrite", "--quiet", *(["--ranks", str(ranks)] if ranks else [])])
        with open(os.path.join(folder, "report.json")) as file:
            return json.load(file)["output_seconds"]

    return seconds


def printed(*command):
    """Of a program that prints the seconds itself."""
    return lambda run: float(run([*command, str(SNAPSHOTS), str(N)]).split()[-1])


def writers():
    """Names, ranks, and functions that write and return the seconds."""
    file = os.path.join(FOLDER, "data.h5")
    script = [PYTHON, python("hdf5_output.py")]
    return [
        ("Fluxions, threads", 1, fluxions([], 1)),
        ("Fluxions, threads", 2, fluxions([], 2)),
        ("Fluxions, MPI", 2, fluxions(mpirun(2))),
        ("C with HDF5", 1, printed(*mpirun(1), built("hdf5_output"), file)),
        ("C with HDF5", 2, printed(*mpirun(2), built("hdf5_output"), file)),
        ("h5py, one dataset", 1, printed(*script, "contiguous", file)),
        ("h5py, a chunk each", 1, printed(*script, "chunked", file)),
        ("py-pde, uncompressed", 1, printed(*script, "pypde", file)),
        ("py-pde", 1, printed(*script, "pypde_compressed", file)),
    ]


def measure(rounds, wanted, priority):
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
        for tool, ranks, writer in writers():
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
