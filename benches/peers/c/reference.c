// Hand-written fused C: what a program for one equation reaches. Speaks the workers' protocol.
//
//   reference EQUATION N [1 for non-temporal stores]
//   reference heat2_blocked N LEVELS WIDTH
#include "blocked.h"
#include "fourth_order.h"
#include "gray_scott.h"
#include "grid.h"
#include "heat.h"
#include "source.h"
#include "upwind.h"

static const struct Equation {
    const char *name;
    void (*steps)(long steps, int option);
    int halo;
    double base, amplitude;
} EQUATIONS[] = {
    {"heat2", heat2, 1, .5, .3},
    {"heat3", heat3, 1, .5, .3},
    {"gs_euler", gs_euler, 1, .5, .3},
    {"gs_rk4", gs_rk4, 1, .5, .3},
    {"ch", cahn_hilliard, 2, 0, .2},
    {"trans", source, 1, .5, .3},
    {"ks", kuramoto_sivashinsky, 2, 0, .2},
    {"upwind", upwind, 1, .5, .3},
    {"heat2_blocked", heat2_blocked, 0, .5, .3},
};

static const struct Equation *find(const char *name) {
    for (size_t i = 0; i < sizeof EQUATIONS / sizeof *EQUATIONS; i++)
        if (!strcmp(EQUATIONS[i].name, name)) return EQUATIONS + i;
    fprintf(stderr, "no equation `%s`\n", name);
    exit(2);
}

// Rows a whole number of cache lines apart, but not of pages.
static size_t stride(size_t numbers) {
    size_t whole = numbers / 8 * 8;
    return whole % 64 == 0 ? whole + 8 : whole;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    double began = now();
    const struct Equation *equation = find(arguments[1]);
    N = atoi(arguments[2]);
    int option = count > 3 ? atoi(arguments[3]) : 0, halo = equation->halo;
    long first = 1;
    int three = equation->steps == heat3, blocked = equation->steps == heat2_blocked;
    int two_fields = equation->steps == gs_euler || equation->steps == gs_rk4;

    if (three) {
        S = stride(LEFT + N + 8);
        PLANE = (size_t)(N + 2) * S;
        U = alloc(PLANE * (N + 2));
        P = alloc(PLANE * (N + 2));
        fill3(U);
    } else if (blocked) {
        first = LEVELS = atoi(arguments[3]);
        WIDTH = atoi(arguments[4]);
        halo = HALO = (LEVELS + 3) / 8 * 8 + 8;
        S = stride(LEFT + N + 2 * HALO + 16);
        // HALO columns lie before column 0.
        size_t cells = (size_t)(N + 2 * HALO) * S + 256;
        U = alloc(cells) + HALO;
        P = alloc(cells) + HALO;
    } else {
        S = stride(LEFT + N + 8);
        U = alloc_plane(halo);
        P = alloc_plane(halo);
    }
    if (!three) fill(U, halo, equation->base, equation->amplitude, 0);
    if (two_fields) {
        V = alloc_plane(1);
        Q = alloc_plane(1);
        fill(V, 1, .25, .1, 1);
    }
    if (equation->steps == upwind) fill_rotation();
    if (equation->steps == gs_rk4) {
        SUM_U = alloc_plane(1);
        SUM_V = alloc_plane(1);
        STAGE_U = alloc_plane(1);
        STAGE_V = alloc_plane(1);
    }

    equation->steps(first, option);
    printf("first %.6f\n", now() - began);
    fflush(stdout);
    char line[128];
    long steps;
    while (fgets(line, sizeof line, stdin) && sscanf(line, "run %ld", &steps) == 1) {
        double start = now();
        equation->steps(steps, option);
        double seconds = now() - start;
        double sum = three ? row3(U, N / 2, N / 2)[N / 2] : checksum(U, halo);
        printf("t %.9f %.15g\n", seconds, sum);
        fflush(stdout);
    }
    return 0;
}
