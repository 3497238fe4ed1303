"""Which names are like one of a sanctions list, and which files are right lists."""

import pytest

from services.rewards.payouts.sanctions.domain import (
    SanctionsEntry,
    SanctionsFileError,
    alike,
    are_alike,
    basis_of,
    keys_of,
    read_list,
    words_of,
)

HEAD = "id,name,birth_date,country\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jan van der Voorbeeld", "VOORBEELD, Jan van der"),
        ("Zoë Müller", "Zoe Mueller"),
        ("Zoe\u0308 Mu\u0308ller", "Zoë Müller"),
        ("Иван Петров", "Ivan Petrov"),
        ("Søren Åkesson", "Soeren Aakesson"),
        ("Ｊａｎ Ｎｏｖáｋ", "jan novak"),
        ("O’Neil, Pat", "Pat ONeil"),
        ("Ada B. Lovelace", "Ada Lovelace"),
        ("Ada Lovelace", "Countess Ada King Lovelace"),
        ("Straße Weiß", "Strasse Weiss"),
        ("Prince", "PRINCE"),
    ],
)
def test_names_are_alike(one: str, other: str) -> None:
    assert are_alike(words_of(one), words_of(other))
    assert set(keys_of(words_of(one))) & set(keys_of(words_of(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jan Voorbeeld", "Jana Voorbeeld"),
        ("Jan Voorbeeld", "Voorbeeld"),
        ("Ada Lovelace", "Ada King"),
        ("Ada King Lovelace", "Ada Grace Lovelace"),
        ("…", "–"),
    ],
)
def test_names_are_not_alike(one: str, other: str) -> None:
    assert not are_alike(words_of(one), words_of(other))


def test_what_a_match_is_about_is_its_entries_and_the_bank_details() -> None:
    entries = [SanctionsEntry(line, f"EX-{line}", "Jan Voorbeeld", None, None) for line in (2, 3, 4, 5)]
    assert alike("Voorbeeld Jan", [*entries, SanctionsEntry(1, "EX-9", "Jan Anders", None, None)]) == entries
    assert basis_of(entries, digest="ab12", account="revision 2") == "EX-2, EX-3, EX-4 +1 (ab12), revision 2"


def test_a_list_is_read_with_what_it_has() -> None:
    text = "\ufeffname;id\nVoorbeeld;EX-1\n\n"
    assert read_list(text.encode(), entries_max_count=5) == [SanctionsEntry(2, "EX-1", "Voorbeeld", None, None)]
    full = f"{HEAD}EX-1,Jan,1970-02,NL\n".encode()
    assert read_list(full, entries_max_count=5) == [SanctionsEntry(2, "EX-1", "Jan", "1970-02", "NL")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the first line names"),
        (HEAD, "it has no entry"),
        ("name\nJan\n", "the first line names"),
        ("id,name,place\n1,Jan,Here\n", "the columns are"),
        (f"{HEAD},Jan,,\n", "an id has"),
        (f"{HEAD}1,,,\n", "a name has 1 to 300"),
        (f"{HEAD}1,…,,\n", "a name has 1 to 24 words"),
        (f"{HEAD}1,{' '.join(map(str, range(25)))},,\n", "a name has 1 to 24 words"),
        (f"{HEAD}1,Jan,1970-13,\n", "a birth date"),
        (f"{HEAD}1,Jan,31.01.1970,\n", "a birth date"),
        (f"{HEAD}1,Jan,,Netherlands\n", "a country"),
        (f"{HEAD}1,Jan,\n", "it has 3 cells"),
        (f"{HEAD}1,A,,\n2,B,,\n3,C,,\n", "2 lines at most"),
    ],
)
def test_a_file_that_is_no_list_is_refused_by_line(text: str, said: str) -> None:
    with pytest.raises(SanctionsFileError, match=said):
        read_list(text.encode(), entries_max_count=2)


def test_a_list_that_is_not_text_or_has_too_many_words_is_refused() -> None:
    with pytest.raises(SanctionsFileError, match="UTF-8"):
        read_list(b"id,name\n1,\xff\n", entries_max_count=2)
    name = " ".join(f"w{number}" for number in range(24))
    long = HEAD + "".join(f"{number},{name},,\n" for number in range(1_900))
    with pytest.raises(SanctionsFileError, match="too many words"):
        read_list(long.encode(), entries_max_count=2_000)
