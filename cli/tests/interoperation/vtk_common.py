"""What the scripts for VTK share."""

import expected
import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline as Pipeline
from vtkmodules.vtkFiltersCore import vtkCellCenters


def states(reader):
    """The time and the data set of each of the three states."""
    reader.UpdateInformation()
    times = reader.GetOutputInformation(0).Get(Pipeline.TIME_STEPS())
    assert times == (0, 1, 2), times
    for time in times:
        reader.UpdateTimeStep(time)
        data = reader.GetOutputDataObject(0)
        while data.IsA("vtkMultiBlockDataSet"):
            data = data.GetBlock(0)
        yield time, data


def cells(grid):
    """The centres of the cells, and the arrays by their names."""
    centres = vtkCellCenters()
    centres.SetInputData(grid)
    centres.Update()
    data = grid.GetCellData()
    arrays = [data.GetArray(k) for k in range(data.GetNumberOfArrays())]
    centres = vtk_to_numpy(centres.GetOutput().GetPoints().GetData())
    return centres, {array.GetName(): vtk_to_numpy(array) for array in arrays}


def with_zeros(vectors):
    """Vectors as three components each, those that are missing 0."""
    return np.vstack([vectors, np.zeros((3 - len(vectors), vectors.shape[1]))]).T


def compare(arrays, values, complex_vectors):
    expected.close(arrays["u"], values["u"])
    expected.close(arrays["v"], with_zeros(values["v"]))
    if complex_vectors:
        expected.close(arrays["re psi"], values["psi"].real)
        expected.close(arrays["im psi"], values["psi"].imag)
        expected.close(arrays["re w"], with_zeros(values["w"].real))
        expected.close(arrays["im w"], with_zeros(values["w"].imag))
