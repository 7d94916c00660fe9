// Upwind transport by a rotation around the middle: dpsi/dt + div(c psi) = 0.
#pragma once
#include "grid.h"

static double *CX, *CY; // Courant numbers on the faces before each cell, along the axes

static void fill_rotation(void) {
    CX = alloc_plane(1);
    CY = alloc_plane(1);
    for (int i = 0; i <= N; i++)
        for (int j = 0; j <= N; j++) {
            row(CX, 1, i)[j] = -.5 / N * (j + .5 - N / 2.);
            row(CY, 1, i)[j] = .5 / N * (i + .5 - N / 2.);
        }
}

// Through a face from cell a to cell b.
static inline double flux(double c, double a, double b) {
    return (c > 0 ? c : 0) * a + (c < 0 ? c : 0) * b;
}

static void upwind(long steps, int ignored) {
    (void)ignored;
    for (long s = 0; s < steps; s++) {
#pragma omp parallel for schedule(static)
        for (int i = 0; i < N; i++) {
            const double *restrict u = row(U, 1, i), *restrict a = row(U, 1, i - 1),
                                   *restrict b = row(U, 1, i + 1), *restrict x = row(CX, 1, i),
                                   *restrict after = row(CX, 1, i + 1), *restrict y = row(CY, 1, i);
            double *restrict o = row(P, 1, i);
            for (int j = 0; j < N; j++)
                o[j] = u[j] - (flux(after[j], u[j], b[j]) - flux(x[j], a[j], u[j]) +
                               flux(y[j + 1], u[j], u[j + 1]) - flux(y[j], u[j - 1], u[j]));
            wrap_columns(o, 1);
        }
        wrap_rows(P, 1);
        swap(&U, &P);
    }
}
