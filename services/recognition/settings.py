"""Recognition's settings."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Recognition needs nothing beyond what every service reads."""
