"""Writes the results into docs/BENCHMARKS.md, between comments.

Tables of which nothing was measured stay as they are.
"""

import argparse
import os

from driver import RESULTS, load
from machine import ROOT
from output import N, SNAPSHOTS
from workloads import WORKLOADS, on_ranks, tools, transport_tools

PAGE = os.path.join(ROOT, "docs", "BENCHMARKS.md")
NOTHING = "–"

# Columns: a heading, and what the names of the tools begin with; the fastest one counts.
SINGLE_SWEEP = ("C strict", "C fast", "C NT")
FLUXIONS = [
    ("Fluxions, LLVM", ("Fluxions llvm",)),
    ("Fluxions, closures", ("Fluxions closures",)),
]
COLUMNS = {
    tools: [
        *FLUXIONS,
        ("C", SINGLE_SWEEP),
        ("C, blocked in time", ("C blocked",)),
        ("Devito", ("Devito",)),
        ("PETSc", ("PETSc",)),
        ("py-pde", ("py-pde",)),
    ],
    transport_tools: [*FLUXIONS, ("C", SINGLE_SWEEP), ("PyMPDATA", ("PyMPDATA",))],
}
OTHERS = ("C", "Devito", "py-pde", "PyMPDATA")


def markdown(rows):
    head, *body = rows
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *body)]


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def pair(values, show=number):
    """Those of one core and of two."""
    values = list(values)
    if values == [None, None]:
        return NOTHING
    return " / ".join(NOTHING if value is None else show(value) for value in values)


def found(results, key):
    return results["workloads"].get(key, {"tools": {}})["tools"]


def fastest(measured, prefixes, cores):
    """The result of the fastest of some tools on so many cores."""
    fitting = [
        result
        for name, result in measured.items()
        if name.startswith(prefixes) and name.endswith(f", {cores}") and "median" in result
    ]
    return max(fitting, key=lambda result: result["median"], default=None)


def speed(measured, prefixes, cores):
    result = fastest(measured, prefixes, cores)
    return result and result["median"]


def names(workload):
    return f"{workload.name} {workload.title}, {workload.size}"


def measured_by(results, programs_at):
    """The workloads that these programs do, with what was found."""
    return [(w, found(results, w.key)) for w in WORKLOADS if w.programs_at is programs_at]


def speeds(results, programs_at):
    columns = COLUMNS[programs_at]
    rows = [["Mcell/s, 1 / 2 cores", *(heading for heading, _ in columns)]]
    for workload, measured in measured_by(results, programs_at):
        cells = (pair(speed(measured, tool, n) for n in (1, 2)) for _, tool in columns)
        rows.append([names(workload), *cells])
    return markdown(rows)


def ratios(results, programs_at):
    columns = [column for column in COLUMNS[programs_at] if column[0] in OTHERS]
    rows = [["Fluxions ÷ other, 1 / 2 cores", *(heading for heading, _ in columns)]]

    def ratio(measured, other, cores):
        ours, theirs = speed(measured, "Fluxions", cores), speed(measured, other, cores)
        return ours / theirs if ours and theirs else None

    for workload, measured in measured_by(results, programs_at):
        cells = (
            pair((ratio(measured, tool, n) for n in (1, 2)), lambda r: f"{r:.2g}")
            for _, tool in columns
        )
        rows.append([names(workload), *cells])
    return markdown(rows)


def footprints(results, programs_at):
    columns = [column for column in COLUMNS[programs_at] if column[0] != "C, blocked in time"]
    rows = [["first step after s (CPU s), MB", *(heading for heading, _ in columns)]]
    for workload, measured in measured_by(results, programs_at):
        row = [names(workload)]
        for _, tool in columns:
            result = fastest(measured, tool, 1)
            row.append(footprint(result) if result else NOTHING)
        rows.append(row)
    return markdown(rows)


def footprint(result):
    seconds, cpu = result["first_step_seconds"], result["first_step_cpu_seconds"]
    return f"{seconds:.2g} ({cpu:.2g}), {result['peak_memory'] / 1e6:.0f}"


def scaling(results):
    [workload] = [w for w in WORKLOADS if w.programs_at is on_ranks]
    measured = found(results, workload.key)
    rows = [[names(workload) + ", Mcell/s", "1 rank", "2 ranks", "speed-up"]]
    for tool in (
        "Fluxions llvm, threads",
        "Fluxions llvm, MPI",
        "Fluxions closures, threads",
        "Fluxions closures, MPI",
        "C, MPI",
        "Devito, MPI",
        "PETSc",
        "py-pde, explicit_mpi",
    ):
        one, two = (speed(measured, tool, ranks) for ranks in (1, 2))
        gain = f"{two / one:.2f}" if one and two else NOTHING
        rows.append([tool, *(NOTHING if v is None else number(v) for v in (one, two)), gain])
    return markdown(rows)


def written(results):
    measured = found(results, "W9")
    heading = f"W9 {SNAPSHOTS} snapshots of {N}² written, seconds"
    rows = [[heading, "1 rank", "2 ranks"]]

    def seconds(tool, ranks):
        result = measured.get(f"{tool}, {ranks}", {})
        return f"{result['seconds']:.2f}" if "seconds" in result else NOTHING

    for tool in (
        "Fluxions, threads",
        "Fluxions, MPI",
        "C with HDF5",
        "h5py, one dataset",
        "h5py, a chunk each",
        "h5py, flushed",
        "py-pde, uncompressed",
        "py-pde",
    ):
        rows.append([tool, seconds(tool, 1), seconds(tool, 2)])
    return markdown(rows)


def where(machine, entries):
    dates = sorted(entry["date"] for entry in entries)
    tools_used = sorted(
        {
            result["info"]
            for entry in entries
            for result in entry["tools"].values()
            if result.get("info")
        }
    )
    return (
        f"Measured {dates[0]} to {dates[-1]} on {machine['cores']} cores of"
        f" {machine['processor']}, {machine['compiler']}. {'; '.join(tools_used)}."
    )


def of_transport(key):
    return key.startswith("W7")


def page(text, results):
    blocks = [
        ("table", lambda key: not of_transport(key), tools, (scaling, written)),
        ("transport", of_transport, transport_tools, ()),
    ]
    for name, is_in_it, programs_at, more in blocks:
        entries = [entry for key, entry in results["workloads"].items() if is_in_it(key)]
        if not entries:
            continue
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, rest = text.split(begin)
        _, after = rest.split(end)
        tables = [table(results, programs_at) for table in (speeds, ratios, footprints)]
        tables += [table(results) for table in more]
        parts = [where(results["machine"], entries), *map("\n".join, tables)]
        text = before + begin + "\n" + "\n\n".join(parts) + "\n" + end + after
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", default=RESULTS, help="what driver.py measured")
    parser.add_argument("--page", default=PAGE, help="the page that the tables go into")
    options = parser.parse_args()
    with open(options.page) as file:
        text = file.read()
    with open(options.page, "w") as file:
        file.write(page(text, load(options.results)))


if __name__ == "__main__":
    main()
