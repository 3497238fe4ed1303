"""When a version of a programme takes effect."""

from datetime import UTC, datetime, timedelta

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class EffectiveFromRefused(ValueError):
    """The time asked for would change what was scored already; the message says which times may be."""


def effective_from(
    requested: datetime | None, *, is_first: bool, nothing_received: bool, now: datetime, lead_seconds: float
) -> datetime:
    """When a version published at `now` takes effect; it applies to events received then or later.

    The first version takes effect at once, and from the beginning of time when no event was received
    before it. Every other one takes effect `lead_seconds` later, so that no event which was scored under
    the version before lies in its time. A time asked for may be later than that, never earlier.

    Raises:
        EffectiveFromRefused: `requested` is too early.
    """
    if is_first and nothing_received:
        return BEGINNING if requested is None else requested
    earliest = now if is_first else now + timedelta(seconds=lead_seconds)
    if requested is None:
        return earliest
    if requested < earliest:
        raise EffectiveFromRefused(
            f"events received since {requested.isoformat()} may have been scored already; leave the time out, "
            f"or give one from {earliest.isoformat()} on"
        )
    return requested
