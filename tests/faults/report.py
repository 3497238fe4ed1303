"""What the faults came to, as one table: for the terminal, and in docs/guarantees.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"
HEAD = (
    "| fault | runs | in flight | lost | doubled | recovered after, s | commit | machine |",
    "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |",
)


@dataclass(frozen=True)
class Row:
    """One run of a fault."""

    fault: str
    in_flight: int
    lost: int
    doubled: int
    recovery_seconds: float | None


#: The rows of the test that runs.
REPORT: list[Row] = []


@dataclass(frozen=True)
class Line:
    """All runs of a fault together."""

    fault: str
    runs: int
    in_flight: int
    lost: int
    doubled: int
    recovery: str


def lines(rows: Iterable[Row]) -> list[Line]:
    """The runs of each fault together, in the order of the faults' numbers."""
    by_fault: dict[str, list[Row]] = {}
    for row in rows:
        by_fault.setdefault(row.fault, []).append(row)
    return [_line(fault, by_fault[fault]) for fault in sorted(by_fault, key=_number)]


def _line(fault: str, runs: list[Row]) -> Line:
    times = [run.recovery_seconds for run in runs if run.recovery_seconds is not None]
    return Line(
        fault,
        len(runs),
        sum(run.in_flight for run in runs),
        sum(run.lost for run in runs),
        sum(run.doubled for run in runs),
        f"{max(times):.1f}" if times else "-",
    )


def table(rows: Iterable[Row]) -> list[str]:
    """The lines as text for a terminal; empty without runs."""
    found = lines(rows)
    if not found:
        return []
    width = max(len(line.fault) for line in found)
    text = [f"{'fault':{width}}  runs  in flight  lost  doubled  recovered after (s)"]
    for one in found:
        counts = f"{one.runs:4}  {one.in_flight:9}  {one.lost:4}  {one.doubled:7}"
        text.append(f"{one.fault:{width}}  {counts}  {one.recovery:>19}")
    return text


def merge(page: str, rows: Iterable[Row], *, commit: str, machine: str, only: bool = False) -> str:
    """A Markdown page with these rows' lines in its table, each with the commit that ran and the machine.

    A fault's line is replaced, and the others stay, unless the rows are `only` those there are. Raises ValueError
    for a page without the table's markers.
    """
    before, begun, rest = page.partition(BEGIN)
    old, ended, after = rest.partition(END)
    if not (begun and ended):
        raise ValueError(f"the page has no {BEGIN} with {END} after it")
    known: Mapping[str, str] = {} if only else dict(_known(old))
    new = {one.fault: _markdown(one, commit, machine) for one in lines(rows)}
    merged = {**known, **new}
    text = "\n".join((*HEAD, *(merged[fault] for fault in sorted(merged, key=_number))))
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def _known(text: str) -> Iterable[tuple[str, str]]:
    """The faults of a Markdown table and their lines."""
    for line in text.splitlines():
        if line.startswith("| ") and line not in HEAD:
            yield line.split("|")[1].strip(), line


def _markdown(one: Line, commit: str, machine: str) -> str:
    cells = (one.fault, one.runs, one.in_flight, one.lost, one.doubled, one.recovery, commit, machine)
    return f"| {' | '.join(map(str, cells))} |"


def _number(fault: str) -> tuple[int, str]:
    head = fault.split(maxsplit=1)[0]
    return (int(head), fault) if head.isdigit() else (99, fault)
