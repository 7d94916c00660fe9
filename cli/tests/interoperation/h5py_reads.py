"""h5py sees in series.h5 what docs/OUTPUT.md says of it."""

import sys

import expected
import h5py

with h5py.File(sys.argv[1] + "/series.h5") as file:
    axes = list(file["coordinates"])
    expected.close(file["time"][:], [0, 1, 2])
    assert set(file["fields"]) == {"u", "v", "psi", "q", "w"}
    assert list(file.attrs["fields"]) == ["u", "v", "psi", "q", "w"]
    ranks = {"u": "scalar", "v": "vector", "psi": "scalar", "q": "tensor", "w": "vector"}
    for name, rank in ranks.items():
        field = file["fields"][name]
        assert field.attrs["rank"] == rank and list(field.attrs["axes"]) == axes
        assert field.dtype == ("<c16" if name in ["psi", "w"] else "<f8")
        if rank != "scalar":
            assert list(field.attrs["components"]) == axes
        for k in range(3):
            expected.close(field[k], expected.on_grid(axes, k)[name])
        # What netCDF needs is of use here too.
        assert field.dims[0].keys() == ["time"] and field.dims[field.ndim - 1].keys() == axes[-1:]
        expected.close(field.dims[field.ndim - 1][0][:], expected.centres(axes[-1]))
        assert file[name] == field
    for axis in axes:
        expected.close(file["coordinates"][axis][:], expected.centres(axis))
    expected.close(file["numbers/T"][:], [20, 18, 16])
    expected.close(file["solver/steps"][:], [0, 2, 4])
    expected.close(file["solver/dt"][:], [0.5, 0.5, 0.5])
    assert file["solver/steps"].dims[0].keys() == ["time"] and file["solver_steps"] == file["solver/steps"]
    expected.close(file.attrs["bounds"], [[0, 1.5]] * len(axes))
    attributes = {"title": "every type", "geometry": "cartesian", "format_version": 3}
    assert attributes.items() <= dict(file.attrs).items()
    assert "cells = 4" in file.attrs["problem"] and "Fluxions" in file.attrs["created_by"]
    # Every scale knows its uses, as HDF5 wants it.
    uses = file["time"].attrs["REFERENCE_LIST"]
    assert {file[use[0]].name.split("/")[-1] for use in uses} >= {"u", "v", "psi", "q", "w", "T"}
