"""`plaudit badge take-away`, `verify` and `issuer`: badges as credentials that leave with their holders."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from plaudit.badge import READ, WRITE, badge, badge_argument, file_argument, to_work, who_argument
from plaudit.calls import fetch, request
from plaudit.people import json_option
from plaudit.places import Where
from plaudit.programme.asking import show
from plaudit.services_asked import Asking
from shared.contracts.texts import written_out
from shared.open_badges.fetching import Fetcher
from shared.open_badges.verdicts import BadgeState, Verdict
from shared.open_badges.verifying import Known, verify
from shared.open_badges.words import FILE_MAX_BYTES, UndecidedError, UnreadableError

SAID: Mapping[BadgeState, str] = {
    BadgeState.VALID: "valid: signed by its issuer, in its time, and not revoked",
    BadgeState.FORGED: "forged: it is not what its issuer signed",
    BadgeState.REVOKED: "revoked: its issuer took it back",
    BadgeState.OTHERS: "somebody else's: it is not for that recipient",
    BadgeState.EXPIRED: "expired: its time is over",
    BadgeState.NOT_YET_VALID: "not valid yet: its time has not come",
    BadgeState.UNDECIDED: "undecided: not everything could be checked",
}
out_option = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write [default: BADGE.KIND, here]"
)
_ask = Asking("plaudit badge", "recognition")


@badge.command("take-away", epilog="Example: plaudit badge take-away forum:ada hero --as png")
@to_work
@json_option
@click.option(
    "--as",
    "kind",
    type=click.Choice(["json", "jwt", "png", "svg"]),
    default="png",
    show_default=True,
    help="As what",
)
@out_option
@who_argument
@badge_argument
def take_away(where: Where, as_json: bool, kind: str, out: Path | None, who: str, badge: str) -> None:
    """Write a BADGE that a MEMBER holds into a file, as an Open Badge 3.0 that anybody can verify."""
    place = where.place()
    member = f"/v1/members/{quote(who, safe='')}"
    with place.access("plaudit badge", (*READ, *WRITE), ("recognition",)) as key:
        url = place.url("recognition")
        made = request("POST", f"{url}{member}/badges/{quote(badge, safe='')}/credential", key)
        path = f"{url}{member}/credentials/{made['credential_id']}/file"
        content = fetch(path, key, params={"as": kind})
    file = out or Path(f"{made['badge']}.{kind}")
    file.write_bytes(content)
    found = {**made, "file": str(file), "size_bytes": len(content)}
    show(found, as_json=as_json, words=lambda _: [f"{file}: {len(content):,} bytes, {made['credential_id']}"])


@badge.command("verify", epilog="Example: plaudit badge verify hero.png")
@json_option
@click.option("--recipient", help="Whom it has to be for, as a member's id or a mail address")
@click.option("--offline", is_flag=True, help="Ask nobody: what --with does not have is undecided")
@click.option(
    "--with",
    "given",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the issuer's did document, or with its list of revocations; repeat",
)
@file_argument
def verify_badge(as_json: bool, recipient: str | None, offline: bool, given: Sequence[Path], file: Path) -> None:
    """Verify an Open Badge 3.0 in FILE: a PNG, an SVG, a token or JSON, of whatever issuer.

    Ends with 0 for a valid one, 1 for any other, and 2 for what is none.
    """
    try:
        verdict = asyncio.run(_verified(file, given, recipient=recipient, offline=offline))
    except UnreadableError as error:
        raise click.UsageError(f"{file} is no Open Badge that can be read: {error}") from error
    show(as_data(verdict), as_json=as_json, words=lambda _: verdict_lines(verdict))
    if verdict.state != BadgeState.VALID:
        raise SystemExit(1)


async def _verified(file: Path, given: Sequence[Path], *, recipient: str | None, offline: bool) -> Verdict:
    now = datetime.now(UTC)
    with_files = [_read(one) for one in given]
    if offline:
        return await verify(_read(file), known=Known(_nobody, with_files), now=now, recipient=recipient)
    # Whoever runs this may ask their own machine.
    async with Fetcher(loopback=True) as fetcher:
        return await verify(_read(file), known=Known(fetcher.find, with_files), now=now, recipient=recipient)


def _read(file: Path) -> bytes:
    if file.stat().st_size > FILE_MAX_BYTES:
        raise UnreadableError(f"it has more than {FILE_MAX_BYTES:,} bytes")
    return file.read_bytes()


async def _nobody(_: str) -> bytes:
    raise UndecidedError("nobody was asked, and it was not given")


def as_data(verdict: Verdict) -> dict[str, Any]:
    """A verdict for a script."""

    def moment(at: datetime | None) -> str | None:
        return None if at is None else at.isoformat()

    return {
        "state": verdict.state.value,
        "id": verdict.badge_id,
        "title": verdict.title,
        "description": verdict.description,
        "issuer": {"id": verdict.issuer_id, "name": verdict.issuer_name},
        "valid_from": moment(verdict.valid_from),
        "valid_until": moment(verdict.valid_until),
        "checks": [
            {"name": check.name.value, "outcome": check.outcome.value, "why": check.why}
            for check in verdict.checks
        ],
    }


def verdict_lines(verdict: Verdict) -> list[str]:
    """A verdict in words."""
    issuer = verdict.issuer_name or verdict.issuer_id
    lines = [SAID[verdict.state], written_out(f"  {verdict.title}, by {issuer} ({verdict.issuer_id})")]
    for check in verdict.checks:
        lines.append(
            written_out(f"  {check.name}: {check.outcome}{'' if check.why is None else f', {check.why}'}")
        )
    return lines


@badge.group("issuer")
def issuer() -> None:
    """Say who a community is as an issuer of badges, and change the key that signs them."""


@issuer.command("show", epilog="Example: plaudit badge issuer show --community demo")
@to_work
@json_option
def show_issuer(where: Where, as_json: bool) -> None:
    """Show who the community is as an issuer, and its keys."""
    show(_ask(where, "GET", "/v1/credential-issuer", READ), as_json=as_json, words=issuer_lines)


@issuer.command("set", epilog='Example: plaudit badge issuer set --name "Demo community" --community demo')
@to_work
@json_option
@click.option("--name", required=True, help="As whoever looks at a badge reads it")
@click.option("--page", help="Its page, by https")
@click.option("--email", help="Where it is written to")
@click.option("--description", help="What it is, in a sentence")
def set_issuer(
    where: Where, as_json: bool, name: str, page: str | None, email: str | None, description: str | None
) -> None:
    """Say who the community is; from then on members take badges away."""
    said = {"name": name, "url": page, "email": email, "description": description}
    show(_ask(where, "PUT", "/v1/credential-issuer", WRITE, json=said), as_json=as_json, words=issuer_lines)


@issuer.command("rotate-key", epilog="Example: plaudit badge issuer rotate-key --community demo")
@to_work
@json_option
def rotate_key(where: Where, as_json: bool) -> None:
    """Sign with a new key from now on; what was signed before stays valid."""
    found = _ask(where, "POST", "/v1/credential-issuer/rotate-key", WRITE)
    show(found, as_json=as_json, words=issuer_lines)


@issuer.command(
    "stolen",
    epilog="Example: plaudit badge issuer stolen z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp --yes",
)
@to_work
@json_option
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="What it signed before still counts (UTC)"
)
@click.confirmation_option(
    "--yes", prompt="What it signed will not count any more, and that cannot be taken back. Go on?"
)
@click.argument("name", metavar="KEY")
def declare_stolen(where: Where, as_json: bool, since: datetime | None, name: str) -> None:
    """Say that a KEY was stolen: nothing that it ever signed counts, or nothing from a moment on."""
    said = {"since": None if since is None else f"{since.isoformat()}Z"}
    found = _ask(where, "POST", f"/v1/credential-issuer/keys/{quote(name, safe='')}/stolen", WRITE, json=said)
    show(found, as_json=as_json, words=issuer_lines)


def issuer_lines(found: Mapping[str, Any]) -> list[str]:
    """An issuer in words."""
    lines = [written_out(f"{found['name'] or 'nobody has said who it is'} ({found['did']})")]
    for one in found["keys"]:
        state = "  signs" if one["is_signing"] else ""
        if one["stolen_since"] is not None:
            state = f"  stolen: nothing that it signed since {one['stolen_since']} counts"
        lines.append(f"  {one['made_at']}  {one['name']}{state}")
    return lines
