"""The OpenAPI documents of the services, and the one that is made of them."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from console.gateway.problems import PROBLEMS
from console.gateway.templates import COMMON, OF_ALL
from shared.http.problems import problem_responses
from shared.services import SERVICES

DESCRIPTION = (
    "Every operation of every service at one address. A request goes to the service that its tag names, with the "
    "authority that it came with and no other; what is answered is what that service says."
)
SCHEMA = "#/components/schemas/"
ASKS_ALL = "The gateway asks every service, and answers what one says that does not know it."

Document = dict[str, Any]


def load_documents(folder: Path) -> dict[str, Document]:
    """The OpenAPI document of each service. Raises RuntimeError, which says what to do, when one is not there."""
    try:
        return {service: orjson.loads((folder / f"{service}.json").read_bytes()) for service in SERVICES}
    except (OSError, orjson.JSONDecodeError) as error:
        raise RuntimeError(
            f"the OpenAPI documents of the services are not in {folder} ({error}): set PLAUDIT_API_DOCUMENTS to "
            "the folder schemas/openapi of this release"
        ) from error


def one_document(documents: Mapping[str, Document]) -> Document:
    """One OpenAPI document of all operations, each tagged with its service.

    Of schemas that several services have under one name, those that say the same are one; the others get their
    service's name in front.
    """
    names = _names_of_schemas(documents)
    paths: Document = {}
    schemas: Document = {}
    security: Document = {}
    for service, document in documents.items():
        own = _renamed(document, names[service])
        schemas |= {names[service][name]: schema for name, schema in own["components"]["schemas"].items()}
        security |= own["components"].get("securitySchemes", {})
        for path, operations in own["paths"].items():
            if path in COMMON and not (path == OF_ALL and service == SERVICES[0]):
                continue
            paths.setdefault(path, {}).update(
                {method: _passed_on(service, path, operation) for method, operation in operations.items()}
            )
    return {
        "openapi": next(iter(documents.values()))["openapi"],
        "info": {"title": "Plaudit", "version": "1", "description": DESCRIPTION},
        "tags": [
            {"name": service, "description": documents[service]["info"]["description"]} for service in documents
        ],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": security},
    }


def _passed_on(service: str, path: str, operation: Document) -> Document:
    """An operation as it is behind the gateway, which has problems of its own."""
    responses = dict(operation["responses"])
    for status, answer in problem_responses(*PROBLEMS, common=()).items():
        responses[str(status)] = _beside(responses.get(str(status)), answer)
    described = f"{operation.get('description', '')} {ASKS_ALL}".strip() if path == OF_ALL else None
    return {
        **operation,
        "tags": [service],
        "responses": dict(sorted(responses.items())),
        **({"description": described} if described else {}),
    }


def _beside(known: Document | None, answer: Document) -> Document:
    if known is None or "content" not in known:
        return answer
    media = next(iter(answer["content"]))
    there = known["content"].get(media, {})
    examples = {**there.get("examples", {}), **answer["content"][media]["examples"]}
    content = {**known["content"], media: {**answer["content"][media], **there, "examples": examples}}
    return {"description": f"{known['description']}; {answer['description']}", "content": content}


def _names_of_schemas(documents: Mapping[str, Document]) -> dict[str, dict[str, str]]:
    """What each service's schemas are called in the one document."""
    said: dict[str, set[bytes]] = defaultdict(set)
    differs: set[str] = set()
    for document in documents.values():
        for name, schema in document["components"]["schemas"].items():
            said[name].add(orjson.dumps(schema, option=orjson.OPT_SORT_KEYS))
    while more := {
        name
        for name, texts in said.items()
        # What refers to a schema that differs says something else too, though it is written alike.
        if name not in differs and (len(texts) > 1 or _refers_to(texts, differs))
    }:
        differs |= more
    counted = {
        name: sum(name in document["components"]["schemas"] for document in documents.values()) for name in said
    }
    return {
        service: {
            name: f"{service.capitalize()}{name}" if name in differs and counted[name] > 1 else name
            for name in document["components"]["schemas"]
        }
        for service, document in documents.items()
    }


def _refers_to(texts: set[bytes], names: set[str]) -> bool:
    return any(f'"{SCHEMA}{name}"'.encode() in text for text in texts for name in names)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _reference(one, names) if key == "$ref" else _renamed(one, names) for key, one in value.items()
        }
    return [_renamed(one, names) for one in value] if isinstance(value, list) else value


def _reference(said: Any, names: Mapping[str, str]) -> Any:
    if isinstance(said, str) and said.startswith(SCHEMA):
        return SCHEMA + names[said.removeprefix(SCHEMA)]
    return _renamed(said, names)
