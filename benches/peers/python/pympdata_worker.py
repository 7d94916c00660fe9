"""PyMPDATA: a rotation around the middle.

python pympdata_worker.py EQUATION N

The number of threads is fixed when a stepper is made: that of NUMBA_NUM_THREADS.
"""

import sys
from importlib.metadata import version

import numba
import numpy as np
from PyMPDATA import Options, ScalarField, Solver, Stepper, VectorField
from PyMPDATA.boundary_conditions import Periodic

from protocol import serve
from waves import initial

WORKLOADS = {
    "upwind": Options(n_iters=1),
    "mpdata2": Options(n_iters=2),
    "mpdata2_limited": Options(n_iters=3, infinite_gauge=True, nonoscillatory=True),
    "mpdata3": Options(n_iters=2),
}

equation, n = sys.argv[1], int(sys.argv[2])
options = WORKLOADS[equation]
psi = initial(equation, n)


def rotation():
    """Courant numbers on the faces along each axis; in three dimensions around the diagonal."""
    at = [cell + 0.5 - n / 2 for cell in np.indices(psi.shape, sparse=True)]
    if psi.ndim == 2:
        x, y = at
        courant = (-0.5 / n * y, 0.5 / n * x)
    else:
        x, y, z = at
        courant = tuple(0.5 / 1.7 / n * difference for difference in (z - y, x - z, y - x))
    # None of them varies along its own axis, where there is one face more than there are cells.
    more = np.eye(psi.ndim, dtype=int)
    return tuple(np.broadcast_to(c, psi.shape + m).copy() for c, m in zip(courant, more))


periodic = (Periodic(),) * psi.ndim
solver = Solver(
    stepper=Stepper(options=options, grid=psi.shape, n_threads=numba.config.NUMBA_NUM_THREADS),
    advectee=ScalarField(psi, halo=options.n_halo, boundary_conditions=periodic),
    advector=VectorField(rotation(), halo=options.n_halo, boundary_conditions=periodic),
)


def checksum():
    m = n // 2
    return float(solver.advectee.get()[(slice(m - 2, m + 3),) * psi.ndim].sum())


solver.advance(1)
serve(solver.advance, checksum, f"PyMPDATA {version('PyMPDATA')}, numba {numba.__version__}")
