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

import asyncpg
import httpx
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plaudit.cli import main
from plaudit.stack import StackState, kafka, reset, start, stop
from plaudit.stack.readiness import kafka_answers
from plaudit.stack.services import environment
from shared.broker import Broker
from shared.postgres import database_url, role_name
from shared.services import SERVICES
from shared.signatures import Signer, Verifier
from shared.topics import SIGNERS
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
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:

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


async def test_what_secrets_makes_is_what_provision_sets(
    encrypted: tuple[StackState, Broker], tmp_path: Path
) -> None:
    """As on servers of one's own: files for the services, and one for the command that sets what is in them."""
    state, broker = encrypted
    made = CliRunner().invoke(main, ["secrets", str(tmp_path / "files")])
    assert made.exit_code == 0, made.output
    files = {path.stem: variables(path) for path in (tmp_path / "files").iterdir()}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "files").iterdir()} == {0o600}
    words = ["provision", "--kafka", broker.servers, "--kafka-tls", "--kafka-ca-file", broker.ca_file]
    words += ["--kafka-user", broker.user, "--kafka-mechanism", "PLAIN", "--postgres", state.postgres_admin_url]
    given = {"PLAUDIT_KAFKA_PASSWORD": broker.password}
    incomplete = await asyncio.to_thread(CliRunner(env=given).invoke, main, words)
    assert "PLAUDIT_INGEST_KAFKA_PASSWORD is not set" in incomplete.output
    # A process of its own, as on servers: aiokafka does not wait for its first connection's end, and behind TLS
    # asyncio.run may be over before the broker has said goodbye, which another test would be warned of.
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plaudit", *words),
        env=os.environ | given | files["provision"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await done.communicate()
    assert done.returncode == 0, output.decode()
    for service in SERVICES:
        own = files[service]
        user, password = own["PLAUDIT_KAFKA_USER"], own["PLAUDIT_KAFKA_PASSWORD"]
        assert await kafka_answers(replace(broker, user=user, password=password))
        assert not await kafka_answers(replace(broker, user=user, password=state.kafka_passwords[service]))
        role = role_name(service)
        url = database_url(state.postgres_url, role, role, own["PLAUDIT_POSTGRES_PASSWORD"])
        connection = await asyncpg.connect(url)
        await connection.close()
        assert ("PLAUDIT_SIGNING_KEY" in own) == (service in SIGNERS)
    signer = Signer(files["ingest"]["PLAUDIT_SIGNING_KEY"])
    Verifier([files["rewards"]["PLAUDIT_INGEST_VERIFYING_KEYS"]]).check(signer.sign(b'{"a":1}'))
    again = CliRunner().invoke(main, ["secrets", str(tmp_path / "files")])
    assert again.exit_code == 1
    assert "is there already" in again.output


def variables(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())
