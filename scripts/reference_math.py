#!/usr/bin/env python3
"""Reference values of the elementary functions, for expr/tests/math.

    python3 scripts/reference_math.py [--points N] [--into FOLDER] [FUNCTION ...]

Needs mpmath. For each function a file FUNCTION.npy of doubles: a row for each point, holding the
argument (or both), the exact value rounded to a double, and what that leaves of the exact value,
in ulp of the double. The same points come out every time.
"""

import argparse
import math
import pathlib
import random
import struct

from mpmath import mp, mpf

mp.prec = 300

LARGEST = 1.7976931348623157e308
SMALLEST = 5e-324


def uniform(low, high):
    """Evenly distributed numbers."""
    return lambda rng: rng.uniform(low, high)


def spread(low, high, sign=0):
    """Numbers with evenly distributed exponents of 2, positive or (sign 0) of both signs."""

    def draw(rng):
        x = math.ldexp(rng.uniform(1, 2), rng.randint(low, high))
        return x if sign or rng.random() < 0.5 else -x

    return draw


def near(*places):
    """Numbers close to one of some places, on both sides, the closest being neighbours."""

    def draw(rng):
        place = rng.choice(places)
        scale = max(abs(place), 1e-300)
        x = place + rng.choice([-1, 1]) * scale * rng.uniform(1, 2) * 2.0 ** rng.randint(-53, -6)
        return math.nextafter(place, rng.choice([-9e999, 9e999])) if x == place else x

    return draw


def whole(low, high):
    """Integers and halves."""
    return lambda rng: rng.randint(low, high) / rng.choice([1, 1, 2])


def pair(x, y):
    """Two numbers drawn independently."""
    return lambda rng: (x(rng), y(rng))


def power_of(low, high):
    """Bases and exponents whose power has an evenly distributed exponent of 2."""

    def draw(rng):
        x = rng.choice([spread(-1022, 1023, 1), uniform(0.01, 20), near(1.0)])(rng)
        logarithm = math.log2(x) or 1.0
        return x, rng.uniform(low, high) / logarithm

    return draw


def similar(rng):
    """Two numbers of about the same size, both signs."""
    x = spread(-400, 400)(rng)
    return x, x * rng.choice([-1, 1]) * spread(-20, 20, 1)(rng)


def cbrt(x):
    return mp.sign(x) * mp.cbrt(abs(x))


def power(x, y):
    if x < 0 and y != mp.floor(y):
        raise ValueError("not a real number")
    return (-1 if x < 0 and y % 2 == 1 else 1) * mp.exp(y * mp.log(abs(x)))


SMALL = spread(-1074, -4)
USUAL = uniform(-4, 4)
ANGLES = [USUAL, uniform(-100, 100), spread(-30, 10), SMALL, spread(7, 23), spread(23, 73)]
ANGLES.append(near(*(k * math.pi / 4 for k in range(-8, 9) if k)))
ANGLES.append(near(*(k * math.pi / 2 for k in range(9, 400))))
UNIT = [uniform(-1, 1), uniform(-1, 1), spread(-60, -1), SMALL, near(1.0, -1.0), near(0.5, -0.5)]
POSITIVE = [
    uniform(0.01, 10),
    spread(-1074, 1023, 1),
    spread(-10, 10, 1),
    near(1.0),
    uniform(0.6, 1.6),
]

# The function, and where its points are drawn from.
FUNCTIONS = {
    "exp": (
        mp.exp,
        [USUAL, uniform(-745.1, 709.7), uniform(-50, 50), SMALL, uniform(-745.13, -708)],
    ),
    "expm1": (mp.expm1, [USUAL, uniform(-60, 709.7), spread(-30, 2), SMALL, uniform(-1, 1)]),
    "log": (mp.log, POSITIVE),
    "log1p": (
        mp.log1p,
        [
            uniform(-0.999, 4),
            spread(-1074, 1023, 1),
            spread(-60, -1),
            near(-1.0),
            uniform(-0.4, 0.6),
        ],
    ),
    "log2": (lambda x: mp.log(x) / mp.log(2), POSITIVE),
    "log10": (lambda x: mp.log(x) / mp.log(10), POSITIVE),
    "sin": (mp.sin, ANGLES),
    "cos": (mp.cos, ANGLES),
    "tan": (mp.tan, ANGLES),
    "asin": (mp.asin, UNIT),
    "acos": (mp.acos, UNIT),
    "atan": (
        mp.atan,
        [USUAL, spread(-60, 60), SMALL, near(1.0, -1.0, 0.4142135623730951, 2.414213562373095)],
    ),
    "sinh": (mp.sinh, [USUAL, uniform(-710.4, 710.4), spread(-30, 5), SMALL, uniform(-25, 25)]),
    "cosh": (mp.cosh, [USUAL, uniform(-710.4, 710.4), spread(-30, 5), SMALL, uniform(-25, 25)]),
    "tanh": (mp.tanh, [USUAL, uniform(-22, 22), spread(-30, 5), SMALL, uniform(-1, 1)]),
    "asinh": (mp.asinh, [USUAL, spread(-1074, 1023), spread(-30, 30), SMALL, uniform(-1, 1)]),
    "acosh": (
        mp.acosh,
        [
            uniform(1, 4),
            spread(0, 1023, 1),
            spread(0, 30, 1),
            lambda rng: 1 + abs(near(1.0)(rng) - 1),
        ],
    ),
    "atanh": (mp.atanh, UNIT),
    "erf": (
        mp.erf,
        [USUAL, uniform(-6, 6), spread(-60, 2), SMALL, uniform(-1, 1), uniform(0.7, 2.5)],
    ),
    "gamma": (
        mp.gamma,
        [
            uniform(0, 10),
            uniform(-10, 0),
            uniform(-184, 0),
            uniform(0, 171.6),
            spread(-1023, 6),
            near(*range(-9, 0), 1.0, 2.0),
            whole(1, 171),
        ],
    ),
    "cbrt": (
        cbrt,
        [USUAL, spread(-1074, 1023), uniform(-100, 100), near(1.0, 8.0, 27.0, -1.0, -8.0)],
    ),
    "pow": (
        power,
        [
            pair(uniform(0, 10), uniform(-10, 10)),
            power_of(-1074, 1024),
            power_of(-30, 30),
            power_of(-1074, -1020),
            pair(uniform(-10, 10), whole(-20, 20)),
            pair(near(1.0, -1.0), spread(0, 53)),
            pair(spread(-1074, 1023, 1), uniform(-3, 3)),
        ],
    ),
    "atan2": (
        mp.atan2,
        [
            pair(USUAL, USUAL),
            pair(spread(-500, 500), spread(-500, 500)),
            similar,
            pair(uniform(-1, 1), uniform(-100, 100)),
        ],
    ),
    "hypot": (
        mp.hypot,
        [
            pair(USUAL, USUAL),
            pair(spread(-1074, 1022), spread(-1074, 1022)),
            similar,
            pair(spread(-1074, -1000), spread(-1074, -1000)),
            pair(spread(1000, 1022), spread(1000, 1022)),
        ],
    ),
}


def double(x):
    """An mpf rounded once to a double, subnormals included."""
    if x == 0:
        return 0.0
    _, exponent = mp.frexp(x)
    digits = min(53, int(exponent) + 1074)
    if digits <= 0:
        return math.copysign(SMALLEST if 2 * abs(x) > SMALLEST else 0.0, x)
    scaled = mp.ldexp(x, digits - int(exponent))
    whole = int(mp.nint(scaled))
    try:
        return math.ldexp(whole, int(exponent) - digits)
    except OverflowError:
        return math.copysign(math.inf, x)


def rows(name, points):
    """Arguments, value and remainder, at points where both are finite and not NaN."""
    function, draws = FUNCTIONS[name]
    rng = random.Random(name)
    found = []
    while len(found) < points:
        at = draws[len(found) % len(draws)](rng)
        at = at if isinstance(at, tuple) else (at,)
        if not all(math.isfinite(x) for x in at):
            continue
        try:
            exact = function(*map(mpf, at))
        except (ValueError, ZeroDivisionError):  # At a pole, outside of the domain.
            continue
        if not isinstance(exact, mpf) or not mp.isfinite(exact):
            continue
        value = double(exact)
        if abs(value) <= LARGEST:
            found.append((*at, value, float((exact - mpf(value)) / mpf(math.ulp(value)))))
    return found


def write_npy(path, rows):
    """An array of two axes in NumPy's format, version 1.0."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    numbers = [x for row in rows for x in row]
    data = struct.pack(f"<{len(numbers)}d", *numbers)
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


def main():
    folder = pathlib.Path(__file__).parent.parent / "expr" / "tests" / "math"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("functions", nargs="*", default=[])
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--into", type=pathlib.Path, default=folder)
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    for name in options.functions or FUNCTIONS:
        write_npy(options.into / f"{name}.npy", rows(name, options.points))


if __name__ == "__main__":
    main()
