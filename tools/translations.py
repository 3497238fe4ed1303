"""What pages say, found in the console and put into its catalogues: `python -m tools.translations`.

What is new waits there with an empty translation; what is said no more is taken out.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from connectors.document import Document
from connectors.shipped import connector, files

ROOT = Path(__file__).parents[1]
CONSOLE = ROOT / "console"
#: Where pages say something: reports are pages and files.
FOLDERS = (CONSOLE, ROOT / "shared" / "reports")
#: A per cent sign that begins no place: whoever shows the text takes what follows for one, and breaks.
LONE = re.compile(r"%(?!\(\w+\)s)")
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
OPTIONS: dict[str, dict[str, Any]] = {
    "**.html": {"trimmed": "false", "silent": "false", "extensions": "jinja2.ext.do", "newstyle_gettext": "true"}
}
#: What marks a text: nothing but `_`, and what Jinja's `trans` makes of its own.
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}


def said() -> Catalog:
    """Every text that pages say, with where.

    Raises ValueError for one that two pages say of many in different words: a catalogue finds both by what they
    say of one, so the page whose places are others would break.
    """
    catalog = Catalog(charset="utf-8")
    plurals: dict[str, str] = {}
    for folder in FOLDERS:
        found = extract_from_dir(folder, METHODS, OPTIONS, KEYWORDS)
        for file, _line, message, _comments, _context in sorted(found, key=lambda one: (str(one[0]), one[1])):
            if isinstance(message, tuple) and plurals.setdefault(message[0], message[1]) != message[1]:
                raise ValueError(
                    f"{file} says {message[1]!r}, and another {plurals[message[0]]!r}: say one of them"
                )
            catalog.add(message, locations=[(f"{folder.relative_to(ROOT)}/{file}", 0)])
    for name in files():
        for sentence in said_by(connector(name).document):
            catalog.add(sentence)
    return catalog


def said_by(document: Document) -> Iterator[str]:
    """What pages say of a shipped connector: how it is set up, and why something counts nothing."""
    yield from document.connecting.steps
    yield from (setting.title for setting in document.settings.values())
    yield from filter(None, (document.nobody, *(mapping.no_engagement for mapping in document.mappings)))
    activities = (activity for mapping in document.mappings for activity in mapping.activities or ())
    yield from filter(None, (activity.otherwise for activity in activities))


def catalogue(language: str) -> Catalog:
    """What there is in a language."""
    text = (CONSOLE / "locale" / language / "console.po").read_text()
    return read_po(io.StringIO(text), locale=language)


def with_lone_percent(catalog: Catalog) -> list[str]:
    """Texts and translations with a per cent sign that would break their page; `%%` is one that does not."""
    found = []
    for message in filter(lambda one: one.id, catalog):
        for text in (message.id, message.string):
            forms = text if isinstance(text, tuple | list) else (text,)
            found += [one for one in forms if one and LONE.search(one.replace("%%", ""))]
    return found


def main() -> None:
    """Bring every catalogue up to what pages say.

    Ends with 1, and writes nothing, where a text would break its page.
    """
    texts = said()
    if broken := with_lone_percent(texts):
        raise SystemExit("\n".join(["write %% for a per cent sign in:", *broken]))
    for path in sorted((CONSOLE / "locale").glob("*/console.po")):
        known = catalogue(path.parent.name)
        known.update(texts, no_fuzzy_matching=True, update_creation_date=False)
        known.obsolete.clear()
        written = io.BytesIO()
        write_po(written, known, omit_header=False, no_location=True, sort_output=True, width=0)
        lines = [line for line in written.getvalue().decode().splitlines() if not line.startswith('"POT-Creation')]
        path.write_text("\n".join(lines) + "\n")
        missing = [message.id for message in known if message.id and not message.string]
        print(f"{path.parent.name}: {len(known)} texts, {len(missing)} not translated")


if __name__ == "__main__":
    main()
