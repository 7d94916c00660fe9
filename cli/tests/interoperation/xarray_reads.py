"""xarray opens a series by an engine: fields have the coordinates of their axes.

One engine in a process: those on PyPI bring an HDF5 each, of which one disturbs the other if it is loaded first."""

import sys
import warnings

import expected
import xarray

path, engine = sys.argv[1] + "/series.h5", sys.argv[2]
options = {"h5netcdf": {}, "netcdf4": {"auto_complex": True}}[engine]


def check(data):
    axes = list(data.u.dims[1:])
    assert axes == ["x", "y", "z"][: len(axes)]
    along = {"u": [], "v": ["component"], "psi": [], "q": ["row", "column"], "w": ["component"]}
    for name, components in along.items():
        field = data[name]
        assert field.dims == ("time", *components, *axes), field
        for axis in axes:
            expected.close(field.coords[axis], expected.centres(axis))
        for component in components:
            assert list(field.coords[component].values) == axes
        expected.close(field.coords["time"], [0, 1, 2])
        for k, time in enumerate(field.coords["time"].values):
            expected.close(field[k], expected.on_grid(axes, time)[name])
    # By the names of directions and the nearest cell.
    found = data.v.sel(component=axes[-1], time=2).sel({axes[-1]: 1.4}, method="nearest")
    last = expected.centres(axes[-1])[-1]
    expected.close(found, expected.np.full(found.shape, len(axes) * 3 + last))


# netCDF4 warns when it is loaded.
xarray.open_dataset(path, engine=engine).close()
warnings.simplefilter("error")

data = xarray.open_dataset(path, engine=engine, **options)
check(data)
solver = {name for name in data.data_vars if name.startswith("solver_")}
assert set(data.data_vars) - solver == {"u", "v", "psi", "q", "w", "T"}, data
assert {"solver_steps", "solver_rejected", "solver_dt", "solver_evaluations"} <= solver
assert data.solver_steps.dims == ("time",) and data.solver_steps.values[0] == 0
expected.close(data["T"], [20, 18, 16])
assert data.x.attrs["axis"] == "X" and data.time.attrs["axis"] == "T"
assert list(data.x.attrs["domain"]) == [0, 1.5]
assert data.u.attrs["long_name"] == "u" and data.v.attrs["rank"] == "vector"
assert data.attrs["title"] == "every type" and data.attrs["Conventions"].startswith("CF-")
check(xarray.open_datatree(path, engine=engine, **options)["fields"].to_dataset())

if engine == "netcdf4":
    # The engine that xarray takes by itself, and complex numbers as netCDF4 has them.
    psi = xarray.open_dataset(path).psi
    assert psi.dtype.names == ("r", "i") and psi.values["i"].shape == psi.shape
    assert "x" in psi.coords
