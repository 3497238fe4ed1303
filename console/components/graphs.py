"""Pictures of lineage: nodes in columns from left to right, and lines as wide as the points that they carry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

COLUMN_WIDTH = 196
GAP_X = 56
GAP_Y = 18
TOP = 34
LINE_HEIGHT = 17
NODE_PADDING = 22
EDGE_MIN = 1.5
EDGE_MAX = 18.0
#: More of a kind are folded into one.
COLUMN_MAX_COUNT = 8
TITLE_MAX_CHARS = 27


@dataclass(frozen=True)
class Node:
    """Something in a picture. `kind` (k1 to k5) colours its edge; `tone` is me, money or warn."""

    key: str
    column: int
    title: str
    facts: Sequence[str] = ()
    href: str | None = None
    kind: str = "k1"
    tone: str = ""


@dataclass(frozen=True)
class Edge:
    """What flowed from one to another, in points."""

    origin: str
    target: str
    weight: float = 0


@dataclass(frozen=True)
class Placed:
    """A node and where it lies."""

    node: Node
    x: float
    y: float
    height: float
    width: float = COLUMN_WIDTH


@dataclass(frozen=True)
class Picture:
    """A picture and its list: nodes with places, paths with widths, headings of columns."""

    width: float
    height: float
    nodes: Sequence[Placed]
    edges: Sequence[tuple[str, float]]
    headings: Sequence[tuple[float, str]]
    children: Mapping[str, Sequence[Node]] = field(default_factory=dict)
    roots: Sequence[Node] = ()


def shortened(text: str, most: int = TITLE_MAX_CHARS) -> str:
    """A text that fits into a node."""
    return text if len(text) <= most else text[: most - 1] + "…"


def picture(
    headings: Sequence[str], nodes: Sequence[Node], edges: Sequence[Edge], folded: Callable[[int], str]
) -> Picture:
    """Lay out nodes in their columns; `folded` names how many do not fit any more."""
    shown, renamed = _folded(nodes, folded)
    joined = _joined(edges, renamed)
    columns = [[node for node in shown if node.column == number] for number in range(len(headings))]
    heights = [sum(_height(node) + GAP_Y for node in column) - GAP_Y if column else 0 for column in columns]
    tallest = max([*heights, 60])
    placed: dict[str, Placed] = {}
    for number, column in enumerate(columns):
        y = TOP + (tallest - heights[number]) / 2
        for node in column:
            placed[node.key] = Placed(node, number * (COLUMN_WIDTH + GAP_X) + 1, y, _height(node))
            y += _height(node) + GAP_Y
    most = max([abs(edge.weight) for edge in joined] + [1])
    paths = [
        (
            _path(placed[edge.origin], placed[edge.target]),
            EDGE_MIN + (EDGE_MAX - EDGE_MIN) * abs(edge.weight) / most,
        )
        for edge in joined
        if edge.origin in placed and edge.target in placed
    ]
    children: dict[str, list[Node]] = {}
    for edge in joined:
        if edge.origin in placed and edge.target in placed:
            children.setdefault(edge.origin, []).append(placed[edge.target].node)
    targets = {edge.target for edge in joined}
    return Picture(
        width=len(headings) * COLUMN_WIDTH + (len(headings) - 1) * GAP_X + 2,
        height=TOP + tallest + 4,
        nodes=list(placed.values()),
        edges=paths,
        headings=[(number * (COLUMN_WIDTH + GAP_X), heading) for number, heading in enumerate(headings)],
        children=children,
        roots=[node for node in shown if node.key not in targets],
    )


def _folded(nodes: Sequence[Node], folded: Callable[[int], str]) -> tuple[list[Node], dict[str, str]]:
    shown: list[Node] = []
    renamed: dict[str, str] = {}
    for number in sorted({node.column for node in nodes}):
        column = [node for node in nodes if node.column == number]
        rest = column[COLUMN_MAX_COUNT - 1 :] if len(column) > COLUMN_MAX_COUNT else []
        shown += column[: len(column) - len(rest)]
        if rest:
            key = f"rest-{number}"
            shown.append(Node(key, number, folded(len(rest)), kind=rest[0].kind))
            renamed |= dict.fromkeys([node.key for node in rest], key)
    return shown, renamed


def _joined(edges: Sequence[Edge], renamed: Mapping[str, str]) -> list[Edge]:
    weights: dict[tuple[str, str], float] = {}
    for edge in edges:
        ends = (renamed.get(edge.origin, edge.origin), renamed.get(edge.target, edge.target))
        weights[ends] = weights.get(ends, 0) + edge.weight
    return [Edge(origin, target, weight) for (origin, target), weight in weights.items()]


def _height(node: Node) -> float:
    return NODE_PADDING + LINE_HEIGHT * (1 + len(node.facts))


def _path(origin: Placed, target: Placed) -> str:
    x1, y1 = origin.x + origin.width, origin.y + origin.height / 2
    x2, y2 = target.x, target.y + target.height / 2
    middle = (x1 + x2) / 2
    return f"M{x1:.0f} {y1:.0f} C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
