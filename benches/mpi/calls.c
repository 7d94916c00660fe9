// Calls of MPI from C:
//   calls call        what the calls themselves cost, on one rank
//   calls pingpong    2 ranks: one-way time for 8 B … 4 MiB
//   calls allreduce   1, 71 and 1000 doubles and 64-bit integers
//   calls pi          the benchmark that numba-mpi has published: a sum over intervals, and a reduction each time
#include "bench.h"

static void call(void) {
    double a[1] = {1}, b[1] = {0};
    int n = 200000, flag;
    MEASURE("call", "C", "wtime", n, MPI_Wtime());
    MEASURE("call", "C", "rank", n, MPI_Comm_rank(MPI_COMM_WORLD, &flag));
    MEASURE("call", "C", "send to nobody", n,
            MPI_Send(a, 1, MPI_DOUBLE, MPI_PROC_NULL, 0, MPI_COMM_WORLD));
    MEASURE("call", "C", "isend+wait to nobody", n, MPI_Request q;
            MPI_Isend(a, 1, MPI_DOUBLE, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &q);
            MPI_Wait(&q, MPI_STATUS_IGNORE));
    MEASURE("call", "C", "sendrecv with itself", n / 4,
            MPI_Sendrecv(a, 1, MPI_DOUBLE, 0, 0, b, 1, MPI_DOUBLE, 0, 0, MPI_COMM_SELF,
                         MPI_STATUS_IGNORE));
    MEASURE("call", "C", "allreduce alone", n / 4,
            MPI_Allreduce(a, b, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_SELF));
    MPI_Request q[2];
    MPI_Recv_init(b, 1, MPI_DOUBLE, 0, 1, MPI_COMM_SELF, &q[0]);
    MPI_Send_init(a, 1, MPI_DOUBLE, 0, 1, MPI_COMM_SELF, &q[1]);
    MEASURE("call", "C", "persistent with itself", n / 4, MPI_Start(&q[0]); MPI_Start(&q[1]);
            MPI_Wait(&q[0], MPI_STATUS_IGNORE); MPI_Wait(&q[1], MPI_STATUS_IGNORE));
    MPI_Request_free(&q[0]);
    MPI_Request_free(&q[1]);
}

static int repetitions(long bytes) {
    return bytes <= 4096 ? 20000 : bytes <= 32768 ? 4000 : bytes <= 262144 ? 1000 : 200;
}

// Half a round trip, blocking or with persistent requests, never waiting but for the other rank.
static void pingpong(void) {
    static const long sizes[] = {8, 64, 512, 4096, 32768, 262144, 1 << 20, 4 << 20};
    for (int s = 0; s < 8; s++) {
        long bytes = sizes[s];
        int count = bytes / 8, n = repetitions(bytes) / BURSTS + 1, other = 1 - rank;
        double *a = malloc(bytes), *b = malloc(bytes);
        for (int k = 0; k < count; k++) a[k] = b[k] = k; // untouched zeros would all be one page
        char name[32];
        snprintf(name, sizeof name, "%ld", bytes);
        for (int variant = 0; variant < 2; variant++) {
            MPI_Request q[2];
            double times[BURSTS];
            if (variant == 1) {
                MPI_Recv_init(b, count, MPI_DOUBLE, other, 1, MPI_COMM_WORLD, &q[0]);
                MPI_Send_init(a, count, MPI_DOUBLE, other, 1, MPI_COMM_WORLD, &q[1]);
            }
            for (int burst = -1; burst < BURSTS; burst++) {
                double start = MPI_Wtime();
                for (int k = 0; k < n; k++) {
                    if (variant == 0) {
                        if (rank == 0) {
                            MPI_Send(a, count, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
                            MPI_Recv(b, count, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                        } else {
                            MPI_Recv(b, count, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                            MPI_Send(a, count, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD);
                        }
                    } else if (rank == 0) {
                        MPI_Start(&q[0]);
                        MPI_Start(&q[1]);
                        MPI_Wait(&q[1], MPI_STATUS_IGNORE);
                        MPI_Wait(&q[0], MPI_STATUS_IGNORE);
                    } else {
                        MPI_Start(&q[0]);
                        MPI_Wait(&q[0], MPI_STATUS_IGNORE);
                        MPI_Start(&q[1]);
                        MPI_Wait(&q[1], MPI_STATUS_IGNORE);
                    }
                }
                if (burst >= 0) times[burst] = (MPI_Wtime() - start) / n / 2 * 1e6;
            }
            print("pingpong", variant ? "C persistent" : "C", name, times);
            if (variant == 1) MPI_Request_free(&q[0]), MPI_Request_free(&q[1]);
        }
        free(a);
        free(b);
    }
}

static void allreduce(void) {
    int counts[] = {1, 71, 1000};
    for (int c = 0; c < 3; c++) {
        int count = counts[c], n = size > 2 ? 200 : 10000;
        double *a = calloc(count, 8), *b = calloc(count, 8);
        int64_t *i = calloc(count, 8), *j = calloc(count, 8);
        char name[32];
        snprintf(name, sizeof name, "%d f64", count);
        MEASURE("allreduce", "C", name, n,
                MPI_Allreduce(a, b, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD));
        snprintf(name, sizeof name, "%d i64", count);
        MEASURE("allreduce", "C", name, n,
                MPI_Allreduce(i, j, count, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD));
        MEASURE("allreduce", "C in place", name, n,
                MPI_Allreduce(MPI_IN_PLACE, j, count, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD));
        free(a), free(b), free(i), free(j);
    }
    MEASURE("allreduce", "C", "barrier", size > 2 ? 200 : 10000, MPI_Barrier(MPI_COMM_WORLD));
}

__attribute__((noinline)) static double pi_part(int intervals) {
    double h = 1.0 / intervals, part = 0;
    for (int i = rank + 1; i < intervals; i += size) {
        double x = h * (i - 0.5);
        part += 4 / (1 + x * x);
    }
    return h * part;
}
static void pi(void) {
    int counts[] = {10000, 5000, 2000, 1000};
    for (int c = 0; c < 4; c++) {
        double total = 0, part;
        char name[32];
        snprintf(name, sizeof name, "%d intervals", counts[c]);
        MEASURE("pi", "C", name, 4000, part = pi_part(counts[c]);
                MPI_Allreduce(&part, &total, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
                if (total < 3.138 || total > 3.145) MPI_Abort(MPI_COMM_WORLD, 4));
    }
}

int main(int argc, char **argv) {
    begin(&argc, &argv);
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "call")) call();
    else if (!strcmp(what, "pingpong") && size == 2) pingpong();
    else if (!strcmp(what, "allreduce")) allreduce();
    else if (!strcmp(what, "pi")) pi();
    else return fprintf(stderr, "see the head of calls.c\n"), MPI_Abort(MPI_COMM_WORLD, 2);
    MPI_Finalize();
}
