"""Surveys: answered by a link, found on a member's own page, and what they say for whoever reads figures."""

import secrets
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import IDEAS, MY_SURVEYS, SURVEYS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.deciding import beside
from console.pages.ideas.routes import TEXT_MAX_CHARS, TITLE_MAX_CHARS, check_suggested, suggested
from console.pages.my_messages.routes import as_nobody, token_of
from console.pages.surveys.words import KINDS
from console.pages.tables import table

COMMENT_MAX_CHARS = 2_000
LIST_COUNT = 50
#: From when on answers are shown: of all of them, in whole months or quarters.
FIRST_DAY = "2020-01-01"
GRAINS = ("month", "quarter")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def question(visit: Visit) -> Response:
    """What a link asks; looking answers nothing."""
    answer = await as_nobody(visit).get("ingest", f"/v1/survey-invitations/{token_of(visit)}")
    return _question(visit, answer)


async def answer_it(visit: Visit) -> Response:
    """Answer it, as whoever has the link."""
    ask, form = as_nobody(visit), visit.form
    path = f"/v1/survey-invitations/{token_of(visit)}"
    found = await ask.get("ingest", path)
    if not found.ok:
        return _question(visit, found)
    comment = form.get("comment", "").strip()
    body: dict[str, Any] = {"comment": comment or None, "language": visit.language if comment else None}
    errors = dict[str, str]()
    if found.body["lowest"] is not None:
        score = form.get("score", "")
        body["score"] = int(score) if score.isdigit() and len(score) <= 2 else None
        if body["score"] is None:
            errors["score"] = visit.say(_("Choose a number"))
    elif found.body["choices"]:
        body["choice"] = form.get("choice") or None
        if body["choice"] is None:
            errors["choice"] = visit.say(_("Choose one"))
    elif not comment:
        errors["comment"] = visit.say(_("Write an answer"))
    if len(comment) > COMMENT_MAX_CHARS:
        errors["comment"] = visit.say(_("Say it in at most {count} characters"), count=COMMENT_MAX_CHARS)
    if errors:
        return _question(visit, found, errors=errors)
    done = await ask.command("POST", "ingest", f"{path}/answer", body)
    return _question(visit, found, done=done)


def _question(
    visit: Visit, answer: Answer, *, errors: dict[str, str] | None = None, done: Answer | None = None
) -> Response:
    status = 200 if answer.ok else 404 if answer.is_missing else 503
    if errors:
        status = 422
    if done is not None and not done.ok:
        status = done.status or 503
    return visit.page(
        "pages/surveys/question.html",
        status=status,
        answer=answer,
        token=token_of(visit),
        errors=errors or {},
        refused=None if done is None or done.ok else Refusal.of(done),
        is_done=done is not None and done.ok,
        typed=visit.form,
        comment_max_chars=COMMENT_MAX_CHARS,
    )


async def mine(visit: Visit) -> Response:
    """What a member is asked, and what they answered."""
    answer = await visit.ask.get("ingest", f"/v1/members/{visit.signed_in.member_id}/survey-invitations")
    return visit.page("pages/surveys/mine.html", answer=answer)


async def show(visit: Visit) -> Response:
    """What each survey says, from the beginning."""
    listing = Listing.of(SURVEYS.path, visit.request.query_params)
    answer = await visit.ask.get(
        "analytics", "/v1/feedback", from_=FIRST_DAY, limit=LIST_COUNT, after=listing.said.get("after")
    )
    decided = await beside(visit, "survey_response")
    return visit.page("pages/surveys/page.html", answer=answer, listing=listing, kinds=KINDS, decided=decided)


async def one(visit: Visit) -> Response:
    """What a survey says by month or quarter, with intervals."""
    by = _grain(visit)
    answer = await _feedback(visit, by)
    slices = await visit.ask.get("analytics", f"{_path(visit)}/slices", from_=FIRST_DAY, by=by)
    return visit.page("pages/surveys/survey.html", answer=answer, slices=slices, by=by, grains=GRAINS, kinds=KINDS)


async def file(visit: Visit) -> Response:
    """The same as a table for spreadsheets."""
    by = _grain(visit)
    answer = await _feedback(visit, by)
    if not answer.ok:
        return visit.page(
            "pages/surveys/survey.html", answer=answer, slices=answer, by=by, grains=GRAINS, kinds=KINDS
        )
    rows = [_row(period) for period in answer.body["periods"]]
    headings = [
        "starts_on",
        "asked",
        "answers",
        "score",
        "low",
        "high",
        "share",
        "share_low",
        "share_high",
        "counts",
    ]
    return table(f"survey-{answer.body['survey']}", headings, rows)


async def words(visit: Visit) -> Response:
    """What members wrote in a survey by name."""
    survey = visit.request.path_params["survey"]
    listing = Listing.of(f"{SURVEYS.path}/{survey}/words", visit.request.query_params)
    answer = await visit.ask.get(
        "ingest", "/v1/survey-answers", survey=survey, limit=LIST_COUNT, after=listing.said.get("after")
    )
    return visit.page("pages/surveys/in_words.html", answer=answer, listing=listing, survey=survey)


async def to_suggest(visit: Visit) -> Response:
    """The form that makes a suggestion of what somebody wrote."""
    return await _to_suggest(visit)


async def _to_suggest(
    visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answer = await visit.ask.get("ingest", f"/v1/texts/{visit.request.path_params['answer']}")
    if answer.is_missing:
        raise NotFoundError
    written = answer.body["fields"].get("comment", "") if answer.ok else ""
    lines = written.split("\n")
    typed = visit.form or {"title": lines[0].strip()[:TITLE_MAX_CHARS], "text": written[:TEXT_MAX_CHARS]}
    return visit.page(
        "pages/surveys/suggest.html",
        status=422 if errors else 200 if refused is None else refused.status,
        answer=answer,
        survey=visit.request.path_params["survey"],
        written=written,
        typed=typed,
        errors=errors or {},
        refused=refused,
        key=visit.form_key or secrets.token_urlsafe(16),
        text_max_chars=TEXT_MAX_CHARS,
    )


async def suggest(visit: Visit) -> Response:
    """Have it be a suggestion of whoever wrote it."""
    title, text = suggested(visit)
    errors = check_suggested(visit, title, text)
    if errors:
        return await _to_suggest(visit, errors=errors)
    body = {"title": title, "text": text or None, "answer": str(visit.request.path_params["answer"])}
    answer = await visit.ask.post("ingest", "/v1/ideas", body, key=visit.form_key or secrets.token_urlsafe(16))
    if not answer.ok:
        return await _to_suggest(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{IDEAS.path}/{answer.body['idea_id']}", toast="suggested")


def _row(period: Any) -> list[Any]:
    found = period["feedback"] or {}
    score, share = found.get("score") or {}, found.get("share") or {}
    return [
        period["starts_on"],
        period["asked"],
        found.get("answers"),
        *(score.get(name) for name in ("value", "low", "high")),
        *(share.get(name) for name in ("value", "low", "high")),
        found.get("counts"),
    ]


def _grain(visit: Visit) -> str:
    by = visit.request.query_params.get("by", "month")
    return by if by in GRAINS else "month"


def _path(visit: Visit) -> str:
    return f"/v1/feedback/{visit.request.path_params['survey']}"


async def _feedback(visit: Visit, by: str) -> Answer:
    answer = await visit.ask.get("analytics", _path(visit), from_=FIRST_DAY, by=by)
    if answer.is_missing:
        raise NotFoundError
    return answer


ROUTES = [
    Route("/survey/{token}", page(question, is_open=True), methods=["GET"]),
    Route("/survey/{token}", page(answer_it, is_open=True), methods=["POST"]),
    Route(MY_SURVEYS.path, page(mine, for_members=True)),
    Route(SURVEYS.path, page(show, scope=SURVEYS.scope)),
    Route(f"{SURVEYS.path}/{{survey}}", page(one, scope=SURVEYS.scope)),
    Route(f"{SURVEYS.path}/{{survey}}/table.csv", page(file, scope=SURVEYS.scope)),
    Route(f"{SURVEYS.path}/{{survey}}/words", page(words, scope="members:read")),
    Route(f"{SURVEYS.path}/{{survey}}/words/{{answer:uuid}}", page(to_suggest, scope="members:read")),
    Route(
        f"{SURVEYS.path}/{{survey}}/words/{{answer:uuid}}", page(suggest, scope="events:write"), methods=["POST"]
    ),
]
