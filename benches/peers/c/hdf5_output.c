// Snapshots into one dataset of an HDF5 file, by collective writes if there are several ranks.
// Prints the seconds that it took. mpirun -np R hdf5_output FILE SNAPSHOTS N
#include <hdf5.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static double write_all(const char *path, hsize_t snapshots, hsize_t n, const double *mine) {
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (!rank) unlink(path);
    MPI_Barrier(MPI_COMM_WORLD);
    double begin = MPI_Wtime();

    hid_t access = H5Pcreate(H5P_FILE_ACCESS), transfer = H5Pcreate(H5P_DATASET_XFER);
    if (size > 1) {
        H5Pset_fapl_mpio(access, MPI_COMM_WORLD, MPI_INFO_NULL);
        H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
    }
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    hsize_t shape[3] = {snapshots, n, n}, part[3] = {1, n / size, n};
    hid_t space = H5Screate_simple(3, shape, NULL), memory = H5Screate_simple(3, part, NULL);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    hid_t data = H5Dcreate(file, "u", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    for (hsize_t k = 0; k < snapshots; k++) {
        hsize_t start[3] = {k, rank * part[1], 0};
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, part, NULL);
        H5Dwrite(data, H5T_NATIVE_DOUBLE, memory, space, transfer, mine);
    }
    H5Dclose(data);
    H5Sclose(space);
    H5Sclose(memory);
    H5Pclose(creation);
    H5Pclose(transfer);
    H5Fclose(file);
    H5Pclose(access);

    MPI_Barrier(MPI_COMM_WORLD);
    return MPI_Wtime() - begin;
}

int main(int count, char **arguments) {
    MPI_Init(&count, &arguments);
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    hsize_t snapshots = atoi(arguments[2]), n = atoi(arguments[3]);
    size_t cells = n / size * n;
    double *mine = malloc(cells * sizeof *mine);
    for (size_t i = 0; i < cells; i++) mine[i] = i * 1e-3;
    double seconds = write_all(arguments[1], snapshots, n, mine);
    if (!rank) printf("%.6f\n", seconds);
    if (!rank) unlink(arguments[1]);
    MPI_Finalize();
}
