"""A member: who it is, where they stand, and why each thing that they did earned something, or nothing."""

from typing import Any

from starlette.responses import Response

from console.components.tables import Listing
from console.frame.navigation import MEMBERS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit
from console.pages.members.leaving import ERASE
from console.pages.members.timeline import EARNED, timeline
from console.pages.members.words import ACTS, BY

RULES_COUNT = 12
BY_HAND_COUNT = 5


def id_of(visit: Visit) -> str:
    """The member's id in the address."""
    return str(visit.request.path_params["member_id"])


async def show(visit: Visit) -> Response:
    """The page of one of them."""
    return await _page(visit)


async def say_standing(visit: Visit) -> Response:
    """Say by hand what they are."""
    act = visit.form.get("act", "")
    if act not in ACTS:
        raise NotFoundError
    name, is_so, _words = ACTS[act]
    answer = await visit.ask.command("PUT", "ingest", f"/v1/members/{id_of(visit)}/standing", {name: is_so})
    if not answer.ok:
        return await _page(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{MEMBERS.path}/{id_of(visit)}", toast="saved")


async def _page(visit: Visit, *, refused: Refusal | None = None) -> Response:
    member_id, ask, may = id_of(visit), visit.ask, visit.signed_in.may
    listing = Listing.of(visit.request.url.path, visit.request.query_params, kept=("earned",))
    earned = listing.said.get("earned") if listing.said.get("earned") in EARNED else None
    questions: dict[str, Any] = {
        "member": ask.get("ingest", f"/v1/members/{member_id}"),
        "known": ask.get("ingest", f"/v1/members/{member_id}/attributes"),
        "merged": ask.get("ingest", f"/v1/members/{member_id}/merged"),
    }
    if may("recognition:read"):
        questions["recognition"] = ask.get("recognition", f"/v1/members/{member_id}/recognition")
        questions["levels"] = ask.get("recognition", f"/v1/members/{member_id}/levels")
        questions["streaks"] = ask.get("recognition", f"/v1/members/{member_id}/streaks")
    if may("points:read"):
        questions["score"] = ask.get("scoring", f"/v1/members/{member_id}/score")
        questions["audiences"] = ask.get("scoring", f"/v1/members/{member_id}/audiences")
        questions["signals"] = ask.get("scoring", "/v1/signals", member=member_id, limit=BY_HAND_COUNT)
        questions["quality"] = ask.get("scoring", f"/v1/members/{member_id}/quality")
        questions["by_hand"] = ask.get("scoring", "/v1/manual-awards", member=member_id, limit=BY_HAND_COUNT)
    if may("guidelines:read"):
        questions["keeping"] = ask.get("scoring", f"/v1/members/{member_id}/guidelines")
    if may("programmes:read"):
        questions["rules"] = ask.get("scoring", "/v1/rules")
    if may("rewards:read"):
        questions["balance"] = ask.get("rewards", f"/v1/members/{member_id}/balance")
    if may("analytics:read"):
        questions["topics"] = ask.get("analytics", f"/v1/members/{member_id}/topics")
        questions["line"] = timeline(visit, member_id, earned=earned, after=listing.said.get("after"))
    answers = await ask.all(**questions)
    if answers["member"].is_missing:
        if may(ERASE):
            # Who was forgotten has a proof of it.
            return visit.see_other(f"{MEMBERS.path}/{member_id}/forget")
        raise NotFoundError
    if answers["member"].ok and answers["member"].body["member_id"] != member_id:
        # Who is merged is looked at as the person that they are.
        return visit.see_other(f"{MEMBERS.path}/{answers['member'].body['member_id']}", toast="merged-before")
    by_hand = answers.get("by_hand")
    titles = {one["reason"]: one["title"] for one in (by_hand.items if by_hand is not None else ())}
    titles |= {rule["rule_id"]: rule["title"] for rule in _rules(answers)}
    score = answers.get("score")
    rules = sorted(score.body["rules"], key=lambda rule: -rule["points"]) if score is not None and score.ok else []
    parts = dict.fromkeys(
        (
            "recognition",
            "levels",
            "streaks",
            "score",
            "balance",
            "line",
            "by_hand",
            "audiences",
            "keeping",
            "quality",
            "signals",
            "topics",
        )
    )
    return visit.page(
        "pages/members/member.html",
        status=200 if refused is None else refused.status,
        **{**parts, **answers},
        titles=titles,
        by_rule=[rule for rule in rules if rule["points"] or rule["awards"]][:RULES_COUNT],
        listing=listing,
        earned=earned,
        acts=ACTS,
        said_by=BY,
        refused=refused,
    )


def _rules(answers: dict[str, Any]) -> list[dict[str, Any]]:
    """Rules with their titles: those in force, and those that stand behind what the timeline shows."""
    in_force = answers.get("rules")
    found = list(in_force.body["rules"]) if in_force is not None and in_force.ok else []
    line = answers.get("line")
    if line is not None and line.explanations is not None:
        found += [rule for one in line.explanations.items for rule in one["rules"]]
    return found
