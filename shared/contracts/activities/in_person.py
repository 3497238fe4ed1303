"""Activities where people meet."""

from typing import Final, Literal

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example


class CheckIn(Envelope):
    """A member was there in person; `object` is the meet-up."""

    type: Literal["in_person.check_in.v1"]
    data: ActivityData


CHECK_IN: Final = ActivityType(
    "in_person.check_in.v1",
    envelope=CheckIn,
    examples=[
        activity_example(
            "in_person.check_in.v1",
            "https://events.example.org",
            "meetup-2026-01/badge-118",
            "2026-01-31T18:00:00+01:00",
            "in_person",
            {"id": "badge-118", "name": "Ada"},
            object={"id": "meetup-2026-01"},
        )
    ],
)

TYPES: Final = (CHECK_IN,)
