"""Kafka's storage is formatted with whatever id the stack has drawn."""

from pathlib import Path

import pytest

from plaudit.stack import jars, kafka
from plaudit.stack.ports import USUAL
from plaudit.stack.state import StackState


@pytest.mark.stack
def test_a_cluster_id_that_looks_like_an_option(tmp_path: Path) -> None:
    """One id in 64 begins with a hyphen."""
    state = StackState(name="x", directory=tmp_path, ports=dict(USUAL), kafka_cluster_id="-" + "A" * 21)
    kafka.prepare(state, jars.classpath())
    assert (
        f"cluster.id={state.kafka_cluster_id}\n" in (tmp_path / "kafka" / "data" / "meta.properties").read_text()
    )
