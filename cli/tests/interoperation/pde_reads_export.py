"""py-pde's FileStorage opens what was exported to it, and goes through the states."""

import sys

import expected
import numpy as np
import pde

path, number, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
axes = ["x", "y", "z"][:number]
storage = pde.FileStorage(path, write_mode="readonly")
cells = [expected.AXES[axis][0] for axis in axes]
grid = pde.CartesianGrid([(0, 1.5)] * number, cells, periodic=[False, True, False][:number])
assert storage.grid == grid, (storage.grid, grid)
times = []
for time, state in storage.items():
    times.append(time)
    values = expected.on_grid(axes, time)
    if kind == "u":
        assert isinstance(state, pde.ScalarField) and state.label == "u"
        assert state.dtype == "float64"
        expected.close(state.data, values["u"])
        continue
    classes = [type(field).__name__ for field in state]
    assert state.labels == ["u", "v", "psi", "q", "w"]
    assert classes == ["ScalarField", "VectorField", "ScalarField", "Tensor2Field", "VectorField"]
    for field in state:
        expected.close(field.data, values[field.label])
assert times == [0, 1, 2]

# It can be worked with, and gone on with.
assert np.isclose(storage[0].average if kind == "u" else storage[0]["u"].average,
                  np.mean(expected.on_grid(axes, 0)["u"]))
storage.close()
more = pde.FileStorage(path, write_mode="append")
state = more[0]
more.start_writing(state)
more.append(state, time=7)
more.end_writing()
more.close()
again = pde.FileStorage(path, write_mode="readonly")
assert list(again.times) == [0, 1, 2, 7]
