"""What services say in English is read in the reader's language: each sentence by its shape, with its values."""

import re
from collections.abc import Callable
from functools import partial

import pytest
from pydantic import TypeAdapter, ValidationError

from connectors.shipped import connector, files
from console.asking import Answer
from console.components.languages import LANGUAGES, translations
from console.frame.refusals import DOWN, Refusal, is_english_alone, service_words, why_not
from console.frame.service_words import SENTENCES, in_words
from services.ingest import problems as ingest
from services.ingest.members.domain import DifferentMembersError, ErasedIdentityError, TooManyIdentitiesError
from services.rewards import problems as rewards
from services.rewards.lots.domain.lots import NotEnoughPointsError
from services.rewards.redemptions.domain import HadEnoughError, OutOfStockError
from services.rewards.wallets.domain.wallets import WalletExceededError, WalletRefusedError
from services.scoring import problems as scoring
from services.scoring.manual.domain import BelowFloorError
from shared.bank_accounts import AccountError, read_account
from shared.http import ErrorTable
from shared.member_table import TableError, table_rows
from tools.translations import said_by

OTHERS = LANGUAGES[1:]
PLACE = re.compile(r"\{(\w+)\}|…")
#: What is in some places: a sentence of its own, and what a thing is.
SAMPLES = {
    "why": "Its time is over",
    "state": "closed",
    "count": "1,000",
    "unit": "points",
    "when": "a day",
    "noun": "rule",
}


def say(language: str) -> Callable[[str], str]:
    return translations(language).ugettext  # type: ignore[no-any-return]


italian = say("it")


@pytest.mark.parametrize("language", OTHERS)
def test_each_sentence_is_known_as_itself_and_none_before_it_takes_its_place(language: str) -> None:
    for sentence in SENTENCES:
        values = {name: SAMPLES.get(name, f"<{name}>") for name in PLACE.findall(sentence)}
        said = PLACE.sub(lambda place, of=values: of.get(place[1], " and so on"), sentence)
        wanted = {name: say(language)(value) for name, value in values.items()}
        expected = PLACE.sub(lambda place, of=wanted: of.get(place[1], ""), say(language)(sentence))

        assert in_words(said, say(language)) == expected, sentence


def refused(table: ErrorTable, error: Exception) -> str:
    problem = table[type(error)](error)
    return problem.detail or ""


@pytest.mark.parametrize(
    ("table", "error", "value"),
    [
        (ingest.ERRORS, DifferentMembersError(["m-1", "m-2"]), "m-1, m-2"),
        (ingest.ERRORS, TooManyIdentitiesError(), "identità"),
        (ingest.ERRORS, ErasedIdentityError(), "dimenticato"),
        (rewards.ERRORS, NotEnoughPointsError(12), "12 punti"),
        (rewards.ERRORS, OutOfStockError("A sticker"), "«A sticker»"),
        (rewards.ERRORS, HadEnoughError(2, 30), "2 in 30 giorni"),
        (rewards.ERRORS, WalletRefusedError("The wallet 'Prizes' is closed and stays so"), "«Prizes»"),
        (rewards.ERRORS, WalletExceededError("Prizes", missing=7, currency="points"), "7 points"),
        (scoring.ERRORS, BelowFloorError(3), "3 punti"),
    ],
)
def test_what_a_service_refuses_is_said_in_italian_with_its_values(
    table: ErrorTable, error: Exception, value: str
) -> None:
    said = in_words(refused(table, error), italian)

    assert said is not None, refused(table, error)
    assert value in said


@pytest.mark.parametrize(
    ("name", "iban", "bic"),
    [
        ("Ada", "IT60X0542811101000000123457", None),
        ("Ada", "IT60X05428111010000001234", None),
        ("Ada", "XX6", None),
        ("Ada", "US64SVBKUS6S3300958879", None),
        ("Ada", "IT60X0542811101000000123456", "NOBIC"),
        ("Ada", "IT60-é", None),
    ],
)
def test_what_is_wrong_with_an_account_is_said_in_italian(name: str, iban: str, bic: str | None) -> None:
    with pytest.raises(AccountError) as refused:
        read_account(name, iban, bic)

    assert refused.value.reasons
    for reason in refused.value.reasons.values():
        assert in_words(reason, italian) not in (None, reason), reason


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (str, 1),
        (int, "x"),
        (int, 1.5),
        (bool, "perhaps"),
        (float, "x"),
        (list[int], 1),
        (dict[str, int], 1),
    ],
)
def test_what_does_not_fit_a_field_is_said_in_italian(wanted: type, sent: object) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(wanted).validate_python(sent)

    message = refused.value.errors()[0]["msg"]
    assert in_words(message, italian) not in (None, message), message


@pytest.mark.parametrize("table", ["name,the colour\nAda,red\n", "forum,forum\na,b\n", "name\nAda\n"])
def test_what_is_wrong_with_a_table_of_members_is_said_in_italian(table: str) -> None:
    with pytest.raises(TableError) as refused:
        list(table_rows(table.splitlines(keepends=True)))

    assert in_words(str(refused.value), italian) not in (None, str(refused.value)), str(refused.value)


def test_what_is_not_known_is_marked_as_english_and_escaped() -> None:
    words = partial(service_words, "it", italian)

    assert words("Nobody <wrote> this") == '<span lang="en">Nobody &lt;wrote&gt; this</span>'
    assert words("<b> points are missing; nothing was reserved").startswith("Mancano &lt;b&gt; punti")
    assert service_words("en", say("en"), "Nobody <wrote> this") == "Nobody &lt;wrote&gt; this"
    assert not is_english_alone("it", italian, "")
    assert in_words("x" * 501, italian) is None


def test_of_a_kind_that_is_known_its_own_sentence_stands_for_what_is_not() -> None:
    def answer(slug: str, detail: str) -> Answer:
        body = {"type": f"urn:plaudit:problem:{slug}", "title": "A title", "detail": detail}
        return Answer("rewards", 409, body)

    assert why_not("it", italian, answer("out-of-stock", "GET /v1/x lists them")) == italian(
        "There are no more of it"
    )
    assert "3 punti" in why_not("it", italian, answer("not-enough-points", "3 points are missing"))
    assert why_not("it", italian, answer("of-tomorrow", "Come later")) == '<span lang="en">Come later</span>'
    assert why_not("en", say("en"), answer("out-of-stock", "GET /v1/x lists them")) == "GET /v1/x lists them"
    assert why_not("it", italian, Answer("rewards", None)) == italian(DOWN)
    assert Refusal.of(answer("out-of-stock", "")).title == "There are no more of it"


def test_what_a_shipped_connector_says_is_said_in_italian() -> None:
    sentences = {text for name in files() for text in said_by(connector(name).document)}

    assert len(sentences) > 200
    assert not [text for text in sentences if in_words(text, italian) in (None, text)]
