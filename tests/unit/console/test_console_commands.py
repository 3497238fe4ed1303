"""What pages command: all of a form or nothing of it, what was meant, and nothing that was put into a form."""

from types import SimpleNamespace
from typing import Any

import pytest

from console.asking import Answer
from console.pages.members import routes
from console.pages.members.searching import members_like
from console.pages.payout_runs import outcomes
from console.pages.programme import editing
from console.pages.programme.editing import Checked, Ground

RUN = "7a76776b-28ff-57fa-9d5e-37220c08d832"
GOOD, BAD = "5c2f7d1e-9a40-5b8e-8c61-2f0a7be4d913", "e0817225-cf1b-5c3b-90cc-342441c9ea27"
VERSION = {"version": 3, "state": "published", "document_sha256": "a" * 64, "money_changes": []}


class Ask:
    """Services that answer by the end of the path; `came` is what they were told."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.came: list[tuple[str, Any]] = []

    async def post(self, service: str, path: str, body: Any, **_: Any) -> Answer:
        self.came.append((path, body))
        status, said = self.answers[path.partition("?")[0].rpartition("/")[2]]
        return Answer(service, status, said)

    async def get(self, service: str, path: str, **_: Any) -> Answer:
        self.came.append((path, None))
        if path in self.answers:
            return Answer(service, *self.answers[path])
        return Answer(service, 200, {"run": {"state": "filed", "payouts": []}})

    async def all(self, **questions: Any) -> dict[str, Answer]:
        return {name: await question for name, question in questions.items()}


def a_visit(ask: Ask, **form: str) -> Any:
    return SimpleNamespace(
        ask=ask,
        form=form,
        signed_in=SimpleNamespace(may=lambda scope: True),
        request=SimpleNamespace(path_params={"run_id": RUN}, query_params={}),
        say=lambda text, **values: text.format(**values),
        page=lambda template, **shown: SimpleNamespace(template=template, **shown),
        see_other=lambda path, **more: SimpleNamespace(path=path, **more),
    )


@pytest.mark.parametrize(
    ("status", "of_bad", "shown"),
    [(200, None, 409), (503, None, 503), (200, "changed", None)],
    ids=["refused", "away", "taken"],
)
async def test_while_a_line_of_the_bank_would_be_refused_none_is_noted(
    status: int, of_bad: str | None, shown: int | None
) -> None:
    foreseen = {"lines": [{"said": "changed"}, {"said": of_bad, "why": "it is settled"}]}
    ask = Ask(**{"outcome-preview": (status, foreseen), "outcome": (200, {"outcome": None})})
    page: Any = await outcomes.note(a_visit(ask, lines=f"{GOOD};sent\n{BAD};failed;AC04"))
    noted = [body["payout_ids"] for path, body in ask.came if path.endswith("/outcome")]
    if shown is None:
        assert (noted, page.toast) == ([[GOOD], [BAD]], "noted")
    else:
        assert (noted, page.status, page.template) == ([], shown, "pages/payout_runs/outcomes.html")


async def test_a_cursor_of_a_form_is_one_value() -> None:
    ask = Ask(search=(200, {"items": [], "next": None}))
    await members_like(a_visit(ask), "ada", after="x&limit=500#\n", limit=40)
    assert [path for path, _ in ask.came] == ["/v1/members/search?limit=40&after=x%26limit%3D500%23%0A"]


async def test_the_table_of_members_asks_for_nothing_that_takes_all_of_them_to_answer() -> None:
    ask = Ask(**{"search": (200, {"items": [], "next": None}), "/v1/members/counts": (200, {"items": []})})
    visit = a_visit(ask)
    visit.request.query_params, visit.views = {}, _no_views
    page: Any = await routes.show(visit)
    assert page.template == "pages/members/page.html"
    # Who may be one person is worked out of all members at each question: it has a page of its own.
    assert {path.partition("?")[0] for path, _ in ask.came} == {"/v1/members/search", "/v1/members/counts"}


async def _no_views(_: Any) -> list[Any]:
    return []


@pytest.mark.parametrize(("is_new", "said"), [(True, "published"), (False, None)])
async def test_a_version_that_was_there_already_is_not_called_published(is_new: bool, said: str | None) -> None:
    answer = VERSION | {"is_new": is_new}
    ask = Ask(programmes=(201 if is_new else 200, answer))
    ground = Ground(Answer("scoring", 200, {"items": []}), None, [])
    page: Any = await editing._publish(a_visit(ask), ground, Checked("text", publication=answer), {})
    if said is None:
        assert page.status == 409
        assert page.notice.startswith("Version 3 says the same already: nothing was published.")
    else:
        assert page.toast == said
