"""meshio reads cells that were exported to VTK as unstructured ones."""

import sys

import expected
import meshio
import numpy as np
import vtk_common

number = int(sys.argv[2])
axes = ["x", "y", "z"][:number]
for time in range(3):
    mesh = meshio.read(f"{sys.argv[1]}/{time:06}.vtu")
    (cells,) = mesh.cells
    assert cells.type == ["line", "quad", "hexahedron"][number - 1]
    centres = mesh.points[cells.data].mean(axis=1)
    assert len(centres) == np.prod([expected.AXES[axis][0] for axis in axes])
    arrays = {name: np.squeeze(blocks[0]) for name, blocks in mesh.cell_data.items()}
    vtk_common.compare(arrays, expected.fields(axes, centres.T[:number], time), True)
