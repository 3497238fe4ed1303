import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog

from console.components.languages import LANGUAGES, Writer, initials, preferred, short_id, zone
from tools.translations import catalogue, main, said, with_lone_percent

PLACES = re.compile(r"%\(\w+\)s|\{\w+\}|<\w+>")


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_text_is_translated_and_none_is_left_of_what_is_said_no_more(language: str) -> None:
    texts = {message.id for message in said() if message.id}
    known = {message.id: message.string for message in catalogue(language) if message.id}

    assert len(texts) > 300
    assert {text for text in texts if not all(_strings(known.get(text)))} == set(), "make translations"
    assert set(known) - texts == set(), "make translations"


def _strings(said: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return said if isinstance(said, tuple) else (said or "",)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_translation_has_the_places_of_its_text(language: str) -> None:
    for message in catalogue(language):
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = {place for text in texts for place in PLACES.findall(text)}
        # One of a thing may be said without its number.
        assert {place for text in _strings(message.string) for place in PLACES.findall(text)} == wanted, message.id


def test_what_two_pages_say_of_one_they_say_of_many_in_the_same_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = "{% trans count=n %}one day{% pluralize count %}{{ count }} days{% endtrans %}"
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "b.html").write_text(page)
    monkeypatch.setattr("tools.translations.ROOT", tmp_path)
    monkeypatch.setattr("tools.translations.FOLDERS", (tmp_path,))
    assert said().get("one day") is not None
    (tmp_path / "b.html").write_text(
        page.replace("count=n", "count=n, shown=n").replace("{{ count }}", "{{ shown }}")
    )
    with pytest.raises(ValueError, match="shown"):
        said()


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_no_text_breaks_its_page_by_a_per_cent_sign(language: str) -> None:
    assert with_lone_percent(said()) == with_lone_percent(catalogue(language)) == []


def test_a_per_cent_sign_that_would_break_a_page_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog(locale="it")
    catalog.add("%(share)s %% of them", "%(share)s %% di loro")
    catalog.add("half", "50 % di loro")
    catalog.add(("100%", "%(count)s of 100 %"), ("uno", "%(count)d"))

    assert with_lone_percent(catalog) == ["50 % di loro", "100%", "%(count)s of 100 %", "%(count)d"]
    monkeypatch.setattr("tools.translations.said", lambda: catalog)
    with pytest.raises(SystemExit, match="50 % di loro"):
        main()


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        ("it-IT,it;q=0.9,en;q=0.8", None, "it"),
        ("en;q=0.5,it;q=0.9", None, "it"),
        ("de,fr;q=0.8", None, "en"),
        ("it", "en", "en"),
        ("it", "xx", "it"),
        ("", None, "en"),
        ("it;q=x,en;q=0.1", None, "en"),
    ],
)
def test_a_language_is_the_chosen_one_or_the_first_that_is_accepted(
    accepted: str, chosen: str | None, language: str
) -> None:
    assert preferred(accepted, chosen) == language


def test_numbers_money_and_days_are_written_as_each_language_does() -> None:
    english, italian = (Writer(language, zone("Europe/Rome")) for language in LANGUAGES)

    assert (english.number(61905), italian.number(61905)) == ("61,905", "61.905")
    assert (english.money(128400, "EUR"), italian.money(128400, "EUR")) == ("EUR\u00a01,284.00", "1.284,00\u00a0€")
    assert (english.money(500, "JPY"), english.money(1500, "KWD")) == ("JPY\u00a0500", "KWD\u00a01.500")
    # Banks book forints with two decimals, which nobody writes where there are none: the amount is the same.
    assert (english.money(10050, "HUF"), italian.money(10050, "HUF")) == ("HUF\u00a0100.50", "100,50\u00a0HUF")
    assert (english.signed(-3), english.signed(0), english.signed(3)) == ("−3", "0", "+3")
    assert english.time("2026-11-25T23:30:00Z") == "00:30"
    assert (english.weekday("2026-11-25T23:30:00Z"), italian.weekday("2026-11-25")) == (
        "Thursday 26 November",
        "mercoledì 25 novembre",
    )


def test_a_zone_that_is_none_is_utc() -> None:
    assert [zone(name).key for name in ("Nowhere/At_all", "../etc", None)] == ["UTC"] * 3


def test_ids_and_names_are_shown_short() -> None:
    assert short_id("b1eb0827-3103-577e-b2bc-bf975893ea70") == "b1eb0827…ea70"
    receipt = "r01a21a226b813fe68045d85dcaa0fc11666f5efc7444-1000"
    assert (short_id(receipt), short_id("r1-7")) == ("r01a21a2…7444-1000", "r1-7")
    assert [initials(name) for name in ("Ada Brightwell", "ada", "", "🌊 Kai")] == ["AB", "AD", "?", "KA"]


def test_a_moment_of_today_is_a_time_and_of_another_day_says_that() -> None:
    writer, now = Writer("en", ZoneInfo("Europe/Rome")), datetime.now(UTC)
    assert re.fullmatch(r"\d\d:\d\d", writer.recent(now))
    assert re.fullmatch(r"\d+ [A-Z][a-z]+( \d{4})?, \d\d:\d\d", writer.recent(now - timedelta(days=3)))
    assert writer.recent("2020-11-14T23:30:00Z") == "15 Nov 2020, 00:30"
