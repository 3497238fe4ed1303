"""The pages that sign in, by a link or a provider, and out."""

import re

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.frame.navigation import home_of
from console.frame.security import local_path
from console.frame.visits import NotFoundError, Visit, cookie, page
from console.sign_in.domain import Session
from console.sign_in.provider import CALLBACK
from console.sign_in.sessions import SignInRefusedError

LINK_SECONDS = 900
LINK = re.compile(r"[A-Za-z0-9_-]{1,200}")
#: Whoever opened a link that gives a reward comes back to it once they are signed in, also by another link.
CLAIM = re.compile(r"/claim/[A-Za-z0-9_-]{1,200}")
CLAIM_SECONDS = 3600


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What is said when somebody is not let in, by the reason.
REASONS = {
    "over": (
        _("You were signed out"),
        _("A session lasts for some hours, and ends when roles or keys are taken."),
    ),
    "used-link": (
        _("This link was used already."),
        _("A link signs in once. Ask for a new one where you got it."),
    ),
    "expired-link": (_("This link is over."), _("It works for 15 minutes. Ask for a new one where you got it.")),
    "unknown-link": (_("This is no link of ours."), _("It may be cut off. Ask for a new one where you got it.")),
    "disabled-person": (_("You were disabled."), _("An administrator of the community can enable you again.")),
    "unknown-subject": (
        _("Nobody here is who the provider says."),
        _("An administrator of the community adds people, with the address that the provider has verified."),
    ),
    "invalid-id-token": (_("The provider's answer is not valid."), _("Nothing was done. Try again.")),
    "unknown-request": (
        _("This answer of the provider is over."),
        _("It was used already, is older than 10 minutes, or was asked for by another browser."),
    ),
    "other-issuer": (
        _("Another provider answered than was asked."),
        _("Nothing was done. Tell an administrator."),
    ),
    "provider-refused": (_("The provider did not sign you in."), _("Nothing was done. Try again.")),
    "provider-unavailable": (_("The provider does not answer."), _("Try again in a while.")),
    "sign-in-not-set-up": (_("Nobody can sign in like this here."), _("An administrator sets it up.")),
    "too-many-tries": (_("Too many tries from your address."), _("Try again in a minute.")),
    "unavailable": (_("Ingest does not answer."), _("Nothing is lost. Try again in a while.")),
}


async def first(visit: Visit) -> Response:
    """Where somebody begins."""
    return visit.see_other(home_of(visit.signed_in))


async def show(visit: Visit) -> Response:
    """The ways to sign in, and why the last one did not."""
    if visit.session is not None:
        return visit.see_other(home_of(visit.session))
    return _shown(visit, visit.request.query_params.get("why"))


async def take_link(visit: Visit) -> Response:
    """A link was opened: its secret leaves the address bar at once, and nothing is used before somebody says so.

    Programs that look at links in mails and chats sign nobody in.
    """
    secret = visit.request.query_params.get("k", "")
    if secret:
        if not LINK.fullmatch(secret):
            return _shown(visit, "unknown-link")
        visit.cookies[cookie("link", visit.console.settings)] = (secret, LINK_SECONDS)
        return visit.see_other("/sign-in/link")
    if cookie("link", visit.console.settings) not in visit.request.cookies:
        return visit.see_other("/sign-in")
    return visit.page("pages/sign_in/link.html")


async def use_link(visit: Visit) -> Response:
    """Sign in by the link that was opened."""
    name = cookie("link", visit.console.settings)
    secret = visit.request.cookies.get(name, "")
    visit.cookies[name] = ("", 0)
    claim = visit.request.cookies.get(cookie("claim", visit.console.settings), "")
    return await _signed_in(visit, claim if CLAIM.fullmatch(claim) else "/", link=secret or "none")


async def ask_provider(visit: Visit) -> Response:
    """Send the browser to the provider."""
    if visit.console.provider is None:
        raise NotFoundError
    # A browser that is new here has no secret yet that the answer could fit.
    visit.cookies[cookie("browser", visit.console.settings)] = (visit.browser, -1)
    back = local_path(visit.request.query_params.get("back"))
    try:
        return RedirectResponse(await visit.console.provider.begin(visit.browser, back), 303)
    except SignInRefusedError as refused:
        return _shown(visit, refused.reason)


async def provider_answered(visit: Visit) -> Response:
    """The provider sent the browser back."""
    said = visit.request.query_params
    if visit.console.provider is None:
        raise NotFoundError
    if "code" not in said or "state" not in said:
        return _shown(visit, "provider-refused")
    try:
        answered = await visit.console.provider.answered(
            visit.browser, state=said["state"], code=said["code"], issuer=said.get("iss")
        )
    except SignInRefusedError as refused:
        return _shown(visit, refused.reason)
    community = visit.console.settings.console_community
    return await _signed_in(
        visit, answered.back, id_token=answered.id_token, nonce=answered.nonce, community=community
    )


async def sign_out(visit: Visit) -> Response:
    """End the session, everywhere it is open."""
    if visit.session is not None:
        await visit.console.sessions.end(visit.session.secret)
    visit.cookies[cookie("session", visit.console.settings)] = ("", 0)
    return visit.see_other("/sign-in", toast="signed-out")


async def _signed_in(visit: Visit, back: str, **how: str) -> Response:
    try:
        client = visit.request.client
        address = client.host if client else ""
        session: Session = await visit.console.sessions.sign_in(address=address, **how)
    except SignInRefusedError as refused:
        return _shown(visit, refused.reason)
    if visit.session is not None:
        await visit.console.sessions.end(visit.session.secret)
    visit.cookies[cookie("session", visit.console.settings)] = (session.secret, 0)
    # What forms were bound to before goes with it.
    visit.cookies[cookie("browser", visit.console.settings)] = ("", 0)
    visit.cookies[cookie("claim", visit.console.settings)] = ("", 0)
    is_no_claim = back == "/" or (CLAIM.fullmatch(back) and not session.is_member)
    return visit.see_other(home_of(session) if is_no_claim else back)


def _shown(visit: Visit, reason: str | None) -> Response:
    known = REASONS.get(reason or "")
    if reason and known is None:
        known = (_("You were not signed in."), _("Nothing was done. Try again."))
    refused = known is not None and reason != "over"
    back = local_path(visit.request.query_params.get("back"))
    if is_claim := CLAIM.fullmatch(back) is not None:
        visit.cookies[cookie("claim", visit.console.settings)] = (back, CLAIM_SECONDS)
    return visit.page(
        "pages/sign_in/page.html",
        status=401 if refused else 200,
        reason=known,
        provider=None if visit.console.provider is None else visit.console.provider.title,
        back=back,
        is_claim=is_claim,
    )


ROUTES = [
    Route("/", page(first, is_open=True)),
    Route("/sign-in", page(show, is_open=True)),
    Route("/sign-in/link", page(take_link, is_open=True), methods=["GET"]),
    Route("/sign-in/link", page(use_link, is_open=True), methods=["POST"]),
    Route("/sign-in/provider", page(ask_provider, is_open=True)),
    Route(CALLBACK, page(provider_answered, is_open=True)),
    Route("/sign-out", page(sign_out, is_open=True), methods=["POST"]),
]
