"""Whose a path is, by the templates of the five documents; and the one document that is made of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from console.gateway.documents import load_documents, one_document
from console.gateway.settings import Settings
from console.gateway.templates import COMMON, Owned, Templates, overlaps
from shared.services import SERVICES
from tools.schemas import openapi_document

DOCUMENTS = load_documents(Settings().documents)
TEMPLATES = Templates(DOCUMENTS)
ONE = one_document(DOCUMENTS)
MEMBER = "b1eb0827-4a10-5f84-8a5b-1f3b2b5f7a10"


def test_no_path_could_be_of_two_services() -> None:
    assert overlaps(DOCUMENTS) == []


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("/v1/members/{id}/score", "/v1/members/{member}/score", True),
        ("/v1/members/{id}/score", "/v1/members/{id}/balance", False),
        ("/v1/members/{id}", "/v1/members/identities", True),
        ("/v1/{kind}/latest", "/v1/members/{id}", True),
        ("/v1/members/{id}", "/v1/members/{id}/score", False),
    ],
)
def test_templates_overlap_where_one_path_could_be_of_both(one: str, other: str, are_one: bool) -> None:
    found = overlaps({"ingest": {"paths": {one: {}}}, "scoring": {"paths": {other: {}}}})
    assert found == ([(Owned("ingest", one), Owned("scoring", other))] if are_one else [])
    assert overlaps({"ingest": {"paths": {one: {}, other: {}}}}) == []


def test_what_every_service_has_is_known_as_such() -> None:
    everywhere = set.intersection(*(set(document["paths"]) for document in DOCUMENTS.values()))
    assert everywhere == COMMON


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/events", "ingest"),
        (f"/v1/events/{MEMBER}/explanation", "scoring"),
        (f"/v1/members/{MEMBER}/score", "scoring"),
        (f"/v1/members/{MEMBER}/balance", "rewards"),
        (f"/v1/members/{MEMBER}/recognition", "recognition"),
        (f"/v1/members/{MEMBER}/audit", "analytics"),
        ("/v1/members/identities", "ingest"),
        ("/v1/audit.csv", "analytics"),
        ("/v1/lineage/commits", "analytics"),
    ],
)
def test_a_path_is_its_templates_services(path: str, service: str) -> None:
    found = TEMPLATES.find(path)
    assert found is not None
    assert found.service == service


@pytest.mark.parametrize(
    "path",
    ["", "/", "/v1", "/v1/", "/v1/events/", "//v1/events", "/v1/members//score", "/v2/events", *sorted(COMMON)],
)
def test_other_paths_are_nobodys(path: str) -> None:
    assert TEMPLATES.find(path) is None


def test_every_operation_is_in_the_one_document_and_says_whose_it_is() -> None:
    wanted = {
        (service, method, path)
        for service in SERVICES
        for path, operations in DOCUMENTS[service]["paths"].items()
        for method in operations
        if path not in COMMON
    }
    found = {
        (operation["tags"][0], method, path)
        for path, operations in ONE["paths"].items()
        for method, operation in operations.items()
    }
    assert found == wanted | {("ingest", "get", "/v1/key")}
    assert {service: load for service, load in DOCUMENTS.items() if load != openapi_document(service)} == {}


def test_what_it_refers_to_is_there_and_is_what_the_service_says() -> None:
    references = set(_references(ONE))
    schemas = ONE["components"]["schemas"]
    assert {one.removeprefix("#/components/schemas/") for one in references} == schemas.keys() & {
        one.removeprefix("#/components/schemas/") for one in references
    }
    # Both services have a schema of this name, and do not mean the same.
    assert (
        DOCUMENTS["analytics"]["components"]["schemas"]["Outcome"]
        != (DOCUMENTS["rewards"]["components"]["schemas"]["Outcome"])
    )
    assert schemas["RewardsOutcome"] == DOCUMENTS["rewards"]["components"]["schemas"]["Outcome"]
    assert "Outcome" not in schemas
    identifiers = [one["operationId"] for operations in ONE["paths"].values() for one in operations.values()]
    assert len(identifiers) == len(set(identifiers))


def test_an_operation_is_documented_with_what_the_gateway_answers() -> None:
    for operations in ONE["paths"].values():
        for operation in operations.values():
            for status, slug in (
                ("502", "bad-gateway"),
                ("503", "service-unreachable"),
                ("504", "gateway-timeout"),
            ):
                assert slug in operation["responses"][status]["content"]["application/problem+json"]["examples"]
    examples = ONE["paths"]["/v1/events"]["post"]["responses"]["503"]["content"]["application/problem+json"]
    assert {"not-available", "service-unreachable"} <= examples["examples"].keys()


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ingest_url": "ingest:8101"},
        {"cors_origins": "https://a.example/path"},
        {"cors_origins": "*,https://a.example"},
        {"cors_origins": "a.example"},
    ],
)
def test_what_is_no_address_or_origin_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_without_documents_it_says_where_they_should_be(tmp_path: Any) -> None:
    with pytest.raises(RuntimeError, match="PLAUDIT_API_DOCUMENTS"):
        load_documents(Settings(api_documents=str(tmp_path)).documents)
