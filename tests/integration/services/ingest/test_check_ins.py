"""Who was there in person: by codes that change, and by lists that an organiser's device signed."""

import asyncio
import base64
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ingest.checkins.domain import step_at, write_code
from services.ingest.checkins.store import find_occasion
from services.ingest.settings import Settings
from shared.contracts.attendance import signed_bytes
from tests.integration.services.ingest.conftest import Community, problem
from tests.integration.services.test_who_may import know_token_keys, token
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack


def in_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


async def occasion(community: Community, *, hours: float = -1, **more: Any) -> dict[str, Any]:
    """An occasion of two hours that begins in so many hours."""
    begins = datetime.now(UTC) + timedelta(hours=hours)
    body = {
        "title": "Meet-up",
        "begins_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=2)).isoformat(),
    }
    answer = await community.client.post("/v1/occasions", json=body | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def member(community: Community, name: str) -> tuple[str, dict[str, str]]:
    """A member by their id, and what they show."""
    body = {"identities": [{"channel": "forum", "id": name}]}
    declared = await community.client.put("/v1/members/identities", json=body)
    assert declared.status_code == 200, declared.text
    await know_token_keys(community.pool)
    member_id = str(declared.json()["member_id"])
    return member_id, token(community.name, member_id, member_id)


async def code_of(community: Community, occasion_id: str) -> str:
    answer = await community.client.get(f"/v1/occasions/{occasion_id}/code")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["code"])


async def scan(community: Community, code: str, headers: Mapping[str, str]) -> Any:
    return await community.client.post("/v1/check-ins", json={"code": code}, headers=headers)


async def events_of(community: Community, member_id: str, source: str) -> list[str]:
    """The outcomes of a check-in's event."""
    named = {"source": source, "event_id": f"{source.rpartition(':')[2]}/{member_id}"}

    async def received() -> Any:
        return (await community.client.get("/v1/receipts/of-event", params=named)).json()["items"]

    return [one["outcome"] for one in await until(received)]


async def test_whoever_scans_the_code_is_checked_in_once(community: Community) -> None:
    made = await occasion(community, capacity=2)
    ada, shows = await member(community, "ada")
    code = await code_of(community, made["occasion_id"])

    first, again = await scan(community, code, shows), await scan(community, code, shows)

    assert (first.status_code, first.json()["outcome"], first.json()["title"]) == (200, "checked_in", "Meet-up")
    assert (again.status_code, again.json()["outcome"]) == (200, "again")
    found = (await community.client.get(f"/v1/occasions/{made['occasion_id']}")).json()
    assert found["checked_in_count"] == 1
    assert await events_of(community, ada, f"urn:plaudit:occasion:{made['occasion_id']}") == ["accepted"]
    # It is theirs, and nobody else came of it.
    members = await community.members()
    assert [one["member_id"] for one in members] == [ada]
    assert {"channel": "in_person", "id": ada} in [
        {name: one[name] for name in ("channel", "id")} for one in members[0]["identities"]
    ]


async def test_forged_expired_foreign_and_early_codes_let_nobody_in(community: Community) -> None:
    made, to_come = await occasion(community), await occasion(community, hours=1)
    _, shows = await member(community, "ada")
    code = await code_of(community, made["occasion_id"])
    async with community.pool.acquire() as conn:
        kept = await find_occasion(conn, community=community.name, occasion_id=made["occasion_id"])
    assert kept is not None
    step = step_at(datetime.now(UTC), Settings().checkin_code_seconds)

    for unusable in ("", "x", code[:-3] + "AAA", "A" * 50, code[1:]):
        assert problem(await scan(community, unusable, shows), 422)["type"].endswith(":unusable-check-in-code")
    for past in (write_code(kept, step=step - 3), write_code(kept, step=step + 100)):
        assert problem(await scan(community, past, shows), 409)["type"].endswith(":expired-check-in-code")
    early = await scan(community, await code_of(community, to_come["occasion_id"]), shows)
    assert problem(early, 409)["type"].endswith(":occasion-not-open")
    # A member of another community: as if there were no such occasion.
    other = str(uuid4())
    foreign = await scan(community, code, token(f"{community.name}b", other, other))
    assert problem(foreign, 422)["type"].endswith(":unusable-check-in-code")
    # A key is nobody who is there.
    problem(await community.client.post("/v1/check-ins", json={"code": code}), 422)
    shown = (await community.client.get(f"/v1/occasions/{made['occasion_id']}")).json()
    assert shown["checked_in_count"] == 0


async def test_no_more_check_in_than_may_though_all_come_at_once(community: Community) -> None:
    made = await occasion(community, capacity=3)
    code = await code_of(community, made["occasion_id"])
    shown = [(await member(community, f"m{number}"))[1] for number in range(8)]

    answers = await asyncio.gather(*(scan(community, code, headers) for headers in shown for _ in range(2)))

    assert Counter(answer.json().get("outcome", answer.status_code) for answer in answers) == {
        "checked_in": 3,
        "again": 3,
        409: 10,
    }
    found = (await community.client.get(f"/v1/occasions/{made['occasion_id']}")).json()
    assert found["checked_in_count"] == 3


async def test_a_signed_list_comes_late_and_counts_once(community: Community) -> None:
    made = await occasion(community, hours=-50, capacity=3)
    url = f"/v1/occasions/{made['occasion_id']}"
    device, stranger = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    ada, _ = await member(community, "ada")
    bob, _ = await member(community, "bob")
    for name in ("eve", "joe"):
        await member(community, name)
    begins = datetime.fromisoformat(made["begins_at"])
    inside, outside = (begins + timedelta(minutes=5)).isoformat(), (begins - timedelta(minutes=5)).isoformat()
    entries = [
        ("forum:ada", inside),
        (bob, inside),
        ("forum:ada", inside),
        ("forum:nobody", inside),
        (str(uuid4()), inside),
        ("eve", inside),
        ("forum:eve", outside),
        ("forum:eve", "yesterday"),
        ("forum:eve", inside),
        ("forum:joe", inside),
    ]
    text = orjson.dumps(
        {"occasion_id": made["occasion_id"], "entries": [{"member": one, "at": at} for one, at in entries]}
    ).decode()

    async def hand_in(signed: str, by: Ed25519PrivateKey, said: str | None = None) -> Any:
        body = {"list": said or signed, "signature": in_base64(by.sign(signed_bytes(signed)))}
        return await community.client.post(f"{url}/lists", json=body)

    untrusted = ":untrusted-attendance-list"
    assert problem(await hand_in(text, device), 422)["type"].endswith(untrusted)
    key = {"public_key": in_base64(device.public_key().public_bytes_raw())}
    assert (await community.client.put(f"{url}/device-key", json=key)).json()["device_key"] == key["public_key"]
    problem(await community.client.put(f"{url}/device-key", json={"public_key": "AAAA"}), 422)
    for forged in (
        await hand_in(text, stranger),
        await hand_in(text, device, text.replace("forum:ada", "forum:eve")),
    ):
        assert problem(forged, 422)["type"].endswith(untrusted)
    assert problem(await hand_in("{}", device), 422)["type"].endswith(":not-an-attendance-list")

    taken, again = await hand_in(text, device), await hand_in(text, device)

    assert [one["outcome"] for one in taken.json()["items"]] == [
        "checked_in",
        "checked_in",
        "again",
        "unknown",
        "unknown",
        "unknown",
        "outside",
        "outside",
        "checked_in",
        "full",
    ]
    assert Counter(one["outcome"] for one in again.json()["items"])["checked_in"] == 0
    assert await events_of(community, ada, f"urn:plaudit:occasion:{made['occasion_id']}") == ["accepted"]
    assert (await community.client.get(url)).json()["checked_in_count"] == 3

    over = await occasion(community, hours=-24 * (Settings().checkin_late_days + 1))
    url = f"/v1/occasions/{over['occasion_id']}"
    await community.client.put(f"{url}/device-key", json=key)
    late = await hand_in(text, device)
    assert problem(late, 409)["type"].endswith(":attendance-list-too-late")


async def test_occasions_are_their_communitys(community: Community) -> None:
    made = [await occasion(community, hours=number) for number in range(3)]
    first = (await community.client.get("/v1/occasions", params={"limit": 2})).json()
    rest = (await community.client.get("/v1/occasions", params={"limit": 2, "after": first["next"]})).json()
    assert [one["occasion_id"] for one in first["items"] + rest["items"]] == [
        one["occasion_id"] for one in reversed(made)
    ]
    assert "secret" not in made[0]
    others = await authorization(community.pool, f"{community.name}b", "events:write")
    for path in ("", "/code"):
        url = f"/v1/occasions/{made[0]['occasion_id']}{path}"
        assert problem(await community.client.get(url, headers=others), 404)["type"].endswith(":unknown-occasion")
    now = datetime.now(UTC).isoformat()
    body = {"title": "Meet-up", "begins_at": now, "ends_at": now}
    assert (
        problem(await community.client.post("/v1/occasions", json=body), 422)["errors"][0]["field"] == "/ends_at"
    )
