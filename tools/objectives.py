"""Writes deploy/prometheus/objectives.yml: what Plaudit promises, how fast its error budgets burn, and alerts.

`python -m tools.objectives` after a change, which the tests ask for. A burn rate is the share of what went wrong,
divided by the share that may: at 1 the budget of 30 days is gone after 30 days. Each alert asks a long window, so
that it is worth waking up for, and a short one of a twelfth, so that it ends soon after the trouble does. Source:
Google's SRE Workbook, chapter on alerting on service level objectives.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).parents[1] / "deploy" / "prometheus" / "objectives.yml"
RUNBOOKS = "https://plaudit.example.org/runbooks"
#: With less than this gone wrong in the long window, a rate says more about the traffic than about the service.
BAD_MIN_COUNT = 10
HEADING = """\
# What Plaudit promises and how fast its error budgets burn. Written by `python -m tools.objectives`; change that.
"""


@dataclass(frozen=True)
class Objective:
    """What share of what happens may go wrong in 30 days; `bad` and `all` are counters, by one label."""

    name: str
    alert: str
    runbook: str
    #: 0.999 means that one in a thousand may go wrong. Below 0.99 no rate of 14.4 can be reached for long.
    objective: float
    by: str
    bad: str
    all: str
    what: str


@dataclass(frozen=True)
class Window:
    """Burns at `rate` over both windows: a severity, and how long the budget of 30 days would last."""

    severity: str
    long: str
    short: str
    rate: float
    lasts: str


WINDOWS = (
    Window("critical", "1h", "5m", 14.4, "two days"),
    Window("critical", "6h", "30m", 6, "five days"),
    Window("warning", "1d", "2h", 3, "ten days"),
    Window("warning", "3d", "6h", 1, "thirty days"),
)
OBJECTIVES = (
    Objective(
        name="http_errors",
        alert="PlauditHttpErrors",
        runbook="http-errors",
        objective=0.999,
        by="service",
        bad='plaudit_http_requests_total{{status=~"5.."}}[{window}]',
        all="plaudit_http_requests_total[{window}]",
        what="answers requests with an error of its own",
    ),
    Objective(
        name="http_slow",
        alert="PlauditHttpSlow",
        runbook="http-slow",
        objective=0.99,
        by="service",
        bad='plaudit_http_request_seconds_bucket{{le="1.0"}}[{window}]',
        all="plaudit_http_request_seconds_count[{window}]",
        what="takes longer than a second to answer",
    ),
    Objective(
        name="events_late",
        alert="PlauditEventsLate",
        runbook="events-late",
        objective=0.99,
        by="stage",
        bad='plaudit_event_age_seconds_bucket{{le="60"}}[{window}]',
        all="plaudit_event_age_seconds_count[{window}]",
        what="acts on events later than a minute after their receipt",
    ),
)


def _within(one: Objective) -> bool:
    """Whether `bad` counts what went well: a histogram's bucket does."""
    return "_bucket" in one.bad


def _share(one: Objective, window: str) -> str:
    """The share of what went wrong; nothing where nothing happened."""
    of_all = f"sum by ({one.by}) (rate({one.all.format(window=window)}))"
    counted = f"sum by ({one.by}) (rate({one.bad.format(window=window)}))"
    if _within(one):
        return f"1 - {counted} / ({of_all} > 0)"
    return f"({counted} or 0 * {of_all}) / ({of_all} > 0)"


def _count(one: Objective, window: str) -> str:
    """How much went wrong."""
    counted = f"sum by ({one.by}) (increase({one.bad.format(window=window)}))"
    if _within(one):
        return f"sum by ({one.by}) (increase({one.all.format(window=window)})) - {counted}"
    return counted


def _recorded(one: Objective, window: str) -> str:
    return f"plaudit:{one.name}:share_{window}"


def _rules(one: Objective) -> Iterator[dict[str, Any]]:
    for window in dict.fromkeys(each for pair in WINDOWS for each in (pair.short, pair.long)):
        yield {"record": _recorded(one, window), "expr": _share(one, window)}
    budget = round(1 - one.objective, 6)
    for pair in WINDOWS:
        # Written as share above rate times budget, so that the number beside it is the one on the boards.
        limit = round(pair.rate * budget, 6)
        yield {
            "alert": one.alert,
            "expr": f"{_recorded(one, pair.long)} > {limit} and {_recorded(one, pair.short)} > {limit}"
            f" and on ({one.by}) {_count(one, pair.long)} >= {BAD_MIN_COUNT}",
            "labels": {"severity": pair.severity, "runbook": one.runbook, "window": pair.long},
            "annotations": {
                "summary": f"{{{{ $labels.{one.by} }}}} {one.what}:"
                f" {{{{ $value | humanizePercentage }}}} of {pair.long}",
                "description": f"{pair.rate:g} times what the objective of {one.objective:.1%} allows, over"
                f" {pair.long} and still over {pair.short}: a budget of thirty days would last {pair.lasts}.",
                "runbook_url": f"{RUNBOOKS}/{one.runbook}.md",
            },
        }


def text() -> str:
    """The file's content."""
    groups = [{"name": f"plaudit-{one.name.replace('_', '-')}", "rules": list(_rules(one))} for one in OBJECTIVES]
    return HEADING + yaml.safe_dump({"groups": groups}, sort_keys=False, width=1_000)


def main() -> int:
    """Write the file."""
    TARGET.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
