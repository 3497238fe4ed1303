"""What members do about celebrations, and the events that say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from shared.contracts.facts.celebrations import CHANNEL, HOST, SOURCE, Reaction

#: As what it is kept that somebody saw one.
SEEN: Final = "seen"
Act = Reaction | Literal["seen"]


class UnknownCelebrationError(Exception):
    """The community has no such celebration, or nobody reacts to it any more."""


@dataclass(frozen=True)
class Reactable:
    """A celebration that one may react to, and whose it is."""

    community: str
    celebration_id: str
    member_id: str
    celebrated_at: datetime


@dataclass(frozen=True)
class Given:
    """What a member did about a celebration: whether it is so, and how often that changed."""

    celebration: Reactable
    member_id: str
    act: Act
    is_given: bool = False
    changes: int = 0

    @property
    def event_id(self) -> str:
        """The id of the event that says so: one, however often."""
        return f"{self.celebration.celebration_id}/{self.member_id}/{self.act}"

    def changed(self) -> "Given":
        """The other way round."""
        return Given(self.celebration, self.member_id, self.act, not self.is_given, self.changes + 1)

    def event(self, at: datetime) -> Mapping[str, Any]:
        """What says that it changed to what it is now, as a platform would send it."""
        who = {"channel": CHANNEL, "host": HOST, "actor": {"id": self.member_id}}
        if self.changes > 1:
            target = {"source": SOURCE, "id": self.event_id}
            return {
                "specversion": "1.0",
                "id": f"{self.event_id}/{self.changes}",
                "source": SOURCE,
                "type": "activity.restored.v1" if self.is_given else "activity.retracted.v1",
                "time": at,
                "data": {**who, "target": target},
            }
        about = {"id": self.celebration.celebration_id, "author": {"id": self.celebration.member_id}}
        said = {} if self.act == SEEN else {"reaction": self.act}
        return {
            "specversion": "1.0",
            "id": self.event_id,
            "source": SOURCE,
            "type": "content.read.v1" if self.act == SEEN else "chat.reaction.v1",
            "time": at,
            "data": {**who, "object": about, **said},
        }
