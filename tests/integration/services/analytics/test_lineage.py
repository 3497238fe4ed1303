"""From the payment back to the event, from the event forward to the payment, and why there is nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from services.analytics.intake.handlers import on_events
from services.analytics.payouts.handlers import on_payouts
from services.analytics.points.handlers import on_awards
from services.analytics.programmes.handlers import on_programmes
from services.analytics.recognition.handlers import on_grants
from services.analytics.redemptions.handlers import on_redemptions
from services.analytics.rejections.handlers import on_rejected
from tests.integration.services.world import add_person

pytestmark = pytest.mark.stack

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
RULES = [
    {"id": "post", "title": "Posts", "on": ["forum.post.v1"], "points": 5},
    {"id": "reply", "title": "Replies", "on": ["forum.reply.v1"], "points": 5, "to": "reply_author"},
    {"id": "long", "title": "Long", "on": ["survey.response.v1"], "points": 5, "when": "data.score > 8"},
]


async def ask(api: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_payouts_states_name_who_brought_it_there_and_the_outcome_of_two(
    world: Any, api: httpx.AsyncClient
) -> None:
    person_id = await add_person(world.pool, world.community)
    outcome_id, day = world.uuid("outcome"), timedelta(days=1)
    facts = [
        world.payout("settled", "k1"),
        world.payout("reversed", "k2", at=NOON + day, person_id=person_id, outcome_id=outcome_id),
        world.payout("corrected", "k2", at=NOON + 2 * day, person_id=world.uuid("nobody"), outcome_id=outcome_id),
    ]
    for _ in range(2):
        await world.handle(on_payouts, *facts)
    shown = await ask(api, f"/v1/lineage/payouts/{world.uuid('payout')}")
    assert shown["state"] == "corrected"
    assert [(one["state"], one["person_id"], one["outcome_id"]) for one in shown["states"]] == [
        ("settled", None, None),
        ("reversed", person_id, outcome_id),
        ("corrected", world.uuid("nobody"), outcome_id),
    ]
    assert [one["person_name"] for one in shown["states"]] == [None, f"Test {person_id[:4]}", None]
    (total,) = (await ask(api, "/v1/summary"))["payouts"]
    assert (total["state"], total["number"]) == ("corrected", 1)


async def test_commits_of_a_source_that_stand(world: Any, api: httpx.AsyncClient) -> None:
    commits = [
        world.event(sha, kind="code.commit.v1", channel="code", source="github:9") for sha in ("c", "a", "b")
    ]
    others = [world.event("d", kind="code.commit.v1", source="github:8"), world.event("e", source="github:9")]
    await world.handle(on_events, *commits, *others)
    await world.handle(on_events, world.retraction("b"), world.retraction("not here yet"))
    whole = await ask(api, "/v1/lineage/commits", source="github:9")
    assert [one["id"] for one in whole["items"]] == ["a", "c"]
    first = await ask(api, "/v1/lineage/commits", source="github:9", limit=1)
    rest = await ask(api, "/v1/lineage/commits", source="github:9", limit=1, after=first["next"])
    assert [one["id"] for one in first["items"] + rest["items"]] == ["a", "c"]


async def test_from_payout_to_events_in_pages(world: Any, api: httpx.AsyncClient) -> None:
    names = [str(number) for number in range(5)]
    programme = world.programme(1, RULES)
    programme["data"]["approved_by"] = "ada"
    await world.handle(on_programmes, programme)
    await world.handle(on_events, *(world.event(name) for name in names))
    await world.handle(on_awards, *(world.award(name, name) for name in names))
    facts = [
        world.payout("accrued"),
        world.lots(("0", 5), ("1", 5), ("2", 3)),
        world.lots(("3", 5), ("4", 5), part=1),
        world.payout("approved", "grace"),
        world.payout("settled", "bank", at=NOON + timedelta(days=1)),
    ]
    for _ in range(2):
        await world.handle(on_payouts, *facts)
    path = f"/v1/lineage/payouts/{world.uuid('payout')}"
    first = await ask(api, path, limit=3)
    second = await ask(api, path, limit=3, after=first["next"])
    assert second["next"] is None
    assert [(change["state"], change["by"]) for change in first["states"]] == [
        ("accrued", "rewards"),
        ("approved", "grace"),
        ("settled", "bank"),
    ]
    assert (first["state"], first["approved_by"], first["amount_minor"]) == ("settled", "grace", 100)
    lots = [*first["items"], *second["items"]]
    assert [lot["points"] for lot in lots] == [5, 5, 3, 5, 5]
    assert [lot["event"]["event_id"] for lot in lots] == names
    assert {(lot["award"]["rule_id"], lot["award"]["programme_version"]) for lot in lots} == {("post", 1)}
    assert {(lot["award"]["published_by"], lot["award"]["approved_by"]) for lot in lots} == {("grace", "ada")}


async def test_lots_that_came_before_their_awards_are_shown(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_payouts, world.lots(("1", 5)))
    body = await ask(api, f"/v1/lineage/payouts/{world.uuid('payout')}")
    assert body["state"] is None
    assert body["items"] == [
        {"award_id": world.award_id("1"), "points": 5, "award": None, "event": None},
    ]


async def test_lots_of_an_award_that_came_before_its_event_are_shown(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_awards, world.award("1", "1"))
    await world.handle(on_payouts, world.lots(("1", 5)))
    (lot,) = (await ask(api, f"/v1/lineage/payouts/{world.uuid('payout')}"))["items"]
    assert (lot["award"]["member_id"], lot["event"]) == (world.uuid("ada"), None)


async def test_an_award_of_a_lot_is_of_whom_it_pays_not_of_who_acted(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_events, world.event("1", "bob", at=NOON + timedelta(hours=1)))
    await world.handle(on_awards, world.award("1", "1"))
    await world.handle(on_payouts, world.lots(("1", 5)))
    (lot,) = (await ask(api, f"/v1/lineage/payouts/{world.uuid('payout')}"))["items"]
    assert lot["award"]["member_id"] == world.uuid("ada")
    assert lot["event"]["member_id"] == world.uuid("bob")
    alone = await ask(api, f"/v1/lineage/awards/{world.award_id('1')}")
    assert (lot["award"], lot["event"]) == (alone["award"], alone["event"])


async def test_an_award_by_hand_says_which_people_gave_it(world: Any, api: httpx.AsyncClient) -> None:
    by_hand = {"person_id": world.uuid("mia"), "approved_by_person": world.uuid("omar")}
    fact = world.award("1", "1", rule="booth")
    fact["data"]["by_hand"] = by_hand
    for _ in range(2):
        await world.handle(on_awards, fact)
    shown = await ask(api, f"/v1/lineage/awards/{world.award_id('1')}")
    assert (shown["event"], shown["award"]["by_hand"]) == (None, by_hand)
    await world.handle(on_awards, world.award("2", "2"))
    assert (await ask(api, f"/v1/lineage/awards/{world.award_id('2')}"))["award"]["by_hand"] is None


async def test_from_event_forward(world: Any, api: httpx.AsyncClient) -> None:
    grant = world.grant_fact("grant", world.award_id("1"))
    await world.handle(on_events, world.event("1"))
    await world.handle(on_awards, world.award("1", "1"), world.award("-1", "1", -5, amends="1"))
    await world.handle(on_grants, grant)
    await world.handle(on_payouts, world.payout("sent"), world.lots(("1", 2), ("1", 3)))
    body = await ask(api, f"/v1/lineage/events/{world.event('1')['uid']}")
    assert body["why_nothing"] == []
    (awarded,) = body["awards"]
    (amendment,) = awarded["award"]["amendments"]
    assert amendment["award_id"] == world.award_id("-1")
    assert (awarded["award"]["points"], awarded["award"]["amounts_to"]) == (5, 0)
    assert [grant["name"] for grant in awarded["grants"]] == ["five"]
    assert [(payout["points"], payout["state"]) for payout in awarded["payouts"]] == [(5, "sent")]
    award = await ask(api, f"/v1/lineage/awards/{world.award_id('1')}")
    assert award["event"] == body["event"]
    assert {name: award[name] for name in awarded} == awarded


async def test_an_award_leads_to_the_redemptions_that_used_it_however_facts_come(
    world: Any, api: httpx.AsyncClient
) -> None:
    lots = world.redemption_lots(("1", 3), ("2", 1))
    path = f"/v1/lineage/awards/{world.award_id('1')}"
    await world.handle(on_awards, world.award("1", "1"), world.award("2", "2"))
    for _ in range(2):
        await world.handle(on_redemptions, lots)
    used = {"redemption_id": world.uuid("redemption"), "points": 3, "state": None, "reward_id": None}
    assert (await ask(api, path))["redemptions"] == [used]
    later = world.redemption("cancelled", at=NOON + timedelta(minutes=1))
    await world.handle(on_redemptions, later, world.redemption("reserved"))
    used |= {"state": "cancelled", "reward_id": "stickers"}
    assert (await ask(api, path))["redemptions"] == [used]
    await world.handle(on_events, world.event("1"))
    (awarded,) = (await ask(api, f"/v1/lineage/events/{world.event('1')['uid']}"))["awards"]
    assert (awarded["redemptions"], awarded["payouts"]) == ([used], [])


async def test_an_award_shows_what_it_became_and_why_revision_by_revision(
    world: Any, api: httpx.AsyncClient
) -> None:
    hours = [NOON + timedelta(hours=number) for number in range(3)]
    taken = world.grant_fact("taken", world.award_id("-1"), reverses=world.uuid("given"))
    await world.handle(
        on_events, world.restoration("1", hours[2]), world.event("1"), world.retraction("1", hours[1])
    )
    await world.handle(
        on_awards,
        world.award("1", "1"),
        world.award("-1", "1", -5, amends="1"),
        world.award("--1", "1", 3, amends="1", revision=2, total=3, cause="restored"),
    )
    await world.handle(on_grants, world.grant_fact("given", world.award_id("1")), taken)
    await world.handle(on_payouts, world.payout("sent"), world.lots(("1", 3)))

    of_award = await ask(api, f"/v1/lineage/awards/{world.award_id('1')}")

    assert [
        (one["revision"], one["cause"], one["points"], one["total"]) for one in of_award["award"]["amendments"]
    ] == [(1, "retracted", -5, 0), (2, "restored", 3, 3)]
    assert [of_award["award"][name] for name in ("points", "amounts_to", "amended_count")] == [5, 3, 2]
    assert [one["type"] for one in of_award["decisions"]] == ["activity.retracted.v1", "activity.restored.v1"]
    assert [(one["caused_by"], one["grant_id"]) for one in of_award["grants"]] == [
        (world.award_id("1"), world.uuid("given")),
        (world.award_id("-1"), world.uuid("taken")),
    ]
    # An amendment's own id leads there, from a badge that it took back.
    assert await ask(api, f"/v1/lineage/awards/{world.award_id('--1')}") == of_award
    (lot,) = (await ask(api, f"/v1/lineage/payouts/{world.uuid('payout')}"))["items"]
    assert lot["award"] == of_award["award"]


async def test_of_many_amendments_the_newest_are_shown(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_awards, world.award("1", "1"))
    totals = [5, *(number % 2 for number in range(1, 131))]
    await world.handle(
        on_awards,
        *(
            world.award("-" * number + "1", "1", totals[number] - totals[number - 1], amends="1", revision=number)
            for number in range(1, 131)
        ),
    )
    award = (await ask(api, f"/v1/lineage/awards/{world.award_id('1')}"))["award"]
    assert [one["revision"] for one in award["amendments"]] == list(range(31, 131))
    assert award["amended_count"] == 130


@pytest.mark.parametrize(
    ("event", "codes"),
    [
        ({"kind": "forum.post.v1"}, [("not_scored_yet", "post")]),
        ({"kind": "forum.reply.v1"}, [("nobody_in_slot", "reply")]),
        ({"kind": "survey.response.v1"}, [("condition_or_cap", "long")]),
        ({"kind": "chat.message.v1"}, [("no_rule_for_type", None)]),
        ({"kind": "forum.post.v1", "at": NOON - timedelta(days=1)}, [("no_programme", None)]),
    ],
)
async def test_why_nothing_was_awarded(
    world: Any, api: httpx.AsyncClient, event: dict[str, Any], codes: list[tuple[str, str | None]]
) -> None:
    await world.handle(on_programmes, world.programme(1, RULES))
    later = world.programme(2, RULES[:1], NOON + timedelta(days=9))
    await world.handle(on_programmes, later)
    await world.handle(on_events, world.event("1", **event))
    body = await ask(api, f"/v1/lineage/events/{world.event('1')['uid']}")
    assert body["awards"] == []
    assert [(reason["code"], reason["rule_id"]) for reason in body["why_nothing"]] == codes


async def test_conflicts_are_shown_with_the_event_that_counted(world: Any, api: httpx.AsyncClient) -> None:
    data = {
        "receipt_id": "r1",
        "receipt_index": 0,
        "event_source": "https://forum.example",
        "event_id": "1",
        "outcome": "conflict",
        "reason": "other content under the same id",
    }
    await world.handle(on_events, world.event("1"))
    await world.handle(on_rejected, world.fact("engagement.rejected.v1", "conflict", data))
    body = await ask(api, f"/v1/lineage/events/{world.event('1')['uid']}")
    assert [rejected["outcome"] for rejected in body["conflicts"]] == ["conflict"]


@pytest.mark.parametrize("kind", ["payouts", "awards", "events"])
async def test_what_is_not_known_yet_is_a_clear_404(world: Any, api: httpx.AsyncClient, kind: str) -> None:
    answer = await api.get(f"/v1/lineage/{kind}/{world.uuid('nothing')}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "arrived" in answer.json()["detail"]


async def test_a_retraction_alone_does_not_make_an_event_known(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_events, world.retraction("1"))
    assert (await api.get(f"/v1/lineage/events/{world.event('1')['uid']}")).status_code == 404


async def test_a_submitted_payout_shows_how_old_its_events_are(world: Any) -> None:
    def measured() -> float:
        return REGISTRY.get_sample_value("plaudit_event_age_seconds_count", {"stage": "payout"}) or 0.0

    before = measured()
    await world.handle(on_events, world.event("1"))
    await world.handle(on_awards, world.award("1", "1"))
    await world.handle(on_payouts, world.lots(("1", 5)), world.payout("approved"))
    assert measured() == before
    await world.handle(on_payouts, world.payout("submitted"))
    assert measured() == before + 1
