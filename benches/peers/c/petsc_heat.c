// du/dt = laplace(u) with PETSc: TS (Euler) on a DMDA. Speaks the workers' protocol.
// mpirun -np R petsc_heat heat2|heat3 N
#include <petscdmda.h>
#include <petscts.h>

static PetscInt N, dimensions;

static double value(PetscInt i, PetscInt j, double phase) {
    return .5 + .3 * (sin(.37 * i + phase) * cos(.23 * j) + .3 * sin(.11 * i + .71 * j)) / 1.3;
}

static PetscErrorCode slope2(DM da, Vec U, Vec F) {
    PetscInt xs, ys, xm, ym;
    const PetscScalar **u;
    PetscScalar **f;
    PetscFunctionBeginUser;
    PetscCall(DMDAGetCorners(da, &xs, &ys, NULL, &xm, &ym, NULL));
    PetscCall(DMDAVecGetArrayRead(da, U, &u));
    PetscCall(DMDAVecGetArray(da, F, &f));
    for (PetscInt j = ys; j < ys + ym; j++) {
        const PetscScalar *restrict c = u[j], *restrict a = u[j - 1], *restrict b = u[j + 1];
        PetscScalar *restrict o = f[j];
        for (PetscInt i = xs; i < xs + xm; i++) o[i] = c[i - 1] + c[i + 1] + a[i] + b[i] - 4 * c[i];
    }
    PetscCall(DMDAVecRestoreArrayRead(da, U, &u));
    PetscCall(DMDAVecRestoreArray(da, F, &f));
    PetscFunctionReturn(0);
}

static PetscErrorCode slope3(DM da, Vec U, Vec F) {
    PetscInt xs, ys, zs, xm, ym, zm;
    const PetscScalar ***u;
    PetscScalar ***f;
    PetscFunctionBeginUser;
    PetscCall(DMDAGetCorners(da, &xs, &ys, &zs, &xm, &ym, &zm));
    PetscCall(DMDAVecGetArrayRead(da, U, &u));
    PetscCall(DMDAVecGetArray(da, F, &f));
    for (PetscInt k = zs; k < zs + zm; k++)
        for (PetscInt j = ys; j < ys + ym; j++) {
            const PetscScalar *restrict c = u[k][j], *restrict a = u[k][j - 1],
                                        *restrict b = u[k][j + 1], *restrict d = u[k - 1][j],
                                        *restrict e = u[k + 1][j];
            PetscScalar *restrict o = f[k][j];
            for (PetscInt i = xs; i < xs + xm; i++)
                o[i] = c[i - 1] + c[i + 1] + a[i] + b[i] + d[i] + e[i] - 6 * c[i];
        }
    PetscCall(DMDAVecRestoreArrayRead(da, U, &u));
    PetscCall(DMDAVecRestoreArray(da, F, &f));
    PetscFunctionReturn(0);
}

static PetscErrorCode slope(TS ts, PetscReal t, Vec X, Vec F, void *ignored) {
    DM da;
    Vec U;
    PetscFunctionBeginUser;
    PetscCall(TSGetDM(ts, &da));
    PetscCall(DMGetLocalVector(da, &U));
    PetscCall(DMGlobalToLocalBegin(da, X, INSERT_VALUES, U));
    PetscCall(DMGlobalToLocalEnd(da, X, INSERT_VALUES, U));
    PetscCall(dimensions == 2 ? slope2(da, U, F) : slope3(da, U, F));
    PetscCall(DMRestoreLocalVector(da, &U));
    PetscFunctionReturn(0);
}

static PetscErrorCode fill(DM da, Vec u) {
    PetscInt xs, ys, zs, xm, ym, zm;
    PetscFunctionBeginUser;
    PetscCall(DMDAGetCorners(da, &xs, &ys, &zs, &xm, &ym, &zm));
    if (dimensions == 2) {
        PetscScalar **a;
        PetscCall(DMDAVecGetArray(da, u, &a));
        for (PetscInt j = ys; j < ys + ym; j++)
            for (PetscInt i = xs; i < xs + xm; i++) a[j][i] = value(j, i, 0);
        PetscCall(DMDAVecRestoreArray(da, u, &a));
    } else {
        PetscScalar ***a;
        PetscCall(DMDAVecGetArray(da, u, &a));
        for (PetscInt k = zs; k < zs + zm; k++)
            for (PetscInt j = ys; j < ys + ym; j++)
                for (PetscInt i = xs; i < xs + xm; i++) a[k][j][i] = value(j, i, .19 * k);
        PetscCall(DMDAVecRestoreArray(da, u, &a));
    }
    PetscFunctionReturn(0);
}

// In two dimensions the sum over the 5 × 5 cells in the middle, in three the cell in the middle.
static PetscErrorCode checksum(DM da, Vec u, double *sum) {
    PetscInt xs, ys, zs, xm, ym, zm, m = N / 2;
    double mine = 0;
    PetscFunctionBeginUser;
    PetscCall(DMDAGetCorners(da, &xs, &ys, &zs, &xm, &ym, &zm));
    if (dimensions == 2) {
        PetscScalar **a;
        PetscCall(DMDAVecGetArray(da, u, &a));
        for (PetscInt j = m - 2; j <= m + 2; j++)
            for (PetscInt i = m - 2; i <= m + 2; i++)
                if (j >= ys && j < ys + ym && i >= xs && i < xs + xm) mine += a[j][i];
        PetscCall(DMDAVecRestoreArray(da, u, &a));
    } else {
        PetscScalar ***a;
        PetscCall(DMDAVecGetArray(da, u, &a));
        if (m >= zs && m < zs + zm && m >= ys && m < ys + ym && m >= xs && m < xs + xm)
            mine = a[m][m][m];
        PetscCall(DMDAVecRestoreArray(da, u, &a));
    }
    MPI_Reduce(&mine, sum, 1, MPI_DOUBLE, MPI_SUM, 0, PETSC_COMM_WORLD);
    PetscFunctionReturn(0);
}

static PetscErrorCode create(DM *da) {
    const DMBoundaryType p = DM_BOUNDARY_PERIODIC;
    const PetscInt free = PETSC_DECIDE;
    PetscFunctionBeginUser;
    if (dimensions == 2)
        PetscCall(DMDACreate2d(PETSC_COMM_WORLD, p, p, DMDA_STENCIL_STAR, N, N, free, free, 1, 1,
                               NULL, NULL, da));
    else
        PetscCall(DMDACreate3d(PETSC_COMM_WORLD, p, p, p, DMDA_STENCIL_STAR, N, N, N, free, free,
                               free, 1, 1, NULL, NULL, NULL, da));
    PetscCall(DMSetFromOptions(*da));
    PetscCall(DMSetUp(*da));
    PetscFunctionReturn(0);
}

int main(int count, char **arguments) {
    PetscCall(PetscInitialize(&count, &arguments, NULL, NULL));
    dimensions = !strcmp(arguments[1], "heat3") ? 3 : 2;
    N = atoi(arguments[2]);
    int rank;
    MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
    DM da;
    Vec u;
    PetscCall(create(&da));
    PetscCall(DMCreateGlobalVector(da, &u));
    PetscCall(fill(da, u));

    TS ts;
    PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
    PetscCall(TSSetDM(ts, da));
    PetscCall(TSSetType(ts, TSEULER));
    PetscCall(TSSetRHSFunction(ts, NULL, slope, NULL));
    PetscCall(TSSetTimeStep(ts, .1));
    PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_STEPOVER));
    PetscCall(TSSetMaxTime(ts, 1e30));
    PetscCall(TSSetFromOptions(ts));

    long done = 1;
    PetscCall(TSSetMaxSteps(ts, done));
    PetscCall(TSSolve(ts, u));
    if (!rank) {
        PetscInt major, minor, patch;
        PetscGetVersionNumber(&major, &minor, &patch, NULL);
        printf("info PETSc %d.%d.%d\nfirst 0\n", (int)major, (int)minor, (int)patch);
        fflush(stdout);
    }
    for (;;) {
        long steps = 0;
        char line[128];
        if (!rank && (!fgets(line, sizeof line, stdin) || sscanf(line, "run %ld", &steps) != 1))
            steps = 0;
        MPI_Bcast(&steps, 1, MPI_LONG, 0, PETSC_COMM_WORLD);
        if (!steps) break;
        done += steps;
        PetscCall(TSSetMaxSteps(ts, done));
        MPI_Barrier(PETSC_COMM_WORLD);
        double begin = MPI_Wtime();
        PetscCall(TSSolve(ts, u));
        MPI_Barrier(PETSC_COMM_WORLD);
        double seconds = MPI_Wtime() - begin, sum = 0;
        PetscCall(checksum(da, u, &sum));
        if (!rank) {
            printf("t %.9f %.15g\n", seconds, sum);
            fflush(stdout);
        }
    }
    PetscCall(PetscFinalize());
    return 0;
}
