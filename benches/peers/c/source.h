// du/dt = laplace(u) + sin(u) exp(-u²).
#pragma once
#include "grid.h"

static void source(long steps, int ignored) {
    (void)ignored;
    for (long s = 0; s < steps; s++) {
#pragma omp parallel for schedule(static)
        for (int i = 0; i < N; i++) {
            const double *restrict c = row(U, 1, i), *restrict a = row(U, 1, i - 1),
                                   *restrict b = row(U, 1, i + 1);
            double *restrict o = row(P, 1, i);
            for (int j = 0; j < N; j++)
                o[j] = c[j] + DT * ((c[j - 1] + c[j + 1] + a[j] + b[j] - 4 * c[j]) +
                                    sin(c[j]) * exp(-c[j] * c[j]));
            wrap_columns(o, 1);
        }
        wrap_rows(P, 1);
        swap(&U, &P);
    }
}
