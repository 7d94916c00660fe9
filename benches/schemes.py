#!/usr/bin/env python3
"""What the schemes cost and how exact they are, on one rank.

    benches/schemes.py target/release/fluxions [ROUNDS]

For each problem and scheme: the median of the seconds of stepping over the rounds, in alternation, and the largest error
beside a solution with a tolerance of 1e-9. Needs Python with h5py and NumPy.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile

import h5py
import numpy

SQUARE = """[grid]
x = {{ bounds = [0, {0}], cells = {1}, periodic = true }}
y = {{ bounds = [0, {0}], cells = {1}, periodic = true }}
"""
WALLS = """[grid]
x = {{ bounds = [0, 1], cells = {0} }}
y = {{ bounds = [0, 1], cells = {0} }}
"""

# Name: the problem without [time], its end, and the schemes.
PROBLEMS = {
    "Gray–Scott, 128²": (
        SQUARE.format(1, 128)
        + """[equations]
u = "2e-5*laplace(u) - u*v^2 + 0.037*(1 - u)"
v = "1e-5*laplace(v) + u*v^2 - 0.097*v"
[initial]
u = "1 - 0.5*exp(-60*((x - 0.5)^2 + (y - 0.45)^2))"
v = "0.25*exp(-60*((x - 0.5)^2 + (y - 0.45)^2))"
""",
        100,
        ["tsit5", "dormand-prince", "rkc2", "ark4", "tr-bdf2"],
    ),
    "Allen–Cahn, 128²": (
        SQUARE.format(1, 128)
        + """[equations]
c = "1e-3*laplace(c) + c - c^3"
[initial]
c = "0.5*sin(2*pi*x)*cos(4*pi*y) + 0.2*cos(6*pi*x)"
""",
        50,
        ["tsit5", "rkc2", "rkl2", "ark3", "ark4", "tr-bdf2"],
    ),
    "heat, 256²": (
        WALLS.format(256)
        + """[equations]
u = "laplace(u)"
[initial]
u = "where(x < 0.3, 1, 0)*cos(pi*y)"
""",
        0.05,
        ["rkc2", "rkl2", "ark3", "ark4", "tr-bdf2"],
    ),
    "Cahn–Hilliard, 64²": (
        SQUARE.format(32, 64)
        + """[define]
mu = "c^3 - c - laplace(c)"
[equations]
c = "laplace(mu)"
[initial]
c = "0.1*cos(pi*x/8)*cos(pi*y/4) + 0.15*sin(pi*x/4 + pi*y/8) + 0.05"
""",
        20,
        ["tsit5", "rkc2", "tr-bdf2"],
    ),
    "van der Pol in each cell, 64": (
        """[grid]
x = { bounds = [0, 3], cells = 64 }
[equations]
u = "v"
v = "10^x*(1 - u^2)*v - u"
[initial]
u = 2
v = 0
""",
        2,
        ["tsit5", "tr-bdf2"],
    ),
}
TOLERANCE = 1e-4
EXACT = {"Cahn–Hilliard, 64²": "tr-bdf2", "van der Pol in each cell, 64": "tsit5"}


def run(fluxions, folder, text, end, scheme, tolerance):
    with open(os.path.join(folder, "p.toml"), "w") as file:
        file.write(f'{text}[time]\nend = {end}\nscheme = "{scheme}"\n')
        file.write(f"tolerance = {{ relative = {tolerance}, absolute = {0.1 * tolerance} }}\n")
    command = [fluxions, "run", "p.toml", "--out", "out", "--overwrite", "--quiet"]
    command += ["--no-picture", "--ranks", "1"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "out/report.json")) as file:
        report = json.load(file)
    with h5py.File(os.path.join(folder, "out/series.h5")) as series:
        fields = series["fields"]
        return report, {name: fields[name][-1] for name in fields}


def main():
    fluxions = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print("| problem | scheme | seconds | error | steps (rejected) | evaluations | iterations |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, end, schemes) in PROBLEMS.items():
            exact = run(fluxions, folder, text, end, EXACT.get(name, "tsit5"), 1e-9)[1]
            seconds = {scheme: [] for scheme in schemes}
            lines = {}
            for _ in range(rounds):
                for scheme in schemes:
                    report, found = run(fluxions, folder, text, end, scheme, TOLERANCE)
                    seconds[scheme].append(report["stepping_seconds"])
                    error = max(numpy.abs(found[k] - exact[k]).max() for k in exact)
                    solver = report["solver"] or {"iterations": 0}
                    lines[scheme] = (
                        f"{error:.1e} | {report['steps']} ({report['rejected_steps']}) | "
                        f"{report['rhs_evaluations']} | {solver['iterations']}"
                    )
            for scheme in schemes:
                median = statistics.median(seconds[scheme])
                print(f"| {name} | {scheme} | {median:.3f} | {lines[scheme]} |", flush=True)


if __name__ == "__main__":
    main()
