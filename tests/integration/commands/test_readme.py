"""README's first event: its commands run as they stand there, whichever ports the stack has chosen."""

import re
from pathlib import Path
from uuid import uuid4

import pytest

from plaudit.stack import StackState
from tests.integration.commands.conftest import Reader

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[3]
SECTION = (ROOT / "README.md").read_text().partition("## Your first event\n")[2].partition("\n## ")[0]
COMMANDS = "\n".join(line.removeprefix("    ") for line in SECTION.splitlines() if line.startswith("    "))


def test_the_commands_of_the_first_event(platform: StackState, reader: Reader) -> None:
    begin, _, then = COMMANDS.partition("\ncurl -H")
    # The stack is up, and `plaudit` on the PATH.
    begin = begin.replace('export PATH="$PWD/.venv/bin:$PATH"\nmake up\n', f"cd {ROOT}\n")
    assert "make up" not in begin
    reader.variables["PLAUDIT_COMMUNITY"] = f"readme-{uuid4().hex[:12]}"

    printed = reader.shell(f'{begin}\necho " ENV=$PLAUDIT_URL $PLAUDIT_KEY"')

    assert "HTTP/1.1 202 Accepted" in printed
    said = re.search(r" ENV=(http\S+) (plk_\S+)", printed)
    receipt = re.search(r'"receipt_id":"([^"]+)"', printed)
    assert said is not None
    assert said[1] == platform.gateway_url
    assert receipt is not None
    reader.variables |= {"PLAUDIT_URL": said[1], "PLAUDIT_KEY": said[2]}
    complete = (
        f"until out=$({('curl -H' + then).splitlines()[0]} --silent); "
        "[[ $out == *complete* ]]; do sleep 0.1; done; echo $out"
    )
    assert '"accepted":1' in reader.shell(complete.replace("RECEIPT_ID", receipt[1]))
    board = then.splitlines()[1] + " --silent"
    assert '"name":"Ada"' in reader.shell(
        f"until out=$({board}); [[ $out == *Ada* ]]; do sleep 0.1; done; echo $out"
    )
