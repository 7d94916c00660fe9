// Periodic grids of N × N cells: memory, halos, initial values, checksums.
#pragma once
#define _GNU_SOURCE
#include <immintrin.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static int N;         // cells along each axis
static size_t S;      // numbers from row to row
#define LEFT 8        // cells before column 0, which begins on a cache line
static double *U, *V; // the state
static double *P, *Q; // the next state
static const double DT = 0.1;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

// Memory, touched first by the threads that will work on it. Arrays begin at different places of a
// page, so that they do not compete for the same places in the cache. HUGE=1 asks for huge pages.
static double *alloc(size_t count) {
    const char *huge = getenv("HUGE");
    size_t align = huge && atoi(huge) && count * 8 > (4u << 20) ? 2u << 20 : 64;
    static int arrays = 0;
    size_t shift = (size_t)(arrays++ % 8) * (512 + 64);
    size_t bytes = (count * 8 + 64 + 8192 + align - 1) / align * align;
    char *memory = aligned_alloc(align, bytes);
    if (align > 64) madvise(memory, bytes, MADV_HUGEPAGE);
#pragma omp parallel for schedule(static)
    for (size_t page = 0; page < bytes / 4096 + 1; page++) {
        size_t begin = page * 4096, end = begin + 4096 > bytes ? bytes : begin + 4096;
        if (begin < end) memset(memory + begin, 0, end - begin);
    }
    return (double *)(memory + shift);
}

static double *alloc_plane(int halo) { return alloc((size_t)(N + 2 * halo) * S); }

// Row i, from -halo to N + halo - 1, at column 0.
static inline double *row(double *a, int halo, int i) { return a + (size_t)(i + halo) * S + LEFT; }

static void wrap_columns(double *r, int halo) {
    for (int k = 1; k <= halo; k++) {
        r[-k] = r[N - k];
        r[N - 1 + k] = r[k - 1];
    }
}

static void wrap_rows(double *a, int halo) {
    size_t bytes = 8 * (size_t)(N + 2 * halo);
    for (int k = 1; k <= halo; k++) {
        memcpy(row(a, halo, -k) - halo, row(a, halo, N - k) - halo, bytes);
        memcpy(row(a, halo, N - 1 + k) - halo, row(a, halo, k - 1) - halo, bytes);
    }
}

static void wrap(double *a, int halo) {
    for (int i = 0; i < N; i++) wrap_columns(row(a, halo, i), halo);
    wrap_rows(a, halo);
}

// Every tool begins with base + amplitude·waves.
static double waves(int i, int j, double phase) {
    return (sin(.37 * i + phase) * cos(.23 * j) + .3 * sin(.11 * i + .71 * j)) / 1.3;
}

static void fill(double *a, int halo, double base, double amplitude, double phase) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) row(a, halo, i)[j] = base + amplitude * waves(i, j, phase);
    wrap(a, halo);
}

// The sum over the 5 × 5 cells in the middle.
static double checksum(double *a, int halo) {
    double sum = 0;
    int m = N / 2;
    for (int i = m - 2; i <= m + 2; i++)
        for (int j = m - 2; j <= m + 2; j++) sum += row(a, halo, i)[j];
    return sum;
}

static void swap(double **a, double **b) {
    double *t = *a;
    *a = *b;
    *b = t;
}
