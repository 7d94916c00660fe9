"""Writes snapshots to a file and prints the seconds that it took.

python hdf5_output.py contiguous|chunked|flushed|points|pypde|pypde_compressed FILE SNAPSHOTS N
"""

import sys
import time

import h5py

from waves import initial

kind, path, snapshots, n = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
data = initial("heat2", n)


def contiguous():
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("u", (snapshots, n, n), "f8")
        for k in range(snapshots):
            dataset[k] = data


def chunked(flushes=False):
    shapes = {"maxshape": (None, n, n), "chunks": (1, n, n)}
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("u", (1, n, n), "f8", **shapes)
        for k in range(snapshots):
            dataset.resize(k + 1, 0)
            dataset[k] = data
            if flushes:
                file.flush()


def points():
    """Values at `n` points for each of `snapshots` steps."""
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("u", (1, n), "f8", maxshape=(None, n), chunks=(64, n))
        for k in range(snapshots):
            dataset.resize(k + 1, 0)
            dataset[k] = data[0]
            file.flush()


def with_pypde(compression):
    from pde import FileStorage, ScalarField, UnitGrid

    field = ScalarField(UnitGrid([n, n], periodic=True), data)

    def write():
        storage = FileStorage(path, write_mode="truncate", compression=compression)
        storage.start_writing(field)
        for k in range(snapshots):
            storage.append(field, float(k))
        storage.end_writing()
        storage.close()

    return write


write = {
    "contiguous": lambda: contiguous,
    "chunked": lambda: chunked,
    "flushed": lambda: lambda: chunked(flushes=True),
    "points": lambda: points,
    "pypde": lambda: with_pypde(False),
    "pypde_compressed": lambda: with_pypde(True),
}[kind]()
began = time.perf_counter()
write()
print(time.perf_counter() - began)
