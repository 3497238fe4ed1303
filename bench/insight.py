"""What the pages of insight ask, with many activities: `python -m bench.insight --stack NAME --events 1000000`.

PostgreSQL fills analytics' tables itself, with what events of a year leave there; people and months are counted by
the service that runs. Then each question is asked over HTTP, as the pages ask it, beside its limit. Of several
numbers of events it shows how the answers grow.
"""

import asyncio
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import click
import httpx

from bench.factor import measure
from bench.fill.analytics import DAYS, EVENTS_A_MEMBER, fill_analytics, is_filled, needed_bytes
from plaudit.access import temporary_key
from plaudit.stack import StackState, load_state
from services.analytics.settings import Settings
from shared.postgres import database_url, role_name

WANTED_MS: Final = 100.0
ROUND_COUNT: Final = 5
ASK_SECONDS: Final = 60.0


def questions(today: datetime, *, most_active: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """What pages ask: a name, a path and its query. The most active member is who has most of everything."""

    def since(days: int) -> dict[str, str]:
        return {"from": f"{today - timedelta(days=days - 1):%F}", "to": f"{today:%F}"}

    weeks, months, month, quarter = since(91), since(342), since(30), since(90)
    slices = {
        f"{by} slices of a week": ("/v1/slices", {"by": by, "period": "week"}) for by in ("audience", "channel")
    }
    return {
        "growth by week": ("/v1/growth", {**weeks, "by": "week"}),
        "growth by month": ("/v1/growth", {**months, "by": "month"}),
        "growth of an audience": (
            "/v1/growth",
            {**weeks, "by": "week", "slice_by": "audience", "slice": "helpers"},
        ),
        "cohorts by week": ("/v1/cohorts", {**weeks, "by": "week", "periods": 13}),
        "cohorts by month": ("/v1/cohorts", {**months, "by": "month", "periods": 12}),
        "retention": ("/v1/retention", weeks),
        "silences": ("/v1/silences", {**weeks, "by": "week"}),
        "activation": ("/v1/activation", {**weeks, "by": "week"}),
        **slices,
        "acquisition by month": ("/v1/acquisition", {**months, "by": "month"}),
        "participation, 90 days": ("/v1/participation", {**quarter, "by": "day"}),
        "active members by month": ("/v1/active-members", {**months, "period": "month"}),
        "stickiness": ("/v1/stickiness", months),
        "channel mix": ("/v1/channel-mix", {**month, "by": "month"}),
        "concentration": ("/v1/concentration", months),
        "levels": ("/v1/orbit", months),
        "who changed level": ("/v1/orbit-moves", {"limit": 50}),
        "response times, 30 days": ("/v1/response-times", {**month, "by": "week"}),
        "response times, 90 days": ("/v1/response-times", {**quarter, "by": "week"}),
        "open questions": ("/v1/open-questions", {"limit": 20}),
        "open questions of a topic": ("/v1/open-questions", {"limit": 20, "topic": "Topic 7"}),
        "open questions of an audience": ("/v1/open-questions", {"limit": 20, "audience": "helpers"}),
        "topics of questions, 30 days": ("/v1/question-topics", month),
        "topics of questions, 90 days": ("/v1/question-topics", quarter),
        "who could answer": ("/v1/topic-answerers", {"topic": "Topic 7"}),
        "what is read": ("/v1/read-content", {"limit": 20}),
        "what is read in a channel": ("/v1/read-content", {"limit": 20, "channel": "forum"}),
        "topics of the most active member": (f"/v1/members/{most_active}/topics", {}),
        "its sources": (f"/v1/members/{most_active}/topic-sources", {"topic": "Topic 7", "limit": 20}),
        "sentiment, 30 days": ("/v1/sentiment", {**month, "by": "week"}),
        "sentiment, 90 days": ("/v1/sentiment", {**quarter, "by": "week"}),
        **_of_network(since),
        "isolated newcomers, 30 days": ("/v1/isolated-newcomers", {**month, "limit": 20}),
        "isolated newcomers, 90 days": ("/v1/isolated-newcomers", {**quarter, "limit": 20}),
        "what a survey says": ("/v1/feedback/recommend", {**months, "by": "month"}),
        "all surveys": ("/v1/feedback", {}),
        "suggestions' loop": ("/v1/idea-loop", quarter),
        "why events did not count, 90 days": ("/v1/rejections", quarter),
        "points by rule, 90 days": ("/v1/points-by-rule", quarter),
        "what decisions answer": ("/v1/decided-figures", {"figure": "median_response"}),
        "a figure": ("/v1/figures/active_members", {}),
        "scorecard": ("/v1/scorecard", {}),
        "goals": ("/v1/goals", {}),
        "the week": ("/v1/digests", {"limit": 1}),
        "summary": ("/v1/summary", {}),
    }


def _of_network(since: Callable[[int], dict[str, str]]) -> dict[str, tuple[str, dict[str, Any]]]:
    """The page of the network, of each choice of days."""
    asked = {
        "network": ("network", {}),
        "ties": ("ties", {"limit": 500}),
        "bridging": ("bridging-members", {"limit": 20}),
    }
    return {
        f"{name}, {days} days": (f"/v1/{path}", {**since(days), **more})
        for days in (7, 30, 90)
        for name, (path, more) in asked.items()
    }


async def counted(state: StackState, community: str, say: Any, *, is_large: bool) -> float:
    """Wait until the service has counted everybody, and the scorecard; the seconds that took."""
    began = time.monotonic()
    admin = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("analytics")))
    try:
        while left := await admin.fetchval("select count(*) from retention_marks"):
            say(f"{left:,} people are to be counted")
            await asyncio.sleep(20)
        for table in ("scorecard_checks", "network_checks", "response_checks"):
            await admin.execute(f"update {table} set checked_at = null where community = $1", community)
        kept = "select exists (select from scorecard_gauges where community = $1 and measured_at > $2)"
        since = datetime.now(UTC)
        while is_large and not await admin.fetchval(kept, community, since):
            say("the scorecard is to be counted")
            await asyncio.sleep(10)
        await admin.execute("vacuum analyze")
    finally:
        await admin.close()
    return time.monotonic() - began


async def ask_all(state: StackState, community: str, key: str) -> dict[str, list[float]]:
    """Milliseconds of each question, over HTTP. Raises RuntimeError where one is not answered."""
    took: dict[str, list[float]] = {}
    # The first of all members did most, by how they are drawn.
    most_active = str(UUID(hashlib.md5(f"member{community}0".encode(), usedforsecurity=False).hexdigest()))
    async with httpx.AsyncClient(
        base_url=state.service_urls["analytics"],
        headers={"Authorization": f"Bearer {key}"},
        timeout=ASK_SECONDS,
    ) as client:
        for name, (path, query) in questions(datetime.now(UTC), most_active=most_active).items():
            for number in range(ROUND_COUNT + 1):
                began = time.perf_counter()
                answer = await client.get(path, params=query)
                if number:
                    took.setdefault(name, []).append((time.perf_counter() - began) * 1000)
                if not answer.is_success:
                    click.echo(f"{answer.status_code}: {name}: {answer.text[:200]}")
                    took[name] = [float("inf")]
                    break
    return took


class Asked(NamedTuple):
    """What questions took of so many events, each beside what it may take by the machine's factor then."""

    events_count: int
    took: Mapping[str, Sequence[float]]
    bound: float


def ask(state: StackState, community: str, events_count: int) -> Asked:
    """Ask everything of a community, and say how fast the machine was."""
    before = measure().factor
    with temporary_key(state, community, "bench.insight", ["analytics:read"], ["analytics"]) as key:
        took = asyncio.run(ask_all(state, community, key))
    factor = (before + measure().factor) / 2
    click.echo(
        f"{events_count:,} events; factor {factor:.2f}, load {os.getloadavg()[0]:.1f}: "
        f"{WANTED_MS:g} ÷ {factor:.2f} = {WANTED_MS / factor:.0f} ms a question"
    )
    return Asked(events_count, took, WANTED_MS / factor)


def prepare(state: StackState, community: str, events_count: int, *, days: int, yes: bool) -> None:
    """Fill a community that is not there yet, and wait until everything of it is counted."""
    if not asyncio.run(is_filled(state, community)):
        needed, free = needed_bytes(events_count * days // DAYS), shutil.disk_usage(state.directory).free
        click.echo(
            f"{events_count:,} events take about {needed / 2**30:.1f} GiB; {free / 2**30:.1f} GiB are free."
        )
        if needed > free:
            raise click.ClickException("That is more than there is: fewer events, or another disk.")
        if not yes:
            click.confirm(f"Fill stack '{state.name}' with them?", abort=True)
        asyncio.run(fill_analytics(state, community, events_count, days=days, say=click.echo))
    # Of fewer members than that a scorecard is counted when it is asked.
    is_large = events_count // EVENTS_A_MEMBER > Settings.model_fields["scorecard_live_members_max_count"].default
    click.echo(f"counted after {asyncio.run(counted(state, community, click.echo, is_large=is_large)):.0f} s")


@click.command(epilog="Example: python -m bench.insight --stack insight --events 1000000 --events 10000000 --yes")
@click.option("--stack", default="insight", show_default=True, help="A local stack that is up, for nothing else")
@click.option(
    "--events",
    "sizes",
    type=click.IntRange(min=1_000),
    required=True,
    multiple=True,
    help="How many a year; may be repeated",
)
@click.option(
    "--days",
    type=click.IntRange(1, DAYS),
    default=DAYS,
    show_default=True,
    help="The last so many of the year alone: what pages ask of 90 days or fewer is as in the whole",
)
@click.option(
    "--filled", is_flag=True, help="They are there and counted already, or as far as they are: ask alone"
)
@click.option("--yes", is_flag=True, help="Do not ask first")
def main(stack: str, sizes: Sequence[int], days: int, filled: bool, yes: bool) -> None:
    """Fill a community of each size that is not there, and measure what pages of insight ask of each.

    The communities are called by their size, insight-1000000. Of several sizes it says by how much the last takes
    longer than the first.
    """
    state, communities = load_state(stack), {size: f"insight-{size}" for size in sizes}
    if not filled:
        for size, community in communities.items():
            prepare(state, community, size, days=days, yes=yes)
    asked = [ask(state, community, size) for size, community in communities.items()]
    click.echo("\n" + "".join(f"{one.events_count:>14,} events" for one in asked))
    medians = {name: [median(one.took[name]) for one in asked] for name in asked[-1].took}
    for name, values in sorted(medians.items(), key=lambda one: -one[1][-1]):
        shown = "".join(
            f"{value:9.1f} ms {'met' if value <= one.bound else 'NOT MET':8}"
            for value, one in zip(values, asked, strict=True)
        )
        grown = f"  x {values[-1] / values[0]:5.1f}" if len(values) > 1 else ""
        click.echo(f"{shown}{grown}  {name}")


if __name__ == "__main__":
    main()
