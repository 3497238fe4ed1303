"""A real history of commits, scored in any order with one in twenty taken back, gives one total."""

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.e2e import oracle

pytestmark = pytest.mark.stack

PROGRAMME = Path(__file__).parents[4] / "programmes" / "open-source.yaml"
BATCH_COUNT = 500


@pytest.mark.parametrize("order", ["oldest first", "newest first", "shuffled"])
async def test_commits_in_any_order_with_some_taken_back(world: Any, shared_data: Path, order: str) -> None:
    """By their authors, who pay the room, or by somebody else; before they come or after."""
    file, rng = shared_data / "git-commits-a.csv.gz", Random(order)
    with gzip.open(file, "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    taken_back = {row["sha"]: rng.random() < 0.5 for row in rng.sample(rows, len(rows) // 20)}
    await world.publish(PROGRAMME.read_text(encoding="utf-8").split("rewards:")[0])
    facts = [fact for row in rows for fact in said_of(world, row, taken_back)]
    facts.sort(key=lambda fact: (fact["time"], fact["id"]), reverse=order == "newest first")
    if order == "shuffled":
        rng.shuffle(facts)
    for start in range(0, len(facts), BATCH_COUNT):
        await world.score(*facts[start : start + BATCH_COUNT])

    right = +oracle.commits_taken_back(file, taken_back)
    names = {world.uuid(name): name for name in {row["author"] for row in rows}}
    given: Counter[str] = Counter()
    for (member, _), points in (await world.totals()).items():
        given[names[member]] += points
    assert given == right


def said_of(world: Any, row: dict[str, str], taken_back: dict[str, bool]) -> list[Any]:
    """A commit, and that it was taken back."""
    sha, author = row["sha"], row["author"]
    at = datetime.fromisoformat(row["authored_at"]).astimezone(UTC)
    data = {"channel": "code", "actor": {"id": author}, "parents": int(row["parents"])}
    commit = world.event(sha, author, None, type="code.commit.v1", time=at, data=data)
    if sha not in taken_back:
        return [commit]
    by = author if taken_back[sha] else "maintainer"
    gone = world.event(
        f"not {sha}", by, None, type="activity.retracted.v1", time=at + timedelta(days=1), targetuid=commit["uid"]
    )
    return [commit, gone]
