"""Who somebody is, by address, login and account."""

import pytest

from connectors.people import account_of, author_of, host_of, is_bot, person_id


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("7+Ada@users.noreply.github.com", "github:7"),
        ("7+ada@users.noreply.code.example.org", "github:code.example.org/7"),
        ("7+ada@users.noreply.acme.ghe.com", "github:acme.ghe.com/7"),
        ("7-ada@users.noreply.gitlab.com", "gitlab:7"),
        ("7@users.noreply.gitlab.example.org", "gitlab:gitlab.example.org/7"),
    ],
)
def test_an_address_that_a_forge_gave_out_is_the_account(email, expected):
    assert person_id(email, "Ada") == expected
    assert person_id(email, "Ada", "salt") == expected, "there is no address to hide"


def test_any_other_address_is_hashed_whatever_its_case():
    assert person_id(" Ada@Example.org", "Ada") == person_id("ada@example.org", "A. L.")
    assert person_id("ada@example.org", "Ada").startswith("git:")
    assert person_id("ada@example.org", "Ada") != person_id("ada@example.org", "Ada", "salt")
    assert person_id("", "Ada") != person_id("", "Bob")


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        ("anything", "41898282+github-actions[bot]@users.noreply.github.com"),
        ("Claude Opus 4.1 (1M context)", "someone@example.org"),
        ("Claude", "noreply@anthropic.com"),
        ("Cursor", "cursoragent@cursor.com"),
        ("Copilot", "223556219+Copilot@users.noreply.github.com"),
        ("aider (gpt-5)", "ada@example.org"),
        ("Codex", "codex@openai.com"),
        ("deploy", "project_7_bot_3f9a@noreply.git.example.org"),
    ],
)
def test_bots_and_assistants(name, email):
    assert is_bot(name, email)


@pytest.mark.parametrize("name", ["Claude Monet", "Devin Smith", "Robot Bottom", "Gemini Ruiz", "Amber Cursor"])
def test_people_of_such_names_are_people(name):
    assert not is_bot(name, "person@example.org")


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("ghost", "10137+ghost@users.noreply.github.com"),
        ("ghost", "ghost@users.noreply.code.example.org"),
        ("(no author)", "(no author)@0f1e"),
        ("", ""),
    ],
)
def test_placeholders_are_nobody(name, email):
    assert author_of(name, email) is None


def test_somebody_called_ghost_is_somebody():
    assert author_of("ghost", "ghost@example.org") is not None


@pytest.mark.parametrize(
    "user",
    [
        None,
        {},
        {"id": "7"},
        {"id": 10137, "login": "x"},
        {"id": 7, "login": "ghost"},
        {"id": 7, "type": "Organization"},
    ],
)
def test_what_is_no_account_of_a_person(user):
    assert account_of(user, "github.com") is None


@pytest.mark.parametrize(
    "username",
    ["project_7_bot", "project_7_bot2", "group_12_bot_3f9a", "support-bot", "GitLab-Security-Bot", "GitLabDuo"],
)
def test_gitlab_tells_bots_by_their_names(username):
    found = account_of({"id": 9, "username": username, "name": "Deploy"}, "gitlab.com", "gitlab")
    assert found == {"id": "gitlab:9", "name": "Deploy", "bot": True}


def test_people_of_gitlab_have_names_and_hosts():
    ada = {"id": 7, "username": "project_manager_bottom", "name": "Ada"}
    assert account_of(ada, "git.example.org", "gitlab") == {"id": "gitlab:git.example.org/7", "name": "Ada"}
    assert account_of({"id": 7, "username": "ada"}, "gitlab.com", "gitlab") == {"id": "gitlab:7", "name": "ada"}


@pytest.mark.parametrize("username", ["ghost", "Ghost1", "ada_placeholder_user_5", "import_user_group_1"])
def test_who_stands_for_somebody_on_gitlab_is_nobody(username):
    assert account_of({"id": 9, "username": username, "name": "Ada"}, "gitlab.com", "gitlab") is None


def test_the_number_of_the_placeholder_is_somebody_elses_on_another_forge():
    assert account_of({"id": 10137, "login": "ada"}, "code.example.org") == {
        "id": "github:code.example.org/10137",
        "name": "ada",
    }


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (("https://api.github.com/repos/a/b",), "github.com"),
        ((None, "https://Code.example.org:8443/a"), "code.example.org:8443"),
        (("/relative", "http://[broken"), None),
    ],
)
def test_the_host_of_urls(addresses, expected):
    assert host_of(*addresses) == expected
