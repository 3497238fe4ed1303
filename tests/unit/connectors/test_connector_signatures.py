import base64
import hashlib
import hmac
import json
import os
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import TypeAdapter

from connectors.document import Signature
from connectors.signatures import ForgedError, Signed, verify

SHARED_DATA = Path(os.environ.get("PLAUDIT_SHARED_DATA", "../shared/data"))
VECTORS = SHARED_DATA / "platforms" / "signature_vectors" / "vectors.json"
needs_vectors = pytest.mark.skipif(not VECTORS.is_file(), reason=f"{VECTORS} is not there")

READ = TypeAdapter(Signature).validate_python
STRIPE = {"separator": ",", "sign": "=", "name": "v1", "timestamp": "t"}
SCHEMES = {
    "slack_v0": {
        "scheme": "hmac",
        "header": "X-Slack-Signature",
        "prefix": "v0=",
        "timestamp": {"header": "X-Slack-Request-Timestamp"},
        "signed": "v0:{timestamp}:{body}",
    },
    "standard_webhooks": {"scheme": "standard_webhooks"},
    "github_hmac_sha256": {"scheme": "hmac", "header": "X-Hub-Signature-256", "prefix": "sha256="},
    "discourse": {"scheme": "hmac", "header": "X-Discourse-Event-Signature", "prefix": "sha256="},
    "stripe": {
        "scheme": "hmac",
        "header": "Stripe-Signature",
        "values": STRIPE,
        "timestamp": {},
        "signed": "{timestamp}.{body}",
    },
    "shopify": {"scheme": "hmac", "header": "X-Shopify-Hmac-Sha256", "form": "base64"},
    "zendesk": {
        "scheme": "hmac",
        "header": "X-Zendesk-Webhook-Signature",
        "form": "base64",
        "timestamp": {"header": "X-Zendesk-Webhook-Signature-Timestamp", "form": "rfc3339"},
        "signed": "{timestamp}{body}",
    },
    "typeform": {"scheme": "hmac", "header": "Typeform-Signature", "form": "base64", "prefix": "sha256="},
    "tremendous": {"scheme": "hmac", "header": "Tremendous-Webhook-Signature", "prefix": "sha256="},
    "intercom": {"scheme": "hmac", "hash": "sha1", "header": "X-Hub-Signature", "prefix": "sha1="},
    "surveymonkey": {"scheme": "hmac", "hash": "sha1", "header": "Sm-Signature", "form": "base64"},
    "luma": {
        "scheme": "hmac",
        "header": "Webhook-Signature",
        "values": STRIPE,
        "timestamp": {},
        "signed": "{timestamp}.{body}",
    },
}
#: When each was signed that says when.
SIGNED_AT = {
    "slack_v0": 1531420618,
    "standard_webhooks": 1614265330,
    "stripe": 1718900000,
    "zendesk": 1718900000,
    "luma": 1718900000,
}
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
BODY = '{"id": 1, "name": "Zoë ✓ \\/ <b>"}'.encode()
SECRET = "test-secret"


def vectors():
    return json.loads(VECTORS.read_text())


def signed_of(vector):
    return Signed(tuple(vector["headers"].items()), vector["body"].encode())


def time_of(scheme):
    return datetime.fromtimestamp(SIGNED_AT.get(scheme, 1718900000), UTC)


def is_refused(signature, signed, secrets, now=NOW):
    with pytest.raises(ForgedError):
        verify(signature, signed, secrets, now)
    return True


@needs_vectors
def test_every_vector_fits_and_nothing_beside_it():
    assert {vector["scheme"] for vector in vectors()} == SCHEMES.keys()
    for vector in vectors():
        scheme = vector["scheme"]
        signature, signed, now = READ(SCHEMES[scheme]), signed_of(vector), time_of(scheme)
        secret = vector["secret"]
        verify(signature, signed, [secret], now)
        verify(signature, signed, ["b2xk", secret], now)
        raw = signed.raw
        for changed in (raw[:-1] + b" ", raw + b"\n", b"", raw.decode().encode("utf-16")):
            assert is_refused(signature, Signed(signed.headers, changed), [secret], now)
        assert is_refused(signature, signed, ["b3RoZXI="], now)
        assert is_refused(signature, signed, [], now)
        assert is_refused(signature, signed, [""], now)
        for number, (name, value) in enumerate(signed.headers):
            value = value.partition(",v0=")[0]  # noqa: PLW2901 -- what is behind it counts for nothing
            rest = [each for place, each in enumerate(signed.headers) if place != number]
            for headers in (
                rest,
                [*signed.headers, (name.lower(), value)],
                [*rest, (name, "")],
                [*rest, (name, value[:-1])],
                [*rest, (name, value[:-1] + "é")],
                [*rest, (name, value + "\udce9")],
                [*rest, (name, "x" * 5_000)],
            ):
                assert is_refused(signature, Signed(tuple(headers), raw), [secret], now), (scheme, headers)
        if scheme in SIGNED_AT:
            for moment in (now + timedelta(seconds=301), now - timedelta(seconds=301)):
                assert is_refused(signature, signed, [secret], moment)
            verify(signature, signed, [secret], now + timedelta(seconds=299))


def mac(content, secret=SECRET):
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def stripe(*signatures, at=NOW):
    moment = int(at.timestamp())
    header = ",".join([f"t={moment}", *signatures])
    return READ(SCHEMES["stripe"]), Signed((("Stripe-Signature", header),), BODY), moment


def test_of_several_signatures_one_of_the_version_that_is_checked_is_enough():
    moment = int(NOW.timestamp())
    right = mac(f"{moment}.".encode() + BODY)
    for signatures in ([f"v1={right}"], [f"v1={'0' * 64}", f"v1={right}"], [f"v1={right}", f"v0={'1' * 64}"]):
        signature, signed, _ = stripe(*signatures)
        verify(signature, signed, [SECRET], NOW)
    for signatures in (
        [f"v0={right}"],
        [],
        ["v1="],
        [f"v1={right.upper()}"],
        [f"v1={right}"] * 11,
        [f"v1={right}", "t=1"],
        [f"t={moment}", f"v1={right}"],
    ):
        signature, signed, _ = stripe(*signatures)
        assert is_refused(signature, signed, [SECRET])


@pytest.mark.parametrize("moment", ["", "now", "-1", "1e9", "٣", "99999999999999", "1769860800.0", " 1769860800"])
def test_a_timestamp_is_a_number_of_seconds(moment):
    signature = READ(SCHEMES["slack_v0"])
    content = f"v0:{moment}:".encode() + BODY
    headers = (("X-Slack-Request-Timestamp", moment), ("X-Slack-Signature", f"v0={mac(content)}"))
    assert is_refused(signature, Signed(headers, BODY), [SECRET])


@pytest.mark.parametrize("moment", ["2026-01-31", "2026-01-31T12:00:00", "soon"])
def test_a_written_timestamp_has_a_zone(moment):
    signature = READ(SCHEMES["zendesk"])
    digest = hmac.new(SECRET.encode(), moment.encode() + BODY, hashlib.sha256).digest()
    names = ("X-Zendesk-Webhook-Signature-Timestamp", "X-Zendesk-Webhook-Signature")
    headers = tuple(zip(names, (moment, base64.b64encode(digest).decode()), strict=True))
    assert is_refused(signature, Signed(headers, BODY), [SECRET])


def test_a_token_is_the_secret_itself():
    signature = READ({"scheme": "token", "header": "X-Gitlab-Token"})
    verify(signature, Signed((("x-gitlab-token", SECRET),), BODY), ["old", SECRET], NOW)
    verify(signature, Signed((("X-Gitlab-Token", "geheim-ß"),), BODY), ["geheim-ß"], NOW)
    for given in ("", "test-secre", "test-secret ", "TEST-SECRET", "test-secret\x00"):
        assert is_refused(signature, Signed((("X-Gitlab-Token", given),), BODY), [SECRET])


def test_one_of_several_ways_is_enough_with_whichever_secret_is_for_it():
    """As GitLab has it: a token, or a signature in newer versions."""
    signature = READ(
        {
            "scheme": "any_of",
            "of": [{"scheme": "standard_webhooks"}, {"scheme": "token", "header": "X-Gitlab-Token"}],
        }
    )
    moment, key = str(int(NOW.timestamp())), "whsec_" + base64.b64encode(b"k" * 32).decode()
    digest = hmac.new(b"k" * 32, f"id-1.{moment}.".encode() + BODY, hashlib.sha256).digest()
    signing = (
        ("webhook-id", "id-1"),
        ("webhook-timestamp", moment),
        ("webhook-signature", f"v1,{base64.b64encode(digest).decode()}"),
    )
    token = (("X-Gitlab-Token", SECRET),)
    for headers, secrets in (
        (token, [SECRET]),
        (signing, [key]),
        (token + signing, [SECRET]),
        (signing, [SECRET, key]),
    ):
        verify(signature, Signed(headers, BODY), secrets, NOW)
    for headers, raw, secrets in (
        (signing, BODY + b" ", [key]),
        (signing, BODY, [SECRET]),
        (token, BODY, [key]),
        ((), BODY, [SECRET, key]),
        (token * 2, BODY, [SECRET]),
        (token, BODY, []),
    ):
        assert is_refused(signature, Signed(headers, raw), secrets)
    assert is_refused(signature, Signed(signing, BODY), [key], NOW + timedelta(seconds=301))


def test_a_secret_in_the_path_and_who_may_send():
    signature = READ({"scheme": "path", "allow_from": ["192.0.2.0/24", "2001:db8::/32"]})
    for peer in ("192.0.2.7", "2001:db8::1"):
        verify(signature, Signed((), BODY, path_secret=SECRET, peer=peer), [SECRET], NOW)
    for secret, peer in ((None, "192.0.2.7"), ("other", "192.0.2.7"), (SECRET, "192.0.3.7"), (SECRET, None)):
        assert is_refused(signature, Signed((), BODY, path_secret=secret, peer=peer), [SECRET])
    verify(READ({"scheme": "path"}), Signed((), BODY, path_secret=SECRET), [SECRET], NOW)


def test_ed25519_as_discord_signs():
    signature = READ(
        {
            "scheme": "ed25519",
            "header": "X-Signature-Ed25519",
            "timestamp": {"header": "X-Signature-Timestamp"},
        }
    )
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    moment = str(int(NOW.timestamp()))
    given = key.sign(moment.encode() + BODY).hex()

    def signed(value=given, at=moment, raw=BODY):
        return Signed((("X-Signature-Ed25519", value), ("X-Signature-Timestamp", at)), raw)

    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    verify(signature, signed(), [other, public], NOW)
    assert is_refused(signature, signed(), [other])
    assert is_refused(signature, signed(raw=BODY + b" "), [public])
    assert is_refused(signature, signed(at=str(int(moment) + 1)), [public])
    assert is_refused(signature, signed(), [public], NOW + timedelta(seconds=301))
    for value in ("", "00" * 64, given[:-2], given + "00", given[:-1] + "g", given[:-2] + " 0"):
        assert is_refused(signature, signed(value), [public])
    with pytest.raises(ValueError, match="32 bytes"):
        verify(signature, signed(), ["abcd"], NOW)


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_rsa_as_wise_signs(rsa_key):
    signature = READ({"scheme": "rsa", "header": "X-Signature-SHA256"})
    given = base64.b64encode(rsa_key.sign(BODY, PKCS1v15(), SHA256())).decode()
    verify(signature, Signed((("X-Signature-SHA256", given),), BODY), [pem(rsa_key)], NOW)
    assert is_refused(signature, Signed((("X-Signature-SHA256", given),), BODY + b" "), [pem(rsa_key)])
    for value in ("", "é", given[:-4], base64.b64encode(b"0" * 256).decode()):
        assert is_refused(signature, Signed((("X-Signature-SHA256", value),), BODY), [pem(rsa_key)])
    ed25519 = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(ValueError, match="RSA"):
        verify(
            signature,
            Signed((("X-Signature-SHA256", given),), BODY),
            [ed25519.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()],
            NOW,
        )


PAYPAL = {
    "scheme": "rsa",
    "header": "PAYPAL-TRANSMISSION-SIG",
    "signed": "{header:PAYPAL-TRANSMISSION-ID}|{header:PAYPAL-TRANSMISSION-TIME}|{setting:webhook_id}|{crc32}",
    "certificate": {"header": "PAYPAL-CERT-URL", "hosts": ["api.paypal.com"]},
}


def certificate(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "messageverificationcerts.example.org")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(1), NOW + timedelta(1))
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def test_rsa_as_paypal_signs_with_the_certificates_host_pinned(rsa_key):
    signature, moment = READ(PAYPAL), "2026-01-31T12:00:00Z"
    content = f"id-1|{moment}|WH-1|{zlib.crc32(BODY)}".encode()
    given = base64.b64encode(rsa_key.sign(content, PKCS1v15(), SHA256())).decode()

    def signed(address="https://api.paypal.com/v1/notifications/certs/CERT-1", raw=BODY, hook="WH-1"):
        headers = {
            "PAYPAL-TRANSMISSION-ID": "id-1",
            "PAYPAL-TRANSMISSION-TIME": moment,
            "PAYPAL-TRANSMISSION-SIG": given,
            "PAYPAL-CERT-URL": address,
        }
        return Signed(tuple(headers.items()), raw, settings={"webhook_id": hook})

    secret = certificate(rsa_key)
    verify(signature, signed(), [secret], NOW)
    assert is_refused(signature, signed(raw=BODY + b" "), [secret])
    assert is_refused(signature, signed(hook="WH-2"), [secret])
    assert is_refused(signature, signed(), [secret], NOW + timedelta(days=2))
    for address in (
        "http://api.paypal.com/certs/1",
        "https://api.paypal.com.example.org/certs/1",
        "https://api.paypal.com@example.org/certs/1",
        "https://api.paypal.com:8443/certs/1",
        "https://example.org/?https://api.paypal.com/",
        "https://xn--pypal-4ve.com/certs/1",
        "//api.paypal.com/certs/1",
        "https://[api.paypal.com/certs/1",
    ):
        assert is_refused(signature, signed(address), [secret])
