"""What the routes of the network answer with."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.analytics.network.domain.network import Bridge, Network, Tie
from services.analytics.network.store.reading import Newcomer
from services.analytics.periods.api import ShareShown
from shared.calendars import Span

Names = Mapping[str, str | None]


class NetworkShown(BaseModel):
    """What the ties of some days come to. A tie is that one member turned to another, however often."""

    starts_on: date
    ends_on: date
    members: int = Field(description="With at least one tie", examples=[5])
    ties: int = Field(description="Pairs, each direction by itself", examples=[7])
    times: int = Field(description="Answers and thanks in them", examples=[12])
    reciprocity: ShareShown = Field(description="Ties that there are the other way round too")
    parts: int = Field(description="Groups that no tie connects with one another", examples=[1])
    largest_part: ShareShown = Field(description="Members of the largest of them")
    absence_factor: int | None = Field(
        description="The fewest members who turned to somebody half of the times or more; null without ties",
        examples=[2],
    )
    bridging_members: int = Field(description="Without whom others would not be connected", examples=[1])
    counted_at: datetime | None = Field(
        description="When a timer counted this, of many ties; null where it was counted as you asked"
    )

    @classmethod
    def shown(cls, days: Span, network: Network, *, counted_at: datetime | None) -> Self:
        """A network as the API shows it."""
        why_none = "nobody turned to anybody"
        return cls(
            starts_on=days.starts_on,
            ends_on=days.ends_on,
            members=network.members,
            ties=network.ties,
            times=network.times,
            reciprocity=ShareShown.of_counts(network.mutual, network.ties, why_none=why_none),
            parts=network.parts,
            largest_part=ShareShown.of_counts(network.largest_part, network.members, why_none=why_none),
            absence_factor=network.absence_factor,
            bridging_members=network.bridging_members,
            counted_at=counted_at,
        )


class TieShown(BaseModel):
    """How often one member turned to another."""

    from_member_id: str
    from_name: str | None
    to_member_id: str
    to_name: str | None
    times: int = Field(examples=[3])
    is_mutual: bool = Field(description="The other turned to them too")

    @classmethod
    def shown(cls, tie: Tie, *, names: Names, is_mutual: bool) -> Self:
        """A tie as the API shows it."""
        return cls(
            from_member_id=tie.from_id,
            from_name=names.get(tie.from_id),
            to_member_id=tie.to_id,
            to_name=names.get(tie.to_id),
            times=tie.times,
            is_mutual=is_mutual,
        )


class BridgeShown(BaseModel):
    """Somebody who connects others."""

    member_id: str
    name: str | None
    cut_off: int = Field(description="Members who would not be connected with most of theirs", examples=[2])
    members: int = Field(description="Who is connected in all, they among them", examples=[12])

    @classmethod
    def shown(cls, bridge: Bridge, *, names: Names) -> Self:
        """Somebody as the API shows them."""
        return cls(
            member_id=bridge.member_id,
            name=names.get(bridge.member_id),
            cut_off=bridge.cut_off,
            members=bridge.members,
        )


class NewcomerShown(BaseModel):
    """Somebody new whom nobody has ever answered or thanked."""

    member_id: str
    name: str | None
    first_day: date
    active_days: int = Field(description="Days on which they took part", examples=[3])
    given: int = Field(description="How often they answered or thanked others", examples=[2])

    @classmethod
    def shown(cls, newcomer: Newcomer) -> Self:
        """Somebody as the API shows them."""
        return cls(
            member_id=newcomer.member_id,
            name=newcomer.name,
            first_day=newcomer.first_day,
            active_days=newcomer.active_days,
            given=newcomer.given,
        )
