"""The input: 59,835 private messages of a student community (CollegeMsg), or messages generated alike.

The file is the SNAP data set CollegeMsg as `source target seconds`, 1,899 people over 193 days.
"""

import gzip
import os
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

DATA = (
    Path(os.environ.get("PLAUDIT_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "collegemsg.txt.gz"
)
MESSAGE_COUNT = 59_835
PEOPLE_COUNT = 1_899
FIRST_SECONDS = 1_082_040_961
LAST_SECONDS = 1_098_777_142
BATCH_COUNT = 500
SEED = 7


def description() -> str:
    """Which input this is, in words."""
    if DATA.exists():
        return f"{MESSAGE_COUNT:,} real messages (CollegeMsg)"
    return f"{MESSAGE_COUNT:,} generated messages: the real ones are not at {DATA.name}"


def rows() -> list[tuple[str, str, int]]:
    """(who wrote, to whom, UNIX seconds) of every message, in the order of time."""
    if not DATA.exists():
        return list(_generated())
    with gzip.open(DATA, "rt") as lines:
        next(lines)
        return [(sender, target, int(seconds)) for sender, target, seconds in map(str.split, lines)]


def _generated() -> Iterator[tuple[str, str, int]]:
    # Few write much, as in the real ones: a Pareto distribution over people.
    chance = random.Random(SEED)
    for number in range(MESSAGE_COUNT):
        seconds = FIRST_SECONDS + (LAST_SECONDS - FIRST_SECONDS) * number // MESSAGE_COUNT
        sender, target = (int(chance.paretovariate(0.6)) % PEOPLE_COUNT for _ in range(2))
        yield str(sender), str(target), seconds


def events(count: int | None = None, prefix: str = "m") -> list[dict[str, Any]]:
    """`count` messages (default: all, repeated with other ids when more are wanted) as CloudEvents."""
    source = rows()
    wanted = len(source) if count is None else count
    made = []
    for number in range(wanted):
        sender, target, seconds = source[number % len(source)]
        made.append(
            {
                "specversion": "1.0",
                "id": f"{prefix}-{number}",
                "source": "https://chat.example.org",
                "type": "chat.message.v1",
                "time": datetime.fromtimestamp(seconds, UTC),
                "data": {
                    "channel": "chat",
                    "actor": {"id": sender},
                    "object": {"id": f"dm-{number}", "author": {"id": target}},
                },
            }
        )
    return made


def bodies(given: Sequence[dict[str, Any]], size: int = BATCH_COUNT) -> list[bytes]:
    """The events as bodies of requests with `size` events each; of size 1, as single events."""
    if size == 1:
        return [orjson.dumps(one) for one in given]
    return [orjson.dumps(given[start : start + size]) for start in range(0, len(given), size)]
