"""`plaudit idea`, `plaudit nomination` and `plaudit survey` as their guides have them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from plaudit.stack import StackState
from tests.integration.commands.test_kudos_and_nudge_commands import DOCS, begun
from tests.waiting import until

pytestmark = pytest.mark.stack


async def test_members_suggest_and_vote_and_what_they_suggest_goes_on(
    platform: StackState, tmp_path: Path
) -> None:
    plaudit, _, _ = begun(platform, tmp_path, "ideas.md")
    for name in ("ada", "grace"):
        plaudit("member", "link", f"forum:{name}", "--name", name.title())
    assert plaudit("idea", "list") == "nobody suggested anything yet\n"
    wanted = ("idea", "suggest", "forum:ada", "A dark theme", "--text", "It is too bright.", "--json")
    made = json.loads(plaudit(*wanted, "--idempotency-key", "once"))
    assert json.loads(plaudit(*wanted, "--idempotency-key", "once")) == made
    one = made["idea_id"]
    assert plaudit("idea", "vote", "forum:grace", one) == f"{one} is new, with 1 votes\n"
    assert plaudit("idea", "vote", "forum:grace", one, "--withdraw") == f"{one} is new, with 0 votes\n"
    assert "another suggested" in plaudit("idea", "vote", "forum:ada", one, fails=True)
    assert plaudit("idea", "move", one, "planned", "It comes in spring.") == f"{one} is planned, with 0 votes\n"
    assert "may become" in plaudit("idea", "move", one, "new", "No.", fails=True)
    other = json.loads(plaudit("idea", "suggest", "forum:grace", "Dark mode", "--json"))["idea_id"]
    assert plaudit("idea", "join", other, one, "Both ask for it.") == f"{other} is joined, with 0 votes\n"

    async def is_read() -> bool:
        return "A dark theme" in plaudit("idea", "show", one)

    await until(is_read)
    shown = plaudit("idea", "show", one)
    assert "planned, 1 votes" in shown
    assert "planned: It comes in spring." in shown
    assert [found["idea_id"] for found in json.loads(plaudit("idea", "list", "--state", "joined", "--json"))] == [
        other
    ]
    assert "no such suggestion" in plaudit("idea", "show", str(uuid4()), fails=True).lower()


async def test_a_round_is_declared_nominated_in_and_given_up(platform: StackState, tmp_path: Path) -> None:
    plaudit, _, _ = begun(platform, tmp_path, "nominations.md")
    for name in ("ada", "grace"):
        plaudit("member", "link", f"forum:{name}", "--name", name.title())
    assert plaudit("nomination", "list") == "there was no round yet\n"
    today = datetime.now(UTC).date()
    days = [(today + timedelta(days=after)).isoformat() for after in (-1, 5, 9)]
    options = ("--from", days[0], "--votes-from", days[1], "--until", days[2], "--live")
    made = json.loads(plaudit("nomination", "declare", "Helper of the year", *options, "--json"))
    round_id = made["round_id"]
    assert (made["state"], made["live"]) == ("nominating", True)
    said = ("nomination", "make", round_id, "forum:ada", "forum:grace", "She stays.", "--json")
    nomination = json.loads(plaudit(*said))["nomination_id"]
    assert "already" in plaudit(*said, fails=True)
    assert "nominating" in plaudit("nomination", "vote", "forum:ada", nomination, fails=True)
    assert plaudit("nomination", "answer", "forum:grace", nomination, "accept") == "accepted\n"

    async def is_read() -> bool:
        return f"{nomination} Grace, 0 votes: She stays." in plaudit("nomination", "show", round_id)

    await until(is_read)
    assert "Helper of the year" in plaudit("nomination", "list")
    assert plaudit("nomination", "cancel", round_id, "Its days were wrong.") == "given up\n"
    assert json.loads(plaudit("nomination", "show", round_id, "--json"))["state"] == "cancelled"


async def test_a_member_is_asked_and_answers_a_survey(platform: StackState, tmp_path: Path) -> None:
    plaudit, _, _ = begun(platform, tmp_path, "ideas.md")
    names = ("ada", "bo", "cat", "dan", "eve", "fay", "gus", "hal")
    for name in names:
        plaudit("member", "link", f"forum:{name}", "--name", name.title())
    # Those who are there as it is published are asked in this quarter, half of them by lot.
    text = (DOCS / "surveys.md").read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    file = tmp_path / "surveys.yaml"
    file.write_text(text.replace("programme: with-surveys", "programme: with-suggestions"))
    plaudit("programme", "publish", str(file), "--note", "Members are asked what they think.")
    found: list[str] = []

    async def is_asked() -> bool:
        for name in names:
            items = json.loads(plaudit("survey", "open", f"forum:{name}", "--json"))["items"]
            found.extend(one["token"] for one in items)
        return bool(found)

    await until(is_asked)
    wrote = "Docs for the API, please."
    assert plaudit("survey", "words", "would-recommend") == "nobody wrote anything in it that is kept\n"
    assert plaudit("survey", "answer", found[0], "--score", "9", "--comment", wrote) == "answered\n"
    assert "usage" in plaudit("survey", "answer", found[0], "--score", "99", fails=True).lower()
    assert "asks for a number" in plaudit("survey", "answer", found[0], fails=True)
    assert plaudit("survey", "answer", "none", "--score", "9", fails=True)

    async def is_measured() -> bool:
        listed = json.loads(plaudit("survey", "results", "--json"))
        return any(one["survey"] == "would-recommend" and one["asked"] for one in listed)

    await until(is_measured)
    assert "fewer than five" in plaudit("survey", "results")
    assert "fewer than five answers" in plaudit("survey", "show", "would-recommend", "--by", "quarter")
    # By audience: of so few nothing is shown, and of answers that are nobody's nobody knows.
    assert plaudit("survey", "audiences", "would-recommend", "--by", "quarter") == "everybody  not shown\n"
    [everybody] = json.loads(plaudit("survey", "audiences", "would-recommend", "--json"))["slices"]
    assert (everybody["audience"], everybody["feedback"]) == (None, None)
    assert plaudit("survey", "audiences", "was-it-solved").startswith("it is anonymous")
    assert "no such survey" in plaudit("survey", "audiences", "nobody-asks", fails=True).lower()

    # What somebody wrote is suggested for them, once.
    async def is_written() -> list[Any]:
        items: list[Any] = json.loads(plaudit("survey", "words", "would-recommend", "--json"))
        return items

    [answer] = await until(is_written)
    assert (answer["words"], answer["score"], answer["idea_id"]) == (wrote, 9, None)
    suggested = ("idea", "suggest", answer["event_uid"], "Docs for the API", "--of-answer", "--json")
    idea_id = json.loads(plaudit(*suggested))["idea_id"]
    assert json.loads(plaudit(*suggested))["idea_id"] == idea_id
    assert idea_id in plaudit("survey", "words", "would-recommend")
    listed = json.loads(plaudit("idea", "list", "--json"))
    assert [(one["idea_id"], one["author"]["member_id"]) for one in listed] == [
        (idea_id, answer["member"]["member_id"])
    ]
    assert plaudit("idea", "suggest", str(uuid4()), "None", "--of-answer", fails=True)
