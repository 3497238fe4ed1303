"""Who the community is as an issuer of badges, and a page on which anybody verifies one of whatever issuer."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import BADGES
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.days import midnight
from shared.open_badges.fetching import FETCHED_MAX_BYTES, Fetcher
from shared.open_badges.verdicts import BadgeState, CheckName, Outcome, Verdict
from shared.open_badges.verifying import Find, Known, verify
from shared.open_badges.words import UndecidedError, UnreadableError

WRITE: Final = "recognition:write"
UNPROCESSABLE: Final = 422
BUSY: Final = 503
ISSUER: Final = "/badge-issuer"
_OURS = re.compile(r"/v1/credentials/[a-z0-9][a-z0-9-]{0,62}/(did\.json|status/[0-9]{1,7})")
_DATA = re.compile(r"data:[\w.+/-]{0,80};base64,")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What is so, and what that means: the tone, a heading, and a sentence.
STATES: Final[Mapping[BadgeState, tuple[str, str, str]]] = {
    BadgeState.VALID: (
        "good",
        _("It is valid"),
        _("Signed by its issuer, in its time, and not revoked."),
    ),
    BadgeState.FORGED: (
        "bad",
        _("It is forged"),
        _("It is not what its issuer signed: nothing in it counts."),
    ),
    BadgeState.REVOKED: ("bad", _("It is revoked"), _("Its issuer took it back, or forgot whose it was.")),
    BadgeState.OTHERS: (
        "bad",
        _("It is somebody else's"),
        _("It is genuine, and not for whom you named."),
    ),
    BadgeState.EXPIRED: ("warn", _("It is expired"), _("Its issuer signed it, and its time is over.")),
    BadgeState.NOT_YET_VALID: ("warn", _("It is not valid yet"), _("Its issuer signed it for a time to come.")),
    BadgeState.UNDECIDED: (
        "warn",
        _("It cannot be said"),
        _("Not everything could be checked: below is what. Try again later, or ask its issuer."),
    ),
}
CHECKS: Final[Mapping[CheckName, str]] = {
    CheckName.SIGNATURE: _("Signed by its issuer"),
    CheckName.TIME: _("In its time"),
    CheckName.STATUS: _("Not revoked"),
    CheckName.RECIPIENT: _("For that recipient"),
}
OUTCOMES: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.GOOD: ("check", _("yes")),
    Outcome.BAD: ("alert", _("no")),
    Outcome.OPEN: ("clock", _("could not be checked")),
}


class Running:
    """How many are verified now in this process."""

    count = 0


async def ask(visit: Visit) -> Response:
    """The form, with nothing in it."""
    return _page(visit)


async def look(visit: Visit) -> Response:
    """Verify what was pasted or opened; of what is private to this machine's network nothing is asked."""
    text = visit.form.get("content", "").strip()
    recipient = visit.form.get("recipient", "").strip() or None
    if not text:
        return _page(
            visit, status=UNPROCESSABLE, errors={"content": visit.say(_("Paste a badge, or open its file"))}
        )
    if Running.count >= visit.console.settings.verifications_max_count:
        said = visit.say(_("Too many are being verified right now: try again in a moment"))
        return _page(visit, status=BUSY, errors={"content": said})
    Running.count += 1
    try:
        async with Fetcher() as fetcher:
            known = Known(_finder(visit, fetcher))
            verdict = await verify(_content(text), known=known, now=datetime.now(UTC), recipient=recipient)
    except UnreadableError as error:
        said = visit.say(_("It is no Open Badge 3.0 that can be read"))
        return _page(visit, status=UNPROCESSABLE, errors={"content": said}, detail=visit.service_words(str(error)))
    finally:
        Running.count -= 1
    return _page(visit, verdict=verdict)


def _content(text: str) -> bytes:
    found = _DATA.match(text)
    if found is None:
        return text.encode()
    try:
        return b64decode(text[found.end() :], validate=True)
    except Error:
        raise UnreadableError("the file did not arrive whole") from None


def _finder(visit: Visit, fetcher: Fetcher) -> Find:
    """Documents of our own issuers are asked for within, all others at public addresses alone."""
    base = visit.console.settings.credentials_url.rstrip("/")

    async def find(url: str) -> bytes:
        path = url.removeprefix(base) if base and url.startswith(f"{base}/") else ""
        if not _OURS.fullmatch(path):
            return await fetcher.find(url)
        answer, content = await visit.ask.download("recognition", path)
        if not answer.ok:
            raise UndecidedError(f"its issuer answered {answer.status} where its documents should be")
        whole = b""
        async for chunk in content:
            whole += chunk
            if len(whole) > FETCHED_MAX_BYTES:
                raise UndecidedError(f"its issuer's document has more than {FETCHED_MAX_BYTES:,} bytes")
        return whole

    return find


def _page(
    visit: Visit,
    *,
    status: int = 200,
    verdict: Verdict | None = None,
    errors: Mapping[str, str] | None = None,
    detail: str | None = None,
) -> Response:
    return visit.page(
        "pages/credentials/verify.html",
        status=status,
        verdict=verdict,
        said_state=None if verdict is None else STATES[verdict.state],
        checks=[]
        if verdict is None
        else [(CHECKS[one.name], *OUTCOMES[one.outcome], one.why) for one in verdict.checks],
        errors=errors or {},
        detail=detail,
        said=visit.form,
    )


async def issuer(visit: Visit) -> Response:
    """Who the community is as an issuer, and the keys that sign."""
    return await _issuer(visit)


async def set_issuer(visit: Visit) -> Response:
    """Say who the community is; the first time a key is made."""
    said = {name: visit.form.get(name, "").strip() or None for name in ("name", "url", "email", "description")}
    if said["name"] is None:
        errors = {"name": visit.say(_("Say what the community is called"))}
        return await _issuer(visit, errors=errors)
    answer = await visit.ask.command("PUT", "recognition", "/v1/credential-issuer", said)
    if not answer.ok:
        return await _issuer(visit, refused=Refusal.of(answer))
    return visit.see_other(ISSUER, toast="issuer-said")


async def rotate_key(visit: Visit) -> Response:
    """Sign with a new key from now on."""
    answer = await visit.ask.command("POST", "recognition", "/v1/credential-issuer/rotate-key")
    if not answer.ok:
        return await _issuer(visit, refused=Refusal.of(answer))
    return visit.see_other(ISSUER, toast="key-rotated")


async def stolen_form(visit: Visit) -> Response:
    """What follows once a key is said to be stolen, before anybody says so."""
    return await _stolen(visit)


async def declare_stolen(visit: Visit) -> Response:
    """Say that a key was stolen: what it signed from a day on, or ever, does not count."""
    name = str(visit.request.path_params["key"])
    typed = visit.form.get("since", "").strip()
    since = midnight(typed, visit.community.time_zone, days=0) if typed else None
    if typed and since is None:
        return await _stolen(visit, errors={"since": visit.say(_("Give a day as 2026-01-31, or leave it empty"))})
    path = f"/v1/credential-issuer/keys/{quote(name, safe='')}/stolen"
    answer = await visit.ask.command("POST", "recognition", path, {"since": since})
    if not answer.ok:
        return await _stolen(visit, refused=Refusal.of(answer))
    return visit.see_other(ISSUER, toast="key-stolen")


async def _stolen(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answer = await visit.ask.get("recognition", "/v1/credential-issuer")
    name = str(visit.request.path_params["key"])
    key = next((one for one in answer.body["keys"] if one["name"] == name), None) if answer.ok else None
    if answer.ok and key is None:
        raise NotFoundError
    return visit.page(
        "pages/credentials/stolen.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        answer=answer,
        key=key,
        errors=errors or {},
        refused=refused,
        said=visit.form,
    )


async def _issuer(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answer = await visit.ask.get("recognition", "/v1/credential-issuer")
    said = dict(visit.form) if visit.form else (answer.body if answer.ok else {})
    return visit.page(
        "pages/credentials/issuer.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        answer=answer,
        said={name: said.get(name) or "" for name in ("name", "url", "email", "description")},
        may_change=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
        is_not_set_up=answer.status == 409,
    )


ROUTES = [
    Route("/verify", page(ask, is_open=True), methods=["GET"]),
    Route("/verify", page(look, is_open=True), methods=["POST"]),
    Route(ISSUER, page(issuer, scope=BADGES.scope), methods=["GET"]),
    Route(ISSUER, page(set_issuer, scope=WRITE), methods=["POST"]),
    Route(f"{ISSUER}/rotate-key", page(rotate_key, scope=WRITE), methods=["POST"]),
    Route(f"{ISSUER}/keys/{{key}}/stolen", page(stolen_form, scope=WRITE), methods=["GET"]),
    Route(f"{ISSUER}/keys/{{key}}/stolen", page(declare_stolen, scope=WRITE), methods=["POST"]),
]
