from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plaudit_client import AsyncPlaudit

from plaudit.simulation import Simulation, play
from shared.contracts.activities import ACTIVITY_ADAPTER, RETRACTED_TYPE

UNTIL = datetime(2026, 6, 30, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulation():
    return Simulation(1, UNTIL)


@pytest.fixture(scope="module")
def events(simulation):
    return list(simulation.events())


def members_of(simulation):
    return {(channel, one): m.number for m in simulation.members for channel, one in m.identities.items()}


def test_the_same_seed_gives_the_same_events(simulation, events):
    assert list(Simulation(1, UNTIL).events()) == events
    assert list(simulation.events()) == events, "events() can be called again"


def test_another_seed_gives_others(events):
    other = list(Simulation(2, UNTIL).events())
    assert not {event["id"] for event in other} & {event["id"] for event in events}


@settings(max_examples=15, deadline=None)
@given(st.integers(), st.integers(10, 40), st.integers(14, 40), st.timezones())
def test_every_event_keeps_its_contract(seed, members, days, zone):
    simulation = Simulation(seed, UNTIL.astimezone(zone), members, days)
    events = list(simulation.events())
    for event in events:
        ACTIVITY_ADAPTER.validate_python(event)
        assert event["source"].startswith("simulated:")
    assert all(one["time"] <= other["time"] for one, other in pairwise(events))
    assert all(simulation.start <= event["time"] < simulation.until for event in events)
    assert len({event["id"] for event in events}) == len(events)


def test_people_are_declared_for_every_channel_they_are_seen_on(simulation, events):
    known = members_of(simulation)
    for event in events:
        data = event["data"]
        people = [
            data["actor"],
            *(data[thing].get("author") for thing in ("object", "in_reply_to") if thing in data),
        ]
        for person in filter(None, people):
            assert (data["channel"], person["id"]) in known


def test_nobody_acts_before_joining_or_after_leaving(simulation, events):
    known = members_of(simulation)
    for event in events:
        if event["type"] in {RETRACTED_TYPE, "code.pull_request.v1"}:
            continue  # what follows later may be done for somebody who has left
        member = simulation.members[known[event["data"]["channel"], event["data"]["actor"]["id"]]]
        assert member.joined_at <= event["time"]
        assert member.left_at is None or event["time"] < member.left_at
    joined = {
        known[event["data"]["channel"], event["data"]["actor"]["id"]]: event["time"]
        for event in events
        if event["type"] == "member.joined.v1"
    }
    assert joined == {one.number: one.joined_at for one in simulation.members if one.joined_at >= simulation.start}


def test_a_few_do_most_and_most_do_little(simulation, events):
    known = members_of(simulation)
    by_member = Counter(known[event["data"]["channel"], event["data"]["actor"]["id"]] for event in events)
    counts = sorted((by_member[member.number] for member in simulation.members), reverse=True)
    assert sum(counts[:30]) > 0.5 * sum(counts), "a tenth of the members does more than half"
    assert sum(1 for one in counts if one <= 3) > 0.4 * len(counts)


def test_weekends_are_quieter(events):
    by_weekday = Counter(event["time"].weekday() for event in events)
    assert max(by_weekday[5], by_weekday[6]) < min(by_weekday[day] for day in range(5))


def test_every_channel_and_what_is_taken_back_exists(events):
    channels = {event["data"]["channel"] for event in events}
    assert channels == {"forum", "chat", "code", "social", "support", "in_person", "survey"}
    assert "kudos.given.v1" in {event["type"] for event in events}
    earlier = set()
    retracted = 0
    for event in events:
        if event["type"] == RETRACTED_TYPE:
            assert tuple(event["data"]["target"].values()) in earlier
            retracted += 1
        earlier.add((event["source"], event["id"]))
    assert retracted > 5


def test_what_is_posted_has_a_topic_and_answers_have_that_of_their_post(events):
    posts = {event["id"]: event["data"]["topic"] for event in events if event["type"] == "forum.post.v1"}
    replies = [event["data"] for event in events if event["type"] == "forum.reply.v1"]
    assert len(set(posts.values())) == 8
    assert len(replies) > 20
    assert all(reply["topic"] == posts[reply["in_reply_to"]["id"]] for reply in replies)


def test_too_small_or_naive_is_refused():
    with pytest.raises(ValueError, match="aware"):
        Simulation(1, datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="at least"):
        Simulation(1, UNTIL, members=2)


async def test_play_declares_first_and_can_be_played_again(ingest):
    simulation = Simulation(3, UNTIL, members=12, days=20)
    async with AsyncPlaudit("http://ingest", "secret", transport=ingest) as client:
        first = await play(client, simulation)
        second = await play(client, simulation)
    count = len(list(simulation.events()))
    assert (first.accepted, second.duplicate) == (count, count)
    assert [len(body["members"]) for body in ingest.identities] == [12, 12]
    paths = [path for _, path in ingest.requests]
    assert paths[0] == "/v1/members/declare", "everybody is declared before the first event"
