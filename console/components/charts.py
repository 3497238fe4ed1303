"""Charts: where lines, columns and labels of an inline SVG lie. Text never scales; the plot alone stretches."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000
PLOT_TOP = 18
AXIS_HEIGHT = 22
STEPS = (1, 2, 2.5, 5, 10)
GRID_LINES_COUNT = 4
LABELS_MAX_COUNT = 6


@dataclass(frozen=True)
class Line:
    """A series as the path of an SVG that is 1000 wide, with its area and its last point (x in per cent)."""

    path: str
    area: str
    last_y: float


@dataclass(frozen=True)
class Plot:
    """A chart of lines: its height, its grid (y and value), its series and the places of labels (per cent)."""

    height: int
    plot_height: int
    grid: Sequence[tuple[float, float]]
    now: Line
    before: Line | None
    labels: Sequence[tuple[float, int]]
    points: Sequence[tuple[float, float, int]]


def step_of(values: Sequence[float]) -> float:
    """What lies between two lines of the grid: a round number, and a whole one where all values are."""
    step = max([*values, 1]) / GRID_LINES_COUNT
    size = 10.0 ** math.floor(math.log10(step))
    is_whole = all(float(value).is_integer() for value in values)
    nice = next(size * factor for factor in STEPS if size * factor >= step)
    return float(math.ceil(nice)) if is_whole else nice


def top_of(values: Sequence[float]) -> float:
    """The smallest round number that nothing is above."""
    step = step_of(values)
    return math.ceil(max([*values, 1]) / step) * step


def plot(values: Sequence[float], before: Sequence[float] = (), *, height: int = 236) -> Plot:
    """A line chart from zero, with the period before behind it."""
    plot_height = height - PLOT_TOP - AXIS_HEIGHT
    top = top_of([*values, *before])
    step = step_of([*values, *before])
    count = round(top / step)
    grid = [(PLOT_TOP + plot_height * (1 - step * number / top), step * number) for number in range(count + 1)]
    every = max(1, math.ceil(len(values) / LABELS_MAX_COUNT))
    places = [index for index in range(0, len(values), every) if len(values) - 1 - index >= every]
    shown = [*places, len(values) - 1] if values else []
    labels = [(_x(index, len(values)) / 10, index) for index in shown]
    points = [
        (_x(index, len(values)) / 10, PLOT_TOP + plot_height * (1 - value / top), index)
        for index, value in enumerate(values)
    ]
    now = line(values, top=top, height=plot_height)
    return Plot(
        height,
        plot_height,
        grid,
        now,
        line(before, top=top, height=plot_height) if before else None,
        labels,
        points,
    )


def line(values: Sequence[float], *, top: float, height: float) -> Line:
    """The path of a series."""
    if not values:
        return Line("", "", height)
    spots = [(_x(index, len(values)), height * (1 - value / top)) for index, value in enumerate(values)]
    drawn = " ".join(f"{'L' if index else 'M'}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(spots))
    return Line(drawn, f"{drawn} L{spots[-1][0]:.1f} {height} L{spots[0][0]:.1f} {height}Z", spots[-1][1])


@dataclass(frozen=True)
class Column:
    """A period in a chart of columns: where it lies (per cent), what came above the line, and what went below."""

    x: float
    width: float
    up_y: float
    up_height: float
    down_height: float
    net_y: float


@dataclass(frozen=True)
class Columns:
    """A chart of columns: its height, the line between what came and went, and the columns."""

    height: int
    base: float
    columns: Sequence[Column]


def columns(came: Sequence[float], gone: Sequence[float], *, height: int = 220) -> Columns:
    """Columns of what came, above a line, and of what went, below it, with what is left of both."""
    most_up, most_down = max([*came, 0]), max([*gone, 0])
    scale = height / max(most_up + most_down, 1)
    base = most_up * scale if most_up + most_down else float(height)
    step = 100 / max(len(came), 1)
    return Columns(
        height,
        base,
        [
            Column(
                index * step + step * 0.15,
                step * 0.7,
                base - up * scale,
                up * scale,
                down * scale,
                base - (up - down) * scale,
            )
            for index, (up, down) in enumerate(zip(came, gone, strict=True))
        ],
    )


@dataclass(frozen=True)
class Part:
    """A part of a column: where it begins, how high it is, and how it is coloured."""

    y: float
    height: float
    tone: str


@dataclass(frozen=True)
class Pile:
    """A column of parts that lie on one another: where it lies (per cent)."""

    x: float
    width: float
    parts: Sequence[Part]


def piles(counts: Sequence[Sequence[float]], tones: Sequence[str], *, height: int = 220) -> Sequence[Pile]:
    """Columns of what adds up, the first of each at the bottom."""
    most = max((sum(those) for those in counts), default=0) or 1
    step = 100 / max(len(counts), 1)
    found = []
    for index, those in enumerate(counts):
        y, parts = float(height), []
        for number, tone in zip(those, tones, strict=True):
            y -= number * height / most
            parts.append(Part(y, number * height / most, tone))
        found.append(Pile(index * step + step * 0.15, step * 0.7, parts))
    return found


def spark(values: Sequence[float], *, height: int = 24) -> Line:
    """A small line without axes, for beside a number."""
    return line(values, top=max([*values, 1]), height=height)


def share(value: float, most: float) -> str:
    """A length as a bar takes it: per cent of the most."""
    return f"{0 if most <= 0 else max(0.0, min(100.0, 100 * value / most)):.1f}%"


def _x(index: int, count: int) -> float:
    return WIDTH * index / (count - 1) if count > 1 else WIDTH


@dataclass(frozen=True)
class NearObjective:
    """A small line of 1000 by 24, broken where there is no value, and where the objective lies in it."""

    path: str
    objective_y: float


def near_objective(values: Sequence[float | None], objective: float, *, height: int = 24) -> NearObjective:
    """Where values and their objective lie, from the lowest of all to the highest."""
    known = [objective, *(value for value in values if value is not None)]
    low, high = min(known), max(known)
    room = (high - low) or 1.0

    def y(value: float) -> float:
        return height * (1 - (value - low) / room)

    path, is_drawn = list[str](), False
    for place, value in enumerate(values):
        if value is not None:
            path.append(f"{'L' if is_drawn else 'M'}{WIDTH * place / max(1, len(values) - 1):.1f} {y(value):.1f}")
        is_drawn = value is not None
    return NearObjective(" ".join(path), y(objective))
