"""A member's page of the guidelines: accept them, report something, appeal; and the page that everybody sees."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from console.asking import UNAUTHORIZED, Answer
from console.frame.navigation import MY_GUIDELINES
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.guidelines.routes import titles_of
from console.pages.visitors.routes import visited
from shared.contracts.channels import ID_RULES

UNPROCESSABLE = 422
ID_MAX_CHARS = 255


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """The guidelines, what was decided of what the member made, and a form to report something."""
    return await _show(visit)


async def accept(visit: Visit) -> Response:
    """Accept the version that was read."""
    return await _do(visit, "guidelines/accept", {"version": visit.form.get("version", "")})


async def appeal(visit: Visit) -> Response:
    """Have another person look at a decision."""
    case_id = visit.request.path_params["case_id"]
    return await _do(visit, f"guideline-cases/{case_id}/appeal", {"reason": visit.form.get("reason", "")})


async def report(visit: Visit) -> Response:
    """Report something."""
    object_id = visit.form.get("object_id", "").strip()
    if not object_id or len(object_id) > ID_MAX_CHARS:
        return await _show(visit, errors={"object_id": visit.say(_("Say which, by its id there"))})
    body = {
        "channel": visit.form.get("channel", ""),
        "object_id": object_id,
        "category": visit.form.get("category", ""),
    }
    return await _do(visit, "guideline-reports", body)


async def _do(visit: Visit, what: str, body: Mapping[str, str]) -> Response:
    answer = await visit.ask.post("scoring", f"/v1/members/{visit.signed_in.member_id}/{what}", body)
    if not answer.ok:
        return await _show(visit, refused=Refusal.of(answer))
    return visit.see_other(MY_GUIDELINES.path, toast="done")


async def _show(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    ask = visit.ask
    answers: dict[str, Answer] = await ask.all(
        guidelines=ask.get("scoring", "/v1/guidelines"),
        mine=ask.get("scoring", f"/v1/members/{visit.signed_in.member_id}/guidelines"),
    )
    return visit.page(
        "pages/my_guidelines/page.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        **answers,
        titles=titles_of(answers["guidelines"]),
        channels=[(one, one) for one in ID_RULES],
        typed=visit.form,
        errors=errors or {},
        refused=refused,
    )


async def public(visit: Visit) -> Response:
    """The guidelines, and what follows when a report is upheld, for everybody."""
    guidelines = await visit.ask.get("scoring", "/v1/guidelines")
    if guidelines.status == UNAUTHORIZED:
        # A service that has not heard of it yet, or that heard it is public no more.
        raise NotFoundError
    return visit.page("pages/my_guidelines/public.html", guidelines=guidelines)


ROUTES = [
    Route(MY_GUIDELINES.path, page(show, for_members=True)),
    Route(f"{MY_GUIDELINES.path}/accept", page(accept, for_members=True), methods=["POST"]),
    Route(f"{MY_GUIDELINES.path}/report", page(report, for_members=True), methods=["POST"]),
    Route(f"{MY_GUIDELINES.path}/{{case_id:uuid}}/appeal", page(appeal, for_members=True), methods=["POST"]),
    Route("/c/{community}/guidelines", page(visited(public, "programme"), is_open=True)),
]
