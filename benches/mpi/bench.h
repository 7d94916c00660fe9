// What the C programs beside fluxions-comm and fluxions-halo share: bursts, and how they are printed.
// One line a figure: benchmark TAB variant TAB parameter TAB microseconds of the best burst TAB of the median one.
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BURSTS = 200 };
static int rank, size;

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
// The best and the median burst, each as slow as its slowest rank. Bursts are short, so that some
// run undisturbed even on a busy machine: compare the best.
static void print(const char *bench, const char *variant, const char *parameter, double *times) {
    MPI_Allreduce(MPI_IN_PLACE, times, BURSTS, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    qsort(times, BURSTS, sizeof *times, ascending);
    if (rank == 0) {
        printf("%s\t%s\t%s\t%.4f\t%.4f\n", bench, variant, parameter, times[0], times[BURSTS / 2]);
        fflush(stdout);
    }
}

// N times BODY in bursts, with a barrier before each.
#define MEASURE(BENCH, VARIANT, PARAMETER, N, BODY) do { \
        double times[BURSTS]; \
        int n_ = (N) / BURSTS + 1; \
        for (int burst_ = -1; burst_ < BURSTS; burst_++) { \
            MPI_Barrier(MPI_COMM_WORLD); \
            double start_ = MPI_Wtime(); \
            for (int k_ = 0; k_ < n_; k_++) { BODY; } \
            if (burst_ >= 0) times[burst_] = (MPI_Wtime() - start_) / n_ * 1e6; \
        } \
        print(BENCH, VARIANT, PARAMETER, times); \
    } while (0)

// At the thread level SINGLE, or at FUNNELED if the environment has FUNNELED: Open MPI's calls cost twice as much there.
static void begin(int *argc, char ***argv) {
    int provided;
    MPI_Init_thread(argc, argv, getenv("FUNNELED") ? MPI_THREAD_FUNNELED : MPI_THREAD_SINGLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
}
