"""Settings that every service reads from the environment, once, at start."""

from base64 import urlsafe_b64decode
from functools import lru_cache
from ipaddress import ip_network
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.broker import Broker, Mechanism
from shared.signatures import Signer, Verifier, split_keys

Role = Literal["all", "api", "worker"]
IDENTITY_KEY_BYTES = 32
WEBHOOK_KEY_BYTES = 32


class ServiceSettings(BaseSettings):
    """Where the broker, the database and the clients are, and every limit of the shared parts.

    Each field is an environment variable with the prefix `PLAUDIT_`, in capitals.
    """

    model_config = SettingsConfigDict(env_prefix="PLAUDIT_", frozen=True)

    kafka: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, comma-separated host:port")
    kafka_user: str = Field(
        "", description="Who logs in at Kafka; empty: nobody, for a broker that asks for no login"
    )
    kafka_password: str = Field("", repr=False, description="Password of that user")
    kafka_mechanism: Mechanism = Field(
        "SCRAM-SHA-512", description="How it logs in: SCRAM-SHA-512 or SCRAM-SHA-256"
    )
    kafka_tls: bool = Field(False, description="Whether connections to Kafka are encrypted")
    kafka_ca_file: str = Field(
        "", description="Certificates (PEM) that Kafka's must be signed by; empty: those that the machine trusts"
    )
    ingest_verifying_keys: str = Field(
        "",
        description="Keys that verify access keys, comma-separated; empty: anything is believed, signed or not",
    )
    scoring_verifying_keys: str = Field(
        "",
        description="Keys that verify programmes, comma-separated; empty: anything is believed, signed or not",
    )
    postgres_url: str = Field("postgresql://127.0.0.1:5432", description="PostgreSQL server, without a database")
    postgres_password: str = Field("", repr=False, description="Password of the service's own role")
    http_host: str = Field("127.0.0.1", description="Address that the API listens on")
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks (10.0.0.0/8), comma-separated, of proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto are believed; empty: nobody's",
    )
    http_port: int = Field(8100, description="Port that the API listens on", ge=0, le=65535)
    admin_key: str = Field(
        "", repr=False, description="Bootstrap key: adds people and issues their first keys; empty turns that off"
    )
    identity_key: str = Field(
        "",
        repr=False,
        description="Key of the hashes that stand for members' identities, 32 bytes in base64url, the same at "
        "every service; empty: who reads members.v1 can guess whose they are",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    traces_endpoint: str = Field(
        "",
        pattern=r"^(https?://[^/?#\s]+(/[^?#\s]*)?)?$",
        description="OpenTelemetry collector that traces are sent to by OTLP over HTTP, such as "
        "http://127.0.0.1:4318; empty: nowhere",
    )
    traces_share: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Share of traces that are sent, chosen by their ids; the same at every service",
    )
    traces_per_batch_max_count: int = Field(
        100, ge=1, description="Traces of which one batch of the consumer loop sends spans"
    )
    spans_waiting_max_count: int = Field(
        4_096, ge=1, description="Spans that wait for the collector; beyond it the oldest are forgotten"
    )

    pool_min_count: int = Field(1, ge=1, description="PostgreSQL connections kept open")
    pool_max_count: int = Field(8, ge=2, description="PostgreSQL connections at most")
    pool_acquire_seconds: float = Field(
        5.0, gt=0, description="How long a request or batch waits for a PostgreSQL connection, or for a new one"
    )
    statement_seconds: float = Field(30.0, gt=0, description="How long one SQL statement may take")
    idle_transaction_seconds: float = Field(
        30.0,
        gt=0,
        description="After this a silent transaction (of a stopped process) is ended by the server",
    )

    batch_max_count: int = Field(2_000, ge=1, description="Records in one transaction of the consumer loop")
    batch_interval_seconds: float = Field(
        0.02,
        ge=0,
        le=5,
        description="From one batch's begin to the next one's, unless a whole batch waits: less often costs less",
    )
    batch_seconds: float = Field(120.0, gt=0, description="How long all that a batch does may take")
    own_failures_max_count: int = Field(
        3,
        ge=1,
        description="Tries of a batch that runs out of time while the database answers, before it is split",
    )
    stalled_seconds: float = Field(
        60.0,
        gt=0,
        description="Records wait and no batch is finished for so long: /readyz says that the service hangs",
    )
    fetch_max_bytes: int = Field(2 * 1024 * 1024, ge=1, description="Bytes fetched from Kafka at once")
    position_seconds: float = Field(
        5.0, gt=0, description="How often a service that gets on tells the broker where it stands"
    )
    session_seconds: float = Field(
        10.0, gt=0, description="A worker silent for this long loses its partitions to another"
    )
    retry_min_seconds: float = Field(0.1, gt=0, description="First pause after a transient failure")
    retry_max_seconds: float = Field(5.0, gt=0, description="Longest pause between retries")
    dead_letters_max_per_minute: int = Field(
        100, ge=0, description="More invalid records than this in a minute stop the service"
    )
    dead_letter_value_max_bytes: int = Field(512 * 1024, ge=0, description="Payload kept in a dead letter")
    outbox_batch_max_count: int = Field(2_000, ge=1, description="Outbox rows published at once")
    outbox_max_count: int = Field(20_000, ge=1, description="Unpublished rows at which consuming pauses")
    publish_seconds: float = Field(20.0, gt=0, description="How long the broker may take to acknowledge")

    recount_max_count: int = Field(
        100_000,
        ge=1,
        description="Rows of awards that are counted again at once, every 5 seconds, to be compared with what "
        "other services have",
    )

    body_max_bytes: int = Field(5 * 1024 * 1024, ge=1, description="Largest request body")
    head_seconds: float = Field(
        10.0, gt=0, description="How long a new connection may take to send its request's head"
    )
    head_max_bytes: int = Field(64 * 1024, ge=1024, description="Largest head of a request; larger ones get 431")
    body_seconds: float = Field(15.0, gt=0, description="How long a client may take to send its request's body")
    connections_max_count: int = Field(2_000, ge=1, description="Open HTTP connections; more are answered 503")
    keep_alive_seconds: int = Field(15, ge=1, description="How long an idle connection is kept")
    stop_seconds: int = Field(15, ge=1, description="How long requests in flight may take when stopping")
    stop_max_seconds: float = Field(
        18.0,
        gt=0,
        description="How long a process may take to stop; then it ends with status 1 and logs what is still there",
    )
    key_cache_seconds: float = Field(2.0, gt=0, description="How long a checked access key is believed")
    unknown_key_cache_seconds: float = Field(0.2, gt=0, description="How long a key is believed to be unknown")
    key_cache_max_count: int = Field(10_000, ge=1, description="Access keys remembered, known and unknown")

    public_reads_per_minute: int = Field(
        120,
        ge=1,
        description="Requests from one address with a publishable key that a process answers in a minute; further "
        "ones get 429",
    )
    public_key_reads_per_minute: int = Field(
        6_000, ge=1, description="The same of one publishable key, from everywhere"
    )

    token_issuer: str = Field(
        "plaudit",
        min_length=1,
        description="What this installation is called in tokens, the same at every service",
    )
    token_leeway_seconds: int = Field(
        30, ge=0, le=60, description="By how much the clocks of two machines may differ where a token is checked"
    )

    webhook_keys: str = Field(
        "",
        repr=False,
        description="Keys that seal addresses and secrets of webhooks, comma-separated, 32 bytes in base64url "
        "each, the same at every service: the first seals, all open; empty: nothing is delivered",
    )
    webhook_loopback: bool = Field(
        False, description="Whether webhooks may be on this machine, by http too: for a stack to try things on"
    )
    webhook_ports: str = Field(
        "443", pattern=r"^[0-9]{1,5}(,[0-9]{1,5})*$", description="Ports that webhooks may have, comma-separated"
    )
    webhook_seconds: float = Field(15.0, gt=0, le=60, description="How long an endpoint may take to answer")
    webhooks_at_once_max_count: int = Field(256, ge=1, description="Deliveries that a process makes at once")
    webhook_patience_hours: float = Field(
        24.0, gt=0, le=168, description="An endpoint that takes nothing for so long is disabled"
    )
    webhook_waiting_max_count: int = Field(
        100_000, ge=1, description="Deliveries that may wait for one endpoint at a service; beyond it is disabled"
    )
    webhooks_kept_days: int = Field(7, ge=1, le=90, description="How long deliveries are kept to be sent again")

    @field_validator("webhook_keys")
    @classmethod
    def _are_webhook_keys(cls, value: str) -> str:
        webhook_keys(value)
        return value

    @field_validator("ingest_verifying_keys", "scoring_verifying_keys")
    @classmethod
    def _are_keys(cls, value: str) -> str:
        Verifier(split_keys(value))
        return value

    @field_validator("identity_key")
    @classmethod
    def _is_a_long_key(cls, value: str) -> str:
        if value and len(_identity_key(value)) != IDENTITY_KEY_BYTES:
            raise ValueError(f"an identity_key has {IDENTITY_KEY_BYTES} bytes: `plaudit secrets` makes one")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        networks = [part.strip() for part in value.split(",") if part.strip()]
        for network in networks:
            ip_network(network)
        return ",".join(networks)

    @property
    def identity_key_bytes(self) -> bytes:
        """The key of the hashes that stand for identities; none where none is set."""
        return _identity_key(self.identity_key)

    @property
    def webhook_port_numbers(self) -> frozenset[int]:
        """The ports that webhooks may have."""
        return frozenset(map(int, self.webhook_ports.split(",")))

    @property
    def broker(self) -> Broker:
        """Where Kafka is and how this service gets in."""
        return Broker(
            self.kafka,
            self.kafka_user,
            self.kafka_password,
            self.kafka_mechanism,
            self.kafka_tls,
            self.kafka_ca_file,
        )

    @property
    def signer(self) -> Signer | None:
        """What signs this service's facts; None for a service that tells none of those that are signed."""
        return None

    def verifier(self, service: str) -> Verifier | None:
        """What checks the facts that `service` signs; None when its keys are not set, and nothing is checked."""
        keys = {"ingest": self.ingest_verifying_keys, "scoring": self.scoring_verifying_keys}[service]
        return Verifier(split_keys(keys)) if keys else None


class SigningSettings(ServiceSettings):
    """The shared settings of a service whose facts give authority: it signs them."""

    signing_key: str = Field(
        "",
        repr=False,
        description="Key that signs what gives authority; empty: readers with verifying keys refuse it",
    )

    @field_validator("signing_key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        if value:
            Signer(value)
        return value

    @property
    def signer(self) -> Signer | None:
        """What signs this service's facts; None when no key is set."""
        return _signer(self.signing_key) if self.signing_key else None


def webhook_keys(text: str) -> list[bytes]:
    """The keys of the setting. Raises ValueError for what is none."""
    try:
        keys = [urlsafe_b64decode(key + "=" * (-len(key) % 4)) for key in split_keys(text)]
    except ValueError as error:
        raise ValueError(f"webhook_keys are {WEBHOOK_KEY_BYTES} bytes each in base64url") from error
    if any(len(key) != WEBHOOK_KEY_BYTES for key in keys):
        raise ValueError(f"webhook_keys have {WEBHOOK_KEY_BYTES} bytes each: `plaudit secrets` makes one")
    return keys


#: A key is read once, not for every fact.
_signer = lru_cache(Signer)


@lru_cache
def _identity_key(text: str) -> bytes:
    """The bytes of a key; nothing of what is none."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
