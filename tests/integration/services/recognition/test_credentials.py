"""Badges that members take away: signed, verified by another's library, revoked with their badge."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from openbadgeslib.ob3 import OB3LdpVerifier, OB3VerificationError, OB3Verifier
from PIL import Image

from services.recognition.credentials import store
from services.recognition.merges.handlers import on_members
from shared.open_badges.verdicts import BadgeState
from shared.open_badges.verifying import Known, verify
from shared.open_badges.words import UndecidedError
from tests.integration.services.recognition.test_badges_by_hand import begun, give, scopes, slug, take
from tests.integration.services.world import NOON

__all__ = ["begun", "scopes"]
pytestmark = pytest.mark.stack

_TEXT = {"type": "string", "minLength": 1}
_MOMENT = {"type": "string", "format": "date-time", "pattern": "(Z|[+-][0-9]{2}:[0-9]{2})$"}


def _types(*needed: str) -> dict[str, Any]:
    return {"type": "array", "items": _TEXT, "allOf": [{"contains": {"const": one}} for one in needed]}


def _closed(required: str, optional: str = "", **properties: Any) -> dict[str, Any]:
    """An object with these fields and no others."""
    names = [*required.split(), *optional.split()]
    return {
        "type": "object",
        "required": required.split(),
        "properties": {name: properties.get(name, _TEXT) for name in names},
        "additionalProperties": False,
    }


#: Of what we make of it, the tables of Open Badges 3.0 (appendix B), and of the proof those of Data Integrity 1.0:
#: what has to be there, of which type, and no field that they do not have.
OPEN_BADGE_CREDENTIAL = _closed(
    "@context id type name issuer validFrom credentialSubject credentialStatus proof",
    **{
        "@context": {"type": "array", "minItems": 2, "items": {"type": "string", "format": "uri"}},
        "type": _types("VerifiableCredential", "OpenBadgeCredential"),
        "validFrom": _MOMENT,
        "issuer": _closed("id type name", "url email description", type=_types("Profile")),
        "credentialSubject": _closed(
            "id type identifier achievement",
            type=_types("AchievementSubject"),
            identifier={
                "type": "array",
                "minItems": 1,
                "items": _closed(
                    "type hashed identityHash identityType salt",
                    type={"const": "IdentityObject"},
                    hashed={"const": True},
                    identityHash={"type": "string", "pattern": r"^sha256\$[0-9a-f]{64}$"},
                    identityType={"const": "systemId"},
                ),
            },
            achievement=_closed(
                "id type achievementType name description criteria",
                type=_types("Achievement"),
                achievementType={"const": "Badge"},
                criteria=_closed("narrative"),
            ),
        ),
        "credentialStatus": _closed(
            "id type statusPurpose statusListIndex statusListCredential",
            type={"const": "BitstringStatusListEntry"},
            statusPurpose={"const": "revocation"},
            statusListIndex={"type": "string", "pattern": "^[0-9]+$"},
        ),
        "proof": _closed(
            "type created verificationMethod cryptosuite proofPurpose proofValue",
            type={"const": "DataIntegrityProof"},
            created=_MOMENT,
            cryptosuite={"const": "eddsa-rdfc-2022"},
            proofPurpose={"const": "assertionMethod"},
        ),
    },
)
BASE = "https://badges.example.org"
KEY, OTHER_KEY = "A" * 43, "B" * 43


def configure(world: Any, api: httpx.AsyncClient, **settings: Any) -> None:
    world.configure(**settings)
    state = api._transport.app.state  # type: ignore[attr-defined]
    state.connected = replace(state.connected, settings=world.settings)


@pytest.fixture
async def issuer(world: Any, api: httpx.AsyncClient, begun: None) -> None:
    configure(world, api, credentials_url=BASE, credential_keys=KEY)
    said = await api.put("/v1/credential-issuer", json={"name": "Acme", "url": "https://acme.example"})
    assert said.status_code == 200, said.text


async def taken(api: httpx.AsyncClient, world: Any, badge: str, member: str = "a") -> str:
    made = await api.post(f"/v1/members/{world.uuid(member)}/badges/{badge}/credential")
    assert made.status_code == 201, made.text
    return f"/v1/members/{world.uuid(member)}/credentials/{made.json()['credential_id']}/file"


async def files(api: httpx.AsyncClient, path: str, *kinds: str) -> list[bytes]:
    found = [await api.get(path, params={"as": kind}) for kind in kinds]
    assert [one.status_code for one in found] == [200] * len(found), [one.text for one in found]
    return [one.content for one in found]


def known(api: httpx.AsyncClient) -> Known:
    """The issuer's documents, as the API has them for everybody."""

    async def find(url: str) -> bytes:
        if not url.startswith(BASE):
            raise UndecidedError(url)
        answer = await api.get(url.removeprefix(BASE), headers={"Authorization": ""})
        if answer.status_code != 200:
            raise UndecidedError(answer.text)
        return answer.content

    return Known(find)


async def state(api: httpx.AsyncClient, content: bytes, recipient: str | None = None) -> BadgeState:
    return (await verify(content, known=known(api), now=datetime.now(UTC), recipient=recipient)).state


async def test_a_badge_is_taken_away_in_four_ways_and_verified_by_another_library(
    world: Any, api: httpx.AsyncClient, issuer: None, tmp_path: Path
) -> None:
    await give(api, world, "a", "hero")
    path = await taken(api, world, "hero")
    assert await taken(api, world, "hero") == path  # the same grant is the same credential
    document, token, png, svg = await files(api, path, "json", "jwt", "png", "svg")
    assert [await state(api, one) for one in (document, token, png, svg)] == [BadgeState.VALID] * 4
    me = world.uuid("a")
    assert await state(api, token, me) == BadgeState.VALID
    assert await state(api, token, world.uuid("b")) == BadgeState.OTHERS
    said = json.loads(document)
    assert me not in document.decode()
    assert said["issuer"]["name"] == "Acme"
    assert said["credentialSubject"]["achievement"]["name"] == "Hero"
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        assert picture.size == (400, 400)

    # Another's library, given the issuer's documents as they are.
    did = said["issuer"]["id"]
    texts = {url: (await api.get(url.removeprefix(BASE))).content for url in _documents(said, did)}
    verifier = OB3Verifier.for_issuer_did(did, download=texts.__getitem__)
    assert verifier.verify(token.decode(), check_status=True, download=texts.__getitem__).issuer.name == "Acme"
    (tmp_path / "hero.png").write_bytes(png)
    (tmp_path / "hero.svg").write_bytes(svg)
    assert OB3Verifier.extract_token_from_png(png) == token.decode()
    assert OB3Verifier.extract_token_from_svg(svg) == token.decode()
    other = OB3LdpVerifier.for_issuer_did(did, download=texts.__getitem__)
    assert other.verify(said, download=texts.__getitem__).issuer.name == "Acme"
    forged = {**said, "name": "Another"}
    with pytest.raises(OB3VerificationError):
        other.verify(forged, download=texts.__getitem__)
    assert await state(api, json.dumps(forged).encode()) == BadgeState.FORGED


def _documents(said: dict[str, Any], did: str) -> list[str]:
    community = did.rpartition(":")[2]
    return [f"{BASE}/v1/credentials/{community}/did.json", said["credentialStatus"]["statusListCredential"]]


async def test_it_ends_with_its_badge_and_what_is_held_again_is_another(
    world: Any, api: httpx.AsyncClient, issuer: None
) -> None:
    await give(api, world, "a", "hero")
    path = await taken(api, world, "hero")
    (token,) = await files(api, path, "jwt")
    await take(api, world, "a", "hero")
    assert await state(api, token) == BadgeState.REVOKED
    assert slug(await api.get(path, params={"as": "jwt"})) == "credential-revoked"
    again = await api.post(f"/v1/members/{world.uuid('a')}/badges/hero/credential")
    assert slug(again) == "badge-not-held"
    await give(api, world, "a", "hero", "2")
    other = await taken(api, world, "hero")
    assert other != path
    assert [await state(api, one) for one in (token, *await files(api, other, "jwt"))] == ["revoked", "valid"]
    listed = (await api.get(f"/v1/members/{world.uuid('a')}/credentials")).json()["items"]
    # Within one second neither is the newer one.
    assert sorted(one["revoked_at"] is None for one in listed) == [False, True]


async def test_keys_rotate_what_they_signed_stays_valid_and_settings_keys_go(
    world: Any, api: httpx.AsyncClient, issuer: None
) -> None:
    path = await taken(api, world, "five")
    (before,) = await files(api, path, "json")
    configure(world, api, credential_keys=f"{OTHER_KEY},{KEY}")
    rotated = await api.post("/v1/credential-issuer/rotate-key")
    assert [one["is_signing"] for one in rotated.json()["keys"]] == [True, False]
    configure(world, api, credential_keys=OTHER_KEY)
    (after,) = await files(api, path, "json")
    methods = [json.loads(one)["proof"]["verificationMethod"] for one in (before, after)]
    assert methods[0] != methods[1]
    assert [await state(api, one) for one in (before, after)] == [BadgeState.VALID] * 2
    # What is kept of a private key opens with nothing but the settings' keys.
    keys = await store.load_keys(world.pool, community=world.community)
    assert all(len(key.sealed) == 12 + 32 + 16 for key in keys)
    configure(world, api, credential_keys=KEY)
    assert slug(await api.get(path, params={"as": "jwt"})) == "credentials-not-set-up"


async def test_what_a_stolen_key_signed_does_not_count_and_another_signs_at_once(
    world: Any, api: httpx.AsyncClient, issuer: None
) -> None:
    path = await taken(api, world, "five")
    before = await files(api, path, "json", "jwt")
    (key,) = (await api.get("/v1/credential-issuer")).json()["keys"]
    stolen = f"/v1/credential-issuer/keys/{key['name']}/stolen"
    tomorrow = {"since": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    assert slug(await api.post(stolen.replace(key["name"], "z6Mkunknown1"), json={})) == "unknown-issuer-key"
    said = await api.post(stolen, json=tomorrow)
    keys = said.json()["keys"]
    assert [one["is_signing"] for one in keys] == [True, False]
    # Nobody says of times to come what was: it is from now on, and the badge was signed before.
    assert datetime.fromisoformat(keys[1]["stolen_since"]) <= datetime.now(UTC)
    document = (await api.get(f"/v1/credentials/{world.community}/did.json", headers={"Authorization": ""})).json()
    assert [("revoked" in one) for one in document["verificationMethod"]] == [False, True]
    # Without a moment nothing that it ever signed counts, and no later word brings it back.
    ever = await api.post(stolen, json={})
    assert datetime.fromisoformat(ever.json()["keys"][1]["stolen_since"]) <= datetime.fromisoformat(key["made_at"])
    again = await api.post(stolen, json=tomorrow)
    assert again.json()["keys"] == ever.json()["keys"]
    assert len(again.json()["keys"]) == 2
    assert [await state(api, one) for one in before] == [BadgeState.FORGED] * 2
    # Taken away again, it is signed by the other.
    after = await files(api, path, "json", "jwt", "png", "svg")
    assert [await state(api, one) for one in after] == [BadgeState.VALID] * 4


async def test_what_is_taken_away_has_what_open_badges_ask_for(
    world: Any, api: httpx.AsyncClient, issuer: None
) -> None:
    await give(api, world, "a", "hero")
    for badge_id in ("five", "hero"):
        (document,) = await files(api, await taken(api, world, badge_id), "json")
        found = json.loads(document)
        jsonschema.validate(found, OPEN_BADGE_CREDENTIAL, format_checker=jsonschema.FormatChecker())
        assert found["@context"][0] == "https://www.w3.org/ns/credentials/v2"


async def test_an_erasure_revokes_and_what_nobody_knows_is_revoked(
    world: Any, api: httpx.AsyncClient, issuer: None
) -> None:
    (token,) = await files(api, await taken(api, world, "five"), "jwt")
    (other,) = await files(api, await taken(api, world, "five", "b"), "jwt")
    assert await state(api, token) == BadgeState.VALID
    erased = {"member_id": world.uuid("a"), "revision": 2, "erased_at": NOON}
    await world.handle(on_members, world.fact("member.erased.v1", "a 2", erased))
    assert [await state(api, one) for one in (token, other)] == ["revoked", "valid"]
    # A database that was restored has forgotten it: that is no yes.
    async with world.pool.acquire() as conn:
        list_no, _ = await store.newest_list(conn, community=world.community)
        valid = await store.load_valid(conn, community=world.community, list_no=list_no)
    assert valid is not None
    assert len(valid) == 1


async def test_nothing_is_signed_before_it_is_set_up(world: Any, api: httpx.AsyncClient, begun: None) -> None:
    configure(world, api, credentials_url="", credential_keys="")
    for answer in (
        await api.get("/v1/credential-issuer"),
        await api.put("/v1/credential-issuer", json={"name": "Acme"}),
        await api.post(f"/v1/members/{world.uuid('a')}/badges/five/credential"),
    ):
        assert (answer.status_code, slug(answer)) == (409, "credentials-not-set-up")
    assert slug(await api.get(f"/v1/credentials/{world.community}/did.json")) == "unknown-credential"
