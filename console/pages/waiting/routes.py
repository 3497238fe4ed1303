"""What waits for a second person: programme versions, payout runs, outcomes; and where each is decided."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.approvers import approvers
from console.frame.navigation import BY_HAND, COMMUNITY, REDEMPTIONS, WAITING
from console.frame.problem_titles import TITLES
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.programme.words import WORDS
from console.pages.wallets.words import KINDS as WALLET_KINDS
from shared.programme_changes import Change, changes

LIST_COUNT = 50
#: Programme versions that are looked through: at most one of them waits, and a newer one takes its place.
VERSIONS_COUNT = 20
CHANGED_PAYEES_COUNT = 50
REASON_MAX_CHARS = 500
ACCEPTED = 202
#: Of an amount or a count that a form says was seen.
SEEN_MAX_DIGITS = 15
#: What services answer to an id or a number that can be none.
UNPROCESSABLE = 422
#: What is asked for, of whatever this person may read.
LISTS = (
    *("versions", "runs", "outcomes", "by_hand", "held", "worth", "mappings", "write_offs", "clawbacks"),
    *(
        "payout_policies",
        "payout_schedules",
        "sanctions_lists",
        "rates",
        "journals",
        "months",
        "wallets",
        "refunds",
    ),
)
PAYOUTS = "payouts:read"
PROGRAMMES_APPROVE, PROGRAMMES_WRITE = "programmes:approve", "programmes:write"
POINTS_APPROVE = "points:approve"
PAYOUTS_APPROVE, PAYOUTS_WRITE = "payouts:approve", "payouts:write"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """Everything that waits; first what this person may decide."""
    ask = visit.ask
    questions = {"versions": ask.get("scoring", "/v1/programmes", limit=VERSIONS_COUNT)}
    if visit.signed_in.may(PAYOUTS):
        questions["runs"] = ask.get("rewards", "/v1/payout-runs", state="open", limit=LIST_COUNT)
        questions["worth"] = ask.get(
            "rewards", "/v1/finance/liability-policies", state="proposed", limit=LIST_COUNT
        )
        questions["mappings"] = ask.get(
            "rewards", "/v1/finance/account-mappings", state="proposed", limit=LIST_COUNT
        )
        questions["write_offs"] = ask.get("rewards", "/v1/debt-write-offs", state="proposed", limit=LIST_COUNT)
        questions["clawbacks"] = ask.get(
            "rewards", "/v1/finance/clawback-policies", state="proposed", limit=LIST_COUNT
        )
        questions["payout_policies"] = ask.get(
            "rewards", "/v1/finance/payout-policies", state="proposed", limit=LIST_COUNT
        )
        questions["payout_schedules"] = ask.get(
            "rewards", "/v1/payout-schedules", state="proposed", limit=LIST_COUNT
        )
        questions["sanctions_lists"] = ask.get(
            "rewards", "/v1/finance/sanctions-lists", state="proposed", limit=LIST_COUNT
        )
        questions["rates"] = ask.get("rewards", "/v1/finance/rate-policies", state="proposed", limit=LIST_COUNT)
        questions["outcomes"] = ask.get("rewards", "/v1/payout-outcomes", state="proposed", limit=LIST_COUNT)
        questions["journals"] = ask.get("rewards", "/v1/journals", state="proposed", limit=LIST_COUNT)
        questions["wallets"] = ask.get("rewards", "/v1/wallet-decisions", state="proposed", limit=LIST_COUNT)
        questions["months"] = ask.get("rewards", "/v1/periods", limit=LIST_COUNT)
    if visit.signed_in.may(COMMUNITY.scope or ""):
        questions["community"] = ask.get("ingest", f"/v1/communities/{visit.signed_in.community}")
    if visit.signed_in.may(REDEMPTIONS.scope or ""):
        questions["refunds"] = ask.get("rewards", "/v1/refunds", state="waiting", limit=LIST_COUNT)
    if visit.signed_in.may(BY_HAND.scope or ""):
        questions["by_hand"] = ask.get("scoring", "/v1/manual-awards", state="waiting", limit=LIST_COUNT)
        questions["held"] = ask.get("scoring", "/v1/signals", state="release_asked", limit=LIST_COUNT)
    answers = await ask.all(**questions)
    policy = _policy(answers.get("community"))
    versions, runs, outcomes = (answers.get(name) for name in ("versions", "runs", "outcomes"))
    proposed = [one for one in versions.items if one["state"] == "proposed"] if versions else []
    by_hand = answers.get("by_hand")
    hands = by_hand.items if by_hand else []
    held = answers.get("held")
    releases = held.items if held else []
    by_entry = [
        answers.get(name)
        for name in (
            *("worth", "mappings", "rates", "write_offs", "clawbacks"),
            *("payout_policies", "payout_schedules", "sanctions_lists"),
        )
    ]
    of_books = [one for answer in by_entry if answer is not None for one in answer.items]
    open_runs, said = runs.items if runs else [], outcomes.items if outcomes else []
    journals, months, wallets = (answers.get(name) for name in ("journals", "months", "wallets"))
    of_wallets = wallets.items if wallets else []
    refunds = answers.get("refunds")
    back = refunds.items if refunds else []
    by_two = [*(journals.items if journals else []), *_undecided(months)]
    mine = [
        *(one for one in of_wallets if _may(visit, PAYOUTS_APPROVE, one["proposed"]["person_id"])),
        *(one for one in by_two if _may(visit, PAYOUTS_APPROVE, one["proposed"]["person_id"])),
        *(one for one in proposed if _may(visit, PROGRAMMES_APPROVE, one["published_by_person"])),
        *(one for one in open_runs if _may(visit, PAYOUTS_APPROVE, one["created_by_person"])),
        *(one for one in said if _may(visit, PAYOUTS_APPROVE, one["proposed"]["person_id"])),
        *(one for one in of_books if _may(visit, PAYOUTS_APPROVE, one["proposed_by_person"])),
        *(one for one in hands if _may(visit, POINTS_APPROVE, _asker(one), one["member_id"])),
        *(one for one in back if _may(visit, POINTS_APPROVE, one["asked_by_person"], one["member_id"])),
        *(one for one in releases if _may(visit, POINTS_APPROVE, one["asked_by_person"], one["member_id"])),
        *(one for one in policy if one["asked_by"] != visit.signed_in.person_id),
    ]
    return visit.page(
        "pages/waiting/page.html",
        status=200,
        **{name: answers.get(name) for name in LISTS},
        wallet_kinds=WALLET_KINDS,
        by_two=by_two,
        proposed=proposed,
        policy=policy,
        mine=mine,
        is_all_known=all(
            answer.ok
            for answer in (versions, runs, outcomes, by_hand, held, *by_entry, journals, months, wallets, refunds)
            if answer is not None
        ),
        all_count=sum(
            map(len, (proposed, open_runs, said, policy, hands, releases, of_books, by_two, of_wallets, back))
        ),
    )


def _asker(by_hand: Mapping[str, Any]) -> str | None:
    """Who asked for what waits: the points, or that they are taken back."""
    asker: str | None = by_hand["reversal_asked_by_person" if by_hand["state"] == "given" else "asked_by_person"]
    return asker


def _undecided(months: Answer | None) -> list[Any]:
    """The months of the books that somebody proposed to close or to open again."""
    return [one for one in months.items if one["state"] in ("closing", "reopening")] if months else []


def _policy(community: Answer | None) -> list[Any]:
    """That one person is to publish, where somebody asked for it; that and no more waits of a community."""
    said = community.body["proposed_policy"] if community is not None and community.ok else None
    return [] if said is None else [said]


def _may(visit: Visit, scope: str, maker: str | None, member_id: str | None = None) -> bool:
    """Whether this person may decide what that one made about a member, as far as lists tell."""
    session = visit.signed_in
    return session.may(scope) and maker != session.person_id and not session.is_about(member_id)


async def programme(visit: Visit) -> Response:
    """A version that waits, or waited."""
    return await _programme(visit)


async def approve_programme(visit: Visit) -> Response:
    """Approve it."""
    number = visit.request.path_params["version"]
    if not visit.form.get("seen"):
        return await _programme(visit, errors={"seen": visit.say(_("Say that you have looked at it"))})
    answer = await visit.ask.command("POST", "scoring", f"/v1/programmes/{number}/approve")
    if not answer.ok:
        return await _programme(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{WAITING.path}/programmes/{number}", toast="approved")


async def send_programme_back(visit: Visit) -> Response:
    """Say what is to be changed before it can be published."""
    number = visit.request.path_params["version"]
    reason = " ".join(visit.form.get("reason", "").split())[:REASON_MAX_CHARS]
    if not reason:
        return await _programme(visit, errors={"reason": visit.say(_("Say what is to be changed"))})
    answer = await visit.ask.post("scoring", f"/v1/programmes/{number}/send-back", {"reason": reason})
    if not answer.ok:
        return await _programme(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{WAITING.path}/programmes/{number}", toast="sent-back")


async def withdraw_programme(visit: Visit) -> Response:
    """Have it come to nothing."""
    number = visit.request.path_params["version"]
    answer = await visit.ask.command("POST", "scoring", f"/v1/programmes/{number}/withdraw")
    if not answer.ok:
        return await _programme(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{WAITING.path}/programmes/{number}", toast="withdrawn")


async def run(visit: Visit) -> Response:
    """A payout run, as its approver looks at it."""
    return await _run(visit)


async def approve_run(visit: Visit) -> Response:
    """Approve the list that was seen: by its seal, with its amount typed."""
    review = await _review(visit)
    if not review.ok:
        return await _run(visit)
    seen = visit.form.get("seal") or None
    if seen != review.body["run"]["seal"]:
        # Before the amount: whoever typed what they saw is told that the list changed, and how.
        return await _run(visit, refused=Refusal(TITLES["payout-seal-differs"], status=409))
    wanted = visit.writer.money(review.body["amount_minor"], review.body["run"]["currency"])
    if _digits(visit.form.get("amount", "")) != _digits(wanted):
        text = visit.say(_("That is not the amount above: {amount}"), amount=wanted)
        return await _run(visit, errors={"amount": text})
    path = f"/v1/payout-runs/{visit.request.path_params['run_id']}/approve"
    answer = await visit.ask.post("rewards", path, {"seal": seen})
    if not answer.ok:
        return await _run(visit, refused=Refusal.of(answer))
    return visit.see_other(_run_path(visit), toast="goes-on" if answer.status == ACCEPTED else "approved")


async def cancel_run(visit: Visit) -> Response:
    """Give it up."""
    answer = await visit.ask.command(
        "POST", "rewards", f"/v1/payout-runs/{visit.request.path_params['run_id']}/cancel"
    )
    if not answer.ok:
        return await _run(visit, refused=Refusal.of(answer))
    return visit.see_other(_run_path(visit), toast="cancelled")


async def outcome(visit: Visit) -> Response:
    """What somebody says that the bank said."""
    return await _outcome(visit)


async def confirm_outcome(visit: Visit) -> Response:
    """Confirm it."""
    if not visit.form.get("seen"):
        return await _outcome(visit, errors={"seen": visit.say(_("Say that you have looked at it"))})
    return await _decide_outcome(visit, "confirm", "confirmed")


async def withdraw_outcome(visit: Visit) -> Response:
    """Have it come to nothing."""
    return await _decide_outcome(visit, "withdraw", "withdrawn")


async def _programme(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    number = visit.request.path_params["version"]
    answers = await visit.ask.all(
        version=visit.ask.get("scoring", f"/v1/programmes/{number}"), people=approvers(visit, PROGRAMMES_APPROVE)
    )
    _refuse_missing(answers["version"])
    said = answers["version"].body if answers["version"].ok else {}
    against, changed = await _changes_of_programme(visit, said)
    return visit.page(
        "pages/waiting/programme.html",
        against=against,
        changed=changed,
        **WORDS,
        status=_status(errors, refused),
        answer=answers["version"],
        number=number,
        approvers=answers["people"],
        is_own=said.get("published_by_person") == visit.signed_in.person_id,
        may_approve=_may(visit, PROGRAMMES_APPROVE, said.get("published_by_person")),
        may_withdraw=visit.signed_in.may(PROGRAMMES_WRITE),
        errors=errors or {},
        refused=refused,
    )


async def _changes_of_programme(
    visit: Visit, proposed: Mapping[str, Any]
) -> tuple[Mapping[str, Any] | None, list[Change] | None]:
    """The version that is in force, and what the one that waits changes of it beside money."""
    listed = await visit.ask.get("scoring", "/v1/programmes", limit=VERSIONS_COUNT)
    now = next((one for one in listed.items if one["in_force"] == "now"), None)
    if now is None or not proposed or proposed["state"] != "proposed":
        return None, None
    version = await visit.ask.get("scoring", f"/v1/programmes/{now['version']}")
    if not version.ok:
        return None, None
    found = changes(version.body["document"], proposed["document"])
    return version.body, [one for one in found if not one.takes_two]


async def _run(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    run_id = visit.request.path_params["run_id"]
    answers = await visit.ask.all(
        review=_review(visit),
        changed=visit.ask.get("rewards", f"/v1/payout-runs/{run_id}/changed-payees", limit=CHANGED_PAYEES_COUNT),
        people=approvers(visit, PAYOUTS_APPROVE),
    )
    review = answers["review"]
    _refuse_missing(review)
    said = review.body if review.ok else {"reasons_against_you": []}
    seen = _seen(visit, review)
    return visit.page(
        "pages/waiting/run.html",
        status=_status(errors, refused),
        answer=review,
        changed=answers["changed"],
        approvers=answers["people"],
        may_approve=visit.signed_in.may(PAYOUTS_APPROVE) and not said["reasons_against_you"],
        may_cancel=visit.signed_in.may(PAYOUTS_WRITE),
        # What was typed for another list is typed anew.
        typed="" if seen else visit.form.get("amount", ""),
        seen=seen,
        errors=errors or {},
        refused=refused,
    )


def _seen(visit: Visit, review: Answer) -> dict[str, str] | None:
    """What the list was when its approver saw it, where it is another now: amount and payments."""
    amount, count = visit.form.get("seen_amount", ""), visit.form.get("seen_count", "")
    is_said = amount.isdecimal() and count.isdecimal() and len(amount) <= SEEN_MAX_DIGITS >= len(count)
    if not review.ok or not is_said or visit.form.get("seal", "") == (review.body["run"]["seal"] or ""):
        return None
    money = visit.writer.money(int(amount), review.body["run"]["currency"])
    return {"amount": money, "count": visit.writer.number(int(count))}


async def _review(visit: Visit) -> Answer:
    return await visit.ask.get("rewards", f"/v1/payout-runs/{visit.request.path_params['run_id']}/review")


async def _outcome(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answers = await visit.ask.all(outcome=_asked_outcome(visit), people=approvers(visit, PAYOUTS_APPROVE))
    _refuse_missing(answers["outcome"])
    proposed: Any = answers["outcome"].body["proposed"] if answers["outcome"].ok else {}
    return visit.page(
        "pages/waiting/outcome.html",
        status=_status(errors, refused),
        answer=answers["outcome"],
        approvers=answers["people"],
        is_own=proposed.get("person_id") == visit.signed_in.person_id,
        may_approve=_may(visit, PAYOUTS_APPROVE, proposed.get("person_id")),
        may_withdraw=visit.signed_in.may(PAYOUTS_WRITE),
        errors=errors or {},
        refused=refused,
    )


async def _asked_outcome(visit: Visit) -> Answer:
    return await visit.ask.get("rewards", f"/v1/payout-outcomes/{visit.request.path_params['outcome_id']}")


async def _decide_outcome(visit: Visit, verb: str, toast: str) -> Response:
    found = await _asked_outcome(visit)
    _refuse_missing(found)
    if not found.ok:
        return await _outcome(visit)
    path = f"/v1/payout-runs/{found.body['run_id']}/outcomes/{found.body['outcome_id']}/{verb}"
    answer = await visit.ask.command("POST", "rewards", path)
    if not answer.ok:
        return await _outcome(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{WAITING.path}/outcomes/{found.body['outcome_id']}", toast=toast)


def _refuse_missing(answer: Answer) -> None:
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError


def _run_path(visit: Visit) -> str:
    return f"{WAITING.path}/payout-runs/{visit.request.path_params['run_id']}"


def _status(errors: Mapping[str, str] | None, refused: Refusal | None) -> int:
    return 422 if errors else 200 if refused is None else refused.status


def _digits(text: str) -> str:
    """An amount by its digits alone: however its thousands and decimals are marked."""
    return re.sub(r"\D", "", text)


VERSION = f"{WAITING.path}/programmes/{{version:int}}"
RUN = f"{WAITING.path}/payout-runs/{{run_id:uuid}}"
OUTCOME = f"{WAITING.path}/outcomes/{{outcome_id:uuid}}"
ROUTES = [
    Route(WAITING.path, page(show, scope=WAITING.scope)),
    Route(VERSION, page(programme, scope=WAITING.scope)),
    Route(f"{VERSION}/approve", page(approve_programme, scope=PROGRAMMES_APPROVE), methods=["POST"]),
    Route(f"{VERSION}/send-back", page(send_programme_back, scope=PROGRAMMES_APPROVE), methods=["POST"]),
    Route(f"{VERSION}/withdraw", page(withdraw_programme, scope=PROGRAMMES_WRITE), methods=["POST"]),
    Route(RUN, page(run, scope=PAYOUTS)),
    Route(f"{RUN}/approve", page(approve_run, scope=PAYOUTS_APPROVE), methods=["POST"]),
    Route(f"{RUN}/cancel", page(cancel_run, scope=PAYOUTS_WRITE), methods=["POST"]),
    Route(OUTCOME, page(outcome, scope=PAYOUTS)),
    Route(f"{OUTCOME}/confirm", page(confirm_outcome, scope=PAYOUTS_APPROVE), methods=["POST"]),
    Route(f"{OUTCOME}/withdraw", page(withdraw_outcome, scope=PAYOUTS_WRITE), methods=["POST"]),
]
