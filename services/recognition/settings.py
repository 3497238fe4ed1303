"""Recognition's settings."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The shared settings, with batches that come less often: nothing waits for this service."""

    batch_interval_seconds: float = Field(
        0.1,
        ge=0,
        le=5,
        description="From one batch's begin to the next one's, unless a whole batch waits: less often costs less",
    )
