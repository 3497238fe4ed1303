"""Where the broker is and how a client gets in: the same answer for every Kafka client of the platform."""

import ssl
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


@dataclass(frozen=True)
class Broker:
    """Bootstrap servers, the user to log in as (none: without a login), and whether the connection is encrypted.

    `ca_file` names the certificates that the broker's must be signed by; empty means the machine's own.
    """

    servers: str
    user: str = ""
    password: str = field(default="", repr=False)
    mechanism: Mechanism = "SCRAM-SHA-512"
    tls: bool = False
    ca_file: str = ""

    @cached_property
    def ssl_context(self) -> ssl.SSLContext | None:
        """What checks the broker's certificate and name; None without TLS. Raises OSError for a missing file."""
        return ssl.create_default_context(cafile=self.ca_file or None) if self.tls else None

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments that any client of aiokafka takes for it."""
        transport = "SSL" if self.tls else "PLAINTEXT"
        return {
            "bootstrap_servers": self.servers,
            "security_protocol": f"SASL_{transport}" if self.user else transport,
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.user or None,
            "sasl_plain_password": self.password or None,
            "ssl_context": self.ssl_context,
        }
