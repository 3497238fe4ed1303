"""A member's own data: what they wish, their card, all of it to take away, and being forgotten."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import IO, Any

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import MY_DATA
from console.frame.refusals import Refusal
from console.frame.visits import Visit, cookie, page
from console.pages.audit.words import COMMANDS, READ
from console.pages.cards.drawing import card_svg
from console.pages.my_data.archive import NotGatheredError, make_archive

#: As recognition reads it: the consent to a card that everybody may see.
CARD = "card"
CHUNK_BYTES = 64 * 1024
#: Entries that are looked through for those of others, and how many of these are shown.
ENTRIES_COUNT = 100
SHOWN_COUNT = 10
EXPORT = f"{MY_DATA.path}/export"
ERASE = f"{MY_DATA.path}/erase"


async def show(visit: Visit) -> Response:
    """What is wished, the card, and the ways to all of it."""
    return await _page(visit)


async def wish(visit: Visit) -> Response:
    """Want a card, or boards, or not any more."""
    wishes: dict[str, Any] = {"source": "member"}
    match visit.form.get("wish"), visit.form.get("value") == "yes":
        case "card", value:
            wishes["consents"] = {CARD: value}
        case "boards", value:
            wishes["opt_outs"] = {"boards": not value}
        case "language", _:
            wishes["language"] = visit.language
        case _:
            return await _page(visit)
    done = await visit.ask.command("PUT", "ingest", f"{_own(visit)}/preferences", wishes)
    return visit.see_other(MY_DATA.path, toast="saved") if done.ok else await _page(visit, Refusal.of(done))


async def picture(visit: Visit) -> Response:
    """The member's card as they would show it, before they do."""
    answer = await visit.ask.get("recognition", f"{_own(visit)}/card")
    card = answer.body if answer.ok else None
    return card_svg(visit.console.templates, card, community=visit.community, language=visit.language)


async def export(visit: Visit) -> Response:
    """All that is held, as an archive."""
    try:
        file = await make_archive(visit)
    except NotGatheredError as error:
        answer = error.answer
        refused = Refusal(TOO_MUCH, status=413) if answer is None else Refusal.of(answer)
        return await _page(visit, refused)
    name = f"my-data-{datetime.now(UTC):%Y-%m-%d}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_sent(file), media_type="application/zip", headers=headers)


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


TOO_MUCH = _("There is more of you than one archive holds: an operator of the community can write it for you")


async def ask_erasure(visit: Visit) -> Response:
    """What would go, what would remain until when, and what has to be decided."""
    return await _erasure(visit)


async def erase(visit: Visit) -> Response:
    """Forget the member, for good, once they have typed that they want it."""
    form = visit.form
    errors = {}
    if form.get("word", "").strip().casefold() != visit.say(WORD).casefold():
        errors["word"] = visit.say(_("Type {word}, as it stands above"), word=visit.say(WORD))
    open_points = await visit.ask.get("rewards", f"{_own(visit)}/open")
    if not (open_points.ok or open_points.is_missing):
        return await _erasure(visit, refused=Refusal.of(open_points))
    if points_left(open_points) and form.get("forfeit") != "yes":
        errors["forfeit"] = visit.say(_("Say that the points that are left are given up, or spend them first"))
    if errors:
        return await _erasure(visit, errors=errors)
    points = "forfeited" if form.get("forfeit") == "yes" else "nothing"
    done = await visit.ask.post("ingest", f"{_own(visit)}/erase", {"points": points})
    if not done.ok:
        return await _erasure(visit, refused=Refusal.of(done))
    await visit.console.sessions.end(visit.signed_in.secret)
    visit.cookies[cookie("session", visit.console.settings)] = ("", 0)
    return visit.page("pages/my_data/erased.html", proof=done.body)


#: What is typed by whoever wants to be forgotten.
WORD = _("forget me")


def points_left(answer: Answer) -> int:
    """Points that would be given up: those that can be spent now, or later."""
    points: Mapping[str, int] = answer.body["points"] if answer.ok else {}
    return sum(max(0, points.get(kind, 0)) for kind in ("available", "pending"))


def _own(visit: Visit) -> str:
    return f"/v1/members/{visit.signed_in.member_id}"


async def _page(visit: Visit, refused: Refusal | None = None) -> Response:
    ask, own = visit.ask, _own(visit)
    answers: dict[str, Answer] = await ask.all(
        known=ask.get("ingest", f"{own}/attributes"),
        card=ask.get("recognition", f"{own}/card"),
        readers=ask.get("analytics", f"{own}/audit", limit=ENTRIES_COUNT),
    )
    own_id = visit.signed_in.person_id
    facts: dict[tuple[str, str], Any] = {}
    for fact in answers["known"].items:
        facts[fact["kind"], fact["name"]] = fact
    return visit.page(
        "pages/my_data/page.html",
        status=200 if refused is None else refused.status,
        **answers,
        facts=facts,
        by_others=[one for one in answers["readers"].items if one["person_id"] != own_id][:SHOWN_COUNT],
        did=COMMANDS,
        read_words=READ,
        wants_card=_is(facts, "consent", CARD),
        is_off_boards=_is(facts, "opt_out", "boards"),
        address=visit.console.settings.console_url.rstrip("/"),
        refused=refused,
    )


def _is(facts: Mapping[tuple[str, str], Any], kind: str, name: str) -> bool:
    return facts.get((kind, name), {}).get("value") is True


async def _erasure(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    ask, own = visit.ask, _own(visit)
    answers: dict[str, Answer] = await ask.all(
        erasure=ask.get("ingest", f"{own}/erasure"), affairs=ask.get("rewards", f"{own}/open")
    )
    return visit.page(
        "pages/my_data/erase.html",
        status=422 if errors else 200 if refused is None else refused.status,
        **answers,
        left=points_left(answers["affairs"]),
        word=visit.say(WORD),
        errors=errors or {},
        refused=refused,
    )


async def _sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        file.close()


ROUTES = [
    Route(MY_DATA.path, page(show, for_members=True), methods=["GET"]),
    Route(MY_DATA.path, page(wish, for_members=True), methods=["POST"]),
    Route(f"{MY_DATA.path}/card.svg", page(picture, for_members=True)),
    Route(EXPORT, page(export, for_members=True), methods=["POST"]),
    Route(ERASE, page(ask_erasure, for_members=True), methods=["GET"]),
    Route(ERASE, page(erase, for_members=True), methods=["POST"]),
]
