"""Pages of what was refused: the list, one with what came and what stands, and sending it again."""

from typing import Any

import orjson
from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import RECEIPTS
from console.frame.visits import NotFoundError, Visit, page
from console.pages.refused.words import CAUSES, shown

PATH = "/refused"
WRITE_SCOPE = "events:write"
#: More of what came is not shown; the API has all of it.
CAME_MAX_CHARS = 20_000


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """What was refused and was not sent again yet, newest first."""
    return await _show(visit)


async def _show(visit: Visit, refused: Answer | None = None) -> Response:
    listing = Listing.of(
        PATH,
        visit.request.query_params,
        filters=[
            Filter("cause", visit.say(_("Cause")), [(name, visit.say(one.title)) for name, one in CAUSES.items()]),
            Filter("event_type", visit.say(_("Type"))),
            Filter(
                "replayed",
                visit.say(_("State")),
                [("false", visit.say(_("waits"))), ("true", visit.say(_("sent again")))],
                usual="false",
            ),
        ],
    )
    asked = {"replayed": "false", **listing.chosen}
    answers: dict[str, Any] = await visit.ask.all(
        answer=visit.ask.get(
            "ingest", "/v1/refused-events", limit=PAGE_COUNT, after=listing.said.get("after"), **asked
        ),
        counts=visit.ask.get("ingest", "/v1/refused-events/counts"),
    )
    return visit.page(
        "pages/refused/page.html",
        status=409 if refused else 200,
        **answers,
        listing=listing,
        causes=CAUSES,
        may_send=visit.signed_in.may(WRITE_SCOPE),
        refused=refused,
    )


async def replay_all(visit: Visit) -> Response:
    """Send again, as they came, those of a cause and a type, as far as they can be taken now."""
    wanted = {name: visit.form.get(name) or None for name in ("cause", "event_type")}
    answer = await visit.ask.post("ingest", "/v1/refused-events/replay", wanted)
    if not answer.ok:
        return await _show(visit, refused=answer)
    toast = "refused-sent" if answer.body["replayed"] else "refused-still"
    return visit.see_other(PATH, toast=toast)


async def look(visit: Visit) -> Response:
    """One of them, with what came and what stands."""
    return await _look(visit)


async def replay(visit: Visit) -> Response:
    """Send it again, as it came or as somebody mended it."""
    said = visit.form.get("event", "").strip()
    answer = await visit.ask.post("ingest", f"/v1/refused-events/{_id(visit)}/replay", {"event": said or None})
    if not answer.ok:
        return await _look(visit, refused=answer)
    return visit.see_other(f"{PATH}/{_id(visit)}", toast="refused-sent")


async def _look(visit: Visit, refused: Answer | None = None) -> Response:
    answer = await visit.ask.get("ingest", f"/v1/refused-events/{_id(visit)}")
    if answer.is_missing:
        raise NotFoundError
    came = _readable(answer.body["came"]) if answer.ok else ""
    return visit.page(
        "pages/refused/look.html",
        status=422 if refused else 200,
        answer=answer,
        here=f"{PATH}/{_id(visit)}",
        came=came[:CAME_MAX_CHARS],
        is_cut=len(came) > CAME_MAX_CHARS,
        mended=visit.form.get("event", "") or came,
        causes=CAUSES,
        shown=shown,
        may_send=visit.signed_in.may(WRITE_SCOPE),
        refused=refused,
    )


def _readable(came: Any) -> str:
    """What came as somebody reads it: JSON line by line, other text as it is."""
    return came if isinstance(came, str) else orjson.dumps(came, option=orjson.OPT_INDENT_2).decode()


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["refused_id"])


_ONE = f"{PATH}/{{refused_id:uuid}}"
ROUTES = [
    Route(PATH, page(show, scope=RECEIPTS.scope)),
    Route(f"{PATH}/replay", page(replay_all, scope=WRITE_SCOPE), methods=["POST"]),
    Route(_ONE, page(look, scope="members:read")),
    Route(f"{_ONE}/replay", page(replay, scope=WRITE_SCOPE), methods=["POST"]),
]
