"""Badges are verified: real ones of others, ours, and those that somebody made to deceive or to stop us."""

import asyncio
import contextlib
import json
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared import base64url
from shared.open_badges import baking, proofs
from shared.open_badges.keys import FoundKey, base58, did_document, did_url, did_web, multikey
from shared.open_badges.status_lists import LIST_BITS, encoded, is_set
from shared.open_badges.verdicts import BadgeState, Verdict
from shared.open_badges.verifying import Known, verify
from shared.open_badges.words import OPEN_BADGES, VC_V2, UndecidedError, UnreadableError, listed

REAL = Path(os.environ.get("PLAUDIT_SHARED_DATA", "../shared/data")) / "platforms" / "openbadges"
LIST = "bitstring_status_list_credential_e5WK8CbZ1GjycuPombrj.json"
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE, PUBLIC = KEY.private_bytes_raw(), KEY.public_key().public_bytes_raw()
DID = f"did:key:{multikey(PUBLIC)}"
METHOD = f"{DID}#{multikey(PUBLIC)}"


async def nothing(url: str) -> bytes:
    raise UndecidedError(f"nobody is asked: {url}")


def looked_at(content: bytes | str, *given: bytes, recipient: str | None = None, now: datetime = NOW) -> Verdict:
    data = content if isinstance(content, bytes) else content.encode()
    return asyncio.run(verify(data, known=Known(nothing, given), now=now, recipient=recipient))


def badge(**other: Any) -> dict[str, Any]:
    return {
        "@context": [VC_V2, OPEN_BADGES],
        "id": "urn:uuid:0d653741-850b-442c-8c1a-e6acaaff3ac6",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Hero",
        "issuer": {"id": DID, "type": ["Profile"], "name": "Acme"},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "urn:uuid:2f1c1d4e-6d0a-4f57-9e0c-5d1f6b1b7a11",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "urn:uuid:5b0b7a0e-0d6e-4a6f-8a5e-0f4c6d0b9a77",
                "type": ["Achievement"],
                "name": "Hero",
                "description": "For the booth",
                "criteria": {"narrative": "Kept the booth"},
            },
        },
        **other,
    }


def proven(document: dict[str, Any]) -> dict[str, Any]:
    return proofs.with_proof(document, private_key=PRIVATE, method=METHOD, at=NOW)


def token(document: dict[str, Any]) -> str:
    return proofs.as_token(document, private_key=PRIVATE, method=METHOD)


def real(name: str) -> dict[str, Any]:
    if not REAL.is_dir():
        pytest.skip("the real badges of others are not on this machine")
    found: dict[str, Any] = json.loads((REAL / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("ob3_v1OBv3SpecExample.json", BadgeState.VALID),
        ("ob3_v1Revoked.json", BadgeState.REVOKED),
        ("ob3_v2EddsaWithValidStatus.json", BadgeState.VALID),
        ("ob3_v2NoStatus.json", BadgeState.VALID),
        ("ob3_v2OBv3SpecExample.json", BadgeState.VALID),
        ("ob3_v2SimpleIssuerId.json", BadgeState.VALID),
        ("ob3_v2WithValidStatus.json", BadgeState.VALID),
        ("ob3_v2didWebWithValidStatus.json", BadgeState.UNDECIDED),
    ],
)
def test_real_badges_of_others_are_what_they_are_and_forged_ones_are_forged(name: str, state: BadgeState) -> None:
    given = (REAL / LIST).read_bytes() if real(name) else b""
    assert looked_at(json.dumps(real(name)), given).state == state
    if state == BadgeState.UNDECIDED:
        return
    forged = real(name)
    forged["credentialSubject"]["achievement"]["name"] = "Doctor"
    assert looked_at(json.dumps(forged), given).state == BadgeState.FORGED
    late = real(name) | {"proof": real("ob3_v2NoStatus.json")["proof"]}
    # The specification's examples do not know the words of that proof, and are refused.
    if name != "ob3_v2NoStatus.json" and "OBv3SpecExample" not in name:
        assert looked_at(json.dumps(late), given).state == BadgeState.FORGED


def test_what_is_no_badge_is_none() -> None:
    for name in (LIST, "w3c_bitstring_03_a_revocable_verifiable_credential.json"):
        with pytest.raises(UnreadableError, match="no Open Badge"):
            looked_at(json.dumps(real(name)))


def test_who_signs_doubly_means_both() -> None:
    once = proven(badge())
    twice = {**once, "proof": [once["proof"], once["proof"]]}
    assert looked_at(json.dumps(twice)).state == BadgeState.VALID
    other = proven(badge(name="Another"))
    assert looked_at(json.dumps({**once, "proof": [once["proof"], other["proof"]]})).state == BadgeState.FORGED
    # A proof within a token counts, too.
    assert looked_at(token(once)).state == BadgeState.VALID
    assert looked_at(token({**once, "proof": other["proof"]})).state == BadgeState.FORGED
    with pytest.raises(UnreadableError, match="more than 4 proofs"):
        looked_at(json.dumps({**once, "proof": [once["proof"]] * 5}))


@pytest.mark.parametrize("signed", [lambda one: json.dumps(proven(one)), token], ids=["proof", "token"])
def test_a_badge_has_its_time(signed: Any) -> None:
    assert looked_at(signed(badge(validUntil="2026-01-31T00:00:00Z"))).state == BadgeState.EXPIRED
    assert looked_at(signed(badge(validFrom="2026-02-02T00:00:00Z"))).state == BadgeState.NOT_YET_VALID
    assert looked_at(signed(badge(validUntil="2026-02-02T00:00:00Z"))).state == BadgeState.VALID


def test_nobody_signs_for_another() -> None:
    other = Ed25519PrivateKey.generate()
    public = other.public_key().public_bytes_raw()
    method = f"did:key:{multikey(public)}#{multikey(public)}"
    by_other = proofs.as_token(badge(), private_key=other.private_bytes_raw(), method=method)
    assert looked_at(by_other).state == BadgeState.FORGED
    as_ours = proofs.as_token(badge(), private_key=other.private_bytes_raw(), method=METHOD)
    assert looked_at(as_ours).state == BadgeState.FORGED
    assert looked_at(json.dumps(badge())).state == BadgeState.FORGED  # nobody at all


def signed_token(
    document: dict[str, Any],
    *,
    claims: Mapping[str, Any] | None = None,
    text: Callable[[str], str] = str,
    header: str | None = None,
) -> str:
    """A token by our key of whatever it says: with other claims (... leaves one out), and the JSON altered."""
    head, payload, _ = token(document).split(".")
    said = {**json.loads(base64url.decode(payload)), **(claims or {})}
    said = {name: value for name, value in said.items() if value is not ...}
    head = head if header is None else base64url.encode(header.encode())
    content = f"{head}.{base64url.encode(text(json.dumps(said)).encode())}"
    return f"{content}.{base64url.encode(KEY.sign(content.encode()))}"


@pytest.mark.parametrize(
    ("claims", "until", "state"),
    [
        ({"exp": 1}, None, BadgeState.EXPIRED),
        ({"exp": 1}, "2026-03-01T00:00:00Z", BadgeState.EXPIRED),
        ({"exp": NOW.timestamp()}, None, BadgeState.EXPIRED),  # on it, too: RFC 7519, section 4.1.4
        ({"exp": NOW.timestamp() + 0.5}, None, BadgeState.VALID),
        ({"exp": 4_000_000_000}, "2026-01-31T00:00:00Z", BadgeState.EXPIRED),
        ({"exp": ...}, "2026-01-31T00:00:00Z", BadgeState.EXPIRED),
        ({"exp": ..., "nbf": ..., "sub": ...}, None, BadgeState.VALID),
        ({"nbf": 4_000_000_000}, None, BadgeState.NOT_YET_VALID),
        ({"nbf": 1}, None, BadgeState.VALID),
    ],
)
def test_a_token_ends_and_begins_by_what_it_says_itself_too(
    claims: dict[str, Any], until: str | None, state: BadgeState
) -> None:
    verdict = looked_at(signed_token(badge(**({"validUntil": until} if until else {})), claims=claims))
    assert verdict.state == state
    if claims == {"exp": 1}:
        assert verdict.valid_until == datetime.fromtimestamp(1, UTC)


def test_the_later_beginning_counts_whoever_says_it() -> None:
    late = badge(validFrom="2026-02-02T00:00:00Z")
    assert looked_at(signed_token(late, claims={"nbf": 1})).state == BadgeState.NOT_YET_VALID


@pytest.mark.parametrize("name", ["exp", "nbf"])
@pytest.mark.parametrize("value", ["1", True, None, [], 1e300, 10**18, -(10**18)])
def test_what_is_no_time_in_a_token_is_said_so(name: str, value: Any) -> None:
    with pytest.raises(UnreadableError, match=f"its {name} is no time"):
        looked_at(signed_token(badge(), claims={name: value}))


@pytest.mark.parametrize("said", ["urn:uuid:ac1c1d4e-6d0a-4f57-9e0c-5d1f6b1b7a11", None, ["a"], ""])
def test_a_token_about_another_than_its_credential_is_none(said: Any) -> None:
    with pytest.raises(UnreadableError, match="whom it is about"):
        looked_at(signed_token(badge(), claims={"sub": said}))
    subject = {name: value for name, value in badge()["credentialSubject"].items() if name != "id"}
    with pytest.raises(UnreadableError, match="whom it is about"):
        looked_at(signed_token(badge(credentialSubject=subject), claims={"sub": said}))


def test_a_proof_ends_when_it_says() -> None:
    for expires, state in (
        ("2026-01-31T00:00:00Z", BadgeState.EXPIRED),
        ("2026-02-02T00:00:00Z", BadgeState.VALID),
    ):
        document = badge(validUntil="2026-03-01T00:00:00Z")
        config = {name: said for name, said in proven(document)["proof"].items() if name != "proofValue"}
        config["expires"] = expires
        value = f"z{base58(KEY.sign(proofs._signed(document, config)))}"
        whole = {**document, "proof": {**config, "proofValue": value}}
        assert looked_at(json.dumps(whole)).state == state
    # A real one of another issuer, to which nobody but its issuer may add an end.
    real_one = real("ob3_v2NoStatus.json")
    real_one["proof"] = {**listed(real_one["proof"])[0], "expires": "2099-01-01T00:00:00Z"}
    assert looked_at(json.dumps(real_one)).state == BadgeState.FORGED
    real_one["proof"]["expires"] = "soon"
    with pytest.raises(UnreadableError, match="its expires is no time"):
        looked_at(json.dumps(real_one))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", None])
def test_a_token_does_not_say_how_it_is_looked_at(algorithm: str | None) -> None:
    _, payload, signature = token(badge()).split(".")
    header = base64url.encode(json.dumps({"alg": algorithm, "kid": METHOD}).encode())
    state = BadgeState.FORGED if algorithm == "none" else BadgeState.UNDECIDED
    assert looked_at(f"{header}.{payload}.{signature}").state == state
    assert looked_at(f"{header}.{payload}.").state == BadgeState.FORGED  # nobody signed it, however they would


def test_a_name_said_twice_is_refused_wherever_it_is() -> None:
    ours = json.dumps(proven(badge()))
    for doubled in (
        ours.replace('"name": "Hero"', '"name": "King", "name": "Hero"', 1),
        ours.replace('"achievement": {', '"achievement": {"name": "King", ', 1),
        ours.replace('"achievement": {', '"achievement": {"n\\u0061me": "King", ', 1),
        ours.replace('"cryptosuite":', '"created": "2020-01-01T00:00:00Z", "cryptosuite":', 1),
        ours.replace("{", '{"name": ' + "[" * 900 + "]" * 900 + ", ", 1),
    ):
        assert doubled != ours
        with pytest.raises(UnreadableError, match="twice"):
            looked_at(doubled)
    # Deeper than Python looks, within what the second name hides.
    hidden = ours.replace("{", '{"id": ' + "[" * 1_015 + "]" * 1_015 + ", ", 1)
    with pytest.raises(UnreadableError, match=r"nested|twice"):
        looked_at(hidden)
    with pytest.raises(UnreadableError, match="'exp' twice"):
        looked_at(signed_token(badge(), text=lambda said: said[:-1] + ', "exp": 1, "exp": 4000000000}'))
    head = json.dumps({"kid": METHOD})[:-1] + ', "alg": "none", "alg": "EdDSA"}'
    with pytest.raises(UnreadableError, match="'alg' twice"):
        looked_at(signed_token(badge(), header=head))
    others = real("ob3_v2NoStatus.json")
    told = json.dumps(others)
    assert looked_at(told).state == BadgeState.VALID
    with pytest.raises(UnreadableError, match="'issuer' twice"):
        looked_at('{"issuer": "did:key:z6MkuBYNdq9suM1PtND5AUNAwranMBov9PxdEiKuuWNLSmos", ' + told[1:])


def entry(place: int) -> dict[str, Any]:
    url = "https://badges.example.org/status/1"
    return {
        "id": f"{url}#{place}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(place),
        "statusListCredential": url,
    }


def status_list(valid: Sequence[int], **other: Any) -> bytes:
    url = "https://badges.example.org/status/1"
    subject = {
        "id": f"{url}#list",
        "type": "BitstringStatusList",
        "statusPurpose": "revocation",
        "encodedList": encoded(valid),
    }
    document = {
        "@context": [VC_V2],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": DID,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": subject,
        **other,
    }
    return token(document).encode()


def test_a_list_says_what_is_revoked_and_one_that_cannot_be_believed_says_nothing() -> None:
    ours = token(badge(credentialStatus=entry(7)))
    assert looked_at(ours, status_list([7])).state == BadgeState.VALID
    assert looked_at(ours, status_list([8])).state == BadgeState.REVOKED
    assert looked_at(ours).state == BadgeState.UNDECIDED
    assert looked_at(ours, status_list([7], validUntil="2026-01-31T00:00:00Z")).state == BadgeState.UNDECIDED
    head, payload, _ = status_list([8]).decode().split(".")
    _, _, signature = status_list([7]).decode().split(".")
    assert looked_at(ours, f"{head}.{payload}.{signature}".encode()).state == BadgeState.UNDECIDED
    ended = signed_token(json.loads(base64url.decode(payload)), claims={"exp": 1})
    assert looked_at(ours, ended.encode()).state == BadgeState.UNDECIDED


def test_a_list_of_another_issuer_leaves_it_undecided() -> None:
    other = Ed25519PrivateKey.generate()
    public = multikey(other.public_key().public_bytes_raw())
    _, payload, _ = status_list([7], issuer=f"did:key:{public}").decode().split(".")
    document = {
        name: value
        for name, value in json.loads(base64url.decode(payload)).items()
        if name not in ("iss", "jti", "nbf", "sub")
    }
    by_other = proofs.as_token(
        document, private_key=other.private_bytes_raw(), method=f"did:key:{public}#{public}"
    )
    assert looked_at(token(badge(credentialStatus=entry(7))), by_other.encode()).state == BadgeState.UNDECIDED


def test_a_place_that_the_list_has_not_leaves_it_undecided() -> None:
    ours = token(badge(credentialStatus=entry(LIST_BITS)))
    assert looked_at(ours, status_list([7])).state == BadgeState.UNDECIDED


def test_a_list_that_unpacks_to_too_much_is_not_unpacked() -> None:
    pack = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    bomb = pack.compress(bytes(200_000_000)) + pack.flush()
    with pytest.raises(UndecidedError, match="more than 4,000,000 bytes"):
        is_set("u" + base64url.encode(bomb), 1)


def test_a_did_document_that_cannot_be_read_leaves_it_undecided() -> None:
    did = "did:web:acme.example"
    issuer = {"id": did, "type": ["Profile"], "name": "Acme"}
    ours = proofs.as_token(badge(issuer=issuer), private_key=PRIVATE, method=f"{did}#{multikey(PUBLIC)}")
    whole = json.dumps(did_document(did, [FoundKey(PUBLIC)]))

    def looked_up(answer: str) -> BadgeState:
        async def find(_: str) -> bytes:
            return answer.encode()

        return asyncio.run(verify(ours.encode(), known=Known(find), now=NOW)).state

    assert looked_up(whole) == BadgeState.VALID
    assert looked_up(whole[:-1] + ', "assertionMethod": []}') == BadgeState.UNDECIDED
    assert looked_up("<html>") == BadgeState.UNDECIDED


def test_keys_of_a_did_web_are_those_in_its_document_for_credentials() -> None:
    did = did_web("http://localhost:8106/v1/credentials/acme/did.json")
    assert did == "did:web:localhost%3A8106:v1:credentials:acme"
    assert did_url(did) == "http://localhost:8106/v1/credentials/acme/did.json"
    assert did_url("did:web:example.org") == "https://example.org/.well-known/did.json"
    for wrong in ("did:web:example.org:..:admin", "did:web:a%2Fb", "did:web:user%40example.org"):
        with pytest.raises(UnreadableError):
            did_url(wrong)
    method = f"{did}#{multikey(PUBLIC)}"
    issuer = {"id": did, "type": ["Profile"], "name": "Acme"}
    ours = proofs.as_token(badge(issuer=issuer), private_key=PRIVATE, method=method)
    newer = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    document = did_document(did, [FoundKey(newer), FoundKey(PUBLIC)])
    assert looked_at(ours, json.dumps(document).encode()).state == BadgeState.VALID
    assert looked_at(ours).state == BadgeState.UNDECIDED
    for changed in ({"assertionMethod": []}, {"verificationMethod": []}):
        given = json.dumps(document | changed).encode()
        assert looked_at(ours, given).state == BadgeState.UNDECIDED


def test_what_a_key_signed_since_it_was_stolen_is_forged_whenever_else_it_is_looked_at() -> None:
    did = "did:web:acme.example"
    issuer = {"id": did, "type": ["Profile"], "name": "Acme"}
    method = f"{did}#{multikey(PUBLIC)}"
    said = badge(issuer=issuer)
    token = proofs.as_token(said, private_key=PRIVATE, method=method)
    begins = datetime.fromisoformat(said["validFrom"])
    within = json.dumps(proofs.with_proof(said, private_key=PRIVATE, method=method, at=begins))
    for since, state in (
        (begins, BadgeState.FORGED),
        (begins - timedelta(days=1), BadgeState.FORGED),
        (begins + timedelta(seconds=1), BadgeState.VALID),
    ):
        document = json.dumps(did_document(did, [FoundKey(PUBLIC, since)])).encode()
        assert [looked_at(one, document).state for one in (token, within)] == [state] * 2
    # Another's document may say `expires`, or what is no time.
    ours = did_document(did, [FoundKey(PUBLIC)])
    for changed, state in (("2001-01-01T00:00:00Z", BadgeState.FORGED), ("soon", BadgeState.UNDECIDED)):
        methods = [{**ours["verificationMethod"][0], "expires": changed}]
        given = json.dumps(ours | {"verificationMethod": methods}).encode()
        assert looked_at(token, given).state == state


def test_words_are_not_given_another_meaning() -> None:
    for context in (
        [VC_V2, OPEN_BADGES, {"name": "https://example.org/nothing"}],
        [VC_V2, OPEN_BADGES, "https://example.org/context"],
    ):
        one = {**badge(), "proof": proven(badge())["proof"], "@context": context}
        with pytest.raises(UnreadableError, match="context"):
            looked_at(json.dumps(one))
    inside = proven(badge())
    inside["credentialSubject"]["achievement"]["@context"] = {"name": "https://example.org/nothing"}
    with pytest.raises(UnreadableError, match="@context within"):
        looked_at(json.dumps(inside))


def test_what_a_signature_does_not_cover_is_refused() -> None:
    added = proven(badge())
    added["credentialSubject"]["grade"] = "summa cum laude"
    with pytest.raises(UnreadableError, match="does not cover"):
        looked_at(json.dumps(added))


@pytest.mark.parametrize("count", [6, 12, 30])
def test_what_looks_alike_costs_little(count: int) -> None:
    nodes = [f"_:n{place}" for place in range(count)]
    evidence = [
        {"id": one, "type": ["Result"], "alignment": [{"id": other} for other in nodes if other != one]}
        for one in nodes
    ]
    alike = badge(evidence=[{"type": ["Evidence"], "narrative": "x"} for _ in range(count)])
    clique = badge(
        credentialSubject=badge()["credentialSubject"] | {"type": ["AchievementSubject"], "result": evidence}
    )
    for document in (alike, clique):
        begun = process_time()
        with contextlib.suppress(UnreadableError):
            assert (
                looked_at(json.dumps({**document, "proof": proven(badge())["proof"]})).state == BadgeState.FORGED
            )
        assert process_time() - begun < 2


def test_it_is_baked_into_pictures_and_found_there() -> None:
    ours = token(badge())
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h7v7z"/></svg>'
    baked = baking.bake_svg(svg, ours, is_token=True)
    assert baking.unbaked(baked) == ours
    assert baking.unbaked(baking.bake_svg(baked, json.dumps(proven(badge())), is_token=False)).startswith("{")
    png = baking.bake_png(PNG, ours)
    assert baking.unbaked(png) == ours
    assert baking.unbaked(baking.bake_png(png, ours + "x")) == ours + "x"  # what was there is gone
    assert looked_at(png).state == BadgeState.VALID


#: A pixel.
PNG = base64url.decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg"
)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "no text"),
        (b"hello", "no token"),
        (b"[1]", "no token"),
        (b"{", "no JSON"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no badge is baked"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "no XML"),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>", "document type"),
        ("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>".encode("utf-16"), "no text"),
        (b"<html/>", "no SVG"),
        (PNG, "no badge is baked"),
        (PNG[:40], "breaks off"),
        (PNG[:8] + b"\xff\xff\xff\xff" + PNG[12:], "breaks off"),
        (b"x" * 3_000_000, "the most that is read"),
        (b"{" + b'"a":' + b"[" * 40 + b"]" * 40 + b"}", "nested"),
        (b"x" * 70_000, "more than 64,000"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        looked_at(content)


def test_a_png_that_unpacks_to_too_much_is_not_unpacked() -> None:
    packed = zlib.compress(b"x" * 50_000_000)
    made = baking._chunk(b"iTXt", baking.KEYWORD + b"\0\1\0\0\0" + packed)
    with pytest.raises(UnreadableError, match="more than 64,000"):
        looked_at(PNG[:33] + made + PNG[33:])


def test_a_recipient_is_compared_by_a_hash() -> None:
    subject = badge()["credentialSubject"]
    subject["identifier"] = [
        {
            "type": "IdentityObject",
            "hashed": True,
            "identityHash": "sha256$c934fdacc6242be0277a284970416aa9bfa583241fb85094bc96c504ee0abd4e",
            "identityType": "emailAddress",
            "salt": "deadsea",
        }
    ]
    ours = token(badge(credentialSubject=subject))
    # By `printf 'alice@example.orgdeadsea' | sha256sum`.
    assert looked_at(ours, recipient="alice@example.org").state == BadgeState.VALID
    assert looked_at(ours, recipient="nobody@example.org").state == BadgeState.OTHERS
    assert looked_at(ours, now=NOW + timedelta(days=1)).state == BadgeState.VALID
