"""Activities at a support desk."""

from typing import Final, Literal

from shared.contracts.activities.common import ActivityType, Envelope, SaidData, activity_example


class TicketResolved(Envelope):
    """A member's help resolved a support ticket; `object.author` is who had asked."""

    type: Literal["support.ticket_resolved.v1"]
    data: SaidData


TICKET_RESOLVED: Final = ActivityType(
    "support.ticket_resolved.v1",
    envelope=TicketResolved,
    examples=[
        activity_example(
            "support.ticket_resolved.v1",
            "https://support.example.org",
            "ticket-5001-resolved",
            "2026-01-31T16:40:00Z",
            "support",
            {"id": "grace@example.org"},
            object={"id": "ticket-5001", "author": {"id": "customer-77"}},
        )
    ],
)

TYPES: Final = (TICKET_RESOLVED,)
