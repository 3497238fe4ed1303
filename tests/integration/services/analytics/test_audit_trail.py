"""Who did what: found by whatever is asked for, in pages and as a table, and led to from what came of it."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.analytics.audit.handlers import forget, on_audit
from services.analytics.intake.handlers import on_events
from services.analytics.payouts.handlers import on_payouts
from services.analytics.points.handlers import on_awards
from services.analytics.programmes.handlers import on_programmes
from shared.access_keys import INSTALLATION
from shared.contracts.facts import AUDIT_FACT
from shared.followed_members import on_members
from tests.integration.services.merging import Merging
from tests.integration.services.test_who_may import know_token_keys, token
from tests.integration.services.world import NOON, add_person, authorization

pytestmark = pytest.mark.stack

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["audit:read", "analytics:read"]


@pytest.fixture
def short_tables(world: Any) -> None:
    """Set before there is an API."""
    world.configure(audit_csv_max_count=1_200)


class Trail:
    """Makes facts of commands and reads in a community."""

    def __init__(self, world: Any, grace: str, linus: str) -> None:
        self.world, self.grace, self.linus = world, grace, linus

    def command(self, number: int, command: str = "payee.set", **more: Any) -> Any:
        data = {
            "audit_id": self.world.uuid(f"entry {number}"),
            "service": "rewards",
            "command": command,
            "credential": "key1",
            "person_id": self.grace,
            "object": {"kind": "payee", "id": self.world.uuid("ada")},
            "member_id": self.world.uuid("ada"),
            "before": {"iban": "NL…4300"},
            "after": {"iban": "DE…3000"},
        }
        at = NOON + timedelta(minutes=number)
        fact = self.world.fact("command.done.v1", f"entry {number}", data | more, at) | {
            "traceparent": TRACEPARENT
        }
        return AUDIT_FACT.validate_python(fact)

    def read(self, number: int, member: str | None = "ada") -> Any:
        data = {
            "audit_id": self.world.uuid(f"entry {number}"),
            "service": "ingest",
            "operation": "GET /v1/members",
            "credential": "key2",
            "person_id": self.linus,
        } | ({} if member is None else {"member_id": self.world.uuid(member)})
        fact = self.world.fact("personal_data.read.v1", f"entry {number}", data, NOON + timedelta(minutes=number))
        return AUDIT_FACT.validate_python(fact)


@pytest.fixture
async def trail(world: Any) -> Trail:
    """Ten entries: 0 to 5 commands of Grace, 6 a command of nobody, 7 a read of Ada's, 8 of Bob's, 9 of a list."""
    made = Trail(
        world, await add_person(world.pool, world.community), await add_person(world.pool, world.community)
    )
    run = {"object": {"kind": "payout_run", "id": world.uuid("run")}}
    nobodys = made.command(6, "person.add", credential="bootstrap", object={"kind": "person", "id": made.grace})
    for name in ("person_id", "member_id", "before"):
        del nobodys["data"][name]
    without_member = made.command(5, "payout_run.approve", **run)
    del without_member["data"]["member_id"]
    facts = [*(made.command(number) for number in range(5)), without_member, nobodys]
    facts += [made.read(7), made.read(8, "bob"), made.read(9, None)]
    for _ in range(2):  # what comes again changes nothing
        await world.handle(on_audit, *facts)
    return made


async def numbers(world: Any, api: httpx.AsyncClient, path: str = "/v1/audit", **query: Any) -> list[int]:
    """Which entries are answered, by their numbers, from page to page."""
    names = {world.uuid(f"entry {number}"): number for number in range(10)}
    found: list[int] = []
    after: dict[str, str] = {}
    while True:
        answer = await api.get(path, params={"limit": 3, **query, **after})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [names[item["audit_id"]] for item in page["items"]]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


async def test_everything_is_found_newest_first_in_pages(world: Any, api: httpx.AsyncClient, trail: Trail) -> None:
    assert await numbers(world, api) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


async def test_what_is_asked_for_is_found(world: Any, api: httpx.AsyncClient, trail: Trail) -> None:
    ada = world.uuid("ada")
    asked: dict[str, tuple[dict[str, Any], list[int]]] = {
        "kind": ({"kind": "read"}, [9, 8, 7]),
        "service": ({"service": "ingest"}, [9, 8, 7]),
        "command": ({"command": "payout_run.approve"}, [5]),
        "person": ({"person": trail.linus}, [9, 8, 7]),
        "credential": ({"credential": "bootstrap"}, [6]),
        "object": ({"object": world.uuid("run")}, [5]),
        "member": ({"member": ada}, [7, 4, 3, 2, 1, 0]),
        "from": ({"from": "2026-03-04T12:08:00Z"}, [9, 8]),
        "to": ({"to": "2026-03-04T13:01:00+01:00"}, [0]),
        "all": ({"member": ada, "kind": "command", "person": trail.grace, "from": "2026-03-04T12:03:00Z"}, [4, 3]),
        "none": ({"person": str(uuid4())}, []),
    }

    found = {name: await numbers(world, api, **query) for name, (query, _) in asked.items()}

    assert found == {name: expected for name, (_, expected) in asked.items()}


async def test_an_entry_says_who_what_and_from_what_to_what(
    world: Any, api: httpx.AsyncClient, trail: Trail
) -> None:
    (entry,) = (await api.get("/v1/audit", params={"to": "2026-03-04T12:01:00Z"})).json()["items"]

    assert entry == {
        "audit_id": world.uuid("entry 0"),
        "at": "2026-03-04T12:00:00Z",
        "community": world.community,
        "kind": "command",
        "service": "rewards",
        "command": "payee.set",
        "person_id": trail.grace,
        "person_name": f"Test {trail.grace[:4]}",
        "credential": "key1",
        "object": {"kind": "payee", "id": world.uuid("ada")},
        "member_id": world.uuid("ada"),
        "before": {"iban": "NL…4300"},
        "after": {"iban": "DE…3000"},
        "traceparent": TRACEPARENT,
    }


async def test_who_read_or_changed_a_members_data(world: Any, api: httpx.AsyncClient, trail: Trail) -> None:
    assert await numbers(world, api, f"/v1/members/{world.uuid('ada')}/audit") == [7, 4, 3, 2, 1, 0]
    assert await numbers(world, api, f"/v1/members/{world.uuid('bob')}/audit", kind="read") == [8]
    assert await numbers(world, api, f"/v1/members/{uuid4()}/audit") == []


async def test_who_is_merged_is_one_with_whom_they_are_merged_into(
    world: Any, api: httpx.AsyncClient, trail: Trail
) -> None:
    await Merging(world, on_members).merge("bob", "ada")

    for name in ("ada", "bob"):
        assert await numbers(world, api, f"/v1/members/{world.uuid(name)}/audit") == [8, 7, 4, 3, 2, 1, 0]
        assert await numbers(world, api, member=world.uuid(name), kind="read") == [8, 7]


async def test_members_see_it_of_themselves_and_of_nobody_else(
    world: Any, api: httpx.AsyncClient, trail: Trail
) -> None:
    await know_token_keys(world.pool)
    ada, bob = world.uuid("ada"), world.uuid("bob")
    api.headers.update(token(world.community, ada, ada))

    assert await numbers(world, api, f"/v1/members/{ada}/audit") == [7, 4, 3, 2, 1, 0]
    for path in (f"/v1/members/{bob}/audit", "/v1/audit", "/v1/audit.csv"):
        assert (await api.get(path)).status_code == 403


async def test_it_takes_the_scope_and_another_community_is_the_installations(
    world: Any, api: httpx.AsyncClient, clients: Any, trail: Trail
) -> None:
    other = await clients("analytics:read")
    for path in ("/v1/audit", "/v1/audit.csv", f"/v1/members/{world.uuid('ada')}/audit"):
        assert (await other.get(path)).status_code == 403
    refused = await api.get("/v1/audit", params={"community": "somebody-elses"})
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:plaudit:problem:other-community")

    person = await add_person(world.pool, INSTALLATION, "operator")
    header = await authorization(world.pool, INSTALLATION, "audit:read", person_id=person)
    api.headers.update(header)
    assert await numbers(world, api, community=world.community) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert await numbers(world, api, member=world.uuid("ada")) == []


async def test_a_table_has_all_of_it_and_no_formula(world: Any, api: httpx.AsyncClient, trail: Trail) -> None:
    await world.pool.execute(
        "update followed_people set name = '=cmd()' where community = $1 and person_id = $2",
        world.community,
        UUID(trail.linus),
    )

    answer = await api.get("/v1/audit.csv", params={"kind": "read"})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["audit_id"] for row in rows] == [world.uuid(f"entry {number}") for number in (9, 8, 7)]
    assert {row["person_name"] for row in rows} == {"'=cmd()"}


async def test_a_table_goes_on_beyond_a_page_and_one_that_is_too_long_is_refused(
    world: Any, short_tables: None, api: httpx.AsyncClient, trail: Trail
) -> None:
    await world.pool.execute(
        """
        insert into audit_trail (community, audit_id, at, kind, service, command, credential, object_kind,
                                 object_id)
        select $1, gen_random_uuid(), '2026-03-05T00:00:00Z', 'command', 'rewards', 'a.b', 'k', 'a', n::text
        from generate_series(1, 1190) n
        """,
        world.community,
    )

    whole = await api.get("/v1/audit.csv")
    await world.handle(on_audit, trail.command(10))
    refused = await api.get("/v1/audit.csv")

    rows = list(csv.DictReader(io.StringIO(whole.text, newline="")))
    assert len({row["audit_id"] for row in rows}) == len(rows) == 1_200
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:plaudit:problem:too-many-entries")
    assert "1200" in refused.json()["detail"]


async def test_nothing_is_forgotten_unasked(world: Any, api: httpx.AsyncClient, trail: Trail) -> None:
    async with world.begin() as tx:
        await forget(tx)
    assert len(await numbers(world, api)) == 10

    world.configure(audit_retention_days=1)
    async with world.begin() as tx:
        await forget(tx)
    # What comes late is as old.
    await world.handle(on_audit, trail.command(1))

    assert await numbers(world, api) == []


async def test_lineage_leads_to_who_did_it(world: Any, api: httpx.AsyncClient, trail: Trail) -> None:
    traced = {"traceparent": TRACEPARENT.replace("902b7", "902b8")}
    approval = trail.command(11, "payout_run.approve") | traced
    publication = trail.command(12, "programme.publish") | {"traceparent": TRACEPARENT.replace("902b7", "902b9")}
    programme = world.programme(1, []) | {"traceparent": publication["traceparent"]}
    await world.handle(on_audit, approval, publication)
    await world.handle(on_programmes, programme)
    await world.handle(on_events, world.event("1"))
    await world.handle(on_awards, world.award("1", "1"))
    settled = world.payout("settled", "bank", at=NOON + timedelta(days=1))
    await world.handle(on_payouts, world.payout("approved") | traced, settled, world.lots(("1", 5)))

    found = (await api.get(f"/v1/lineage/payouts/{world.uuid('payout')}")).json()

    assert [(state["state"], state["audit_id"]) for state in found["states"]] == [
        ("approved", world.uuid("entry 11")),
        ("settled", None),
    ]
    (lot,) = found["items"]
    assert lot["award"]["publication_audit_id"] == world.uuid("entry 12")
