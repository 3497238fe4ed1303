"""What of imported commits is gone from a repository."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from plaudit.importers import gone as module
from plaudit.importers.gone import gone_of, retraction
from plaudit.importers.records import Mapped, checked

KEPT = frozenset({bytes.fromhex("aa" * 20)})


def test_a_commit_is_gone_wherever_it_was_pushed_and_whosever_it_is():
    gone = [
        "bb" * 20,
        "bb" * 20 + "@refs/heads/door",
        "bb" * 20 + "#co12ab",
        "bb" * 20 + "@refs/heads/a#b#cogithub:7",
    ]
    kept = ["aa" * 20, "aa" * 20 + "@refs/heads/door", "aa" * 20 + "#co12ab", "no SHA, and none of ours"]
    assert [one["id"] for one in gone_of([{"id": one} for one in gone + kept], KEPT)] == gone


def test_what_takes_it_back_is_a_valid_event_of_no_person():
    record = checked("x", retraction("git:aa", "bb", datetime(2026, 1, 1, tzinfo=UTC)))
    assert isinstance(record, Mapped)
    assert record.event["data"]["target"] == {"source": "git:aa", "id": "bb"}
    assert record.event["data"]["actor"]["bot"] is True


@pytest.mark.parametrize("live", [True, False])
async def test_it_is_taken_back_as_what_is_past_unless_it_is_to_be_told(monkeypatch, live):
    lanes, sent = [], []

    class Client:
        def __init__(self, url, key, *, backfill):
            lanes.append(backfill)

        async def __aenter__(self):
            return self

        async def __aexit__(self, *raised):
            return None

        async def send(self, events):
            sent.extend(events)
            return SimpleNamespace(receipt_ids=["r"])

        async def wait(self, receipt_ids, *, timeout_seconds):
            assert (receipt_ids, timeout_seconds) == (["r"], 5)

    monkeypatch.setattr(module, "AsyncPlaudit", Client)
    await module._take_back("http://ingest", "key", "git:1", [{"id": "ab"}], 5, live=live)
    assert lanes == [not live]
    assert [event["data"]["target"]["id"] for event in sent] == ["ab"]
