"""The licence is whole and declared, and THIRD_PARTY.md names what is pinned, in the version that is pinned."""

import hashlib
import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.licenses import canonicalize_license_expression

from plaudit.stack.jars import AGENT, CHECKSUMS, coordinates, read_checksums
from tools import notices

ROOT = Path(__file__).parents[2]
#: The text as its authors publish it.
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
STALE = "run `make notices`"


def rows(heading: str) -> list[tuple[str, ...]]:
    """The rows of the table under a heading of THIRD_PARTY.md."""
    section = notices.PAGE.read_text().split(f"## {heading}\n", 1)[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [tuple(line.strip("| ").split(" | ")) for line in lines[2:]]


def pinned() -> dict[str, str]:
    return notices.pins((ROOT / "requirements/runtime.txt").read_text())


def test_the_licence_is_the_whole_text_and_the_package_declares_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2
    assert project["license"] == metadata("plaudit")["License-Expression"] == "Apache-2.0"
    assert project["license-files"] == metadata("plaudit").get_all("License-File")
    assert all((ROOT / name).is_file() for name in project["license-files"])


def test_every_pinned_package_is_named_with_its_version() -> None:
    pins = pinned()

    assert len(pins) == len(re.findall("==", (ROOT / "requirements/runtime.txt").read_text()))
    assert {name: version for name, version, _ in rows("Python packages")} == pins, STALE


def test_licences_are_those_that_the_installed_packages_declare() -> None:
    assert rows("Python packages") == notices.package_rows(pinned()), STALE


def test_every_jar_is_named_with_its_version() -> None:
    jars = [coordinates(path) for listing in (CHECKSUMS, AGENT) for path in read_checksums(listing)]

    stated = [(name, version) for name, version, _ in rows("Kafka's jars and its agent's, for the local stack")]
    assert stated == [(f"{jar.group}:{jar.artifact}", jar.version) for jar in jars], STALE


def test_licences_are_spdx_expressions() -> None:
    for heading in ("Python packages", "Kafka's jars and its agent's, for the local stack"):
        for _, _, licence in rows(heading):
            assert canonicalize_license_expression(licence) == licence


def test_what_is_said_of_a_package_by_hand_is_about_one_that_is_pinned() -> None:
    assert {carried.package for carried in notices.CARRIED} | notices.READ.keys() <= pinned().keys()
    assert [tuple(carried) for carried in notices.CARRIED] == rows("Carried by Python packages"), STALE


@pytest.mark.parametrize(
    ("words", "spdx"),
    [
        ("The Apache Software License, Version 2.0", "Apache-2.0"),
        ("MIT", "MIT"),
        ("mpl-2.0", "MPL-2.0"),
        ("Apache-2.0 OR MIT", "Apache-2.0 OR MIT"),
        ("Go License", "BSD-3-Clause"),
        ("BSD License", None),
        ("Artistic License", None),
        ("", None),
    ],
)
def test_words_that_could_be_several_licences_are_none(words: str, spdx: str | None) -> None:
    assert notices.spdx_of(words) == spdx
