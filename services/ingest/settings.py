"""Settings of the front door."""

from pydantic import Field

from shared.contracts.fields import EARLIEST_YEAR
from shared.settings import SigningSettings


class Settings(SigningSettings):
    """The shared settings, and the limits on what platforms may send."""

    events_max_count: int = Field(1_000, ge=1, description="Events in one request")
    event_max_bytes: int = Field(64 * 1024, ge=1, description="One event, as compact JSON")
    future_tolerance_seconds: int = Field(300, ge=0, description="How far ahead an event's time may be")
    calendar_notice_seconds: int = Field(
        3_600,
        ge=60,
        description="How long before it takes effect a change of a community's time zone is known, beside the "
        "future tolerance: longer than a transaction, and than clocks differ",
    )
    earliest_year: int = Field(
        EARLIEST_YEAR,
        ge=1,
        le=9999,
        description="Events of earlier years are refused, unless a request says otherwise",
    )
    requests_max_count: int = Field(64, ge=1, description="Requests waiting for the broker; more are answered 503")
