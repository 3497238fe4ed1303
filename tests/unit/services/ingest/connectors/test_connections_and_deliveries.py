"""Connections and deliveries without a database: addresses, secrets, what is the same, what a delivery becomes."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from connectors import shipped
from connectors.compiled import Connector
from connectors.engine import State
from connectors.reading import read_connector
from services.ingest.connectors.api.door import RefusedNotes
from services.ingest.connectors.domain import connections as domain
from services.ingest.connectors.domain.connections import Address, ForgedDeliveryError, Secret, UnusableSecretError
from services.ingest.connectors.domain.deliveries import Arrived, fingerprint_of, names_any, packed, unpacked
from services.ingest.connectors.domain.mapping import Mapped, Terms, map_read, read_arrived
from services.ingest.connectors.handlers.connections import check_usable
from services.ingest.connectors.handlers.deliveries import shown_by
from services.ingest.connectors.handlers.reading import Threads
from services.ingest.event_types.domain import NOTHING_DECLARED
from services.ingest.events.domain.admission import Limits

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TERMS = Terms(Limits(1_000, 65_536, 300, 1990), NOTHING_DECLARED, 6 * 1024 * 1024)
DELIVERED = [name for name in sorted(shipped.files()) if domain.delivers(shipped.connector(name))]
DOCUMENT = """
connector: bomb
title: A bomb
documentation: [https://bomb.example.org]
channel: forum
recognised_by: [{headers: [X-Event]}]
signature: {scheme: path}
retries: {id: none, said: "None."}
event: headers["x-event"]
source: '"https://bomb.example.org"'
mappings:
  - on: [many]
    activities:
      - type: forum.post.v1
        each: {one: body.many}
        id: key("post", one)
        time: body.at
        actor: {id: body.by}
        text: body.text
  - on: [again]
    when: body.many.all(one, one + 1 > 0 && one * 2 >= 0)
    no_engagement: nothing
"""


@pytest.fixture(scope="module")
def bomb() -> Connector:
    return read_connector(DOCUMENT)


def mapped(connector: Connector, event: str, body: Any) -> Mapped:
    arrived = Arrived({"x-event": event}, body if isinstance(body, bytes) else orjson.dumps(body))
    read = read_arrived(connector, arrived, {}, NOW)
    return map_read(connector, arrived, read, settings={}, received=NOW, now=NOW, terms=TERMS)


def test_an_address_says_whose_delivery_it_is() -> None:
    assert domain.read_address("acme.forum") == Address("acme", "forum", None)
    assert domain.read_address("acme.forum.s3cret-_") == Address("acme", "forum", "s3cret-_")
    assert str(domain.read_address("acme.forum.s3cret-_")) == "acme.forum.s3cret-_"
    for text in (
        "",
        "acme",
        "acme.",
        ".forum",
        "acme.forum.",
        "acme.forum.a.b",
        "Acme.forum",
        "acme/forum",
        "a.b\n",
    ):
        with pytest.raises(ForgedDeliveryError):
            domain.read_address(text)


def test_a_rotated_secret_lets_in_beside_the_new_one_for_a_while() -> None:
    first = [Secret("a", None)]
    second = domain.rotated(first, "b", now=NOW, overlap=HOUR)
    third = domain.rotated(second, "c", now=NOW + HOUR / 2, overlap=HOUR)

    assert domain.in_force(second, NOW) == ["b", "a"]
    assert domain.in_force(second, NOW + HOUR) == ["b"]
    # The first ends when it was to end, however long the next overlap is.
    assert third == [Secret("c", None), Secret("b", NOW + HOUR * 1.5), Secret("a", NOW + HOUR)]
    assert domain.rotated(third, "d", now=NOW + HOUR, overlap=timedelta(0)) == [Secret("d", None)]
    assert domain.rotated(third, "c", now=NOW, overlap=HOUR)[0] == Secret("c", None)
    many = first
    for number in range(9):
        many = domain.rotated(many, str(number), now=NOW, overlap=HOUR)
    assert domain.in_force(many, NOW) == ["8", "7", "6", "5"]


@pytest.mark.parametrize("name", DELIVERED)
def test_what_is_made_for_a_connector_is_a_secret_of_it(name: str) -> None:
    connector = shipped.connector(name)
    secret = domain.written_secret(connector.document.signature, b"\xfb" * 32)
    if domain.is_platforms(connector):
        assert connector.document.connecting.steps
    else:
        check_usable(connector, secret, now=NOW)
    assert connector.document.connecting.steps, "whoever connects it is told what to do there"
    assert all(header == header.lower() for header in shown_by(connector.document.signature))


@pytest.mark.parametrize(
    ("name", "secret"),
    [("discord", "not hex"), ("discord", "ab"), ("pretix", "short"), ("slack", ""), ("slack", "a\nb")],
)
def test_what_can_be_no_secret_is_refused(name: str, secret: str) -> None:
    with pytest.raises(UnusableSecretError):
        check_usable(shipped.connector(name), secret, now=NOW)


def test_the_same_is_what_has_the_same_id_and_bytes() -> None:
    found = {fingerprint_of(*one) for one in [("a", b"b"), ("a", b"c"), ("ab", b""), (None, b"ab"), ("", b"ab")]}
    # Without an id it is as with an empty one.
    assert len(found) == 4
    assert fingerprint_of("a", b"b") == fingerprint_of("a", b"b")


def test_what_is_kept_is_without_what_shows_who_sent_it() -> None:
    arrived = Arrived({"x-token": "s", "x-event": "é", "authorization": "b", "cookie": "c"}, b'{"a":\n1}')
    assert unpacked(packed(arrived, without={"x-token"})) == Arrived({"x-event": "é"}, b'{"a":\n1}')


@pytest.mark.parametrize(
    ("ids", "names", "raw", "is_named"),
    [
        (["ada"], [], b'{"user_id": "ada"}', True),
        (["ada"], [], b'{"user_id": "adam"}', False),
        (["7"], [], b'{"user_id": 7, "n": 70}', True),
        (["7"], [], b'{"n": 7, "user_id": 70}', False),
        (["ada@example.org"], [], b'{"mail": "ADA@example.org"}', True),
        ([], ["Zo\u00eb B"], b'{"by": "Zo\\u00eb B"}', True),
        ([], ["Zo\u00eb B"], '{"by": "Zoë B"}'.encode(), True),
        (["7"], ["Ada"], b'{"by": "Ada"}', False),
        ([], ["Grace"], b'{"text": "Disgraceful"}', False),
    ],
)
def test_somebody_is_found_in_what_is_kept(ids: list[str], names: list[str], raw: bytes, is_named: bool) -> None:
    pattern = names_any(ids, names)
    assert pattern is not None
    assert bool(pattern.search(raw)) is is_named
    assert names_any([], []) is None


def test_what_a_delivery_becomes_is_admitted_as_all_events_are(bomb: Connector) -> None:
    body = {"many": [1, 2], "at": "2026-01-31T12:00:00Z", "by": "ada", "text": "x"}
    good = mapped(bomb, "many", body)
    assert (good.state, [event["id"] for _, event, _ in good.events]) == (State.MAPPED, ["post:1", "post:2"])
    for change, said in (
        ({"by": "a" * 300}, "/data/actor/id"),
        ({"at": "2036-01-31T12:00:00Z"}, "/time is in the future"),
        ({"at": "1970-01-31T12:00:00Z"}, "implausible"),
        ({"many": None}, "mappings[0].activities[0].each.one"),
    ):
        bad = mapped(bomb, "many", body | change)
        assert (bad.state, bad.events) == (State.INVALID, ())
        assert said in str(bad.reason)
    assert mapped(bomb, "many", b"[]").reason == "the body is not a JSON object"
    assert mapped(bomb, "other", body).state is State.UNMAPPED


def test_bombs_stay_within_limits(bomb: Connector) -> None:
    """What is one text in memory would be ten thousand when written; what is long takes steps."""
    began = time.thread_time()
    body = {"many": list(range(10_000)), "at": "2026-01-31T12:00:00Z", "by": "ada", "text": "x" * 1_000_000}
    many = mapped(bomb, "many", body)
    assert (many.state, "more bytes together" in str(many.reason)) == (State.INVALID, True)
    steps = mapped(bomb, "again", {"many": list(range(400_000))})
    assert (steps.state, "takes more than 2,000,000 steps" in str(steps.reason)) == (State.INVALID, True)
    deep = mapped(bomb, "many", b'{"many":' * 900 + b"1" + b"}" * 900)
    assert deep.state is State.INVALID
    assert time.thread_time() - began < 5


@pytest.mark.parametrize(("people_count", "state"), [(5, State.MAPPED), (6, State.INVALID)])
def test_the_largest_push_of_five_people_each_is_taken_and_no_larger_one(people_count: int, state: State) -> None:
    trailers = "\n".join(f"Co-authored-by: P{n} <p{n}@example.org>" for n in range(1, people_count))
    commits = [
        {
            "id": f"{number:040x}",
            "message": f"Oil gate {number}\n\n{trailers}",
            "timestamp": "2026-01-02T12:00:00+02:00",
            "url": f"https://github.com/octo/garden/commit/{number:040x}",
            "author": {"name": "Ada", "email": "ada@example.org"},
            "added": ["a"],
            "modified": ["b", "c"],
            "removed": [],
        }
        for number in range(2_048)
    ]
    repository = {"id": 99, "default_branch": "main", "html_url": "https://github.com/octo/garden"}
    body = {"ref": "refs/heads/main", "commits": commits, "repository": repository, "sender": {"id": 70}}
    arrived = Arrived({"x-github-event": "push", "x-github-delivery": "d"}, orjson.dumps(body))
    github = shipped.connector("github")
    read = read_arrived(github, arrived, {}, NOW)
    found = map_read(github, arrived, read, settings={}, received=NOW, now=NOW, terms=TERMS)
    assert found.state is state
    if state is State.MAPPED:
        assert len(found.events) == 2_048 * people_count
    else:
        assert "more than 10,240 activities come of one delivery" in str(found.reason)


async def test_one_community_has_one_thread_at_a_time() -> None:
    threads = Threads()
    at_work, most = set[str](), 0

    def work(name: str) -> None:
        nonlocal most
        assert name not in at_work
        at_work.add(name)
        most = max(most, len(at_work))
        time.sleep(0.02)
        at_work.remove(name)

    try:
        jobs = [threads.run(name, lambda name=name: work(name)) for name in ("dear", "dear", "dear", "quiet")]
        found = await asyncio.gather(*jobs)
    finally:
        await threads.close()
    assert most == 2
    assert all(seconds < 0.02 for _, seconds in found), "waiting takes nothing of the processor"
    assert not threads._turns


def test_that_deliveries_are_refused_is_noted_now_and_then() -> None:
    notes = RefusedNotes()
    assert [notes.due("acme", "forum") for _ in range(3)] == [1, 0, 0]
    assert notes.due("acme", "chat") == 1
    notes._since["acme", "forum"] = (time.monotonic() - 60, 2)
    assert notes.due("acme", "forum") == 3
