"""Settings of the gateway."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from shared.services import SERVICES
from shared.settings import ServiceSettings

#: Where a checkout has the documents of the services' APIs.
DOCUMENTS = Path(__file__).parents[2] / "schemas" / "openapi"
ANY_ORIGIN = "*"


class Settings(ServiceSettings):
    """The shared settings, where the services are, and what may pass. It needs neither Kafka nor a database."""

    ingest_url: str = Field("http://127.0.0.1:8101", description="Where ingest's API is")
    scoring_url: str = Field("http://127.0.0.1:8102", description="Where scoring's API is")
    recognition_url: str = Field("http://127.0.0.1:8103", description="Where recognition's API is")
    rewards_url: str = Field("http://127.0.0.1:8104", description="Where rewards' API is")
    analytics_url: str = Field("http://127.0.0.1:8105", description="Where analytics' API is")
    api_documents: str = Field(
        "", description="Folder of the services' OpenAPI documents; empty: schemas/openapi of the checkout"
    )
    connect_seconds: float = Field(
        2.0, gt=0, description="How long the gateway waits for a connection to a service, or for one to be free"
    )
    answer_seconds: float = Field(
        60.0, gt=0, description="How long a service may be silent, or a client not take what it said"
    )
    service_connections_max_count: int = Field(200, ge=1, description="Connections of the gateway to each service")
    service_keep_alive_seconds: float = Field(
        5.0, gt=0, description="How long the gateway keeps an idle one; less than the services' keep-alive"
    )
    body_buffer_bytes: int = Field(
        64 * 1024, ge=0, description="A body up to this size is there whole before a service is asked"
    )
    body_grace_seconds: float = Field(
        2.0, ge=0, description="For so long a larger one may be slow once a service waits for it"
    )
    body_min_bytes_per_second: int = Field(
        16 * 1024, ge=1, description="How fast it comes from then on; slower ones get 408"
    )
    address_requests_max_count: int = Field(
        100, ge=1, description="Requests under way from one address, of IPv6 one /64; more get 429"
    )
    address_connections_max_count: int = Field(
        200,
        ge=1,
        description="Open connections from one address, of IPv6 one /64, but for trusted proxies; more get 503",
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port of /metrics, which the public address does not have; unset: nowhere",
    )
    cors_origins: str = Field(
        "",
        description="Origins whose pages may ask from a browser, comma-separated; *: anybody's, and only to read; "
        "empty: nobody's",
    )
    cors_seconds: int = Field(600, ge=0, description="How long a browser remembers what an origin may ask")

    @model_validator(mode="after")
    def _are_addresses(self) -> Self:
        for url in self.service_urls.values():
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
                raise ValueError(f"{url} is no address of a service, such as http://127.0.0.1:8101")
        for origin in self.origins:
            parts = urlsplit(origin)
            if origin != ANY_ORIGIN and (origin != f"{parts.scheme}://{parts.netloc}" or not parts.hostname):
                raise ValueError(f"{origin} is no origin, such as https://community.example.org")
        if ANY_ORIGIN in self.origins and len(self.origins) > 1:
            raise ValueError("cors_origins are *, or a list without it")
        return self

    @property
    def service_urls(self) -> dict[str, str]:
        """The base URL of each service."""
        return {service: str(getattr(self, f"{service}_url")).rstrip("/") for service in SERVICES}

    @property
    def origins(self) -> tuple[str, ...]:
        """Whose pages may ask from a browser."""
        return tuple(part.strip() for part in self.cors_origins.split(",") if part.strip())

    @property
    def proxies(self) -> list[IPv4Network | IPv6Network]:
        """Who brings everybody's connections."""
        return [ip_network(part) for part in self.trusted_proxies.split(",") if part]

    @property
    def documents(self) -> Path:
        """Where the services' OpenAPI documents are."""
        return Path(self.api_documents) if self.api_documents else DOCUMENTS
