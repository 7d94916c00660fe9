"""Fields whose names are those of something else in the root of the file have a second name with `_` behind it."""

import sys

import xarray

path, engine = sys.argv[1] + "/series.h5", sys.argv[2]
data = xarray.open_dataset(path, engine=engine)
assert dict(data.sizes) == {"time": 2, "component_": 3, "r": 4, "z": 3}, data
r, z = (data.coords[axis] for axis in "rz")
assert list(data["component_"].values) == ["r", "z", "phi"]
for name, values in [("time_", r), ("fields_", z), ("component", r + z)]:
    found = data[name]
    assert found.dims == ("time", "r", "z") and found.dtype == "float32"
    assert abs(found - values).max() < 1e-6
assert abs(data.row.sel(component_="z") - z).max() < 1e-6
assert "axis" not in r.attrs and z.attrs["axis"] == "Z"
fields = xarray.open_dataset(path, engine=engine, group="fields")
assert set(fields.variables) == {"time", "fields", "component", "row"}
