"""The community's members: a table that is filtered and searched, and what is said of several of them at once."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Filter, Listing
from console.frame.navigation import MEMBERS
from console.frame.visits import NotFoundError, Visit, page
from console.pages.members import importing, leaving, member, merging, scoring
from console.pages.members.searching import TEXT_MAX_CHARS, TEXT_MIN_CHARS, find, members_like
from console.pages.members.words import ACTS, MARKS, OPPOSITE, REASONS

PAGE_COUNT = 30
SUGGESTIONS_COUNT = 25
#: Members that are said something of at once, and how many side by side.
MARKED_MAX_COUNT = 50
SIDE_BY_SIDE_COUNT = 5
WRITE = "members:write"
CHOSEN = re.compile(r"m-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """Members, those who came last first, narrowed by what they are."""
    return await _table(visit)


async def search(visit: Visit) -> Response:
    """Members whose name or handle begins like that. What was typed stays out of the address."""
    text = " ".join(visit.form.get("q", "").split())[:TEXT_MAX_CHARS]
    if len(text) < TEXT_MIN_CHARS:
        return visit.see_other(MEMBERS.path)
    return await _table(visit, text, after=visit.form.get("after") or None)


async def _table(visit: Visit, text: str | None = None, *, after: str | None = None) -> Response:
    choices = [(mark, visit.say(words)) for mark, words in MARKS.items()]
    listing = Listing.of(
        MEMBERS.path,
        visit.request.query_params if text is None else {},
        filters=[Filter("mark", visit.say(_("Who")), choices)],
    )
    mark = listing.said.get("mark")
    after = after if text is not None else listing.said.get("after")
    answers: dict[str, Any] = await visit.ask.all(
        found=members_like(visit, text, mark=mark, after=after, limit=PAGE_COUNT),
        counts=visit.ask.get("ingest", "/v1/members/counts"),
    )
    counts = {one["mark"]: one for one in answers["counts"].items}
    views = await visit.views(listing)
    ids = [one["member_id"] for one in answers["found"].items]
    totals = None
    if ids and visit.signed_in.may("recognition:read"):
        totals = await visit.ask.get("recognition", "/v1/totals", member=ids)
    return visit.page(
        "pages/members/page.html",
        totals=totals,
        total_by_id={one["member_id"]: one for one in totals.items} if totals else {},
        **answers,
        listing=listing,
        views=views,
        counted={f"mark={mark}" if mark else "": one["count"] for mark, one in counts.items()},
        total=counts.get(None),
        sought=text,
        marks=MARKS,
        acts=ACTS,
    )


async def mark(visit: Visit) -> Response:
    """Say something of the members that were chosen; it can be taken back at once."""
    act = visit.form.get("act", "")
    chosen = [found[1] for name in visit.form if (found := CHOSEN.fullmatch(name))][:MARKED_MAX_COUNT]
    if act not in ACTS:
        raise NotFoundError
    said = await _say(visit, chosen, act)
    answers = [answer for answer in said if answer is not None]
    done = [answer for answer in answers if answer.ok]
    return visit.page(
        "pages/members/marked.html",
        act=act,
        words=ACTS[act][2],
        opposite=OPPOSITE[act],
        done=[answer.body for answer in done],
        refused=[answer for answer in answers if not answer.ok],
        already=said.count(None),
        status=200 if done or not answers else 409,
    )


async def _say(visit: Visit, member_ids: Sequence[str], act: str) -> list[Answer | None]:
    """Say it of each: a command, and an entry in the audit log, for every one; None for who is so already.

    What is undone then is what was done: nobody loses what they were before.
    """
    name, is_so, _words = ACTS[act]
    few = asyncio.Semaphore(SIDE_BY_SIDE_COUNT)

    async def one(member_id: str) -> Answer | None:
        async with few:
            known = await visit.ask.get("ingest", f"/v1/members/{member_id}")
            if known.ok and _is(known.body, name) == is_so:
                return None
            return await visit.ask.command("PUT", "ingest", f"/v1/members/{member_id}/standing", {name: is_so})

    return list(await asyncio.gather(*(one(member_id) for member_id in member_ids)))


def _is(member: Mapping[str, Any], name: str) -> bool:
    return member["bot_by"] is not None if name == "bot" else name in member["standing"]


async def suggestions(visit: Visit) -> Response:
    """Members who may be one person, and why."""
    listing = Listing.of(f"{MEMBERS.path}/suggestions", visit.request.query_params)
    answer = await visit.ask.get(
        "ingest", "/v1/members/suggestions", limit=SUGGESTIONS_COUNT, after=listing.said.get("after")
    )
    named = sorted({one[key] for one in answer.items for key in ("member_id", "other_id")})
    few = asyncio.Semaphore(SIDE_BY_SIDE_COUNT)

    async def known(member_id: str) -> Answer:
        async with few:
            return await visit.ask.get("ingest", f"/v1/members/{member_id}")

    found = await asyncio.gather(*(known(member_id) for member_id in named))
    return visit.page(
        "pages/members/suggestions.html",
        answer=answer,
        listing=listing,
        members={one.body["member_id"]: one.body for one in found if one.ok},
        reasons=REASONS,
    )


ONE = f"{MEMBERS.path}/{{member_id:uuid}}"
ROUTES = [
    Route(MEMBERS.path, page(show, scope=MEMBERS.scope)),
    Route(f"{MEMBERS.path}/search", page(search, scope=MEMBERS.scope), methods=["POST"]),
    Route(f"{MEMBERS.path}/find", page(find, scope=MEMBERS.scope), methods=["POST"]),
    Route(f"{MEMBERS.path}/mark", page(mark, scope=WRITE), methods=["POST"]),
    Route(f"{MEMBERS.path}/suggestions", page(suggestions, scope=MEMBERS.scope)),
    Route(importing.PATH, page(importing.show, scope=WRITE), methods=["GET"]),
    Route(importing.PATH, page(importing.look, scope=WRITE), methods=["POST"]),
    Route(f"{importing.PATH}/rows", page(importing.declare, scope=WRITE), methods=["POST"]),
    Route(ONE, page(member.show, scope=MEMBERS.scope)),
    Route(f"{ONE}/standing", page(member.say_standing, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/score", page(scoring.look, scope="points:read")),
    Route(f"{ONE}/merge", page(merging.look, scope=WRITE), methods=["GET"]),
    Route(f"{ONE}/merge", page(merging.merge, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/unmerge", page(merging.part, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/export", page(leaving.export, scope=leaving.EXPORT), methods=["POST"]),
    Route(f"{ONE}/forget", page(leaving.look, scope=leaving.ERASE), methods=["GET"]),
    Route(f"{ONE}/forget", page(leaving.forget, scope=leaving.ERASE), methods=["POST"]),
]
