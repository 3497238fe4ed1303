"""Analytics' settings."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Analytics needs nothing beyond what every service reads."""
