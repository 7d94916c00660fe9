// du/dt = laplace(u), several steps in one sweep over the grid: overlapping blocks of columns, and
// in each a wavefront of rows. Level t is the state t steps later; three rows of each are kept.
#pragma once
#include "grid.h"

static int LEVELS; // steps in a sweep
static int WIDTH;  // columns of a block
static int HALO;   // at least LEVELS, whole cache lines

// Neighbours to the left and right come from shuffles: five loads would bind the load ports.
static inline void heat2_row_aligned(double *restrict o, const double *restrict a,
                                     const double *restrict c, const double *restrict b,
                                     int columns) {
    const __m256d k = _mm256_set1_pd(DT), k4 = _mm256_set1_pd(1 - 4 * DT);
    __m256d here = _mm256_load_pd(c);
    __m256d before = _mm256_permute2f128_pd(_mm256_load_pd(c - 4), here, 0x21);
    for (int j = 0; j < columns; j += 4) {
        __m256d next = _mm256_load_pd(c + j + 4);
        __m256d after = _mm256_permute2f128_pd(here, next, 0x21);
        __m256d left = _mm256_shuffle_pd(before, here, 5);
        __m256d right = _mm256_shuffle_pd(here, after, 5);
        __m256d ends = _mm256_add_pd(_mm256_load_pd(a + j), _mm256_load_pd(b + j));
        __m256d sum = _mm256_add_pd(_mm256_add_pd(left, right), ends);
        _mm256_store_pd(o + j, _mm256_fmadd_pd(k, sum, _mm256_mul_pd(k4, here)));
        here = next;
        before = after;
    }
}

// The steps must be a multiple of LEVELS.
static void heat2_blocked(long steps, int ignored) {
    (void)ignored;
    const int blocks = (N + WIDTH - 1) / WIDTH;
    for (long s = 0; s < steps / LEVELS; s++) {
#pragma omp parallel
        {
            int threads = omp_get_num_threads(), id = omp_get_thread_num();
            int begin = (long)N * id / threads, end = (long)N * (id + 1) / threads;
            int stride = WIDTH + 2 * HALO + 32;
            static __thread double *levels = 0;
            if (!levels) levels = alloc((size_t)3 * LEVELS * stride + 64);
// Row r of level t, from the state itself, the levels between, or the next state.
#define BETWEEN(t, r) (levels + ((size_t)((t) - 1) * 3 + ((r) + 3072) % 3) * stride + HALO + 8)
#define FROM(r) (t == 1 ? row(U, HALO, r) + first : BETWEEN(t - 1, r)) - margin
#define TO(r) (t == LEVELS ? row(P, HALO, r) + first : BETWEEN(t, r)) - margin
            for (int block = 0; block < blocks; block++) {
                int first = block * WIDTH, columns = first + WIDTH <= N ? WIDTH : N - first;
                for (int p = begin - LEVELS; p < end + LEVELS; p++) {
                    for (int t = 1; t <= LEVELS; t++) {
                        int r = p - t, left = LEVELS - t; // steps left after this level
                        if (r < begin - left || r >= end + left) continue;
                        int margin = (left + 3) / 4 * 4;
                        heat2_row_aligned(TO(r), FROM(r - 1), FROM(r), FROM(r + 1),
                                          columns + 2 * margin);
                    }
                }
            }
        }
        wrap(P, HALO);
        swap(&U, &P);
    }
}
