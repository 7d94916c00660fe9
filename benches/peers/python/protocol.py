"""The workers' side of the protocol that process.py describes."""

import sys
import time


def serve(advance, checksum, info, comm=None, threads=None):
    """Steps as told. Under MPI all ranks call it with their communicator.

    advance(steps) does steps; threads(count) chooses the number of threads.
    """
    is_root = comm is None or comm.rank == 0
    if is_root:
        print("info", info, flush=True)
        print("first", flush=True)
    while True:
        steps, count = next_batch() if is_root else (0, 0)
        if comm is not None:
            steps = comm.bcast(steps)
        if steps == 0:
            return
        if threads is not None:
            threads(count)
        if comm is not None:
            comm.Barrier()
        began = time.perf_counter()
        advance(steps)
        if comm is not None:
            comm.Barrier()
        seconds = time.perf_counter() - began
        total = checksum()
        if is_root:
            print(f"t {seconds:.9f} {total:.17g}", flush=True)


def next_batch():
    words = sys.stdin.readline().split()
    return (int(words[1]), int(words[2])) if words[:1] == ["run"] else (0, 0)
