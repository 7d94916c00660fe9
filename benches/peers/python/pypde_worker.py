"""py-pde with its numba back end; under mpirun its solver explicit_mpi.

python pypde_worker.py EQUATION N
"""

import os
import sys

import numba
import numpy as np
import pde
from pde import PDE, FieldCollection, ScalarField, UnitGrid
from pde.solvers.base import SolverBase

from protocol import serve
from waves import initial, initial_of_v

GRAY_SCOTT = {
    "u": "0.2*laplace(u) - u*v**2 + 0.04*(1 - u)",
    "v": "0.1*laplace(v) + u*v**2 - 0.1*v",
}
# Equations, scheme, time step.
WORKLOADS = {
    "heat2": ({"u": "laplace(u)"}, "euler", 0.1),
    "heat3": ({"u": "laplace(u)"}, "euler", 0.1),
    "gs_euler": (GRAY_SCOTT, "euler", 1.0),
    "gs_rk4": (GRAY_SCOTT, "runge-kutta", 0.5),
    "ch": ({"c": "laplace(c**3 - c - laplace(c))"}, "euler", 0.01),
    "trans": ({"u": "laplace(u) + sin(u)*exp(-u**2)"}, "euler", 0.1),
    "ks": ({"u": "-gradient_squared(u)/2 - laplace(u + laplace(u))"}, "euler", 0.01),
}

equation, n = sys.argv[1], int(sys.argv[2])
equations, scheme, dt = WORKLOADS[equation]
comm = None
if "OMPI_COMM_WORLD_SIZE" in os.environ:
    from mpi4py import MPI

    comm = MPI.COMM_WORLD

grid = UnitGrid([n] * (3 if equation == "heat3" else 2), periodic=True)
state = ScalarField(grid, initial(equation, n))
if len(equations) == 2:
    state = FieldCollection([state, ScalarField(grid, initial_of_v(n))])
if comm is None:
    solver = SolverBase.from_name(scheme, PDE(equations), backend="numba", adaptive=False)
else:
    solver = SolverBase.from_name("explicit_mpi", PDE(equations), backend="auto")
stepper = solver.make_stepper(state, dt=dt)
time = 0.0


def advance(steps):
    global time
    stepper(state, time, time + steps * dt)
    time += steps * dt


def checksum():
    data, m = np.asarray(state.data), n // 2
    if equation == "heat3":
        return float(data[m, m, m])
    first = data[0] if data.ndim == 3 else data
    return float(first[m - 2 : m + 3, m - 2 : m + 3].sum())


def threads(count):
    if comm is None:
        numba.set_num_threads(count)


advance(1)
serve(advance, checksum, f"py-pde {pde.__version__}, numba {numba.__version__}", comm, threads)
