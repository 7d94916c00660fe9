#!/usr/bin/env python3
"""The coefficients of the polynomials in expr/src/math.

    python3 scripts/minimax.py [NAME ...]

Needs mpmath. Each fit is a polynomial with the least largest weighted error on an interval, found
by Remez's exchange (E. Ya. Remez, 1934; see N. L. Trefethen, Approximation Theory and Approximation
Practice, chapter 10). What it prints is what the code holds.
"""

import sys

from mpmath import mp, mpf

mp.prec = 240


def remez(f, weight, powers, low, high):
    """Coefficients of the powers, and the largest weighted error."""
    count = len(powers)
    middle, half = (low + high) / 2, (high - low) / 2
    grid_size = 24 * (count + 1)
    grid = [middle - half * mp.cos(mp.pi * k / grid_size) for k in range(grid_size + 1)]
    # A weight of 0 would leave the polynomial free there.
    least = max(map(weight, grid)) / 1000
    values = [(f(x), weight(x) + least) for x in grid]
    at = [round(grid_size * k / count) for k in range(count + 1)]
    for _ in range(30):
        rows = [
            [grid[i] ** p for p in powers] + [(-1) ** k / values[i][1]] for k, i in enumerate(at)
        ]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([values[i][0] for i in at]))
        coefficients = list(solution)[:count]
        error = [
            w * (value - sum(c * x**p for c, p in zip(coefficients, powers)))
            for x, (value, w) in zip(grid, values)
        ]
        # The largest error in each stretch of one sign.
        peaks = []
        for i, e in enumerate(error):
            if peaks and (error[peaks[-1]] > 0) == (e > 0):
                if abs(e) > abs(error[peaks[-1]]):
                    peaks[-1] = i
            else:
                peaks.append(i)
        while len(peaks) > count + 1:
            peaks.pop(0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1)
        largest = max(map(abs, error))
        if len(peaks) < count + 1 or peaks == at:
            break
        at = peaks
    return coefficients, largest


def away(x):
    """An argument that is not 0, for formulas that divide by it; with 240 bits that is no loss."""
    return x if abs(x) > mpf(2) ** -60 else mpf(2) ** -60


def fit(f, weight, powers, low, high):
    """The coefficients as doubles, and the logarithm to base 2 of the largest weighted error."""
    low, high = mpf(low), mpf(high)
    coefficients, largest = remez(f, weight, powers, low, high)
    return coefficients, mp.log(largest, 2)


def fit_in_turn(f, weight, powers, low, high):
    """The same with powers 0, 1, …, rounded in turn: each time those left make up for the rounding
    of those before."""
    low, high = mpf(low), mpf(high)
    rounded = []
    for power in powers:
        known = list(rounded)
        rest = lambda z: f(z) - sum(c * z**k for k, c in enumerate(known))
        coefficients, largest = remez(rest, weight, powers[power:], low, high)
        rounded.append(mpf(float(coefficients[0])))
    return rounded, mp.log(largest, 2)


def exp_tail(r):
    r = away(r)
    return (mp.expm1(r) - r) / r**2


def atanh_tail(z):
    s = mp.sqrt(away(z))
    return (2 * mp.atanh(s) - 2 * s) / s**3


def atanh_second_tail(z):
    z = away(z)
    return (atanh_tail(z) - mpf(2) / 3) / z


def cosh_tail(z):
    z = away(z)
    return (mp.cosh(mp.sqrt(z)) - 1) / z


def sinh_tail(z):
    s = mp.sqrt(away(z))
    return (mp.sinh(s) - s) / s**3


def erf_tail(z):
    x = mp.sqrt(away(z))
    return mp.erf(x) / x - 1


def erfcx(t):
    x = 1 / (t + mpf(1) / 4) - 3
    return mp.exp(x * x) * mp.erfc(x)


def erfcx_weight(t):
    x = 1 / (t + mpf(1) / 4) - 3
    return mp.exp(-x * x) / mp.erf(x)


def stirling(t):
    w = 1 / t
    return (mp.gamma(w) * mp.exp(w - (w - mpf(1) / 2) * mp.log(w)) - mp.sqrt(2 * mp.pi)) / t


def sine_tail(z):
    r = mp.sqrt(away(z))
    return (mp.sin(mp.pi * r) / mp.pi - r) / r**3


def odd_tail(function):
    """p for f(x) = x + x³·p(x²)"""

    def tail(z):
        x = mp.sqrt(away(z))
        return (function(x) - x) / x**3

    return tail


def cos_tail(z):
    z = away(z)
    return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2


def cbrt_tail(h):
    h = away(h)
    return ((1 - h) ** (-mpf(1) / 3) - 1) / h


HALF_LN2 = mp.log(2) / 2 * mpf("1.0001")
# (2 − √2)/(2 + √2) squared is the largest square of f/(2 + f) for √½ ≤ 1 + f ≤ √2.
LARGEST_Z = (mp.sqrt(2) - 1) ** 2 / (mp.sqrt(2) + 1) ** 2 * mpf("1.001")

# What is fitted, the weight of its error, the powers, and the interval.
FITS = {
    # e^r = 1 + r + r²·p(r), the error relative to r.
    "exp": (exp_tail, lambda r: abs(r), range(11), -HALF_LN2, HALF_LN2),
    # log(1 + f) = 2·s + s³·p(s²), s = f/(2 + f)
    "log": (atanh_tail, lambda z: z, range(7), 0, LARGEST_Z),
    # The same, with p(z) = 2/3 + z·q(z).
    "log_second": (atanh_second_tail, lambda z: z**2, range(7), 0, LARGEST_Z),
    # cosh r = 1 + r²·p(r²), sinh r = r + r³·q(r²)
    "cosh": (cosh_tail, lambda z: z, range(5), 0, HALF_LN2**2),
    "sinh": (sinh_tail, lambda z: z, range(5), 0, HALF_LN2**2),
    # erf x = x + x·p(x²) for x ≤ 1
    "erf": (erf_tail, lambda z: mpf(1), range(12), 0, 1),
    # erf x = 1 − e^(−x²)·p(t), t = 1/(x + 3) − 1/4 for 1 ≤ x ≤ 6
    "erfc": (erfcx, erfcx_weight, range(14), mpf(1) / 9 - mpf(1) / 4, 0),
    # Γ(w) = e^((w − ½)·log w − w)·(√(2π) + t·q(t)), t = 1/w, for w ≥ 4.5
    "stirling": (stirling, lambda t: t, range(11), mpf(1) / 200, mpf(2) / 9),
    # sin(πr)/π = r + r³·p(r²) for |r| ≤ ½
    "sine": (sine_tail, lambda z: z, range(8), 0, mpf(1) / 4),
    # (1 − h)^(−1/3) = 1 + h·p(h)
    "cbrt": (cbrt_tail, lambda h: 1, range(4), mpf("-0.11"), mpf("0.11")),
}

# The same, for polynomials whose coefficients are rounded in turn.
IN_TURN = {
    # sin r = r + r³·p(r²) for |r| ≤ π/2 and ≤ π/4, and a little.
    "sin": (odd_tail(mp.sin), lambda z: z, range(8), 0, mpf("1.5709") ** 2),
    "sin_quarter": (odd_tail(mp.sin), lambda z: z, range(6), 0, mpf("0.7855") ** 2),
    # cos r = 1 − r²/2 + r⁴·p(r²) for |r| ≤ π/4, and a little.
    "cos_quarter": (cos_tail, lambda z: z**2, range(6), 0, mpf("0.7855") ** 2),
    # atan t = t + t³·p(t²) for |t| ≤ tan(π/8), and a little.
    "atan": (odd_tail(mp.atan), lambda z: z, range(12), 0, mpf("0.4143") ** 2),
    # asin s = s + s³·p(s²) for |s| ≤ ½
    "asin": (odd_tail(mp.asin), lambda z: z, range(13), 0, mpf(1) / 4),
}


def main():
    for name in sys.argv[1:] or [*FITS, *IN_TURN]:
        in_turn = name in IN_TURN
        coefficients, error = fit_in_turn(*IN_TURN[name]) if in_turn else fit(*FITS[name])
        print(f"{name}: error 2^{float(error):.1f}")
        for c in coefficients:
            print(f"    {float(c)!r},")


if __name__ == "__main__":
    main()
