"""Every route of every service is described: what it does, its errors, and an example of what it takes."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from shared.services import SERVICES
from tools.schemas import openapi_document

#: Routes for probes and Prometheus, which need no key.
OPEN = {"/livez", "/readyz", "/metrics"}
#: Where a caller gets what says who they are.
SIGNING_IN = "/v1/tokens"
#: What a community is to everybody is asked without anything, and there only where it shows something.
VISITED = ("/v1/communities/{community}/public", "/v1/communities/{community}/public/look")
#: What verifiers of badges ask for, who have no credential of ours.
VERIFIED = {"/v1/credentials/{community}/did.json", "/v1/credentials/{community}/status/{list_no}"}
#: Where platforms deliver, which show who they are by a signature.
DELIVERED = "/v1/connectors/{name}"
#: Where providers of gift cards do.
HOOKED = "/v1/provider-webhooks/{account_id}"
#: Behind links in messages: whoever has one needs nothing else.
LINKED = {
    "/v1/unsubscribe/{token}",
    "/v1/mail-addresses/{token}",
    "/v1/survey-invitations/{token}",
    "/v1/survey-invitations/{token}/answer",
    "/v1/offers/{token}",
    "/v1/offers/{token}/look",
    "/v1/offers/{token}/sign-in",
}
EVENTS = "/v1/events"

OPERATIONS = [
    pytest.param(service, path, method, id=f"{service} {method} {path}")
    for service in SERVICES
    for path, methods in openapi_document(service)["paths"].items()
    for method in methods
]


def resolved(service: str, value: Any) -> Any:
    while "$ref" in value:
        name = value["$ref"].removeprefix("#/components/schemas/")
        value = openapi_document(service)["components"]["schemas"][name]
    return value


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


@pytest.mark.parametrize("service", SERVICES)
def test_every_reference_leads_to_a_schema(service: str) -> None:
    schemas = openapi_document(service)["components"]["schemas"]

    found = set(references(openapi_document(service)))

    assert found
    assert {one.removeprefix("#/components/schemas/") for one in found} <= schemas.keys()


@pytest.mark.parametrize(("service", "path", "method"), OPERATIONS)
def test_a_route_says_what_it_does_and_how_it_fails(service: str, path: str, method: str) -> None:
    operation = openapi_document(service)["paths"][path][method]

    assert operation["summary"]
    assert operation["operationId"]
    answers = set(operation["responses"])
    assert any(status.startswith("2") for status in answers)
    assert "422" in answers, "whatever an operation does not declare, it refuses"
    if path in OPEN:
        return
    if (path, method) in ((DELIVERED, "post"), (HOOKED, "post")):
        assert "security" not in operation
        assert {"401", "408", "429", "503"} <= answers
        return
    if path in LINKED | VERIFIED:
        assert "security" not in operation
        assert {"404", "429", "503"} <= answers
        return
    assert ("security" in operation) == (path not in (SIGNING_IN, *VISITED))
    assert {"401", "405", "503"} <= answers
    if path != "/v1/key":
        assert "403" in answers
    if "{" in path:
        assert "404" in answers
    for status in answers:
        if status.startswith(("4", "5")):
            content = operation["responses"][status]["content"]
            assert content["application/problem+json"]["schema"]["$ref"].endswith("/ProblemDetails")


@pytest.mark.parametrize(("service", "path", "method"), OPERATIONS)
def test_what_a_route_takes_has_an_example_that_is_valid(service: str, path: str, method: str) -> None:
    body = openapi_document(service)["paths"][path][method].get("requestBody")
    if body is None:
        assert method in ("get", "delete", "post")
        return
    registry: Registry[Any] = Registry().with_resource(
        "urn:openapi", DRAFT202012.create_resource(openapi_document(service))
    )
    for media in body["content"].values():
        examples = list(examples_of(service, media))
        assert examples, "a media type needs an example, or its model's fields do"
        schema = absolute(media["schema"])
        for example in examples:
            Draft202012Validator(schema, registry=registry).validate(example)


@pytest.mark.parametrize(("service", "path", "method"), OPERATIONS)
def test_a_body_takes_no_field_that_it_does_not_name(service: str, path: str, method: str) -> None:
    body = openapi_document(service)["paths"][path][method].get("requestBody", {})
    for media_type, media in body.get("content", {}).items():
        found = list(objects(service, media["schema"], media_type))
        # An event itself may have extensions: the standard lets whoever passes it on add some.
        open_by_standard = {f"{media_type}{'/*' * depth}" for depth in range(1, 4)} if path == EVENTS else set()
        assert [place for place, is_closed in found if not is_closed and place not in open_by_standard] == []
        assert found or media["schema"] == {"type": "string"}


def objects(service: str, value: Any, place: str) -> Iterator[tuple[str, bool]]:
    """The objects in a schema, by place, each with whether it takes nothing but what it names."""
    value = resolved(service, value)
    if "properties" in value or value.get("type") == "object":
        yield place, value.get("additionalProperties") is False
    for name, inner in value.get("properties", {}).items():
        yield from objects(service, inner, f"{place}/{name}")
    for inner in (value.get("items"), *value.get("anyOf", ()), *value.get("oneOf", ())):
        if inner is not None:
            yield from objects(service, inner, f"{place}/*")


def absolute(value: Any) -> Any:
    """The schema with references that the registry knows."""
    if isinstance(value, dict):
        return {name: f"urn:openapi{one}" if name == "$ref" else absolute(one) for name, one in value.items()}
    return [absolute(one) for one in value] if isinstance(value, list) else value


def examples_of(service: str, media: Any) -> Iterator[Any]:
    """The examples of a body: its own, its model's, or one made of its required fields'."""
    if "example" in media:
        yield media["example"]
        return
    yield from (one["value"] for one in media.get("examples", {}).values())
    schema = resolved(service, media["schema"])
    if schema.get("examples"):
        yield from schema["examples"]
    elif "properties" in schema:
        fields = {name: resolved(service, one) for name, one in schema["properties"].items()}
        found = {name: one["examples"][0] for name, one in fields.items() if one.get("examples")}
        if set(schema.get("required", ())) <= found.keys():
            yield found


@pytest.mark.parametrize(("service", "path", "method"), OPERATIONS)
def test_the_examples_of_an_error_have_its_status(service: str, path: str, method: str) -> None:
    for status, answer in openapi_document(service)["paths"][path][method]["responses"].items():
        if path == "/readyz":
            continue  # its answer is the same document, ready or not
        examples = answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
        assert bool(examples) == status.startswith(("4", "5"))
        assert {str(one["value"]["status"]) for one in examples.values()} <= {status}


def test_the_examples_of_the_front_doors_errors_say_what_to_do() -> None:
    answers = openapi_document("ingest")["paths"]["/v1/events"]["post"]["responses"]
    examples = {
        slug: one["value"]
        for status, answer in answers.items()
        if status.startswith(("4", "5"))
        for slug, one in answer["content"]["application/problem+json"]["examples"].items()
    }

    assert len(examples) > 10
    assert all(one["detail"] and one["instance"] == "/v1/events" for one in examples.values())
    assert {slug for slug, one in examples.items() if one["errors"]} == {"no-valid-event", "invalid-request"}
