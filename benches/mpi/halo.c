// The exchange of the faces of a block of doubles from C: halo NX NY NZ WIDTH PX PY PZ WAY
// on PX*PY*PZ ranks, with periodic ends. All halo cells are checked first.
#include "bench.h"

typedef struct { int start[3], shape[3]; } Box;
static int n[3], w, dims[3], full[3], face_count, at[6], peer[6], coordinates[3];
static Box out[6], in[6];
static double *u, *sent[6], *received[6];
static long cells[6];
static MPI_Comm cart;

static long copy(Box b, double *packed, int unpack) {
    long k = 0;
    size_t row = b.shape[2] * sizeof(double);
    for (int x = b.start[0]; x < b.start[0] + b.shape[0]; x++)
        for (int y = b.start[1]; y < b.start[1] + b.shape[1]; y++) {
            double *cell = u + ((long)x * full[1] + y) * full[2] + b.start[2];
            if (b.shape[2] < 8)
                for (int z = 0; z < b.shape[2]; z++)
                    if (unpack) cell[z] = packed[k + z]; else packed[k + z] = cell[z];
            else if (unpack) memcpy(cell, packed + k, row);
            else memcpy(packed + k, cell, row);
            k += b.shape[2];
        }
    return k;
}
static double value(const int *cell) { // of a global cell, with periodic ends
    double v = 0;
    for (int a = 0; a < 3; a++) {
        int g = (coordinates[a] * n[a] + cell[a] - w + n[a] * dims[a]) % (n[a] * dims[a]);
        v = v * 4096 + g;
    }
    return v;
}
static MPI_Datatype subarray(Box b) {
    MPI_Datatype t;
    MPI_Type_create_subarray(3, full, b.shape, b.start, MPI_ORDER_C, MPI_DOUBLE, &t);
    MPI_Type_commit(&t);
    return t;
}
static int verify(void) { // the exchange has just been done on u = value inside, -1 outside
    int wrong = 0;
    for (int f = 0; f < face_count; f++)
        for (int x = in[f].start[0]; x < in[f].start[0] + in[f].shape[0]; x++)
            for (int y = in[f].start[1]; y < in[f].start[1] + in[f].shape[1]; y++)
                for (int z = in[f].start[2]; z < in[f].start[2] + in[f].shape[2]; z++) {
                    int cell[] = {x, y, z};
                    wrong += u[((long)x * full[1] + y) * full[2] + z] != value(cell);
                }
    MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return wrong;
}

static void halo(char **argument) {
    for (int a = 0; a < 3; a++) n[a] = atoi(argument[a]), dims[a] = atoi(argument[4 + a]);
    w = atoi(argument[3]);
    const char *mode = argument[7];
    int periodic[3] = {1, 1, 1};
    MPI_Cart_create(MPI_COMM_WORLD, 3, dims, periodic, 0, &cart);
    MPI_Cart_coords(cart, rank, 3, coordinates);
    long all = 1;
    for (int a = 0; a < 3; a++) full[a] = n[a] + 2 * w, all *= full[a];
    MPI_Win window = MPI_WIN_NULL;
    double *theirs[6];
    if (!strcmp(mode, "shared")) {
        MPI_Comm node;
        MPI_Comm_split_type(cart, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node);
        MPI_Win_allocate_shared(all * 8, 8, MPI_INFO_NULL, node, &u, &window);
        MPI_Win_lock_all(MPI_MODE_NOCHECK, window);
    } else {
        u = aligned_alloc(64, (all * 8 + 63) / 64 * 64);
    }
    for (long k = 0; k < all; k++) u[k] = -1;
    for (int x = w; x < w + n[0]; x++)
        for (int y = w; y < w + n[1]; y++)
            for (int z = w; z < w + n[2]; z++) {
                int cell[] = {x, y, z};
                u[((long)x * full[1] + y) * full[2] + z] = value(cell);
            }
    long bytes = 0;
    for (int a = 0; a < 3; a++) {
        if (dims[a] == 1) continue; // an axis that is not cut sends nothing
        int low, high;
        MPI_Cart_shift(cart, a, 1, &low, &high);
        for (int side = 0; side < 2; side++) {
            int f = face_count++;
            at[f] = 2 * a + side;
            peer[f] = side ? high : low;
            for (int b = 0; b < 3; b++) out[f].start[b] = in[f].start[b] = w, out[f].shape[b] = in[f].shape[b] = n[b];
            out[f].shape[a] = in[f].shape[a] = w;
            out[f].start[a] = side ? n[a] : w;
            in[f].start[a] = side ? n[a] + w : 0;
            cells[f] = (long)out[f].shape[0] * out[f].shape[1] * out[f].shape[2];
            sent[f] = aligned_alloc(64, (cells[f] * 8 + 63) / 64 * 64);
            received[f] = aligned_alloc(64, (cells[f] * 8 + 63) / 64 * 64);
            bytes += cells[f] * 8;
            if (window != MPI_WIN_NULL) {
                MPI_Aint length;
                int unit;
                MPI_Win_shared_query(window, peer[f], &length, &unit, &theirs[f]);
            }
        }
    }
    MPI_Request q[12];
    int sends = face_count;
    MPI_Datatype to[6], from[6];
    MPI_Datatype types_to[6], types_from[6];
    int ones_to[6] = {0}, ones_from[6] = {0}, counts[6] = {0}, starts[6] = {0};
    MPI_Aint zero[6] = {0};
    for (int f = 0; f < face_count; f++) to[f] = subarray(out[f]), from[f] = subarray(in[f]);
    for (int k = 0; k < 6; k++) types_to[k] = types_from[k] = MPI_DOUBLE;
    for (int f = 0; f < face_count; f++)
        types_to[at[f]] = to[f], types_from[at[f]] = from[f], ones_to[at[f]] = ones_from[at[f]] = 1,
        counts[at[f]] = cells[f];
    double *all_sent = malloc(bytes), *all_received = malloc(bytes);
    for (int k = 1; k < 6; k++) starts[k] = starts[k - 1] + counts[k - 1];
    // A message is named by the face of its receiver.
#define TAG_TO(f) (at[f] ^ 1)
#define TAG_FROM(f) (at[f])
    int pack = !strcmp(mode, "persistent") || !strcmp(mode, "isend") || !strcmp(mode, "axes");
    int persistent = 1;
    if (!strcmp(mode, "persistent") || !strcmp(mode, "axes"))
        for (int f = 0; f < face_count; f++) {
            MPI_Recv_init(received[f], cells[f], MPI_DOUBLE, peer[f], TAG_FROM(f), cart, &q[f]);
            MPI_Send_init(sent[f], cells[f], MPI_DOUBLE, peer[f], TAG_TO(f), cart, &q[sends + f]);
        }
    else if (!strcmp(mode, "persistent types"))
        for (int f = 0; f < face_count; f++) {
            MPI_Recv_init(u, 1, from[f], peer[f], TAG_FROM(f), cart, &q[f]);
            MPI_Send_init(u, 1, to[f], peer[f], TAG_TO(f), cart, &q[sends + f]);
        }
#if MPI_VERSION >= 4
    else if (!strcmp(mode, "neighbor persistent"))
        MPI_Neighbor_alltoallw_init(u, ones_to, zero, types_to, u, ones_from, zero, types_from, cart,
                                    MPI_INFO_NULL, &q[0]);
#endif
    else
        persistent = 0;
    char name[96];
    snprintf(name, sizeof name, "%dx%dx%d w%d on %dx%dx%d, %ld B", n[0], n[1], n[2], w, dims[0],
             dims[1], dims[2], bytes);
    int times_each = size > 2 ? 200 : bytes > 300000 ? 400 : bytes > 50000 ? 1000 : 4000;

#define EXCHANGE \
    if (pack) { \
        int each = !strcmp(mode, "axes") ? 2 : face_count; \
        for (int first = 0; first < face_count; first += each) { \
            for (int f = first; f < first + each; f++) { \
                if (persistent) MPI_Start(&q[f]); \
                else MPI_Irecv(received[f], cells[f], MPI_DOUBLE, peer[f], TAG_FROM(f), cart, &q[f]); \
            } \
            for (int f = first; f < first + each; f++) { \
                copy(out[f], sent[f], 0); \
                if (persistent) MPI_Start(&q[sends + f]); \
                else MPI_Isend(sent[f], cells[f], MPI_DOUBLE, peer[f], TAG_TO(f), cart, &q[sends + f]); \
            } \
            for (int f = first; f < first + each; f++) { \
                MPI_Wait(&q[f], MPI_STATUS_IGNORE); \
                copy(in[f], received[f], 1); \
            } \
            MPI_Waitall(each, q + sends + first, MPI_STATUSES_IGNORE); \
        } \
    } else if (!strcmp(mode, "persistent types")) { \
        MPI_Startall(2 * face_count, q); \
        MPI_Waitall(2 * face_count, q, MPI_STATUSES_IGNORE); \
    } else if (!strcmp(mode, "neighbor types")) { \
        MPI_Neighbor_alltoallw(u, ones_to, zero, types_to, u, ones_from, zero, types_from, cart); \
    } else if (!strcmp(mode, "neighbor packed")) { \
        for (int f = 0; f < face_count; f++) copy(out[f], all_sent + starts[at[f]], 0); \
        MPI_Neighbor_alltoallv(all_sent, counts, starts, MPI_DOUBLE, all_received, counts, starts, \
                               MPI_DOUBLE, cart); \
        for (int f = 0; f < face_count; f++) copy(in[f], all_received + starts[at[f]], 1); \
    } else if (!strcmp(mode, "neighbor persistent")) { \
        MPI_Start(&q[0]); \
        MPI_Wait(&q[0], MPI_STATUS_IGNORE); \
    } else if (!strcmp(mode, "shared")) { \
        MPI_Win_sync(window); \
        MPI_Barrier(cart); \
        MPI_Win_sync(window); \
        for (int f = 0; f < face_count; f++) { \
            Box b = out[f]; /* what the neighbour would send beyond its opposite face */ \
            b.start[at[f] / 2] = out[f ^ 1].start[at[f] / 2]; \
            double *mine = u; \
            u = theirs[f]; \
            copy(b, received[f], 0); \
            u = mine; \
            copy(in[f], received[f], 1); \
        } \
        MPI_Barrier(cart); \
    } else { \
        fprintf(stderr, "no mode %s here\n", mode); \
        MPI_Abort(MPI_COMM_WORLD, 3); \
    }

    EXCHANGE
    int wrong = verify();
    if (rank == 0 && wrong) printf("# WRONG: %s %s: %d halo cells\n", mode, name, wrong);
    MEASURE("halo", mode, name, times_each, EXCHANGE);
    if (persistent && !strcmp(mode, "neighbor persistent")) MPI_Request_free(&q[0]);
    else if (persistent) for (int k = 0; k < 2 * face_count; k++) MPI_Request_free(&q[k]);
    if (window != MPI_WIN_NULL) MPI_Win_unlock_all(window), MPI_Win_free(&window);
    for (int f = 0; f < face_count; f++) MPI_Type_free(&to[f]), MPI_Type_free(&from[f]);
}

int main(int argc, char **argv) {
    begin(&argc, &argv);
    if (argc != 9) return fprintf(stderr, "see the head of halo.c\n"), MPI_Abort(MPI_COMM_WORLD, 2);
    halo(argv + 1);
    MPI_Finalize();
}
