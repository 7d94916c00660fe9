"""Draws walls.svg: what lies beyond a wall for each kind of condition, by the formulas of GUIDE.md.

    python3 docs/pictures/walls.py > docs/pictures/walls.svg
"""

H = 1.0  # the width of a cell
CELLS = [0.62, 0.86, 0.7, 0.42]  # f1, f2, … from the wall inwards
PLATE = [0.04, 0.3, 0.62, 0.85]  # the same for a plate that is clamped at the wall


def clamped(v, s, x):
    """The cubic with value v and outward slope s at the wall through f1 and f2, at x inwards."""
    f1, f2 = PLATE[:2]
    # f1 and f2 without what v and s give: a x^2 + b x^3.
    g1, g2 = f1 - v + s * H / 2, f2 - v + 3 * s * H / 2
    b = (g2 - 9 * g1) * 4 / (9 * H**3)
    a = (g1 - b * H**3 / 8) * 4 / H**2
    return v - s * x + a * x**2 + b * x**3


def ghosts(kind):
    """The first ghost cells: three, or two for a clamped plate, whose equation looks no further."""
    for k in (1, 2) if kind == "clamped" else (1, 2, 3):
        f, d = CELLS[k - 1], (2 * k - 1) * H
        yield {
            "value": 2 * 0.3 - f,
            "derivative": f + d * -0.15,
            "none": f,
            "mixed": (2 * d * 0.1 + (2 - d * 0.5) * f) / (2 + d * 0.5),
            "curvature": (k + 1) * CELLS[0] - k * CELLS[1] + k * (k + 1) / 2 * 0.1,
            "open": (k + 1) * CELLS[0] - k * CELLS[1],
            "clamped": clamped(0.0, 0.0, -d / 2),
            "supported": 2 * 0.3 - f + 0.1 * d**2 / 4,
            "periodic": [0.45, 0.6, 0.8][k - 1],
            "antiperiodic": -[0.45, 0.6, 0.8][k - 1],
            "normal": -f,
            "ghost": 0.2,
        }[kind]


PANELS = [
    ("none", "without a condition, flux = j", "mirrored: an even field", None),
    ("value", "value = 0.3", "odd about the value", 0.3),
    ("derivative", "derivative = −0.15", "mirrored, with the slope", None),
    ("mixed", "mixed: ∂c/∂n + 0.5 c = 0.1", "as mean and slope demand", None),
    ("curvature", "curvature = 0.1", "bent on by the curvature", None),
    ("open", '"open"', "the line through two cells", None),
    ("clamped", "value = 0, derivative = 0", "the cubic with both", 0.0),
    ("supported", "value = 0.3, curvature = 0.1", "odd, and bent", 0.3),
    ("ghost", "ghost = 0.2", "this value in every layer", None),
    ("periodic", '"periodic"', "the cells at the other end", None),
    ("antiperiodic", '"antiperiodic"', "these, with the other sign", None),
    ("normal", '"wall", normal component', "odd: nothing passes", 0.0),
]

WIDTH, HEIGHT, COLUMNS = 250, 190, 4


def panel(number, kind, title, text, at_wall):
    left, top = WIDTH * (number % COLUMNS), HEIGHT * (number // COLUMNS)
    wall = left + 30 + 4 * 27

    def x(cells):
        return wall + 27 * cells

    def y(value):
        return top + 100 - 60 * value

    yield f'<text x="{left + 30}" y="{top + 18}" class="title">{title}</text>'
    yield f'<text x="{left + 30}" y="{top + HEIGHT - 8}">{text}</text>'
    yield f'<line x1="{left + 30}" x2="{x(3.2)}" y1="{y(0)}" y2="{y(0)}" class="axis"/>'
    yield f'<rect x="{wall}" y="{top + 28}" width="4" height="{HEIGHT - 52}" class="wall"/>'
    cells = PLATE if kind == "clamped" else CELLS
    inside = [(-k - 0.5, f) for k, f in enumerate(cells)]
    beyond = [(k + 0.5, g) for k, g in enumerate(ghosts(kind))]
    for places, style in ((inside, "cells"), (inside[:1] + beyond, "beyond")):
        points = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in places)
        yield f'<polyline points="{points}" class="{style}"/>'
    for at, value in inside:
        yield f'<circle cx="{x(at):.1f}" cy="{y(value):.1f}" r="4" class="cell"/>'
    for at, value in beyond:
        yield f'<circle cx="{x(at):.1f}" cy="{y(value):.1f}" r="4" class="ghost"/>'
    if at_wall is not None:
        yield f'<path d="M {wall - 5} {y(at_wall):.1f} h 14" class="given"/>'


rows = -(-len(PANELS) // COLUMNS)
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * COLUMNS} {HEIGHT * rows}">')
print(
    "<style>text { font: 12px sans-serif; fill: #444 } .title { font-weight: bold; fill: #000 }"
    " .axis { stroke: #bbb } .wall { fill: #999 } .cells { fill: none; stroke: #1f77b4 }"
    " .beyond { fill: none; stroke: #d62728; stroke-dasharray: 3 3 } .cell { fill: #1f77b4 }"
    " .ghost { fill: #fff; stroke: #d62728; stroke-width: 1.5 }"
    " .given { stroke: #000; stroke-width: 2 }</style>"
)
print(f'<rect width="{WIDTH * COLUMNS}" height="{HEIGHT * rows}" fill="#fff"/>')
for number, entry in enumerate(PANELS):
    print("\n".join(panel(number, *entry)))
print("</svg>")
