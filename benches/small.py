#!/usr/bin/env python3
"""Small problems on the default number of ranks, beside given numbers, on a quiet and on a busy machine.

    benches/small.py target/release/fluxions [ROUNDS]

Prints the median over the rounds of the seconds that a whole run takes: as it is by default, on one to three
threads and on two processes. On the busy machine as many other processes as cores do nothing but count.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

PROBLEMS = {
    "1-D, 64 cells, 200 000 steps": ("64", None, 200_000),
    "1-D, 128 cells, 200 000 steps": ("128", None, 200_000),
    "2-D, 32², 50 000 steps": ("32", "32", 50_000),
    "2-D, 128², 20 000 steps": ("128", "128", 20_000),
    "2-D, 256², 5000 steps": ("256", "256", 5_000),
}
RUNS = {
    "default": [],
    "1 rank": ["--ranks", "1"],
    "2 ranks": ["--ranks", "2"],
    "3 ranks": ["--ranks", "3"],
    "2 processes": None,
}


def problem(x, y, steps):
    axes = f"x = {{ bounds = [0, 1], cells = {x}, periodic = true }}\n"
    if y:
        axes += f"y = {{ bounds = [0, 1], cells = {y}, periodic = true }}\n"
    return f"""[grid]
{axes}[equations]
u = "1e-6*laplace(u) - u^3"
[initial]
u = "sin(2*pi*x)"
[time]
end = {steps}
dt = 1
scheme = "euler"
"""


def seconds(fluxions, folder, arguments):
    command = [fluxions, "run", "p.toml", "--out", "out", "--overwrite", "--quiet"]
    command = ["mpirun", "-n", "2", *command] if arguments is None else command + arguments
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure(fluxions, folder, rounds):
    times = {name: [] for name in RUNS}
    for _ in range(rounds):
        for name, arguments in RUNS.items():
            times[name].append(seconds(fluxions, folder, arguments))
    return {name: statistics.median(list) for name, list in times.items()}


def main():
    fluxions = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    environment = {"OMPI_MCA_rmaps_base_oversubscribe": "1"}
    if os.geteuid() == 0:
        environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    os.environ.update(environment)
    for machine in ["quiet", "busy"]:
        print(f"| {machine}, s | " + " | ".join(RUNS) + " |")
        print("| --- |" + " --- |" * len(RUNS))
        for name, (x, y, steps) in PROBLEMS.items():
            with tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, "p.toml"), "w") as file:
                    file.write(problem(x, y, steps))
                others = []
                if machine == "busy":
                    count = [sys.executable, "-c", "while True: pass"]
                    others = [subprocess.Popen(count) for _ in range(os.cpu_count())]
                try:
                    times = measure(fluxions, folder, rounds)
                finally:
                    for other in others:
                        other.kill()
            print(f"| {name} | " + " | ".join(f"{times[run]:.2f}" for run in RUNS) + " |", flush=True)
        print()


main()
