"""What the door refuses, and what says otherwise than before, is kept, shown, mended and sent again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from json import dumps
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ingest.events.api.posting import KEEPER
from services.ingest.events.domain.receipts import receipt_id
from services.ingest.metrics import REFUSED_KEPT
from services.ingest.refused import store
from services.ingest.refused.domain import Cause, Found, Reason, RefusedFilter, Request
from services.ingest.refused.handlers import keeping
from services.ingest.refused.handlers.keeping import keep, keep_in_order
from services.ingest.refused.handlers.standing import find_what_stands
from shared.topics import EVENTS as EVENTS_TOPIC
from shared.transaction import Transaction
from tests.integration.services.ingest.conftest import EVENT, JSON, Community, event, handle, problem, raw_fact
from tests.integration.services.ingest.test_own_event_types_taken import EVENTS, SENT, published
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

URL = "/v1/refused-events"


async def listed(community: Community, **asked: str) -> list[dict[str, Any]]:
    answer = await community.client.get(URL, params=asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def shown(community: Community, refused_id: str) -> dict[str, Any]:
    answer = await community.client.get(f"{URL}/{refused_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def with_what_stands(community: Community, refused_id: str) -> dict[str, Any]:
    """What is shown of a conflict once it was looked for what stands."""

    async def found() -> Any:
        async with community.begin() as tx:
            await find_what_stands(tx)
        kept = await shown(community, refused_id)
        return kept if not kept["is_looked_for"] else None

    kept: dict[str, Any] = await until(found)
    return kept


@asynccontextmanager
async def begin(community: Community, **changed: Any) -> AsyncIterator[Transaction[Any]]:
    """A transaction with some settings changed."""
    async with community.begin() as tx:
        settings = tx.settings.model_copy(update=changed)
        yield Transaction(tx.conn, tx.now, service="ingest", settings=settings)


async def test_a_batch_leaves_what_was_refused_of_it_in_its_receipt(community: Community) -> None:
    wrong = [event(2, nmae="x"), EVENT | {"id": "post-3", "type": "forum.posted.v1"}, 7]
    taken = await community.post(event(1), *wrong)
    assert taken["accepted"] == 1
    receipt = await community.receipt(taken["receipt_id"])
    assert {name: count for name, count in receipt["counts"].items() if count} == {"accepted": 1, "refused": 3}
    assert [(one["index"], one["outcome"]) for one in receipt["items"]] == [
        (0, "accepted"),
        *((index, "refused") for index in (1, 2, 3)),
    ]
    assert "There is no field `nmae` here" in receipt["items"][1]["reason"]
    # In pages, too; and in the list of all receipts.
    first = (await community.client.get(f"/v1/receipts/{taken['receipt_id']}", params={"limit": "2"})).json()
    rest = (
        await community.client.get(f"/v1/receipts/{taken['receipt_id']}", params={"after": first["next"]})
    ).json()
    assert first["items"] + rest["items"] == receipt["items"]
    (summary,) = (await community.client.get("/v1/receipts")).json()["items"]
    assert summary["counts"] == receipt["counts"]
    assert [(one["index"], one["cause"], one["event_type"]) for one in reversed(await listed(community))] == [
        (1, "not_valid", "forum.post.v1"),
        (2, "unknown_type", "forum.posted.v1"),
        (3, "not_valid", None),
    ]
    kept = await shown(community, receipt["items"][1]["refused_id"])
    assert (kept["came"], kept["is_whole"]) == (wrong[0], True)
    # By source and hour they are counted, too.
    counts = (await community.client.get("/v1/receipts/counts")).json()["items"]
    assert sorted((one["source"], one["events"]) for one in counts if one["outcome"] == "refused") == [
        ("", 1),
        (EVENT["source"], 2),
    ]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "cause", "whole"),
    [
        (b'[{"id": "x"', JSON, 400, "not_readable", True),
        (b"\xff\xfe[]", JSON, 400, "not_readable", False),
        (b"<event/>", "text/xml", 415, "not_readable", True),
        (b'{"type": "no.such.v1", "id": "a\\u0000", "source": 3}', JSON, 422, "unknown_type", True),
        (b"[[]]", JSON, 422, "not_valid", True),
        (
            b'{"type": "forum.post.v1", "data": {"n": 123456789012345678901234567890}}',
            JSON,
            422,
            "not_valid",
            True,
        ),
    ],
)
async def test_of_what_is_refused_whole_the_answer_says_its_receipt(
    community: Community, body: bytes, content_type: str, status: int, cause: str, whole: bool
) -> None:
    answer = await community.client.post("/v1/events", content=body, headers={"Content-Type": content_type})
    problem(answer, status)
    (one,) = await listed(community)
    assert (one["cause"], one["reasons"] != []) == (cause, True)
    assert answer.headers["location"] == f"/v1/receipts/{one['receipt_id']}"
    receipt = (await community.client.get(answer.headers["location"])).json()
    assert (receipt["status"], receipt["counts"]["refused"]) == ("complete", 1)
    kept = await shown(community, one["refused_id"])
    assert kept["is_whole"] is whole


async def test_a_type_is_declared_and_what_waited_for_it_is_sent_again(community: Community) -> None:
    refused = await community.client.post("/v1/events", json=[SENT, SENT | {"id": "attended-2", "time": "soon"}])
    problem(refused, 422)
    await published(community, 1, datetime.now(UTC) - timedelta(hours=1), EVENTS)
    answer = await community.client.post(f"{URL}/replay", json={"event_type": SENT["type"]})
    assert answer.status_code == 202, answer.text
    done = answer.json()
    assert (done["replayed"], done["still_refused"]) == (1, 1)
    assert (await community.receipt(done["receipt_id"]))["counts"]["accepted"] == 1
    named = {"source": str(SENT["source"]), "event_id": "attended-1"}
    chain = (await community.client.get("/v1/receipts/of-event", params=named)).json()["items"]
    assert [one["outcome"] for one in chain] == ["refused", "accepted"]
    assert chain[1]["receipt_id"] == done["receipt_id"]
    # In pages the chain is the same.
    page = (await community.client.get("/v1/receipts/of-event", params=named | {"limit": "1"})).json()
    assert page["items"] == chain[:1]
    following = {**named, "after": page["next"]}
    assert (await community.client.get("/v1/receipts/of-event", params=following)).json()["items"] == chain[1:]
    # The other one is mended by hand; until it is, nothing is done.
    (other,) = await listed(community, replayed="false")
    path = f"{URL}/{other['refused_id']}/replay"
    still = problem(await community.client.post(path, json={}), 422)
    assert [one["field"] for one in still["errors"]] == ["/event/time"]
    mended = await community.client.post(path, json={"event": dumps(SENT | {"id": "attended-2"})})
    assert mended.status_code == 202, mended.text
    assert (await community.receipt(mended.json()["receipt_id"]))["counts"]["accepted"] == 1
    assert await listed(community, replayed="false") == []
    counts = (await community.client.get(f"{URL}/counts")).json()["counts"]
    assert counts == {}


async def test_a_body_that_is_no_event_is_sent_again_as_one(community: Community) -> None:
    whole = {"content": b"{'id': 1}", "headers": {"Content-Type": JSON}}
    problem(await community.client.post("/v1/events", **whole), 400)  # type: ignore[arg-type]
    (one,) = await listed(community, cause="not_readable")
    path = f"{URL}/{one['refused_id']}/replay"
    problem(await community.client.post(path, json={}), 422)
    assert (await community.client.post(path, json={"event": dumps(event(1))})).status_code == 202
    assert [bool(one["replayed_as"]) for one in await listed(community)] == [True]
    problem(await community.client.post(f"{URL}/{uuid4()}/replay", json={}), 404)


async def test_a_conflict_shows_both_field_by_field(community: Community) -> None:
    stands = event(1, name="Ada", object={"id": "t1"}, text="As it was")
    assert await community.outcomes(stands) == ["accepted"]
    assert await community.outcomes(event(1, name="Eve", object={"id": "t2"}, text="As it is said")) == [
        "conflict"
    ]
    (one,) = await listed(community)
    assert (one["cause"], one["event_uid"] is None) == ("conflict", False)

    assert (await shown(community, one["refused_id"]))["is_looked_for"] is True
    kept = await with_what_stands(community, one["refused_id"])
    assert kept["stands_is_whole"] is True
    assert {each["field"]: (each["stands"], each["came"]) for each in kept["differences"]} == {
        "/data/actor/name": ("Ada", "Eve"),
        "/data/object/id": ("t1", "t2"),
        "/data/text": ("As it was", "As it is said"),
    }
    # Who may not read of members sees that it is there, and neither of both.
    headers = await authorization(community.pool, community.name, "receipts:read")
    assert len((await community.client.get(URL, headers=headers)).json()["items"]) == 1
    problem(await community.client.get(f"{URL}/{one['refused_id']}", headers=headers), 403)
    # Nobody else's community does.
    headers = await authorization(community.pool, f"{community.name}y", "members:read", "receipts:read")
    problem(await community.client.get(f"{URL}/{one['refused_id']}", headers=headers), 404)
    # Its content is in no column.
    row = await community.pool.fetchrow("select * from refused_events where community = $1", community.name)
    assert not any(said in str(row).encode() for said in (b"Ada", b"Eve", b"As it"))


async def test_what_stands_of_long_ago_is_as_the_log_has_it(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await community.outcomes(event(1, name="Ada", object={"id": "t1"})) == ["accepted"]
    # The topic of what came has it no more.
    monkeypatch.setattr("services.ingest.refused.handlers.standing.RAW", EVENTS_TOPIC)
    assert await community.outcomes(event(1, name="Eve", object={"id": "t2"})) == ["conflict"]
    (one,) = await listed(community)

    kept = await with_what_stands(community, one["refused_id"])
    assert kept["stands_is_whole"] is False
    assert [(each["field"], each["stands"], each["came"]) for each in kept["differences"]] == [
        ("/data/object/id", "t1", "t2")
    ]


def some(count: int, actor: Any = None) -> list[Found]:
    reason = Reason("/x", "is wrong")
    return [Found(place, Cause.NOT_VALID, [reason], b"x" * 500, None, None, actor) for place in range(count)]


async def test_a_flood_of_rubbish_has_its_bounds_and_the_oldest_go(community: Community) -> None:
    request = Request(
        community.name, receipt_id(community.name, datetime.now(UTC), "0" * 16, 0), datetime.now(UTC)
    )
    for bounds, most in (({"refused_max_count": 40}, 42), ({"refused_max_bytes": 10_000}, 20)):
        for _ in range(6):
            async with begin(community, **bounds) as tx:
                await keep(tx, request=request, found=some(30))
        left = "select count(*), sum(size_bytes) as size from refused_events where community = $1"
        row = await community.pool.fetchrow(left, community.name)
        assert row is not None
        assert 0 < row["count"] <= most
    newest = "select max(refused_id::text) from refused_events where community = $1"
    last = await community.pool.fetchval(newest, community.name)
    assert (await listed(community))[0]["refused_id"] == last


async def test_its_time_ends_and_another_key_seals_it(community: Community) -> None:
    request = Request(community.name, "r1", datetime.now(UTC) - timedelta(days=29))
    async with community.begin() as tx:
        await keep(tx, request=request, found=some(1))
        old = tx.settings.text_keys
    new = "A" * 43
    async with begin(community, text_keys=f"{new},{old}") as tx:
        await keep_in_order(tx)
        refused = await store.page_of_refused(
            tx.conn, community=community.name, wanted=RefusedFilter(), after=None, limit_count=9
        )
        assert [keeping.opened(tx.settings, one).text for one in refused] == ["x" * 500]
        await keep_in_order(
            Transaction(tx.conn, tx.now + timedelta(days=2), service="ingest", settings=tx.settings)
        )
    assert await listed(community) == []
    # Without a key nothing is kept.
    async with begin(community, text_keys="") as tx:
        assert await keep(tx, request=request, found=some(1)) is False


async def test_of_who_was_erased_nothing_is_kept(community: Community) -> None:
    await handle(community, raw_fact(community.name, event(1, "ada")))
    wrong = event(2, "ada", nmae="x")
    problem(await community.client.post("/v1/events", json=wrong), 422)
    (member,) = await community.members()
    assert len(await listed(community)) == 1
    headers = await authorization(community.pool, community.name, "members:write", "members:erase")
    path = f"/v1/members/{member['member_id']}/erase"
    answer = await community.client.post(path, json={"points": "nothing"}, headers=headers)
    assert answer.status_code < 300, answer.text
    assert await listed(community) == []
    problem(await community.client.post("/v1/events", json=wrong), 422)
    assert await listed(community) == []


async def test_an_answer_never_waits_long_for_what_is_kept(community: Community) -> None:
    before = REFUSED_KEPT.labels("unanswered")._value.get()
    async with KEEPER._few, KEEPER._few:  # the two that keep are held up
        began = datetime.now(UTC)
        answer: httpx.Response = await community.client.post("/v1/events", json={"type": "no.such.v1"})
        assert "location" not in problem(answer, 422) | dict(answer.headers)
        assert datetime.now(UTC) - began < timedelta(seconds=10)
        assert (await community.post(event(1)))["accepted"] == 1
    assert REFUSED_KEPT.labels("unanswered")._value.get() == before + 1


async def test_what_is_personal_is_shown_as_it_was_sent_and_what_stands_stands(community: Community) -> None:
    await published(community, 1, datetime.now(UTC) - timedelta(hours=1), EVENTS)

    async def is_taken() -> bool:
        return (await community.client.post("/v1/events", json=SENT)).status_code == 202

    await until(is_taken)
    other = SENT | {"data": SENT["data"] | {"company": "Elsewhere"}}  # type: ignore[operator]
    taken = (await community.client.post("/v1/events", json=other, params={"wait": "10"})).json()
    assert [one["outcome"] for one in taken["items"]] == ["conflict"]
    (one,) = await listed(community, cause="conflict")
    kept = await with_what_stands(community, one["refused_id"])
    assert [(each["field"], each["stands"], each["came"]) for each in kept["differences"]] == [
        ("/data/company", "Plantedworks", "Elsewhere")
    ]
    assert kept["came"]["data"]["company"] == "Elsewhere"
    # Sent again all together it would be a conflict again: it stays.
    done = (await community.client.post(f"{URL}/replay", json={})).json()
    assert (done["replayed"], done["still_refused"]) == (0, 0)
