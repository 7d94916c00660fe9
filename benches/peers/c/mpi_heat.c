// du/dt = laplace(u) on N × N cells by hand with MPI: rows split over the ranks, blocking messages.
// Speaks the workers' protocol. mpirun -np R mpi_heat N
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int N, first, rows, rank, size;
static size_t S;
static double *U, *P;

static double *row(double *a, int i) { return a + (size_t)(i + 1) * S + 8; }

static void wrap_columns(double *r) {
    r[-1] = r[N - 1];
    r[N] = r[0];
}

static void exchange(double *a) {
    int before = (rank + size - 1) % size, after = (rank + 1) % size;
    if (size == 1) {
        memcpy(row(a, -1) - 1, row(a, rows - 1) - 1, 8 * (N + 2));
        memcpy(row(a, rows) - 1, row(a, 0) - 1, 8 * (N + 2));
        return;
    }
    MPI_Sendrecv(row(a, 0) - 1, N + 2, MPI_DOUBLE, before, 0, row(a, rows) - 1, N + 2, MPI_DOUBLE,
                 after, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Sendrecv(row(a, rows - 1) - 1, N + 2, MPI_DOUBLE, after, 1, row(a, -1) - 1, N + 2,
                 MPI_DOUBLE, before, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static void advance(long steps) {
    const double k = .1;
    for (long s = 0; s < steps; s++) {
        for (int i = 0; i < rows; i++) {
            const double *restrict c = row(U, i), *restrict a = row(U, i - 1),
                                   *restrict b = row(U, i + 1);
            double *restrict o = row(P, i);
            for (int j = 0; j < N; j++)
                o[j] = c[j] + k * (c[j - 1] + c[j + 1] + a[j] + b[j] - 4 * c[j]);
            wrap_columns(o);
        }
        exchange(P);
        double *t = U;
        U = P;
        P = t;
    }
}

// The sum over the 5 × 5 cells in the middle.
static double checksum(void) {
    double mine = 0, sum;
    int m = N / 2;
    for (int i = m - 2; i <= m + 2; i++)
        if (i >= first && i < first + rows)
            for (int j = m - 2; j <= m + 2; j++) mine += row(U, i - first)[j];
    MPI_Reduce(&mine, &sum, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    return sum;
}

static double *alloc(void) {
    size_t bytes = ((size_t)(rows + 2) * S + 8) * 8;
    double *memory = aligned_alloc(64, bytes);
    memset(memory, 0, bytes);
    return memory;
}

int main(int count, char **arguments) {
    MPI_Init(&count, &arguments);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    N = atoi(arguments[1]);
    first = (long)N * rank / size;
    rows = (long)N * (rank + 1) / size - first;
    S = N + 16;
    if (S % 64 == 0) S += 8;
    U = alloc();
    P = alloc();
    for (int i = 0; i < rows; i++) {
        int k = i + first;
        for (int j = 0; j < N; j++)
            row(U, i)[j] =
                .5 + .3 * (sin(.37 * k) * cos(.23 * j) + .3 * sin(.11 * k + .71 * j)) / 1.3;
        wrap_columns(row(U, i));
    }
    exchange(U);
    advance(1);
    if (!rank) {
        printf("first 0\n");
        fflush(stdout);
    }
    for (;;) {
        long steps = 0;
        char line[128];
        if (!rank && (!fgets(line, sizeof line, stdin) || sscanf(line, "run %ld", &steps) != 1))
            steps = 0;
        MPI_Bcast(&steps, 1, MPI_LONG, 0, MPI_COMM_WORLD);
        if (!steps) break;
        MPI_Barrier(MPI_COMM_WORLD);
        double begin = MPI_Wtime();
        advance(steps);
        MPI_Barrier(MPI_COMM_WORLD);
        double seconds = MPI_Wtime() - begin, sum = checksum();
        if (!rank) {
            printf("t %.9f %.15g\n", seconds, sum);
            fflush(stdout);
        }
    }
    MPI_Finalize();
}
