"""Numbers in bodies of requests: true and false are none."""

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from shared.http.bodies import RequestBody


class Line(RequestBody):
    """An object within a body."""

    amount: int = Field(ge=0)


class Order(RequestBody):
    """A body with numbers wherever one may be."""

    points: Annotated[int, Field(ge=0, le=5)]
    share: Decimal | None = None
    rate: float = 1.0
    is_urgent: bool = False
    either: bool | int = 0
    lines: list[Line] = Field(default=[])
    by_name: dict[str, int] = Field(default={})


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"points": True}, ("points",)),
        ({"points": 1, "share": False}, ("share",)),
        ({"points": 1, "rate": True}, ("rate",)),
        ({"points": 1, "lines": [{"amount": False}]}, ("lines", 0, "amount")),
        ({"points": 1, "by_name": {"ada": True}}, ("by_name", "ada")),
    ],
)
def test_true_is_not_one_and_false_is_not_nothing(said: dict[str, Any], place: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        Order.model_validate(said)
    (error,) = refused.value.errors()
    assert (error["loc"], error["type"]) == (place, "number_type")


def test_what_may_be_true_still_may() -> None:
    order = Order.model_validate({"points": 5, "is_urgent": True, "either": True})
    assert (order.is_urgent, order.either) == (True, True)


def test_the_schema_says_nothing_else() -> None:
    properties = Order.model_json_schema()["properties"]
    assert properties["points"] == {"maximum": 5, "minimum": 0, "title": "Points", "type": "integer"}
