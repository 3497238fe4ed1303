"""Facts of campaigns: one stopped giving, goes on, or spent all that it has."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, Slug, Uuid

#: It stopped by itself, since it spent too fast; a person stopped it, or let it go on; its budget is spent; and
#: there is something in it again, since an award was taken back or it got more.
CampaignTurned = Literal["braked", "stopped", "resumed", "exhausted", "replenished"]


class CampaignData(TypedDict):
    """What became of a campaign, and what its awards amounted to then; of one the highest `revision` counts.

    `state` is whether it gives anything since, and `is_let_go` that its pace is not asked any more. `person_id` is
    who stopped it or let it go on.
    """

    campaign: Slug
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]
    what: CampaignTurned
    state: Literal["running", "braked", "stopped"]
    is_exhausted: bool
    is_let_go: bool
    spent_points: Count
    person_id: NotRequired[Uuid]


class CampaignChanged(FactEnvelope):
    """A campaign gives nothing from now on, or gives again."""

    type: Literal["campaign.changed.v1"]
    data: CampaignData


CAMPAIGN_CHANGED: Final = FactType(
    "campaign.changed.v1",
    envelope=CampaignChanged,
    data=CampaignData,
    examples=[
        fact_example(
            "campaign.changed.v1",
            "scoring",
            "8f4c8d0e-57b4-5d0c-9a0e-3d3f5c1b7a03",
            "2026-01-31T12:30:02Z",
            {
                "campaign": "spring",
                "revision": 1,
                "what": "exhausted",
                "state": "running",
                "is_exhausted": True,
                "is_let_go": False,
                "spent_points": 50_000,
            },
        )
    ],
)
