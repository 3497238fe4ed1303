"""Settings of the front door."""

from pydantic import Field

from shared.contracts.fields import EARLIEST_YEAR
from shared.settings import SigningSettings


class Settings(SigningSettings):
    """The shared settings, and the limits on what platforms may send."""

    events_max_count: int = Field(1_000, ge=1, description="Events in one request")
    event_max_bytes: int = Field(64 * 1024, ge=1, description="One event, as compact JSON")
    future_tolerance_seconds: int = Field(300, ge=0, description="How far ahead an event's time may be")
    earliest_year: int = Field(
        EARLIEST_YEAR,
        ge=1,
        le=9999,
        description="Events of earlier years are refused, unless a request says otherwise",
    )
    requests_max_count: int = Field(64, ge=1, description="Requests waiting for the broker; more are answered 503")
    key_overlap_hours: int = Field(24, ge=0, description="How long a rotated key works beside the new one")
    key_events_per_second: float = Field(
        1_000, gt=0, le=1e9, description="Events that one access key may send a second, at each process"
    )
    key_bytes_per_second: float = Field(
        2_000_000, gt=0, le=1e11, description="Bytes that one access key may send a second, at each process"
    )
    community_events_per_second: float = Field(
        1_200, gt=0, le=1e9, description="Events that one community may send a second, at each process"
    )
    community_bytes_per_second: float = Field(
        2_400_000, gt=0, le=1e11, description="Bytes that one community may send a second, at each process"
    )
    all_events_per_second: float = Field(
        1_500,
        gt=0,
        le=1e9,
        description="Beyond so many events a second in all, at each process, only who sends little is let in",
    )
    all_bytes_per_second: float = Field(3_000_000, gt=0, le=1e11, description="The same in bytes")
    line_age_max_seconds: float = Field(
        0.1,
        gt=0,
        description="While events wait longer than this to be judged, all together may send a quarter",
    )
    share_burst_seconds: int = Field(
        1, ge=1, le=3600, description="After a rest, what comes in so many seconds may come at once"
    )
    shares_max_count: int = Field(
        10_000,
        ge=1,
        description="Access keys, and communities, whose use is remembered; the longest silent is not",
    )
