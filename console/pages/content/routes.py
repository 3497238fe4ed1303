"""Content: the best of a week or month, what nobody judged yet, and why one is as good as it is said to be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import Filter, Listing
from console.frame.navigation import CONTENT
from console.frame.visits import NotFoundError, Visit, page

READ_TEXTS: Final = "members:read"
UNJUDGED: Final = f"{CONTENT.path}/unjudged"
READ: Final = f"{CONTENT.path}/read"
#: Of so many days topics are that are worth writing down.
TO_WRITE_DAYS: Final = 29
#: Each is looked up with what was written and where it stands.
SHOWN_COUNT: Final = 20
EXCERPT_MAX_CHARS: Final = 160
UNPROCESSABLE: Final = 422
CHANNELS: Final = ("forum", "chat", "code", "social", "idea", "support")
DAYS: Final = ("7", "30", "90")
DAY: Final = timedelta(days=1)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


BEST_BY: Final = {"week": _("week"), "month": _("month")}
#: What a judgement is, by its kind.
KINDS: Final = {
    "accepted": _("accepted it"),
    "voted": _("voted"),
    "rated": _("rated it"),
    "reacted": _("reacted"),
    "reported": _("reported it"),
    "seen": _("answered"),
}
#: Why a judgement weighs nothing.
WHY_NOTHING: Final = {
    "retracted": _("It was taken back."),
    "own": _("Nobody judges their own."),
    "bot": _("Bots judge nothing."),
    "no_author": _("Its platform did not say whose it is."),
    "seen": _("An answer says that somebody looked at it, and not how good it is."),
    "suspended": _("Its author was suspended then: nothing of that time counts for them."),
    "no_weight": _("The programme lets this kind weigh nothing."),
    "not_trusted": _("Nobody whom others trust found good what they made, up to then."),
    "too_many": _("More than twenty by one person of another’s in 30 days: the rest weigh nothing."),
}
#: What content is, by the type of event that made it.
MADE: Final = {
    "forum.post.v1": _("Topic"),
    "forum.reply.v1": _("Answer"),
    "chat.message.v1": _("Message"),
    "code.commit.v1": _("Commit"),
    "code.issue.v1": _("Issue"),
    "code.pull_request.v1": _("Pull request"),
    "code.comment.v1": _("Comment"),
    "code.release.v1": _("Release"),
    "idea.suggested.v1": _("Suggestion"),
}


@dataclass(frozen=True)
class Written:
    """The beginning of what was written, and where it stands; empty where nothing is kept of it."""

    excerpt: str = ""
    url: str = ""


async def best(visit: Visit) -> Response:
    """The best of a week or month."""
    spans = [(one, visit.say(BEST_BY[one])) for one in BEST_BY]
    by = Filter("by", visit.say(_("Of a")), spans, usual="week")
    said = dict(visit.request.query_params)
    if _day(said.get("day")) is None:
        said.pop("day", None)
    listing = Listing.of(CONTENT.path, said, filters=[by, _channels(visit)], kept=("day",))
    content = await visit.ask.get(
        "scoring",
        "/v1/content/best",
        limit=SHOWN_COUNT,
        after=listing.said.get("after"),
        by=listing.said.get("by", "week"),
        day=listing.said.get("day"),
        channel=listing.said.get("channel"),
    )
    span: dict[str, Any] = dict.fromkeys(("starts", "ends", "before", "following"))
    if content.ok:
        starts, ends = (date.fromisoformat(content.body[name]) for name in ("starts_on", "ends_on"))
        span |= {"starts": starts, "ends": ends, "before": listing.href(day=(starts - DAY).isoformat())}
        if ends < datetime.now(visit.writer.zone).date():
            span["following"] = listing.href(day=(ends + DAY).isoformat())
    return visit.page(
        "pages/content/page.html",
        content=content,
        listing=listing,
        written=await _written(visit, content.items if content.ok else ()),
        kinds=MADE,
        **span,
    )


async def unjudged(visit: Visit) -> Response:
    """What nobody judged yet, the oldest first."""
    days = Filter(
        "days",
        visit.say(_("Of the last days")),
        [(one, visit.writer.number(int(one))) for one in DAYS],
        usual="30",
    )
    listing = Listing.of(UNJUDGED, visit.request.query_params, filters=[days, _channels(visit)])
    content = await visit.ask.get(
        "scoring",
        "/v1/content/unjudged",
        limit=SHOWN_COUNT,
        after=listing.said.get("after"),
        days=listing.said.get("days", "30"),
        channel=listing.said.get("channel"),
    )
    return visit.page(
        "pages/content/unjudged.html",
        content=content,
        listing=listing,
        written=await _written(visit, content.items if content.ok else ()),
        kinds=MADE,
    )


async def read(visit: Visit) -> Response:
    """What is read in a month by how many of its readers respond, and what is worth writing down."""
    said = dict(visit.request.query_params)
    if _day(said.get("day")) is None:
        said.pop("day", None)
    listing = Listing.of(READ, said, filters=[_channels(visit)], kept=("day", "audience"))
    audience, ask = listing.said.get("audience"), visit.ask
    today = datetime.now(visit.writer.zone).date()
    answers = await ask.all(
        content=ask.get(
            "analytics",
            "/v1/read-content",
            limit=SHOWN_COUNT,
            after=listing.said.get("after"),
            day=listing.said.get("day"),
            channel=listing.said.get("channel"),
        ),
        topics=ask.get(
            "analytics",
            "/v1/question-topics",
            from_=today - TO_WRITE_DAYS * DAY,
            to=today,
            audience=audience,
        ),
        audiences=ask.get("analytics", "/v1/slices", by="audience", limit=SHOWN_COUNT),
    )
    content = answers["content"]
    span: dict[str, Any] = dict.fromkeys(("starts", "ends", "before", "following"))
    if content.ok:
        starts, ends = (date.fromisoformat(content.body[name]) for name in ("starts_on", "ends_on"))
        span |= {"starts": starts, "ends": ends, "before": listing.href(day=(starts - DAY).isoformat())}
        if ends < today:
            span["following"] = listing.href(day=(ends + DAY).isoformat())
    return visit.page(
        "pages/content/read.html",
        content=content,
        listing=listing,
        written=await _texts(visit, {one["item_id"]: one["made_uid"] for one in content.items}),
        topics=answers["topics"],
        audience=audience,
        audiences=[one for one in answers["audiences"].items if one["title"]],
        **span,
    )


async def one(visit: Visit) -> Response:
    """One of them: its quality, what that is made of, and each judgement with what it weighs."""
    content_id = visit.request.path_params["content_id"]
    listing = Listing.of(f"{CONTENT.path}/{content_id}", visit.request.query_params)
    answers = await visit.ask.all(
        content=visit.ask.get("scoring", f"/v1/content/{content_id}"),
        judged=visit.ask.get(
            "scoring", f"/v1/content/{content_id}/judgements", limit=SHOWN_COUNT, after=listing.said.get("after")
        ),
    )
    content = answers["content"]
    if content.is_missing or content.status == UNPROCESSABLE:
        raise NotFoundError
    written = await _written(visit, [content.body] if content.ok else [])
    return visit.page(
        "pages/content/one.html",
        content=content,
        judged=answers["judged"],
        listing=listing,
        text=written.get(content_id, Written()),
        kinds=MADE,
        judgements=KINDS,
        why=WHY_NOTHING,
    )


def _channels(visit: Visit) -> Filter:
    return Filter("channel", visit.say(_("Channel")), [(one, one) for one in CHANNELS])


def _day(said: str | None) -> date | None:
    try:
        return None if said is None else date.fromisoformat(said)
    except ValueError:
        return None


async def _written(visit: Visit, items: Iterable[Mapping[str, Any]]) -> dict[str, Written]:
    """What was written, and where it stands, by the content's id: for whoever may read it, while it is kept."""
    return await _texts(visit, {one["content_id"]: one["made_uid"] for one in items})


async def _texts(visit: Visit, uids: Mapping[str, str | None]) -> dict[str, Written]:
    """The same by whatever the events that made it are known by."""
    wanted = {name: uid for name, uid in uids.items() if uid}
    if not wanted or not visit.signed_in.may(READ_TEXTS):
        return {}
    answers = await visit.ask.all(
        **{name: visit.ask.get("ingest", f"/v1/texts/{uid}") for name, uid in wanted.items()}
    )
    return {name: _of(answer.body["fields"]) for name, answer in answers.items() if answer.ok}


def _of(fields: Mapping[str, str]) -> Written:
    text = " ".join(next((fields[name] for name in ("text", "message", "comment") if name in fields), "").split())
    url = fields.get("url", "")
    return Written(
        text if len(text) <= EXCERPT_MAX_CHARS else text[: EXCERPT_MAX_CHARS - 1].rstrip() + "…",
        url if url.startswith(("https://", "http://")) else "",
    )


ROUTES = [
    Route(CONTENT.path, page(best, scope=CONTENT.scope)),
    Route(UNJUDGED, page(unjudged, scope=CONTENT.scope)),
    Route(READ, page(read, scope="analytics:read")),
    Route(f"{CONTENT.path}/{{content_id}}", page(one, scope=CONTENT.scope)),
]
