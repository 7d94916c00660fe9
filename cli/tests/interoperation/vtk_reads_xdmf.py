"""VTK's reader of XDMF, which ParaView has too, reads a run: cells, vectors, both parts of complex numbers."""

import sys

import expected
import numpy as np
import vtk_common
from vtkmodules.vtkIOXdmf2 import vtkXdmfReader

run, has_complex = sys.argv[1], "complex" in sys.argv
reader = vtkXdmfReader()
reader.SetFileName(run + "/series.xdmf")
names = {"u", "v"}
if has_complex:
    names |= {"re psi", "im psi", "re w", "im w"}
for time, grid in vtk_common.states(reader):
    bounds = np.array(grid.GetBounds()).reshape(3, 2)
    # One axis is shown as a strip.
    axes = ["x", "y", "z"][: max(int((bounds[:, 1] == 1.5).sum()), 1)]
    centres, arrays = vtk_common.cells(grid)
    shown = names | {f"q.{a}{b}" for a in axes for b in axes}
    assert set(arrays) == shown, sorted(arrays)
    assert len(centres) == np.prod([expected.AXES[axis][0] for axis in axes])
    values = expected.fields(axes, centres.T[: len(axes)], time)
    vtk_common.compare(arrays, values, complex_vectors=has_complex)
    for k, a in enumerate(axes):
        for l, b in enumerate(axes):
            expected.close(arrays[f"q.{a}{b}"], values["q"][k][l])
