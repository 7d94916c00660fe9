"""NumPy reads the arrays that were exported to it."""

import sys

import expected
import numpy as np

data, number, kind = np.load(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
axes = ["x", "y", "z"][:number]
assert list(data) == ["time", *axes, "T", "u", "v", "psi", "q", "w"], list(data)
expected.close(data["time"], [0, 1, 2])
expected.close(data["T"], [20, 18, 16])
for axis in axes:
    expected.close(data[axis], expected.centres(axis))
for name in ["u", "v", "psi", "q", "w"]:
    is_complex = name in ["psi", "w"]
    assert data[name].dtype == {"f64": ["<f8", "<c16"], "f32": ["<f4", "<c8"]}[kind][is_complex]
    for k in range(3):
        expected.close(data[name][k], expected.on_grid(axes, k)[name])
