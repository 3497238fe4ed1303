"""schemas/asyncapi.json says what the topic registry says, in the structure of AsyncAPI 3.0.

No maintained package carries AsyncAPI's own JSON Schema, so the structure is asserted here.
"""

from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.services import SERVICES
from shared.topics import TOPICS, Topic

FOLDER = Path(__file__).parents[2] / "schemas"


@pytest.fixture(scope="module")
def document() -> Any:
    return orjson.loads((FOLDER / "asyncapi.json").read_bytes())


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        found = [one for name, inner in value.items() if name != "examples" for one in references(inner)]
        return [*found, *([value["$ref"]] if "$ref" in value else [])]
    return [one for inner in value for one in references(inner)] if isinstance(value, list) else []


def test_it_is_an_asyncapi_document(document: Any) -> None:
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= document["info"].keys()
    assert document.keys() <= {
        "asyncapi",
        "id",
        "info",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    }


def test_every_reference_leads_somewhere(document: Any) -> None:
    found = references(document)

    for reference in found:
        path, _, pointer = reference.partition("#")
        target: Any = orjson.loads((FOLDER / path).read_bytes()) if path else document
        for part in filter(None, pointer.split("/")):
            target = target[part]
        assert isinstance(target, dict)
    assert len(found) > len(TOPICS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_channel_says_what_its_topic_is(document: Any, topic: Topic) -> None:
    channel = document["channels"][topic.name]
    kafka = channel["bindings"]["kafka"]

    assert channel["address"] == kafka["topic"] == topic.name
    assert topic.key in channel["description"]
    assert list(channel["messages"]) == sorted(topic.facts)
    assert kafka["partitions"] == topic.partitions
    assert ",".join(kafka["topicConfiguration"]["cleanup.policy"]) == topic.config["cleanup.policy"]
    assert str(kafka["topicConfiguration"]["retention.ms"]) == topic.config["retention.ms"]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_operations_are_who_sends_and_receives(document: Any, topic: Topic) -> None:
    channel = {"$ref": f"#/channels/{topic.name}"}
    mine = [one for one in document["operations"].values() if one["channel"] == channel]
    who = {
        action: {one["tags"][0]["name"] for one in mine if one["action"] == action}
        for action in ("send", "receive")
    }

    assert who == {"send": set(topic.producers), "receive": set(topic.consumers)}
    for one in mine:
        prefix = f"#/channels/{topic.name}/messages/"
        assert [message["$ref"] for message in one["messages"]] == [prefix + kind for kind in topic.facts]
        inside = one["action"] == "receive" and one["tags"][0]["name"] in SERVICES
        assert ("bindings" in one) is inside


def test_a_message_has_its_schema_key_and_examples(document: Any) -> None:
    for kind, message in document["components"]["messages"].items():
        assert message["payload"] == {"$ref": f"facts/{kind}.json"}
        assert message["contentType"] == "application/cloudevents+json"
        assert message["bindings"]["kafka"]["key"]["type"] == "string"
        assert message["summary"]
        assert message["examples"]
