"""Payout runs: the list, a new one with what it would pay, one step by step, its bank file and its payouts."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import AUDIT, PAYOUT_RUNS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.gift_cards.words import PAYING
from console.pages.tables import TOO_LONG, amount, table, whole
from console.sign_in.domain import new_secret

WRITE, APPROVE = "payouts:write", "payouts:approve"
ACCEPTED = 202
UNPROCESSABLE = 422
OUTCOMES_COUNT = 50
#: States of runs and payouts, in the order of their lives.
RUN_STATES = ("computing", "open", "approving", "approved", "filing", "filed", "cancelling", "cancelled")
PAYOUT_STATES = (
    *("held", "eligible", "approved", "reserved", "submitted", "sent", "settled"),
    *("returned", "failed", "reversed", "corrected"),
)
#: States of payouts that the bank has, or had, the money of.
AT_BANK = ("submitted", "sent", "settled", "returned", "reversed", "corrected")
CSV_HEADINGS = (
    *("EndToEndId", "payout_id", "member_id", "member", "payee", "state", "points", "amount", "currency"),
    *("reason", "created_at", "changed_at"),
)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """Runs, newest first."""
    states = Filter("state", visit.say(_("State")), [(state, visit.say(state)) for state in RUN_STATES])
    listing = Listing.of(PAYOUT_RUNS.path, visit.request.query_params, filters=[states])
    answer = await visit.ask.get(
        "rewards", "/v1/payout-runs", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
    )
    return visit.page(
        "pages/payout_runs/page.html",
        answer=answer,
        listing=listing,
        views=await visit.views(listing),
        may_make=visit.signed_in.may(WRITE),
    )


async def prepare(visit: Visit) -> Response:
    """What a run would pay if it were made now."""
    return await _prepare(visit)


async def make(visit: Visit) -> Response:
    """Make it. A form that is sent twice makes one run."""
    key = visit.form_key
    if key is None:
        return await _prepare(visit)
    # A provider is paid to in the currency of the price.
    provider, currency = visit.form.get("provider"), visit.form.get("currency")
    body: dict[str, Any] | None = None
    name = key
    if provider in PAYING:
        body, name = {"provider": provider}, f"{key}-{provider}"
    elif currency:
        body = {"currency": currency}
    answer = await visit.ask.command("POST", "rewards", "/v1/payout-runs", body, key=f"console-{name}")
    if not answer.ok:
        return await _prepare(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PAYOUT_RUNS.path}/{answer.body['run_id']}", toast="run-made")


async def _prepare(visit: Visit, *, refused: Refusal | None = None) -> Response:
    asked = {
        name: visit.form.get(name) or visit.request.query_params.get(name) for name in ("provider", "currency")
    }
    provider = asked["provider"] if asked["provider"] in PAYING else None
    # A provider is paid to in the currency of the price.
    currency = None if provider else asked["currency"]
    answers = await visit.ask.all(
        preview=visit.ask.get("rewards", "/v1/payout-run-preview", currency=currency, provider=provider),
        rails=visit.ask.get("rewards", "/v1/payout-run-previews"),
    )
    return visit.page(
        "pages/payout_runs/make.html",
        status=200 if refused is None else refused.status,
        **answers,
        names=PAYING,
        currency=currency,
        provider=provider,
        key=new_secret(),
        refused=refused,
    )


async def run(visit: Visit) -> Response:
    """A run: where it stands, who acts next, its payouts."""
    return await show_run(visit)


async def file(visit: Visit) -> Response:
    """Have the bank file written."""
    answer = await visit.ask.command("POST", "rewards", f"/v1/payout-runs/{run_id_of(visit)}/file")
    if not answer.ok:
        return await show_run(visit, refused=Refusal.of(answer))
    return visit.see_other(run_path(visit), toast="goes-on" if answer.status == ACCEPTED else "file-written")


async def cancel(visit: Visit) -> Response:
    """Give the run up."""
    answer = await visit.ask.command("POST", "rewards", f"/v1/payout-runs/{run_id_of(visit)}/cancel")
    if not answer.ok:
        return await show_run(visit, refused=Refusal.of(answer))
    return visit.see_other(run_path(visit), toast="cancelled")


async def bank_file(visit: Visit) -> Response:
    """The bank file, or the list for a provider, byte for byte."""
    answer, chunks = await visit.ask.download("rewards", f"/v1/payout-runs/{run_id_of(visit)}/file")
    if not answer.ok:
        return await show_run(visit, refused=Refusal.of(answer))
    # A run by a provider has a list of what it pays, in JSON.
    kind = "json" if "json" in answer.media_type else "xml"
    name = f"payouts-{run_id_of(visit)}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(chunks, media_type=f"application/{kind}", headers=headers)


async def payouts_file(visit: Visit) -> Response:
    """A run's payouts as a table."""
    items, missing, is_long = await whole(visit, "rewards", "/v1/payouts", run=run_id_of(visit))
    if missing is not None or is_long:
        return await show_run(visit, refused=Refusal(TOO_LONG) if is_long else Refusal.of(missing or _NOBODY))
    if not items and (await visit.ask.get("rewards", f"/v1/payout-runs/{run_id_of(visit)}")).is_missing:
        raise NotFoundError
    rows = [
        [
            *(one["end_to_end_id"], one["payout_id"], one["member_id"], one["member_name"], one["payee_name"]),
            *(one["state"], one["points"], amount(one["amount_minor"], one["currency"]), one["currency"]),
            *(one["reason"], one["created_at"], one["changed_at"]),
        ]
        for one in items
    ]
    return table(f"payouts-{run_id_of(visit)}", CSV_HEADINGS, rows)


async def show_run(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    """The page of a run, with what is wrong with a form of it."""
    id_, ask = run_id_of(visit), visit.ask
    choices = [(state, visit.say(state)) for state in PAYOUT_STATES]
    states = Filter("state", visit.say(_("State")), choices, is_apart=True)
    listing = Listing.of(run_path(visit), visit.request.query_params, filters=[states])
    after = listing.said.get("after")
    answers = await ask.all(
        review=ask.get("rewards", f"/v1/payout-runs/{id_}/review"),
        payouts=ask.get("rewards", "/v1/payouts", run=id_, limit=PAGE_COUNT, after=after, **listing.chosen),
        held=ask.get("rewards", "/v1/payouts", run=id_, state="held", limit=PAGE_COUNT),
        outcomes=ask.get("rewards", "/v1/payout-outcomes", run=id_, limit=OUTCOMES_COUNT),
        fees=ask.get("rewards", f"/v1/payout-runs/{id_}/fees"),
    )
    review = answers["review"]
    if review.is_missing or review.status == UNPROCESSABLE:
        raise NotFoundError
    may = visit.signed_in.may
    return visit.page(
        "pages/payout_runs/run.html",
        status=422 if errors else 200 if refused is None else refused.status,
        **answers,
        listing=listing,
        names=PAYING,
        stage=_stage(review.body["run"]) if review.ok else "",
        bank=_at_bank(review.body["run"]) if review.ok else {},
        may_write=may(WRITE),
        may_approve=may(APPROVE) and review.ok and not review.body["reasons_against_you"],
        may_audit=may(AUDIT.scope or ""),
        errors=errors or {},
        refused=refused,
    )


def _stage(run: Mapping[str, Any]) -> str:
    """What is to be done with a run next: approve, file, bank (note what it says), wait, or nothing any more."""
    if run["state"] == "filed":
        bank = _at_bank(run)
        return "bank" if bank["submitted"] + bank["sent"] else "done"
    waiting = {"open": "approve", "approved": "file"}
    if run["state"] in waiting:
        return "stopped" if run["stopped"] else waiting[run["state"]]
    return "over" if run["state"] == "cancelled" else "wait"


def _at_bank(run: Mapping[str, Any]) -> dict[str, int]:
    """How many payouts of a run are in each state that the bank decides."""
    counts = {one["state"]: one["count"] for one in run["payouts"]}
    return {state: counts.get(state, 0) for state in AT_BANK}


def run_id_of(visit: Visit) -> str:
    """The run's id in the address."""
    return str(visit.request.path_params["run_id"])


def run_path(visit: Visit) -> str:
    """The run's page."""
    return f"{PAYOUT_RUNS.path}/{run_id_of(visit)}"


_NOBODY = Answer("rewards", None)
RUN = f"{PAYOUT_RUNS.path}/{{run_id:uuid}}"
ROUTES = [
    Route(PAYOUT_RUNS.path, page(show, scope=PAYOUT_RUNS.scope)),
    Route(f"{PAYOUT_RUNS.path}/make", page(prepare, scope=WRITE), methods=["GET"]),
    Route(f"{PAYOUT_RUNS.path}/make", page(make, scope=WRITE), methods=["POST"]),
    Route(RUN, page(run, scope=PAYOUT_RUNS.scope)),
    Route(f"{RUN}/file", page(file, scope=WRITE), methods=["POST"]),
    Route(f"{RUN}/cancel", page(cancel, scope=WRITE), methods=["POST"]),
    Route(f"{RUN}/bank-file", page(bank_file, scope=PAYOUT_RUNS.scope)),
    Route(f"{RUN}/payouts.csv", page(payouts_file, scope=PAYOUT_RUNS.scope)),
]
