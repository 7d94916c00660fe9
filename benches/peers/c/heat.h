// du/dt = laplace(u) in two and three dimensions, with ordinary and with non-temporal stores.
#pragma once
#include "grid.h"

static void heat2_row(double *restrict o, const double *restrict a, const double *restrict c,
                      const double *restrict b) {
    for (int j = 0; j < N; j++) o[j] = c[j] + DT * (c[j - 1] + c[j + 1] + a[j] + b[j] - 4 * c[j]);
    o[-1] = o[N - 1];
    o[N] = o[0];
}

static void heat2_row_nt(double *restrict o, const double *restrict a, const double *restrict c,
                         const double *restrict b) {
    const __m256d k = _mm256_set1_pd(DT), k4 = _mm256_set1_pd(1 - 4 * DT);
    for (int j = 0; j < N; j += 4) {
        __m256d sides = _mm256_add_pd(_mm256_loadu_pd(c + j - 1), _mm256_loadu_pd(c + j + 1));
        __m256d ends = _mm256_add_pd(_mm256_load_pd(a + j), _mm256_load_pd(b + j));
        __m256d old = _mm256_mul_pd(k4, _mm256_load_pd(c + j));
        _mm256_stream_pd(o + j, _mm256_fmadd_pd(k, _mm256_add_pd(sides, ends), old));
    }
    // Computed anew: reading what was just streamed would fetch it from memory.
    o[-1] = DT * (c[N - 2] + c[0] + a[N - 1] + b[N - 1]) + (1 - 4 * DT) * c[N - 1];
    o[N] = DT * (c[-1] + c[1] + a[0] + b[0]) + (1 - 4 * DT) * c[0];
}

static void heat2(long steps, int non_temporal) {
    for (long s = 0; s < steps; s++) {
#pragma omp parallel
        {
#pragma omp for schedule(static) nowait
            for (int i = 0; i < N; i++) {
                double *o = row(P, 1, i), *a = row(U, 1, i - 1), *b = row(U, 1, i + 1);
                if (non_temporal)
                    heat2_row_nt(o, a, row(U, 1, i), b);
                else
                    heat2_row(o, a, row(U, 1, i), b);
            }
            if (non_temporal) _mm_sfence();
        }
        wrap_rows(P, 1);
        swap(&U, &P);
    }
}

static size_t PLANE; // numbers from plane to plane

static inline double *row3(double *a, int z, int y) {
    return a + (size_t)(z + 1) * PLANE + (size_t)(y + 1) * S + LEFT;
}

static void wrap_plane(double *a, int z) {
    memcpy(row3(a, z, -1) - 1, row3(a, z, N - 1) - 1, 8 * (N + 2));
    memcpy(row3(a, z, N) - 1, row3(a, z, 0) - 1, 8 * (N + 2));
}

static void wrap_planes(double *a) {
    memcpy(a, a + (size_t)N * PLANE, PLANE * 8);
    memcpy(a + (size_t)(N + 1) * PLANE, a + PLANE, PLANE * 8);
}

static void fill3(double *u) {
    for (int z = 0; z < N; z++) {
        for (int y = 0; y < N; y++) {
            double *r = row3(u, z, y);
            for (int x = 0; x < N; x++) r[x] = .5 + .3 * waves(y, x, .19 * z);
            wrap_columns(r, 1);
        }
        wrap_plane(u, z);
    }
    wrap_planes(u);
}

static void heat3_row(double *restrict o, const double *restrict a, const double *restrict b,
                      const double *restrict c, const double *restrict d,
                      const double *restrict e) {
    for (int j = 0; j < N; j++)
        o[j] = c[j] + DT * (c[j - 1] + c[j + 1] + a[j] + b[j] + d[j] + e[j] - 6 * c[j]);
    o[-1] = o[N - 1];
    o[N] = o[0];
}

static void heat3_row_nt(double *restrict o, const double *restrict a, const double *restrict b,
                         const double *restrict c, const double *restrict d,
                         const double *restrict e) {
    const double k6 = 1 - 6 * DT;
    const __m256d k = _mm256_set1_pd(DT), kc = _mm256_set1_pd(k6);
    for (int j = 0; j < N; j += 4) {
        __m256d x = _mm256_add_pd(_mm256_loadu_pd(c + j - 1), _mm256_loadu_pd(c + j + 1));
        __m256d y = _mm256_add_pd(_mm256_load_pd(a + j), _mm256_load_pd(b + j));
        __m256d z = _mm256_add_pd(_mm256_load_pd(d + j), _mm256_load_pd(e + j));
        __m256d sum = _mm256_add_pd(_mm256_add_pd(x, y), z);
        __m256d old = _mm256_mul_pd(kc, _mm256_load_pd(c + j));
        _mm256_stream_pd(o + j, _mm256_fmadd_pd(k, sum, old));
    }
    o[-1] = DT * (c[N - 2] + c[0] + a[N - 1] + b[N - 1] + d[N - 1] + e[N - 1]) + k6 * c[N - 1];
    o[N] = DT * (c[-1] + c[1] + a[0] + b[0] + d[0] + e[0]) + k6 * c[0];
}

static void heat3(long steps, int non_temporal) {
    for (long s = 0; s < steps; s++) {
#pragma omp parallel
        {
#pragma omp for schedule(static) nowait
            for (int z = 0; z < N; z++) {
                for (int y = 0; y < N; y++) {
                    double *o = row3(P, z, y), *c = row3(U, z, y);
                    double *a = row3(U, z, y - 1), *b = row3(U, z, y + 1);
                    double *d = row3(U, z - 1, y), *e = row3(U, z + 1, y);
                    if (non_temporal)
                        heat3_row_nt(o, a, b, c, d, e);
                    else
                        heat3_row(o, a, b, c, d, e);
                }
                wrap_plane(P, z);
            }
            if (non_temporal) _mm_sfence();
        }
        wrap_planes(P);
        swap(&U, &P);
    }
}
