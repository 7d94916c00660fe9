// du/dt = 0.2 laplace(u) - u v² + F (1 - u), dv/dt = 0.1 laplace(v) + u v² - (F + k) v.
#pragma once
#include "grid.h"

static const double FEED = 0.04, KILL = 0.06, DU = 0.2, DV = 0.1;
static double *SUM_U, *SUM_V, *STAGE_U, *STAGE_V; // of the Runge–Kutta scheme

// Defines the slopes f of u and g of v in column j.
#define SLOPES(f, g)                                                                               \
    const double uvv = u[j] * v[j] * v[j];                                                         \
    const double f =                                                                               \
        DU * (u[j - 1] + u[j + 1] + ua[j] + ub[j] - 4 * u[j]) - uvv + FEED * (1 - u[j]);           \
    const double g =                                                                               \
        DV * (v[j - 1] + v[j + 1] + va[j] + vb[j] - 4 * v[j]) + uvv - (FEED + KILL) * v[j];
// Defines the rows that the slopes are computed from.
#define ROWS(A, B)                                                                                 \
    const double *restrict u = row(A, 1, i), *restrict ua = row(A, 1, i - 1),                      \
                           *restrict ub = row(A, 1, i + 1), *restrict v = row(B, 1, i),            \
                           *restrict va = row(B, 1, i - 1), *restrict vb = row(B, 1, i + 1);

static void gs_euler(long steps, int ignored) {
    (void)ignored;
    const double dt = 1.0;
    for (long s = 0; s < steps; s++) {
#pragma omp parallel for schedule(static)
        for (int i = 0; i < N; i++) {
            ROWS(U, V)
            double *restrict o = row(P, 1, i), *restrict q = row(Q, 1, i);
#pragma GCC ivdep
            for (int j = 0; j < N; j++) {
                SLOPES(f, g)
                o[j] = u[j] + dt * f;
                q[j] = v[j] + dt * g;
            }
            wrap_columns(o, 1);
            wrap_columns(q, 1);
        }
        wrap_rows(P, 1);
        wrap_rows(Q, 1);
        swap(&U, &P);
        swap(&V, &Q);
    }
}

// A stage of RK4 in one sweep: the slope at (A, B) goes to the result and to the next stage's
// state.
static void gs_stage(double *A, double *B, int stage, double dt, double *OU, double *OV) {
    const double to_sum[4] = {dt / 6, dt / 3, dt / 3, dt / 6};
    const double to_next[4] = {dt / 2, dt / 2, dt, 0};
    const double a = to_sum[stage], b = to_next[stage];
#pragma omp parallel for schedule(static)
    for (int i = 0; i < N; i++) {
        ROWS(A, B)
        double *restrict u0 = row(U, 1, i), *restrict v0 = row(V, 1, i);
        double *restrict su = row(SUM_U, 1, i), *restrict sv = row(SUM_V, 1, i);
        if (stage == 0) {
            double *restrict o = row(OU, 1, i), *restrict q = row(OV, 1, i);
#pragma GCC ivdep
            for (int j = 0; j < N; j++) {
                SLOPES(f, g)
                su[j] = u[j] + a * f;
                sv[j] = v[j] + a * g;
                o[j] = u[j] + b * f;
                q[j] = v[j] + b * g;
            }
            wrap_columns(o, 1);
            wrap_columns(q, 1);
        } else if (stage < 3) {
            double *restrict o = row(OU, 1, i), *restrict q = row(OV, 1, i);
#pragma GCC ivdep
            for (int j = 0; j < N; j++) {
                SLOPES(f, g)
                su[j] += a * f;
                sv[j] += a * g;
                o[j] = u0[j] + b * f;
                q[j] = v0[j] + b * g;
            }
            wrap_columns(o, 1);
            wrap_columns(q, 1);
        } else {
#pragma GCC ivdep
            for (int j = 0; j < N; j++) {
                SLOPES(f, g)
                u0[j] = su[j] + a * f;
                v0[j] = sv[j] + a * g;
            }
            wrap_columns(u0, 1);
            wrap_columns(v0, 1);
        }
    }
    wrap_rows(stage < 3 ? OU : U, 1);
    wrap_rows(stage < 3 ? OV : V, 1);
}

static void gs_rk4(long steps, int ignored) {
    (void)ignored;
    const double dt = 0.5;
    for (long s = 0; s < steps; s++) {
        gs_stage(U, V, 0, dt, P, Q);
        gs_stage(P, Q, 1, dt, STAGE_U, STAGE_V);
        gs_stage(STAGE_U, STAGE_V, 2, dt, P, Q);
        gs_stage(P, Q, 3, dt, NULL, NULL);
    }
}
