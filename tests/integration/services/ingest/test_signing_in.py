"""Signing in: by a link that works once, or by an id token of a provider; and what the token then opens."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey

from services.ingest.access.sign_ins.api import _tries
from services.ingest.main import SPEC
from services.ingest.metrics import MEMBERS_JOINED
from services.ingest.settings import Settings
from tests.integration.services.ingest.conftest import Community, event, problem
from tests.integration.services.ingest.provider import (
    CLIENT,
    ISSUER,
    Provider,
    add_managed,
    bearer,
    link_of,
    sign_in,
)
from tests.integration.services.process import running
from tests.integration.services.world import add_person, authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

NOBODY = {"Authorization": ""}
INVALID_ID_TOKEN = "urn:plaudit:problem:invalid-id-token"


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Provider]:
    async with Provider().listening() as made:
        yield made


@pytest.fixture(scope="module")
async def front_door(stack: Any, provider: Provider) -> AsyncIterator[Any]:
    settings = Settings(
        **stack.settings("ingest"),
        key_cache_seconds=0.05,
        token_seconds=600,
        sign_in_tries_max_per_minute=10_000,
        oidc_issuer=ISSUER,
        oidc_client_id=CLIENT,
        oidc_keys_url=provider.url,
    )
    async with running(SPEC, settings) as parts:
        yield parts


@pytest.fixture
async def platform(community: Community) -> dict[str, str]:
    """The key of a platform's backend."""
    person_id = await add_person(community.pool, community.name, "operator")
    return await authorization(community.pool, community.name, "sign_in:write", person_id=person_id)


@pytest.fixture
async def admin(community: Community) -> dict[str, str]:
    scopes = ("sign_in:write", "keys:write", "people:write", "people:read")
    return await authorization(community.pool, community.name, *scopes)


async def test_a_platforms_user_signs_in_as_the_member_that_they_are(
    community: Community, platform: dict[str, str]
) -> None:
    await community.outcomes(event(1))
    (ada,) = await community.members()
    made = await link_of(community, platform, identity={"channel": "forum", "id": "ada"})
    assert made["member_id"] == ada["member_id"]

    signed_in = await sign_in(community, link=made["link"])

    assert (signed_in["member_id"], signed_in["community"]) == (ada["member_id"], community.name)
    lasts = datetime.fromisoformat(signed_in["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=590) < lasts <= timedelta(seconds=600)
    who = await community.client.get("/v1/key", headers=bearer(signed_in["token"]))
    assert (who.json()["roles"], who.json()["scopes"]) == (["member"], [])
    assert who.json()["credential"].startswith("token:")
    found = problem(await community.client.get("/v1/members", headers=bearer(signed_in["token"])), 403)
    assert found["detail"] == "This needs 'members:read'; the token has none"


async def test_a_link_signs_in_once_even_for_two_at_the_same_moment(
    community: Community, admin: dict[str, str]
) -> None:
    person = await add_managed(community, admin)
    made = await link_of(community, admin, person_id=person)

    answers = await asyncio.gather(
        *(
            community.client.post("/v1/tokens", json={"link": made["link"]}, headers={"Authorization": ""})
            for _ in range(5)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401, 401]
    assert {problem(one, 401)["type"] for one in answers if one.is_error} == {"urn:plaudit:problem:used-link"}


async def test_a_link_that_ended_and_one_that_there_never_was(community: Community, admin: dict[str, str]) -> None:
    made = await link_of(community, admin, person_id=await add_managed(community, admin))
    await community.pool.execute(
        "update sign_in_links set expires_at = now() where community = $1", community.name
    )

    assert (await sign_in(community, 401, link=made["link"]))["type"] == "urn:plaudit:problem:expired-link"
    assert (await sign_in(community, 401, link="psl_nobody"))["type"] == "urn:plaudit:problem:unknown-link"


async def test_a_platform_makes_no_link_for_a_person_nor_for_nobody(
    community: Community, platform: dict[str, str], admin: dict[str, str]
) -> None:
    person = await add_managed(community, admin)
    refused = await link_of(community, platform, 403, person_id=person)
    assert "keys:write" in refused["detail"]
    await link_of(community, platform, 404, identity={"channel": "forum", "id": "nobody"})
    await link_of(community, admin, 404, person_id=str(uuid4()))
    await link_of(community, admin, 422)
    await link_of(community, admin, 422, person_id=person, identity={"channel": "forum", "id": "ada"})
    await sign_in(community, 422)
    await sign_in(community, 422, link="a", id_token="b", community="c")


async def test_who_is_disabled_is_out_at_once_and_signs_in_no_more(
    community: Community, admin: dict[str, str]
) -> None:
    person = await add_managed(community, admin)
    first, second = [await link_of(community, admin, person_id=person) for _ in range(2)]
    token = (await sign_in(community, link=first["link"]))["token"]
    assert (await community.client.get("/v1/members", headers=bearer(token))).status_code == 200
    path = f"/v1/communities/{community.name}/people/{person}"
    assert (await community.client.post(f"{path}/disable", headers=admin)).status_code == 200

    async def is_out() -> bool:
        answer = await community.client.get("/v1/members", headers=bearer(token))
        return answer.status_code == 401 and answer.json()["type"].endswith("disabled-person")

    await until(is_out)
    assert (await sign_in(community, 401, link=second["link"]))["type"].endswith("disabled-person")
    # Nor was the link used up by that.
    assert (await community.client.post(f"{path}/enable", headers=admin)).status_code == 200
    assert (await sign_in(community, link=second["link"]))["person_id"] == person


async def test_a_token_that_lets_nobody_in_is_told_so(community: Community, admin: dict[str, str]) -> None:
    made = await link_of(community, admin, person_id=await add_managed(community, admin))
    token = (await sign_in(community, link=made["link"]))["token"]
    head, claims, signature = token.split(".")
    for text in (f"{head}.{claims}.", f"{head}.{claims[:-2]}AA.{signature}", "a.b.c", f"{head}.{'x' * 50_000}.y"):
        answer = await community.client.get("/v1/members", headers=bearer(text))
        assert problem(answer, 401)["type"] == "urn:plaudit:problem:invalid-token"
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_links_and_tries_are_limited(community: Community, admin: dict[str, str], stack: Any) -> None:
    person = await add_managed(community, admin)
    for _ in range(5):
        await link_of(community, admin, person_id=person)
    answer = await community.client.post("/v1/sign-in-links", json={"person_id": person}, headers=admin)
    assert problem(answer, 429)["type"] == "urn:plaudit:problem:too-many-links"
    assert answer.headers["retry-after"] == "60"

    _tries._failed.clear()
    settings = Settings(**stack.settings("ingest"), sign_in_tries_max_per_minute=3)
    async with (
        running(SPEC, settings) as parts,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{parts.http.port}", timeout=60) as client,
    ):
        found = [(await client.post("/v1/tokens", json={"link": "psl_guess"})).status_code for _ in range(5)]
        assert found == [401, 401, 401, 429, 429]
        # Without a provider there is no other way.
        _tries._failed.clear()
        answer = await client.post("/v1/tokens", json={"id_token": "a.b.c", "community": "acme"})
        assert problem(answer, 409)["type"] == "urn:plaudit:problem:sign-in-not-set-up"


@pytest.mark.parametrize(
    ("trusted", "statuses"),
    [
        ("", [401, 401, 401, 429, 429]),
        ("192.0.2.0/24", [401, 401, 401, 429, 429]),
        ("192.0.2.0/24, 127.0.0.1", [401, 401, 401, 401, 401]),
    ],
    ids=["none", "another", "this one"],
)
async def test_whose_tries_they_are_says_a_trusted_proxy_alone(
    stack: Any, trusted: str, statuses: list[int]
) -> None:
    _tries._failed.clear()
    settings = Settings(**stack.settings("ingest"), sign_in_tries_max_per_minute=3, trusted_proxies=trusted)
    async with (
        running(SPEC, settings) as parts,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{parts.http.port}", timeout=60) as client,
    ):

        async def tried(forwarded: str) -> int:
            answer = await client.post(
                "/v1/tokens", json={"link": "psl_guess"}, headers={"X-Forwarded-For": forwarded}
            )
            return answer.status_code

        assert [await tried(f"198.51.100.{number}") for number in range(5)] == statuses
        # Whoever connects to the proxy may write what they like before what it adds.
        _tries._failed.clear()
        assert [await tried(f"203.0.113.{number}, 198.51.100.9") for number in range(4)] == [401, 401, 401, 429]


async def test_somebody_signs_in_by_their_email_first_and_by_who_they_are_from_then_on(
    community: Community, admin: dict[str, str], provider: Provider
) -> None:
    subject = uuid4().hex
    person = await add_managed(community, admin, email="Grace@example.org")
    mailed = {"sub": subject, "email": "grace@EXAMPLE.org", "email_verified": True}

    for unverified in ({"email_verified": False}, {"email_verified": "true"}, {"email_verified": None}):
        refused = await sign_in(
            community, 403, id_token=provider.id_token(**(mailed | unverified)), community=community.name
        )
        assert refused["type"] == "urn:plaudit:problem:unknown-subject"
    first = await sign_in(community, id_token=provider.id_token(**mailed), community=community.name)
    again = await sign_in(community, id_token=provider.id_token(sub=subject), community=community.name)

    assert first["person_id"] == again["person_id"] == person
    # Who gets the address later is somebody else.
    other = provider.id_token(sub="somebody else", email="grace@example.org", email_verified=True)
    await sign_in(community, 403, id_token=other, community=community.name)
    await sign_in(community, 403, id_token=provider.id_token(sub=subject), community="other")
    assert (await community.client.get("/v1/members", headers=bearer(first["token"]))).status_code == 200


async def test_an_id_token_signs_in_once_in_a_community(
    community: Community, admin: dict[str, str], provider: Provider
) -> None:
    """Whoever reads it in a log or in a browser's history comes too late."""
    mailed = {"sub": uuid4().hex, "email": "once@example.org", "email_verified": True}
    await add_managed(community, admin, email="once@example.org")
    text = provider.id_token(**mailed)
    how = {"id_token": text, "community": community.name}

    answers = await asyncio.gather(
        *(community.client.post("/v1/tokens", json=how, headers=NOBODY) for _ in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]
    refused = await sign_in(community, 401, **how)
    assert (refused["type"], "signed in already" in refused["detail"]) == (INVALID_ID_TOKEN, True)
    # Whoever it lets in nowhere has not used it, and a new one lets in.
    await sign_in(community, 403, id_token=text, community=f"{community.name}b")
    await sign_in(community, id_token=provider.id_token(jti="2", **mailed), community=community.name)


async def test_two_people_with_one_email_are_nobody(
    community: Community, admin: dict[str, str], provider: Provider
) -> None:
    for _ in range(2):
        await add_managed(community, admin, email="twice@example.org")
    text = provider.id_token(sub=uuid4().hex, email="twice@example.org", email_verified=True)
    await sign_in(community, 403, id_token=text, community=community.name)


OTHERS_KEY = RSAKey.generate_key(2048, {"kid": "one"})
LONG_AGO = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example.org"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": LONG_AGO},
        {"exp": None},
        {"iat": None},
        {"iat": LONG_AGO},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 300},
        {"sub": 7},
        {"nonce": "another"},
        {"key": OTHERS_KEY},
        {"alg": "HS256", "key": OctKey.import_key("the provider's public key, as a secret")},
    ],
    ids=" ".join,
)
async def test_an_id_token_that_is_not_right_is_refused(
    community: Community, admin: dict[str, str], provider: Provider, claims: dict[str, Any]
) -> None:
    await add_managed(community, admin, email="grace@example.org")
    said = {"sub": uuid4().hex, "email": "grace@example.org", "email_verified": True, "nonce": "n1"} | claims
    how = {"id_token": provider.id_token(**said), "community": community.name, "nonce": "n1"}

    refused = await sign_in(community, 401, **how)

    assert refused["type"] == "urn:plaudit:problem:invalid-id-token"


@pytest.mark.parametrize("kid", [{"a": 1}, ["one"], 7, True], ids=["object", "list", "number", "truth"])
async def test_an_id_token_whose_key_has_no_name_is_refused(
    community: Community, provider: Provider, kid: Any
) -> None:
    parts = ({"alg": "RS256", "kid": kid}, {"sub": "u1"})
    head, claims = (urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    known = provider.id_token(sub=uuid4().hex)  # so that the provider's keys are there to look it up in
    await sign_in(community, 403, id_token=known, community=community.name)

    refused = await sign_in(community, 401, id_token=f"{head}.{claims}.AAAA", community=community.name)

    assert refused["type"] == "urn:plaudit:problem:invalid-id-token"


async def test_the_providers_keys_are_kept_and_too_many_are_not_read(stack: Any, provider: Provider) -> None:
    fetched = provider.fetched_count
    async with Provider().listening() as other:
        other.body = b"[" + b" " * 100_000
        settings = Settings(
            **stack.settings("ingest"), oidc_issuer=ISSUER, oidc_client_id=CLIENT, oidc_keys_url=other.url
        )
        async with (
            running(SPEC, settings) as parts,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{parts.http.port}", timeout=60) as client,
        ):
            how = {"id_token": other.id_token(), "community": "acme"}
            answer = await client.post("/v1/tokens", json=how)
            assert problem(answer, 503)["type"] == "urn:plaudit:problem:provider-unavailable"
            other.body = None
            for _ in range(3):
                assert (await client.post("/v1/tokens", json=how)).status_code == 403
        assert other.fetched_count == 2
    assert fetched <= 2


def test_a_provider_whose_keys_come_in_the_clear_is_refused() -> None:
    for url in ("http://login.example.org/keys", "", "ftp://login.example.org/keys"):
        with pytest.raises(ValueError, match="oidc_keys_url"):
            Settings(oidc_issuer=ISSUER, oidc_client_id=CLIENT, oidc_keys_url=url)


async def linked(community: Community, headers: dict[str, str], status: int = 200, /, **proof: Any) -> Any:
    """What is answered to linking `chat:U1`, or the `identity` that is named, by a proof."""
    body = {"identity": {"channel": "chat", "id": "U1"}} | proof
    answer = await community.client.post("/v1/members/links", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def declared(community: Community, person_id: str) -> None:
    """Somebody in the forum, as whoever may declares them."""
    headers = await authorization(community.pool, community.name, "members:write")
    body = {"identities": [{"channel": "forum", "id": person_id}]}
    answer = await community.client.put("/v1/members/identities", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.fixture
async def linker(community: Community) -> dict[str, str]:
    """The key of a backend that links identities and makes links to sign in by."""
    return await authorization(community.pool, community.name, "members:write", "members:read", "sign_in:write")


async def test_an_identity_is_whose_token_its_holder_shows(community: Community, linker: dict[str, str]) -> None:
    before = MEMBERS_JOINED.labels("token")._value.get()
    await declared(community, "ada")
    link = await link_of(community, linker, identity={"channel": "forum", "id": "ada"})
    token = (await sign_in(community, link=link["link"]))["token"]

    for _ in range(2):
        found = await linked(community, linker, member_token=token)
        assert found["member_id"] == link["member_id"]
        assert {one["id"] for one in found["identities"]} == {"ada", "U1"}
    assert MEMBERS_JOINED.labels("token")._value.get() == before + 1

    await declared(community, "bob")
    refused = await linked(community, linker, 409, identity={"channel": "forum", "id": "bob"}, member_token=token)
    assert refused["type"] == "urn:plaudit:problem:different-members"
    # A key, a changed token and what is none prove nothing; nor does a token in another community.
    for shown in (linker["Authorization"].removeprefix("Bearer "), f"{token}x", "x"):
        refused = await linked(community, linker, 422, member_token=shown)
        assert refused["type"] == "urn:plaudit:problem:no-members-token"
    elsewhere = await authorization(community.pool, f"{community.name}b", "members:write")
    await linked(community, elsewhere, 422, member_token=token)
    await linked(community, linker, 422, member_token=token, id_token="x")
    await linked(community, linker, 422)


async def test_identities_of_one_subject_are_one_person(
    community: Community, linker: dict[str, str], provider: Provider
) -> None:
    subject = uuid4().hex

    def proof() -> dict[str, str]:
        return {"id_token": provider.id_token(sub=subject, nonce="n1"), "nonce": "n1"}

    bob = {"channel": "forum", "id": "bob"}
    both = await asyncio.gather(
        *(linked(community, linker, identity={"channel": "forum", "id": one}, **proof()) for one in ("ada", "eve"))
    )
    first = await linked(community, linker, **proof())
    assert {one["member_id"] for one in both} == {first["member_id"]}
    other = await linked(community, linker, identity=bob, id_token=provider.id_token(sub=uuid4().hex))
    assert other["member_id"] != first["member_id"]
    refused = await linked(community, linker, 409, identity=bob, **proof())
    assert refused["type"] == "urn:plaudit:problem:different-members"
    elsewhere = await authorization(community.pool, f"{community.name}b", "members:write")
    assert (await linked(community, elsewhere, **proof()))["member_id"] != first["member_id"]
    refused = await linked(community, linker, 401, **(proof() | {"nonce": "n2"}))
    assert refused["type"] == "urn:plaudit:problem:invalid-id-token"
    rows = await community.pool.fetch(
        "select joined_by, subject_hash from identities where community = $1 and identity <> 'bob'", community.name
    )
    assert sorted(str(row["joined_by"]) for row in rows) == ["None", "subject", "subject"]
    assert len({row["subject_hash"] for row in rows}) == 1
    assert subject not in str(rows)


async def test_members_who_are_of_one_subject_are_suggested_and_not_joined(
    community: Community, linker: dict[str, str], provider: Provider
) -> None:
    """Who was there before is known by their subject, and stays who they are."""
    subject = uuid4().hex
    for name in ("ada", "bob"):
        await declared(community, name)
    ada, bob = ({"channel": "forum", "id": name} for name in ("ada", "bob"))
    mine = await linked(community, linker, identity=ada, id_token=provider.id_token(sub=subject))
    assert (await linked(community, linker, id_token=provider.id_token(sub=subject)))["member_id"] == mine[
        "member_id"
    ]
    refused = await linked(community, linker, 409, identity=bob, id_token=provider.id_token(sub=subject))
    assert refused["type"] == "urn:plaudit:problem:different-members"
    # As after two were told apart before anybody knew better.
    await community.pool.execute(
        "update identities set subject_hash = (select min(subject_hash) from identities where community = $1)"
        " where community = $1",
        community.name,
    )
    suggested = await community.client.get("/v1/members/suggestions", headers=linker)
    assert [one["reasons"] for one in suggested.json()["items"]] == [["same_subject"]]
    await linked(community, linker, 409, identity=ada | {"id": "zoe"}, id_token=provider.id_token(sub=subject))


async def test_whoever_asks_for_it_gets_further_tokens_until_the_time_is_over(
    community: Community, admin: dict[str, str]
) -> None:
    person_id = await add_person(community.pool, community.name, "manager")
    made = await link_of(community, admin, person_id=person_id)
    signed_in = await sign_in(community, link=made["link"], renewable=True)
    lasts = datetime.fromisoformat(signed_in["renewal_expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=11) < lasts <= timedelta(hours=12)

    renewed = await sign_in(community, renewal=signed_in["renewal"])
    assert (renewed["person_id"], renewed["community"]) == (person_id, community.name)
    assert renewed["token"] != signed_in["token"]
    assert renewed["renewal"] is None

    await community.pool.execute(
        "update sign_in_renewals set expires_at = now() where person_id = $1::text::uuid", person_id
    )
    assert (await sign_in(community, 401, renewal=signed_in["renewal"]))[
        "type"
    ] == "urn:plaudit:problem:unknown-renewal"


async def test_a_members_further_tokens_end_sooner_and_the_oldest_with_too_many(
    community: Community, platform: dict[str, str]
) -> None:
    await community.outcomes(event(1))
    ada, signed_in = {"channel": "forum", "id": "ada"}, []
    for _ in range(Settings.model_fields["renewals_max_count"].default + 1):
        made = await link_of(community, platform, identity=ada)
        signed_in.append(await sign_in(community, link=made["link"], renewable=True))
    lasts = datetime.fromisoformat(signed_in[0]["renewal_expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=3) < lasts <= timedelta(hours=4)
    assert (await sign_in(community, 401, renewal=signed_in[0]["renewal"]))[
        "type"
    ] == "urn:plaudit:problem:unknown-renewal"
    for one in signed_in[1:]:
        assert (await sign_in(community, renewal=one["renewal"]))["member_id"] == one["member_id"]


async def test_a_renewal_is_no_token_and_ends_with_its_person(community: Community, admin: dict[str, str]) -> None:
    person_id = await add_person(community.pool, community.name, "manager")
    made = await link_of(community, admin, person_id=person_id)
    renewal = (await sign_in(community, link=made["link"], renewable=True))["renewal"]
    assert (await community.client.get("/v1/key", headers=bearer(renewal))).status_code == 401
    stored = await community.pool.fetch("select secret_sha256 from sign_in_renewals")
    assert renewal not in {row["secret_sha256"] for row in stored}

    await community.pool.execute(
        "update followed_people set disabled = true where person_id = $1::text::uuid", person_id
    )
    assert (await sign_in(community, 401, renewal=renewal))["type"] == "urn:plaudit:problem:disabled-person"


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"renewal": "psr_x", "link": "psl_x"}, id="two-ways"),
        pytest.param({"renewal": "psr_x", "renewable": True}, id="renewed-renewal"),
        pytest.param({"renewable": True}, id="no-way"),
    ],
)
async def test_one_way_to_sign_in_at_a_time(community: Community, how: dict[str, Any]) -> None:
    assert (await sign_in(community, 422, **how))["type"] == "urn:plaudit:problem:invalid-request"
