"""Names of a sanctions list, how a file of them is read, and which of them a payee's name is like."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Final, NamedTuple

from text_unidecode import unidecode  # type: ignore[import-untyped]

from services.rewards.approvals.domain import Approval
from shared.contracts.fields import Timestamp, Uuid
from shared.csv_tables import TableFault, TableRow, read_table

COLUMNS: Final = ("id", "name", "birth_date", "country")
ENTRY_ID_MAX_CHARS: Final = 64
NAME_MAX_CHARS: Final = 300
WORDS_MAX_COUNT: Final = 24
#: So many entries that a name is like are looked at; whoever has more has a common name, or the list says nothing.
ALIKE_MAX_COUNT: Final = 100
#: Keys of a list by which names are found: three of a name of three words, 276 of the longest.
KEYS_MAX_COUNT: Final = 500_000
FAULTS_SHOWN_COUNT: Final = 20
#: Of so many entries a basis says the ids; its digest is over all.
_NAMED_COUNT: Final = 3
#: A year alone, or a year and a month, where no more is known.
_BIRTH_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}")
_WORD = re.compile(r"[a-z0-9]+")
#: In a word: O'Neil is one word, in whatever form the mark is written.
_IN_WORDS = re.compile("['\u2019\u02bc`\u00b4]")
#: Umlauts are written out as often as they are not.
_WRITTEN_OUT: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ø": "o", "å": "a", "æ": "a", "œ": "o"})
_DIGRAPHS = re.compile("([aou])e|aa")


class UnknownSanctionsListError(Exception):
    """There is no such list."""


class SanctionsFileError(ValueError):
    """A file is no right list: its faults, by line."""

    def __init__(self, faults: Sequence[TableFault]) -> None:
        super().__init__(faults[0].reason)
        self.faults = faults


class SanctionsListPlace(NamedTuple):
    """Where a list stands among those of its community: the newest first."""

    proposed_at: Timestamp
    list_id: Uuid


class SanctionsEntryPlace(NamedTuple):
    """Where an entry stands in its list: in the order of the file."""

    line: int


class SanctionsKey(NamedTuple):
    """By what a name of a list is found, and how many such keys that name has."""

    key: str
    line: int
    keys_count: int


class SanctionsEntry(NamedTuple):
    """A name of a list: on which line of its file, and whose; an id may have several names."""

    line: int
    entry_id: str
    name: str
    birth_date: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class SanctionsList:
    """A list as it was loaded: proposed by one person, and in force from when another approved it.

    `sha256` is that of the file. `looked_at` is when all payouts that were on their way had been looked at by it;
    None before.
    """

    community: str
    list_id: str
    title: str
    sha256: str
    entries_count: int
    approval: Approval
    looked_at: datetime | None = None
    looked_after: str | None = None

    @property
    def place(self) -> SanctionsListPlace:
        """Where it stands among the lists."""
        return SanctionsListPlace(self.approval.proposed_at, self.list_id)


class ListedNames(NamedTuple):
    """The first entries of the list in force that names are like, by name."""

    list_id: str
    entries: Mapping[str, Sequence[SanctionsEntry]]


def words_of(name: str) -> frozenset[str]:
    """The words of a name as they are compared: without case, accents, marks and order, in Latin letters.

    Forms are unified (NFKD) and other scripts transliterated letter by letter, which is rough: a name that a
    passport writes in another way is not found. Umlauts and what they are written out as are the same.
    """
    text = unicodedata.normalize("NFKC", name).lower().translate(_WRITTEN_OUT)
    text = _IN_WORDS.sub("", unicodedata.normalize("NFKD", text))
    latin = unidecode("".join(char for char in text if not unicodedata.combining(char))).casefold()
    latin = _IN_WORDS.sub("", latin)
    return frozenset(_DIGRAPHS.sub(lambda found: found[0][0], word) for word in _WORD.findall(latin))


def keys_of(words: Iterable[str]) -> list[str]:
    """By what a name is found: each two of its words, or the only one."""
    known = sorted(words)
    return known if len(known) == 1 else [" ".join(pair) for pair in combinations(known, 2)]


def keys_of_list(entries: Iterable[SanctionsEntry]) -> list[SanctionsKey]:
    """The keys of all names of a list: seconds of work for a long one."""
    found = []
    for entry in entries:
        keys = keys_of(words_of(entry.name))
        found += [SanctionsKey(key, entry.line, len(keys)) for key in keys]
    return found


def are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether names may be of one person: all words of one are in the other, two at least or all it has."""
    fewer, more = sorted((one, other), key=len)
    return bool(fewer) and fewer <= more and (len(fewer) > 1 or len(more) == 1)


def alike(name: str, entries: Iterable[SanctionsEntry]) -> list[SanctionsEntry]:
    """Those of entries whose name a payee's is like, in the order of their list."""
    words = words_of(name)
    return sorted(entry for entry in entries if are_alike(words, words_of(entry.name)))


def basis_of(entries: Sequence[SanctionsEntry], *, digest: str, account: str) -> str:
    """What a match is about: these entries as they are, and an account, as `revision 2`; others are another."""
    ids = list(dict.fromkeys(entry.entry_id for entry in entries))
    more = f" +{len(ids) - _NAMED_COUNT}" if len(ids) > _NAMED_COUNT else ""
    return f"{', '.join(ids[:_NAMED_COUNT])}{more} ({digest}), {account}"


def read_list(content: bytes, *, entries_max_count: int) -> list[SanctionsEntry]:
    """The entries of a file: a table (CSV, in UTF-8) with the columns id, name, birth_date and country.

    Raises SanctionsFileError with what is wrong, by line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SanctionsFileError([TableFault(1, "it is not text in UTF-8")]) from error
    head = text.partition("\n")[0].lower()
    missing = [name for name in ("id", "name") if name not in re.split(r"[,;\t\s\"]+", head)]
    if missing:
        raise SanctionsFileError([TableFault(1, f"the first line names the columns {', '.join(COLUMNS)}")])
    rows, faults = read_table(text, columns=COLUMNS, needed=("name",), rows_max_count=entries_max_count)
    entries: list[SanctionsEntry] = []
    keys_count = 0
    for row in rows:
        reason = _wrong(row)
        if reason is not None:
            faults.append(TableFault(row.line, reason))
            continue
        cells = row.cells
        entries.append(
            SanctionsEntry(
                row.line, cells["id"], cells["name"], cells.get("birth_date") or None, cells.get("country") or None
            )
        )
        keys_count += len(keys_of(words_of(cells["name"])))
    if keys_count > KEYS_MAX_COUNT:
        faults.append(TableFault(1, "its names have too many words to be looked for: split the list"))
    if not faults and not entries:
        faults.append(TableFault(1, "it has no entry"))
    if faults:
        raise SanctionsFileError(sorted(faults)[:FAULTS_SHOWN_COUNT])
    return entries


def _wrong(row: TableRow) -> str | None:
    cells = row.cells
    if not 0 < len(cells["id"]) <= ENTRY_ID_MAX_CHARS or not cells["id"].isprintable():
        return f"an id has 1 to {ENTRY_ID_MAX_CHARS} characters"
    if not cells["name"] or len(cells["name"]) > NAME_MAX_CHARS or not cells["name"].isprintable():
        return f"a name has 1 to {NAME_MAX_CHARS} characters"
    if not 0 < len(words_of(cells["name"])) <= WORDS_MAX_COUNT:
        return f"a name has 1 to {WORDS_MAX_COUNT} words of letters or digits"
    birth_date = cells.get("birth_date", "")
    if birth_date and not _is_birth_date(birth_date):
        return "a birth date is written 1970-01-31, 1970-01 or 1970"
    country = cells.get("country", "")
    if country and not _COUNTRY.fullmatch(country):
        return "a country is written in two letters, such as DE"
    return None


def _is_birth_date(text: str) -> bool:
    if not _BIRTH_DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        return False
    return True
