"""Members are found by what somebody typed. It comes in forms: names stay out of addresses and logs."""

from typing import Any

from starlette.responses import JSONResponse, Response

from console.asking import Answer
from console.frame.visits import Visit
from console.saved_views.store import load_all_views

#: What of a text is looked for, and from how many characters on.
TEXT_MAX_CHARS = 300
TEXT_MIN_CHARS = 2
FOUND_COUNT = 8


async def members_like(
    visit: Visit, text: str | None, *, mark: str | None = None, after: str | None = None, limit: int
) -> Answer:
    """Members whose name, handle or mark is like that."""
    body: dict[str, Any] = {"text": text or None, "mark": mark}
    query = f"?limit={limit}" + (f"&after={after}" if after else "")
    return await visit.ask.post("ingest", f"/v1/members/search{query}", body)


async def find(visit: Visit) -> Response:
    """What the palette shows of what was typed so far: members, and the visitor's own views."""
    text = " ".join(visit.form.get("q", "").split())[:TEXT_MAX_CHARS]
    found: list[dict[str, str]] = []
    if len(text) >= TEXT_MIN_CHARS:
        answer = await members_like(visit, text, limit=FOUND_COUNT)
        found += [
            {
                "href": f"/members/{one['member_id']}",
                "text": one["name"] or visit.say("without a name"),
                "sub": ", ".join(f"{of['channel']}:{of['id']}" for of in one["identities"][:2]),
            }
            for one in answer.items
        ]
        session = visit.signed_in
        async with visit.console.database.begin() as conn:
            views = await load_all_views(conn, community=session.community, person_id=session.person_id)
        found += [
            {"href": one.href, "text": one.name, "sub": one.page}
            for one in views
            if text.casefold() in one.name.casefold()
        ][:FOUND_COUNT]
    return JSONResponse({"items": found})
