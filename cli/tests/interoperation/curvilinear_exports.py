"""Exports of curvilinear grids: sections in VTK, the grids of py-pde."""

import sys

import expected
import numpy as np
import pde
import vtk_common
from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

run, geometry = sys.argv[1], sys.argv[2]
reader = vtkXMLUnstructuredGridReader()
reader.SetFileName(f"{run}/export/000000.vtu")
reader.Update()
centres, arrays = vtk_common.cells(reader.GetOutput())
x, y, z = centres.T
zero = 0 * x
assert len(x) == (12 if geometry == "cylindrical" else 4)
expected.close(sorted(set(x.round(6))), 1 + (np.arange(4) + 0.5) / 4)
expected.close(y, zero)
# v is r along r, and where the symmetry of the grid allows it 2 along phi and 3 along z; q is diagonal.
along_z = 3 if geometry == "cylindrical" else 0
along_phi = 0 if geometry == "spherical" else 2
expected.close(arrays["v"], np.array([x, along_phi + zero, along_z + zero]).T)
expected.close(arrays["u"], x + 10 * z)
q = arrays["q"].reshape(-1, 3, 3)
diagonal = {"polar": [4, 0], "spherical": [4, 4], "cylindrical": [4, 5]}[geometry]
for k in range(3):
    for l in range(3):
        expected.close(q[:, k, l], [x, *(c + zero for c in diagonal)][k] if k == l else zero)

storage = pde.FileStorage(f"{run}/export.hdf5", write_mode="readonly")
grids = {
    "polar": lambda: pde.PolarSymGrid((1, 2), 4),
    "spherical": lambda: pde.SphericalSymGrid((1, 2), 4),
    "cylindrical": lambda: pde.CylindricalSymGrid((1, 2), (0, 1), (4, 3), periodic_z=True),
}
grid = grids[geometry]()
assert storage.grid == grid, (storage.grid, grid)
state = storage[0]
r = grid.cell_coords[..., 0]
height = grid.cell_coords[..., 1] if geometry == "cylindrical" else 0
expected.close(state["u"].data, r + 10 * height)
constant = {"polar": [2], "spherical": [0, 0], "cylindrical": [3, 2]}[geometry]
expected.close(state["v"].data, np.array([r, *(c + 0 * r for c in constant)]))
expected.close(state["q"].data[0, 0], r)
