"""Facts that a service told and its database has forgotten: noticed, read back, and a fence until then."""

from shared.own_facts.fence import Fence
from shared.own_facts.readback import CannotTakeInError, ReadBack
from shared.own_facts.remembered import Remembered, something_was_taken_in
from shared.own_facts.store import note_not_rebuilt
from shared.own_facts.told import TopicsTold

__all__ = [
    "CannotTakeInError",
    "Fence",
    "ReadBack",
    "Remembered",
    "TopicsTold",
    "note_not_rebuilt",
    "something_was_taken_in",
]
