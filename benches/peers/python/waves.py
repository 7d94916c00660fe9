"""The initial values that all tools begin with."""

import numpy as np


def waves(n, phase=0.0):
    i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    return (np.sin(0.37 * i + phase) * np.cos(0.23 * j) + 0.3 * np.sin(0.11 * i + 0.71 * j)) / 1.3


def initial(equation, n):
    """Of the first field."""
    if equation in ("heat3", "mpdata3"):
        return np.stack([0.5 + 0.3 * waves(n, 0.19 * z) for z in range(n)])
    return 0.2 * waves(n) if equation in ("ch", "ks") else 0.5 + 0.3 * waves(n)


def initial_of_v(n):
    return 0.25 + 0.1 * waves(n, 1.0)
