"""Who people of git and of code forges are: one identity each, whoever pushes and whichever way it comes.

A forge's account is `github:<id>`, or `github:<host>/<id>` on another host than github.com: two forges count
their accounts from 1 both. An author of git is who an address says: the forge's account where it is one of the
addresses that a forge gives out to hide people's own, else `git:` and a hash of the address. Addresses never
leave this module. Bots are told by the forge, by their names and by the addresses that assistants sign with;
placeholders of accounts that are gone are nobody.
"""

import hashlib
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from shared.contracts.texts import shown_name

#: Whose accounts are written without their host.
MAIN_HOSTS = {"github": "github.com", "gitlab": "gitlab.com"}
# https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
_GITHUB_NOREPLY = re.compile(r"(?P<id>\d+)\+(?P<login>[^@]+)@users\.noreply\.(?P<host>[^@]+)")
# https://docs.gitlab.com/user/profile/#use-an-automatically-generated-private-commit-email
_GITLAB_NOREPLY = re.compile(r"(?P<id>\d+)(-(?P<login>[^@]+))?@users\.noreply\.(?P<host>gitlab\.[^@]+)")
_ANY_NOREPLY = re.compile(r"(?P<login>[^@+]+)@users\.noreply\.(?P<host>[^@]+)")
#: Stands in each of them: most addresses are not looked at further.
_NOREPLY = "noreply"
_FORMS = (_GITHUB_NOREPLY, _GITLAB_NOREPLY, _ANY_NOREPLY)
#: What the forges put in the place of an account that is gone.
_PLACEHOLDERS = frozenset({"ghost"})
_GHOSTS = frozenset({("github.com", 10137)})
#: What conversions from other systems write where they know nobody.
_NOBODY = frozenset({"(no author)", "no author", "(none)"})
#: Types of accounts that are no person: an organisation, and who an import from elsewhere has not found.
_NO_PERSON = frozenset({"organization", "mannequin"})
_BOT = re.compile(r"\[bot\]$|\[bot\]@", re.IGNORECASE)
# https://docs.gitlab.com/administration/internal_users/ and https://docs.gitlab.com/user/project/settings/project_access_tokens/
_GITLAB_BOT = re.compile(
    r"(project|group)_\d+_bot.*|service_account_.*|gitlab(duo|-(security|admin)-bot)"
    r"|(support|alert|visual-review|automation|security|security-policy|suggested-reviewers|migration)-bot\d*",
    re.IGNORECASE,
)
_GITLAB_BOT_ADDRESS = re.compile(r"(project|group)_\d+_bot\w*@(users\.)?noreply\.\S+", re.IGNORECASE)
#: Who an import into GitLab has not found yet, and what stands for accounts that are gone.
_GITLAB_NOBODY = re.compile(r"ghost\d*|.*_placeholder(_user)?_\w+|import_user_\w+|placeholder_\w+", re.IGNORECASE)
#: GitLab's own bound. A longer one would have its expressions go back and forth for ever.
USERNAME_MAX_CHARS = 255
#: The addresses that assistants sign commits with, as author or in a Co-authored-by trailer.
_ASSISTANT_ADDRESS = re.compile(
    r"(noreply@(anthropic\.com|openai\.com|aider\.chat|opencode\.ai|cognition\.ai|codeium\.com|windsurf\.com)"
    r"|(codex|noreply-codex)@openai\.com|cursoragent@cursor\.com|copilot@github\.com|junie@jetbrains\.com"
    r"|amp@ampcode\.com|crush@charm\.land|(\d+\+)?copilot@users\.noreply\.github\.com"
    r"|gemini-cli-agent@google\.com|.*@swe-agent\.com)",
    re.IGNORECASE,
)
#: Names that people do not have; those that they may have too are a matter of the community's own patterns.
_ASSISTANT_NAME = re.compile(
    r"(github copilot|copilot( coding agent| swe agent)?|claude (code|opus|sonnet|haiku|\d).*|cursor ?agent"
    r"|chatgpt.*|openai codex|codex cli|gemini (cli|code assist).*|google jules|devin ai|aider \(.*\)"
    r"|amazon q( developer)?|roo code|openhands|windsurf cascade)",
    re.IGNORECASE,
)
_ACTOR_BOT = {"bot": True}


def actor(actor_id: str, name: str | None = None) -> dict[str, Any]:
    """An `actor` or `author` of the contract; the name is left out when there is none to show."""
    shown = shown_name(name.encode("utf-8", "replace").decode()) if name else None
    return {"id": actor_id, "name": shown} if shown else {"id": actor_id}


class Who(NamedTuple):
    """Somebody as a commit names them: an id on the channel `code`, a name, and whether it is no person."""

    id: str
    name: str
    is_bot: bool

    @property
    def said(self) -> dict[str, Any]:
        """An `actor` of the contract."""
        return actor(self.id, self.name) | (_ACTOR_BOT if self.is_bot else {})


def account_id(host: str, number: int, forge: str = "github") -> str:
    """The id of a forge's account or repository; the host is part of it."""
    return f"{forge}:{number}" if host == MAIN_HOSTS.get(forge) else f"{forge}:{host}/{number}"


def hashed_id(email: str, name: str, salt: str = "") -> str:
    """`git:` and 16 digits of the hash of the lower-cased address, or of the name where none is given."""
    known_by = email.strip().lower() or f"name:{name.strip().lower()}"
    return "git:" + hashlib.sha256((salt + known_by).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def person_id(email: str, name: str, salt: str = "") -> str:
    """The forge's account whose address it is, or else the `hashed_id`; the same by webhook and by git."""
    plain = email.strip().lower()
    if _NOREPLY not in plain:
        return hashed_id(email, name, salt)
    for forge, form in (("gitlab", _GITLAB_NOREPLY), ("github", _GITHUB_NOREPLY)):
        found = form.fullmatch(plain)
        if found:
            return account_id(found["host"], int(found["id"]), forge)
    return hashed_id(email, name, salt)


class Handle(NamedTuple):
    """What an address that a forge gave out says: where, of which login, and whether with the account's number."""

    host: str
    login: str
    is_numbered: bool


def handle_of(email: str) -> Handle | None:
    """The login in an address that GitHub gave out: with the number since 2017, without it before."""
    plain = email.strip().lower()
    for form in (_GITHUB_NOREPLY, _ANY_NOREPLY):
        found = form.fullmatch(plain)
        if found:
            return Handle(found["host"], found["login"], form is _GITHUB_NOREPLY)
    return None


def author_of(name: str, email: str, salt: str = "", *, login: str = "") -> Who | None:
    """Who wrote a commit, or helped to, by name and address; None for a placeholder, which is nobody.

    `login` is what the forge calls the account, where it says so.
    """
    plain = email.strip().lower()
    found = next((one for form in _FORMS if (one := form.fullmatch(plain))), None) if _NOREPLY in plain else None
    handle = (found["login"] if found else "") or ""
    if handle in _PLACEHOLDERS or login.lower() in _PLACEHOLDERS or name.strip().lower() in _NOBODY:
        return None
    if not (plain or name.strip()):
        return None
    return Who(person_id(email, name, salt), name or login, is_bot(name, email, login))


def is_bot(name: str, email: str = "", login: str = "") -> bool:
    """Whether a name, an address or a login is that of a bot or an assistant."""
    if ("]" in name or "]" in email or "]" in login) and any(
        _BOT.search(text.strip()) for text in (name, email, login)
    ):
        return True
    plain = email.strip()
    return bool(
        _ASSISTANT_ADDRESS.fullmatch(plain)
        or _ASSISTANT_NAME.fullmatch(name.strip())
        or (_NOREPLY in plain.lower() and _GITLAB_BOT_ADDRESS.fullmatch(plain))
    )


def account_of(user: Any, host: str, forge: str = "github") -> dict[str, Any] | None:
    """A forge's user as an actor; None for whoever is no member: gone, a placeholder, or an organisation.

    GitHub says `login` and `type`, GitLab `username` and `name`, of which the username tells bots.
    """
    if not isinstance(user, dict) or not isinstance(user.get("id"), int) or is_placeholder(user, host):
        return None
    if forge == "gitlab":
        return _gitlab_account(user, host)
    login = str(user.get("login") or "")
    kind = str(user.get("type") or "").lower()
    if kind in _NO_PERSON:
        return None
    bot = kind == "bot" or is_bot(login, login=login)
    return actor(account_id(host, user["id"]), login) | (_ACTOR_BOT if bot else {})


def _gitlab_account(user: dict[str, Any], host: str) -> dict[str, Any] | None:
    username = str(user.get("username") or "")[:USERNAME_MAX_CHARS]
    if _GITLAB_NOBODY.fullmatch(username):
        return None
    bot = bool(_GITLAB_BOT.fullmatch(username)) or is_bot(username, login=username)
    name = str(user.get("name") or username)
    return actor(account_id(host, user["id"], "gitlab"), name) | (_ACTOR_BOT if bot else {})


def is_placeholder(user: Any, host: str) -> bool:
    """Whether a forge's user stands for an account that is gone."""
    return isinstance(user, dict) and (
        str(user.get("login")).lower() in _PLACEHOLDERS or (host, user.get("id")) in _GHOSTS
    )


def host_of(*addresses: Any) -> str | None:
    """The host of the first of some URLs that has one; an API's own host is that of its forge."""
    for address in addresses:
        if isinstance(address, str):
            try:
                host = urlsplit(address).netloc.rpartition("@")[2].lower()
            except ValueError:
                continue
            if host:
                return "github.com" if host in ("api.github.com", "www.github.com") else host
    return None
