"""Facts into read models: once each, in any order, whatever the batches; and what is asked of them."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import asyncpg
import httpx
import pytest

from services.analytics.intake.handlers import on_events
from services.analytics.main import SPEC
from services.analytics.payouts.handlers import on_payouts
from services.analytics.points.handlers import on_awards
from services.analytics.programmes.handlers import on_programmes
from services.analytics.recognition.handlers import on_grants
from services.analytics.redemptions.handlers import on_redemptions
from services.analytics.rejections.handlers import on_rejected
from shared.followed_members import on_members

pytestmark = pytest.mark.stack

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


async def ask(api: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def participation(api: httpx.AsyncClient) -> tuple[int, int, dict[str, int]]:
    (month,) = (await ask(api, "/v1/participation", by="month", **MARCH))["items"]
    return (
        month["events"],
        month["active_members"],
        {counted["type"]: counted["events"] for counted in month["types"]},
    )


@pytest.mark.usefixtures("new_rows")
async def test_events_count_once_by_channel_and_type(world: Any, api: httpx.AsyncClient) -> None:
    events = [
        world.event("1", "ada"),
        world.event("2", "ada", channel="chat", kind="chat.message.v1"),
        world.event("3", "bob", at=NOON + timedelta(days=1)),
    ]
    await world.handle(on_events, *events[:2], events[0])
    await world.handle(on_events, *events)  # two known, one new
    await world.handle(on_events, *events)
    days = (await ask(api, "/v1/participation", **{"from": "2026-03-04", "to": "2026-03-06"}))["items"]
    assert [(day["events"], day["active_members"]) for day in days] == [(2, 1), (1, 1), (0, 0)]
    assert days[0]["channels"] == [
        {"channel": "chat", "events": 1, "active_members": 1},
        {"channel": "forum", "events": 1, "active_members": 1},
    ]
    assert days[0]["types"] == [{"type": "chat.message.v1", "events": 1}, {"type": "forum.post.v1", "events": 1}]
    assert await participation(api) == (3, 2, {"chat.message.v1": 1, "forum.post.v1": 2})


@pytest.mark.parametrize("order", list(permutations(("event", "retraction", "again"))))
async def test_a_retraction_takes_its_event_out_whichever_comes_first(
    world: Any, api: httpx.AsyncClient, order: tuple[str, ...]
) -> None:
    facts = {"event": world.event("1"), "retraction": world.retraction("1"), "again": world.event("1")}
    await world.handle(on_events, world.event("other", "bob"))
    for name in order:
        await world.handle(on_events, facts[name])
    await world.handle(on_events, facts["retraction"])
    assert await participation(api) == (1, 1, {"forum.post.v1": 1})
    lineage = await ask(api, f"/v1/lineage/events/{facts['event']['uid']}")
    assert lineage["event"]["retracted_by"] == facts["retraction"]["uid"]


@pytest.mark.usefixtures("new_rows")
@pytest.mark.parametrize("order", list(permutations(range(4))), ids=lambda order: "".join(map(str, order)))
async def test_the_latest_of_retractions_and_restorations_decides_in_whatever_order_they_come(
    world: Any, api: httpx.AsyncClient, order: tuple[int, ...]
) -> None:
    later = [NOON + timedelta(hours=hours) for hours in range(4)]
    facts = [
        world.event("1"),
        world.retraction("1", later[1]),
        world.restoration("1", later[2]),
        world.retraction("1", later[3], number=2),
    ]
    await world.handle(on_events, world.event("other", "bob"))
    for place in order:
        await world.handle(on_events, facts[place])
    assert await participation(api) == (1, 1, {"forum.post.v1": 1})
    await world.handle(on_events, *reversed(facts))
    lineage = await ask(api, f"/v1/lineage/events/{facts[0]['uid']}")
    assert lineage["event"]["retracted_by"] == facts[3]["uid"]
    assert [(one["type"], one["member_id"]) for one in lineage["decisions"]] == [
        ("activity.retracted.v1", world.uuid("moderator")),
        ("activity.restored.v1", None),
        ("activity.retracted.v1", world.uuid("moderator")),
    ]

    await world.handle(on_events, world.restoration("1", later[3] + timedelta(hours=1), number=2))
    await world.handle(on_events, *facts)

    assert await participation(api) == (2, 2, {"forum.post.v1": 2})
    assert (await ask(api, f"/v1/lineage/events/{facts[0]['uid']}"))["event"]["retracted_by"] is None
    restoration = await ask(api, f"/v1/lineage/events/{facts[2]['uid']}")
    assert [reason["code"] for reason in restoration["why_nothing"]] == ["is_restoration"]


@pytest.mark.parametrize("first_uid", [1, 2])
@pytest.mark.parametrize("ids", ["ab", "ba"])
async def test_of_two_decisions_at_one_moment_the_greater_id_is_in_force(
    world: Any, api: httpx.AsyncClient, ids: str, first_uid: int
) -> None:
    """By id as in scoring, whatever the uids."""
    uids = [world.uuid(f"said {number}") for number in (first_uid, 3 - first_uid)]
    pair = [
        one | {"id": said_id, "uid": uid}
        for one, said_id, uid in zip([world.retraction("1"), world.restoration("1")], ids, uids, strict=True)
    ]
    for facts in (pair, pair[::-1], [pair[0]], [pair[1]]):
        await world.handle(on_events, *facts, world.event("1"))
    assert (await participation(api))[0] == int(ids == "ab")


@pytest.mark.usefixtures("new_rows")
async def test_what_bots_do_is_no_participation(world: Any, api: httpx.AsyncClient) -> None:
    """Nor when it is taken back or restored; what a bot is done to, or what is done to a bot, is."""
    robots = [world.event(f"bot {n}", "robot", bots="member") for n in range(3)]
    people = [
        world.event("1", "ada", bots="objectmember"),
        world.event("2", "bob", bots="objectmember replymember"),
    ]
    await world.handle(on_events, robots[0], people[0], world.retraction("bot 1"))
    await world.handle(on_events, *robots, *people, world.retraction("bot 0"))
    await world.handle(on_events, world.restoration("bot 0", NOON + timedelta(hours=1)))
    assert await participation(api) == (2, 2, {"forum.post.v1": 2})
    await world.settle()
    new = (await ask(api, "/v1/acquisition", by="month", **MARCH))["items"]
    assert sum(one["new_members"] for month in new for one in month["channels"]) == 2


@pytest.mark.usefixtures("new_rows")
async def test_event_and_retraction_in_one_batch(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_events, world.retraction("1"), world.event("1"), world.event("2"))
    assert await participation(api) == (1, 1, {"forum.post.v1": 1})


async def test_active_members_of_days_weeks_and_months(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(
        on_events,
        world.event("1", "ada", at=datetime(2026, 3, 1, 23, 59, tzinfo=UTC)),
        world.event("2", "ada", at=datetime(2026, 3, 2, tzinfo=UTC)),
        world.event("3", "bob", at=datetime(2026, 3, 2, 5, tzinfo=UTC)),
    )

    async def counts(period: str, **days: str) -> list[tuple[str, int]]:
        body = await ask(api, "/v1/active-members", period=period, **days)
        return [(span["starts_on"], span["active_members"]) for span in body["items"]]

    short = {"from": "2026-03-01", "to": "2026-03-02"}
    assert await counts("day", **short) == [("2026-03-01", 1), ("2026-03-02", 2)]
    assert await counts("week", **short) == [("2026-02-23", 1), ("2026-03-02", 2)]
    assert await counts("month", **short) == [("2026-03-01", 2)]


async def test_periods_are_paged(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_events, world.event("1", at=datetime(2026, 3, 31, tzinfo=UTC)))
    starts, after, pages = [], {}, 0
    while True:
        body = await ask(api, "/v1/active-members", limit=10, **MARCH, **after)
        starts += [span["starts_on"] for span in body["items"]]
        pages += 1
        if body["next"] is None:
            break
        after = {"after": body["next"]}
    assert pages == 4
    assert (starts[0], starts[-1], len(starts)) == ("2026-03-01", "2026-03-31", 31)
    assert body["items"][-1]["active_members"] == 1


async def test_members_are_acquired_where_and_when_their_first_event_was(
    world: Any, api: httpx.AsyncClient
) -> None:
    def event(name: str, member: str, channel: str, day: int) -> Any:
        return world.event(name, member, channel=channel, at=datetime(2026, 3, day, tzinfo=UTC))

    await world.handle(on_events, event("1", "ada", "forum", 9), event("2", "bob", "forum", 20))
    await world.handle(on_events, event("3", "ada", "forum", 5), event("4", "ada", "chat", 2))
    await world.handle(
        on_events, event("5", "ada", "code", 10), event("6", "ada", "forum", 1), world.retraction("6")
    )
    await world.settle()
    (month,) = (await ask(api, "/v1/acquisition", by="month", **MARCH))["items"]
    assert month["new_members"] == 2
    assert month["channels"] == [{"channel": "chat", "new_members": 1}, {"channel": "forum", "new_members": 1}]
    (day,) = (await ask(api, "/v1/acquisition", **{"from": "2026-03-02", "to": "2026-03-02"}))["items"]
    assert day["channels"] == [{"channel": "chat", "new_members": 1}]


async def test_the_newest_revision_of_a_member_wins(world: Any, api: httpx.AsyncClient) -> None:
    def member(revision: int, name: str) -> Any:
        return world.fact(
            "member.identified.v1",
            name,
            {"member_id": world.uuid("ada"), "revision": revision, "name": name, "identities": []},
        )

    await world.handle(on_members, member(2, "Ada"), member(1, "Old"))
    await world.handle(on_members, member(1, "Old"))
    await world.handle(on_payouts, world.payout("accrued"))
    assert (await ask(api, f"/v1/lineage/payouts/{world.uuid('payout')}"))["member_name"] == "Ada"
    assert (await ask(api, "/v1/summary"))["members"] == 1


async def test_members_are_counted_as_they_come_change_and_go(
    world: Any, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    def member(name: str, revision: int, **more: Any) -> Any:
        data = {"member_id": world.uuid(name), "revision": revision, "identities": [], **more}
        return world.fact("member.identified.v1", f"{name} {revision}", data)

    async def members() -> int:
        return int((await ask(api, "/v1/summary"))["members"])

    robot = member("robot", 2, bot_by="hand")
    await world.handle(on_members, member("ada", 1), member("bob", 1), member("robot", 1))
    await world.handle(on_members, member("ada", 2), member("ada", 1), member("cleo", 1))
    assert await members() == 4
    for _ in range(2):
        await world.handle(on_members, robot, member("bob", 2))
        assert await members() == 3
    await world.handle(on_members, member("robot", 3))
    assert await members() == 4
    await pool.execute(
        "delete from followed_members where community = $1 and member_id = $2", world.community, world.uuid("bob")
    )
    assert await members() == 3


@pytest.mark.usefixtures("new_rows")
async def test_points_by_rule_are_what_awards_amount_to(world: Any, api: httpx.AsyncClient) -> None:
    rules = [{"id": "post", "title": "Posts", "on": ["forum.post.v1"], "points": 5, "score": "writing"}]
    await world.handle(on_programmes, world.programme(1, rules))
    awards = [
        world.award("1", "1"),
        world.award("2", "2"),
        world.award("3", "1", 3, rule="answer"),
        world.award("-1", "1", -5, amends="1"),
        world.award("-2", "2", -5, amends="2"),
        world.award("--2", "2", 4, amends="2", revision=2, total=4, cause="restored"),
    ]
    await world.handle(on_awards, *awards[:2])
    for _ in range(2):
        await world.handle(on_awards, *awards, awards[0])
    first = await ask(api, "/v1/points-by-rule", limit=1, **MARCH)
    second = await ask(api, "/v1/points-by-rule", limit=1, after=first["next"], **MARCH)
    assert [*first["items"], *second["items"]] == [
        {
            "rule_id": "answer",
            "title": None,
            "score": "points",
            "points": 3,
            "awards": 1,
            "taken_back": 0,
            "amendments": 0,
        },
        {
            "rule_id": "post",
            "title": "Posts",
            "score": "writing",
            "points": 4,
            "awards": 2,
            "taken_back": 1,
            "amendments": 3,
        },
    ]
    assert (await ask(api, "/v1/points-by-rule", **{"from": "2026-03-05", "to": "2026-03-09"}))["items"] == []


async def test_rejections_by_reason_and_one_by_one(world: Any, api: httpx.AsyncClient) -> None:
    def rejection(number: int, reason: str) -> Any:
        data = {
            "receipt_id": "r1",
            "receipt_index": number,
            "event_source": "https://forum.example",
            "event_id": f"e{number}",
            "outcome": "rejected",
            "reason": reason,
        }
        return world.fact("engagement.rejected.v1", f"rejection {number}", data, NOON + timedelta(seconds=number))

    facts = [rejection(1, "no actor"), rejection(2, "too old"), rejection(3, "too old")]
    for _ in range(2):
        await world.handle(on_rejected, *facts)
    first = await ask(api, "/v1/rejections", limit=1, **MARCH)
    second = await ask(api, "/v1/rejections", limit=1, after=first["next"], **MARCH)
    assert [(reason["reason"], reason["events"]) for reason in [*first["items"], *second["items"]]] == [
        ("too old", 2),
        ("no actor", 1),
    ]
    newest = await ask(api, "/v1/rejections/events", limit=2)
    rest = await ask(api, "/v1/rejections/events", limit=2, after=newest["next"])
    assert [rejected["event_id"] for rejected in [*newest["items"], *rest["items"]]] == ["e3", "e2", "e1"]
    (rejected,) = (await ask(api, "/v1/rejections/events", source="https://forum.example", event_id="e1"))["items"]
    spelt = {"source": "https://forum.example/", "event_id": " e1\u200b"}
    assert (await ask(api, "/v1/rejections/events", **spelt))["items"] == [rejected]
    assert (await ask(api, "/v1/rejections/events", source=""))["items"] == []
    assert rejected["reason"] == "no actor"
    wanted = {"reason": "too old", "outcome": "rejected"}
    old = (await ask(api, "/v1/rejections/events", **wanted))["items"]
    assert [one["event_id"] for one in old] == ["e3", "e2"]
    assert (await ask(api, "/v1/rejections/events", **{**wanted, "outcome": "conflict"}))["items"] == []


async def test_summary_adds_up_and_survives_redelivery(world: Any, api: httpx.AsyncClient) -> None:
    def grant(name: str, reverses: str = "") -> Any:
        data = {
            "grant_id": world.uuid(f"grant {name}"),
            "member_id": world.uuid("ada"),
            "kind": "badge",
            "id": "ten",
            "title": "Ten",
            "award_id": world.award_id("1"),
            "event_time": NOON,
        }
        if reverses:
            data["reverses"] = world.uuid(f"grant {reverses}")
        return world.fact("recognition.granted.v1", f"grant {name}", data)

    def redemption(state: str, seconds: int) -> Any:
        data = {
            "redemption_id": world.uuid("redemption"),
            "member_id": world.uuid("ada"),
            "reward_id": "mug",
            "points": 40,
            "state": state,
        }
        return world.fact("redemption.changed.v1", f"redemption {state}", data, NOON + timedelta(seconds=seconds))

    for _ in range(2):
        await world.handle(on_events, world.event("1"), world.retraction("2"))
        await world.handle(on_awards, world.award("1", "1"))
        await world.handle(on_grants, grant("1"), grant("-1", reverses="1"))
        await world.handle(on_redemptions, redemption("reserved", 0), redemption("confirmed", 5))
        await world.handle(on_payouts, world.payout("accrued"), world.payout("approved", "grace"))
    assert await ask(api, "/v1/summary") == {
        "members": 0,
        "events": 1,
        "rejections": 0,
        "awards": 1,
        "awards_taken_back": 0,
        "amendments": 0,
        "points": 5,
        "granted": 1,
        "taken_back": 1,
        "redemptions": [{"state": "confirmed", "number": 1, "points": 40}],
        "payouts": [{"state": "approved", "number": 1, "points": 10, "amount_minor": 100, "currency": "EUR"}],
    }


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/participation", {"from": "2026-03-02", "to": "2026-03-01"}),
        ("/v1/participation", {"by": "year"}),
        ("/v1/participation", {"to": "9999-12-31"}),
        ("/v1/participation", {"to": "1790035200"}),
        ("/v1/acquisition", {"from": "1769817600000"}),
        ("/v1/points-by-rule", {"from": "86400"}),
        ("/v1/participation", {"after": "WzFd"}),
        ("/v1/rejections", {"after": "bm8"}),
        ("/v1/rejections/events", {"source": "a\x00b"}),
        ("/v1/lineage/events/not-a-uuid", {}),
    ],
)
async def test_bad_questions_get_a_problem(api: httpx.AsyncClient, path: str, query: dict[str, str]) -> None:
    answer = await api.get(path, params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_another_community_sees_nothing_of_it(world: Any, api: httpx.AsyncClient) -> None:
    other = type(world)(world.pool, SPEC)
    await other.handle(on_events, other.event("1"))
    assert await participation(api) == (0, 0, {})
    assert (await api.get(f"/v1/lineage/events/{other.event('1')['uid']}")).status_code == 404
