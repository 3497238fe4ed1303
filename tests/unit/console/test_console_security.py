import pytest
from pydantic import ValidationError
from starlette.requests import Request

from console.frame.security import is_own_form, local_path
from console.settings import Settings


@pytest.mark.parametrize(
    "said",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/a\\b",
        "evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=1",
        "/a b",
        "",
        None,
    ],
)
def test_nobody_is_sent_elsewhere(said: str | None) -> None:
    assert local_path(said) == "/"


@pytest.mark.parametrize("said", ["/", "/explorer/b1eb0827", "/overview?days=7", "/a?b=https://x.example"])
def test_a_path_of_ours_stays(said: str) -> None:
    assert local_path(said) == said


def a_request(**headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": named})


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"origin": "http://127.0.0.1:8100", "sec_fetch_site": "same-origin"}, True),
        ({}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://127.0.0.1:8101"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site"}, False),
    ],
)
def test_a_form_of_another_site_is_known_by_what_the_browser_says(headers: dict[str, str], is_own: bool) -> None:
    assert is_own_form(a_request(host="127.0.0.1:8100", **headers)) == is_own


@pytest.mark.parametrize(
    "wrong",
    [
        {"console_url": "http://console.example.org"},
        {"console_url": "https://console.example.org/console"},
        {"oidc_issuer": "http://login.example.org", "oidc_client_id": "x", "console_community": "acme"},
        {"oidc_issuer": "https://login.example.org", "oidc_client_id": "x"},
        {"oidc_issuer": "https://login.example.org", "console_community": "acme"},
    ],
)
def test_settings_that_would_not_be_safe_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)
