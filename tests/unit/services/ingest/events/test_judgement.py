"""The judgement on events, their identities, and what counts as the same content."""

import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.events.domain.judgement import (
    EVENT_NAMESPACE,
    NotAnEventError,
    Received,
    ToldEvent,
    accepted_event,
    content_hash,
    event_uid,
    judge,
    said_bots,
)
from services.ingest.members.domain import BotBy, IdentityKey, Owner
from shared.calendars import PLAIN, Calendar, Reckoning
from shared.contracts.measures import Measures

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
IDENTIFIERS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)


def received(number: int, content: int, community: str = "acme") -> Received:
    return Received(community, f"u{number}", "r", 0, NOW, None, {}, bytes([content]), {})


BATCHES = st.lists(st.builds(received, st.integers(0, 4), st.integers(0, 2), st.sampled_from(["acme", "other"])))


@given(BATCHES, BATCHES)
def test_of_each_id_exactly_one_event_is_accepted_ever(before: list[Received], batch: list[Received]) -> None:
    stored = {(one.community, one.uid): one.hash for one, outcome in judge(before, {}) if outcome == "accepted"}
    outcomes = judge(batch, stored)
    assert [one for one, _ in outcomes] == batch
    accepted = [(one.community, one.uid) for one, outcome in outcomes if outcome == "accepted"]
    assert len(accepted) == len(set(accepted))
    assert set(accepted) == {(one.community, one.uid) for one in batch} - stored.keys()


@given(BATCHES, st.integers(0, 20))
def test_how_events_are_cut_into_batches_changes_no_outcome(batch: list[Received], cut: int) -> None:
    whole = [outcome for _, outcome in judge(batch, {})]
    first = judge(batch[:cut], {})
    stored = {(one.community, one.uid): one.hash for one, outcome in first if outcome == "accepted"}
    assert whole == [outcome for _, outcome in first + judge(batch[cut:], stored)]


@given(BATCHES)
def test_the_same_content_is_a_duplicate_and_other_content_a_conflict(batch: list[Received]) -> None:
    first: dict[tuple[str, str], bytes] = {}
    for one, outcome in judge(batch, {}):
        kept = first.setdefault((one.community, one.uid), one.hash)
        assert (outcome == "conflict") == (one.hash != kept)


@given(IDENTIFIERS, IDENTIFIERS, IDENTIFIERS)
def test_an_event_has_the_same_id_whoever_computes_it(community: str, source: str, event_id: str) -> None:
    uid = event_uid(community, source, event_id)
    assert uid == str(uuid.uuid5(EVENT_NAMESPACE, f"{community}\x1f{source}\x1f{event_id}"))


TRIPLES = st.tuples(IDENTIFIERS, IDENTIFIERS, IDENTIFIERS)


@given(TRIPLES, TRIPLES)
def test_no_two_events_share_an_id(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    """The parts hold no control character, so that none can be taken for the separator."""
    assert (event_uid(*one) == event_uid(*other)) == (one == other)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | IDENTIFIERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(IDENTIFIERS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(IDENTIFIERS, VALUES, max_size=5), st.randoms())
def test_the_order_of_the_fields_and_the_trace_are_not_content(content: dict[str, Any], random: Any) -> None:
    shuffled = list(content.items())
    random.shuffle(shuffled)
    again = {"traceparent": "00-1", "data": dict(shuffled), "type": "t"}
    event = {"type": "t", "data": content}
    assert content_hash(again) == content_hash(event)
    assert content_hash({"type": "t", "data": content | {"id\x00": 1}}) != content_hash(event)
    assert content_hash(event | {"subject": "1"}) != content_hash(event)


EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "forum.reply.v1",
    "time": "2026-01-31T12:00:00Z",
    "data": {
        "channel": "forum",
        "actor": {"id": "ada", "name": "Ada"},
        "object": {"id": "t", "author": {"id": "bob"}},
        "in_reply_to": {"id": "u"},
    },
}


def fact(event: Any, **more: Any) -> dict[str, Any]:
    return {
        "community": "acme",
        "id": event_uid("acme", "s", "1"),
        "receiptid": "r1",
        "receiptindex": 3,
        "time": NOW,
        "data": event,
    } | more


def test_who_takes_part_by_role() -> None:
    assert Received.from_fact(fact(EVENT)).identities == {
        "member": (("acme", "forum", "ada", ""), "Ada"),
        "objectmember": (("acme", "forum", "bob", ""), None),
    }


def test_an_accepted_event_is_the_event_and_who_its_people_are() -> None:
    members = {
        IdentityKey("acme", "forum", "ada"): Owner("m1", None),
        IdentityKey("acme", "forum", "bob"): Owner("m2", None),
    }
    one = Received.from_fact(fact(EVENT | {"subject": "ada", "dataschema": "/ada"}, traceparent="00-x"), b"key")
    message = accepted_event(one, members, PLAIN)
    things = {"object": {"id": "t", "author": {}}, "in_reply_to": {"id": "u"}}
    assert message == EVENT | {
        "data": {"channel": "forum", "actor": {}} | things,
        "contenthash": one.hash.hex(),
        "community": "acme",
        "uid": event_uid("acme", "s", "1"),
        "receivedat": NOW,
        "traceparent": "00-x",
        "member": "m1",
        "objectmember": "m2",
    }
    assert "uid" not in EVENT
    assert one.hash not in (content_hash(one.event), content_hash(one.event, b"other"))


def test_of_what_was_written_its_measures_travel_and_its_length_where_the_platform_says_none() -> None:
    written = {"text": "Planted", "url": "https://planted.example.org", "topic": "lathes", "tags": ["a"]}
    sent = {"channel": "forum", "actor": {"id": "ada", "name": "Planted"}, "host": "f.example.org"} | written
    one = Received.from_fact(fact(EVENT | {"data": sent}))
    owners = {key: Owner("m", None, None) for key, _ in one.identities.values()}
    measures: Measures = {"length_chars": 7, "links_count": 0, "tone": "left_out", "model": "none-1"}
    message = accepted_event(one, owners, PLAIN, measures)
    assert "lanted" not in repr(message)
    assert message["data"] == {
        "channel": "forum",
        "actor": {},
        "host": "f.example.org",
        "topic": "lathes",
        "tags": ["a"],
        "measures": measures,
        "length_chars": 7,
    }
    said = Received.from_fact(fact(EVENT | {"data": sent | {"length_chars": 9}}))
    assert accepted_event(said, owners, PLAIN, measures)["data"]["length_chars"] == 9


def test_an_accepted_event_names_its_bots_and_is_known_again_by_what_was_sent() -> None:
    sent = EVENT | {"data": EVENT["data"] | {"actor": {"id": "ada", "bot": True}}}
    one = Received.from_fact(fact(sent))
    assert said_bots([one]) == {("acme", "forum", "ada", "")}
    members = {
        IdentityKey("acme", "forum", "ada"): Owner("m1", None, BotBy.PLATFORM),
        IdentityKey("acme", "forum", "bob"): Owner("m2", None, BotBy.PATTERN),
    }
    zone = Calendar([Reckoning(None, "Pacific/Auckland", "sunday")])
    message = accepted_event(one, members, zone)
    assert message["bots"] == "member objectmember"
    assert (message["day"], message["week"]) == (date(2026, 2, 1), date(2026, 2, 1))
    told = ToldEvent.from_fact(message)  # type: ignore[arg-type]
    assert told.hash == one.hash


@pytest.mark.parametrize("kind", ["activity.retracted.v1", "activity.restored.v1"])
def test_a_retraction_and_a_restoration_name_their_event_and_who_did_it_where_that_is_known(kind: str) -> None:
    target = {"target": {"source": "s", "id": "7"}}
    event = EVENT | {"type": kind, "data": EVENT["data"] | target}
    uid = event_uid("acme", "s", "7")
    known = Received.from_fact(fact(event))
    assert known.target_uid() == uid
    owners = {key: Owner("m", None, None) for key, _ in known.identities.values()}
    assert accepted_event(known, owners, PLAIN)["member"] == "m"
    unknown = Received.from_fact(fact(event | {"data": {"channel": "forum"} | target}))
    assert unknown.identities == {}
    message = accepted_event(unknown, {}, PLAIN)
    assert (message["targetuid"], "member" in message) == (uid, False)
    assert Received.from_fact(fact(EVENT)).target_uid() is None
    with pytest.raises(NotAnEventError, match="must name its target"):
        Received.from_fact(fact(EVENT | {"type": kind}))


def test_nobody_does_anything_else() -> None:
    with pytest.raises(NotAnEventError, match="must name its actor"):
        Received.from_fact(fact(EVENT | {"data": {"channel": "forum"}}))


@given(st.recursive(VALUES, lambda inner: st.dictionaries(st.sampled_from(sorted(EVENT)), inner), max_leaves=20))
def test_whatever_a_message_holds_it_is_an_event_or_refused(event: Any) -> None:
    with pytest.raises(NotAnEventError):
        Received.from_fact(fact(event))
    data = EVENT | {"data": event}
    with pytest.raises(NotAnEventError):
        Received.from_fact(fact(data))


@pytest.mark.parametrize(
    ("kind", "is_the_same"), [("code.star.v1", True), ("chat.reaction.v1", True), ("forum.post.v1", False)]
)
def test_what_lasts_is_the_same_whenever_it_begins_anew(kind: str, is_the_same: bool) -> None:
    one: dict[str, Any] = {
        "id": "1",
        "source": "s",
        "type": kind,
        "time": "2026-01-01T00:00:00Z",
        "data": {"a": 1},
    }
    assert (content_hash(one) == content_hash(one | {"time": "2026-03-01T00:00:00Z"})) is is_the_same
    assert content_hash(one) != content_hash(one | {"data": {"a": 2}})
    assert content_hash(one) == content_hash(one | {"traceparent": "00-1"})
