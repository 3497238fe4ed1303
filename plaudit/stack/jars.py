"""Kafka's jars: pinned by version and SHA-256, fetched once per user from Maven Central through jgo.

`python -m plaudit.stack.jars` resolves KAFKA and SLF4J again and rewrites the list of checksums;
`python -m plaudit.stack.jars LISTING GROUP:ARTIFACT:VERSION ...` does it for others.
"""

import fcntl
import hashlib
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from plaudit.stack.errors import StackError
from plaudit.stack.paths import cache

KAFKA_VERSION = "4.1.2"
KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
SLF4J = "org.slf4j:slf4j-simple:1.7.36"
CHECKSUMS = Path(__file__).with_name("kafka.sha256")
#: Prometheus's own agent for Java: what it shows of a broker is the same wherever that runs.
AGENT = Path(__file__).with_name("agent.sha256")
AGENT_TITLE = "Prometheus's agent for Java"
KAFKA_TITLE = f"Kafka {KAFKA_VERSION}"
DOWNLOADS_COUNT = 6
DOWNLOAD_TIMEOUT_SECONDS = 60
MAX_ATTEMPTS_COUNT = 3


class Coordinates(NamedTuple):
    """Maven's name of an artifact's version."""

    group: str
    artifact: str
    version: str


def read_checksums(listing: Path = CHECKSUMS) -> dict[str, str]:
    """SHA-256 (hex) by path in a Maven repository, from a list in the form that `sha256sum -c` reads."""
    entries = (line.split(maxsplit=1) for line in listing.read_text().splitlines() if line.strip())
    return {path.strip(): digest for digest, path in entries}


def mismatched(directory: Path, checksums: dict[str, str]) -> list[str]:
    """The paths of `checksums` that are missing below `directory` or whose content has another SHA-256."""
    wrong = []
    for path, expected in checksums.items():
        try:
            with (directory / path).open("rb") as file:
                actual = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            actual = ""
        if actual != expected:
            wrong.append(path)
    return wrong


def classpath(listing: Path = CHECKSUMS, title: str = KAFKA_TITLE) -> list[Path]:
    """The jars of a list, Kafka's if none is named, checked against it; missing ones are fetched first.

    Raises StackError when a jar cannot be fetched, or when what was fetched has another checksum.
    """
    checksums = read_checksums(listing)
    directory = cache() / "maven"
    with _locked(directory):
        missing = mismatched(directory, checksums)
        for _ in range(MAX_ATTEMPTS_COUNT):
            if not missing:
                break
            for path in missing:
                (directory / path).unlink(missing_ok=True)
            _fetch(missing, directory, title)
            missing = mismatched(directory, checksums)
    if missing:
        raise StackError(
            f"{len(missing)} of the jars of {title} are not what {listing.name} expects, {missing[0]} for one. "
            "Something between this machine and Maven Central changes them: nothing was started."
        )
    return [directory / path for path in checksums]


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(paths: Sequence[str], directory: Path, title: str) -> None:
    # Imported here: a stack whose jars are there needs neither.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    context = maven(directory)

    def fetch(path: str) -> None:
        at = coordinates(path)
        context.project(at.group, at.artifact).at_version(at.version).artifact().resolve()

    with Progress(console=Console(stderr=True)) as progress, ThreadPoolExecutor(DOWNLOADS_COUNT) as pool:
        task = progress.add_task(f"Fetching the jars of {title}, once", total=len(paths))
        try:
            for _ in pool.map(fetch, paths):
                progress.advance(task)
        except (RuntimeError, OSError) as error:
            raise StackError(
                f"The jars of {title} could not be fetched from Maven Central: {error}. Check the network, or "
                "name a mirror in ~/.m2/settings.xml; `plaudit up --kafka HOST:PORT` uses a Kafka of your own."
            ) from error


def coordinates(path: str) -> Coordinates:
    """What a jar is called in Maven, from its path in a Maven repository."""
    location = PurePosixPath(path).parent
    return Coordinates(".".join(location.parent.parent.parts), location.parent.name, location.name)


def maven(directory: Path) -> Any:
    """jgo's context of where jars and their descriptions are fetched from, and kept: in `directory`."""
    from jgo.maven import MavenContext  # noqa: PLC0415

    return MavenContext(repo_cache=directory, remote_repos=_repositories(), timeout=DOWNLOAD_TIMEOUT_SECONDS)


def _repositories() -> dict[str, str]:
    """Where to fetch from: jgo's own settings, then the mirrors of Maven's, then Maven Central."""
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415

    found: dict[str, str] = dict(GlobalSettings.load().repositories)
    settings = Path.home() / ".m2" / "settings.xml"
    if settings.is_file():
        for mirror in ET.parse(settings).iterfind(".//{*}mirror"):  # noqa: S314 (the user's own file)
            if (mirror.findtext("{*}mirrorOf") or "").split(",")[0] in {"*", "central", "external:*"}:
                found["mirror"] = (mirror.findtext("{*}url") or "").rstrip("/")
    # A mirror stands in for Maven Central: behind one, the original usually cannot be reached.
    return found or {"central": MAVEN_CENTRAL_URL}


def write_checksums(listing: Path, coordinates: Sequence[str]) -> None:
    """Resolves jars anew and writes their list. For whoever raises a version, who reviews the change."""
    import jgo  # noqa: PLC0415

    directory = cache() / "maven"
    artifacts = jgo.resolve("+".join(coordinates), repositories=_repositories())
    paths = [f"{a.component.path_prefix}/{a.filename}" for a in artifacts]
    _fetch(paths, directory, listing.stem)
    lines = [f"{hashlib.sha256((directory / path).read_bytes()).hexdigest()}  {path}\n" for path in sorted(paths)]
    listing.write_text("".join(lines))


if __name__ == "__main__":
    if sys.argv[1:]:
        write_checksums(Path(sys.argv[1]), sys.argv[2:])
    else:
        write_checksums(CHECKSUMS, (KAFKA, SLF4J))
