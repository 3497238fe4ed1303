"""What rewards look like: made again from what was uploaded, and served so that nothing of it runs."""

import io
from base64 import b64encode
from typing import Any

import pytest
from PIL import Image

from services.rewards.catalogue.api.pictures import EXAMPLE
from tests.integration.services.rewards.shelf import MUG, add
from tests.integration.services.rewards.test_members_themselves import member

pytestmark = pytest.mark.stack
PATH = "/v1/catalogue/rewards/mug/picture"


def photo(width: int = 900, height: int = 300) -> str:
    """A photograph that was taken lying on its side, with what a camera notes."""
    notes = Image.Exif()
    notes[0x0112] = 6
    notes[0x010E] = "SECRET-PLACE"
    out = io.BytesIO()
    Image.new("RGB", (width, height), (10, 102, 126)).save(out, "JPEG", exif=notes, comment=b"SECRET-WORDS")
    return b64encode(out.getvalue()).decode()


async def test_a_photograph_is_drawn_anew_and_served_to_members_with_words(
    world: Any, spec: Any, api: Any
) -> None:
    world.spec = spec
    await world.publish()
    await world.join("ada")
    ada = await member(world, "ada")
    await add(api, MUG)
    assert (await ada.get(PATH)).json()["type"] == "urn:plaudit:problem:no-reward-picture"
    said = {"content": photo(), "alt": "A blue mug", "translations": [{"language": "it", "alt": "Una tazza blu"}]}
    kept = await api.put(PATH, json=said)
    assert (kept.status_code, kept.json()["media_type"]) == (200, "image/jpeg"), kept.text
    served = await ada.get(PATH)
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in served.headers["content-security-policy"]
    assert b"SECRET" not in served.content
    with Image.open(io.BytesIO(served.content)) as found:
        assert (found.size, dict(found.getexif())) == ((213, 640), {})
    again = await ada.get(PATH, headers={"If-None-Match": served.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for path in ("/v1/catalogue", f"/v1/members/{world.uuid('ada')}/catalogue"):
        (mug,) = [one for one in (await ada.get(path)).json()["items"] if one["id"] == "mug"]
        assert mug["picture"] == {
            "etag": kept.json()["etag"],
            "alt": "A blue mug",
            "translations": [{"language": "it", "alt": "Una tazza blu"}],
        }
    assert (await api.get("/v1/catalogue/rewards/mug")).json()["picture"]["alt"] == "A blue mug"
    assert (await api.delete(PATH)).status_code == 204
    assert (await ada.get(PATH)).status_code == 404


async def test_what_is_no_picture_that_is_served_is_refused_and_nothing_is_changed(api: Any) -> None:
    await add(api, MUG)
    assert (await api.put(PATH, json={"content": EXAMPLE, "alt": "A mug"})).status_code == 200
    before = (await api.get(PATH)).content
    for content in (
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"\xff\xd8\xff\xe0 no picture",
        b"\x89PNG\r\n\x1a\n no picture",
        b"GIF89a",
    ):
        refused = await api.put(PATH, json={"content": b64encode(content).decode(), "alt": "A mug"})
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:plaudit:problem:reward-picture-refused")
    wide = await api.put(PATH, json={"content": photo(12_001, 1_001), "alt": "A mug"})
    assert "pixels" in wide.json()["detail"]
    twice = [{"language": "it", "alt": "Una"}, {"language": "it", "alt": "Due"}]
    for wrong in ({"alt": ""}, {"alt": "x" * 201}, {"alt": "A mug", "translations": twice}):
        assert (await api.put(PATH, json={"content": EXAMPLE} | wrong)).status_code == 422
    unknown = await api.put("/v1/catalogue/rewards/cup/picture", json={"content": EXAMPLE, "alt": "A cup"})
    assert unknown.json()["type"] == "urn:plaudit:problem:unknown-catalogue-reward"
    assert (await api.get(PATH)).content == before
