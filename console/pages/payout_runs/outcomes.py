"""What the bank said of a run: pasted or opened as a file, looked at line by line, then noted."""

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.payout_runs.lines import LINES_MAX_COUNT, Line, grouped, read_lines
from console.pages.payout_runs.routes import RUN, UNPROCESSABLE, WRITE, run_id_of, run_path

ALL_STATES = ("sent", "settled")
#: Wrong lines that are named at once.
WRONG_COUNT = 3


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


NO_LINES = _("Paste at least one line")
TOO_MANY = _("These are too many lines: at most {most} at once")


async def show(visit: Visit) -> Response:
    """The form."""
    return await _page(visit)


async def preview(visit: Visit) -> Response:
    """What each line would do. Nothing is noted yet."""
    lines, wrong = _read(visit)
    if wrong:
        return await _page(visit, lines=lines, wrong=wrong)
    return await _page(visit, lines=lines, is_looked_at=True)


async def note(visit: Visit) -> Response:
    """Note it: of all that can become it, or line by line."""
    path = f"/v1/payout-runs/{run_id_of(visit)}/outcome"
    everything = visit.form.get("all", "")
    if everything in ALL_STATES:
        answer = await visit.ask.post("rewards", path, {"state": everything})
        if not answer.ok:
            return await _page(visit, refused=Refusal.of(answer))
        return visit.see_other(run_path(visit), toast="noted" if answer.body["is_complete"] else "noted-some")
    lines, wrong = _read(visit)
    if wrong:
        return await _page(visit, lines=lines, wrong=wrong)
    # Of each reason and state it is a command of its own: none is given while one of them would be refused.
    foreseen = await _foresee(visit, lines)
    if not foreseen.ok or not all(one["said"] for one in foreseen.body["lines"]):
        return await _page(visit, lines=lines, is_looked_at=True, status=503 if foreseen.is_down else 409)
    waits = False
    for (state, reason), payout_ids in grouped(lines).items():
        body = {"state": state, "reason": reason, "payout_ids": payout_ids}
        answer = await visit.ask.post("rewards", path, body)
        if not answer.ok:
            # What was noted before it stays so: the lines are looked at again, and say which.
            return await _page(visit, lines=lines, is_looked_at=True, refused=Refusal.of(answer))
        waits = waits or answer.body["outcome"] is not None
    return visit.see_other(run_path(visit), toast="noted-for-two" if waits else "noted")


def _read(visit: Visit) -> tuple[list[Line], str]:
    """The lines of the form, and what is wrong with them."""
    lines = read_lines(visit.form.get("lines", ""))
    if not lines:
        return lines, visit.say(NO_LINES)
    if len(lines) > LINES_MAX_COUNT:
        return lines[:LINES_MAX_COUNT], visit.say(TOO_MANY, most=LINES_MAX_COUNT)
    bad = [line for line in lines if line.wrong is not None]
    if bad:
        text = _("Line {number}: {wrong}")
        said = [visit.say(text, number=one.number, wrong=visit.say(one.wrong or "")) for one in bad[:WRONG_COUNT]]
        return lines, ". ".join(said)
    return lines, ""


async def _foresee(visit: Visit, lines: list[Line]) -> Answer:
    """What each line would do."""
    body = {"lines": [{"payout_id": line.payout_id, "state": line.state} for line in lines]}
    return await visit.ask.post("rewards", f"/v1/payout-runs/{run_id_of(visit)}/outcome-preview", body)


async def _page(
    visit: Visit,
    *,
    lines: list[Line] | None = None,
    wrong: str = "",
    is_looked_at: bool = False,
    refused: Refusal | None = None,
    status: int = 200,
) -> Response:
    questions = {"review": visit.ask.get("rewards", f"/v1/payout-runs/{run_id_of(visit)}/review")}
    if is_looked_at and lines:
        questions["foreseen"] = _foresee(visit, lines)
    answers = await visit.ask.all(**questions)
    review, foreseen = answers["review"], answers.get("foreseen")
    if review.is_missing or review.status == UNPROCESSABLE:
        raise NotFoundError
    shown = list(zip(lines or [], foreseen.body["lines"], strict=True)) if foreseen and foreseen.ok else []
    counts = {one["state"]: one["count"] for one in review.body["run"]["payouts"]} if review.ok else {}
    return visit.page(
        "pages/payout_runs/outcomes.html",
        status=422 if wrong else status if refused is None else refused.status,
        review=review,
        foreseen=foreseen,
        shown=shown,
        is_good=bool(shown) and all(one["said"] for _line, one in shown),
        left={"sent": counts.get("submitted", 0), "settled": counts.get("submitted", 0) + counts.get("sent", 0)},
        text=visit.form.get("lines", ""),
        errors={"lines": wrong} if wrong else {},
        refused=refused,
    )


ROUTES = [
    Route(f"{RUN}/outcomes", page(show, scope=WRITE), methods=["GET"]),
    Route(f"{RUN}/outcomes", page(preview, scope=WRITE), methods=["POST"]),
    Route(f"{RUN}/outcomes/note", page(note, scope=WRITE), methods=["POST"]),
]
