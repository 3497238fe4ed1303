"""What every integration test checks beside its own point."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared.published.checks import assert_valid_fact, contract_of
from shared.topics import Topic
from shared.transaction import Transaction


@pytest.fixture(autouse=True)
def facts_keep_their_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fact that a handler publishes is valid, says nothing unknown, and goes to a topic that carries it."""
    publish = Transaction.publish

    def checked(tx: Transaction, topic: Topic, key: bytes, fact: Mapping[str, Any]) -> None:
        assert_valid_fact(fact)
        assert contract_of(fact) in topic.facts
        publish(tx, topic, key, fact)

    monkeypatch.setattr(Transaction, "publish", checked)
