"""An indicator of the scorecard: its weeks, what it aims at and since when, and what was decided on it."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.figures import FIGURES, unit_of
from console.frame.navigation import SCORECARD
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.deciding import beside
from console.pages.insight.words import PRACTICES

REASON_MAX_CHARS: Final = 500
OBJECTIVES_COUNT: Final = 20
#: What a person types stands for so much in the figure's unit: per cent, a number, hours.
_TYPED: Final = {"share": 0.01, "count": 1.0, "seconds": 3_600.0}


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """The indicator."""
    return await _show(visit)


async def _show(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    name = str(visit.request.path_params["name"])
    if name not in FIGURES:
        raise NotFoundError
    answers: dict[str, Answer] = await visit.ask.all(
        card=visit.ask.get("analytics", "/v1/scorecard"),
        objectives=visit.ask.get("ingest", "/v1/objectives", indicator=name, limit=OBJECTIVES_COUNT),
    )
    card = answers["card"]
    found: tuple[Any, Any] | None = None
    if card.ok:
        found = next(
            (
                (practice, one)
                for practice in card.body["practices"]
                for one in practice["indicators"]
                if one["name"] == name
            ),
            None,
        )
        if found is None:
            raise NotFoundError
    return visit.page(
        "pages/insight/indicator.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=card,
        name=name,
        practice=None if found is None else found[0]["practice"],
        one=None if found is None else found[1],
        words=FIGURES[name],
        practice_words=PRACTICES,
        objectives=answers["objectives"],
        decided=await beside(visit, name),
        typed_unit=_TYPED[unit_of(name)],
        typed=visit.form,
        errors=errors or {},
        refused=refused,
    )


async def aim(visit: Visit) -> Response:
    """Have it aim at something else from today on."""
    name = str(visit.request.path_params["name"])
    if name not in FIGURES:
        raise NotFoundError
    errors = dict[str, str]()
    reason, said = visit.form.get("reason", "").strip(), visit.form.get("objective", "").strip().replace(",", ".")
    objective = _number(said)
    if objective is None:
        errors["objective"] = visit.say(_("A number, such as 80"))
    if not reason:
        errors["reason"] = visit.say(_("Say why"))
    elif len(reason) > REASON_MAX_CHARS:
        errors["reason"] = visit.say(_("Say it in at most {count} characters"), count=REASON_MAX_CHARS)
    if errors or objective is None:
        return await _show(visit, errors=errors)
    body = {"objective": round(objective * _TYPED[unit_of(name)], 6), "reason": reason}
    done = await visit.ask.command("PUT", "ingest", f"/v1/objectives/{name}", body)
    if not done.ok:
        return await _show(visit, refused=Refusal.of(done))
    return visit.see_other(f"{SCORECARD.path}/{name}", toast="objective-set")


def _number(said: str) -> float | None:
    try:
        number = float(said)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


_ONE: Final = f"{SCORECARD.path}/{{name}}"
ROUTES: Sequence[Route] = [
    Route(_ONE, page(show, scope=SCORECARD.scope), methods=["GET"]),
    Route(_ONE, page(aim, scope="programmes:write"), methods=["POST"]),
]
