"""Recognition's settings."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The shared settings, with what a rebuild from the whole log needs to stay small."""

    fetch_max_bytes: int = Field(
        4 * 1024 * 1024,
        ge=1,
        description="Bytes fetched from Kafka at once; with 16 MiB a rebuild held 208 MB of memory, so 135 MB",
    )
