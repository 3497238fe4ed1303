"""A badge that is published late: `python -m bench.badges --stack NAME`.

Members with points are put into recognition's database by COPY. Then a version with a badge for several things is
published, and until all have it events are sent beside, each timed from being sent to being in its member's
points: as long as before, or the live line is disturbed.
"""

import asyncio
import json
import time
from statistics import median, quantiles
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import click

from bench.factor import measure
from plaudit.access import issue_key
from plaudit.calls import request
from plaudit.stack import StackState, load_state
from shared.postgres import database_url, role_name

POINTS = 100
PAUSE_SECONDS = 0.5
BEFORE_COUNT = 20
#: The live line is undisturbed while its median beside is at most so many times that of before or after.
LIVE_MAX_TIMES = 2.0
SCOPES = ("programmes:read", "programmes:write", "events:write", "members:read", "recognition:read")
BADGE = {"id": "late", "title": "Late", "when": f'points >= {POINTS} && awards("message") >= 1'}
YAML = {"Content-Type": "application/yaml"}


def _programme(badges: list[dict[str, Any]]) -> bytes:
    rule = {"id": "message", "title": "Wrote", "on": ["chat.message.v1"], "points": 1}
    document = {"programme": "late", "title": "Late", "rules": [rule], "recognition": {"badges": badges}}
    return json.dumps(document).encode()


class _Town:
    """A community of the stack, and what is asked of it."""

    def __init__(self, state: StackState, community: str) -> None:
        self.urls = state.service_urls
        self.community = community
        self.key = issue_key(state, community, "bench.badges", list(SCOPES))["key"]
        self._member: str | None = None
        self._sent = 0

    def publish(self, badges: list[dict[str, Any]]) -> int:
        published = request(
            "POST",
            f"{self.urls['scoring']}/v1/programmes",
            self.key,
            content=_programme(badges),
            headers=YAML,
            params={"note": "measured"},
        )
        return int(published["version"])

    def backfill(self) -> dict[str, Any]:
        found: dict[str, Any] = request("GET", f"{self.urls['recognition']}/v1/badge-backfill", self.key)
        return found

    def timed(self) -> float:
        """Seconds from an event being sent to its being in its member's points."""
        self._sent += 1
        event = {
            "specversion": "1.0",
            "id": f"live {self._sent}",
            "source": "urn:bench",
            "type": "chat.message.v1",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "data": {"channel": "chat", "actor": {"id": "live", "name": "Live"}},
        }
        began = time.perf_counter()
        request("POST", f"{self.urls['ingest']}/v1/events", self.key, json=event)
        while True:
            found = request(
                "GET", f"{self.urls['recognition']}/v1/leaderboard", self.key, params={"period": "week"}
            )
            if sum(item["points"] for item in found["items"]) >= self._sent:
                return time.perf_counter() - began
            time.sleep(0.01)


async def _fill(state: StackState, community: str, members_count: int) -> None:
    conn = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("recognition")))
    award = str(uuid4())
    step = (1 << 128) // (members_count + 1)
    ids = [str(UUID(int=step * (number + 1))) for number in range(members_count)]
    await conn.copy_records_to_table(
        "members",
        columns=("community", "member_id", "points", "awards_by_rule", "standing", "last_award_id", "version"),
        records=((community, one, POINTS, '{"message": 1}', "{}", award, 1) for one in ids),
    )
    await conn.execute("analyze members")
    await conn.close()


def _wait(town: _Town, version: int) -> dict[str, Any]:
    while True:
        found = town.backfill()
        if found["programme_version"] == version and found["is_done"]:
            return found
        time.sleep(0.2)


def _shown(seconds: list[float]) -> str:
    most = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    return f"median {median(seconds) * 1000:,.0f} ms, 95 % {most * 1000:,.0f} ms, of {len(seconds)}"


@click.command(epilog="Example: python -m bench.badges --stack bench --members 1000000")
@click.option("--stack", required=True, help="A local stack that is up")
@click.option("--members", "members_count", type=click.IntRange(min=1), default=1_000_000, show_default=True)
def main(stack: str, members_count: int) -> None:
    """Measure how fast a badge goes to members of before, and what lives beside it."""
    state = load_state(stack)
    factor = measure().factor
    town = _Town(state, f"late{uuid4().hex[:8]}")
    _wait(town, town.publish([]))
    asyncio.run(_fill(state, town.community, members_count))
    before = [town.timed() for _ in range(BEFORE_COUNT)]
    click.echo(f"factor {factor:.2f}; {members_count:,} members; live before: {_shown(before)}")
    began = time.perf_counter()
    version = town.publish([BADGE])
    beside: list[float] = []
    said = 0
    while not ((found := town.backfill())["programme_version"] == version and found["is_done"]):
        if (
            granted := found["grants"] if found["programme_version"] == version else 0
        ) - said >= members_count / 10:
            said = granted
            click.echo(f"  {said:,} of {members_count:,} granted after {time.perf_counter() - began:,.0f} s")
        beside.append(town.timed())
        time.sleep(PAUSE_SECONDS)
    took = time.perf_counter() - began
    # On a machine that others share, what is slower beside may be slower after it, too.
    after = [town.timed() for _ in range(BEFORE_COUNT)]
    click.echo(f"live beside: {_shown(beside)}; after: {_shown(after)}")
    click.echo(f"{found['grants']:,} granted in {took:,.0f} s: {found['grants'] / took:,.0f} members/s")
    times = median(beside) / max(median(before), median(after)) if beside else 1.0
    is_met = times <= LIVE_MAX_TIMES and found["grants"] >= members_count
    click.echo(
        f"the live line takes {times:.2f} times as long beside it, the limit is {LIVE_MAX_TIMES:g};"
        f" {found['grants']:,} of {members_count:,} members have it: {'met' if is_met else 'NOT met'}"
    )
    if not is_met:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
