"""Totals worked out straight from the input files, knowing nothing of the platform's code.

Each function reads a file of real data and applies the rules of an example programme by hand.
"""

import csv
import gzip
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path


@dataclass
class Expected:
    """What must be true of a community, by the id that its people have on their channel."""

    events: int = 0
    points: Counter[str] = field(default_factory=Counter)
    standing: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    events_by_day: Counter[date] = field(default_factory=Counter)
    active_by_day: dict[date, set[str]] = field(default_factory=lambda: defaultdict(set))
    people: set[str] = field(default_factory=set)
    points_by_rule: Counter[str] = field(default_factory=Counter)

    def active(self, day: date, person: str) -> None:
        """Somebody did something on a day."""
        self.events += 1
        self.people.add(person)
        self.events_by_day[day] += 1
        self.active_by_day[day].add(person)

    def award(self, person: str, rule: str, points: int) -> None:
        """A rule gave somebody points."""
        self.people.add(person)
        self.points[person] += points
        self.points_by_rule[rule] += points


def messages(file: Path, limit: int | None = None) -> Expected:
    """CollegeMsg under programmes/messages.yaml: 1 for writing; 2 for being written to, 10 a day at most.

    `limit` is how many messages from the beginning count; None means all.
    """
    expected = Expected()
    written: Counter[str] = Counter()
    received: Counter[tuple[str, date]] = Counter()
    with gzip.open(file, "rt") as lines:
        next(lines)
        for line in islice(lines, limit):
            sender, receiver, seconds = line.split()
            day = datetime.fromtimestamp(int(seconds), UTC).date()
            expected.active(day, sender)
            expected.people.add(receiver)
            expected.award(sender, "message", 1)
            written[sender] += 1
            if receiver != sender:
                received[receiver, day] += 1
    for (receiver, _), count in received.items():
        expected.award(receiver, "written-to", min(2 * count, 10))
    for person in expected.points:
        reached = {f"writer-{count}" for count in (10, 100, 500) if written[person] >= count}
        levels = {"newcomer": 0, "regular": 50, "pillar": 500}
        reached |= {name for name, least in levels.items() if expected.points[person] >= least}
        expected.standing[person] = reached
    return expected


def commits(file: Path) -> Expected:
    """A commit history under programmes/open-source.yaml: 5 for a commit that merges nothing, 50 a day."""
    expected = Expected()
    by_day: Counter[tuple[str, date]] = Counter()
    made: Counter[tuple[str, date]] = Counter()
    with gzip.open(file, "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            day = datetime.fromisoformat(row["authored_at"]).astimezone(UTC).date()
            expected.active(day, row["author"])
            if int(row["parents"]) < 2:
                made[row["author"], day] += 1
                by_day[row["author"], day] = min(by_day[row["author"], day] + 5, 50)
    for (author, _), points in by_day.items():
        expected.award(author, "commit", points)
    # An award is one that gave points: what the daily cap cut to nothing is none.
    counted: Counter[str] = Counter()
    for (author, _), count in made.items():
        counted[author] += min(count, 10)
    for person, points in expected.points.items():
        expected.standing[person] = _open_source_standing(points, commits=counted[person])
    return expected


def commits_taken_back(file: Path, taken_back: Mapping[str, bool]) -> Counter[str]:
    """Points of a history of which some commits were taken back: by their author (true) or by somebody else.

    The earliest of a day have its 50 points. What its author took back keeps its room and gives nothing.
    """
    of_day: dict[tuple[str, date], list[tuple[datetime, str]]] = defaultdict(list)
    with gzip.open(file, "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromisoformat(row["authored_at"]).astimezone(UTC)
            if int(row["parents"]) < 2 and taken_back.get(row["sha"]) is not False:
                of_day[row["author"], at.date()].append((at, row["sha"]))
    points: Counter[str] = Counter()
    for (author, _), made in of_day.items():
        points[author] += sum(5 for _, sha in sorted(made)[:10] if sha not in taken_back)
    return points


def _open_source_standing(points: int, *, commits: int = 0, merges: int = 0, reviews: int = 0) -> set[str]:
    badges = {
        "first-commit": commits >= 1,
        "hundred-commits": commits >= 100,
        "first-merge": merges >= 1,
        "reviewer": reviews >= 25,
        "thousand-points": points >= 1000,
    }
    levels = {"visitor": 0, "contributor": 25, "committer": 500, "maintainer": 5000}
    reached = {name for name, holds in badges.items() if holds}
    return reached | {name for name, least in levels.items() if points >= least}


def webhooks(directory: Path) -> Counter[str]:
    """Points of the webhook bodies under programmes/open-source.yaml, by the forge's user id.

    Commits of pushes are left out: whom they belong to is a matter of e-mail addresses.
    """
    awards: dict[tuple[str, ...], tuple[str, str, date, int]] = {}
    taken_back: set[tuple[str, ...]] = set()
    firsts: dict[str, tuple[str, str]] = {}
    caps = {"review": 90, "reviewed-others": 20, "issue-opened": 25, "discussion": 10}
    for file in sorted(directory.glob("*.json")):
        kind = file.name.split(".")[0]
        body = json.loads(file.read_text())
        action, sender = body.get("action"), str(body["sender"]["id"]) if "sender" in body else ""
        if kind == "issues" and action == "opened":
            _note(awards, body["issue"], kind, action, sender, "issue-opened", 5)
        elif kind == "issue_comment" and action == "created":
            if str(body["issue"]["user"]["id"]) != sender:
                _note(awards, body["comment"], kind, action, sender, "discussion", 1)
        elif kind == "issue_comment" and action == "deleted":
            taken_back.add((kind, str(body["comment"]["id"])))
        elif kind == "issues" and action == "deleted":
            taken_back.add((kind, str(body["issue"]["id"])))
        elif kind == "pull_request_review" and action == "dismissed":
            taken_back.add((kind, str(body["review"]["id"])))
        elif kind == "release" and action == "published":
            _note(awards, body["release"], kind, action, sender, "release", 50)
        elif kind == "release" and action == "deleted":
            taken_back.add((kind, str(body["release"]["id"])))
        elif kind == "pull_request" and action == "closed" and body["pull_request"].get("merged"):
            author = str(body["pull_request"]["user"]["id"])
            if author != sender:
                _note(awards, body["pull_request"], kind, action, author, "pull-request-merged", 40)
                firsts.setdefault(author, (kind, str(body["pull_request"]["id"])))
        elif kind == "pull_request_review" and action == "submitted":
            author = str(body["pull_request"]["user"]["id"])
            if author != sender:
                if body["review"].get("state") != "dismissed":
                    _note(awards, body["review"], kind, action, sender, "review", 15)
                _note(awards, body["review"], kind, action, author, "reviewed-others", 2)
    points: Counter[str] = Counter()
    used: Counter[tuple[str, str, date]] = Counter()
    for key, (person, rule, day, amount) in awards.items():
        given = min(amount, caps.get(rule, amount) - used[person, rule, day])
        used[person, rule, day] += given
        if (key[0], key[1]) not in taken_back:
            points[person] += given
    for person, first in firsts.items():
        points[person] += 0 if first in taken_back else 25
    return points


def _note(awards: dict, thing: dict, kind: str, action: str, person: str, rule: str, points: int) -> None:
    moment = (
        thing.get("submitted_at") or thing.get("published_at") or thing.get("closed_at") or thing["created_at"]
    )
    day = datetime.fromisoformat(moment.replace("Z", "+00:00")).astimezone(UTC).date()
    awards[kind, str(thing["id"]), rule] = (person, rule, day, points)


def digest(rows: Iterable[object]) -> str:
    """A short name for a set of rows, whatever their order."""
    return hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
