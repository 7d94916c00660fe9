#!/usr/bin/env python3
"""The cost model of `fluxions check --ranks`, beside measured steps and on large machines.

    benches/scaling.py measure [PROGRAM] [--rounds 5] [--ranks 1 2 4] [--mpi mpirun]
    benches/scaling.py curves [PROGRAM]

`measure`: for some problems on 1, 2 and 4 ranks, as threads: the time of a step that the model predicts, and that which
`fluxions run` takes (stepping_seconds over the steps), in turn; the medians over the rounds, their ratio, and the least and the
largest time measured. With --mpi as processes started by this mpirun, on more ranks than cores on a machine described under it.
`curves`: strong and weak scaling to 10^5 ranks on two machines of the model's table, as the tables of docs/SCALING.md.
PROGRAM is target/release/fluxions by default. Needs Python only.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
HEAT = '[equations]\nu = "laplace(u)"\n[initial]\nu = "sin(2*pi*x)"\n'
GRAY_SCOTT = """[equations]
u = "2e-5*laplace(u) - u*v^2 + 0.037*(1 - u)"
v = "1e-5*laplace(v) + u*v^2 - 0.097*v"
[initial]
u = "1 - 0.5*exp(-60*(x - 0.5)^2)"
v = "0.25*exp(-60*(x - 0.5)^2)"
"""


def problem(axes, cells, body, scheme):
    """A problem on cells in a unit square or cube, which makes so many steps as it is told to."""
    lines = [f"{axis} = {{ bounds = [0, 1], cells = {cells}, periodic = true }}" for axis in axes]
    time = f'[time]\nend = 1\ndt = 1e-12\nscheme = "{scheme}"\n[output]\nevery = 1e9\npicture = false\n'
    return "[grid]\n" + "\n".join(lines) + "\n" + body + time


MEASURED = {
    "heat, 2048², euler": (problem("xy", 2048, HEAT, "euler"), 400),
    "heat, 256², euler": (problem("xy", 256, HEAT, "euler"), 20000),
    "heat, 64², euler": (problem("xy", 64, HEAT, "euler"), 100000),
    "heat, 128³, rk4": (problem("xyz", 128, HEAT, "rk4"), 60),
    "Gray–Scott, 1024², rk4": (problem("xy", 1024, GRAY_SCOTT, "rk4"), 60),
}


class Fluxions:
    def __init__(self, program, folder):
        self.program, self.folder = program, Path(folder)

    def write(self, text):
        path = self.folder / "problem.toml"
        path.write_text(text)
        return path

    def predicted(self, text, ranks, machine=None):
        """The seconds of a step and of its parts on so many ranks, in the order of the table."""
        more = ["--machine", machine] if machine else []
        command = [self.program, "check", self.write(text), "--ranks", str(ranks), *more]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for line in told.splitlines():
            row = re.findall(r"(\d[\d.]*)(?: (ns|µs|ms|s|%))?(?=\s|$)", line.strip())
            if len(row) == 8 and row[0] == (str(ranks), "") and row[-1][1] == "%":
                return [float(x) * UNITS.get(unit, 1.0) for x, unit in row[1:-1]], told
        raise SystemExit(f"no prediction in:\n{told}")

    def described(self, ranks, mpi):
        """The description of this machine with so many processes."""
        path = self.folder / "machine.toml"
        command = [mpi, "-n", str(ranks), self.program, "bench", "--save", path]
        subprocess.run(command, check=True, capture_output=True)
        return path

    def measured(self, text, ranks, steps, mpi=None):
        out = self.folder / "out"
        start = [mpi, "-n", str(ranks), self.program] if mpi else [self.program]
        command = [*start, "run", self.write(text), "--out", out, "--overwrite", "--quiet"]
        command += ["--set", f"time.max_steps={steps}"] + ([] if mpi else ["--ranks", str(ranks)])
        subprocess.run(command, check=True)
        report = json.loads((out / "report.json").read_text())
        return report["stepping_seconds"] / report["steps"]


def measure(fluxions, rounds, chosen, mpi):
    print("| problem | ranks | predicted, µs | measured, µs | from … to | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, (text, steps) in MEASURED.items():
        for ranks in chosen:
            described = mpi and ranks > os.cpu_count()
            pairs = []
            for _ in range(rounds):
                machine = fluxions.described(ranks, mpi) if described else None
                predicted = fluxions.predicted(text, ranks, machine)[0][0]
                pairs.append((predicted, fluxions.measured(text, ranks, steps, mpi)))
            predicted, measured = (statistics.median(column) for column in zip(*pairs))
            times = [seconds for _, seconds in pairs]
            spread = f"{min(times) * 1e6:.1f} … {max(times) * 1e6:.1f}"
            ratio = predicted / measured
            print(f"| {name} | {ranks} | {predicted * 1e6:.1f} | {measured * 1e6:.1f} | {spread} | {ratio:.2f} |", flush=True)


# From a full node on.
RANKS = {"archer2": [128, 1024, 8192, 65536, 131072], "gigabit": [8, 64, 1024, 8192, 131072]}
CURVES = {
    "strong: heat by rk4, 1024³ cells": lambda ranks: problem("xyz", 1024, HEAT, "rk4"),
    "strong: Gray–Scott by rk4, 8192² cells": lambda ranks: problem("xy", 8192, GRAY_SCOTT, "rk4"),
    "weak: heat by rk4, 64³ cells a rank": lambda ranks: problem(
        "xyz", round(64 * ranks ** (1 / 3)), HEAT, "rk4"
    ),
    "weak: Gray–Scott by rk4, 256² cells a rank": lambda ranks: problem(
        "xy", round(256 * ranks**0.5), GRAY_SCOTT, "rk4"
    ),
}
PARTS = ["computing", "latency", "transfer", "copying", "reducing"]


def curves(fluxions):
    for machine, list_of_ranks in RANKS.items():
        for name, text in CURVES.items():
            print(f"\n{machine}, {name}\n")
            print("| ranks | a step, ms | efficiency | largest part beside computing |\n| --- | --- | --- | --- |")
            one, last = None, ""
            for ranks in list_of_ranks:
                (seconds, *parts), last = fluxions.predicted(text(ranks), ranks, machine)
                one = one or seconds
                more = ranks / list_of_ranks[0] if name.startswith("strong") else 1
                share = one / seconds / more
                most = max(range(1, 5), key=lambda part: parts[part])
                beside = f"{PARTS[most]}, {100 * parts[most] / seconds:.0f} %"
                print(f"| {ranks} | {seconds * 1e3:.3f} | {100 * share:.0f} % | {beside} |", flush=True)
            if name.startswith("strong"):
                print("\n" + "\n".join(line.strip() for line in last.splitlines()[-2:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["measure", "curves"])
    parser.add_argument("program", nargs="?", default="target/release/fluxions")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--mpi")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fluxions = Fluxions(arguments.program, folder)
        if arguments.what == "measure":
            measure(fluxions, arguments.rounds, arguments.ranks, arguments.mpi)
        else:
            curves(fluxions)


if __name__ == "__main__":
    main()
