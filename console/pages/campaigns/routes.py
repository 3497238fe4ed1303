"""Campaigns: budget, pace and days of each, and a person who stops one or lets it go on."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import CAMPAIGNS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

WRITE = "programmes:write"
UNPROCESSABLE = 422
REASON_MAX_CHARS = 200
#: Those that ask for somebody first, and those that are over last.
ORDER = ("braked", "exhausted", "stopped", "slowed", "running", "planned", "late", "closed")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """All campaigns of the programme in force."""
    campaigns = await visit.ask.get("scoring", "/v1/campaigns")
    items = sorted(campaigns.items, key=lambda one: (ORDER.index(one["state"]), one["ends"]))
    return visit.page("pages/campaigns/page.html", campaigns=campaigns, items=items)


async def one(visit: Visit) -> Response:
    """One of them: what it spent by rule and day, how fast, and what it is worth."""
    return await _one(visit)


async def stop(visit: Visit) -> Response:
    """Have it give nothing."""
    return await _change(visit, "stop", "done")


async def resume(visit: Visit) -> Response:
    """Have it go on."""
    return await _change(visit, "resume", "done")


async def _change(visit: Visit, verb: str, toast: str) -> Response:
    reason = visit.form.get("reason", "").strip()
    if not reason or len(reason) > REASON_MAX_CHARS:
        return await _one(visit, errors={"reason": visit.say(_("Say why, in a line"))})
    answer = await visit.ask.command("POST", "scoring", f"{_path(visit)}/{verb}", {"reason": reason})
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{CAMPAIGNS.path}/{visit.request.path_params['campaign_id']}", toast=toast)


def _path(visit: Visit) -> str:
    return f"/v1/campaigns/{visit.request.path_params['campaign_id']}"


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answers = await visit.ask.all(
        campaign=visit.ask.get("scoring", _path(visit)),
        effect=visit.ask.get("analytics", f"/v1/lift/campaigns/{visit.request.path_params['campaign_id']}"),
    )
    campaign = answers["campaign"]
    if campaign.is_missing or campaign.status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/campaigns/one.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        campaign=campaign,
        effect=answers["effect"],
        campaign_id=visit.request.path_params["campaign_id"],
        may_change=visit.signed_in.may(WRITE),
        reason=visit.form.get("reason", ""),
        errors=errors or {},
        refused=refused,
    )


ONE = f"{CAMPAIGNS.path}/{{campaign_id}}"
ROUTES = [
    Route(CAMPAIGNS.path, page(show, scope=CAMPAIGNS.scope)),
    Route(ONE, page(one, scope=CAMPAIGNS.scope)),
    Route(f"{ONE}/stop", page(stop, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/resume", page(resume, scope=WRITE), methods=["POST"]),
]
