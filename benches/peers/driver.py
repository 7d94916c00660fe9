"""Measures Fluxions beside other tools (see benches/README.md)."""

import argparse
import json
import os
import time

import machine
import measure
import output
import verify
from workloads import chosen

RESULTS = os.path.join(machine.BUILT, "results.json")


def arguments():
    def names(text):
        return [name.strip() for name in text.split(",") if name.strip()]

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=names, default=[], help="workloads, such as W1,W5")
    parser.add_argument("--tools", type=names, default=[], help="tools, such as Fluxions,Devito")
    parser.add_argument("--rounds", type=int, default=7, help="batches of each program")
    parser.add_argument("--target", type=float, default=0.2, help="seconds of a batch")
    parser.add_argument("--results", default=RESULTS, help="the file that results are added to")
    parser.add_argument("--real-time", action="store_true", help="run before everything else")
    parser.add_argument("--verify", action="store_true", help="compare checksums, measure nothing")
    return parser.parse_args()


def load(path):
    if os.path.exists(path):
        with open(path) as file:
            return json.load(file)
    return {"workloads": {}}


def save(path, results):
    with open(path + ".new", "w") as file:
        json.dump(results, file, indent=1)
    os.replace(path + ".new", path)


def main():
    options = arguments()
    priority = machine.Priority(options.real_time)

    def wanted(tool):
        return not options.tools or any(tool.startswith(name) for name in options.tools)

    try:
        if options.verify:
            return check(options, wanted, priority)
        results = load(options.results)
        results["machine"] = machine.description()
        for workload in chosen(options.only):
            print(f"{workload.key}  {time.strftime('%H:%M:%S')}", flush=True)
            programs = [p for p in workload.programs() if wanted(p.tool)]
            found = measure.measure(workload, programs, options.rounds, options.target, priority)
            record(results, workload.key, found)
            save(options.results, results)
        if not options.only or "W9" in options.only:
            print(f"W9  {time.strftime('%H:%M:%S')}", flush=True)
            record(results, "W9", output.measure(options.rounds, wanted, priority))
            save(options.results, results)
    finally:
        priority.close()


def check(options, wanted, priority):
    """Compares what the programs compute, each equation once."""
    seen, agree = set(), True
    for workload in chosen(options.only):
        what = (workload.equation, workload.programs_at)
        if what not in seen:
            seen.add(what)
            agree &= verify.verify(workload, lambda program: wanted(program.tool), priority)
    if not agree:
        raise SystemExit("the programs do not agree")


def record(results, key, found):
    entry = results["workloads"].setdefault(key, {"tools": {}})
    entry["date"] = time.strftime("%Y-%m-%d")
    entry["tools"].update(found)


if __name__ == "__main__":
    main()
