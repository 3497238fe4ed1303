"""Shops, meetings and surveys: refunds in any order, what the data become, signatures, and what no id may have."""

import json
import os
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.cases import deliveries_of, delivery_of, stands
from connectors.engine import Delivery, checked, map_delivery, recognise, settings_of
from connectors.shipped import connector, files
from connectors.signatures import ForgedError, Signed, verify
from tests.unit.connectors.examples import RECEIVED

SHARED_DATA = Path(os.environ.get("PLAUDIT_SHARED_DATA", "../shared/data"))
PLATFORMS = SHARED_DATA / "platforms"
needs_platforms = pytest.mark.skipif(not PLATFORMS.is_dir(), reason=f"{PLATFORMS} is not there")
NAMES = ("eventbrite", "formbricks", "luma", "pretix", "shopify", "stripe", "surveymonkey", "typeform")
MADE = 1_718_890_000
WHOLE = 10_000


def told(name, delivery, **given_settings):
    found = connector(name)
    outcome = checked(map_delivery(found, delivery, settings_of(found, given_settings)))
    assert outcome.state in {"mapped", "no_engagement"}, outcome
    return list(outcome.activities)


def worth(activities):
    """What the purchases that stand come to, by who bought."""
    standing = stands(activities)
    amounts = {one["id"]: one["data"] for one in activities if one["type"] == "shop.purchase.v1"}
    total = defaultdict(int)
    for purchase in standing:
        total[amounts[purchase]["actor"]["id"]] += amounts[purchase]["amount_minor"]
    return dict(total)


def stripe(kind, given_back, before, at):
    charge = {"id": "ch_1", "amount": WHOLE, "amount_captured": WHOLE, "amount_refunded": given_back}
    charge |= {"created": MADE, "captured": True, "currency": "eur", "customer": "cus_7", "payment_intent": "pi_1"}
    data = {"object": charge} | ({} if before is None else {"previous_attributes": {"amount_refunded": before}})
    body = {"id": f"evt_{at}", "object": "event", "type": kind, "created": at, "livemode": True, "data": data}
    return Delivery({"stripe-signature": "t=1,v1=ab"}, body, RECEIVED)


def shopify(refunds):
    at = datetime.fromtimestamp(MADE, UTC)
    given = [
        {
            "id": number * 10,
            "transactions": [
                {"id": number, "kind": "refund", "status": "success", "amount": f"{amount / 100:.2f}"}
                | {"currency": "EUR", "created_at": (at + timedelta(seconds=number)).isoformat()}
            ],
        }
        for number, amount in enumerate(refunds, 1)
    ]
    left = WHOLE - sum(refunds)
    state = "paid" if not refunds else "partially_refunded" if left else "refunded"
    body = {"id": 82, "created_at": at.isoformat(), "currency": "EUR", "total_price": f"{WHOLE / 100:.2f}"}
    body |= {"financial_status": state, "customer": {"id": 7}, "refunds": given, "cancelled_at": None}
    headers = {"x-shopify-topic": "orders/updated", "x-shopify-shop-domain": "garden.myshopify.com"}
    return Delivery(headers, body, RECEIVED)


REFUNDS = st.lists(st.integers(1, WHOLE), max_size=4).map(
    lambda amounts: [amount for number, amount in enumerate(amounts) if sum(amounts[: number + 1]) <= WHOLE]
)


@settings(max_examples=60, deadline=None)
@given(REFUNDS.filter(lambda amounts: sum(amounts) <= WHOLE), st.randoms(use_true_random=False))
def test_what_is_left_of_a_payment_counts_in_whatever_order_and_however_often_it_is_told(refunds, chance):
    sums = [sum(refunds[:number]) for number in range(len(refunds) + 1)]
    by_stripe = [stripe("charge.succeeded", 0, None, MADE + 1)] + [
        stripe("charge.refunded", sums[number], sums[number - 1], MADE + 60 * number)
        for number in range(1, len(sums))
    ]
    by_shopify = [shopify(refunds[:number]) for number in range(len(refunds) + 1)]
    left = WHOLE - sum(refunds)
    for name, deliveries, buyer in (("stripe", by_stripe, "cus_7"), ("shopify", by_shopify, "shopify:7")):
        often = [*deliveries, *chance.choices(deliveries, k=2)]
        chance.shuffle(often)
        activities = [one for delivery in often for one in told(name, delivery)]
        assert worth(activities) == ({buyer: left} if left else {}), name


@pytest.mark.parametrize("name", NAMES)
def test_deliveries_of_a_case_stand_alike_in_every_order(name):
    found = connector(name)
    for case in found.document.cases:
        if case.stands is None or len(case.deliveries or ()) > 4:
            continue
        known = settings_of(found, case.settings)
        outcomes = [map_delivery(found, delivery_of(one), known) for one in case.deliveries or [case.delivery]]
        for order in permutations(outcomes):
            activities = [activity for outcome in order for activity in outcome.activities]
            assert sorted(stands(activities)) == sorted(case.stands), case.case


@pytest.mark.parametrize("name", NAMES)
def test_no_address_and_no_name_is_in_what_travels(name):
    found = connector(name)
    for case in found.document.cases:
        for said in deliveries_of(found, case):
            outcome = map_delivery(found, said, settings_of(found, case.settings))
            for activity in outcome.activities:
                data = activity["data"]
                plain = [activity["id"], activity["source"], data.get("target"), data.get("attributes")]
                plain += [data[part]["id"] for part in ("object", "in_reply_to") if part in data]
                written = orjson.dumps(plain).decode().lower()
                assert "@" not in written
                assert "ada" not in written
                assert "abc23" not in written, "whoever has an order's code may change the order"
                assert "name" not in data.get("actor", {}), "what is said for a bill is not to be shown"


#: Which connector a file of a mixed folder is for, and what becomes of it.
DATA = {
    "events/eventbrite_barcode_checked_in_numeric_ids": ("eventbrite", ["activity.restored.v1"]),
    "events/luma_guest_updated_checked_in": ("luma", ["in_person.check_in.v1", "activity.restored.v1"]),
    "events/pretix_checkin_documented_fields": ("pretix", ["in_person.check_in.v1", "activity.restored.v1"]),
    "events/pretix_order_placed": ("pretix", []),
    "surveys/formbricks_responseCreated": ("formbricks", []),
    "surveys/formbricks_responseFinished": ("formbricks", []),
    "surveys/surveymonkey_response_completed": ("surveymonkey", ["survey.response.v1"]),
    "surveys/typeform_form_response_nps_hidden_2023": ("typeform", ["survey.response.v1"]),
}


def delivery_in(file):
    read = orjson.loads(file.read_bytes())
    if {"headers", "body"} <= set(read):
        return Delivery({key.lower(): value for key, value in read["headers"].items()}, read["body"], RECEIVED)
    return Delivery({}, read, RECEIVED)


@needs_platforms
def test_the_data_of_meetings_and_surveys_become_what_they_should():
    known = [connector(each) for each in files()]
    for place, (name, expected) in DATA.items():
        delivery = delivery_in(PLATFORMS / f"{place}.json")
        assert [one.name for one in recognise(known, delivery.headers, delivery.body)] == [name], place
        assert [one["type"] for one in told(name, delivery)] == expected, place
    [answered] = told("typeform", delivery_in(PLATFORMS / "surveys/typeform_form_response_nps_hidden_2023.json"))
    assert answered["data"] == {
        "channel": "survey",
        "actor": {"id": "hidden_value"},
        "object": {"id": "form:uaIA4a7Y"},
        "score": 6,
        "attributes": {"opinion": 9},
    }


@needs_platforms
def test_what_is_a_test_in_the_data_counts_where_somebody_tries_it():
    refunded = PLATFORMS / "stripe" / "derived_charge.refunded_partial_usd_refunded_still_false.json"
    assert told("stripe", delivery_in(refunded)) == []
    [taken_back] = told("stripe", delivery_in(refunded), test="yes")
    assert taken_back["data"]["target"]["id"] == "payment:ch_1PgafuB7WZ01zgkWXYmPNZs8:2000", (
        "nobody is named in it"
    )
    cancelled = told("shopify", delivery_in(PLATFORMS / "shopify" / "orders_paid_2024-10.json"), test="yes")
    assert [one["type"] for one in cancelled] == ["activity.retracted.v1"], "cancelled when it was paid"


@needs_platforms
@pytest.mark.parametrize("name", ["shopify", "stripe", "typeform", "surveymonkey", "luma", "formbricks"])
def test_signatures_fit_as_the_connector_says(name):
    scheme, at = ("standard_webhooks", 1_614_265_330) if name == "formbricks" else (name, 1_718_900_000)
    vectors = json.loads((PLATFORMS / "signature_vectors" / "vectors.json").read_text())
    [vector] = [one for one in vectors if one["scheme"] == scheme]
    signature = connector(name).document.signature
    signed, now = (
        Signed(tuple(vector["headers"].items()), vector["body"].encode()),
        datetime.fromtimestamp(at, UTC),
    )
    verify(signature, signed, [vector["secret"]], now)
    with pytest.raises(ForgedError):
        verify(signature, Signed(signed.headers, signed.raw + b" "), [vector["secret"]], now)


def test_what_signs_nothing_has_a_secret_in_its_address():
    for name in ("eventbrite", "pretix"):
        signature = connector(name).document.signature
        verify(signature, Signed((), b"{}", path_secret="s3cret"), ["s3cret"], RECEIVED)
        with pytest.raises(ForgedError):
            verify(signature, Signed((), b"{}", path_secret="other"), ["s3cret"], RECEIVED)
