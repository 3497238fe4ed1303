"""Settings of the console."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from shared.services import SERVICES
from shared.settings import ServiceSettings

#: Where plain HTTP is as good.
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(ServiceSettings):
    """The shared settings, where the services are, and what signing in takes. Nothing of Kafka's is read."""

    console_url: str = Field("http://127.0.0.1:8100", description="The console's address for browsers, by https")
    gateway_url: str = Field(
        "", description="The gateway's address for platforms that deliver, by https; empty: pages show paths"
    )
    credentials_url: str = Field(
        "", description="Where everybody reaches recognition's API, as there: badges of ours are asked for within"
    )
    ingest_url: str = Field("http://127.0.0.1:8101", description="Where ingest's API is")
    scoring_url: str = Field("http://127.0.0.1:8102", description="Where scoring's API is")
    recognition_url: str = Field("http://127.0.0.1:8103", description="Where recognition's API is")
    rewards_url: str = Field("http://127.0.0.1:8104", description="Where rewards' API is")
    analytics_url: str = Field("http://127.0.0.1:8105", description="Where analytics' API is")
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port of /metrics, which the public address does not have; unset: nowhere",
    )
    ask_seconds: float = Field(3.0, gt=0, description="How long a part of a page waits for its service")
    answer_max_bytes: int = Field(4 * 1024 * 1024, ge=1, description="Largest answer of a service to a page")
    form_max_bytes: int = Field(800 * 1024, ge=1, description="Largest form")
    rotate_seconds: int = Field(
        900, ge=1, description="How old the secret of a session gets before it is replaced"
    )
    replaced_seconds: int = Field(
        30, ge=1, description="How long a replaced secret still lets in, for pages that were under way"
    )
    export_rows_max_count: int = Field(
        50_000, ge=1, description="Most rows of a member's own archive; who has more asks an operator"
    )
    verifications_max_count: int = Field(
        4, ge=1, description="Badges that are verified at once for whoever asks; others are asked to come again"
    )
    console_community: str = Field("", description="The community that people sign in to by a provider")
    oidc_issuer: str = Field("", description="OpenID provider that people sign in at, as at ingest; empty: none")
    oidc_client_id: str = Field("", description="The client of Plaudit at the provider, as at ingest")
    oidc_client_secret: str = Field("", repr=False, description="The secret of that client; empty: it has none")
    oidc_title: str = Field("", description="What people call the provider; empty: its host")

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        url = urlsplit(self.console_url)
        if not url.hostname or url.path not in {"", "/"} or url.query or url.fragment:
            raise ValueError("console_url is an address without a path, such as https://console.example.org")
        if url.scheme != "https" and url.hostname not in LOOPBACK:
            raise ValueError("console_url must be https: cookies that sign in go there")
        if self.oidc_issuer:
            provider = urlsplit(self.oidc_issuer)
            if provider.scheme != "https" and provider.hostname not in LOOPBACK:
                raise ValueError("oidc_issuer must be https: who answers there says who anybody is")
            if not self.oidc_client_id or not self.console_community:
                raise ValueError("an oidc_issuer takes an oidc_client_id and a console_community")
        return self

    @property
    def is_https(self) -> bool:
        """Whether browsers come by https, so that cookies may be bound to it."""
        return self.console_url.startswith("https:")

    @property
    def service_urls(self) -> dict[str, str]:
        """The base URL of each service."""
        return {service: str(getattr(self, f"{service}_url")).rstrip("/") for service in SERVICES}
