"""Whether a badge is what it says: signed by its issuer, in its time, not revoked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from shared.open_badges import baking, proofs
from shared.open_badges.keys import FoundKey, did_url, key_in_document, key_in_itself
from shared.open_badges.reading import json_object
from shared.open_badges.recipients import recipient_hash
from shared.open_badges.status_lists import is_set
from shared.open_badges.verdicts import GOOD_SIGNATURE, BadgeState, Check, CheckName, Outcome, Verdict
from shared.open_badges.words import (
    BADGE_TYPES,
    CREDENTIAL,
    OPEN_BADGES_CONTEXTS,
    STATUS_ENTRY_TYPE,
    STATUS_LIST_TYPE,
    VC_V2,
    Document,
    ForgedError,
    UndecidedError,
    UnreadableError,
    id_of,
    listed,
    types_of,
)

PROOFS_MAX_COUNT: Final = 4
STATUS_MAX_COUNT: Final = 4
TEXT_MAX_CHARS: Final = 1_000
#: What a token says beside its document.
_OF_TOKENS: Final = frozenset({"iss", "jti", "nbf", "sub", "exp", "iat", "aud"})

#: Gets what stands at an address. Raises UndecidedError where nothing is got.
Find = Callable[[str], Awaitable[bytes]]


class Signed(NamedTuple):
    """A document, and what was signed: the token that it came in, or None, and the proofs in it.

    `claims` is what the token says beside the document.
    """

    document: Document
    token: str | None
    proofs: Sequence[Any]
    claims: Mapping[str, Any]

    @property
    def issuer_id(self) -> str:
        """Who says that they issued it. Raises UnreadableError where nobody does."""
        found = id_of(self.document.get("issuer"))
        if found is None:
            raise UnreadableError("it names no issuer")
        return found

    @property
    def begins_at(self) -> datetime | None:
        """From when on it is valid: the last time that the document and its token say.

        Raises UnreadableError for a time that is none.
        """
        said = (_first_moment(self.document, _FROM), _numeric_date(self.claims, "nbf"))
        return max((one for one in said if one is not None), default=None)

    @property
    def ends_at(self) -> datetime | None:
        """Until when it is valid: the first time that the document, its token (RFC 7519, 4.1.4) or a proof says.

        Raises UnreadableError for a time that is none.
        """
        said = [_first_moment(self.document, _UNTIL), _numeric_date(self.claims, "exp")]
        # A proof that has expired proves nothing (Data Integrity 1.0, section 2.1).
        said += [_first_moment(one, ("expires",)) for one in self.proofs if isinstance(one, dict)]
        return min((one for one in said if one is not None), default=None)


class Known:
    """Documents at hand: those that were given, before those that are looked up, each looked up once."""

    def __init__(self, find: Find, given: Sequence[bytes] = ()) -> None:
        self._find = find
        named = [(_given(content), content) for content in given]
        self._given = {document["id"]: content for document, content in named}
        self._lists = [content for document, content in named if STATUS_LIST_TYPE in types_of(document)]
        self._found: dict[str, bytes] = {}

    async def did_document(self, did: str) -> Any:
        """The document of a did. Raises UndecidedError where it is not to be had, or cannot be read."""
        content = self._given.get(did)
        if content is None:
            content = await self._get(did_url(did))
        try:
            return json_object(content)
        except UnreadableError as error:
            raise UndecidedError(f"its issuer's document cannot be read: {error}") from None

    async def status_list(self, address: str) -> bytes:
        """A list of revocations, as it stands at its address."""
        content = self._given.get(address)
        if content is None and len(self._lists) == 1:
            # Publishers move lists: whose it is and what for is in it, and is looked at.
            (content,) = self._lists
        return content if content is not None else await self._get(address)

    async def _get(self, address: str) -> bytes:
        if address not in self._found:
            self._found[address] = await self._find(address)
        return self._found[address]


async def verify(content: bytes, *, known: Known, now: datetime, recipient: str | None = None) -> Verdict:
    """Look at a badge: a picture, a token or a document. Raises UnreadableError for what is none."""
    signed = await asyncio.to_thread(_read, content)
    verdict = _said(signed)
    checks = [
        await _signature(signed, known=known),
        _time(signed, now=now),
        await _status(signed, known=known, now=now),
    ]
    if recipient is not None:
        checks.append(_recipient(signed.document, recipient))
    return replace(verdict, checks=checks)


def _read(content: bytes) -> Signed:
    signed = _signed(baking.unbaked(content))
    document = signed.document
    types = types_of(document)
    if CREDENTIAL not in types or not types & BADGE_TYPES:
        raise UnreadableError("it is no Open Badge 3.0: an OpenBadgeCredential has that among its types")
    if not OPEN_BADGES_CONTEXTS & {one for one in listed(document.get("@context")) if isinstance(one, str)}:
        raise UnreadableError("it is no Open Badge 3.0: it does not name its context")
    return signed


def _signed(text: str) -> Signed:
    if text.startswith("{"):
        document = json_object(text.encode())
        return Signed(
            {name: value for name, value in document.items() if name != "proof"},
            None,
            listed(document.get("proof")),
            {},
        )
    _, payload = proofs.token_parts(text)
    document = {name: value for name, value in payload.items() if name not in _OF_TOKENS}
    within = listed(document.pop("proof", None))
    signed = Signed(document, text, within, {name: payload[name] for name in _OF_TOKENS & payload.keys()})
    if payload.get("iss") != signed.issuer_id or payload.get("jti") != document.get("id"):
        raise UnreadableError("the token and the credential in it do not say the same of issuer and id")
    subjects = [found for one in listed(document.get("credentialSubject")) if (found := id_of(one)) is not None]
    if "sub" in payload and payload["sub"] not in subjects:
        raise UnreadableError("the token and the credential in it do not say the same of whom it is about")
    return signed


def _said(signed: Signed) -> Verdict:
    document = signed.document
    subject = next((one for one in listed(document.get("credentialSubject")) if isinstance(one, dict)), {})
    achievement = subject.get("achievement")
    achievement = achievement if isinstance(achievement, dict) else {}
    issuer = document.get("issuer")
    title = _text(achievement.get("name")) or _text(document.get("name"))
    if title is None:
        raise UnreadableError("it does not say what was achieved")
    return Verdict(
        badge_id=_text(document.get("id")),
        title=title,
        description=_text(achievement.get("description")),
        issuer_id=signed.issuer_id[:TEXT_MAX_CHARS],
        issuer_name=_text(issuer.get("name")) if isinstance(issuer, dict) else None,
        valid_from=signed.begins_at,
        valid_until=signed.ends_at,
        checks=(),
    )


def _text(value: Any) -> str | None:
    return value[:TEXT_MAX_CHARS] if isinstance(value, str) and value.strip() else None


async def _signature(signed: Signed, *, known: Known) -> Check:
    try:
        await _check_signatures(signed, known=known)
    except ForgedError as error:
        return Check(CheckName.SIGNATURE, Outcome.BAD, str(error), BadgeState.FORGED)
    except UndecidedError as error:
        return Check(CheckName.SIGNATURE, Outcome.OPEN, str(error))
    return GOOD_SIGNATURE


async def _check_signatures(signed: Signed, *, known: Known) -> None:
    """Check all signatures, of which each has to be its issuer's: who signs doubly means both."""
    if signed.token is None and not signed.proofs:
        raise ForgedError("nobody signed it")
    if len(signed.proofs) > PROOFS_MAX_COUNT:
        raise UnreadableError(f"it has more than {PROOFS_MAX_COUNT} proofs")
    if signed.token is not None:
        header, _ = proofs.token_parts(signed.token)
        algorithm = header.get("alg")
        if algorithm == "none" or signed.token.endswith("."):
            raise ForgedError("nobody signed it")
        if algorithm not in proofs.ALGORITHMS:
            raise UndecidedError(f"it is signed by {str(algorithm)[:60]!r}, which is not verified here")
        key = await _key(signed, header.get("kid"), known=known)
        _check_theirs(key, signed.begins_at)
        await asyncio.to_thread(proofs.check_token, signed.token, public_key=key.public_key)
    for proof in signed.proofs:
        if not isinstance(proof, dict):
            raise ForgedError("its proof is none")
        key = await _key(signed, proofs.method_of(proof), known=known)
        _check_theirs(key, _first_moment(proof, ("created",)))
        # Canonical order is work, and whoever else is served here does not wait for it.
        await asyncio.to_thread(proofs.check_proof, signed.document, proof, public_key=key.public_key)


def _check_theirs(key: FoundKey, signed_at: datetime | None) -> None:
    """Raise ForgedError for what a key signed once its issuer says that it is not theirs alone, or at no time."""
    if key.revoked_at is not None and (signed_at is None or signed_at >= key.revoked_at):
        since = key.revoked_at.isoformat(timespec="seconds")
        raise ForgedError(f"its issuer says that nothing counts which this key signed since {since}")


async def _key(signed: Signed, method: Any, *, known: Known) -> FoundKey:
    if not isinstance(method, str):
        raise ForgedError("its signature names no key")
    did = signed.issuer_id
    if method.partition("#")[0] != did:
        raise ForgedError("it is signed by somebody else than its issuer")
    key = key_in_itself(did)
    if key is not None:
        return FoundKey(key)
    return key_in_document(await known.did_document(did), did=did, method=method)


_FROM: Final = ("validFrom", "issuanceDate")
_UNTIL: Final = ("validUntil", "expirationDate")


def _first_moment(document: Mapping[str, Any], names: Sequence[str]) -> datetime | None:
    """The time that a document says by one of these names. Raises UnreadableError for one that is none."""
    for name in names:
        if name in document:
            try:
                found = datetime.fromisoformat(document[name])
            except (TypeError, ValueError):
                raise UnreadableError(f"its {name} is no time") from None
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return None


def _numeric_date(claims: Mapping[str, Any], name: str) -> datetime | None:
    """The time that a claim says in seconds since 1970 (RFC 7519, 2).

    Raises UnreadableError for one that is none.
    """
    if name not in claims:
        return None
    try:
        if isinstance(claims[name], bool):
            raise TypeError("a truth is no time")
        return datetime.fromtimestamp(claims[name], UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise UnreadableError(f"its {name} is no time") from None


def _time(signed: Signed, *, now: datetime) -> Check:
    begins, ends = signed.begins_at, signed.ends_at
    if ends is not None and ends <= now:
        return Check(CheckName.TIME, Outcome.BAD, f"it was valid until {ends.isoformat()}", BadgeState.EXPIRED)
    if begins is not None and begins > now:
        said = f"it is valid from {begins.isoformat()} on"
        return Check(CheckName.TIME, Outcome.BAD, said, BadgeState.NOT_YET_VALID)
    return Check(CheckName.TIME, Outcome.GOOD)


async def _status(signed: Signed, *, known: Known, now: datetime) -> Check:
    entries = listed(signed.document.get("credentialStatus"))
    if len(entries) > STATUS_MAX_COUNT:
        raise UnreadableError(f"it is in more than {STATUS_MAX_COUNT} lists of revocations")
    try:
        for entry in entries:
            if await _is_revoked(signed, entry, known=known, now=now):
                said = f"its issuer says {entry['statusPurpose']}"
                return Check(CheckName.STATUS, Outcome.BAD, said, BadgeState.REVOKED)
    except (UndecidedError, UnreadableError, ForgedError) as error:
        return Check(CheckName.STATUS, Outcome.OPEN, f"the list of revocations: {error}")
    return Check(CheckName.STATUS, Outcome.GOOD)


async def _is_revoked(signed: Signed, entry: Any, *, known: Known, now: datetime) -> bool:
    if not isinstance(entry, dict) or STATUS_ENTRY_TYPE not in types_of(entry):
        raise UndecidedError("is of a kind that is not verified here")
    address, purpose = entry.get("statusListCredential"), entry.get("statusPurpose")
    place = str(entry.get("statusListIndex"))
    if not isinstance(address, str) or not place.isdecimal() or len(place) > 9:
        raise UndecidedError("is not named as it has to be")
    found = _signed((await known.status_list(address)).decode("utf-8", "replace").strip())
    if STATUS_LIST_TYPE not in types_of(found.document) or VC_V2 not in listed(found.document.get("@context")):
        raise UndecidedError("is none")
    if found.issuer_id != signed.issuer_id:
        raise ForgedError("it is another issuer's")
    await _check_signatures(found, known=known)
    ends = found.ends_at
    if ends is not None and ends <= now:
        raise UndecidedError("is out of date")
    subject = found.document.get("credentialSubject")
    if not isinstance(subject, dict) or purpose not in listed(subject.get("statusPurpose")):
        raise UndecidedError("is for something else")
    bits = subject.get("encodedList")
    if not isinstance(bits, str):
        raise UndecidedError("is empty")
    return await asyncio.to_thread(is_set, bits, int(place))


def _recipient(document: Mapping[str, Any], recipient: str) -> Check:
    for subject in listed(document.get("credentialSubject")):
        if not isinstance(subject, dict):
            continue
        if subject.get("id") == recipient:
            return Check(CheckName.RECIPIENT, Outcome.GOOD)
        for one in listed(subject.get("identifier"))[:STATUS_MAX_COUNT]:
            if not isinstance(one, dict):
                continue
            said, salt = one.get("identityHash"), one.get("salt")
            is_hashed = one.get("hashed") is True
            meant = recipient_hash(recipient, salt if isinstance(salt, str) else "") if is_hashed else recipient
            if said == meant:
                return Check(CheckName.RECIPIENT, Outcome.GOOD)
    return Check(CheckName.RECIPIENT, Outcome.BAD, "it is for somebody else", BadgeState.OTHERS)


def _given(content: bytes) -> Document:
    """A document that was given, by its id. Raises UnreadableError for one without."""
    text = content.decode("utf-8", "replace").strip()
    document = json_object(content) if text.startswith("{") else _signed(text).document
    if not isinstance(document.get("id"), str):
        raise UnreadableError("a document that was given has no id, as did documents and lists have")
    return document
