"""Topics made from the registry."""

from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    TopicAlreadyExistsError,
    for_code,
)

from shared.broker import Broker
from shared.topics import Topic

#: As many copies as the broker gives to new topics: its `default.replication.factor`.
AS_THE_BROKER_SAYS = -1


async def create_topics(broker: Broker, topics: Sequence[Topic]) -> list[str]:
    """Create those topics that are not there; return their names. Topics that exist stay as they are.

    How many copies there are of each is the cluster's to say, by its default.

    Raises KafkaError when the broker refuses one.
    """
    admin = AIOKafkaAdminClient(**broker.options)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if not missing:
            return []
        response = await admin.create_topics([_new(topic) for topic in missing])
        for name, code, *message in response.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise for_code(code)(f"topic {name}: {message}")
        return [topic.name for topic in missing]
    finally:
        await admin.close()


def _new(topic: Topic) -> NewTopic:
    # The client itself takes no such number, though brokers do.
    new = NewTopic(topic.name, topic.partitions, replication_factor=1, topic_configs=topic.config)
    new.replication_factor = AS_THE_BROKER_SAYS
    return new
