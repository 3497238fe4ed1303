"""Members by points of a week, a month or from the beginning."""

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Filter, Listing
from console.frame.navigation import LEADERBOARD
from console.frame.visits import NotFoundError, Visit, page

PERIODS = ("week", "month", "all")
PAGE_COUNT = 50
#: With this scope one sees which audiences there are.
AUDIENCES = "programmes:read"
#: What recognition answers to what cannot be an audience's id.
UNPROCESSABLE = 422


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """A page of the board."""
    params = visit.request.query_params
    period = params.get("period") if params.get("period") in PERIODS else PERIODS[1]
    audience = params.get("audience") or None
    questions = {
        "answer": visit.ask.get(
            "recognition",
            "/v1/leaderboard",
            period=period,
            limit=PAGE_COUNT,
            after=params.get("after"),
            audience=audience,
        )
    }
    if visit.signed_in.may(AUDIENCES):
        questions["audiences"] = visit.ask.get("scoring", "/v1/audiences")
    answers: dict[str, Answer] = await visit.ask.all(**questions)
    answer = answers["answer"]
    if audience is not None and (answer.is_missing or answer.status == UNPROCESSABLE):
        raise NotFoundError
    declared = answers["audiences"].items if "audiences" in answers and answers["audiences"].ok else []
    choices = [(one["id"], one["title"]) for one in declared]
    of = answer.body["audience"] if answer.ok else None
    if of is not None and of["id"] not in dict(choices):
        choices.append((of["id"], of["title"]))
    filters = [Filter("audience", visit.say(_("Audience")), choices)] if choices else []
    listing = Listing.of(LEADERBOARD.path, params, kept=("period",), filters=filters)
    return visit.page(
        "pages/leaderboard/page.html",
        answer=answer,
        period=period,
        audience=of,
        listing=listing,
        is_first="after" not in params,
    )


ROUTES = [Route(LEADERBOARD.path, page(show, scope=LEADERBOARD.scope))]
