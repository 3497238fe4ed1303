"""The consumer loop: the one place where a message could be lost or count twice."""

from shared.consumer.giving_way import GivesWay
from shared.consumer.loop import ConsumerLoop
from shared.consumer.offsets import stored as stored_offsets
from shared.consumer.subscription import Handler, Lanes, Preparation, Subscription

__all__ = ["ConsumerLoop", "GivesWay", "Handler", "Lanes", "Preparation", "Subscription", "stored_offsets"]
