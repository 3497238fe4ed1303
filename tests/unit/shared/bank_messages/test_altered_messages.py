"""Messages that somebody altered: each is read whole or refused whole, within its bounds, and never a crash."""

import json
import time
from collections.abc import Sequence
from copy import deepcopy
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from plaudit.cli import main
from shared.bank_messages.counting import Counted, Told
from shared.bank_messages.documents import MessageError, read_message
from shared.bank_messages.statements import Entry, entries
from shared.bank_messages.status_reports import Status, statuses
from tests.unit.shared.bank_messages.messages import (
    RETURNED,
    code,
    entry,
    of_part,
    of_payment,
    payment,
    report,
    statement,
    why,
)

OWN = (
    statement("camt.052", entry("5.00", payment("E-7"), reference="A-1").replace("BOOK", "PDNG")),
    statement("camt.053", entry("30.00", payment("E-1", "30.00", RETURNED)), entry("60.00", code("ICDT", "RRTN"))),
    statement("camt.054", entry("60.00", payment("E-2", "30"), payment("E-3", "30"), reference="A-2")),
    report("<GrpSts>RJCT</GrpSts>" + why("AM05"), of_part("RJCT", of_payment("E-1", "RJCT", why("AC04")))),
)
WRITTEN = st.one_of(
    st.sampled_from(
        ["", " ", "-1", "1e5", "NaN", "9" * 40, "٣.٥", "2026-02-30", "2026-W01-1", "20261005", "0", "5.", "1_000"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "iso-8859-15", "us-ascii"])
#: 4,000 of anything. Read by its square, it took 8 seconds where all of this takes one.
MANY = 4_000
SECONDS_MAX = 6.0
WORDS = "<Prtry/></Rsn>" + "<AddtlInf>x</AddtlInf>" * MANY + "<Rsn><Cd>"


def _read(content: bytes) -> list[Entry | Status]:
    message = read_message(content)
    return [*statuses(message)] if message.kind == "pain.002" else [*entries(message)]


def _altered(root: etree._Element, data: st.DataObject) -> None:
    """Change one element as a wrong program, a wrong person or somebody who means harm might."""
    elements = [one for one in root.iter() if isinstance(one.tag, str)]
    one, other = (elements[data.draw(st.integers(0, len(elements) - 1))] for _ in range(2))
    parent = one.getparent()
    match data.draw(st.integers(0, 6)):
        case 0 if parent is not None:
            parent.remove(one)
        case 1 if parent is not None:
            parent.append(deepcopy(one))
        case 2:
            one.append(deepcopy(other))
        case 3:
            one.tag = other.tag
        case 4:
            one.attrib.clear()
        case 5:
            one.set("Ccy", data.draw(st.sampled_from(["", "eur", "XXX", "JPY", "KWD", "€", "EUR "])))
        case _:
            one.text = data.draw(WRITTEN)


def _written(root: etree._Element, encoding: str) -> bytes:
    document = BytesIO()
    root.getroottree().write(document, encoding=encoding, xml_declaration=True)
    return document.getvalue()


def _check_read_or_refused(content: bytes) -> None:
    try:
        found = _read(content)
    except MessageError:
        return
    for one in found:
        assert isinstance(one, Status) or (one.bookings and one.amount.minor >= 0)


@pytest.fixture(scope="module")
def messages(shared_data: Path) -> Sequence[bytes]:
    public = sorted((shared_data / "platforms" / "iso20022").rglob("*.xml"))
    return [*OWN, *(file.read_bytes() for file in public if "pain001" not in file.name)]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_an_altered_message_is_read_or_refused(messages: Sequence[bytes], data: st.DataObject) -> None:
    root = etree.fromstring(data.draw(st.sampled_from(messages)).lstrip())
    for _ in range(data.draw(st.integers(1, 4))):
        _altered(root, data)
    content = bytearray(_written(root, data.draw(ENCODINGS)))
    _check_read_or_refused(bytes(content))
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    _check_read_or_refused(bytes(content))
    _check_read_or_refused(bytes(content[: data.draw(st.integers(0, len(content)))]))


@given(content=st.binary(max_size=200))
@example(b"<Document><BkToCstmrStmt><Stmt/></BkToCstmrStmt></Document>")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    _check_read_or_refused(content)


@pytest.mark.parametrize(
    "content",
    [
        statement("camt.053", *[entry("1.00")] * MANY),
        statement("camt.053", *[entry("1.00", reference="A-1")] * MANY),
        statement("camt.053", entry("1.00", "</NtryDtls><NtryDtls>".join([payment("E-1", "1")] * MANY))),
        statement("camt.054", entry("1.00", payment("E-1", "1", RETURNED.replace("<Cd>", WORDS)))),
        report("", *[of_part("RJCT", of_payment("E-1", "RJCT"))] * MANY),
    ],
    ids=["alike", "one reference", "details", "words", "parts"],
)
def test_what_is_many_is_read_as_fast_as_what_is_few(content: bytes) -> None:
    begun = time.process_time()
    counted = Counted()
    for _ in range(2):
        counted.add(Told.of(one) for one in _read(content) if isinstance(one, Entry))

    assert time.process_time() - begun < SECONDS_MAX


@pytest.mark.parametrize("attribute", ["", ' x="&j;"'])
def test_entities_are_not_grown_anywhere(attribute: str) -> None:
    grown = "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    head = f'<!DOCTYPE d [<!ENTITY a "{"a" * 1000}">{grown}]>'
    for encoding in ("utf-8", "utf-16", "utf-32"):
        declared = f'<?xml version="1.0" encoding="{encoding}"?>'
        begun = time.process_time()
        with pytest.raises(MessageError):
            read_message(f"{declared}{head}<Document{attribute}>&j;</Document>".encode(encoding))
        assert time.process_time() - begun < SECONDS_MAX


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("latin-1", "utf-8"), ("utf-8", "x-none"), ("cp037", "cp037")],
)
def test_bytes_of_another_encoding_than_declared_are_refused(encoding: str, declared: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    content = statement("camt.053", entry("1.00", payment("Ü1"))).decode().partition("\n")[2]

    with pytest.raises(MessageError):
        _read(f"{head}{content}".encode(encoding))


@pytest.mark.parametrize(
    ("written", "is_day"),
    [
        ("<Dt>2026-10-05</Dt>", True),
        ("<Dt>2026-10-05+02:00</Dt>", True),
        ("<DtTm>2026-10-05T23:59:59.999Z</DtTm>", True),
        ("<Dt>20261005</Dt>", False),
        ("<Dt>2026-W41-1</Dt>", False),
        ("<Dt>2026-10-055</Dt>", False),
        ("<Dt>05.10.2026</Dt>", False),
    ],
)
def test_a_day_is_written_as_xml_writes_it(written: str, is_day: bool) -> None:
    content = statement("camt.053", entry("1.00").replace("<Dt>2026-10-05</Dt>", written))

    if is_day:
        [found] = [one for one in _read(content) if isinstance(one, Entry)]
        assert str(found.booked_on) == "2026-10-05"
    else:
        with pytest.raises(MessageError, match="is not a day"):
            _read(content)


def test_a_namespace_of_another_message_names_no_version() -> None:
    namespace = 'xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"'

    assert read_message(statement("camt.053", entry("1.00"), namespace=namespace)).name == "camt.053"


def test_every_sample_is_a_line_of_json_for_each_booking_or_one_that_says_why_not(
    shared_data: Path, tmp_path: Path
) -> None:
    odd = tmp_path / b"\xff.xml".decode(errors="surrogateescape")
    odd.write_bytes(OWN[1])
    files = [*sorted((shared_data / "platforms" / "iso20022").rglob("*.xml")), odd]

    result = CliRunner().invoke(main, ["bank", "try", *map(str, files), "--json"])

    assert result.exit_code == 1
    assert not result.exception or isinstance(result.exception, SystemExit)
    lines = [json.loads(line) for line in result.stdout_bytes.decode().splitlines()]
    wanted = {"file", "reference", "end_to_end_id", "amount", "currency", "kind", "reason"}
    assert all(wanted <= line.keys() or {"file", "error", "line"} == line.keys() for line in lines)
    assert {line["file"] for line in lines if "error" in line} >= {
        str(one) for one in files if "pain001" in one.name
    }
    assert str(odd) in {line["file"] for line in lines}
