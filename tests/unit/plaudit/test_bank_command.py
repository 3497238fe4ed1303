"""`plaudit bank try`: a line for each booking of a bank's files, without a stack."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from plaudit.cli import main
from tests.unit.shared.bank_messages.messages import RETURNED, entry, of_payment, payment, report, statement, why

#: What real and public messages say, as read by eye: reference, EndToEndId, amount, currency, kind, reason.
PUBLIC = {
    "derived_by_hand/camt054_001_08_collective_return_AC04_AC06.xml": [
        ("ASR-201", "PLD-E2E-13", "30.00", "EUR", "return", "AC04"),
        ("ASR-201", "PLD-E2E-14", "30.00", "EUR", "return", "AC06"),
    ],
    "derived_by_hand/pain002_001_10_tx_ACSC_then_prtry_reason.xml": [
        ("PLD-20261001-0001", None, None, None, "partly", None),
        ("PLD-TX-1", "PLD-E2E-1", None, None, "settled", None),
        ("ASR-0002", "PLD-E2E-2", None, None, "rejected", "BANK-4711"),
    ],
    "moov/ch_postfinance_camt054_001_04_return_AC01_collective.xml": [
        ("180327CH02P92DYD", "EndToEndId-004-01-01", "400.00", "CHF", "return", "AC01"),
    ],
    "moov/ch_postfinance_pain002_001_03_ch02_PART_tx_RJCT_AC01.xml": [
        ("PmtInfId-001-03", None, None, None, "partly", None),
        ("InstrId-001-03-04", "EndToEndId-001-03-04", None, None, "rejected", "AC01"),
    ],
    "iso20022js/us_crossriver_pain002_001_03_tx_ACSP_BADNS.xml": [
        ("AMBCD10000000", None, None, None, "accepted", None),
        ("ABCD10000000", None, None, None, "accepted", None),
        ("100ABCD012345", "0000000000000108", None, None, "accepted", None),
    ],
    "genkgo_camt/camt053.v2.five.decimals.xml": [(None, "000000001", "8.85", "EUR", "credit", None)],
    "genkgo_camt/camt053.v8.xml": [
        ("AAAASESS-FP-CN_98765/01", "MUELL/FINP/RA12345", "8.85", "EUR", "credit", None)
    ],
    "bankstatementparser_golden/camt053_no_namespace.xml": [(None, None, "250.00", "GBP", "credit", None)],
}
REFUSED = {
    "bankstatementparser_golden/camt053_garbled_amount.xml": "'12..34' is not an amount",
    "camt053_py/statement_ac04.xml": "camt.053.001.14",
    "genkgo_camt/camt052.v6.Amt-zero.xml": "camt.052.001.06",
    "genkgo_camt/camt053.v2.wrong.xml": "has no Stmt",
    "pain001_py/pain.001.001.09.xml": "pain.001.001.09",
}


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["bank", "try", *map(str, arguments)])


def _lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def _columns(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line[name] for name in ("reference", "end_to_end_id", "amount", "currency", "kind", "reason"))


@pytest.mark.parametrize("name", PUBLIC)
def test_public_messages_say_what_they_say(shared_data: Path, name: str) -> None:
    result = _run(shared_data / "platforms" / "iso20022" / name, "--json")

    assert result.exit_code == 0, result.output
    assert [_columns(line) for line in _lines(result)] == PUBLIC[name]


@pytest.mark.parametrize("name", REFUSED)
def test_public_messages_that_are_not_read_are_refused_by_name(shared_data: Path, name: str) -> None:
    result = _run(shared_data / "platforms" / "iso20022" / name, "--json")

    assert result.exit_code == 1
    [line] = _lines(result)
    assert REFUSED[name] in line["error"]


def test_a_booking_in_several_files_counts_once_and_a_wrong_file_stops_no_other(tmp_path: Path) -> None:
    returned = entry("30.00", payment("E-1", "30.00", RETURNED), reference="A-1")
    notice, account, broken = (tmp_path / name for name in ("camt054.xml", "camt053.xml", "broken.xml"))
    notice.write_bytes(statement("camt.054", returned))
    account.write_bytes(statement("camt.053", returned, entry("1.00", reference="A-2").replace("BOOK", "PDNG")))
    broken.write_bytes(statement("camt.053", "\n", entry("1,00")))

    result = _run(notice, broken, account, "--json")

    assert result.exit_code == 1
    first, error, again, pending = _lines(result)
    assert (first["counts"], first["same_as"]) == (True, None)
    assert (again["counts"], again["same_as"]) == (False, str(notice))
    assert (pending["counts"], pending["status"]) == (False, "PDNG")
    assert error == {"file": str(broken), "error": "Amt: '1,00' is not an amount", "line": 3}
    shown = _run(notice, broken, account)
    assert "no: in" in shown.stdout
    assert f"{broken}:3: Amt: '1,00' is not an amount" in shown.stderr


def test_a_report_of_the_bank_has_a_line_for_each_status(tmp_path: Path) -> None:
    file = tmp_path / "pain002.xml"
    file.write_bytes(report("<GrpSts>ACTC</GrpSts>", of_payment("E-1", "RJCT", why("AC04", "closed\u202e"))))

    whole, single = _lines(_run(file, "--json"))

    assert (whole["level"], whole["kind"], whole["original_message_id"]) == ("group", "accepted", "RUN-1")
    assert (single["level"], single["kind"], single["end_to_end_id"]) == ("payment", "rejected", "E-1")
    assert "\u202e" not in _run(file).stdout


def test_what_is_no_file_is_said_and_what_is_empty_too(tmp_path: Path) -> None:
    empty = tmp_path / "empty.xml"
    empty.write_bytes(statement("camt.053"))

    result = _run(empty, tmp_path / "absent.xml", tmp_path)

    assert result.exit_code == 1
    assert "empty.xml: nothing is booked in it" in result.stderr
    assert "absent.xml: it cannot be read: No such file or directory" in result.stderr
    assert f"{tmp_path}: it cannot be read: Is a directory" in result.stderr
    assert result.stdout == ""
    assert _run().exit_code == 2
