"""Pages are written: one environment of templates for each language."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from console.components import charts
from console.components.activities import CHANNELS, DONE
from console.components.badge_parts import badge_part
from console.components.languages import LANGUAGES, hue, initials, short_id, translations
from console.frame.refusals import is_english_alone, service_words, why_not
from console.frame.static import StaticFile

ROOT = Path(__file__).parents[1]


class Templates:
    """The pages' templates in every language."""

    def __init__(self, static: Mapping[str, StaticFile]) -> None:
        self._static = static
        self._environments = {language: self._environment(language) for language in LANGUAGES}

    def render(self, language: str, name: str, context: Mapping[str, Any]) -> str:
        """The page `name` (a path below console/) in a language."""
        return self._environments[language].get_template(name).render(context)

    def translated(self, language: str, text: str) -> str:
        """What a text is in a language."""
        return str(translations(language).ugettext(text))

    def service_words(self, language: str, text: str) -> Markup:
        """What a service said, for a page in a language."""
        return service_words(language, partial(self.translated, language), text)

    def _environment(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader([ROOT, ROOT / "components"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
        say = partial(self.translated, language)
        environment.globals |= {
            "static": self._address,
            "charts": charts,
            "share": charts.share,
            "initials": initials,
            "hue": hue,
            "service_words": partial(service_words, language, say),
            "is_english_alone": partial(is_english_alone, language, say),
            "why_not": partial(why_not, language, say),
        }
        environment.filters["short_id"] = short_id
        environment.filters["badge_part"] = badge_part
        environment.filters["channel"] = lambda name: (
            say(CHANNELS[name]) if name in CHANNELS else name.replace("_", " ")
        )
        environment.filters["done"] = lambda kind: say(DONE[kind]) if kind in DONE else kind
        return environment

    def _address(self, name: str) -> str:
        return f"/static/{name}?v={self._static[name].version}"
