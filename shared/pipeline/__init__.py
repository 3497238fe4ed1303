"""What the workers of a service say of themselves: rates, ages, lag, outbox."""

from shared.pipeline.domain import Flow, StageAges, TopicFlow, WorkerReport, flow_of

__all__ = ["Flow", "StageAges", "TopicFlow", "WorkerReport", "flow_of"]
