"""Kafka behind TLS, as a production system has it: the platform's clients check the certificate, and get in."""

import asyncio
import datetime
import ipaddress
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plaudit.stack import StackState, kafka, reset, start, stop
from plaudit.stack.readiness import kafka_answers
from plaudit.stack.services import environment
from shared.broker import Broker
from tests.faults.workers import free_port
from tests.waiting import until

pytestmark = pytest.mark.stack

NAME = "encrypted"


def certificate(address: str) -> tuple[str, str]:
    """A certificate for an address, signed by itself, and its key; in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker of a test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return made.public_bytes(Encoding.PEM).decode(), text


@pytest.fixture(scope="module")
async def encrypted(plaudit_home: Path) -> AsyncIterator[tuple[StackState, Broker]]:
    """A stack whose Kafka has a second listener with TLS, and how its administrator gets in there."""
    port = free_port()
    chain, key = certificate("127.0.0.1")
    authorities = plaudit_home / "authorities.pem"
    authorities.write_text(chain)
    chain, key = (text.replace("\n", "\\n") for text in (chain, key))  # as a properties file has them
    original = kafka.properties

    def properties(state: StackState) -> str:
        settings = dict(line.split("=", 1) for line in original(state).splitlines())
        settings["listeners"] += f",ENCRYPTED://127.0.0.1:{port}"
        settings["advertised.listeners"] += f",ENCRYPTED://127.0.0.1:{port}"
        settings |= kafka.security(state, "CLIENTS", "ENCRYPTED")
        protocols = settings["listener.security.protocol.map"]
        settings["listener.security.protocol.map"] = protocols.replace(
            "ENCRYPTED:SASL_PLAINTEXT", "ENCRYPTED:SASL_SSL"
        )
        ssl = "listener.name.encrypted.ssl.keystore"
        settings |= {f"{ssl}.type": "PEM", f"{ssl}.certificate.chain": chain, f"{ssl}.key": key}
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kafka, "properties", properties)
        state = await asyncio.to_thread(start, NAME, only=["kafka", "postgres"])
    yield state, replace(state.broker, servers=f"127.0.0.1:{port}", tls=True, ca_file=str(authorities))
    await asyncio.to_thread(stop, NAME)
    await asyncio.to_thread(reset, NAME)


async def test_a_client_that_trusts_the_certificate_gets_in(encrypted: tuple[StackState, Broker]) -> None:
    assert await kafka_answers(encrypted[1])


@pytest.mark.parametrize(
    "change",
    [{"ca_file": ""}, {"tls": False}, {"password": "wrong"}],
    ids=["another authority", "plain", "password"],
)
async def test_a_client_that_does_not_trust_it_or_is_not_trusted_stays_out(
    encrypted: tuple[StackState, Broker], change: dict[str, object]
) -> None:
    assert not await kafka_answers(replace(encrypted[1], **change))  # type: ignore[arg-type]


async def test_a_whole_service_works_behind_it(encrypted: tuple[StackState, Broker], tmp_path: Path) -> None:
    state, broker = encrypted
    port = free_port()
    settings = environment(state, "rewards") | {
        "PLAUDIT_KAFKA": broker.servers,
        "PLAUDIT_KAFKA_TLS": "true",
        "PLAUDIT_KAFKA_CA_FILE": broker.ca_file,
        "PLAUDIT_HTTP_PORT": str(port),
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.rewards.main"], env=os.environ | settings, stdout=log, stderr=log
        )
    try:
        async with httpx.AsyncClient(trust_env=False) as client:

            async def is_ready() -> bool:
                assert process.poll() is None, (tmp_path / "log").read_text()
                try:
                    return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == httpx.codes.OK
                except httpx.TransportError:
                    return False

            await until(is_ready)
    finally:
        process.terminate()
        process.wait(30)
    assert process.returncode == 0, (tmp_path / "log").read_text()
