"""Kafka: its storage is formatted with whatever id the stack has drawn, and it shows its metrics where wanted."""

from pathlib import Path

import httpx
import pytest

from plaudit.stack import jars, kafka, reset, start
from plaudit.stack.ports import HOST, USUAL
from plaudit.stack.state import StackState


@pytest.mark.stack
def test_a_cluster_id_that_looks_like_an_option(tmp_path: Path) -> None:
    """One id in 64 begins with a hyphen."""
    state = StackState(name="x", directory=tmp_path, ports=dict(USUAL), kafka_cluster_id="-" + "A" * 21)
    kafka.prepare(state, jars.classpath())
    assert (
        f"cluster.id={state.kafka_cluster_id}\n" in (tmp_path / "kafka" / "data" / "meta.properties").read_text()
    )


@pytest.mark.stack
def test_a_broker_shows_its_metrics_where_that_is_wanted(plaudit_home: Path) -> None:
    try:
        state = start("metrics", only=("kafka",), kafka_metrics=True, provision=False)
        answer = httpx.get(f"http://{HOST}:{state.ports['kafka-metrics']}/metrics", trust_env=False, timeout=60)
        assert answer.status_code == 200
        assert {
            "kafka_controller_activecontrollercount 1.0",
            "kafka_controller_offlinepartitionscount 0.0",
        } <= set(answer.text.splitlines())
    finally:
        reset("metrics")
