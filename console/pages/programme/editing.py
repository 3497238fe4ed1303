"""The editor of a programme: checked while it is written, shown as what it changes, published now or at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import PEOPLE, PROGRAMME, WAITING
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.members.words import DECLINED
from console.pages.programme.drafts import BEGINNING, Problem, problems, read_mending, starts_at
from console.pages.programme.keeping import WRITE, Kept, find, overtaken, put, where_it_went
from console.pages.programme.trying import SEES, Tried, tried_on
from console.pages.programme.words import WORDS
from shared.access_keys.roles import scopes_of
from shared.programme_changes import Change, changes

APPROVE = "programmes:approve"
VERSIONS_COUNT, PEOPLE_COUNT = 50, 500
YAML = "application/yaml"
UNPROCESSABLE = 422
INVALID = "invalid-programme"
OFFERED_MAX_COUNT = 12
NOTE_MAX_CHARS = 500
CONFLICT = 409


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
    def takes_note(self) -> bool:
        """Whether a version says what it changes: each but the first."""
        return any(one["state"] == "published" for one in self.versions.items)

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
    """The editor, with the newest version's text, or that of the version or draft that the address names."""
    ground = await _ground(visit)
    if not ground.versions.ok:
        return _page(visit, ground, Checked("", is_down=True))
    if "draft" in visit.request.query_params:
        return await _show_draft(visit, ground, visit.request.query_params["draft"])
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


async def _show_draft(visit: Visit, ground: Ground, draft_id: str) -> Response:
    draft = await find(visit, draft_id)
    if not draft.ok:
        return _page(visit, ground, Checked("", is_down=True))
    elsewhere = where_it_went(draft.body)
    if elsewhere is not None:
        return visit.see_other(elsewhere)
    return _page(visit, ground, await _checked(visit, ground, draft.body["text"]), kept=Kept.of(draft.body))


async def act(visit: Visit) -> Response:
    """Check it, mend it, try an event on it, keep it as a draft, or publish it, as the button says."""
    ground = await _ground(visit)
    text = _typed(visit)
    mending = read_mending(visit.form.get("mend", ""))
    if mending is not None:
        return _page(visit, ground, await _checked(visit, ground, mending.of(text)))
    checked = await _checked(visit, ground, text)
    if "save" in visit.form:
        return await _save(visit, ground, checked)
    if "publish" not in visit.form or checked.publication is None:
        tried = None
        if "try" in visit.form and checked.publication is not None and visit.signed_in.may(SEES):
            tried = await tried_on(visit, text)
        status = UNPROCESSABLE if "publish" in visit.form else 200 if tried is None else tried.status
        return _page(visit, ground, checked, tried=tried, status=status)
    notice, status = _unseen(visit, ground, checked)
    if notice is not None:
        return _page(visit, ground, checked, notice=visit.say(notice), status=status)
    how, errors = _how(visit, ground)
    if errors:
        return _page(visit, ground, checked, errors=errors, status=UNPROCESSABLE)
    return await _publish(visit, ground, checked, how)


def _unseen(visit: Visit, ground: Ground, checked: Checked) -> tuple[str | None, int]:
    """What has to be looked at before it is published, and the status of that page; None where it was seen."""
    if checked.publication is None or visit.form.get("seen") != checked.publication["document_sha256"]:
        return _("This is what it changes: look at it, then publish."), 200
    if visit.form.get("newest") != str(ground.newest):
        return _("Somebody published or proposed a version meanwhile: look at what yours changes now."), CONFLICT
    return None, 200


def _how(visit: Visit, ground: Ground) -> tuple[dict[str, str], dict[str, str]]:
    """The note, and when it starts, as far as it is said; and what is wrong with them, by field."""
    how, errors = {}, {}
    if visit.form.get("start") == "at":
        moment = starts_at(visit.form.get("at", ""), visit.writer.zone)
        if moment is None:
            errors["at"] = visit.say(_("Say on which day and at what time it starts"))
        else:
            how["effective_from"] = moment.isoformat()
    if note := " ".join(visit.form.get("note", "").split())[:NOTE_MAX_CHARS]:
        how["note"] = note
    elif ground.takes_note:
        errors["note"] = visit.say(_("Say in plain words what it changes"))
    return how, errors


async def _save(visit: Visit, ground: Ground, checked: Checked) -> Response:
    kept = Kept.typed(visit)
    if not kept.title:
        errors = {"title": visit.say(_("Say what the draft is about"))}
        return _page(visit, ground, checked, errors=errors, status=UNPROCESSABLE)
    answer = await put(visit, kept, checked.text)
    if answer.ok:
        return visit.see_other(Kept.of(answer.body).path, toast="draft-saved")
    return await _not_saved(visit, ground, checked, kept, answer)


async def _not_saved(visit: Visit, ground: Ground, checked: Checked, kept: Kept, answer: Answer) -> Response:
    """What stays typed where a draft was not saved: what somebody else saved is shown beside it."""
    if answer.problem_slug == "draft-changed":
        kept = await overtaken(visit, kept, answer)
        return _page(visit, ground, checked, kept=kept, status=CONFLICT)
    return _page(visit, ground, checked, kept=kept, refused=Refusal.of(answer))


async def _publish(visit: Visit, ground: Ground, checked: Checked, how: Mapping[str, str]) -> Response:
    """Publish or propose it: a draft as a draft, so that it is known what became of it."""
    kept, review = Kept.typed(visit), visit.form.get("review") == "yes"
    if kept.draft_id:
        saved = await put(visit, kept, checked.text)
        if not saved.ok:
            return await _not_saved(visit, ground, checked, kept, saved)
        body = {**how, "revision": saved.body["revision"], "review": review}
        answer = await visit.ask.post("scoring", f"/v1/programme-drafts/{kept.draft_id}/submit", body)
        kept = Kept.of(saved.body)
    else:
        path = "/v1/programmes?" + urlencode({**how, "review": str(review).lower()})
        answer = await visit.ask.post("scoring", path, checked.text.encode(), content_type=YAML)
    if answer.ok and not answer.body["is_new"]:
        text = _("Version {version} says the same already: nothing was published. It starts when it was to start.")
        notice = visit.say(text, version=answer.body["version"])
        return _page(visit, ground, checked, kept=kept, notice=notice, status=CONFLICT)
    if answer.ok:
        number = answer.body["version"]
        if answer.body["state"] == "proposed":
            return visit.see_other(f"{WAITING.path}/programmes/{number}", toast="proposed")
        return visit.see_other(f"{PROGRAMME.path}/{number}", toast="published")
    if answer.problem_slug == "effective-from-refused":
        said = visit.say(_("It can not start then: events of that time may have been scored already"))
        return _page(visit, ground, checked, kept=kept, errors={"at": said}, status=UNPROCESSABLE)
    return _page(visit, ground, checked, kept=kept, refused=Refusal.of(answer))


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
    path = "/v1/programmes?dry_run=true"
    if visit.form.get("review") == "yes":
        path += "&review=true"
    answer = await visit.ask.post("scoring", path, text.encode(), content_type=YAML)
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
    kept: Kept | None = None,
    errors: Mapping[str, str] | None = None,
    refused: Refusal | None = None,
    notice: str | None = None,
    tried: Tried | None = None,
    status: int = 200,
    part: bool = False,
) -> Response:
    refused = refused or checked.refused
    return visit.page(
        "pages/programme/checked.html" if part else "pages/programme/edit.html",
        status=status if refused is None or part else refused.status,
        ground=ground,
        checked=checked,
        kept=kept or Kept.typed(visit),
        title=(kept.title if kept else visit.form.get("title")) or _called(visit, ground),
        note=visit.form.get("note", ""),
        review=visit.form.get("review") == "yes",
        start=visit.form.get("start", "now"),
        at=visit.form.get("at", ""),
        errors=errors or {},
        refused=refused,
        notice=notice,
        tried=tried or Tried(visit.form.get("event") or visit.request.query_params.get("event", "")[:100]),
        may_try=visit.signed_in.may(SEES),
        declined=DECLINED,
        **WORDS,
    )


def _called(visit: Visit, ground: Ground) -> str:
    """What a draft is called unless somebody says otherwise."""
    version = _newest_published(ground) or ground.newest
    if not version:
        return visit.say(_("The first version"))
    return visit.say(_("Changes to version {version}"), version=version)


EDIT = f"{PROGRAMME.path}/edit"
ROUTES = [
    Route(EDIT, page(show, scope=WRITE), methods=["GET"]),
    Route(EDIT, page(act, scope=WRITE), methods=["POST"]),
    Route(f"{EDIT}/check", page(check, scope=WRITE), methods=["POST"]),
    Route(f"{EDIT}/complete", page(complete, scope=WRITE), methods=["POST"]),
]
