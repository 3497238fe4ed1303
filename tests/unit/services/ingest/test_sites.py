"""Which sites a community may allow: origins, and nothing that could end one policy and begin another."""

import pytest

from services.ingest.communities.domain.sites import site_fault


@pytest.mark.parametrize(
    "site",
    [
        "*",
        "https://acme.example",
        "https://www.acme.example:8443",
        "https://*.acme.example",
        "https://xn--mnchen-3ya.example",
        "http://127.0.0.1:8999",
        "http://localhost",
    ],
)
def test_an_origin_can_be_allowed(site: str) -> None:
    assert site_fault(site) is None


@pytest.mark.parametrize(
    "site",
    [
        "https://*",
        "https://*.com",
        "https://acme",
        "http://acme.example",
        "https://acme.example/",
        "https://acme.example/path",
        "https://acme.example; script-src *",
        "https://acme.example https://other.example",
        "https://acme.example,https://other.example",
        "https://acme.example\r\nset-cookie: a=b",
        "https://acme.example\n",
        "https://user@acme.example",
        "https://ACME.example",
        "https://acme.example:0",
        "https://acme.example:70000",
        "https://a.*.example",
        "https://[::1]",
        "javascript:alert(1)",
        "data:text/html,x",
        "'unsafe-inline'",
        "'self'",
        "",
    ],
)
def test_what_is_no_origin_can_not(site: str) -> None:
    assert site_fault(site) is not None
