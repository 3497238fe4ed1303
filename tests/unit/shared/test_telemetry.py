"""What a service writes to its log."""

import logging
import re
import subprocess
import sys

import orjson

from shared.telemetry import with_rfc3339_times

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_line_is_json_with_a_time_that_names_its_zone() -> None:
    code = "from shared.telemetry import configure_logging; import logging; configure_logging('scoring', 'INFO')"
    code += "; logging.getLogger('x').warning('said')"
    environment = {"TZ": "America/New_York", "PYTHONPATH": ":".join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)

    line = orjson.loads(ran.stderr)

    assert RFC_3339.fullmatch(line["time"])
    assert (line["message"], line["service"], line["level"]) == ("said", "scoring", "WARNING")


def test_a_time_is_in_utc_whatever_the_zone_of_the_machine() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "said", (), None)
    record.created, record.msecs = 1769860800.123, 123.0
    formatter = with_rfc3339_times(logging.Formatter("%(asctime)s %(message)s"))
    assert formatter.format(record) == "2026-01-31T12:00:00.123Z said"
