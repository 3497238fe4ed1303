"""What a member is interested in and knows: for who looks after the community, and for themselves."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import Listing
from console.frame.navigation import MEMBERS
from console.frame.visits import NotFoundError, Visit, page

MY_TOPICS = "/me/topics"
SOURCES_COUNT = 20
SCOPE = "analytics:read"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What somebody did about a topic.
HOW = {"wrote": _("wrote"), "read": _("read"), "answered": _("answered first")}


async def of_member(visit: Visit) -> Response:
    """The topics of a member, for managers."""
    return await _page(visit, str(visit.request.path_params["member_id"]), is_own=False)


async def own(visit: Visit) -> Response:
    """The member's own."""
    return await _page(visit, str(visit.signed_in.member_id), is_own=True)


async def _page(visit: Visit, member_id: str, *, is_own: bool) -> Response:
    listing = Listing.of(visit.request.url.path, visit.request.query_params, kept=("topic",))
    topic, ask = listing.said.get("topic"), visit.ask
    questions: dict[str, Any] = {"topics": ask.get("analytics", f"/v1/members/{member_id}/topics")}
    if not is_own:
        questions["member"] = ask.get("ingest", f"/v1/members/{member_id}")
    if topic:
        questions["sources"] = ask.get(
            "analytics",
            f"/v1/members/{member_id}/topic-sources",
            topic=topic,
            limit=SOURCES_COUNT,
            after=listing.said.get("after"),
        )
    answers = await ask.all(**questions)
    if not is_own and answers["member"].is_missing:
        raise NotFoundError
    return visit.page(
        "pages/topics/page.html",
        topics=answers["topics"],
        member=answers.get("member"),
        sources=answers.get("sources"),
        listing=listing,
        topic=topic,
        is_own=is_own,
        ways=HOW,
    )


ROUTES = [
    Route(f"{MEMBERS.path}/{{member_id:uuid}}/topics", page(of_member, scope=SCOPE)),
    Route(MY_TOPICS, page(own, for_members=True)),
]
