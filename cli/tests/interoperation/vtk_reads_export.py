"""VTK reads what was exported to it: images with x running fastest, or unstructured cells."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import expected
import vtk_common
from vtkmodules.vtkIOXML import vtkXMLImageDataReader, vtkXMLUnstructuredGridReader

path, number = Path(sys.argv[1]), int(sys.argv[2])
axes = ["x", "y", "z"][:number]
listed = ElementTree.parse(path).findall(".//DataSet")
assert [float(state.get("timestep")) for state in listed] == [0, 1, 2]
for state in listed:
    file = path.parent / state.get("file")
    kinds = {".vti": vtkXMLImageDataReader, ".vtu": vtkXMLUnstructuredGridReader}
    reader = kinds[file.suffix]()
    reader.SetFileName(str(file))
    reader.Update()
    grid, time = reader.GetOutput(), float(state.get("timestep"))
    assert grid.GetFieldData().GetArray("T").GetValue(0) == 20 - 2 * time
    assert grid.GetFieldData().GetArray("TimeValue").GetValue(0) == time
    centres, arrays = vtk_common.cells(grid)
    assert list(arrays) == ["u", "v", "re psi", "im psi", "q", "re w", "im w"]
    assert grid.GetCell(0).GetCellDimension() == number
    values = expected.fields(axes, centres.T[:number], time)
    for axis, along in zip(axes, centres.T):
        expected.close(sorted(set(along.round(6))), expected.centres(axis))
    vtk_common.compare(arrays, values, complex_vectors=True)
    q = arrays["q"].reshape(-1, 3, 3)
    for k in range(3):
        for l in range(3):
            inside = k < number and l < number
            expected.close(q[:, k, l], values["q"][k][l] if inside else 0 * q[:, k, l])
