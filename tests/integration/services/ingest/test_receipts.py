"""What became of each event, as its receipt says."""

import re
from typing import Any

import pytest

from services.ingest.events.api.posting import AWAITED
from services.ingest.events.domain.judgement import Outcome, event_uid
from services.ingest.events.handlers import keep_hours
from services.ingest.settings import Settings
from shared.http import encode_cursor
from shared.service import Parts
from tests.integration.services.ingest.conftest import EVENT, SCOPES, Community, event, problem
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack


async def test_a_receipt_goes_from_pending_to_complete(community: Community, front_door: Parts) -> None:
    assert front_door._consumer_loop is not None
    async with front_door._consumer_loop._busy:  # the worker stands still
        taken = await community.post(event(1), event(2), event(1))
        answer = await community.client.get(f"/v1/receipts/{taken['receipt_id']}")
        assert answer.json()["status"] == "pending"
        none = dict.fromkeys(("accepted", "duplicate", "conflict", "rejected", "refused"), 0)
        assert answer.json()["counts"] == {**none, "pending": 3}
    receipt = await community.receipt(taken["receipt_id"])
    assert [(one["index"], one["outcome"]) for one in receipt["items"]] == [
        (0, "accepted"),
        (1, "accepted"),
        (2, "duplicate"),
    ]
    assert receipt["items"][0]["event_uid"] == event_uid(community.name, EVENT["source"], "post-1")


async def test_the_same_event_again_is_a_duplicate_and_other_content_a_conflict(community: Community) -> None:
    assert await community.outcomes(event(1), event(2)) == ["accepted", "accepted"]
    assert await community.outcomes(event(1), event(2, "bob"), event(3)) == ["duplicate", "conflict", "accepted"]
    receipt = await community.receipt((await community.post(event(2, "eve")))["receipt_id"])
    assert (
        receipt["items"][0]["reason"] == "an event with this source and id was accepted before with other content"
    )


async def test_the_same_moment_in_another_spelling_is_the_same_content(community: Community) -> None:
    same = [EVENT | {"time": time} for time in ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000+00:00")]
    assert await community.outcomes(*same) == ["accepted", "duplicate"]
    assert await community.outcomes(same[1] | {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}) == ["duplicate"]


async def test_a_batch_that_is_partly_too_large_still_completes(community: Community) -> None:
    large = event(2, object={"id": "x"}, attributes={f"a{n}": "ü" * 1_000 for n in range(32)} | {})
    large["data"]["object"]["url"] = "ü" * 1_000
    taken = await community.post(event(1), large)
    assert taken["accepted"] == 1
    assert [one["index"] for one in taken["rejected"]] == [1]
    assert (await community.receipt(taken["receipt_id"]))["counts"]["pending"] == 0


async def test_a_receipt_is_read_in_pages(community: Community) -> None:
    taken = await community.post(*(event(number) for number in range(25)))
    await community.receipt(taken["receipt_id"])
    seen: list[int] = []
    after: str | None = None
    for _ in range(4):
        query = {"limit": "10"} | ({"after": after} if after else {})
        answer = (await community.client.get(f"/v1/receipts/{taken['receipt_id']}", params=query)).json()
        assert sum(answer["counts"].values()) == 25
        seen += [one["index"] for one in answer["items"]]
        after = answer["next"]
        if after is None:
            break
    assert seen == list(range(25))


async def test_another_community_sees_nothing(community: Community, front_door: Parts) -> None:
    taken = await community.post(event(1))
    await community.receipt(taken["receipt_id"])
    headers = await authorization(community.pool, f"{community.name}x", *SCOPES)
    url = f"/v1/receipts/{taken['receipt_id']}"
    assert problem(await community.client.get(url, headers=headers), 404)["title"] == "No such receipt"
    assert (await community.client.get(url)).status_code == 200
    assert (await community.client.get("/v1/members", headers=headers)).json() == {"items": [], "next": None}
    # The same source and id are another event there.
    again = (await community.client.post("/v1/events", json=event(1), headers=headers)).json()

    async def judged() -> Any:
        url = f"/v1/receipts/{again['receipt_id']}"
        return (await community.client.get(url, headers=headers)).json()["items"]

    assert [one["outcome"] for one in await until(judged)] == ["accepted"]


async def test_a_receipt_that_nobody_has_is_not_pending(community: Community) -> None:
    taken = (await community.post(event(1)))["receipt_id"]
    for unknown in (
        f"r{'0' * 28}-1",
        f"r{'0' * 44}-1",
        taken[:-1] + "2",
        "r" + taken[2:] + "0",
        taken.replace("-1", "-01"),
    ):
        problem(await community.client.get(f"/v1/receipts/{unknown}"), 404)
    # One page further, too.
    problem(await community.client.get(f"/v1/receipts/r{'0' * 44}-1", params={"after": encode_cursor([0])}), 404)


async def test_an_outcome_is_the_same_in_code_and_table(community: Community) -> None:
    check = await community.pool.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'receipts_outcome_check'"
    )
    assert sorted(re.findall(r"'(\w+)'", check)) == sorted(set(Outcome) - {Outcome.REFUSED})


async def test_receipts_are_listed_newest_first_with_what_became_of_their_events(community: Community) -> None:
    assert (await community.client.get("/v1/receipts")).json() == {"items": [], "next": None}
    first = await community.post(event(1), event(2))
    await community.receipt(first["receipt_id"])
    second = await community.post(event(2, "bob"), event(3))
    await community.receipt(second["receipt_id"])
    third = await community.post(*(event(number) for number in range(20)))
    await community.receipt(third["receipt_id"])

    newest = (await community.client.get("/v1/receipts", params={"limit": 2})).json()
    rest = (await community.client.get("/v1/receipts", params={"limit": 2, "after": newest["next"]})).json()

    listed = [*newest["items"], *rest["items"]]
    assert [one["receipt_id"] for one in listed] == [one["receipt_id"] for one in (third, second, first)]
    assert rest["next"] is None
    assert listed[1]["counts"] == {
        "accepted": 1,
        "duplicate": 0,
        "conflict": 1,
        "rejected": 0,
        "refused": 0,
        "pending": 0,
    }
    assert {one["status"] for one in listed} == {"complete"}
    assert listed[0]["received_at"] > listed[2]["received_at"]

    headers = await authorization(community.pool, f"{community.name}b", *SCOPES)
    assert (await community.client.get("/v1/receipts", headers=headers)).json()["items"] == []


async def test_who_waits_has_the_outcomes_in_the_answer(community: Community) -> None:
    answer = await community.client.post("/v1/events?wait=10", json=[event(1), event(2), event(1)])
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["status"] == "complete"
    assert [one["outcome"] for one in told["items"]] == ["accepted", "accepted", "duplicate"]
    # The receipt says beside it by which trace each came.
    receipt = await community.receipt(told["receipt_id"])
    assert told["items"] == [{name: one[name] for name in told["items"][0]} for one in receipt["items"]]
    assert "items" not in await community.post(event(3))


async def test_a_wait_is_bounded_in_seconds_and_number(
    community: Community, front_door: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert front_door._consumer_loop is not None
    for wrong in ("0", "11", "-1", "1.5", "", "²", "9" * 400):
        found = problem(await community.client.post("/v1/events", params={"wait": wrong}, json=event(1)), 422)
        assert found["errors"] == [{"field": "wait", "detail": "Give whole seconds, from 1 to 10"}]
    async with front_door._consumer_loop._busy:  # the worker stands still
        late = (await community.client.post("/v1/events?wait=1", json=event(1))).json()
        assert (late["status"], late["items"]) == ("pending", [])
        monkeypatch.setattr(AWAITED._waiting, "_count", Settings().awaited_max_count)  # as many wait as may
        at_once = (await community.client.post("/v1/events?wait=10", json=event(2))).json()
        assert (at_once["status"], at_once["items"]) == ("pending", [])
    assert (await community.receipt(late["receipt_id"]))["counts"]["accepted"] == 1


async def test_every_receipt_of_an_event_stands_in_one_list(community: Community) -> None:
    receipts = []
    for one in (event(1), event(1), event(1, "bob")):
        taken = await community.post(event(9), one)
        await community.receipt(taken["receipt_id"])
        receipts.append(taken["receipt_id"])
    url = "/v1/receipts/of-event"
    named = {"source": EVENT["source"], "event_id": "post-1"}

    chain = (await community.client.get(url, params=named)).json()

    assert [(one["receipt_id"], one["index"], one["outcome"]) for one in chain["items"]] == [
        (receipts[0], 1, "accepted"),
        (receipts[1], 1, "duplicate"),
        (receipts[2], 1, "conflict"),
    ]
    assert chain["event_uid"] == event_uid(community.name, EVENT["source"], "post-1")
    by_uid = {"event_uid": chain["event_uid"], "limit": "2"}
    first = (await community.client.get(url, params=by_uid)).json()
    rest = (await community.client.get(url, params=by_uid | {"after": first["next"]})).json()
    assert first["items"] + rest["items"] == chain["items"]
    for wrong in ({}, {"source": "x"}, {"event_id": "x"}, named | {"event_uid": chain["event_uid"]}):
        problem(await community.client.get(url, params=wrong), 422)
    headers = await authorization(community.pool, f"{community.name}y", *SCOPES)
    assert (await community.client.get(url, params=by_uid, headers=headers)).json()["items"] == []


async def test_outcomes_are_counted_by_source_and_hour(community: Community, front_door: Parts) -> None:
    shop = event(1) | {"source": "https://shop.example.org"}
    await community.outcomes(event(1), event(2), event(1), shop)
    await community.outcomes(event(2, "bob"), event(3))

    async def counts(**asked: str) -> dict[tuple[str, str], int]:
        items: list[Any] = []
        after: str | None = None
        while True:
            answer = await community.client.get(
                "/v1/receipts/counts", params=asked | ({"after": after} if after else {})
            )
            assert answer.status_code == 200, answer.text
            items += answer.json()["items"]
            after = answer.json()["next"]
            if after is None:
                break
        found: dict[tuple[str, str], int] = {}
        for one in items:
            key = (one["source"], one["outcome"])
            found[key] = found.get(key, 0) + one["events"]
        return found

    forum = EVENT["source"]
    expected = {
        (forum, "accepted"): 3,
        (forum, "duplicate"): 1,
        (forum, "conflict"): 1,
        (shop["source"], "accepted"): 1,
    }
    assert await counts() == expected
    assert await counts(limit="1") == expected
    assert await counts(source=shop["source"]) == {(shop["source"], "accepted"): 1}
    assert await counts(until="2020-01-01T00:00:00Z") == {}
    # An hour that is over has one row of each, and the same sums; one that is long over has none.
    hours = "update outcome_hours set hour = hour - interval '3 hours' where community = $1"
    await community.pool.execute(hours, community.name)
    async with front_door.begin() as tx:
        await keep_hours(tx)
    assert await counts() == expected
    rows = "select count(*) from outcome_hours where community = $1"
    where = "select ctid, hour, events from outcome_hours where community = $1"
    assert await community.pool.fetchval(rows, community.name) == len(expected)
    # What comes late for such an hour is added to its row, and what is in order already is not looked at again.
    late = "update outcome_hours set hour = hour - interval '3 hours' where community = $1 and not folded"
    await community.outcomes(event(4), shop)
    await community.pool.execute(late, community.name)
    before = await community.pool.fetch(where + " and outcome = 'conflict'", community.name)
    async with front_door.begin() as tx:
        await keep_hours(tx)
    expected |= {(forum, "accepted"): 4, (shop["source"], "duplicate"): 1}
    assert await counts() == expected
    assert await community.pool.fetchval(rows, community.name) == len(expected)
    assert await community.pool.fetch(where + " and outcome = 'conflict'", community.name) == before
    await community.pool.execute(hours.replace("3 hours", "33 days"), community.name)
    async with front_door.begin() as tx:
        await keep_hours(tx)
    assert await community.pool.fetchval(rows, community.name) == 0
