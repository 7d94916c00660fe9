// Cahn–Hilliard, dc/dt = laplace(c³ - c - laplace(c)), and Kuramoto–Sivashinsky,
// du/dt = -|gradient(u)|²/2 - laplace(u + laplace(u)), in one sweep: the inner field is kept for
// three rows only.
#pragma once
#include "grid.h"

static void fourth_order(long steps, int kuramoto) {
    const double dt = 0.01;
    for (long s = 0; s < steps; s++) {
        double *from = U, *to = P;
#pragma omp parallel
        {
            int threads = omp_get_num_threads(), id = omp_get_thread_num();
            int begin = (long)N * id / threads, end = (long)N * (id + 1) / threads;
            static __thread double *inner = 0;
            if (!inner) inner = alloc(3 * S + 64);
            double *m[3] = {inner + LEFT, inner + S + LEFT, inner + 2 * S + LEFT};
            for (int i = begin - 1; i <= end; i++) {
                {
                    const double *restrict c = row(from, 2, i), *restrict a = row(from, 2, i - 1),
                                           *restrict b = row(from, 2, i + 1);
                    double *restrict o = m[(i + 3) % 3];
                    if (kuramoto)
                        for (int j = -1; j <= N; j++)
                            o[j] = c[j] + (c[j - 1] + c[j + 1] + a[j] + b[j] - 4 * c[j]);
                    else
                        for (int j = -1; j <= N; j++)
                            o[j] = c[j] * c[j] * c[j] - c[j] -
                                   (c[j - 1] + c[j + 1] + a[j] + b[j] - 4 * c[j]);
                }
                if (i <= begin) continue;
                int r = i - 1;
                const double *restrict c = m[(r + 3) % 3], *restrict a = m[(r + 2) % 3],
                                       *restrict b = m[(r + 4) % 3];
                const double *restrict u = row(from, 2, r), *restrict ua = row(from, 2, r - 1),
                                       *restrict ub = row(from, 2, r + 1);
                double *restrict o = row(to, 2, r);
                if (kuramoto)
                    for (int j = 0; j < N; j++) {
                        double gx = 0.5 * (u[j + 1] - u[j - 1]), gy = 0.5 * (ub[j] - ua[j]);
                        double lap = c[j - 1] + c[j + 1] + a[j] + b[j] - 4 * c[j];
                        o[j] = u[j] - dt * (0.5 * (gx * gx + gy * gy) + lap);
                    }
                else
                    for (int j = 0; j < N; j++)
                        o[j] = u[j] + dt * (c[j - 1] + c[j + 1] + a[j] + b[j] - 4 * c[j]);
                wrap_columns(o, 2);
            }
        }
        wrap_rows(to, 2);
        swap(&U, &P);
    }
}

static void cahn_hilliard(long steps, int ignored) {
    (void)ignored;
    fourth_order(steps, 0);
}

static void kuramoto_sivashinsky(long steps, int ignored) {
    (void)ignored;
    fourth_order(steps, 1);
}
