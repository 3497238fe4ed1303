"""What the faults came to, as one table."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One run of a fault."""

    fault: str
    in_flight: int
    lost: int
    doubled: int
    recovery_seconds: float | None


REPORT: list[Row] = []


def table(rows: Iterable[Row]) -> list[str]:
    """The runs of each fault together, as lines of text; empty without runs."""
    by_fault: dict[str, list[Row]] = {}
    for row in rows:
        by_fault.setdefault(row.fault, []).append(row)
    if not by_fault:
        return []
    width = max(len(fault) for fault in by_fault)
    lines = [f"{'fault':{width}}  runs  in flight  lost  doubled  recovered after (s)"]
    for fault, runs in sorted(by_fault.items(), key=lambda pair: _number(pair[0])):
        times = [run.recovery_seconds for run in runs if run.recovery_seconds is not None]
        lines.append(
            f"{fault:{width}}  {len(runs):4}  {sum(run.in_flight for run in runs):9}  "
            f"{sum(run.lost for run in runs):4}  {sum(run.doubled for run in runs):7}  "
            f"{max(times, default=0):19.1f}".replace("                0.0", "                  -")
        )
    return lines


def _number(fault: str) -> tuple[int, str]:
    head = fault.split(maxsplit=1)[0]
    return (int(head), fault) if head.isdigit() else (99, fault)
