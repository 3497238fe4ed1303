"""What a dashboard consists of: a title, the alerts that belong to it, and rows of panels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

#: Fires always: that it does shows that rules are evaluated and alerts are sent.
WATCHDOG = "PlauditWatchdog"


class Kind(StrEnum):
    """How a panel shows its figures."""

    LINES = "lines"
    NUMBER = "number"


@dataclass(frozen=True)
class Query:
    """A PromQL expression and how its series are called."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """Figures over time, or the last of each; `unit` is Grafana's name of the unit.

    `warning` and `critical` are the values, in that unit, from which the panel turns orange and red.
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: Kind = Kind.LINES
    warning: float | None = None
    critical: float | None = None


@dataclass(frozen=True)
class Annotation:
    """Moments marked on every panel: those at which `expr` has a value."""

    name: str
    expr: str
    colour: str


@dataclass(frozen=True)
class Board:
    """A dashboard; `alerts` are the names of those that belong to it, `choices` a label by the variable's name."""

    uid: str
    title: str
    description: str
    alerts: tuple[str, ...]
    rows: Mapping[str, tuple[Panel, ...]]
    #: The page of the console where most of it can be looked at and acted upon.
    page: str
    choices: Mapping[str, str] = field(default_factory=dict)


ANNOTATIONS = (
    Annotation("Publications", "sum(increase(plaudit_scoring_programmes_published_total[1m])) > 0", "blue"),
    Annotation(
        "Starts", 'sum by (service) (changes(process_start_time_seconds{job="plaudit"}[2m])) > 0', "purple"
    ),
)


def quantiles(histogram: str, by: str, *of: float, where: str = "") -> tuple[Query, ...]:
    """A histogram's quantiles by one label."""
    return tuple(
        Query(
            f"histogram_quantile({one}, sum by (le, {by}) (rate({histogram}_bucket{where}[$__rate_interval])))",
            f"{{{{{by}}}}} p{one * 100:g}",
        )
        for one in of
    )


def rates(counter: str, by: str, where: str = "") -> tuple[Query, ...]:
    """A counter's rate by one label; a zero without a label as long as there is no series."""
    return (Query(f"sum by ({by}) (rate({counter}{where}[$__rate_interval])) or on() vector(0)", f"{{{{{by}}}}}"),)


def firing(alerts: Sequence[str]) -> tuple[str, str]:
    """Two expressions: how many of these alerts fire, and for how many seconds each has been wrong."""
    names = "|".join(alerts)
    fires = f'ALERTS{{alertstate="firing", alertname=~"{names}"}}'
    watched = f'alertname=~"{names}|{WATCHDOG}"'
    kept = "alertname, severity, service, runbook"
    return (
        f"count({fires}) or vector(0)",
        f"sort_desc(max by ({kept}) (time() - ALERTS_FOR_STATE{{{watched}}})"
        f' and on ({kept}) ALERTS{{alertstate="firing", {watched}}})',
    )
