"""Decisions beside their figures, as they were and are; one reminder each; objectives from a day on."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from services.analytics.audiences.domain import AudienceTurn
from services.analytics.audiences.store import add_turns
from services.analytics.decisions.handlers import on_decisions, remind
from services.analytics.intake.handlers import on_events
from services.analytics.programmes.handlers import on_programmes
from services.analytics.recognition.handlers import on_grants
from shared.topics import MESSAGES
from tests.integration.services.analytics.test_practices import indicators
from tests.integration.services.analytics.test_response_times import replying
from tests.integration.services.analytics.test_retention import declare, event

pytestmark = pytest.mark.stack
#: The card is looked at on this day; its last week is over then.
MONDAY = datetime(2024, 7, 1, 10, tzinfo=UTC)


def decided(world: Any, name: str, revision: int = 1, *, at: datetime, **more: Any) -> Any:
    data = {
        "decision_id": world.uuid(name),
        "revision": revision,
        "kind": "decision",
        "figure": "answered_in_time",
        "value": 0.62,
        "seen_on": at.date(),
        "state": "stands",
        "person_id": world.uuid("mara person"),
        "made_at": at,
        "changed_at": at,
    } | more
    return world.fact("decision.changed.v1", f"{name}/{revision}", data)


def aimed(world: Any, revision: int, objective: float, starts_on: date) -> Any:
    data = {
        "indicator": "answered_in_time",
        "revision": revision,
        "objective": objective,
        "starts_on": starts_on,
        "set_at": MONDAY,
    }
    return world.fact("objective.set.v1", f"answered_in_time/{revision}", data)


async def listed(api: httpx.AsyncClient, **query: Any) -> list[Any]:
    answer = await api.get("/v1/decided-figures", params=query)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


async def test_a_decision_stands_beside_its_figure_in_whatever_order_it_is_told(
    world: Any, api: httpx.AsyncClient
) -> None:
    calendar = await declare(world, "Europe/Rome")
    now = datetime.now(UTC)
    goal = {"id": "heard", "title": "Heard", "metric": "mentions", "target": 90, "owner": "Team", "every": "year"}
    await world.handle(on_programmes, world.programme_fact(1, {"rules": [], "goals": [goal]}, now))
    await world.handle(
        on_events,
        *(event(world, calendar, f"s{n}", f"m{n}", now, "social.share.v1", "social") for n in range(3)),
        *(
            event(world, calendar, f"c{n}", f"m{n}", now - timedelta(days=2), "chat.message.v1", "chat")
            for n in range(4)
        ),
    )
    await world.settle()
    facts = [
        decided(world, "one", at=now, figure="active_members", value=9),
        decided(world, "two", at=now, figure="goal", about="heard", value=1),
        decided(world, "two", 2, at=now, figure="goal", about="heard", value=1, state="kept"),
        decided(world, "note", at=now, kind="note", figure="largest_channel", value=0.5),
        decided(world, "gone", at=now),
        decided(world, "gone", 2, at=now, state="withdrawn"),
    ]
    for order in (facts, list(reversed(facts)), facts):
        await world.handle(on_decisions, *order)
    found = {one["figure"]: one for one in await listed(api)}
    assert set(found) == {"active_members", "goal", "largest_channel"}
    assert {name: (one["value"], one["value_now"], one["state"]) for name, one in found.items()} == {
        "active_members": (9, 4, "stands"),
        "goal": (1, 3, "kept"),
        "largest_channel": (0.5, 1.0, "stands"),
    }
    assert [one["about"] for one in await listed(api, about="heard")] == ["heard"]
    assert [one["figure"] for one in await listed(api, figure="active_members")] == ["active_members"]
    now_shown = (await api.get("/v1/figures/goal", params={"about": "heard"})).json()
    assert (now_shown["value"], now_shown["unit"]) == (3, "count")
    assert (await api.get("/v1/figures/answered_in_time")).json()["value"] is None
    assert (await api.get("/v1/figures/mood")).status_code == 404


async def test_who_decided_is_written_to_once_on_the_day_also_after_a_restore(
    world: Any, pool: asyncpg.Pool
) -> None:
    async def asked(at: datetime) -> list[Any]:
        async with world.begin() as tx:
            tx.now = at
            while await remind(tx):
                pass
        rows = [one for one in await world.outbox() if one["topic"] == MESSAGES.name]
        return [orjson.loads(one["value"])["data"] for one in rows]

    await declare(world, "Europe/Rome")
    people = (("mara person", "mara", "manager"), ("rita person", "rita", "manager"))
    for person, member, role in people:
        await pool.execute(
            """
            insert into followed_people (community, person_id, revision, name, kind, disabled, roles, members)
            values ($1, $2::uuid, 1, $3, 'person', false, array[$4], array[$5::uuid])
            """,
            world.community,
            world.uuid(person),
            member,
            role,
            world.uuid(member),
        )
    made = datetime(2024, 6, 1, tzinfo=UTC)
    due = decided(world, "one", at=made, review_on=date(2024, 7, 1))
    moved = [
        decided(world, "two", at=made, review_on=date(2024, 7, 1)),
        decided(world, "two", 2, at=made, review_on=date(2024, 9, 1), state="kept"),
    ]
    await world.handle(on_decisions, due, *moved)
    # Seven in the morning in Rome is five in UTC.
    assert await asked(datetime(2024, 7, 1, 4, 59, tzinfo=UTC)) == []
    (told,) = await asked(datetime(2024, 7, 1, 5, tzinfo=UTC))
    assert (told["kind"], told["member_id"]) == ("decision", world.uuid("mara"))
    assert told["values"] == {"seen_on": "2024-06-01", "review_on": "2024-07-01"}
    await world.handle(on_decisions, due)
    assert await asked(datetime(2024, 7, 2, tzinfo=UTC)) == []
    # A database that forgot it asks for the same message, which ingest sends once; long after for none.
    forgotten = "delete from decisions where community = $1"
    await pool.execute(forgotten, world.community)
    await world.handle(on_decisions, due)
    (again,) = await asked(datetime(2024, 7, 3, tzinfo=UTC))
    assert again["request_id"] == told["request_id"]
    await pool.execute(forgotten, world.community)
    await world.handle(on_decisions, due)
    assert await asked(datetime(2024, 7, 20, tzinfo=UTC)) == []
    # Who decided is here no more: then managers are written to, by the last day that was set.
    disabled = "update followed_people set disabled = true where name = 'mara' and community = $1"
    await pool.execute(disabled, world.community)
    await world.handle(on_decisions, *moved)
    assert await asked(datetime(2024, 8, 1, tzinfo=UTC)) == []
    (instead,) = await asked(datetime(2024, 9, 1, 6, tzinfo=UTC))
    assert (instead["member_id"], instead["values"]["review_on"]) == (world.uuid("rita"), "2024-09-01")


async def test_weeks_that_are_over_stay_judged_by_what_was_aimed_at(world: Any, api: httpx.AsyncClient) -> None:
    calendar = await declare(world, "UTC")
    facts = []
    for week in range(1, 5):
        for number in range(20):
            at = MONDAY - timedelta(days=7 * week - 2, minutes=number)
            facts.append(event(world, calendar, f"q{week}-{number}", f"m{number}", at, "forum.post.v1", "forum"))
            late = timedelta(hours=30 if number < 7 else 1)
            facts.append(replying(world, calendar, f"r{week}-{number}", "ann", at + late, f"q{week}-{number}"))
    await world.handle(on_events, *facts)
    await world.settle()
    found = (await indicators(api, "2024-07-01"))["answered_in_time"]
    assert (found["value"], found["state"], found["objective"], found["objective_since"]) == (
        0.65,
        "red",
        0.8,
        None,
    )
    assert found["bad_weeks"] == 4
    # Less is aimed at from the third of these weeks on; what begins later does not hold yet.
    said = [aimed(world, 1, 0.6, date(2024, 6, 19)), aimed(world, 2, 0.9, date(2024, 7, 2))]
    for order in (said, list(reversed(said))):
        await world.handle(on_decisions, *order)
    found = (await indicators(api, "2024-07-01"))["answered_in_time"]
    assert (found["state"], found["objective"], found["objective_since"]) == ("good", 0.6, "2024-06-19")
    assert (found["bad_weeks"], found["weeks"][-4:]) == (2, ["unsure", "unsure", "good", "good"])
    assert (await indicators(api, "2024-07-02"))["answered_in_time"]["objective"] == 0.9


async def test_what_was_grey_is_counted(world: Any, api: httpx.AsyncClient) -> None:
    calendar = await declare(world, "UTC")
    days: Callable[[float], datetime] = lambda back: MONDAY - timedelta(days=back)  # noqa: E731

    def posted(name: str, member: str, at: datetime, kind: str = "forum.post.v1", **more: Any) -> Any:
        return event(world, calendar, name, member, at, kind, "forum", **more)

    def accepts(name: str, answer: str, at: datetime) -> Any:
        made = posted(name, "ada", at, "forum.answer_accepted.v1")
        return made | {"data": made["data"] | {"object": {"id": answer}}}

    facts = [
        posted("q1", "ada", days(20)),
        posted("q2", "bob", days(20)),
        posted("q3", "cat", days(20)),
        # Too late for its acceptance to be known in time, and too young to be due.
        posted("q4", "dan", days(19)),
        posted("q5", "eve", days(3)),
        replying(world, calendar, "r1", "ann", days(19.5), "q1"),
        replying(world, calendar, "r2", "ann", days(19.5), "q2"),
        replying(world, calendar, "r4", "ann", days(10.5), "q4"),
        accepts("a1", "r1", days(18)),
        accepts("a2", "r2", days(18)),
        accepts("a4", "r4", days(10)),
    ]
    await world.handle(on_events, *facts, world.retraction("a2", days(17)))
    await world.handle(on_events, *facts)
    thanks = posted("k", "bob", days(12), "kudos.given.v1", objectmember=world.uuid("cat"))
    await world.handle(on_events, thanks)
    badge = world.grant_fact("badge", world.award_id("x"))
    badge["data"] |= {"member_id": world.uuid("ada"), "event_time": days(60)}
    taken = world.grant_fact("other", world.award_id("y"))
    taken["data"] |= {"member_id": world.uuid("dan"), "event_time": days(60)}
    back = world.grant_fact("back", world.award_id("y"), reverses=world.uuid("other"))
    back["data"] |= {"member_id": world.uuid("dan"), "event_time": days(59)}
    await world.handle(on_grants, badge, taken, back)
    await world.settle()
    await world.handle(
        on_decisions,
        decided(world, "one", at=days(20), review_on=date(2024, 6, 15)),
        decided(world, "one", 2, at=days(14), state="kept"),
        decided(world, "two", at=days(40), review_on=date(2024, 6, 1)),
        decided(world, "note", at=days(5), kind="note"),
    )
    found = await indicators(api, "2024-07-01")
    assert found["audience_known"]["state"] == "grey"
    turns = [("ada", 1, True, days(50)), ("bob", 1, True, days(50)), ("bob", 2, False, days(30))]
    async with world.begin() as tx:
        await add_turns(
            tx.conn,
            turns=[
                AudienceTurn(world.community, "helpers", world.uuid(member), revision, is_in, since)
                for member, revision, is_in, since in turns
            ],
        )
    found = await indicators(api, "2024-07-01")
    # Active in the week of the questions were ada, bob, cat, dan and ann, of whom ada is in one still.
    known = found["audience_known"]
    assert known["value"] is not None
    assert 0 < known["value"] < 1
    # Of the four that are due, one has an answer that was accepted in time and stands.
    assert (found["questions_solved"]["value"], found["questions_solved"]["cases"]) == (0.25, 4)
    recognised = found["members_recognised"]
    assert recognised["value"] is not None
    assert 0 < recognised["value"] < 1
    assert (found["decisions_logged"]["value"], found["decisions_logged"]["state"]) == (1, "good")
    assert (found["decisions_reviewed"]["value"], found["decisions_reviewed"]["cases"]) == (0.5, 2)
    # Four weeks after the last decision it is red, not without a value.
    later = (await indicators(api, "2024-08-05"))["decisions_logged"]
    assert (later["value"], later["state"]) == (0, "red")
