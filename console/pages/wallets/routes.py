"""Wallets: what is in each, what moved, what is paid from it, and what two people decide of it."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.approvers import others_who_may
from console.frame.navigation import WALLETS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.wallets import words
from console.sign_in.domain import new_secret
from shared.currencies import exponent

PATH = WALLETS.path
WRITE, APPROVE = "payouts:write", "payouts:approve"
UNPROCESSABLE = 422
LIST_COUNT = 200
TEXT_MAX_CHARS = 200
AMOUNT_MAX_CHARS = 20
POINTS = "PTS"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """All of them as trees, what waits, and what is paid from which."""
    ask = visit.ask
    answers = await ask.all(
        wallets=ask.get("rewards", "/v1/wallets", limit=LIST_COUNT),
        assignments=ask.get("rewards", "/v1/wallet-assignments"),
        waiting=ask.get("rewards", "/v1/wallet-decisions", state="proposed", limit=PAGE_COUNT),
    )
    return visit.page(
        "pages/wallets/page.html",
        wallets=answers["wallets"],
        assignments=answers["assignments"],
        waiting=answers["waiting"],
        tree=_in_trees(answers["wallets"].items),
        words=words,
        may_make=visit.signed_in.may(WRITE),
    )


def _in_trees(wallets: list[Any]) -> list[Any]:
    """Wallets with those that they allot to beneath them."""
    below: dict[str | None, list[Any]] = {}
    ids = {one["wallet_id"] for one in wallets}
    for one in wallets:
        below.setdefault(one["parent_id"] if one["parent_id"] in ids else None, []).append(one)
    listed: list[Any] = []
    left = below.get(None, [])[::-1]
    while left:
        one = left.pop()
        listed.append(one)
        left += below.get(one["wallet_id"], [])[::-1]
    return listed


async def one(visit: Visit) -> Response:
    """One of them: what is in it, what moved, and what may be done with it."""
    return await _one(visit)


async def download(visit: Visit) -> Response:
    """What moved in it, as a table, passed on as it comes."""
    answer, chunks = await visit.ask.download("rewards", f"{_path(visit)}/moves.csv")
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    headers = {"Content-Disposition": 'attachment; filename="wallet-moves.csv"'}
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers=headers)


async def _one(visit: Visit, *, refused: Refusal | None = None) -> Response:
    ask, path = visit.ask, _path(visit)
    listing = Listing.of(f"{PATH}/{visit.request.path_params['wallet_id']}", visit.request.query_params)
    answers = await ask.all(
        answer=ask.get("rewards", path),
        moves=ask.get("rewards", f"{path}/moves", limit=PAGE_COUNT, after=listing.said.get("after")),
        decisions=ask.get(
            "rewards",
            "/v1/wallet-decisions",
            wallet=str(visit.request.path_params["wallet_id"]),
            state="proposed",
            limit=PAGE_COUNT,
        ),
        assignments=ask.get("rewards", "/v1/wallet-assignments"),
    )
    if answers["answer"].is_missing:
        raise NotFoundError
    return visit.page(
        "pages/wallets/one.html",
        status=200 if refused is None else refused.status,
        **answers,
        listing=listing,
        words=words,
        may_propose=visit.signed_in.may(WRITE),
        refused=refused,
    )


async def freeze(visit: Visit) -> Response:
    """Have nothing spent from it."""
    reason = " ".join(visit.form.get("reason", "").split())[:TEXT_MAX_CHARS] or visit.say(_("Frozen on its page"))
    answer = await visit.ask.command("POST", "rewards", f"{_path(visit)}/freeze", {"reason": reason})
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{visit.request.path_params['wallet_id']}", toast="saved")


async def form(visit: Visit) -> Response:
    """Ask what a new wallet is for."""
    return await _form(visit, new_secret())


async def make(visit: Visit) -> Response:
    """Make it. The form's key makes that sending it twice is the same."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    errors: dict[str, str] = {}
    title = _title(visit, errors)
    currency = visit.form.get("currency", "").strip().upper()[:3]
    body: dict[str, Any] = {"title": title, "currency": currency, "purpose": visit.form.get("purpose", "")}
    for name in ("parent_id", "campaign_id"):
        typed = visit.form.get(name, "").strip()[:TEXT_MAX_CHARS]
        body |= {name: typed} if typed else {}
    low = _amount(visit, "low", currency, errors, is_needed=False)
    body |= {"low_amount": low} if low else {}
    body["owners"] = [visit.signed_in.person_id] if visit.form.get("tell_me") else []
    if errors:
        return await _form(visit, key, errors=errors)
    answer = await visit.ask.post("rewards", "/v1/wallets", body, key=key)
    if not answer.ok:
        return await _form(visit, key, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{answer.body['wallet_id']}", toast="added")


async def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    wallets = await visit.ask.get("rewards", "/v1/wallets", limit=LIST_COUNT)
    names = ("title", "currency", "purpose", "campaign_id", "parent_id", "low", "tell_me")
    return visit.page(
        "pages/wallets/form.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        key=key,
        parents=[
            ("", visit.say(_("None: it begins a tree"))),
            *((one["wallet_id"], one["title"]) for one in wallets.items if one["state"] != "closed"),
        ],
        purposes=[(value, visit.say(text)) for value, text in words.PURPOSES.items()],
        typed={name: visit.form.get(name, "") for name in names},
        errors=errors or {},
        refused=refused,
    )


async def change_form(visit: Visit) -> Response:
    """Ask what it is called, and whether one wants to be told when it is low."""
    return await _change_form(visit)


async def change(visit: Visit) -> Response:
    """Change it."""
    answer = await _find(visit)
    errors: dict[str, str] = {}
    title = _title(visit, errors)
    low = _amount(visit, "low", answer["currency"], errors, is_needed=False)
    if errors:
        return await _change_form(visit, errors=errors)
    me = visit.signed_in.person_id
    owners = {one for one in answer["owners"] if one != me} | ({me} if visit.form.get("tell_me") else set())
    body = {"title": title, "low_amount": low, "owners": sorted(owners)}
    changed = await visit.ask.command("PUT", "rewards", _path(visit), body)
    if not changed.ok:
        return await _change_form(visit, refused=Refusal.of(changed))
    return visit.see_other(f"{PATH}/{visit.request.path_params['wallet_id']}", toast="saved")


async def _change_form(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    wallet = await _find(visit)
    is_sent = visit.request.method == "POST"
    return visit.page(
        "pages/wallets/change.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        wallet=wallet,
        title=visit.form.get("title", "") if is_sent else wallet["title"],
        low=visit.form.get("low", "") if is_sent else _typed(wallet["low_amount"], wallet["currency"]),
        tell_me=bool(visit.form.get("tell_me")) if is_sent else visit.signed_in.person_id in wallet["owners"],
        errors=errors or {},
        refused=refused,
    )


async def proposal(visit: Visit) -> Response:
    """Ask what is to be done with it, and why."""
    return await _proposal(visit, new_secret())


async def propose(visit: Visit) -> Response:
    """Propose it. The form's key makes that sending it twice is the same."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    wallet = await _find(visit)
    errors: dict[str, str] = {}
    kind = visit.form.get("kind", "")
    body: dict[str, Any] = {
        "kind": kind,
        "reason": " ".join(visit.form.get("reason", "").split())[:TEXT_MAX_CHARS],
    }
    if not body["reason"]:
        errors["reason"] = visit.say(_("Say why"))
    if kind in ("fund", "withdraw", "transfer"):
        body["amount"] = _amount(visit, "amount", wallet["currency"], errors)
    if kind == "transfer":
        body["to_wallet_id"] = visit.form.get("to_wallet_id", "")
    if kind in ("assign", "unassign"):
        body["spends"] = visit.form.get("spends", "")
        reward = visit.form.get("reward_id", "").strip()[:TEXT_MAX_CHARS]
        body |= {"reward_id": reward} if reward else {}
        is_money = body["spends"] == "redemptions" and kind == "assign" and wallet["currency"] != POINTS
        if is_money:
            body["unit_cost"] = _amount(visit, "unit_cost", wallet["currency"], errors)
    if errors:
        return await _proposal(visit, key, errors=errors)
    answer = await visit.ask.post("rewards", f"{_path(visit)}/decisions", body, key=key)
    if not answer.ok:
        return await _proposal(visit, key, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/decisions/{answer.body['decision_id']}", toast="proposed")


async def _proposal(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    wallet = await _find(visit)
    others = await visit.ask.get("rewards", "/v1/wallets", limit=LIST_COUNT)
    names = ("kind", "reason", "amount", "to_wallet_id", "spends", "reward_id", "unit_cost")
    return visit.page(
        "pages/wallets/propose.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        key=key,
        wallet=wallet,
        kinds=[(value, visit.say(text)) for value, text in words.KINDS.items()],
        spends=[(value, visit.say(text)) for value, text in words.SPENDS.items()],
        others=[
            (one["wallet_id"], one["title"])
            for one in others.items
            if one["state"] != "closed"
            and one["currency"] == wallet["currency"]
            and one["wallet_id"] != wallet["wallet_id"]
        ],
        typed={name: visit.form.get(name, "") for name in names},
        errors=errors or {},
        refused=refused,
    )


async def decision(visit: Visit) -> Response:
    """What somebody proposed, and what may be decided."""
    return await _decision(visit)


async def confirm(visit: Visit) -> Response:
    """Have it done."""
    if not visit.form.get("seen"):
        return await _decision(visit, errors={"seen": visit.say(_("Say that you have looked at it"))})
    return await _decide(visit, "confirm", "confirmed")


async def withdraw(visit: Visit) -> Response:
    """Have it come to nothing."""
    return await _decide(visit, "withdraw", "withdrawn")


async def _decide(visit: Visit, verb: str, toast: str) -> Response:
    decision_id = visit.request.path_params["decision_id"]
    answer = await visit.ask.command("POST", "rewards", f"/v1/wallet-decisions/{decision_id}/{verb}")
    if not answer.ok:
        return await _decision(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/decisions/{decision_id}", toast=toast)


async def _decision(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answer = await visit.ask.get("rewards", f"/v1/wallet-decisions/{visit.request.path_params['decision_id']}")
    if answer.is_missing:
        raise NotFoundError
    is_own = answer.ok and answer.body["proposed"]["person_id"] == visit.signed_in.person_id
    waits = answer.body["proposed"] if answer.ok and answer.body["state"] == "proposed" else None
    target = None
    if answer.ok and answer.body["to_wallet_id"]:
        target = await visit.ask.get("rewards", f"/v1/wallets/{answer.body['to_wallet_id']}")
    return visit.page(
        "pages/wallets/decision.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        answer=answer,
        target=target,
        words=words,
        approvers=await others_who_may(visit, APPROVE, proposed=waits),
        is_own=is_own,
        may_confirm=visit.signed_in.may(APPROVE) and not is_own,
        may_withdraw=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
    )


async def _find(visit: Visit) -> Any:
    answer = await visit.ask.get("rewards", _path(visit))
    if not answer.ok:
        raise NotFoundError
    return answer.body


def _path(visit: Visit) -> str:
    return f"/v1/wallets/{visit.request.path_params['wallet_id']}"


def _title(visit: Visit, errors: dict[str, str]) -> str:
    title = " ".join(visit.form.get("title", "").split())[:TEXT_MAX_CHARS]
    if not title:
        errors["title"] = visit.say(_("Say what it is called"))
    return title


def _amount(
    visit: Visit, name: str, currency: str, errors: dict[str, str], *, is_needed: bool = True
) -> int | None:
    """Points or minor units as typed; None where nothing is."""
    typed = visit.form.get(name, "").strip()[:AMOUNT_MAX_CHARS].replace(",", ".")
    if not typed and not is_needed:
        return None
    try:
        amount = Decimal(typed) if currency == POINTS else Decimal(typed).scaleb(exponent(currency))
        if amount <= 0 or amount != amount.to_integral_value():
            raise ValueError
        return int(amount)
    except (InvalidOperation, ValueError, OverflowError):
        errors[name] = visit.say(_("Say an amount above zero, such as 12.50"))
        return None


def _typed(amount: int | None, currency: str) -> str:
    if amount is None:
        return ""
    return str(amount if currency == POINTS else Decimal(amount).scaleb(-exponent(currency)))


WALLET = f"{PATH}/{{wallet_id:uuid}}"
DECISION = f"{PATH}/decisions/{{decision_id:uuid}}"
ROUTES = [
    Route(PATH, page(show, scope=WALLETS.scope)),
    Route(f"{PATH}/new", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{PATH}/new", page(make, scope=WRITE), methods=["POST"]),
    Route(WALLET, page(one, scope=WALLETS.scope)),
    Route(f"{WALLET}/moves.csv", page(download, scope=WALLETS.scope)),
    Route(f"{WALLET}/freeze", page(freeze, scope=WRITE), methods=["POST"]),
    Route(f"{WALLET}/change", page(change_form, scope=WRITE), methods=["GET"]),
    Route(f"{WALLET}/change", page(change, scope=WRITE), methods=["POST"]),
    Route(f"{WALLET}/propose", page(proposal, scope=WRITE), methods=["GET"]),
    Route(f"{WALLET}/propose", page(propose, scope=WRITE), methods=["POST"]),
    Route(DECISION, page(decision, scope=WALLETS.scope)),
    Route(f"{DECISION}/confirm", page(confirm, scope=APPROVE), methods=["POST"]),
    Route(f"{DECISION}/withdraw", page(withdraw, scope=WRITE), methods=["POST"]),
]
