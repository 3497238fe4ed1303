"""Nobody decides what is about themselves: their content and report, points by hand, held awards, suspensions."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.scoring.guidelines.handlers.listening import on_members
from services.scoring.holds.handlers.following import on_members as on_held_members
from tests.integration.services.merging import Merging
from tests.integration.services.scoring.test_guidelines import Court, court
from tests.integration.services.scoring.test_guidelines import rules as court_rules
from tests.integration.services.scoring.test_held_awards import Desk, desk
from tests.integration.services.scoring.test_points_by_hand import Office, office
from tests.integration.services.world import NOON, tie

pytestmark = pytest.mark.stack
__all__ = ["court", "desk", "office"]

ABOUT_YOURSELF = (403, "about-yourself")
rules = court_rules


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


async def test_who_moderates_decides_neither_their_own_content_nor_what_they_reported_as_a_member(
    court: Court,
) -> None:
    world = court.world
    await court.hear(court.post("1"), court.said("reported", "r1", "p1", category="spam"))
    await court.settle()
    case_id = (await court.case())["case_id"]
    # Ada is mel, who is one person with mal; bob is ann, who reported it on the platform.
    await tie(world.pool, world.community, court.ada, world.uuid("mel"))
    await tie(world.pool, world.community, court.bob, world.uuid("ann"))
    merging = Merging(world, on_members)
    await merging.merge("mel", "mal")

    assert kind_of(await court.decide(case_id)) == ABOUT_YOURSELF
    assert kind_of(await court.decide(case_id, by=court.bob)) == (403, "own-case")
    why = [(await one.get(f"/v1/guideline-cases/{case_id}")).json()["why_not"] for one in (court.ada, court.bob)]
    assert why == ["own_content", "own_report"]
    body = {"member": world.uuid("mal"), "days": 7, "reason": "spam"}
    refused = await court.ada.post("/v1/suspensions", json=body, headers={"Idempotency-Key": "s1"})
    assert kind_of(refused) == ABOUT_YOURSELF
    suspended = await court.bob.post("/v1/suspensions", json=body, headers={"Idempotency-Key": "s2"})
    lift = f"/v1/suspensions/{suspended.json()['suspension_id']}/lift"
    assert kind_of(await court.ada.post(lift)) == ABOUT_YOURSELF
    assert (await court.bob.post(lift)).status_code == 200
    # Parted again they are two, and one decides about the other.
    await merging.unmerge("mel")
    assert (await court.decide(case_id)).json()["state"] == "upheld"
    await merging.merge("mel", "mal")
    await court.appeal(case_id)
    assert kind_of(await court.rule(case_id, by=court.ada)) == ABOUT_YOURSELF
    assert kind_of(await court.rule(case_id)) == (403, "own-case")


async def test_who_decided_on_the_platform_decides_no_appeal_here(court: Court) -> None:
    world = court.world
    # Of now: an appeal against what was decided long ago would come too late.
    now = int((datetime.now(UTC) - NOON).total_seconds() / 60)
    await court.hear(
        court.post("1"),
        court.said("reported", "r1", "p1", category="spam"),
        court.said("decided", "d1", "p1", by="mod", minute=now, decision="removed"),
    )
    await court.settle()
    case_id = (await court.case("upheld"))["case_id"]
    await court.appeal(case_id)
    await tie(world.pool, world.community, court.bob, world.uuid("mod"))
    shown = (await court.bob.get(f"/v1/guideline-cases/{case_id}")).json()
    assert (shown["state"], shown["why_not"]) == ("appealed", "decided_first")
    assert kind_of(await court.rule(case_id)) == (403, "own-case")
    assert (await court.rule(case_id, by=court.ada)).json()["state"] == "overturned"


async def test_nobody_gives_takes_or_decides_points_by_hand_of_their_own(office: Office) -> None:
    world = office.world
    # Asked for before anybody knew who they are.
    waiting, given, taken = [await office.ask(points) for points in (100, 20, 10)]
    much = await office.ask(100, by=office.bob)
    await office.decide(much, "approve", office.ada)
    await office.decide(much, "reverse", office.ada)
    await tie(world.pool, world.community, office.bob, world.uuid("ann"))

    for points, reason in ((20, "booth"), (-5, "mistake")):
        assert kind_of(await office.ask(points, reason, by=office.bob)) == ABOUT_YOURSELF
    for answer, verb in (
        (waiting, "approve"),
        (waiting, "decline"),
        (given, "reverse"),
        (much, "confirm-reversal"),
        (much, "decline"),
    ):
        assert kind_of(await office.decide(answer, verb)) == ABOUT_YOURSELF, verb
    assert await office.score() == 130
    assert (await office.ask(20, member="bob", by=office.bob)).status_code == 201
    assert (await office.decide(taken, "reverse", office.ada)).json()["state"] == "reversed"


async def test_nobody_decides_what_is_held_of_theirs_nor_of_whom_they_gave_to(desk: Desk) -> None:
    world = desk.world
    await world.score(*desk.messages("ann", "bob", 40), *desk.messages("bob", "ann", 10))
    await desk.look()
    cases = {one["member_name"]: one["case_id"] for one in await desk.cases()}
    assert (await desk.decide(cases["bob"], "release", reason="honest")).json()["state"] == "release_asked"
    # Bob decides no case of cat's, who is ann: neither theirs, nor that of whom they gave to.
    await tie(world.pool, world.community, desk.bob, world.uuid("cat"))
    merging = Merging(world, on_held_members)
    await merging.merge("cat", "ann")

    async def refused(case: str, verb: str, **body: Any) -> bool:
        return kind_of(await desk.decide(cases[case], verb, by=desk.bob, **body)) == ABOUT_YOURSELF

    assert await refused("ann", "release", reason="honest")
    assert await refused("ann", "deny", reason="traded")
    assert await refused("bob", "approve")
    both = {"case_ids": list(cases.values()), "decision": "deny", "reason": "traded"}
    assert kind_of(await desk.bob.post("/v1/signals/decisions", json=both)) == ABOUT_YOURSELF
    shown = [(await by.get(f"/v1/signals/{cases['ann']}")).json()["is_about_you"] for by in (desk.bob, desk.ada)]
    assert shown == [True, False]
    assert (await desk.decide(cases["ann"], "deny", reason="traded")).json()["state"] == "denied"


async def test_what_waits_for_somebody_who_was_forgotten_is_answered_so(office: Office) -> None:
    waiting = await office.ask(100)
    await office.world.pool.execute(
        "update followed_members set is_erased = true where community = $1", office.world.community
    )
    assert kind_of(await office.decide(waiting, "approve")) == (404, "unknown-member")
