"""Sites that may show a community in a frame: origins, as a policy's frame-ancestors takes them."""

import re
from typing import Final

#: Of every site: whoever shows the community says so by one word.
ANY_SITE: Final = "*"
SITES_MAX_COUNT: Final = 20
SITE_MAX_CHARS: Final = 255
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: A host's name of two labels at least: `https://*.com` would be half of the world.
_HTTPS = re.compile(rf"https://(?:\*\.)?(?:{_LABEL}\.)+{_LABEL}(?::[0-9]{{1,5}})?")
#: A page that somebody writes on their own machine.
_LOOPBACK = re.compile(r"https?://(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?")
_LAST_PORT = 65_535


def site_fault(site: str) -> str | None:
    """What is wrong with a site, in a sentence; None for one that can be allowed.

    Nothing passes that could end a policy and begin another: no space, comma, semicolon or quote.
    """
    if site == ANY_SITE:
        return None
    if not (_HTTPS.fullmatch(site) or _LOOPBACK.fullmatch(site)):
        return (
            f"`{site}` is no site: write https://www.example.org without a path, https://*.example.org for all"
            " below it, or * for every site; plain http is for 127.0.0.1 and localhost"
        )
    port = site.removeprefix("https:").removeprefix("http:").partition(":")[2]
    return f"`{site}` has a port that there is not" if port and not 0 < int(port) <= _LAST_PORT else None
