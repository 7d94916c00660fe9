"""Exports of a slice at y = 0.75 and of a line, whose vectors have all three components."""

import sys

import expected
import numpy as np
import pde
import vtk_common
from vtkmodules.vtkIOXML import vtkXMLImageDataReader

x, y, z = (expected.centres(axis) for axis in "xyz")
u, v = (expected.on_grid("xyz", 2)[name][..., 1, :] for name in "uv")


def read(name):
    reader = vtkXMLImageDataReader()
    reader.SetFileName(f"{sys.argv[1]}/{name}/export/000002.vti")
    reader.Update()
    return vtk_common.cells(reader.GetOutput())


centres, arrays = read("cut")
expected.close(centres[:, [0, 2]], [[a, c] for c in z for a in x])
expected.close(arrays["u"], u.T.ravel())
expected.close(arrays["v"], np.array([part.T.ravel() for part in v]).T)

data = np.load(f"{sys.argv[1]}/cut/export.npz")
expected.close(data["u"][2], u)
expected.close(data["v"][2], v)
storage = pde.FileStorage(f"{sys.argv[1]}/cut/export.hdf5", write_mode="readonly")
assert storage[2].labels == ["u", "v.x", "v.y", "v.z"]
for k in range(3):
    expected.close(storage[2][k + 1].data, v[k])

centres, arrays = read("across")
data = np.load(f"{sys.argv[1]}/across/export.npz")
assert data["v"].shape == (3, 3, 100), data["v"].shape
expected.close(arrays["v"], data["v"][2].T)
expected.close(centres[:, 0], data["s"])
storage = pde.FileStorage(f"{sys.argv[1]}/across/export.hdf5", write_mode="readonly")
expected.close(storage[2]["v.y"].data, data["v"][2][1])
