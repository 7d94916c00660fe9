#!/usr/bin/env python3
"""Prints the polynomial coefficients of the elementary functions in expr/src/math.

    scripts/minimax.py NAME [DEGREE]     for example: scripts/minimax.py sin 7

Each is the polynomial of its degree with the least largest weighted error, found with Remez'
exchange algorithm (on a fine grid of Chebyshev points). Its coefficients are rounded to doubles
one after the other, beginning with that of z^0, and each time those that are left are fitted
again, so that they make up for the rounding. After the coefficients follows the largest
weighted error, as a power of 2.
"""

import sys

from mpmath import asin, atan, cos, log, lu_solve, matrix, mp, mpf, pi, sin, sqrt

mp.dps = 60
GRID = 500


def fit(powers, zs, values, weights):
    """Coefficients of these powers of z with the least largest weighted error on the grid."""
    n = len(powers)
    reference = [round(k * (len(zs) - 1) / n) for k in range(n + 1)]
    for _ in range(40):
        rows = matrix(n + 1, n + 1)
        right = matrix(n + 1, 1)
        for i, k in enumerate(reference):
            for j, power in enumerate(powers):
                rows[i, j] = zs[k] ** power
            rows[i, n] = (-1) ** i / weights[k]
            right[i] = values[k]
        solution = lu_solve(rows, right)
        coefficients = list(solution[:n])
        level = abs(solution[n])
        errors = [
            w * (v - sum(c * z**p for c, p in zip(coefficients, powers)))
            for z, v, w in zip(zs, values, weights)
        ]
        if max(map(abs, errors)) < level * (1 + mpf(2) ** -6):
            break
        reference = exchange(errors, n + 1)
    return coefficients, max(map(abs, errors))


def exchange(errors, count):
    """The places of `count` errors of alternating sign, as large as can be."""
    places = []
    for k, error in enumerate(errors):
        if places and (errors[places[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[places[-1]]):
                places[-1] = k
        else:
            places.append(k)
    while len(places) > count:
        del places[0 if abs(errors[places[0]]) < abs(errors[places[-1]]) else -1]
    if len(places) < count:
        raise SystemExit("too few alternations: the grid is too coarse or the degree too high")
    return places


def minimax(function, weight, low, high, degree):
    """The polynomial's coefficients as doubles, and its largest weighted error."""
    middle, radius = (mpf(low) + high) / 2, (mpf(high) - low) / 2
    zs = [middle - radius * cos((k + mpf(1) / 2) * pi / GRID) for k in range(GRID)]
    values = [function(z) for z in zs]
    weights = [weight(z) for z in zs]
    rounded = []
    if low < 0:  # Powers from the second on vanish at 0: no alternations there.
        coefficients, _ = fit(list(range(degree + 1)), zs, values, weights)
        rounded = [mpf(float(c)) for c in coefficients]
    for power in range(len(rounded), degree + 1):
        rest = [v - sum(c * z**k for k, c in enumerate(rounded)) for v, z in zip(values, zs)]
        coefficients, _ = fit(list(range(power, degree + 1)), zs, rest, weights)
        rounded.append(mpf(float(coefficients[0])))
    error = max(
        abs(w * (v - sum(c * z**k for k, c in enumerate(rounded))))
        for z, v, w in zip(zs, values, weights)
    )
    return [float(c) for c in rounded], error


def odd(function):
    """For f(x) = x + x·z·P(z), z = x²: what P approximates and the weight for f's relative
    error."""
    return (
        lambda z: (function(sqrt(z)) / sqrt(z) - 1) / z,
        lambda z: z * sqrt(z) / function(sqrt(z)),
    )


# Name: what is approximated, weight, interval of z, degree.
POLYNOMIALS = {
    # sin r for |r| ≤ π/2 (and a little)
    "sin": (*odd(sin), 0, mpf("1.5709") ** 2, 7),
    # sin r for |r| ≤ π/4 (and a little)
    "sin_quarter": (*odd(sin), 0, mpf("0.7855") ** 2, 5),
    # cos r = 1 − z/2 + z²·P(z) for |r| ≤ π/4 (and a little)
    "cos_quarter": (
        lambda z: ((cos(sqrt(z)) - 1) / z + mpf(1) / 2) / z,
        lambda z: z * z / cos(sqrt(z)),
        0,
        mpf("0.7855") ** 2,
        5,
    ),
    # atan t for |t| ≤ tan(π/8) (and a little)
    "atan": (*odd(atan), 0, mpf("0.4143") ** 2, 11),
    # asin s for s ≤ 1/2
    "asin": (*odd(asin), 0, mpf(1) / 4, 12),
    # (1 − h)^(−1/3) = 1 + h·P(h), where 1 − h = x·r³ for a first guess r of x^(−1/3)
    "cbrt": (
        lambda h: ((1 - h) ** (mpf(-1) / 3) - 1) / h,
        lambda h: mpf(1),
        mpf("-0.11"),
        mpf("0.11"),
        3,
    ),
}


def literal(x):
    """A double as in Rust's source, digits in groups of three."""
    sign, digits = ("-", repr(-x)) if x < 0 else ("", repr(x))
    mantissa, _, exponent = digits.partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "_".join(fraction[i : i + 3] for i in range(0, len(fraction), 3)) or "0"
    return f"{sign}{whole}.{fraction}" + (f"e{int(exponent)}" if exponent else "")


def main():
    name = sys.argv[1]
    function, weight, low, high, degree = POLYNOMIALS[name]
    if len(sys.argv) > 2:
        degree = int(sys.argv[2])
    coefficients, error = minimax(function, weight, low, high, degree)
    for c in coefficients:
        print(f"    {literal(c)},")
    print(f"// largest error 2^{float(log(error, 2)):.1f}")


if __name__ == "__main__":
    main()
