// Counts MPI's handles that a program makes and frees, as a library that stands before MPI's own (MPI 4.0, section 15.2). Each
// process says at its end what is left.

#include <mpi.h>
#include <stdio.h>

enum { COMMUNICATOR, TYPE, REQUEST, MESSAGE, WINDOW, SORTS };
static const char *const names[SORTS] = {"communicators", "types", "requests", "messages", "windows"};
static long made[SORTS], freed[SORTS];

#define MAKES(sort, handle, null, call)                                                                                  \
    {                                                                                                                    \
        int code = call;                                                                                                 \
        made[sort] += code == MPI_SUCCESS && *(handle) != (null);                                                        \
        return code;                                                                                                     \
    }

#define FREES(sort, handle, null, call)                                                                                  \
    {                                                                                                                    \
        int was = *(handle) != (null), code = call;                                                                      \
        freed[sort] += was && *(handle) == (null);                                                                       \
        return code;                                                                                                     \
    }

#define MAKES_COMMUNICATOR(call) MAKES(COMMUNICATOR, result, MPI_COMM_NULL, call)
#define MAKES_TYPE(call) MAKES(TYPE, result, MPI_DATATYPE_NULL, call)
#define MAKES_REQUEST(call) MAKES(REQUEST, request, MPI_REQUEST_NULL, call)
#define ENDS_REQUEST(call) FREES(REQUEST, request, MPI_REQUEST_NULL, call)

int MPI_Comm_dup(MPI_Comm c, MPI_Comm *result) MAKES_COMMUNICATOR(PMPI_Comm_dup(c, result))
int MPI_Comm_split(MPI_Comm c, int colour, int key, MPI_Comm *result)
    MAKES_COMMUNICATOR(PMPI_Comm_split(c, colour, key, result))
int MPI_Comm_split_type(MPI_Comm c, int type, int key, MPI_Info info, MPI_Comm *result)
    MAKES_COMMUNICATOR(PMPI_Comm_split_type(c, type, key, info, result))
int MPI_Comm_free(MPI_Comm *c) FREES(COMMUNICATOR, c, MPI_COMM_NULL, PMPI_Comm_free(c))

int MPI_Type_contiguous(int n, MPI_Datatype t, MPI_Datatype *result) MAKES_TYPE(PMPI_Type_contiguous(n, t, result))
int MPI_Type_vector(int n, int length, int stride, MPI_Datatype t, MPI_Datatype *result)
    MAKES_TYPE(PMPI_Type_vector(n, length, stride, t, result))
int MPI_Type_create_hvector(int n, int length, MPI_Aint stride, MPI_Datatype t, MPI_Datatype *result)
    MAKES_TYPE(PMPI_Type_create_hvector(n, length, stride, t, result))
int MPI_Type_create_struct(int n, const int *lengths, const MPI_Aint *starts, const MPI_Datatype *t, MPI_Datatype *result)
    MAKES_TYPE(PMPI_Type_create_struct(n, lengths, starts, t, result))
int MPI_Type_free(MPI_Datatype *t) FREES(TYPE, t, MPI_DATATYPE_NULL, PMPI_Type_free(t))

#define MESSAGE_ARGUMENTS int n, MPI_Datatype t, int peer, int tag, MPI_Comm c, MPI_Request *request
int MPI_Isend(const void *from, MESSAGE_ARGUMENTS) MAKES_REQUEST(PMPI_Isend(from, n, t, peer, tag, c, request))
int MPI_Issend(const void *from, MESSAGE_ARGUMENTS) MAKES_REQUEST(PMPI_Issend(from, n, t, peer, tag, c, request))
int MPI_Irecv(void *to, MESSAGE_ARGUMENTS) MAKES_REQUEST(PMPI_Irecv(to, n, t, peer, tag, c, request))
int MPI_Send_init(const void *from, MESSAGE_ARGUMENTS) MAKES_REQUEST(PMPI_Send_init(from, n, t, peer, tag, c, request))
int MPI_Recv_init(void *to, MESSAGE_ARGUMENTS) MAKES_REQUEST(PMPI_Recv_init(to, n, t, peer, tag, c, request))
int MPI_Ibarrier(MPI_Comm c, MPI_Request *request) MAKES_REQUEST(PMPI_Ibarrier(c, request))
int MPI_Ibcast(void *data, int n, MPI_Datatype t, int root, MPI_Comm c, MPI_Request *request)
    MAKES_REQUEST(PMPI_Ibcast(data, n, t, root, c, request))
int MPI_Iscatter(const void *from, int n, MPI_Datatype t, void *to, int m, MPI_Datatype u, int root, MPI_Comm c,
                 MPI_Request *request) MAKES_REQUEST(PMPI_Iscatter(from, n, t, to, m, u, root, c, request))
int MPI_Igather(const void *from, int n, MPI_Datatype t, void *to, int m, MPI_Datatype u, int root, MPI_Comm c,
                MPI_Request *request) MAKES_REQUEST(PMPI_Igather(from, n, t, to, m, u, root, c, request))
int MPI_Iallgather(const void *from, int n, MPI_Datatype t, void *to, int m, MPI_Datatype u, MPI_Comm c,
                   MPI_Request *request) MAKES_REQUEST(PMPI_Iallgather(from, n, t, to, m, u, c, request))
int MPI_Ialltoall(const void *from, int n, MPI_Datatype t, void *to, int m, MPI_Datatype u, MPI_Comm c,
                  MPI_Request *request) MAKES_REQUEST(PMPI_Ialltoall(from, n, t, to, m, u, c, request))
int MPI_Iscatterv(const void *from, const int *n, const int *starts, MPI_Datatype t, void *to, int m, MPI_Datatype u, int root,
                  MPI_Comm c, MPI_Request *request)
    MAKES_REQUEST(PMPI_Iscatterv(from, n, starts, t, to, m, u, root, c, request))
int MPI_Igatherv(const void *from, int n, MPI_Datatype t, void *to, const int *m, const int *starts, MPI_Datatype u, int root,
                 MPI_Comm c, MPI_Request *request)
    MAKES_REQUEST(PMPI_Igatherv(from, n, t, to, m, starts, u, root, c, request))
int MPI_Iallgatherv(const void *from, int n, MPI_Datatype t, void *to, const int *m, const int *starts, MPI_Datatype u,
                    MPI_Comm c, MPI_Request *request)
    MAKES_REQUEST(PMPI_Iallgatherv(from, n, t, to, m, starts, u, c, request))
int MPI_Ialltoallv(const void *from, const int *n, const int *from_starts, MPI_Datatype t, void *to, const int *m,
                   const int *starts, MPI_Datatype u, MPI_Comm c, MPI_Request *request)
    MAKES_REQUEST(PMPI_Ialltoallv(from, n, from_starts, t, to, m, starts, u, c, request))
int MPI_Iallreduce(const void *from, void *to, int n, MPI_Datatype t, MPI_Op op, MPI_Comm c, MPI_Request *request)
    MAKES_REQUEST(PMPI_Iallreduce(from, to, n, t, op, c, request))
int MPI_Test(MPI_Request *request, int *flag, MPI_Status *status) ENDS_REQUEST(PMPI_Test(request, flag, status))
int MPI_Wait(MPI_Request *request, MPI_Status *status) ENDS_REQUEST(PMPI_Wait(request, status))
int MPI_Request_free(MPI_Request *request) ENDS_REQUEST(PMPI_Request_free(request))

int MPI_Mprobe(int source, int tag, MPI_Comm c, MPI_Message *result, MPI_Status *status)
    MAKES(MESSAGE, result, MPI_MESSAGE_NULL, PMPI_Mprobe(source, tag, c, result, status))
int MPI_Improbe(int source, int tag, MPI_Comm c, int *flag, MPI_Message *result, MPI_Status *status) {
    int code = PMPI_Improbe(source, tag, c, flag, result, status);
    made[MESSAGE] += code == MPI_SUCCESS && *flag;
    return code;
}
int MPI_Mrecv(void *to, int n, MPI_Datatype t, MPI_Message *message, MPI_Status *status) {
    // One that is too long is received, too, though MPICH leaves the handle as it is then.
    freed[MESSAGE] += *message != MPI_MESSAGE_NULL;
    return PMPI_Mrecv(to, n, t, message, status);
}

int MPI_Win_allocate_shared(MPI_Aint size, int unit, MPI_Info info, MPI_Comm c, void *base, MPI_Win *result)
    MAKES(WINDOW, result, MPI_WIN_NULL, PMPI_Win_allocate_shared(size, unit, info, c, base, result))
int MPI_Win_free(MPI_Win *w) FREES(WINDOW, w, MPI_WIN_NULL, PMPI_Win_free(w))

int MPI_Finalize(void) {
    for (int sort = 0; sort < SORTS; sort++)
        printf("handles: %s: %ld made, %ld left\n", names[sort], made[sort], made[sort] - freed[sort]);
    fflush(stdout);
    return PMPI_Finalize();
}
