"""What comes with grants: a reward for nothing, once and while there are some, and tickets in draws by lot."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from services.rewards.draws.handlers import freeze_due, on_communities, on_programmes
from services.rewards.erasure.handlers import on_members
from services.rewards.gifts.handlers import on_recognition as on_grants
from services.rewards.suspensions.handlers import on_guidelines
from shared.contracts.draws import Ticket, mistakes_of, winners_of
from shared.contracts.facts import COMMUNITY_CHANGED, GUIDELINE_FACT, RECOGNITION_FACT, REDEMPTION_FACT
from tests.integration.services.merging import Merging
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

TODAY = datetime.now(UTC).date()
CATALOGUE = [
    {"id": "mug", "title": "Mug", "points": 100, "stock": 2},
    {"id": "sticker", "title": "Sticker", "points": 10},
]
SPRING = {"id": "spring", "title": "Spring draw", "reward": "sticker", "winners": 2, "ends": f"{TODAY}"}


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["rewards:read", "rewards:write", "ledger:read"]


def grant(world: Any, name: str, member: str = "ann", **gives: Any) -> Any:
    data = {
        "grant_id": world.uuid(f"grant {name}"),
        "member_id": world.uuid(member),
        "kind": "badge",
        "id": "hero",
        "title": "Hero",
        "event_time": NOON,
        "programme_version": 1,
        "gives": gives,
    }
    return world.fact("recognition.granted.v1", name, data)


def back(world: Any, name: str, member: str = "ann") -> Any:
    fact = grant(world, f"back {name}", member)
    del fact["data"]["gives"]
    fact["data"]["reverses"] = world.uuid(f"grant {name}")
    return fact


async def told(world: Any) -> list[Any]:
    facts = [orjson.loads(row["value"]) for row in await world.outbox() if row["topic"] == "redemptions.v1"]
    for fact in facts:
        REDEMPTION_FACT.validate_python(fact)
    return facts


async def begin(world: Any) -> None:
    document = {"rewards": {"catalogue": CATALOGUE, "draws": [SPRING]}}
    await world.handle(on_programmes, world.programme_fact(1, document))


async def states(world: Any) -> list[str]:
    rows = await world.pool.fetch(
        "select state from gifts where community = $1 order by decided_at", world.community
    )
    return [row["state"] for row in rows]


async def test_a_reward_comes_once_and_while_there_are_some(world: Any, api: httpx.AsyncClient) -> None:
    await begin(world)
    await world.handle(on_grants, grant(world, "1", reward="mug"))
    await world.handle(on_grants, grant(world, "1", reward="mug"))
    facts = await told(world)
    assert [(one["data"]["state"], one["data"]["points"], one["data"]["by"]) for one in facts] == [
        ("reserved", 0, "recognition"),
        ("confirmed", 0, "recognition"),
    ]
    # Taken back, it stays theirs; granted anew, it is not given again.
    await world.handle(on_grants, back(world, "1"), grant(world, "2", reward="mug"))
    assert await states(world) == ["given", "had"]
    # Two want the last one.
    await asyncio.gather(
        *(world.handle(on_grants, grant(world, name, name, reward="mug")) for name in ("bob", "cid"))
    )
    await world.handle(on_grants, grant(world, "4", "dan", reward="gone"))
    assert sorted(await states(world)) == ["given", "given", "gone", "had", "unknown"]
    answer = await api.post(
        f"/v1/members/{world.uuid('eve')}/redemptions",
        json={"reward_id": "mug"},
        headers={"Idempotency-Key": "of-eve"},
    )
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "out-of-stock")
    # What costs nothing moves nothing: the books are right.
    assert (await world.check()).differences == 0


async def test_what_a_board_gives_comes_with_each_period_that_is_won(world: Any) -> None:
    await begin(world)

    def won(month: int, **gives: Any) -> Any:
        data = {
            "prize_id": world.uuid(f"prize {month}"),
            "member_id": world.uuid("ann"),
            "board": "month",
            "board_title": "This month",
            "id": "first",
            "title": "First",
            "starts_on": date(2026, month, 1),
            "ends_on": date(2026, month, 28),
            "rank": 1,
            "points": 420,
            "programme_version": 1,
            "gives": gives,
        }
        return RECOGNITION_FACT.validate_python(world.fact("recognition.prize_won.v1", f"prize {month}", data))

    january = won(1, reward="sticker", ticket="spring")
    await world.handle(on_grants, january)
    await world.handle(on_grants, january, won(2, reward="sticker"), won(3, points=5))
    assert await states(world) == ["given", "given"]
    tickets = await world.pool.fetchval("select count(*) from draw_tickets where community = $1", world.community)
    assert tickets == 1


async def test_a_draw_is_by_lot_and_everybody_can_work_it_out(world: Any, api: httpx.AsyncClient) -> None:
    await begin(world)
    (shown,) = (await api.get("/v1/draws")).json()["items"]
    assert (shown["state"], len(shown["commitment"])) == ("open", 64)
    for name in ("ann", "bob", "cid"):
        await world.handle(on_grants, grant(world, f"of {name}", name, ticket="spring"))
    await world.handle(
        on_grants, grant(world, "more", "ann", ticket="spring"), grant(world, "x", "dan", ticket="no")
    )
    # A grant that is taken back takes its ticket with it.
    await world.handle(on_grants, grant(world, "of eve", "eve", ticket="spring"), back(world, "of eve", "eve"))
    mine = (await api.get(f"/v1/members/{world.uuid('ann')}/draws")).json()["items"]
    assert [(one["draw"]["draw_id"], one["tickets"], one["won"]) for one in mine] == [("spring", 2, False)]
    # The programme may say another number of winners until then; the seed stays.
    more = {"rewards": {"catalogue": CATALOGUE, "draws": [SPRING | {"winners": 3}]}}
    await world.handle(on_programmes, world.programme_fact(2, more))
    record = (await api.get("/v1/draws/spring/record")).json()
    assert (record["commitment"], record["seed"], record["tickets"]) == (shown["commitment"], None, [])
    early = await api.post("/v1/draws/spring/draw")
    assert (early.status_code, early.json()["type"].rpartition(":")[2]) == (409, "draw-open")

    world.later = timedelta(days=2)
    async with world.begin() as tx:
        while await freeze_due(tx):
            pass
    frozen = (await api.get("/v1/draws/spring/record")).json()
    assert (frozen["state"], frozen["tickets_count"], len(frozen["tickets"]), frozen["seed"]) == (
        "frozen",
        4,
        4,
        None,
    )
    await world.handle(on_grants, grant(world, "late", "dan", ticket="spring"), back(world, "of bob", "bob"))
    assert (await api.get("/v1/draws/spring/record")).json() == frozen

    drawn = await asyncio.gather(*(api.post("/v1/draws/spring/draw") for _ in range(2)))
    assert drawn[0].json() == drawn[1].json()
    winners = drawn[0].json()["winners"]
    assert [one["won"] for one in winners] == ["given"] * 3
    assert {one["member_id"] for one in winners} == {world.uuid(name) for name in ("ann", "bob", "cid")}
    record = (await api.get("/v1/draws/spring/record")).json()
    assert mistakes_of(record, commitment=shown["commitment"]) == []
    assert record["tickets"] == frozen["tickets"]
    given = await told(world)
    assert [one["data"]["state"] for one in given] == ["reserved", "confirmed"] * 3
    mine = (await api.get(f"/v1/members/{world.uuid('ann')}/draws")).json()["items"]
    assert mine[0]["won"]
    assert (await api.get("/v1/draws/none")).json()["type"].rpartition(":")[2] == "unknown-draw"


def suspended(world: Any, member: str, revision: int, *, stands: bool = True) -> Any:
    data = {
        "suspension_id": world.uuid(f"suspension {member}"),
        "member_id": world.uuid(member),
        "revision": revision,
        "stands": stands,
        "starts_at": NOON,
    }
    told = world.fact("guidelines.suspension_changed.v1", f"suspended {member} {revision}", data)
    return GUIDELINE_FACT.validate_python(told)


async def test_who_is_suspended_when_it_is_drawn_wins_nothing_and_the_place_goes_to_the_next(
    world: Any, api: httpx.AsyncClient
) -> None:
    await begin(world)
    names = {world.uuid(name): name for name in ("ann", "bob", "cid", "dan", "eve")}
    for name in names.values():
        await world.handle(on_grants, grant(world, f"of {name}", name, ticket="spring"))
    world.later = timedelta(days=2)
    async with world.begin() as tx:
        while await freeze_due(tx):
            pass
    seed = await world.pool.fetchval("select seed from draws where community = $1", world.community)
    frozen = (await api.get("/v1/draws/spring/record")).json()
    tickets = [Ticket(one["ticket"], one["member"]) for one in frozen["tickets"]]
    order = [names[one.member] for one in winners_of(seed, tickets, len(names))]
    # The first by lot is suspended, the third as somebody who they are, too, and the fourth no more.
    await world.handle(on_guidelines, suspended(world, order[0], 1))
    await Merging(world, on_members).merge("other", order[2])
    await world.handle(
        on_guidelines,
        suspended(world, "other", 1),
        suspended(world, order[3], 2, stands=False),
        suspended(world, order[3], 1),
    )
    drawn = (await api.post("/v1/draws/spring/draw")).json()
    assert [names[one["member_id"]] for one in drawn["winners"]] == [order[1], order[3]]
    assert drawn["passed_over_count"] == 2
    record = (await api.get("/v1/draws/spring/record")).json()
    holders = {one["ticket"]: names[one["member"]] for one in record["tickets"]}
    assert [holders[ticket] for ticket in record["passed_over"]] == [order[0], order[2]]
    assert (record["tickets"], mistakes_of(record)) == (frozen["tickets"], [])
    # Nobody is passed over who would not have won, nor is a winner another.
    (last,) = [ticket for ticket, holder in holders.items() if holder == order[4]]
    assert mistakes_of(record | {"passed_over": [*record["passed_over"], last]})
    assert mistakes_of(record | {"passed_over": []})
    # Whatever becomes of it later, the result stays.
    await world.handle(on_guidelines, suspended(world, order[0], 2, stands=False))
    assert (await api.post("/v1/draws/spring/draw")).json() == drawn
    mine = (await api.get(f"/v1/members/{world.uuid(order[0])}/draws")).json()["items"]
    assert [(one["tickets"], one["won"]) for one in mine] == [(1, False)]


async def test_a_draw_that_is_open_ends_with_its_last_day_in_the_zone_of_then(
    world: Any, api: httpx.AsyncClient
) -> None:
    """A change of zone moves the end of what is open; what is over stays so, and older revisions say nothing."""

    def community(revision: int, *reckonings: tuple[datetime | None, str]) -> Any:
        calendar = [
            {"time_zone": zone, "week_start": "monday"} | ({} if since is None else {"since": since})
            for since, zone in reckonings
        ]
        data = COMMUNITY_CHANGED.examples[0]["data"] | {"revision": revision, "calendar": calendar}
        return COMMUNITY_CHANGED.adapter.validate_python(world.fact("community.changed.v1", f"{revision}", data))

    async def closing() -> dict[str, str]:
        return {one["draw_id"]: one["closes_at"] for one in (await api.get("/v1/draws")).json()["items"]}

    changes_at = datetime(2030, 6, 9, 15, tzinfo=UTC)  # midnight in Tokyo
    tokyo, moved = (None, "Asia/Tokyo"), (changes_at, "America/New_York")
    draws = [
        SPRING | {"id": name, "ends": ends} for name, ends in (("before", "2030-06-08"), ("after", "2030-06-10"))
    ]
    document = {"rewards": {"catalogue": CATALOGUE, "draws": draws}}
    await world.handle(on_programmes, world.programme_fact(1, document))
    assert await closing() == {"before": "2030-06-09T00:00:00Z", "after": "2030-06-11T00:00:00Z"}
    await world.handle(on_communities, community(1, tokyo))
    assert await closing() == {"before": "2030-06-08T15:00:00Z", "after": "2030-06-10T15:00:00Z"}
    # What was over before the change was over when it was; a day behind it ends in New York.
    await world.handle(on_communities, community(3, tokyo, moved), community(2, tokyo))
    assert await closing() == {"before": "2030-06-08T15:00:00Z", "after": "2030-06-11T04:00:00Z"}
    await world.handle(on_communities, community(2, tokyo))
    assert (await closing())["after"] == "2030-06-11T04:00:00Z"
    # The programme first or the community first: it is the same.
    await world.handle(on_programmes, world.programme_fact(2, document))
    assert await closing() == {"before": "2030-06-08T15:00:00Z", "after": "2030-06-11T04:00:00Z"}
    # What is frozen is over, whatever changes.
    world.later = datetime(2030, 6, 10, tzinfo=UTC) - datetime.now(UTC)
    async with world.begin() as tx:
        while await freeze_due(tx):
            pass
    await world.handle(on_communities, community(4, (None, "America/New_York")))
    assert await closing() == {"before": "2030-06-08T15:00:00Z", "after": "2030-06-11T04:00:00Z"}
    states = {one["draw_id"]: one["state"] for one in (await api.get("/v1/draws")).json()["items"]}
    assert states == {"before": "frozen", "after": "open"}
