"""deploy/systemd: units that systemd takes, for each process, with known settings and no right too many."""

import re
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from shared.services import CONSOLE, GATEWAY, SERVICES
from shared.settings import ServiceSettings
from tests.contract.test_settings_documented import settings_of
from tests.deploy.rendering import ROOT, needs

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
VENV = "/opt/plaudit/venv/bin/"
#: What systemd itself calls exposed, from 0 to 10 (here: 1.5); it says "OK" up to 2.
EXPOSED_MAX = 20
SECONDS = 60
#: Read by the driver, or by the unit itself.
NOT_OURS = {"PGSSLMODE", "PGSSLROOTCERT", "PYTHONUNBUFFERED", "ROLE", "PHASE"}
units = pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)


class Unit(RawConfigParser):
    """A unit's sections; of what may be said several times all is kept."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
        self.optionxform = str  # type: ignore[assignment,method-assign]
        lines = path.read_text().splitlines()
        self.read_string("\n".join(lines))
        self.said = [line.split("=", 1) for line in lines if re.match(r"^[A-Z]\w*=", line)]

    def all(self, name: str) -> list[str]:
        """All that was said of a name."""
        return [value for key, value in self.said if key == name]

    @property
    def variables(self) -> dict[str, str]:
        """What the unit itself puts into the environment."""
        pairs = [pair.split("=", 1) for line in self.all("Environment") for pair in line.split()]
        return dict(pairs)


def installed(unit: Path, folder: Path) -> Path:
    """The unit as it would be installed: of a template an instance, with programs that are here."""
    text = unit.read_text()
    for program in ("python", "plaudit"):
        text = text.replace(f"{VENV}{program}", sys.executable)
    there = folder / unit.name.replace("@", "@ingest")
    there.write_text(text)
    return there


@units
def test_systemd_takes_it(unit: Path, tmp_path: Path) -> None:
    analyse = needs("systemd-analyze")
    done = subprocess.run(
        [analyse, "verify", "--man=no", installed(unit, tmp_path)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@units
def test_systemd_finds_it_little_exposed(unit: Path, tmp_path: Path) -> None:
    analyse = needs("systemd-analyze")
    command = [analyse, "security", "--offline=true", "--no-pager", f"--threshold={EXPOSED_MAX}"]
    done = subprocess.run(
        [*command, installed(unit, tmp_path)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_process_has_one() -> None:
    assert {unit.name for unit in UNITS} == {
        "plaudit@.service",
        f"plaudit-{CONSOLE}.service",
        f"plaudit-{GATEWAY}.service",
        "plaudit-provision.service",
    }


@units
def test_it_starts_what_there_is_with_settings_that_there_are(unit: Path) -> None:
    read = Unit(unit)
    (command,) = read.all("ExecStart")
    assert command.startswith(VENV)
    if unit.stem == "plaudit-provision":
        assert command == f"{VENV}plaudit provision --phase ${{PHASE}}"
        assert set(read.variables) - NOT_OURS <= {"PLAUDIT_KAFKA_CA_FILE"}
        return
    parts = SERVICES if "@" in unit.name else (unit.stem.removeprefix("plaudit-"),)
    for part in parts:
        module = re.search(r"-m (\S+)", command.replace("%i", part))
        assert module is not None
        assert find_spec(module[1]) is not None
        known = {f"PLAUDIT_{name.upper()}" for name in settings_of(part).model_fields}
        assert set(read.variables) - NOT_OURS <= known


@units
def test_it_has_no_secret_in_it(unit: Path) -> None:
    read = Unit(unit)
    for name in read.variables:
        assert not re.search(r"PASSWORD|SECRET|SIGNING|ADMIN|_KEYS?$", name)
    for file in read.all("EnvironmentFile"):
        assert file.startswith("/etc/plaudit/")


@units
def test_it_waits_longer_for_an_end_than_the_process_takes(unit: Path) -> None:
    (seconds,) = Unit(unit).all("TimeoutStopSec") or Unit(unit).all("TimeoutStartSec")
    assert float(seconds.removesuffix("s")) > float(ServiceSettings.model_fields["stop_max_seconds"].default)


def test_a_unit_that_says_what_there_is_not_is_refused(tmp_path: Path) -> None:
    needs("systemd-analyze")
    broken = tmp_path / "plaudit-broken.service"
    shutil.copy(UNITS[0], broken)
    broken.write_text(broken.read_text().replace("NoNewPrivileges=yes", "NoNewPrivilege=yes"))
    with pytest.raises(AssertionError, match="NoNewPrivilege"):
        test_systemd_takes_it(broken, tmp_path)
