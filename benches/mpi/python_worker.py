"""numba-mpi beside calls.c: the same loops, the same output. python_worker.py call | pingpong | allreduce | pi"""
import sys

import numba
import numba_mpi
import numpy as np
from mpi4py import MPI

BURSTS = 200
world, nobody = MPI.COMM_WORLD, MPI.PROC_NULL
rank, size = world.Get_rank(), world.Get_size()


def measure(bench, variant, parameter, n, body, parts=1, barrier=True):
    """`body(n)` does the thing n times: best and median burst, see bench.h."""
    n = n // BURSTS + 1
    times = np.empty(BURSTS)
    body(n)
    for burst in range(BURSTS):
        if barrier:
            world.Barrier()
        start = MPI.Wtime()
        body(n)
        times[burst] = (MPI.Wtime() - start) / n / parts * 1e6
    world.Allreduce(MPI.IN_PLACE, times, op=MPI.MAX)
    times.sort()
    if rank == 0:
        print(f"{bench}\t{variant}\t{parameter}\t{times[0]:.4f}\t{times[BURSTS // 2]:.4f}", flush=True)


a, b = np.ones(1), np.zeros(1)


@numba.njit
def n_wtime(n):
    for _ in range(n):
        numba_mpi.wtime()


@numba.njit
def n_rank(n):
    for _ in range(n):
        numba_mpi.rank()


@numba.njit
def n_send_nobody(n, a):
    for _ in range(n):
        numba_mpi.send(a, nobody, 0)


@numba.njit
def n_isend_nobody(n, a):
    for _ in range(n):
        status, request = numba_mpi.isend(a, nobody, 0)
        numba_mpi.wait(request)


@numba.njit
def n_sendrecv_self(n, a, b, me):
    for _ in range(n):
        numba_mpi.sendrecv(a, me, b, me, 0, 0)


@numba.njit
def n_allreduce(n, a, b):
    for _ in range(n):
        numba_mpi.allreduce(a, b, numba_mpi.Operator.SUM)


@numba.njit
def n_pingpong(n, a, b, me):
    for _ in range(n):
        if me == 0:
            numba_mpi.send(a, 1, 0)
            numba_mpi.recv(b, 1, 0)
        else:
            numba_mpi.recv(b, 0, 0)
            numba_mpi.send(a, 0, 0)


def call():
    n = 200000
    for name, body in [
        ("wtime", n_wtime),
        ("rank", n_rank),
        ("send to nobody", lambda n: n_send_nobody(n, a)),
        ("isend+wait to nobody", lambda n: n_isend_nobody(n, a)),
        ("sendrecv with itself", lambda n: n_sendrecv_self(n, a, b, rank)),
        ("allreduce alone", lambda n: n_allreduce(n, a, b)),
    ]:
        measure("call", "numba-mpi", name, n, body)


def pingpong():
    for bytes_ in [8, 64, 512, 4096, 32768, 262144, 1 << 20, 4 << 20]:
        n = 20000 if bytes_ <= 4096 else 4000 if bytes_ <= 32768 else 1000 if bytes_ <= 262144 else 200
        # Not zeros: pages never written are all one page, read from the first cache.
        a, b = np.ones(bytes_ // 8), np.ones(bytes_ // 8)
        measure("pingpong", "numba-mpi", bytes_, n, lambda n: n_pingpong(n, a, b, rank), 2, False)


def allreduce():
    n = 200 if size > 2 else 10000
    for count in [1, 71, 1000]:
        a, b = np.ones(count), np.ones(count)
        measure("allreduce", "numba-mpi", f"{count} f64", n, lambda n: n_allreduce(n, a, b))


@numba.njit
def pi_part(intervals, me, ranks):
    h, part = 1 / intervals, 0.0
    for i in range(me + 1, intervals, ranks):
        x = h * (i - 0.5)
        part += 4 / (1 + x * x)
    return h * part


@numba.njit
def pi_numba(times, intervals):
    total, part = np.array([0.0]), np.array([0.0])
    for _ in range(times):
        part[0] = pi_part(intervals, numba_mpi.rank(), numba_mpi.size())
        numba_mpi.allreduce(part, total, numba_mpi.Operator.SUM)
        assert abs(total[0] - np.pi) / np.pi < 1e-3
    return total[0]


def pi():
    for x in [1, 2, 5, 10]:  # as published: 10000 repetitions, 10000 / x intervals
        measure("pi", "numba-mpi", f"{10000 // x} intervals", 4000, lambda n: pi_numba(n, 10000 // x))


{"call": call, "pingpong": pingpong, "allreduce": allreduce, "pi": pi}[sys.argv[1]]()
