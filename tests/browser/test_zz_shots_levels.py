import pytest

from tests.browser.conftest import Console
from tests.browser.membership import MEMBERS, joined

pytestmark = [pytest.mark.stack, pytest.mark.browser]


async def test_shots(console: Console) -> None:
    makers = await joined(console.state)
    member = makers["daichi"]
    for language, theme, width in (("en-GB", "light", 1440), ("it-IT", "dark", 360)):
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        async with console.visitor(community=MEMBERS, identity="forum:daichi", **look) as v:
            await v.go("/me")
            await v.page.locator("#level details").evaluate_all("all => all.forEach(one => one.open = true)")
            await v.page.screenshot(path=f"/tmp/levels19-me-{width}.png", full_page=True)
            print(v.complaints, await v.violations())
        async with console.visitor(community=MEMBERS, **look) as v:
            for name, path in (
                ("levels", f"/members/{member}/levels"),
                ("member", f"/members/{member}"),
                ("programme", "/programme"),
                ("rules", f"/c/{MEMBERS}/rules"),
            ):
                await v.go(path)
                await v.page.screenshot(path=f"/tmp/levels19-{name}-{width}.png", full_page=True)
                print(name, v.complaints, await v.violations(), await v.width())
