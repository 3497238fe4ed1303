"""What the example programmes give for histories: `python -m bench.replays [--data FOLDER]`, without a stack.

The engine is asked (services/scoring/rehearsals); what is printed is the table of docs/guides/examples.md.
"""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import click

from plaudit.importers.github import map_body
from plaudit.importers.records import Mapped
from plaudit.simulation import Simulation
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rehearsals.domain.playing import History, Played, play
from shared.contracts.programme import SPENDABLE, Programme

FOLDER = Path(__file__).parents[1] / "programmes"
SIMULATED_UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
SIMULATED_SEED = 17
#: Of the messages the first, which are those of four weeks.
MESSAGES_COUNT = 20_000
#: What names nobody, was not for this event, or is another's: no rule kept anything from anybody.
_NOT_MEANT = {"no_beneficiary", "condition_false", "audience", "campaign"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What a programme gave for a history; `share` is the part that the tenth with most points has."""

    events: int
    people: int
    with_points: int
    points: int
    share: float
    by_rule: dict[str, int]
    declined: dict[str, int]

    @property
    def row(self) -> str:
        """A row of the table in the guide."""
        most = ", ".join(f"{rule} {points:,}" for rule, points in self.by_rule.items())
        why = ", ".join(f"{reason} {count:,}" for reason, count in self.declined.items()) or "nothing"
        return (
            f"{self.events:,} | {self.people:,} | {self.with_points:,} | {self.points:,} |"
            f" {self.share:.0%} | {most} | {why}"
        )


def commits(file: Path) -> History:
    """A history of commits, each person by the address that they had."""
    history = History(lambda _, name: name)
    with gzip.open(file, "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            data = {"channel": "code", "actor": {"id": row["author"]}, "parents": int(row["parents"])}
            history.add(_activity("code.commit.v1", row["sha"], datetime.fromisoformat(row["authored_at"]), data))
    return history


def webhooks(folder: Path) -> History:
    """The bodies that a forge sends, as its connector reads them."""
    history = History(lambda channel, name: f"{channel}:{name}")
    for file in sorted(folder.glob("*.json")):
        for record in map_body(file.name.split(".")[0], json.loads(file.read_text()), file.name):
            if isinstance(record, Mapped):
                activity = dict(record.event)
                if isinstance(activity["time"], str):
                    activity["time"] = datetime.fromisoformat(activity["time"])
                history.add(activity)
    return history


def talks(file: Path) -> History:
    """Messages among students, read as answers in a forum: who wrote to whom and when is all that is known."""
    history = History(lambda _, name: name)
    with gzip.open(file, "rt") as lines:
        next(lines)
        for number, line in enumerate(islice(lines, MESSAGES_COUNT)):
            sender, receiver, seconds = line.split()
            answered = {"id": f"to-{receiver}", "author": {"id": receiver}}
            data = {"channel": "forum", "actor": {"id": sender}, "in_reply_to": answered}
            at = datetime.fromtimestamp(int(seconds), UTC)
            history.add(_activity("forum.reply.v1", f"{number:06}", at, data))
    return history


def colleagues() -> History:
    """The simulated community, as `plaudit demo` has it: the same for the same seed."""
    simulation = Simulation(SIMULATED_SEED, SIMULATED_UNTIL)
    people = {one: f"member {member.number}" for member in simulation.members for one in member.identities.items()}
    history = History(lambda channel, name: people[channel, name])
    for activity in simulation.events():
        history.add(activity)
    return history


def _activity(kind: str, event_id: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "source": "urn:history", "id": event_id, "time": at, "data": data}


def figures(history: History, played: Played) -> Figures:
    """What came of a history, in points that can be spent."""
    points: Counter[str] = Counter()
    by_rule: Counter[str] = Counter()
    for one in played.given:
        if one.score == SPENDABLE:
            points[one.person] += one.points
            by_rule[one.rule_id] += one.points
    declined = Counter(one.reason for one in played.refused if one.reason not in _NOT_MEANT)
    ranked = sorted((amount for amount in points.values() if amount > 0), reverse=True)
    total, top = sum(ranked), ranked[: max(1, round(len(ranked) / 10))] if ranked else []
    share = sum(top) / total if total else 0.0
    return Figures(
        len(history.events),
        len(history.people),
        len(ranked),
        total,
        share,
        dict(by_rule.most_common()),
        dict(declined.most_common()),
    )


def replay(name: str, history: History) -> tuple[Figures, Played]:
    """Play an example programme over a history. Raises ValueError when it is no programme."""
    match read_programme((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")):
        case Programme() as programme:
            played = play(programme, history)
            return figures(history, played), played
        case mistakes:
            raise ValueError(f"{name} is no programme: {mistakes}")


def replays(data: Path | None) -> Iterator[tuple[str, str, Callable[[], History]]]:
    """Programme, what it is replayed on, and how that is read; without `data` what needs none."""
    if data is not None:
        yield "open-source", "commits of a public project", lambda: commits(data / "git-commits-a.csv.gz")
        yield "open-source", "webhooks of a forge", lambda: webhooks(data / "github-webhooks")
        yield "customer-forum", "messages of students", lambda: talks(data / "collegemsg.txt.gz")
    yield "employee-recognition", "the simulated community", colleagues


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The real data")
def main(data: Path | None) -> None:
    """Print the table of the guide."""
    for name, what, read in replays(data):
        found, _ = replay(name, read())
        click.echo(f"| {name} | {what} | {found.row} |")


if __name__ == "__main__":
    main()
