"""Measuring one workload: batches of all programs in turn, and what is kept of them."""

import statistics
import time

import machine
from process import Failed, Process
from workloads import ENVIRONMENT

FOREIGN = 0.12  # cores' worth of foreign work during a batch that is still called clean
CLEAN = 5  # clean batches wanted of each program
PATIENCE = 75.0  # seconds that rounds go on for want of clean batches


class Lane:
    """A program on some number of cores, and its batches."""

    def __init__(self, program, cores, process):
        self.program = program
        self.cores = cores
        self.process = process
        self.name = f"{program.tool}, {cores}"
        self.steps = program.sweep
        self.samples = []  # (Mcell/s, foreign cores)
        self.error = None
        self.checksum = None

    def batch(self, cells, priority):
        """Does a batch of steps; its seconds."""
        process = self.process
        with priority.given_to(process, self.cores) as hogged:
            process.resume()
            own, all_of_them, began = (
                process.cpu_seconds(),
                machine.busy_seconds(),
                time.monotonic(),
            )
            try:
                seconds, self.checksum = process.run(self.steps, self.cores)
            finally:
                wall = time.monotonic() - began
                all_of_them = machine.busy_seconds() - all_of_them
                own = process.cpu_seconds() - own
                process.pause()
        foreign = max(0.0, all_of_them - own - hogged * wall) / wall
        self.samples.append((cells * self.steps / seconds / 1e6, foreign))
        return seconds

    def calibrate(self, cells, target, priority):
        """Chooses the number of steps so that a batch takes about the target's seconds."""
        for goal in (0.05, target):
            seconds = self.batch(cells, priority)
            sweeps = int(goal / seconds * self.steps) // self.program.sweep
            self.steps = max(1, min(sweeps, 200_000)) * self.program.sweep
        self.batch(cells, priority)
        self.samples.clear()

    def clean(self):
        return [speed for speed, foreign in self.samples if foreign <= FOREIGN]

    def result(self):
        """What goes into the results."""
        if self.error or not self.samples:
            return {"error": self.error or "no batch"}
        clean = self.clean()
        speeds = clean if len(clean) >= CLEAN else [speed for speed, _ in self.samples]
        return {
            "median": statistics.median(speeds),
            "best": max(speeds),
            "clean": len(clean),
            "foreign": statistics.median(foreign for _, foreign in self.samples),
            "samples": self.samples,
            "steps_per_batch": self.steps,
            "first_step_seconds": self.process.first_step_seconds,
            "first_step_cpu_seconds": self.process.first_step_cpu_seconds,
            "peak_memory": self.process.peak_memory(),
            "info": self.process.info,
            "checksum": self.checksum,
        }


def start(programs, priority):
    """Starts the programs, one after the other; their lanes, and the errors of those that fail."""
    lanes, errors = [], {}
    for program in programs:
        names = [f"{program.tool}, {cores}" for cores in program.cores]
        try:
            process = Process(program.command, {**ENVIRONMENT, **program.environment}, priority)
        except (Failed, OSError) as error:
            print(f"  {' and '.join(names):32} {error}", flush=True)
            errors.update({name: {"error": str(error)} for name in names})
            continue
        print(f"  {' and '.join(names):32} first step after {process.first_step_seconds:.2f} s")
        lanes += [Lane(program, cores, process) for cores in program.cores]
    return lanes, errors


def end(lanes):
    for process in {id(lane.process): lane.process for lane in lanes}.values():
        process.end()


def measure(workload, programs, rounds, target, priority):
    """Measures the programs in turn: A B C A B C …; the results by the lanes' names."""

    def each(action):
        for lane in lanes:
            if lane.error is None:
                try:
                    action(lane)
                except Failed as error:
                    lane.error = str(error)
                    print(f"  {lane.name:32} {error}", flush=True)

    lanes, results = start(programs, priority)
    try:
        with machine.alone():
            each(lambda lane: lane.calibrate(workload.cells, target, priority))
        began, done = time.monotonic(), 0
        while done < rounds or (
            done < 3 * rounds
            and time.monotonic() - began < PATIENCE
            and any(len(lane.clean()) < CLEAN for lane in lanes if lane.error is None)
        ):
            with machine.alone():
                if not priority.real_time:
                    machine.wait_until_quiet()
                each(lambda lane: lane.batch(workload.cells, priority))
            done += 1
        results.update({lane.name: lane.result() for lane in lanes})
    finally:
        end(lanes)
    for name, result in results.items():
        if "error" not in result:
            print(
                f"  {name:32} {result['median']:9.1f} Mcell/s, best {result['best']:9.1f},"
                f" {result['clean']} clean of {len(result['samples'])},"
                f" {result['peak_memory'] / 1e6:.0f} MB",
                flush=True,
            )
    return results
