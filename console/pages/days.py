"""Days as forms say them."""

from datetime import date, datetime, time, timedelta

from console.components.languages import zone


def midnight(said: str, time_zone: str, *, days: int) -> str | None:
    """When a day begins in a zone, or the one so many days after; None for what is no day."""
    try:
        day = date.fromisoformat(said) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), zone(time_zone)).isoformat()
