"""JSON Schema 2020-12 of every message, from the contracts. schemas/ is what this makes, written down."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from shared.contracts import activities
from shared.contracts.facts import ACCEPTED_EVENT_EXAMPLES, ACCEPTED_TYPE, FACTS, AcceptedEvent
from shared.contracts.programme import Programme

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PROGRAMME_PATH = "programme.v1.json"


class _Schema(GenerateJsonSchema):
    """Without the titles that pydantic makes of field names: they say nothing that the names don't."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        return False


EVENTS_BY_TYPE: Mapping[str, Any] = {activity.name: activity.envelope for activity in activities.TYPES}
EVENT_EXAMPLES: Mapping[str, Sequence[Any]] = {activity.name: activity.examples for activity in activities.TYPES}
FACTS_BY_TYPE: Mapping[str, Any] = {ACCEPTED_TYPE: AcceptedEvent, **{fact.name: fact.envelope for fact in FACTS}}
FACT_EXAMPLES: Mapping[str, Sequence[Any]] = {
    ACCEPTED_TYPE: ACCEPTED_EVENT_EXAMPLES,
    **{fact.name: fact.examples for fact in FACTS},
}


def event_schema(event_type: str) -> dict[str, Any]:
    """JSON Schema of what a platform sends as `event_type`."""
    return _schema(EVENTS_BY_TYPE[event_type], f"urn:plaudit:event:{event_type}", event_type)


def fact_schema(kind: str) -> dict[str, Any]:
    """JSON Schema of the fact of type `kind`."""
    return _schema(FACTS_BY_TYPE[kind], f"urn:plaudit:fact:{kind}", kind)


def programme_schema() -> dict[str, Any]:
    """JSON Schema of a programme's YAML, for editors. That ids are unique and known is checked beyond it."""
    return _schema(Programme, "urn:plaudit:programme:v1", "A Plaudit programme")


def schema_documents() -> dict[str, Any]:
    """Every JSON Schema by its path under schemas/."""
    return {
        **{f"events/{name}.json": event_schema(name) for name in EVENTS_BY_TYPE},
        **{f"facts/{name}.json": fact_schema(name) for name in FACTS_BY_TYPE},
        PROGRAMME_PATH: programme_schema(),
    }


def example_documents() -> dict[str, Any]:
    """The examples by their path under schemas/: a list for each type."""
    return {f"examples/{name}.json": examples for name, examples in {**EVENT_EXAMPLES, **FACT_EXAMPLES}.items()}


def _schema(contract: Any, identifier: str, title: str) -> dict[str, Any]:
    schema = TypeAdapter(contract).json_schema(schema_generator=_Schema)
    return {**schema, "$schema": DIALECT, "$id": identifier, "title": title}
