"""Facts of alerts: something about a community should be looked at by somebody, and that it is over."""

from typing import Annotated, Final, Literal

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.facts.messages import MESSAGE_VALUES_MAX_COUNT, MessageValue, ValueName
from shared.contracts.fields import LocalDay, Slug, Timestamp, Uuid


class AlertData(TypedDict):
    """What is so of what: `name` says of which kind the alert is, `about` of which goal, indicator or table.

    Of one alert there is at most one fact on a day of the community, `told_on`; `since` is when it was noticed,
    also where it is over. `values` are what words may name: titles, numbers and states, and nobody's name.
    """

    alert_id: Uuid
    name: Slug
    about: Slug
    state: Literal["raised", "cleared"]
    since: Timestamp
    told_on: LocalDay
    values: Annotated[
        dict[ValueName, MessageValue],
        Field(max_length=MESSAGE_VALUES_MAX_COUNT, json_schema_extra={"additionalProperties": False}),
    ]


class AlertChanged(FactEnvelope):
    """An alert was raised, stands otherwise than it was told, or is over; of several the last one holds."""

    type: Literal["community.alert_changed.v1"]
    data: AlertData


_ALERT: Final = "5c0e7f55-6c1f-5d9a-8f2e-3f6d1a2b4c7e"

ALERT_CHANGED: Final = FactType(
    "community.alert_changed.v1",
    envelope=AlertChanged,
    data=AlertData,
    examples=[
        fact_example(
            "community.alert_changed.v1",
            "analytics",
            "9a0d3c1b-2e4f-5a6b-8c7d-0e1f2a3b4c5d",
            "2026-01-31T12:30:00Z",
            {
                "alert_id": _ALERT,
                "name": "goal_off_target",
                "about": "mentions",
                "state": "raised",
                "since": "2026-01-31T12:30:00Z",
                "told_on": "2026-01-31",
                "values": {
                    "title": "Mentions",
                    "state": "off_pace",
                    "actual": "30",
                    "target": "120",
                    "forecast": "90",
                },
            },
        )
    ],
)
