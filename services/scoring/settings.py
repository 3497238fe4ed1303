"""Settings of scoring."""

from pydantic import Field

from shared.settings import SigningSettings


class Settings(SigningSettings):
    """The shared settings, and how far ahead a new version of a programme takes effect."""

    programme_lead_seconds: float = Field(
        2.0,
        ge=0,
        description=(
            "A new version applies to events received this long after its publication or later; must cover "
            "the difference between the clocks of the hosts"
        ),
    )
