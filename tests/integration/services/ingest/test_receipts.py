"""What became of each event, as its receipt says."""

import re
from typing import Any

import pytest

from services.ingest.events.domain.judgement import Outcome, event_uid
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
        none = dict.fromkeys(("accepted", "duplicate", "conflict", "rejected"), 0)
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
    assert sorted(re.findall(r"'(\w+)'", check)) == sorted(Outcome)


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
    assert listed[1]["counts"] == {"accepted": 1, "duplicate": 0, "conflict": 1, "rejected": 0, "pending": 0}
    assert {one["status"] for one in listed} == {"complete"}
    assert listed[0]["received_at"] > listed[2]["received_at"]

    headers = await authorization(community.pool, f"{community.name}b", *SCOPES)
    assert (await community.client.get("/v1/receipts", headers=headers)).json()["items"] == []
