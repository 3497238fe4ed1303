"""The published figures of the examples, worked out again by rules that know nothing of the engine."""

import gzip
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bench.replays import MESSAGES_COUNT, SIMULATED_SEED, SIMULATED_UNTIL, Figures, replay, replays
from plaudit.simulation import Simulation
from services.scoring.rehearsals.domain.playing import Played
from shared.contracts.programme import SPENDABLE
from tests.e2e import oracle

GUIDE = (Path(__file__).parents[5] / "docs" / "guides" / "examples.md").read_text(encoding="utf-8")


def replayed(what: str, data: Path | None) -> tuple[Figures, Counter[str]]:
    """A row's figures, which are those of the guide, and the points of each person."""
    ((name, read),) = ((name, read) for name, named, read in replays(data) if named == what)
    found, played = replay(name, read())
    assert f"| {name} | {what} | {found.row} |\n" in GUIDE, found.row
    return found, points_of(played)


def points_of(played: Played) -> Counter[str]:
    points: Counter[str] = Counter()
    for one in played.given:
        points[one.person] += one.points if one.score == SPENDABLE else 0
    return +points


def top_share(points: Counter[str]) -> float:
    ranked = sorted(points.values())
    return sum(ranked[-round(len(ranked) / 10) :]) / sum(ranked)


def test_commits_of_a_public_project(shared_data: Path) -> None:
    found, points = replayed("commits of a public project", shared_data)
    right = +oracle.commits(shared_data / "git-commits-a.csv.gz").points
    assert points == right
    assert (found.points, found.share) == (right.total(), top_share(right))


def test_webhooks_of_a_forge(shared_data: Path) -> None:
    """But for commits, which the oracle leaves out."""
    found, points = replayed("webhooks of a forge", shared_data)
    others = +oracle.webhooks(shared_data / "github-webhooks")
    assert found.points - found.by_rule["commit"] == others.total()
    assert set(others) <= {who.split(":", 1)[1] for who in points}


def test_messages_of_students(shared_data: Path) -> None:
    """2 points for the first five of a day, then 1, 40 a day; between two people one in ten minutes."""
    found, points = replayed("messages of students", shared_data)
    right: Counter[str] = Counter()
    of_day: dict[tuple[str, date], list[int]] = defaultdict(list)
    last: dict[tuple[str, str], int] = {}
    with gzip.open(shared_data / "collegemsg.txt.gz", "rt") as lines:
        rows = [line.split() for line in lines][1 : MESSAGES_COUNT + 1]
    for sender, receiver, written in sorted(rows, key=lambda row: int(row[2])):
        seconds, pair = int(written), (sender, receiver)
        given = of_day[sender, datetime.fromtimestamp(seconds, UTC).date()]
        if sender == receiver or (pair in last and seconds - last[pair] < 600):
            continue
        points_now = min(2 if len(given) < 5 else 1, 40 - sum(given))
        if points_now > 0:
            given.append(points_now)
            last[pair] = seconds
            right[sender] += points_now
    assert points == right
    assert (found.with_points, found.share) == (len(right), top_share(right))


def test_the_simulated_community() -> None:
    """By hand: thanks once a month from one person, tickets and meetings once, 9 a day for reviews, one survey."""
    found, points = replayed("the simulated community", None)
    simulation = Simulation(SIMULATED_SEED, SIMULATED_UNTIL)
    names = {one: f"member {who.number}" for who in simulation.members for one in who.identities.items()}
    right: Counter[str] = Counter()
    seen: Counter[Any] = Counter()
    thanks: Counter[tuple[str, str, tuple[int, int]]] = Counter()

    def once(points: int, person: str, *what: object, most: int = 1) -> None:
        seen[person, *what] += 1
        if seen[person, *what] <= most:
            right[person] += points

    for event in simulation.events():
        kind, data, at = event["type"], event["data"], event["time"].astimezone(UTC)
        who = names[data["channel"], data["actor"]["id"]]
        thing = data.get("object", {})
        other = names[data["channel"], thing["author"]["id"]] if "author" in thing else None
        month = (at.year, at.month)
        if kind == "kudos.given.v1" and other != who:
            assert other is not None
            thanks[other, who, month] = 10
            # Who was thanked by them in that month has these ten instead.
            thanks[who, other, month] = max(thanks[who, other, month], 1)
        elif kind == "support.ticket_resolved.v1" and other != who:
            once(8, who, kind, thing["id"])
        elif kind == "code.review.v1" and data["action"] == "submitted" and other != who:
            once(3, who, kind, at.date(), most=3)
        elif kind == "in_person.check_in.v1":
            once(5, who, kind, thing["id"])
        elif kind == "survey.response.v1":
            once(5, who, kind, month)
    of_month: Counter[Any] = Counter()
    for (person, _, month), given in thanks.items():
        of_month[person, month] += given
    for (person, _), given in of_month.items():
        right[person] += min(given, 100)
    assert points == right
    assert (found.points, found.share) == (right.total(), top_share(right))


def test_the_guide_has_every_row_and_no_other() -> None:
    rows = GUIDE.split("## Replayed")[1].count("\n| ") - 1
    assert rows == len(list(replays(Path())))
