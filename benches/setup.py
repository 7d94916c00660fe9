#!/usr/bin/env python3
"""How long it takes to set up problems of growing size, before the first step.

    benches/setup.py [--rounds 3] [--most 1000] [PROGRAM]

PROGRAM is target/release/fluxions by default. For each kind of problem there is a line for each size: the
seconds for reading, checking and planning the problem (`fluxions check --show passes`), those for making it
ready to run (`setup_seconds` in the report of `fluxions run`), their sum, and the sum divided by that of the
line before. Each is the shortest of some rounds. Sizes double, so a ratio of 2 is growth with the size.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GRID = """
[grid]
x = { bounds = [0, 1], cells = 64, periodic = true }
y = { bounds = [0, 1], cells = 64, periodic = true }
"""
TIME = """
[time]
end = 1e-6
dt = 1e-6
scheme = "euler"
[output]
every = 1
"""


def one_field(equation, before="", after=""):
    return f'{GRID}{before}[equations]\nu = "{equation}"\n[initial]\nu = "x"\n{TIME}{after}'


def lines(count, line, start=0):
    return "".join(line(k) + "\n" for k in range(start, count))


def fields(count):
    equations = lines(count, lambda k: f'u{k} = "{k + 1}e-3*laplace(u{k})"')
    initial = lines(count, lambda k: f'u{k} = "x"')
    return f"{GRID}[equations]\n{equations}[initial]\n{initial}{TIME}"


def coupled(count):
    equations = lines(count, lambda k: f'u{k} = "1e-3*laplace(u{k}) - {k}*u{k}*u{(k + 1) % count}^2"')
    initial = lines(count, lambda k: f'u{k} = "x"')
    return f"{GRID}[equations]\n{equations}[initial]\n{initial}{TIME}"


def operators(count):
    return one_field(" + ".join(f"1e-9*laplace(u^{k})" for k in range(1, count + 1)))


def functions(count):
    return one_field("laplace(u) + " + " + ".join(f"1e-9*sin({k}*u)" for k in range(1, count + 1)))


def terms(count):
    return one_field("laplace(u)" + "".join(f" + {k}e-9*u" for k in range(count)))


def parameters(count):
    text = "[parameters]\np0 = 1\n" + lines(count, lambda k: f'p{k} = "p{k - 1} + 1"', 1)
    return one_field(f"p{count - 1}*laplace(u)", text)


def definitions(count):
    text = '[define]\na0 = "u"\n' + lines(count, lambda k: f'a{k} = "a{k - 1} + 1"', 1)
    return one_field(f"laplace(u) + 1e-9*a{count - 1}", text)


def conditions(count):
    text = fields(count).replace(", periodic = true", "")
    return text + lines(count, lambda k: f"[boundary.u{k}]\nx = {{ value = {k} }}")


def unused(count):
    text = "[parameters]\n" + lines(count, lambda k: f"p{k} = {k}")
    return one_field("p0*laplace(u)", text)


def compiled(count):
    """Fields with the default scheme between walls, by LLVM, as in runs of many steps."""
    text = conditions(count).replace('scheme = "euler"\n', "")
    return text + '[execution]\nbackend = "llvm"\n'


def steps(count):
    return one_field("laplace(u)", after=f"[execution]\nsteps_per_sweep = {count}\n")


KINDS = [
    ("fields with diffusion", fields, [25, 50, 100, 200]),
    ("coupled fields", coupled, [25, 50, 100, 200]),
    ("fields with conditions", conditions, [25, 50, 100, 200]),
    ("fields with conditions, rk4, LLVM", compiled, [25, 50, 100]),
    ("terms laplace(u^k)", operators, [25, 50, 100, 200, 500, 1000]),
    ("terms sin(k*u)", functions, [25, 50, 100, 200, 500, 1000]),
    ("terms k*u", terms, [500, 1000, 2500, 5000, 10000]),
    ("parameters in a chain", parameters, [1000, 2000, 5000, 10000]),
    ("parameters that nothing uses", unused, [1000, 2000, 5000, 10000]),
    ("definitions in a chain", definitions, [500, 1000, 2000, 4000]),
    ("steps_per_sweep", steps, [10, 1000, 100000, 1000000]),
]


def seconds_to_read(program, file):
    began = time.perf_counter()
    command = [program, "check", file, "--ranks", "1", "--show", "passes"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def seconds_to_make_ready(program, file, folder):
    command = [program, "run", file, "--ranks", "1", "--out", folder, "--overwrite", "--quiet"]
    subprocess.run(command, check=True)
    return json.loads((folder / "report.json").read_text())["setup_seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", default="target/release/fluxions")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=10**9, help="leave out larger sizes")
    parser.add_argument("--only", help="only kinds with this in their name")
    options = parser.parse_args()
    print("| problem | size | read, s | make ready, s | sum, s | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as home:
        file, folder = Path(home) / "problem.toml", Path(home) / "run"
        for name, make, sizes in KINDS:
            if options.only and options.only not in name:
                continue
            before = None
            for size in (size for size in sizes if size <= options.most):
                file.write_text(make(size))
                rounds = range(options.rounds)
                try:
                    read = min(seconds_to_read(options.program, file) for _ in rounds)
                    ready = min(seconds_to_make_ready(options.program, file, folder) for _ in rounds)
                except subprocess.CalledProcessError as error:
                    print(f"| {name} | {size} | refused: exit code {error.returncode} | | | |", flush=True)
                    before = None
                    continue
                both = read + ready
                ratio = f"{both / before:.1f}" if before else ""
                print(f"| {name} | {size} | {read:.3f} | {ready:.3f} | {both:.3f} | {ratio} |", flush=True)
                before = both


if __name__ == "__main__":
    sys.exit(main())
