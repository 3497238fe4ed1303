"""The editor of a programme: checked while it is written, shown as what it changes, published now or at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import PEOPLE, PROGRAMME, WAITING
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.programme.changes import Change, changes
from console.pages.programme.drafts import BEGINNING, Problem, problems, read_mending, starts_at
from console.pages.programme.words import WORDS
from shared.access_keys.roles import scopes_of

WRITE, APPROVE = "programmes:write", "programmes:approve"
VERSIONS_COUNT, PEOPLE_COUNT = 50, 500
YAML = "application/yaml"
UNPROCESSABLE = 422
INVALID = "invalid-programme"
OFFERED_MAX_COUNT = 12


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


@dataclass
class Checked:
    """What scoring says of a text, without publishing it."""

    text: str
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    publication: Mapping[str, Any] | None = None
    refused: Refusal | None = None
    is_down: bool = False
    changes: list[Change] = field(default_factory=list)

    @property
    def can_publish(self) -> bool:
        """Whether it is right, and says something new."""
        return self.publication is not None

    @property
    def waits(self) -> bool:
        """Whether another person approves it."""
        return self.publication is not None and self.publication["state"] == "proposed"


@dataclass(frozen=True)
class Ground:
    """What a text comes in the place of: the versions there are, and what is in force, or to come."""

    versions: Answer
    base: Answer | None
    approvers: list[dict[str, Any]]

    @property
    def newest(self) -> int:
        """The newest version's number, published or proposed; 0 before the first."""
        return int(self.versions.items[0]["version"]) if self.versions.items else 0

    @property
    def later(self) -> list[dict[str, Any]]:
        """What is scheduled, the soonest first."""
        return [one for one in reversed(self.versions.items) if one["in_force"] == "later"]

    @property
    def waiting(self) -> list[dict[str, Any]]:
        """What waits for another person."""
        return [one for one in self.versions.items if one["state"] == "proposed"]


async def show(visit: Visit) -> Response:
    """The editor, with the newest version's text, or that of the version that the address names."""
    ground = await _ground(visit)
    if not ground.versions.ok:
        return _page(visit, ground, Checked("", is_down=True))
    wanted = visit.request.query_params.get("from", "")
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 10 else _newest_published(ground)
    if not number:
        text = BEGINNING.format(programme=visit.signed_in.community, title=_quoted(visit.community.title))
        return _page(visit, ground, await _checked(visit, ground, text))
    version = await visit.ask.get("scoring", f"/v1/programmes/{number}")
    if version.is_missing or version.status == UNPROCESSABLE:
        raise NotFoundError
    if not version.ok:
        return _page(visit, ground, Checked("", is_down=True))
    return _page(visit, ground, await _checked(visit, ground, version.body["text"]))


async def act(visit: Visit) -> Response:
    """Check it, mend it, or publish it, as the button says."""
    ground = await _ground(visit)
    text = _typed(visit)
    mending = read_mending(visit.form.get("mend", ""))
    if mending is not None:
        return _page(visit, ground, await _checked(visit, ground, mending.of(text)))
    checked = await _checked(visit, ground, text)
    if "publish" not in visit.form or checked.publication is None:
        return _page(visit, ground, checked, status=UNPROCESSABLE if "publish" in visit.form else 200)
    if visit.form.get("seen") != checked.publication["document_sha256"]:
        return _page(
            visit, ground, checked, notice=visit.say(_("This is what it changes: look at it, then publish."))
        )
    if visit.form.get("newest") != str(ground.newest):
        said = visit.say(_("Somebody published or proposed a version meanwhile: look at what yours changes now."))
        return _page(visit, ground, checked, notice=said, status=409)
    effective_from = None
    if visit.form.get("start") == "at":
        moment = starts_at(visit.form.get("at", ""), visit.writer.zone)
        if moment is None:
            said = visit.say(_("Say on which day and at what time it starts"))
            return _page(visit, ground, checked, errors={"at": said}, status=UNPROCESSABLE)
        effective_from = moment.isoformat()
    return await _publish(visit, ground, checked, effective_from)


async def _publish(visit: Visit, ground: Ground, checked: Checked, effective_from: str | None) -> Response:
    answer = await visit.ask.post(
        "scoring", _with("/v1/programmes", effective_from), checked.text.encode(), content_type=YAML
    )
    if answer.ok and not answer.body["is_new"]:
        text = _("Version {version} says the same already: nothing was published. It starts when it was to start.")
        return _page(visit, ground, checked, notice=visit.say(text, version=answer.body["version"]), status=409)
    if answer.ok:
        number = answer.body["version"]
        if answer.body["state"] == "proposed":
            return visit.see_other(f"{WAITING.path}/programmes/{number}", toast="proposed")
        return visit.see_other(f"{PROGRAMME.path}/{number}", toast="published")
    if answer.problem_slug == "effective-from-refused":
        said = visit.say(_("It can not start then: events of that time may have been scored already"))
        return _page(visit, ground, checked, errors={"at": said}, status=UNPROCESSABLE)
    return _page(visit, ground, checked, refused=Refusal.of(answer))


async def check(visit: Visit) -> Response:
    """The parts of the page that a text changes, for the script that asks while somebody writes."""
    ground = await _ground(visit)
    return _page(visit, ground, await _checked(visit, ground, _typed(visit)), part=True)


async def complete(visit: Visit) -> Response:
    """What may stand at the cursor, for the script."""
    line, column = visit.form.get("line", ""), visit.form.get("column", "")
    if not (line.isdecimal() and column.isdecimal()):
        raise NotFoundError
    path = f"/v1/programmes/completions?line={int(line[:7])}&column={int(column[:7])}"
    answer = await visit.ask.post("scoring", path, _typed(visit).encode(), content_type=YAML)
    if not answer.ok:
        return JSONResponse({"column": 1, "items": []})
    return JSONResponse({"column": answer.body["column"], "items": answer.body["items"][:OFFERED_MAX_COUNT]})


def _typed(visit: Visit) -> str:
    """The text as it was typed: forms send each end of a line as two characters."""
    return visit.form.get("text", "").replace("\r\n", "\n")


def _newest_published(ground: Ground) -> int:
    return next((int(one["version"]) for one in ground.versions.items if one["state"] == "published"), 0)


def _quoted(title: str) -> str:
    """A title as YAML takes it, whatever is in it."""
    return '"' + title.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _with(path: str, effective_from: str | None) -> str:
    return path if effective_from is None else f"{path}?effective_from={effective_from.replace('+', '%2B')}"


async def _ground(visit: Visit) -> Ground:
    questions = {"versions": visit.ask.get("scoring", "/v1/programmes", limit=VERSIONS_COUNT)}
    if visit.signed_in.may(PEOPLE.scope or ""):
        path = f"/v1/communities/{visit.signed_in.community}/people"
        questions["people"] = visit.ask.get("ingest", path, limit=PEOPLE_COUNT)
    answers = await visit.ask.all(**questions)
    versions, people = answers["versions"], answers.get("people")
    published = [one for one in versions.items if one["state"] == "published"]
    now = next((one for one in published if one["in_force"] == "now"), next(iter(published), None))
    base = None
    if now is not None:
        base = await visit.ask.get("scoring", f"/v1/programmes/{now['version']}")
    approvers = [
        one
        for one in (people.items if people is not None else [])
        if not one["disabled"]
        and one["person_id"] != visit.signed_in.person_id
        and APPROVE in scopes_of(one["roles"], visit.signed_in.community)
    ]
    return Ground(versions, base, approvers)


async def _checked(visit: Visit, ground: Ground, text: str) -> Checked:
    """What scoring says of the text, and what it changes."""
    answer = await visit.ask.post("scoring", "/v1/programmes?dry_run=true", text.encode(), content_type=YAML)
    if answer.is_down:
        refused = None if answer.status is None else Refusal.of(answer)
        return Checked(text, refused=refused, is_down=True)
    if not answer.ok:
        errors = answer.problem.get("errors") or []
        if answer.problem_slug == INVALID and errors:
            return Checked(text, problems=problems(errors, text))
        return Checked(text, refused=Refusal.of(answer))
    before = ground.base.body["document"] if ground.base is not None and ground.base.ok else None
    return Checked(
        text,
        warnings=problems(answer.body["warnings"], text),
        publication=answer.body,
        changes=changes(before, answer.body["document"]),
    )


def _page(
    visit: Visit,
    ground: Ground,
    checked: Checked,
    *,
    errors: Mapping[str, str] | None = None,
    refused: Refusal | None = None,
    notice: str | None = None,
    status: int = 200,
    part: bool = False,
) -> Response:
    refused = refused or checked.refused
    return visit.page(
        "pages/programme/checked.html" if part else "pages/programme/edit.html",
        status=status if refused is None or part else refused.status,
        ground=ground,
        checked=checked,
        start=visit.form.get("start", "now"),
        at=visit.form.get("at", ""),
        errors=errors or {},
        refused=refused,
        notice=notice,
        **WORDS,
    )


EDIT = f"{PROGRAMME.path}/edit"
ROUTES = [
    Route(EDIT, page(show, scope=WRITE), methods=["GET"]),
    Route(EDIT, page(act, scope=WRITE), methods=["POST"]),
    Route(f"{EDIT}/check", page(check, scope=WRITE), methods=["POST"]),
    Route(f"{EDIT}/complete", page(complete, scope=WRITE), methods=["POST"]),
]
