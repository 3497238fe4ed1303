"""The topic registry and the services agree on who reads what."""

import importlib

import pytest

from shared.published.export import FACT_EXAMPLES, FACTS_BY_TYPE
from shared.services import SERVICES
from shared.topics import TOPICS

#: Who reads topics without being a service of ours.
OUTSIDE = {"finance", "operators"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_the_topics_that_name_it(service: str) -> None:
    spec = importlib.import_module(f"services.{service}.main").SPEC
    read = sorted(one.topic.name for one in spec.subscriptions)

    assert read == sorted(topic.name for topic in TOPICS if service in topic.consumers)


@pytest.mark.parametrize("service", SERVICES)
def test_a_subscription_decodes_every_fact_of_its_topic(service: str) -> None:
    spec = importlib.import_module(f"services.{service}.main").SPEC
    for one in spec.subscriptions:
        for kind in one.topic.facts:
            for example in FACT_EXAMPLES[kind]:
                assert one.adapter.validate_python(example)["id"] == example["id"]


def test_every_fact_travels_and_every_party_is_known() -> None:
    carried = {kind for topic in TOPICS for kind in topic.facts}
    parties = {one for topic in TOPICS for one in (*topic.producers, *topic.consumers)}

    assert carried == FACTS_BY_TYPE.keys()
    assert parties == {*SERVICES, *OUTSIDE}


def test_topic_names_are_unique_and_versioned() -> None:
    names = [topic.name for topic in TOPICS]

    assert len(set(names)) == len(names)
    assert all(name.rpartition(".")[2] == "v1" for name in names)
