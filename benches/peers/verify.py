"""Whether all programs compute the same: their checksums after the same number of steps."""

from measure import end, start
from process import Failed
from workloads import c

STEPS = 64
TOLERANCE = 1e-11

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
    """Compares all programs of a workload with C; whether they agree."""
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
        [expected] = checksums(c(workload.equation, n)[:1], priority).values()
        for name, found in checksums(programs, priority).items():
            if isinstance(found, str):
                print(f"{workload.name} {workload.equation} {n:4} {name:32} FAILED {found}")
                agree = False
                continue
            difference = abs(found - expected) / abs(expected)
            verdict = "same" if difference <= TOLERANCE else "DIFFERENT"
            agree &= difference <= TOLERANCE
            print(
                f"{workload.name} {workload.equation} {n:4} {name:32} {found:.15g}"
                f" {difference:.1e} {verdict}",
                flush=True,
            )
    return agree
