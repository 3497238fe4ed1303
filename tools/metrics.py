"""Writes docs/metrics.md: every metric with what it says, its labels, and the boards and alerts that use it.

`python -m tools.metrics` after a change, which the tests ask for. Read from the declarations in the code, without
running it.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.dashboards.boards import BOARDS
from tools.dashboards.written import ROOT, RULES

TARGET = ROOT / "docs" / "metrics.md"
PACKAGES = ("services", "shared", "console")
KINDS = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram"}
HEADING = """\
# Metrics

Written by `make dashboards` from the declarations; change those. Every process answers `GET /metrics` with its
own; Prometheus adds the labels `job`, `service` and `instance`. Labels have few, known values: no id of a member,
a community or an event is ever one. A histogram has `_bucket`, `_sum` and `_count`. What the dashboards and alerts
of `deploy/` ask of each is beside it: a metric without either is for whoever asks Prometheus.
"""


@dataclass(frozen=True)
class Metric:
    """One declaration."""

    name: str
    kind: str
    says: str
    labels: tuple[str, ...]


def main() -> int:
    """Write the page."""
    TARGET.write_text(text())
    return 0


def text() -> str:
    """The page's content.

    Raises ValueError when a metric is declared twice.
    """
    parts = [HEADING]
    users = _users()
    for owner, metrics in _declared().items():
        parts.append(f"\n## {owner}\n\n| metric | kind | labels | says | used by |\n|---|---|---|---|---|\n")
        parts.extend(
            f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {one.says} |"
            f" {', '.join(users.get(one.name, ()))} |\n"
            for one in sorted(metrics, key=lambda one: one.name)
        )
    return "".join(parts)


def _declared() -> dict[str, list[Metric]]:
    found: dict[str, list[Metric]] = {}
    seen: set[str] = set()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for one in _of(ast.parse(path.read_text())):
                if one.name in seen:
                    raise ValueError(f"{one.name} is declared twice, once in {path.relative_to(ROOT)}")
                seen.add(one.name)
                found.setdefault(_owner(path), []).append(one)
    return dict(sorted(found.items(), key=lambda item: (item[0] != _EVERY, item[0])))


_EVERY = "Every service"


def _owner(path: Path) -> str:
    package, second, *_ = path.relative_to(ROOT).parts
    if package == "shared":
        return _EVERY
    return (second if package == "services" or second == "gateway" else package).capitalize()


def _of(tree: ast.Module) -> Iterator[Metric]:
    """What a module declares by the library's classes, and by classes with a NAME and HELP of their own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (kind := KINDS.get(_called(node))):
            values = [_value(one) for one in node.args]
            if values and isinstance(values[0], str) and values[0].startswith("plaudit_"):
                labels = values[2] if len(values) > 2 and isinstance(values[2], list) else []
                yield Metric(values[0], kind, str(values[1]), tuple(map(str, labels)))
        elif isinstance(node, ast.ClassDef):
            own = {
                one.targets[0].id: _value(one.value)
                for one in node.body
                if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
            }
            if str(own.get("NAME", "")).startswith("plaudit_"):
                yield Metric(str(own["NAME"]), "histogram", str(own["HELP"]), ("stage",))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _value(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _users() -> dict[str, list[str]]:
    """Boards and alerts by the metric that they ask for."""
    users: dict[str, list[str]] = {}
    asked: list[tuple[str, Iterable[str]]] = [
        (
            f"board *{board.title.removeprefix('Plaudit: ')}*",
            [query.expr for row in board.rows.values() for panel in row for query in panel.queries],
        )
        for board in BOARDS
    ]
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            alerts = {rule["alert"]: rule["labels"]["runbook"] for rule in group["rules"] if "alert" in rule}
            for rule in group["rules"]:
                # What is recorded is for the alerts of its group.
                for alert in [rule["alert"]] if "alert" in rule else alerts:
                    asked.append((f"[{alert}](runbooks/{alerts[alert]}.md)", [rule["expr"]]))
    for user, expressions in asked:
        for expression in expressions:
            for name in re.findall(r"\bplaudit_[a-z_]+", expression):
                listed = users.setdefault(re.sub(r"_(bucket|count|sum)$", "", name), [])
                if user not in listed:
                    listed.append(user)
    return users


if __name__ == "__main__":
    sys.exit(main())
