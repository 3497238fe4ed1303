"""The topics as an AsyncAPI 3.0.0 document: https://www.asyncapi.com/docs/reference/specification/v3.0.0

The Kafka bindings are version 0.5.0: https://github.com/asyncapi/bindings/tree/master/kafka
"""

from typing import Any

from shared.published.export import FACT_EXAMPLES, FACTS_BY_TYPE, fact_schema
from shared.services import SERVICES
from shared.topics import TOPICS, Topic

BINDING_VERSION = "0.5.0"
CONTENT_TYPE = "application/cloudevents+json"


def asyncapi_document() -> dict[str, Any]:
    """Every topic with its messages and settings, and what each service sends and receives.

    Payloads are references to the files beside the document.
    """
    return {
        "asyncapi": "3.0.0",
        "id": "urn:plaudit:topics",
        "info": {
            "title": "Plaudit topics",
            "version": "1",
            "description": (
                "The Kafka topics between Plaudit's services, and for finance and operators. Records are "
                "CloudEvents 1.0 in structured JSON; readers ignore fields they do not know. Delivery is at least "
                "once: a fact's id is derived from what it is about, so a reader can tell a repetition."
            ),
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {name: operation for topic in TOPICS for name, operation in _operations(topic).items()},
        "components": {"messages": {kind: _message(kind) for kind in FACTS_BY_TYPE}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": topic.title,
        "description": f"Key: {topic.key}.",
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in topic.facts},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    "retention.ms": topic.retention_ms,
                },
                "bindingVersion": BINDING_VERSION,
            }
        },
    }


def _operations(topic: Topic) -> dict[str, Any]:
    sends = {f"{service}.sends.{topic.name}": _operation(topic, service, "send") for service in topic.producers}
    receives = {
        f"{service}.receives.{topic.name}": _operation(topic, service, "receive") for service in topic.consumers
    }
    return sends | receives


def _operation(topic: Topic, participant: str, action: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{kind}"} for kind in topic.facts],
        "summary": f"{participant} {action}s: {topic.title[0].lower()}{topic.title[1:]}",
        "tags": [{"name": participant}],
    }
    if action == "receive" and participant in SERVICES:
        group = {"type": "string", "const": f"plaudit-{participant}"}
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": BINDING_VERSION}}
    return operation


def _message(kind: str) -> dict[str, Any]:
    carried_by = [topic for topic in TOPICS if kind in topic.facts]
    key = carried_by[0].key
    return {
        "name": kind,
        "title": FACTS_BY_TYPE[kind].__name__,
        "summary": fact_schema(kind)["description"],
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": f"facts/{kind}.json"},
        "bindings": {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": BINDING_VERSION}},
        "examples": [
            {"name": f"example {number}", "payload": example}
            for number, example in enumerate(FACT_EXAMPLES[kind], 1)
        ],
    }
