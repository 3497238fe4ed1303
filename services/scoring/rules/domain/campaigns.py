"""Campaigns as events are matched with them: their days, until when their books are open, and who is held out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from shared.contracts.drawing import is_held_out
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Campaign, Programme


@dataclass(frozen=True, slots=True)
class CompiledCampaign:
    """A campaign as far as an event alone decides: nothing of its budget."""

    id: str
    title: str
    starts: date
    ends: date
    closes_at: datetime
    holdout_percent: int
    audiences: tuple[str, ...] = ()

    def why_not(
        self, event: AcceptedEvent, event_time: datetime, received_at: datetime, person_id: str
    ) -> tuple[Literal["campaign", "holdout"], str] | None:
        """Why an event earns nothing of it, whatever is left in its budget; None when it may.

        The day is the one that the event has in its community: so neither the clocks' changes nor another zone
        move the window.
        """
        day = event.get("day") or event_time.date()
        if not self.starts <= day <= self.ends:
            return "campaign", f"the campaign “{self.title}” is from {self.starts} to {self.ends}; it was on {day}"
        if received_at >= self.closes_at:
            at = f"{self.closes_at:%Y-%m-%d %H:%M} UTC"
            return "campaign", f"the books of the campaign “{self.title}” closed at {at}"
        if self.holdout_percent and is_held_out(
            event["community"], self.id, person_id, percent=self.holdout_percent
        ):
            return "holdout", f"the campaign “{self.title}” leaves {self.holdout_percent} of 100 members out"
        return None


def campaigns_of(programme: Programme) -> Mapping[str, CompiledCampaign]:
    """The campaigns of a programme by their ids."""
    return {
        one.id: CompiledCampaign(
            one.id,
            one.title,
            date.fromisoformat(one.starts),
            date.fromisoformat(one.ends),
            closes_at(one),
            one.holdout_percent or 0,
            tuple(one.audiences or ()),
        )
        for one in programme.campaigns or ()
    }


def closes_at(campaign: Campaign) -> datetime:
    """When the books close: midnight of UTC after `late_days` days behind the last one.

    It is a time of UTC, so that it needs no calendar; after a day at least, so that the last is over everywhere.
    """
    try:
        last = date.fromisoformat(campaign.ends) + timedelta(days=campaign.late_days + 1)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
    return datetime(last.year, last.month, last.day, tzinfo=UTC)
