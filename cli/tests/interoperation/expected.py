"""What the fields of `every_type` are: functions of the coordinates, by the names of the axes, and the time."""

import numpy as np

AXES = {"x": (4, 1), "y": (3, 10), "z": (2, 100)}


def centres(axis):
    cells = AXES[axis][0]
    return (np.arange(cells) + 0.5) * 1.5 / cells


def fields(axes, at, time):
    """Each field with its components first; `at` are the coordinates along each axis, of any one shape."""
    x = at[0]
    directions = range(len(axes))
    total = sum(AXES[axis][1] * c for axis, c in zip(axes, at)) + 0.0
    return {
        "u": total + time,
        "v": np.array([k + 1 + at[k] + (k + 1) * time for k in directions]),
        "psi": total + 1j * x + (1 + 2j) * time,
        "q": np.array([[10 * k + l + x for l in directions] for k in directions]),
        "w": np.array([at[k] + (k + 1) * 1j + (k + 1) * time for k in directions]),
    }


def on_grid(axes, time):
    """The same in the cells of the grid."""
    return fields(axes, np.meshgrid(*map(centres, axes), indexing="ij"), time)


def close(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    assert np.allclose(found, expected, rtol=1e-6, atol=1e-6), (found, expected)
