import orjson
import pytest

from shared.signatures import SignatureError, Signer, Verifier, key_id_of, new_keys, split_keys

FACT = orjson.dumps({"specversion": "1.0", "id": "acme/k1/issued", "data": {"scopes": ["events:write"], "ä": 1}})
OURS, OTHERS = new_keys(), new_keys()
SIGNED = Signer(OURS.signing_key).sign(FACT)


def test_a_signed_fact_says_what_it_said_and_who_signed_it():
    fact = orjson.loads(SIGNED)
    assert fact.pop("signature").startswith(key_id_of(OURS.verifying_key) + ".")
    assert fact == orjson.loads(FACT)
    Verifier([OURS.verifying_key]).check(SIGNED)


def test_several_keys_are_trusted_at_once():
    both = Verifier([OTHERS.verifying_key, OURS.verifying_key])
    both.check(SIGNED)
    both.check(Signer(OTHERS.signing_key).sign(FACT))


def forged():
    other = SIGNED.replace(b"events:write", b"payouts:approve")
    moved = orjson.dumps({"signature": orjson.loads(SIGNED)["signature"], **orjson.loads(FACT)})
    return {
        "not signed": FACT,
        "empty": b"{}",
        "nothing": b"",
        "other content": other,
        "one byte more": SIGNED + b" ",
        "a member after it": SIGNED[:-1] + b',"data":{}}',
        "a member before it": SIGNED.replace(b'{"specversion"', b'{"data":{},"specversion"', 1),
        "signature elsewhere": moved,
        "signed twice": Signer(OURS.signing_key).sign(SIGNED)[:-1] + SIGNED[-120:],
        "no base64": SIGNED[:-4] + b'!!"}',
        "another's key": Signer(OTHERS.signing_key).sign(FACT),
        "another's signature under our id": Signer(OTHERS.signing_key)
        .sign(FACT)
        .replace(key_id_of(OTHERS.verifying_key).encode(), key_id_of(OURS.verifying_key).encode()),
    }


@pytest.mark.parametrize("value", forged().values(), ids=forged())
def test_what_our_key_has_not_signed_whole_is_refused(value):
    with pytest.raises(SignatureError):
        Verifier([OURS.verifying_key]).check(value)


@pytest.mark.parametrize("key", ["", "short", "x" * 43 + "é", "A" * 44, "!" * 43])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ValueError, match="signing-key"):
        Verifier([key])
    with pytest.raises(ValueError, match="signing-key"):
        Signer(key)


def test_a_setting_lists_keys():
    assert split_keys("") == ()
    assert split_keys(f" {OURS.verifying_key} , {OTHERS.verifying_key},") == (
        OURS.verifying_key,
        OTHERS.verifying_key,
    )
