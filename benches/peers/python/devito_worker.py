"""Devito. Its boundaries are zero, not periodic; the work in each cell is the same.

python devito_worker.py EQUATION N
"""

import sys

import devito
import numpy as np
from devito import Eq, Grid, Operator, TimeFunction, configuration, exp, sin

from protocol import serve
from waves import initial, initial_of_v

configuration["log-level"] = "ERROR"
equation, n = sys.argv[1], int(sys.argv[2])
dimensions = 3 if equation == "heat3" else 2
grid = Grid(shape=(n,) * dimensions, extent=(n - 1.0,) * dimensions, dtype=np.float64)


def function(name):
    return TimeFunction(name=name, grid=grid, space_order=2, time_order=1)


def gray_scott(u, v):
    return 0.2 * u.laplace - u * v**2 + 0.04 * (1 - u), 0.1 * v.laplace + u * v**2 - 0.1 * v


def gray_scott_rk4(u, v, dt):
    equations = []
    stages = [(function(f"u{i}").forward, function(f"v{i}").forward) for i in (1, 2, 3)]
    at = (u, v)
    for stage, step in zip(stages, (dt / 2, dt / 2, dt)):
        slopes = gray_scott(*at)
        for new, old, slope in zip(stage, (u, v), slopes):
            equations.append(Eq(new, old + step * slope))
        at = stage
    for i, (old, slope) in enumerate(zip((u, v), gray_scott(*at))):
        one, two, three = (stage[i] for stage in stages)
        equations.append(Eq(old.forward, (one + 2 * two + three - old) / 3 + dt / 6 * slope))
    return equations


u = function("u")
u.data[0] = initial(equation, n)
if equation in ("heat2", "heat3"):
    equations = [Eq(u.forward, u + 0.1 * u.laplace)]
elif equation == "trans":
    equations = [Eq(u.forward, u + 0.1 * (u.laplace + sin(u) * exp(-(u**2))))]
elif equation == "ch":
    equations = [Eq(u.forward, u + 0.01 * (u**3 - u - u.laplace).laplace)]
elif equation == "ks":
    squared = u.dxc * u.dxc + u.dyc * u.dyc
    equations = [Eq(u.forward, u + 0.01 * (-0.5 * squared - (u + u.laplace).laplace))]
else:
    v = function("v")
    v.data[0] = initial_of_v(n)
    if equation == "gs_euler":
        f, g = gray_scott(u, v)
        equations = [Eq(u.forward, u + 1.0 * f), Eq(v.forward, v + 1.0 * g)]
    else:
        equations = gray_scott_rk4(u, v, 0.5)
operator = Operator(equations, subs={symbol: 1.0 for symbol in grid.spacing_symbols})
comm = grid.distributor.comm if configuration["mpi"] else None
done = 0


def advance(steps):
    global done
    operator.apply(time_m=done, time_M=done + steps - 1)
    done += steps


def checksum():
    m = n // 2
    near = slice(m, m + 1) if dimensions == 3 else slice(m - 2, m + 3)
    part = u.data[(done % 2, *[near] * dimensions)]
    mine = 0.0 if part is None else float(np.asarray(part).sum())
    return mine if comm is None else comm.allreduce(mine)


advance(1)
info = f"Devito {devito.__version__}, {configuration['language']}, {configuration['platform']}"
serve(advance, checksum, info, comm)
