"""Whether all programs compute the same: their checksums after the same number of steps."""

from measure import end, start
from process import Failed
from workloads import reference

STEPS = 64

# So small that what crosses the periodic boundaries reaches the cells of the checksum.
SMALL = {2: 32, 3: 16}
# So large that it does not: for programs without periodic boundaries.
LARGE = {2: 256, 3: 64}


def checksums(programs, priority):
    """Of each lane after STEPS steps, by name; errors in their place."""
    found = {}
    for program in programs:
        lanes, errors = start([program], priority)
        found.update({name: result["error"] for name, result in errors.items()})
        for lane in lanes[:1]:
            try:
                # One sweep is done already.
                lane.process.resume()
                _, found[lane.name] = lane.process.run(STEPS - program.sweep, lane.cores)
            except Failed as error:
                found[lane.name] = str(error)
        end(lanes)
    return found


def verify(workload, wanted, priority):
    """Compares all programs of a workload with one of them; whether they agree."""
    agree = True
    for sizes in (SMALL, LARGE):
        n = sizes[workload.dimensions]
        programs = [
            program
            for program in workload.programs_at(workload.equation, n)
            if program.is_periodic == (sizes is SMALL) and wanted(program)
        ]
        if not programs:
            continue
        first = reference(workload.equation, n)
        others = [program for program in programs if program != first]
        found_by_all = checksums([first, *others], priority)
        expected = next(iter(found_by_all.values()))
        for name, found in found_by_all.items():
            line = f"{workload.name} {workload.equation} {n:4} {name:32}"
            if isinstance(found, str):
                print(f"{line} FAILED {found}")
                agree = False
            elif not isinstance(expected, str):
                difference = abs(found - expected) / abs(expected)
                is_same = difference <= workload.tolerance
                agree &= is_same
                verdict = "same" if is_same else "DIFFERENT"
                print(f"{line} {found:.15g} {difference:.1e} {verdict}", flush=True)
    return agree
