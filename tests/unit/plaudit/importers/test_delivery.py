import httpx
import pytest
from plaudit_client import AsyncPlaudit, UnreachableError

from plaudit.importers import delivery as delivery_module
from plaudit.importers.delivery import OTHER_REASONS, REASONS_MAX_COUNT, Delivery, Summary
from plaudit.importers.records import Bad, Mapped, SamePerson, Skipped, SourceError


def mapped(count, start=0, **more):
    for number in range(start, start + count):
        yield Mapped(f"line {number}", {"source": "s", "id": str(number + 1), **more})


async def deliver(ingest, records, limit=None, **options):
    summary = Summary()
    async with AsyncPlaudit("http://ingest", "secret", transport=ingest, retries=2) as client:
        await Delivery(client, summary, **options).run(iter(records), limit)
    return summary


async def test_everything_is_sent_and_followed(ingest):
    summary = await deliver(ingest, mapped(4_321))
    assert (summary.sent, summary.accepted, summary.pending) == (4_321, 4_321, 0)
    assert summary.flawless
    assert summary.seconds > 0


async def test_run_again_nothing_counts_twice(ingest):
    await deliver(ingest, mapped(1_700))
    summary = await deliver(ingest, mapped(2_000))
    assert (summary.accepted, summary.duplicate) == (300, 1_700)
    assert len(ingest.events) == 2_000


async def test_what_is_wrong_is_counted_with_its_first_places(ingest):
    await deliver(ingest, mapped(3))
    records = [
        *(Bad(f"line {number}", "too short") for number in range(5)),
        Skipped("a.json", "a bot"),
        *mapped(2, type="changed"),
        Mapped("line 77", {"source": "s"}),
    ]
    summary = await deliver(ingest, records)
    document = summary.as_document()
    assert {name: document[name] for name in ("sent", "conflict", "rejected", "invalid", "skipped")} == {
        "sent": 3,
        "conflict": 2,
        "rejected": 1,
        "invalid": 5,
        "skipped": 1,
    }
    assert document["reasons"]["invalid"] == [
        {"reason": "too short", "count": 5, "examples": ["line 0", "line 1", "line 2"]}
    ]
    assert document["reasons"]["conflict"] == [
        {"reason": "another event has this id", "count": 2, "examples": ["line 0", "line 1"]}
    ]
    assert document["reasons"]["rejected"][0]["examples"] == ["line 77"]
    assert not summary.flawless


def test_reasons_are_bounded():
    summary = Summary()
    for number in range(1_000):
        summary.note("invalid", f"reason {number}", "line 1")
    assert len(summary.reasons["invalid"]) == REASONS_MAX_COUNT + 1
    assert summary.reasons["invalid"][OTHER_REASONS].count == 1_000 - REASONS_MAX_COUNT


async def test_a_limit_stops_reading(ingest):
    source = mapped(10_000)
    summary = await deliver(ingest, source, limit=1_500)
    assert summary.accepted == 1_500
    assert next(source).place == "line 1500", "nothing was read beyond the limit"


async def test_open_receipts_are_bounded_and_none_is_forgotten(ingest, monkeypatch):
    monkeypatch.setattr(delivery_module, "RECEIPTS_OPEN_MAX_COUNT", 2)
    monkeypatch.setattr(delivery_module, "BATCH_MAX_COUNT", 10)
    summary = await deliver(ingest, mapped(500))
    assert summary.accepted == 500


async def test_a_source_that_breaks_off_has_delivered_what_came_before(ingest):
    def records():
        yield from mapped(1_234)
        raise SourceError("the file ends in the middle")

    summary = Summary()
    async with AsyncPlaudit("http://ingest", "secret", transport=ingest) as client:
        with pytest.raises(SourceError, match="ends in the middle"):
            await Delivery(client, summary).run(records())
    assert len(ingest.events) == 1_234
    assert summary.accepted == 1_234


async def test_a_service_that_goes_away_ends_the_import(ingest):
    ingest.failures = [httpx.ConnectError("refused")] * 100
    with pytest.raises(UnreachableError):
        await deliver(ingest, mapped(5_000))


async def test_slow_outcomes_are_pending_not_lost(ingest):
    ingest.pending_polls = 1_000_000
    summary = await deliver(ingest, mapped(3_000), wait_seconds=0.01)
    assert (summary.sent, summary.pending, summary.accepted) == (3_000, 3_000, 0)
    assert not summary.flawless


async def test_a_rate_is_kept(ingest, monkeypatch):
    monkeypatch.setattr(delivery_module, "BATCH_MAX_COUNT", 10)
    summary = await deliver(ingest, mapped(100), rate=1_000)
    assert summary.seconds >= 0.09


async def join(ingest, *people):
    summary = Summary()
    async with AsyncPlaudit("http://ingest", "secret", transport=ingest, retries=2) as client:
        await Delivery(client, summary).join(people)
    return summary


async def test_people_of_many_ids_are_joined_in_pieces_that_share_one(ingest):
    summary = await join(
        ingest, SamePerson(tuple(f"i{number}" for number in range(45)), "Ada"), SamePerson(("x",), "X")
    )
    assert (summary.joined, summary.apart) == (2, 0)
    said = [[one["id"] for one in body["identities"]] for body in ingest.identities]
    assert [len(ids) for ids in said] == [20, 20, 7, 1]
    assert {ids[0] for ids in said[:3]} == {"i0"}
    assert len({one for ids in said for one in ids}) == 46
    assert {body["name"] for body in ingest.identities} == {"Ada", "X"}


async def test_who_cannot_be_joined_is_counted_with_the_reason(ingest):
    ingest.failures = [httpx.Response(409, json={"title": "The identities are different members"})]
    summary = await join(ingest, SamePerson(("a", "b")), SamePerson(("c", "d")))
    assert (summary.joined, summary.apart) == (1, 1)
    assert summary.reasons["apart"]["they are several members already"].examples == ["a"]
    assert not summary.flawless
    ingest.failures = [httpx.Response(403, json={"title": "Not allowed"})]
    summary = await join(ingest, SamePerson(("a", "b")), SamePerson(("c", "d")))
    assert (summary.joined, summary.apart) == (0, 2)
    assert "the key has no scope members:write" in summary.reasons["apart"]
