"""What becomes of deliveries, whatever is in them."""

import orjson
import pytest
import yaml

from connectors.bodies import BODY_MAX_BYTES, BodyError, read_body
from connectors.engine import (
    ACTIVITIES_MAX_COUNT,
    Delivery,
    challenge_answer,
    delivery_id,
    recognise,
)
from connectors.reading import read_connector
from tests.unit.connectors.examples import RECEIVED, changed, connector_of, mapped


def of(*mappings, **parts):
    return connector_of(mappings=list(mappings), **parts)


def test_a_delivery_becomes_an_event():
    [event] = connector_of()().activities
    assert orjson.loads(orjson.dumps(event)) == {
        "specversion": "1.0",
        "type": "forum.post.v1",
        "source": "https://forum.example.org",
        "id": "post:1",
        "time": "2026-01-31T12:00:00+00:00",
        "data": {"channel": "forum", "actor": {"id": "ada"}},
    }


def test_the_first_mapping_that_is_for_it_decides_and_what_none_is_for_is_kept():
    made = of(
        {"on": ["post.created"], "when": "body.private", "no_engagement": "private"},
        {"on": ["post.*"], "activities": [mapped()]},
        {"on": ["like.*"], "no_engagement": "likes"},
    )
    header = "x-example-event"
    assert made({"private": True}, {header: "post.created"}).reason == "private"
    assert [made({}, {header: name}).state for name in ("post.created", "post.edited", "post", "post.a.b")] == [
        "mapped"
    ] * 4
    assert made({}, {header: "like.created"}).state == "no_engagement"
    assert made({}, {header: "poster.created"}) == made({}, {header: "poster.created"})
    assert made({}, {header: "poster.created"}).reason == "no mapping is for 'poster.created'"
    assert made({}).state == "unmapped"


def test_what_is_missing_names_expression_and_path():
    outcome = connector_of()({"at": None})
    assert outcome.state == "invalid"
    assert str(outcome.faults[0]) == "mappings[0].activities[0].time (body.at): the body has no at"
    assert str(connector_of()({"by": None}).faults[0]) == (
        "mappings[0].activities[0].actor.id (body.by): the body has no by"
    )
    assert (
        "mappings[0].when (body.a + 1)"
        in of({"on": ["*"], "when": "body.a + 1", "no_engagement": "x"})({"a": 1}).reason
    )


@pytest.mark.parametrize("who", [None, "", "-1", 0, "Unknown", "[deleted]"])
def test_nobody_is_no_member_where_the_connector_says_so(who):
    made = connector_of(nobody="nobody is named")({"by": who})
    assert (made.state, made.reason, made.activities) == ("no_engagement", "nobody is named", ())
    kept = connector_of()({"by": who})
    assert kept.state == "invalid"
    assert "actor" in kept.reason


def test_what_nobody_took_back_is_taken_back():
    taken = {"retract": 'key("post", body.id)', "time": "body.at", "actor": {"id": "body.by"}}
    made = of({"on": ["*"], "activities": [taken]})
    [event] = made({"by": "-1"}).activities
    assert "actor" not in event["data"]
    assert made({"by": "ada"}).activities[0]["data"]["actor"] == {"id": "ada"}


@pytest.mark.parametrize("at", ["2026-01-31T12:00:00", "yesterday", 1769860800, True, ["x"], {}])
def test_a_time_is_never_guessed(at):
    outcome = connector_of()({"at": at})
    assert (outcome.state, outcome.faults[0].path) == ("invalid", "mappings[0].activities[0].time")


def test_what_breaks_the_contract_is_invalid():
    made = of({"on": ["*"], "activities": [mapped() | {"text": "body.text", "url": "body.url"}]})
    assert made({"text": "x", "url": "javascript:alert(1)"}).reason.startswith("/data/url")
    assert made({"text": 7}).faults[0].path == "/data/text"
    assert made({"text": None}).state == "mapped"


def test_what_is_absent_is_left_out():
    person = {"id": "body.author", "name": "body.name", "bot": "body.bot"}
    made = of({"on": ["*"], "activities": [mapped() | {"object": {"id": "body.id", "author": person}}]})
    [event] = made({"author": None, "name": "Bob"}).activities
    assert event["data"]["object"] == {"id": "1"}, "an author who is gone is nobody"
    [event] = made({"author": 7, "bot": False}).activities
    assert event["data"]["object"]["author"] == {"id": "7"}


def test_only_bots_earn_nothing_and_a_person_beside_a_bot_does():
    bot = {"actor": {"id": "body.by", "bot": True}, "object": {"id": "body.id", "author": {"id": "body.author"}}}
    made = of({"on": ["*"], "activities": [mapped() | bot]})
    assert made({}).reason == "only bots take part"
    assert made({"author": "grace"}).state == "mapped"


def test_each_of_a_list_and_of_lists_in_it():
    each = {"each": {"post": "body.posts", "person": "post.people"}, "otherwise": "nobody wrote it"}
    activity = mapped() | each | {"id": 'key("post", post.id, person)', "actor": {"id": "person"}}
    made = of({"on": ["*"], "activities": [activity]})
    outcome = made({"posts": [{"id": 1, "people": ["ada", "bob"]}, {"id": 2, "people": []}]})
    assert [event["id"] for event in outcome.activities] == ["post:1:ada", "post:1:bob"]
    assert outcome.notes == ["nobody wrote it"]
    outcome = made({"posts": [{"id": 1, "people": ["ada"]}, {"id": 2}]})
    assert (outcome.state, len(outcome.activities)) == ("invalid", 1)
    assert outcome.reason.endswith("(post.people): the post has no people")
    assert made({"posts": []}).state == "no_engagement"


def test_more_than_a_delivery_may_have_is_refused():
    activity = mapped() | {"each": {"n": "body.many"}, "id": "key(n)"}
    made = of({"on": ["*"], "activities": [activity]})
    assert len(made({"many": list(range(ACTIVITIES_MAX_COUNT))}).activities) == ACTIVITIES_MAX_COUNT
    outcome = made({"many": list(range(ACTIVITIES_MAX_COUNT + 1))})
    assert (outcome.state, "come of one delivery" in outcome.reason) == ("invalid", True)


def test_what_takes_back_names_what_it_is_about():
    said = {"time": "body.at", "actor": {"id": "body.by"}, "reason": "gone"}
    made = of(
        {"on": ["*"], "activities": [{"retract": 'key("post", body.id)'} | said, {"restore": "body.id"} | said]}
    )
    back, again = made({}).activities
    assert (back["type"], again["type"]) == ("activity.retracted.v1", "activity.restored.v1")
    assert back["data"]["target"] == {"source": "https://forum.example.org", "id": "post:1"}
    assert back["id"] == "post:1:retracted:2026-01-31T12:00:00+00:00"
    assert again["id"] == "1:restored:2026-01-31T12:00:00+00:00"
    assert made({"by": None}).activities[0]["data"].get("actor") is None


def test_settings_are_those_that_the_file_names():
    declared = {"room": {"title": "Which room", "default": "lobby"}}
    made = connector_of(settings=declared, source='"urn:room:" + settings.room')
    assert made().activities[0]["source"] == "urn:room:lobby"
    assert made({}, None, room="attic").activities[0]["source"] == "urn:room:attic"


def test_a_challenge_is_answered_and_a_delivery_has_its_id():
    made = read_connector(
        yaml.safe_dump(
            changed(
                challenges=[{"when": 'body.type == "verify"', "answer": {"challenge": "body.challenge"}}],
                delivery_id='headers["x-id"]',
            )
        )
    )
    asked = Delivery({"x-id": "d1"}, {"type": "verify", "challenge": "abc"}, RECEIVED)
    assert challenge_answer(made, asked) == {"challenge": "abc"}
    assert challenge_answer(made, Delivery({}, {"type": "post"}, RECEIVED)) is None
    assert delivery_id(made, asked) == "d1"


def test_who_asks_for_most_is_meant():
    def one(name, **recognised):
        return read_connector(yaml.safe_dump(changed(connector=name, recognised_by=[recognised])))

    by_header = one("header", headers=["X-Forum"])
    by_root, by_path = one("root", body=["post"]), one("path", body=["post.topic"])
    known = [by_root, by_path, by_header]
    body = {"post": {"topic": 1}}
    assert recognise(known, {"x-forum": "1"}, body) == [by_header]
    assert recognise(known, {}, body) == [by_path]
    assert recognise(known, {}, {"post": 1}) == [by_root]
    assert recognise(known, {}, {"topic": 1}) == []
    assert len(recognise([by_root, one("twin", body=["post"])], {}, body)) == 2


def test_bodies():
    assert read_body(b'{"a": 1}') == {"a": 1}
    assert read_body(b'{"a": 1, "a": 2}') == {"a": 2}
    assert read_body(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    # Half an emoji, as of a text that was cut; whole ones and what only looks like one stay.
    assert read_body(rb'{"a": "\ud83d", "b": "\ud83d\ude00 \\ud83d"}') == {"a": "\ufffd", "b": "😀 \\ud83d"}
    assert read_body(b"payload=%7B%22a%22%3A1%7D", "application/x-www-form-urlencoded; charset=utf-8") == {"a": 1}
    for raw, kind in ((b"", ""), (b"[1]", ""), (b"{", ""), (b'{"a": NaN}', ""), (b"[" * 5_000, ""), (b"\xff", "")):
        with pytest.raises(BodyError):
            read_body(raw, kind)
    for form in (b"a=1", b"payload={}&payload={}", b"payload=%", b"&".join([b"a=1"] * 200)):
        with pytest.raises(BodyError):
            read_body(form, "application/x-www-form-urlencoded")
    with pytest.raises(BodyError, match="larger"):
        read_body(b" " * (BODY_MAX_BYTES + 1))


def test_who_is_nobody_at_the_door_is_nobody_here_too():
    outcome = connector_of()({"by": "-1"})
    assert outcome.state == "invalid"
    assert "what software writes where it knows no id" in outcome.reason
