"""`plaudit message` as docs/messages.md has it: what goes which way, the words, and what is wrong with others."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from plaudit.access import issue_key
from plaudit.cli import main
from plaudit.stack import StackState

pytestmark = pytest.mark.stack


def test_words_are_listed_read_and_refused_where_they_name_what_is_not_there(
    platform: StackState, tmp_path: Path
) -> None:
    community = f"c{uuid4().hex[:8]}"
    key = issue_key(platform, community, "messages", ["messages:read", "messages:write"])["key"]
    asking = {"PLAUDIT_STACK": "whole", "PLAUDIT_KEY": key, "COLUMNS": "160"}

    def plaudit(*command: str) -> Result:
        return CliRunner().invoke(main, ["message", *command, "--community", community], env=asking)

    templates = plaudit("templates", "--json")
    assert templates.exit_code == 0, templates.output
    listed = {(one["kind"], one["language"]) for one in json.loads(templates.output)}
    assert {("badge", "en"), ("badge", "it"), ("payout", "it")} <= listed
    assert "Plaudit's" in plaudit("templates").output
    file = tmp_path / "badge.it.md"
    file.write_text("{{ title }} è tuo\n\nCiao {{ name }}, guarda [qui]({{ link }}).\n")
    read = plaudit("preview", "badge", "--language", "it", "--file", str(file))
    assert (read.exit_code, "Ciao Ada" in read.output) == (0, True)
    file.write_text("{{ titel }}\n\nCiao\n")
    refused = plaudit("preview", "badge", "--language", "it", "--file", str(file))
    assert refused.exit_code == 1
    assert "There is no `titel` here; did you mean `title`?" in refused.output
    assert plaudit("settings").exit_code == 0
    unknown = plaudit("turn", "bage", "--by", "mail")
    assert (unknown.exit_code, "did you mean `badge`?" in unknown.output) == (1, True)
    assert plaudit("list").exit_code == 0
