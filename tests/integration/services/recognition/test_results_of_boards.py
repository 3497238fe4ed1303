"""Results of boards: taken when a period ends, final after its freeze, with prizes told once; who sees what."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.recognition.badges.handlers.deciding import on_audiences
from services.recognition.boards.handlers import keeping
from services.recognition.counts.handlers import on_events
from services.recognition.merges.handlers import on_guidelines, on_members
from shared.contracts.facts import RECOGNITION_FACT
from shared.http.pages import encode_cursor
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_boards_kept import declare, keep, listed, suspended, told_of
from tests.integration.services.recognition.test_boards_of_audiences import turn
from tests.integration.services.recognition.test_counted_badges import event
from tests.integration.services.test_who_may import TOKEN_KEYS, know_token_keys, show_everything, token
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

MONTH: dict[str, Any] = {
    "id": "month",
    "title": "This month",
    "period": "month",
    "size": 4,
    "freeze_after_days": 3,
    "prizes": [
        {"id": "first", "title": "Dinner", "people": 1},
        {"id": "next", "title": "Mug", "people": 1, "tie": "earliest"},
    ],
}
ENDS = datetime(NOON.year + NOON.month // 12, NOON.month % 12 + 1, 1, tzinfo=UTC)
FINAL = ENDS + timedelta(days=3)
FIRST_DAY = NOON.date().replace(day=1).isoformat()


BOARD_NO = "select board_no from boards where community = $1 and board_id = 'month' and not is_over"


async def results(api: httpx.AsyncClient, world: Any, board: str = "month") -> tuple[dict[str, Any], list[Any]]:
    names = {world.uuid(name): name for name in "abcdef"}
    answer = await api.get(f"/v1/boards/{board}/results/{FIRST_DAY}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    items = [(one["rank"], names[one["member_id"]], one["points"], one["prizes"]) for one in body["items"]]
    return body["result"], items


async def test_results_are_frozen_and_prizes_told_once(world: Any, api: httpx.AsyncClient) -> None:
    await declare(world, 1, [MONTH])
    early = NOON - timedelta(hours=2)
    points = {"a": 50, "b": 30, "c": 30, "d": 30, "e": 5}
    await world.awarded(*(world.award(name, of, at=early if name == "c" else NOON) for name, of in points.items()))
    await keep(world, until=ENDS - timedelta(seconds=1))
    none = await api.get(f"/v1/boards/month/results/{FIRST_DAY}")
    assert (none.status_code, none.json()["type"]) == (404, "urn:plaudit:problem:no-board-results")

    await keep(world, until=ENDS)
    result, items = await results(api, world)
    tied = sorted("bd", key=world.uuid)
    assert items == [(1, "a", 50, []), (2, "c", 30, []), *((2, one, 30, []) for one in tied)]
    assert (result["is_final"], result["members"], await world.published()) == (False, 5, [])

    # Until the freeze what comes late counts, and is told with everything else when it ends.
    await world.awarded(world.award("b", 1))
    await keep(world, until=FINAL - timedelta(seconds=1))
    assert (await results(api, world))[1] == items
    await keep(world, until=FINAL)
    result, items = await results(api, world)
    assert items == [(1, "a", 50, ["Dinner"]), (2, "b", 31, ["Mug"]), (3, "c", 30, []), (3, "d", 30, [])]
    assert result["is_final"]
    told = await world.published()
    assert [(one["member_id"], one["id"], one["rank"], one["points"]) for one in told] == [
        (world.uuid("a"), "first", 1, 50),
        (world.uuid("b"), "next", 2, 31),
    ]

    # After it, it is noted and changes nothing; nor does doing it again; what members had goes.
    await world.awarded(world.award("e", 100), world.award("e", -3))
    await keep(world, until=FINAL + timedelta(hours=2))
    result, again = await results(api, world)
    assert (result["late_awards"], result["late_points"], again) == (2, 97, items)
    assert await world.published() == []
    left = await world.pool.fetchval("select count(*) from board_scores where community = $1", world.community)
    assert left == 0

    # Who leaves boards leaves results, and whoever is merged is there as who stays.
    await world.handle(on_members, told_of(world, "b", 1, off_boards=True))
    await world.handle(on_guidelines, suspended(world, "c", 1, stands=True))
    assert (await results(api, world))[1] == [(1, "a", 50, ["Dinner"]), (3, "d", 30, [])]
    won = (await api.get(f"/v1/members/{world.uuid('a')}/boards")).json()["prizes"]
    assert [(one["title"], one["board_title"], one["starts_on"]) for one in won] == [
        ("Dinner", "This month", FIRST_DAY)
    ]


async def test_who_is_suspended_when_results_become_final_wins_nothing_and_the_next_does(
    world: Any, api: httpx.AsyncClient
) -> None:
    await declare(world, 1, [MONTH])
    await world.awarded(world.award("a", 50), world.award("b", 30), world.award("c", 20))
    await keep(world, until=FINAL - timedelta(seconds=1))
    await world.handle(on_guidelines, suspended(world, "a", 1, stands=True))
    await keep(world, until=FINAL)
    told = await world.published()
    assert [(one["member_id"], one["id"], one["rank"]) for one in told] == [
        (world.uuid("b"), "first", 1),
        (world.uuid("c"), "next", 2),
    ]
    # What is final stays, whatever becomes of the suspension.
    await world.handle(on_guidelines, suspended(world, "a", 2, stands=False))
    await keep(world, until=FINAL + timedelta(hours=2))
    assert (await results(api, world))[1] == [(1, "b", 30, ["Dinner"]), (2, "c", 20, ["Mug"])]
    assert await world.published() == []


async def test_all_who_tie_with_the_last_winner_win_also_beyond_the_boards_size(
    world: Any, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = {
        "id": "month",
        "title": "M",
        "period": "month",
        "size": 2,
        "prizes": [{"id": "first", "title": "Mug"}],
    }
    week = month | {"id": "week", "title": "W", "period": "week"}
    await declare(world, 1, [month, week])
    await world.awarded(*(world.award(name, 10) for name in "abcde"), world.award("f", 9))
    await keep(world, until=ENDS)
    told = await world.published()
    won = {board: [one["member_id"] for one in told if one["board"] == board] for board in ("month", "week")}
    tied = sorted(world.uuid(name) for name in "abcde")
    assert won == {"month": tied, "week": tied}
    assert {(one["rank"], one["points"]) for one in told} == {(1, 10)}
    # Results list as many as the board does; who won beyond them has it among their prizes.
    assert len((await results(api, world))[1]) == 2
    prizes = (await api.get(f"/v1/members/{tied[4]}/boards")).json()["prizes"]
    assert {one["board_title"] for one in prizes} == {"M", "W"}
    paged = []
    after: str | None = None
    while not paged or after is not None:
        asked = {"limit": 1} if after is None else {"limit": 1, "after": after}
        page = (await api.get(f"/v1/members/{tied[4]}/boards", params=asked)).json()
        paged += page["prizes"]
        after = page["next"]
    assert paged == prizes

    # So many and no more.
    monkeypatch.setattr(keeping, "TIED_BEYOND_SIZE_MAX_COUNT", 1)
    await world.awarded(*(world.award(name, 7, at=ENDS) for name in "abcde"))
    await keep(world, until=ENDS + timedelta(days=45))
    told = await world.published()
    assert [one["member_id"] for one in told if one["board"] == "month"] == tied[:3]


async def test_what_a_prize_gives_is_told_and_lifts_nobody_on_its_own_board(
    world: Any, api: httpx.AsyncClient
) -> None:
    first, next_ = MONTH["prizes"]
    prizes = [{**first, "gives": {"points": 40, "ticket": "spring"}}, next_]
    channel = {"id": "forum", "title": "Forum", "channel": "forum"}
    boards = [{**MONTH, "prizes": prizes}, {"id": "ever", "title": "Ever"}, channel]
    await declare(world, 1, boards)
    await keep(world)
    shown = (await api.get("/v1/boards/month", params={"at": NOON.isoformat()})).json()["board"]["prizes"]
    given = {"points": 40, "reward": None, "ticket": "spring"}
    assert [one["gives"] for one in shown] == [given, None]
    won = world.award_fact(
        world.uuid("came with a prize"),
        "b",
        40,
        world.uuid("prize"),
        rule="board-month",
        event_type="recognition.granted.v1",
    )
    events = [event(world, name, name) for name in "ab"]
    await world.handle(on_events, *events)
    earned = [
        world.award_fact(world.uuid(f"earned {name}"), name, points, fact["uid"])
        for (name, points), fact in zip((("a", 50), ("b", 30)), events, strict=True)
    ]
    await world.awarded(*earned, won)
    await keep(world)
    # No event leads to what came with a prize: no board waits for one. Its own board leaves it out.
    assert (
        await world.pool.fetchval("select count(*) from board_parked where community = $1", world.community) == 0
    )
    assert [(one[1], one[2]) for one in await listed(world, api, "ever")] == [("b", 70), ("a", 50)]
    assert [(one[1], one[2]) for one in await listed(world, api, "month")] == [("a", 50), ("b", 30)]
    await keep(world, until=FINAL)
    told = [one for one in await world.published() if "prize_id" in one]
    assert [(one["member_id"], one["id"], one.get("gives")) for one in told] == [
        (world.uuid("a"), "first", {"points": 40, "ticket": "spring"}),
        (world.uuid("b"), "next", None),
    ]
    # Where no prize gives points any more the board counts otherwise, so it begins anew.
    before = await world.pool.fetchval(BOARD_NO, world.community)
    await declare(world, 2, [MONTH, *boards[1:]])
    await keep(world, until=FINAL)
    assert await world.pool.fetchval(BOARD_NO, world.community) != before


async def test_prizes_that_were_told_stay_after_a_restore(world: Any, api: httpx.AsyncClient) -> None:
    await declare(world, 1, [MONTH])
    await world.awarded(world.award("a", 50), world.award("b", 30))
    await keep(world, until=FINAL)
    facts = [row["value"] for row in await world.outbox()]
    for table in ("board_prizes", "board_cuts", "board_results", "boards", "board_versions"):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    async with world.begin() as tx:
        await keeping.on_prizes_told(tx, [RECOGNITION_FACT.validate_json(one) for one in facts])
    await declare(world, 1, [MONTH])
    await world.awarded(world.award("b", 500))
    await keep(world, until=FINAL)
    assert [(name, won) for _, name, _, won in (await results(api, world))[1]] == [
        ("b", ["Mug"]),
        ("a", ["Dinner"]),
    ]
    assert await world.published() == []


async def test_what_was_won_of_a_shorter_period_by_the_same_name_keeps_nobody_from_winning(
    world: Any, api: httpx.AsyncClient
) -> None:
    """As a board of a month that becomes one of a quarter: both begin on one day."""
    await declare(world, 1, [MONTH])
    await world.awarded(world.award("a", 50), world.award("b", 30))
    await keep(world, until=FINAL)
    told: list[Any] = [RECOGNITION_FACT.validate_json(row["value"]) for row in await world.outbox()]
    for table in ("board_prizes", "board_cuts", "board_results", "boards", "board_versions"):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    for fact in told:
        fact["data"] |= {"prize_id": world.uuid(fact["data"]["id"]), "ends_on": fact["data"]["starts_on"]}
    async with world.begin() as tx:
        await keeping.on_prizes_told(tx, told)
    await declare(world, 1, [MONTH])
    await world.awarded(world.award("b", 500))
    await keep(world, until=FINAL)
    assert [(one["member_id"], one["title"]) for one in await world.published()] == [
        (world.uuid("b"), "Dinner"),
        (world.uuid("a"), "Mug"),
    ]
    shown = [("b", ["Dinner"]), ("a", ["Mug"])]
    assert [(name, won) for _, name, _, won in (await results(api, world))[1]] == shown


async def test_a_quarter_leaves_the_results_of_the_month_that_began_on_its_day(
    world: Any, api: httpx.AsyncClient
) -> None:
    first = datetime(NOON.year, (NOON.month - 1) // 3 * 3 + 1, 1, 12, tzinfo=UTC)
    path = f"/v1/boards/month/results/{first.date()}"

    async def declared(version: int, at: datetime, board: dict[str, Any]) -> None:
        document = {"recognition": {"boards": [board]}}
        async with world.begin() as tx:
            tx.now = at
            await keeping.on_programmes(tx, [world.programme_fact(version, document, at)])
        await keep(world, until=at)

    async def names(**of: str) -> tuple[str, list[str]]:
        answer = await api.get(path, params=of)
        assert answer.status_code == 200, answer.text
        found = {world.uuid(name): name for name in "abc"}
        return answer.json()["result"]["period"], [found[one["member_id"]] for one in answer.json()["items"]]

    plain = {"id": "month", "title": "In our time", "period": "month"}
    await declared(1, first, plain)
    await world.awarded(world.award("a", 50, at=first))
    over = first + timedelta(days=32)
    await keep(world, until=over)
    assert await names() == ("month", ["a"])
    await declared(2, over, {**plain, "period": "quarter"})
    await world.awarded(world.award("b", 80, at=over), world.award("c", 9, at=over))
    await keep(world, until=first + timedelta(days=93))
    # Each is there; without a word it is the kind that the board is of now.
    assert await names() == ("quarter", ["b", "a", "c"])
    assert await names(period="month") == ("month", ["a"])
    listing = (await api.get("/v1/boards/month/results", params={"limit": 1})).json()
    rest = (await api.get("/v1/boards/month/results", params={"after": listing["next"]})).json()["items"]
    kinds = [(one["period"], one["starts_on"]) for one in (*listing["items"], *rest)]
    assert ("quarter", f"{first.date()}") in kinds
    assert ("month", f"{first.date()}") in kinds
    assert (await api.get(path, params={"period": "week"})).status_code == 404
    # Once it is of all time its days are nobody's results, and what was is there.
    await declared(3, first + timedelta(days=94), {"id": "month", "title": "Ever"})
    await keep(world, until=first + timedelta(days=97))
    assert await names(period="quarter") == ("quarter", ["b", "a", "c"])
    after = (await api.get("/v1/boards/month/results")).json()["items"]
    assert {one["period"] for one in after} == {"month", "quarter"}


async def test_who_moved_since_the_results_before(world: Any, api: httpx.AsyncClient) -> None:
    await declare(world, 1, [{"id": "day", "title": "Today", "period": "day"}, {"id": "ever", "title": "Ever"}])
    await world.awarded(world.award("a", 50), world.award("b", 30), world.award("c", 20))
    tomorrow = NOON + timedelta(days=1)
    await keep(world, until=tomorrow)
    await world.awarded(world.award("c", 45, at=tomorrow), world.award("d", 9, at=tomorrow))
    await world.awarded(world.award("a", 1, at=tomorrow))

    async def moved(board: str) -> dict[str, Any]:
        answer = await api.get(f"/v1/boards/{board}", params={"at": tomorrow.isoformat()})
        names = {world.uuid(name): name for name in "abcd"}
        items = answer.json()["items"]
        return {names[one["member_id"]]: "new" if one["moved"]["is_new"] else one["moved"]["by"] for one in items}

    assert await moved("day") == {"c": 2, "d": "new", "a": -2}
    assert await moved("ever") == {"c": 2, "a": -1, "b": -1, "d": "new"}
    first = (await api.get("/v1/boards/day", params={"at": NOON.isoformat()})).json()
    assert {one["moved"] and one["moved"]["is_new"] for one in first["items"]} <= {None, True}


async def test_a_suspension_ends_by_itself_and_boards_that_go_leave_nothing(
    world: Any, api: httpx.AsyncClient
) -> None:
    await declare(world, 1, [{"id": "ever", "title": "Ever"}])
    await world.awarded(world.award("a", 50), world.award("b", 30))
    now = datetime.now(UTC)
    await world.handle(
        on_guidelines, suspended(world, "a", 1, stands=True, ends_at=now + timedelta(milliseconds=300))
    )

    async def on_it() -> list[str]:
        items = (await api.get("/v1/boards/ever")).json()["items"]
        return [one["member_id"] for one in items]

    assert await on_it() == [world.uuid("b")]
    while len(await on_it()) < 2:  # the suite stops a test that takes too long
        async with world.begin() as tx:
            await keeping.keep_boards(tx)
    assert await on_it() == [world.uuid("a"), world.uuid("b")]

    await declare(world, 2, [{"id": "ever", "title": "Ever so much", "size": 1}])
    body = (await api.get("/v1/boards/ever")).json()
    assert (body["board"]["title"], len(body["items"]), body["members"], body["next"]) == (
        "Ever so much",
        1,
        2,
        None,
    )
    await declare(world, 3, [])
    await keep(world)
    assert (await api.get("/v1/boards/ever")).status_code == 404
    for table in ("boards", "board_scores", "board_cuts"):
        count = f"select count(*) from {table} where community = $1"
        assert await world.pool.fetchval(count, world.community) == 0, table


async def test_a_channels_board_waits_for_the_event(world: Any, api: httpx.AsyncClient) -> None:
    await declare(world, 1, [{"id": "chat", "title": "Chat", "channel": "chat"}, {"id": "ever", "title": "Ever"}])
    told = event(world, 1, "a")

    def award(name: str, uid: str, **more: Any) -> Any:
        return world.award_fact(world.uuid(name), "a", 7, uid, **more)

    by_hand = award("by hand", world.uuid("nothing"), by_hand={"person_id": world.uuid("manager")})
    await world.awarded(award("first", told["uid"]), by_hand)

    looked = itertools.count(1)

    async def points(board: str) -> list[int]:
        # Later each time: what has waited is not looked at again at once.
        await keep(world, until=max(NOON, datetime.now(UTC)) + timedelta(hours=next(looked)))
        return [one["points"] for one in (await api.get(f"/v1/boards/{board}")).json()["items"]]

    assert (await points("chat"), await points("ever")) == ([], [7])
    await world.handle(on_events, told)
    assert (await points("chat"), await points("ever")) == ([7], [14])
    await world.awarded(award("second", told["uid"]))
    assert (await points("chat"), await points("ever")) == ([14], [21])


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["recognition:read"]


async def test_who_sees_which_boards_and_of_whom(world: Any, api: httpx.AsyncClient, clients: Any) -> None:
    assert TOKEN_KEYS
    await know_token_keys(world.pool)
    await show_everything(world.pool, world.community)
    boards = [
        {"id": "open", "title": "Open", "public": True},
        {"id": "inside", "title": "Inside"},
        {"id": "helpers", "title": "Helpers", "audience": "helpers"},
    ]
    await declare(world, 1, boards)
    for name in "ab":
        await world.handle(on_members, told_of(world, name, 1))
    await world.awarded(world.award("a", 50), world.award("b", 30))
    await world.handle(on_audiences, turn(world, "a", 1))
    visitor = await clients("public:read")
    member, other = await clients("points:read"), await clients("points:read")
    member.headers.update(token(world.community, world.uuid("a"), world.uuid("a")))
    other.headers.update(token(world.community, world.uuid("b"), world.uuid("b")))

    async def seen(one: httpx.AsyncClient) -> list[str]:
        listed = [board["id"] for board in (await one.get("/v1/boards")).json()["items"]]
        answers = {board["id"]: await one.get(f"/v1/boards/{board['id']}") for board in boards}
        assert [name for name, answer in answers.items() if answer.status_code == 200] == listed
        for path in ("results", f"results/{FIRST_DAY}"):
            there = [
                name for name in answers if (await one.get(f"/v1/boards/{name}/{path}")).json().get("items") == []
            ]
            assert set(there) <= set(listed)
        return listed

    assert await seen(api) == ["open", "inside", "helpers"]
    assert await seen(member) == ["open", "inside", "helpers"]
    assert await seen(other) == ["open", "inside"]
    assert await seen(visitor) == ["open"]

    shown = (await member.get("/v1/boards/open")).json()["items"]
    assert [(one["member_id"], one["name"], one["is_self"]) for one in shown] == [
        (None, "A", True),
        (None, "B", False),
    ]
    assert all(one["member_id"] for one in (await api.get("/v1/boards/open")).json()["items"])
    own = f"/v1/members/{world.uuid('a')}/boards"
    places = (await member.get(own)).json()["items"]
    assert [(one["board"]["id"], one["place"]["rank"]) for one in places] == [
        ("open", 1),
        ("inside", 1),
        ("helpers", 1),
    ]
    near = (await member.get(f"{own}/open", params={"neighbours": 1})).json()["neighbours"]
    assert [(one["rank"], one["name"], one["is_self"]) for one in near] == [(1, "A", True), (2, "B", False)]
    assert (await other.get(own)).status_code == 403
    # Whoever is merged into another asks as them.
    await Merging(world, on_members).merge("b", "a")
    merged = (await other.get("/v1/boards/open")).json()["items"]
    assert [(one["name"], one["points"], one["is_self"]) for one in merged] == [("A", 80, True)]
    assert "helpers" in [one["id"] for one in (await other.get("/v1/boards")).json()["items"]]
    assert (await api.get("/v1/boards/open", params={"at": "9999-12-31T00:00:00Z"})).status_code == 422


async def test_a_cursor_that_is_made_up_lists_no_more_than_a_boards_size(
    world: Any, api: httpx.AsyncClient
) -> None:
    await declare(world, 1, [{"id": "ever", "title": "Ever", "size": 3}])
    await world.awarded(
        *(world.award(name, points) for name, points in zip("abcde", (9, 8, 7, 7, 6), strict=True))
    )
    await keep(world)

    async def after(*place: Any) -> Any:
        return await api.get("/v1/boards/ever", params={"after": encode_cursor(place)})

    tied = sorted("cd", key=world.uuid)
    for points, name, due in ((9, "a", ["b", tied[0]]), (8, "b", [tied[0]]), (7, tied[0], []), (7, tied[1], [])):
        answer = await after(0, 0, points, NOON, world.uuid(name))
        assert [one["member_id"] for one in answer.json()["items"]] == [world.uuid(one) for one in due]
        assert answer.json()["next"] is None
    for points in (0, -(2**63)):
        answer = await after(0, 0, points, NOON, world.uuid("a"))
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:plaudit:problem:invalid-cursor")
