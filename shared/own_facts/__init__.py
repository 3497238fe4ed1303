"""Facts that a service told and its database has forgotten: noticed, read back, and a fence until then."""

from shared.own_facts.fence import Fence
from shared.own_facts.readback import CannotTakeInError, ReadBack
from shared.own_facts.store import note_not_rebuilt

__all__ = ["CannotTakeInError", "Fence", "ReadBack", "note_not_rebuilt"]
