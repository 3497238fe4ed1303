"""Errors in a programme name the line, the column, the field and what was expected."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.scoring.programmes.domain.mistakes import Mistake
from services.scoring.programmes.domain.reading import (
    document_of,
    document_sha256,
    read_programme,
    read_with_warnings,
)
from shared.contracts.programme import Programme

EXAMPLES = sorted((Path(__file__).parents[5] / "programmes").glob("*.yaml"))

SMALL = """\
programme: demo
title: Demo
rules:
  - id: message
    title: Wrote
    on: [chat.message.v1]
    points: 1
"""


def errors(text: str) -> list[Mistake]:
    read = read_programme(text)
    assert isinstance(read, list), "the programme was expected to be refused"
    return read


def only(text: str) -> tuple[int, int, str, str]:
    (error,) = errors(text)
    return error.line, error.column, error.field, error.detail


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_programme(path: Path) -> None:
    read = read_programme(path.read_text(encoding="utf-8"))
    assert isinstance(read, Programme), read
    assert read.programme == path.stem


def test_there_are_examples() -> None:
    assert {path.stem for path in EXAMPLES} >= {"starter", "open-source", "messages"}


def test_the_document_reads_back_as_the_same_programme() -> None:
    for path in EXAMPLES:
        programme = read_programme(path.read_text(encoding="utf-8"))
        assert isinstance(programme, Programme)
        assert Programme.model_validate(document_of(programme)) == programme


def test_layout_and_comments_do_not_change_the_hash_but_values_do() -> None:
    def digest(text: str) -> str:
        programme = read_programme(text)
        assert isinstance(programme, Programme)
        return document_sha256(document_of(programme))

    assert digest(SMALL) == digest("# why\n" + SMALL.replace("[chat.message.v1]", "\n      - chat.message.v1"))
    assert digest(SMALL) != digest(SMALL.replace("points: 1", "points: 2"))


def test_json_is_read_too() -> None:
    text = '{"programme": "demo", "title": "Demo", "rules": [{"id": "m", "title": "M",'
    text += ' "on": ["chat.message.v1"], "points": 1}]}'
    assert isinstance(read_programme(text), Programme)


@pytest.mark.parametrize(
    ("was", "becomes", "line", "column", "field", "says"),
    [
        ("title: Demo", "titel: Demo", 2, 1, "/titel", "did you mean `title`?"),
        ("    points: 1", "    pionts: 1", 7, 5, "/rules/0/pionts", "did you mean `points`?"),
        ("points: 1", "points: ten", 7, 13, "/rules/0/points", "a whole number, without quotes; got `ten`"),
        ("points: 1", "points: 1.5", 7, 13, "/rules/0/points", "a whole number, without quotes; got 1.5"),
        (
            "points: 1",
            "points: 0",
            7,
            13,
            "/rules/0/points",
            "a rule gives points, or takes some (below 0); got 0",
        ),
        ("points: 1", "points:", 7, 12, "/rules/0/points", "a whole number, without quotes; got nothing"),
        ("title: Wrote", "title: 5", 5, 12, "/rules/0/title", "put it in quotes; got 5"),
        ("[chat.message.v1]", "chat.message.v1", 6, 9, "/rules/0/on", "a list"),
        ("[chat.message.v1]", "[]", 6, 9, "/rules/0/on", "at least 1 item"),
        (
            "chat.message.v1",
            "chat.mesage.v1",
            6,
            10,
            "/rules/0/on/0",
            "there is no event type `chat.mesage.v1`; did you mean `chat.message.v1`?",
        ),
        ("chat.message.v1", "activity.retracted.v1", 6, 10, "/rules/0/on/0", "cannot earn"),
        ("points: 1", "points: 1\n    to: actr", 8, 9, "/rules/0/to", "did you mean `actor`?"),
        ("id: message", "id: Größe", 4, 9, "/rules/0/id", "lower-case letters"),
        ("points: 1", "points: 1\n    when: data.length_chars >", 8, 30, "/rules/0/when", "ends too early"),
        ("points: 1", 'points: 1\n    when: "data.lenght_chars > 1"', 8, 12, "/rules/0/when", "did you mean"),
        ("points: 1", "points: 1\n    when: 1 < 2 && foo", 8, 20, "/rules/0/when", "no variable `foo`"),
        ("points: 1", "points: 1\n    when: |\n      1 <\n      +", 10, 7, "/rules/0/when", "not a CEL"),
    ],
)
def test_an_error_names_its_place(was: str, becomes: str, line: int, column: int, field: str, says: str) -> None:
    assert was in SMALL
    found = [error for error in errors(SMALL.replace(was, becomes, 1)) if error.field == field]
    assert [(error.line, error.column) for error in found] == [(line, column)]
    assert says in found[0].detail


def test_a_missing_field_is_missed_where_it_belongs() -> None:
    assert only(SMALL.replace("    points: 1\n", "")) == (
        4,
        5,
        "/rules/0/points",
        "the field `points` is missing here",
    )


def test_all_errors_come_at_once_in_order_of_line() -> None:
    text = SMALL.replace("demo", "DEMO").replace("Wrote", "5").replace("points: 1", "points: 0")
    assert [error.line for error in errors(text)] == [1, 5, 7]


def test_an_id_used_twice_names_the_first() -> None:
    rule = SMALL.split("rules:\n")[1]
    assert only(SMALL + rule) == (8, 9, "/rules/1/id", "the id `message` is used on line 4 already")


@pytest.mark.parametrize(
    ("section", "item", "field"),
    [
        ("recognition:\n  badges:", "{id: b, title: B, at_least: 1}", "/recognition/badges/1/id"),
        ("recognition:\n  levels:", "{id: b, title: B, points: 1}", "/recognition/levels/1/id"),
        ("rewards:\n  catalogue:", "{id: b, title: B, points: 1}", "/rewards/catalogue/1/id"),
    ],
)
def test_an_id_used_twice_is_found_in_every_list(section: str, item: str, field: str) -> None:
    text = f"{SMALL}{section}\n    - {item}\n    - {item}\n"
    assert only(text) == (11, 12, field, "the id `b` is used on line 10 already")


def test_a_badge_on_an_unknown_rule_is_refused() -> None:
    text = SMALL + "recognition:\n  badges:\n    - {id: b, title: B, rule: mesage, at_least: 1}\n"
    line, column, field, detail = only(text)
    assert (line, column, field) == (10, 31, "/recognition/badges/0/rule")
    assert detail == "there is no rule `mesage`; did you mean `message`?"


IBAN = "DE89370400440532013000"
PAYOUT = (
    "rewards:\n  payout: {currency: EUR, points: 100, minor: 100, minimum_points: 500,\n"
    f"    paying_account: {{name: A, iban: {IBAN}, bic: COBADEFFXXX}}}}\n"
)


BIC = "COBADEFFXXX"


@pytest.mark.parametrize(
    ("iban", "bic"),
    [
        (IBAN, BIC),
        ("GB29NWBK60161331926819", "NWBKGB2L"),
        ("GB29NWBK60161331926819", "NWBKJESH"),  # a bank in Jersey: its IBANs begin with GB
        ("BE68539007547034", "TRIOBEBB"),
        ("NO9386011117947", "DNBANOKK"),
        ("RS35260005601001611379", "BEOGRS22"),
    ],
)
def test_the_iban_of_a_paying_account_is_taken(iban: str, bic: str) -> None:
    assert isinstance(read_programme(SMALL + PAYOUT.replace(IBAN, iban).replace(BIC, bic)), Programme)


@pytest.mark.parametrize(
    "iban",
    ["de89 3704 0044 0532 0130 00", "DE89-3704-0044-0532-0130-00", "\ufeffDE89\u200b370400440532013000\u00a0"],
)
def test_what_people_write_between_the_characters_of_an_account_is_left_out(iban: str) -> None:
    text = SMALL + PAYOUT.replace(IBAN, f'"{iban}"').replace(BIC, "coba de ff xxx").replace(
        "name: A", 'name: "A\u200b "'
    )
    read = read_programme(text)
    assert isinstance(read, Programme)
    assert read.rewards.payout is not None
    assert read.rewards.payout.paying_account.model_dump(exclude_none=True) == {
        "name": "A",
        "iban": IBAN,
        "bic": BIC,
    }


@pytest.mark.parametrize(
    ("change", "at", "field", "says"),
    [
        (("name: A", "name: '***'"), (10, 28), "paying_account/name", "has no letter or digit"),
        (("name: A", "name: ''"), (10, 28), "paying_account/name", "has no letter or digit"),
        ((BIC, "'12345678'"), (10, 66), "paying_account/bic", "12345678 is not built as a BIC is"),
        ((BIC, "ABC"), (10, 66), "paying_account/bic", "not built as a BIC is"),
        ((BIC, "TCZBTR2AXXX"), (10, 66), "paying_account/bic", "is in TR, which is outside of SEPA"),
        ((BIC, "DEUTFRPP"), (10, 66), "paying_account/confirm_bic_country", "add `confirm_bic_country: true`"),
        (
            (IBAN, "TR330006100519786457841326"),
            (10, 37),
            "paying_account/iban",
            "is in TR, which is outside of SEPA",
        ),
        ((IBAN, "''"), (10, 37), "paying_account/iban", "there is no IBAN here"),
        ((IBAN, "DE8937040044053201300\u0410"), (10, 37), "paying_account/iban", "CYRILLIC CAPITAL LETTER A"),
        (("EUR", "XXX"), (9, 22), "currency", "Kuwaiti payments in KWD; XXX cannot be paid"),
        (("points: 100", "points: 0"), (9, 35), "points", "greater than or equal to 1"),
        (("minor: 100", "minor: 1000001"), (9, 47), "minor", "less than or equal to 1000000"),
    ],
    ids=range(12),
)
def test_what_no_bank_would_pay_is_refused_where_it_stands(
    change: tuple[str, str], at: tuple[int, int], field: str, says: str
) -> None:
    line, column, found, detail = only(SMALL + PAYOUT.replace(*change))
    assert ((line, column), found) == (at, f"/rewards/payout/{field}")
    assert says in detail
    assert "^[" not in detail


ASKED = (
    "bic: COBADEFFXXX, purpose: BONU, instant: true, batch_booking: false, address: {town: Zürich, country: CH}"
)


def test_how_a_bank_is_asked_to_pay_is_read() -> None:
    read = read_programme(SMALL + PAYOUT.replace("bic: COBADEFFXXX", ASKED))
    assert isinstance(read, Programme)
    assert read.rewards.payout is not None
    account = read.rewards.payout.paying_account
    assert (account.purpose, account.instant, account.batch_booking) == ("BONU", True, False)
    assert account.address is not None
    assert account.address.model_dump(exclude_none=True) == {"town": "Zürich", "country": "CH"}


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (("town: Zürich", "town: '***'"), "address/town", "has no letter or digit"),
        (("country: CH", "country: XX"), "address/country", "XX is not the code of a country"),
        (("country: CH", "country: Schweiz"), "address/country", "Schweiz"),
        (("country: CH", "country: CH, lines: ['8000 Zürich']"), "address/lines/0", "stands in `town` already"),
        (("country: CH", "country: CH, lines: [a, b, c]"), "address/lines", "at most 2"),
        (("country: CH", f"country: CH, street: {'x' * 71}"), "address/street", "70"),
        (("country: CH", "country: CH, state: ZH"), "address/state", "state"),
        (("purpose: BONU", "purpose: FUN"), "purpose", "BONU"),
        (("purpose: BONU", "file_max_count: 0"), "file_max_count", "1"),
        (("purpose: BONU", "file_max_minor: 499"), "file_max_minor", "the smallest payout is of 500 minor units"),
    ],
)
def test_how_no_bank_can_be_asked_is_refused_where_it_stands(
    change: tuple[str, str], field: str, says: str
) -> None:
    _, _, found, detail = only(SMALL + PAYOUT.replace("bic: COBADEFFXXX", ASKED.replace(*change)))
    assert found == f"/rewards/payout/paying_account/{field}"
    assert says in detail


def test_a_bank_in_another_country_is_confirmed() -> None:
    text = SMALL + PAYOUT.replace(BIC, "DEUTFRPP, confirm_bic_country: true")
    assert isinstance(read_programme(text), Programme)


SWISS = "CH5604835012345678009"
BRITISH = "GB29NWBK60161331926819"


@pytest.mark.parametrize(
    ("currency", "iban", "bic"), [("CHF", SWISS, "CRESCHZZ80A"), ("GBP", BRITISH, "NWBKGB2L")], ids=["CHF", "GBP"]
)
def test_a_currency_is_paid_from_an_account_on_its_rail(currency: str, iban: str, bic: str) -> None:
    paid = PAYOUT.replace("EUR", currency)
    assert isinstance(read_programme(SMALL + paid.replace(IBAN, iban).replace(BIC, bic)), Programme)
    assert isinstance(read_programme(SMALL + PAYOUT.replace(IBAN, iban).replace(BIC, bic)), Programme)
    _, _, field, detail = only(SMALL + paid)
    assert field == "/rewards/payout/paying_account/iban"
    assert f"payouts in {currency} are between accounts in" in detail
    assert "this one is in DE" in detail
    _, _, field, detail = only(
        SMALL + paid.replace(IBAN, iban).replace(f"bic: {BIC}", f"bic: {bic}, instant: true")
    )
    assert (field, "leave it out" in detail) == ("/rewards/payout/paying_account/instant", True)


def test_everything_wrong_with_an_account_is_said_at_once() -> None:
    text = PAYOUT.replace("name: A", "name: '?'").replace(IBAN, "DE1").replace(BIC, "1").replace("EUR", "SEK")
    assert [mistake.field.removeprefix("/rewards/payout/") for mistake in errors(SMALL + text)] == [
        "currency",
        "paying_account/name",
        "paying_account/iban",
        "paying_account/bic",
    ]


ALSO = (
    "    also:\n      - {currency: JPY, paying_account: {name: A, iban: JPZGN 0001 001 1234567, bic: MHCBJPJT}}\n"
    "      - {currency: USD, paying_account: {name: A, iban: USABA 021000021 123456789, bic: CHASUS33}}\n"
)
PAYING = f"    paying_account: {{name: A, iban: {IBAN}, bic: {BIC}}}\n"
PRICED = "    currency: EUR\n    points: 100\n    minor: 100\n    minimum_points: 500\n"
IN_THREE = f"rewards:\n  payout:\n{PRICED}{PAYING}{ALSO}"


def test_a_programme_pays_in_other_currencies_from_accounts_on_their_rails() -> None:
    read = read_programme(SMALL + IN_THREE)
    assert not isinstance(read, list)
    assert read.rewards is not None
    assert read.rewards.payout is not None
    assert [(one.currency, one.paying_account.iban) for one in read.rewards.payout.also] == [
        ("JPY", "JPZGN00010011234567"),
        ("USD", "USABA021000021123456789"),
    ]


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (
            ("USABA 021000021 1", "USABA 021000012 1"),
            "also/1/paying_account/iban",
            "the check digit of the routing",
        ),
        (("currency: USD", "currency: JPY"), "also/1/currency", "JPY is paid already"),
        (("currency: USD", "currency: EUR"), "also/1/currency", "EUR is paid already"),
        (("currency: JPY", "currency: KWD"), "also/0/paying_account/iban", "between accounts in Kuwait"),
        (("currency: JPY", "currency: SEK"), "also/0/currency", "SEK cannot be paid"),
    ],
)
def test_what_is_wrong_with_another_currency_is_said_where_it_stands(
    change: tuple[str, str], field: str, says: str
) -> None:
    found = {mistake.field: mistake.detail for mistake in errors(SMALL + IN_THREE.replace(*change))}
    assert says in found[f"/rewards/payout/{field}"]


@pytest.mark.parametrize("escape", ["\\0", "\\x00", "\\u0000"])
@pytest.mark.parametrize("where", ["name: A", "title: Demo", "title: Wrote", "id: message"])
def test_what_the_database_cannot_keep_is_refused_where_it_stands(escape: str, where: str) -> None:
    key = where.partition(":")[0]
    text = (SMALL + PAYOUT).replace(where, f'{key}: "A{escape}"')
    assert "a character that cannot be kept, U+0000" in only(text)[3]
    assert "a character that cannot be kept" in only(f'{SMALL}"a{escape}": 1\n')[3]


@pytest.mark.parametrize(
    ("iban", "says"),
    [
        ("DE89370400440532013001", "the check digits of the IBAN DE89370400440532013001 do not fit"),
        # Modulo 97 it fits, but check digits are from 02 to 98: here it would be 97.
        ("DE00370400440532013050", "the check digits of the IBAN DE00370400440532013050 do not fit"),
        ("DE8937040044053201300", "an IBAN of DE has 22 characters; DE8937040044053201300 has 21"),
        ("BE6853900754703400", "an IBAN of BE has 16 characters; BE6853900754703400 has 18"),
        ("DE8937040044053201300A", "DE8937040044053201300A is not built as an IBAN of DE is"),
        ("XX89370400440532013000", "no IBAN begins with XX"),
        ("de89370400440532013001", "the check digits of the IBAN DE89370400440532013001 do not fit"),
    ],
)
def test_a_mistaken_iban_of_a_paying_account_is_refused_where_it_stands(iban: str, says: str) -> None:
    line, column, field, detail = only(SMALL + PAYOUT.replace(IBAN, iban))
    assert (line, column, field) == (10, 37, "/rewards/payout/paying_account/iban")
    assert says in detail


@given(st.from_regex(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", fullmatch=True))
def test_whatever_looks_like_an_iban_is_taken_or_refused_never_a_crash(iban: str) -> None:
    read = read_programme(SMALL + PAYOUT.replace(IBAN, iban))
    assert isinstance(read, Programme) or [mistake.line for mistake in read] == [10]


def test_faults_of_every_kind_come_at_once() -> None:
    text = (
        SMALL.replace("points: 1", "points: ten\n    when: data.length_chars >")
        + "  - {id: message, title: Twice, on: [activity.retracted.v1], points: 1, when: 1 < 2 && foo}\n"
        + "recognition:\n  badges:\n    - {id: b, title: B, rule: mesage, at_least: 1}\n"
        + PAYOUT.replace(IBAN, "DE89370400440532013001")
    )

    found = {mistake.field: mistake.detail for mistake in errors(text)}

    assert list(found) == [
        "/rules/0/points",
        "/rules/0/when",
        "/rules/1/id",
        "/rules/1/on/0",
        "/rules/1/when",
        "/recognition/badges/0/rule",
        "/rewards/payout/paying_account/iban",
    ]
    assert "used on line 4 already" in found["/rules/1/id"]
    assert "no variable `foo`" in found["/rules/1/when"]


def test_a_fault_brings_no_other_that_goes_with_it() -> None:
    unread = SMALL.replace("id: message", "idd: message").replace("chat.message.v1", "forum.pst.v1")
    unread = unread.replace("points: 1", "points: 1\n    when: data.score > 1")
    text = unread + "recognition:\n  badges:\n    - {id: b, title: B, rule: message, at_least: 1}\n"

    assert [mistake.field for mistake in errors(text)] == ["/rules/0/id", "/rules/0/idd", "/rules/0/on/0"]


@pytest.mark.parametrize(
    "field",
    [
        "ends",
        "starts",
        "until",
        "nudge",
        "cap",
        "max_points",
        "condition",
        "weight",
        "actor",
        "type",
    ],
)
def test_a_field_that_is_like_no_other_is_answered_with_those_there_are(field: str) -> None:
    *_, detail = only(SMALL + f"    {field}: 2\n")
    known = (
        "id, title, on, when, points, to, own, daily_cap, limits, grace_minutes, grace_count, points_by, "
        "multipliers, also, split, floor, cooldown, diminishing, pending_days, expire_days, score, group, "
        "campaign, audiences, goal, reviewed"
    )
    assert detail == f"there is no field `{field}` here; known are {known}"


@pytest.mark.parametrize("event_type", ["forum.like.v1", "code.merge.v1", "chat.post.v1"])
def test_a_type_that_is_like_no_other_gets_no_suggestion(event_type: str) -> None:
    *_, detail = only(SMALL.replace("chat.message.v1", event_type))
    assert "did you mean" not in detail


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("wehn", "when"),
        ("Points", "points"),
        ("point", "points"),
        ("dailycap", "daily_cap"),
        ("titel", "title"),
        ("limit", "limits"),
    ],
)
def test_a_field_with_a_slip_of_the_finger_is_answered_with_the_one_that_was_meant(
    written: str, meant: str
) -> None:
    details = [mistake.detail for mistake in errors(SMALL + f"    {written}: 2\n")]
    assert f"there is no field `{written}` here; did you mean `{meant}`?" in details


@pytest.mark.parametrize("text", ["5", "[]", "- a", "~", "a: b: c", "programme: demo", "rules: {a: 1}"])
def test_what_is_no_programme_is_refused_with_a_place(text: str) -> None:
    assert all(error.line >= 1 and error.column >= 1 and error.detail for error in errors(text))


@given(st.integers(0, len(SMALL) - 1), st.text(alphabet="abc:-[]{}\"'&*!#|>%@`0 \n", max_size=3))
def test_a_changed_programme_is_read_or_refused_never_a_crash(at: int, other: str) -> None:
    read = read_programme(SMALL[:at] + other + SMALL[at + 1 :])
    assert isinstance(read, Programme) or read


BADGES = "recognition:\n  badges:\n"


#: Values that hardly any field takes, among them those that cannot be looked up among names.
ODD = (": [1, 2]", ": {a: 1}", ": [[1]]", ": [{id: 1}]", ": null", ": 1e400", ": .nan", ": 2026-01-01", ': ""')
WRITTEN = [
    (path, index)
    for path in EXAMPLES
    for index, line in enumerate(path.read_text().split("\n"))
    if ": " in line and not line.lstrip().startswith("#")
]


def line_of(written: tuple[Path, int]) -> str:
    path, index = written
    return path.read_text().split("\n")[index]


@given(st.sampled_from(WRITTEN), st.sampled_from(ODD))
@example((EXAMPLES[0], EXAMPLES[0].read_text().split("\n").index("  - id: partner-weeks")), ODD[0])
@example((EXAMPLES[0], EXAMPLES[0].read_text().split("\n").index("    campaign: partner-weeks")), ODD[1])
@example(next(one for one in WRITTEN if line_of(one).strip() == "- id: mentored"), ODD[0])
@example(next(one for one in WRITTEN if line_of(one).strip() == "currency: EUR"), ODD[0])
def test_a_field_with_an_odd_value_is_read_or_refused_never_a_crash(written: tuple[Path, int], odd: str) -> None:
    path, index = written
    lines = path.read_text().split("\n")
    lines[index] = re.sub(r": .*", lambda _: odd, lines[index])
    reading = read_with_warnings("\n".join(lines))
    assert (reading.programme is None) == bool(reading.mistakes)


def test_what_is_counted_is_of_a_rule() -> None:
    read = errors(SMALL + BADGES + "    - {id: b, title: B, count: events, at_least: 1}\n")
    assert [(mistake.field, mistake.detail) for mistake in read] == [
        ("/recognition/badges/0", "`count` says what is counted of a `rule`: name one")
    ]


@pytest.mark.parametrize(
    ("count", "is_refused"), [("", True), (", count: events", True), (", count: awards", False)]
)
def test_events_are_counted_by_conditions_that_cost_little(count: str, is_refused: bool) -> None:
    dear = " || ".join(["data.object.id.matches('^[a-z]+[0-9]+$')"] * 12)
    text = SMALL.replace("    points:", f'    when: "{dear}"\n    points:', 1)
    assert isinstance(read_programme(text), Programme)
    text += BADGES + f"    - {{id: b, title: B, rule: message, at_least: 1{count}}}\n"
    if is_refused:
        (mistake,) = errors(text)
        assert mistake.field == "/recognition/badges/0/rule"
        assert "count: awards" in mistake.detail
    else:
        assert isinstance(read_programme(text), Programme)


@pytest.mark.parametrize(
    "written",
    [
        "data.channel == 'chat' && data.lenght_chars > 20",
        '"data.channel == \\"chat\\" && data.lenght_chars > 20"',
        "\"data.channel == 'chat' \\u0026& \\n data.lenght_chars > 20\"",
        "\"data.channel == 'chat' &&\\\n      data.lenght_chars > 20\"",
        "'data.channel == ''chat'' && data.lenght_chars > 20'",
        "'data.channel == ''chat''\n\n      && data.lenght_chars > 20'",
        "data.channel == 'chat'\n      && data.lenght_chars > 20",
        ">-\n      data.channel == 'chat'\n      && data.lenght_chars > 20",
        "> # why\n        data.channel == 'chat'\n        &&  data.lenght_chars\n        > 20",
        "|2\n      data.channel\n         ==  'chat' && data.lenght_chars > 20",
        "'''a'' != ''x'' || data.lenght_chars > 20'",
    ],
    ids=range(11),
)
def test_an_error_in_a_condition_is_where_it_stands_however_that_is_written(written: str) -> None:
    text = f"{SMALL}    when: {written}\n    to: actor\n"
    line, column, field, detail = only(text)
    assert (field, "did you mean `length_chars`?" in detail) == ("/rules/0/when", True)
    assert text.splitlines()[line - 1][column - 1 :].startswith("data.lenght_chars")


def test_what_is_missing_at_a_conditions_end_is_behind_it() -> None:
    text = f"{SMALL}    when: >-\n      data.length_chars\n      >\n    to: actor\n"
    line, column, _, detail = only(text)
    assert (line, column) == (10, 8)
    assert "ends too early" in detail


def test_what_conditions_can_take_is_said_by_type() -> None:
    text = SMALL + "    when: data.length_chars > 1\n"
    text += "  - {id: b, title: B, on: [chat.message.v1, forum.post.v1], points: 1, when: has(data.topic)}\n"
    steps = read_with_warnings(text).steps
    assert list(steps) == ["chat.message.v1", "forum.post.v1"]
    assert steps["chat.message.v1"] > steps["forum.post.v1"] > 0
    assert read_with_warnings(SMALL).steps == {}
