"""Templates: read, checked and filled in at a cost in proportion to their length.

A template is Jinja's, with names, `if` and comparison alone: no loop, call, filter or attribute, so that nothing
that a community writes takes longer than it is long. The text is Markdown without HTML; what it is filled with is
escaped, so that no title or name becomes a link or a picture.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Final, NamedTuple

from jinja2 import Environment, StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markdown_it import MarkdownIt

from services.ingest.communities.domain.contrast import TEXT_MIN_RATIO, contrast_ratio, relative_luminance
from services.ingest.messages.domain.kinds import ALWAYS, Kind, Words
from shared.near_names import suggestion

SUBJECT_MAX_CHARS: Final = 200
BODY_MAX_CHARS: Final = 5_000
VALUE_MAX_CHARS: Final = 500
#: Names in one template: each is filled with at most VALUE_MAX_CHARS.
NAMES_MAX_COUNT: Final = 100
_DEPTH_MAX: Final = 20
_ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Not, nodes.And, nodes.Or),
    *(nodes.Compare, nodes.Operand, nodes.Const),
)
#: What Markdown reads a meaning into.
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")


class TemplateError(Exception):
    """A template cannot be used; `field` is subject or body, `line` where in it, the message what to change."""

    def __init__(self, field: str, detail: str, line: int | None = None) -> None:
        super().__init__(detail if line is None else f"Line {line}: {detail}")
        self.field = field


class Filled(NamedTuple):
    """A message as it goes: a line, a plain text, and the same as HTML without a frame."""

    subject: str
    text: str
    html: str


def check_words(kind: Kind, words: Words) -> None:
    """Raises TemplateError for what is no template, does more than naming and `if`, or names what there is not."""
    for field, text, most in (("subject", words.subject, SUBJECT_MAX_CHARS), ("body", words.body, BODY_MAX_CHARS)):
        if not text.strip():
            raise TemplateError(field, "It says nothing")
        if len(text) > most:
            raise TemplateError(field, f"It has {len(text)} characters; {most} at most")
        _check(kind, field, text)
    if "\n" in words.subject or "\r" in words.subject:
        raise TemplateError("subject", "It is one line")


def _check(kind: Kind, field: str, text: str) -> None:
    known = sorted({*ALWAYS, *kind.values})
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        raise TemplateError(field, error.message or "It is no template", error.lineno) from error
    except RecursionError:
        raise TemplateError(field, "It nests too deep") from None
    names = 0
    for node, depth in _walk(tree):
        if depth > _DEPTH_MAX:
            raise TemplateError(field, f"It nests deeper than {_DEPTH_MAX}", node.lineno)
        if not isinstance(node, _ALLOWED):
            what = type(node).__name__
            raise TemplateError(field, f"A template names values and asks `if`; this is {what}", node.lineno)
        if isinstance(node, nodes.Name):
            names += 1
            if node.name not in known:
                raise TemplateError(
                    field, f"There is no `{node.name}` here; {suggestion(node.name, known)}", node.lineno
                )
    if names > NAMES_MAX_COUNT:
        raise TemplateError(field, f"It names {names} values; {NAMES_MAX_COUNT} at most")


def _walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with how deep it stands, without recursion: a text nests as deep as it is long."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


def fill(words: Words, values: Mapping[str, str]) -> Filled:
    """A message in these words, which `check_words` has let pass; what has no value is empty."""
    cut = _cut(values)
    subject = filled_line(words.subject, values)
    # A link is an address of ours: marks in it are part of it.
    marked = {name: value if name == "link" else _MARKS.sub(r"\\\1", value) for name, value in cut.items()}
    html: str = _MARKDOWN.render(_template(words.body).render(marked))
    return Filled(subject, plain_text(_template(words.body).render(cut)), html)


def filled_line(template: str, values: Mapping[str, str]) -> str:
    """A template of one line, filled in."""
    return " ".join(_template(template).render(_cut(values)).split())[:SUBJECT_MAX_CHARS]


def _cut(values: Mapping[str, str]) -> dict[str, str]:
    """Values on one line, no longer than they may be."""
    return {name: " ".join(value.split())[:VALUE_MAX_CHARS] for name, value in values.items()}


_LINK: Final = re.compile(r"\[([^\]\n]{1,500})\]\(([^)\s]{1,2000})\)")


def plain_text(markdown: str) -> str:
    """A text for whoever reads no HTML: links are written out, marks of emphasis left away."""
    written = _LINK.sub(r"\1: \2", markdown)
    return re.sub(r"\*\*(.{1,500}?)\*\*", r"\1", written).strip() + "\n"


def framed(filled: Sequence[str], *, look: "Look", footer: str, language: str) -> str:
    """Whole HTML of one message, or of several in one, in a community's look; `footer` is HTML."""
    ink = look.link
    parts = f'<hr style="border:0;border-top:1px solid {look.accent};margin:24px 0">'.join(filled)
    logo = (
        '<img src="cid:logo" alt="" width="48" style="display:block;margin-bottom:16px">' if look.has_logo else ""
    )
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(look.name)}</title>'
        f'<meta name="color-scheme" content="light dark"><style>a{{color:{ink}}}{look.by_night}</style></head>'
        f'<body style="margin:0;background:{look.background};color:{look.text};'
        'font-family:system-ui,-apple-system,Segoe UI,sans-serif;font-size:16px;line-height:1.5">'
        f'<div style="max-width:560px;margin:0 auto;padding:24px">{logo}'
        f'<p style="margin:0 0 16px;font-weight:600">{escape(look.name)}</p>{parts}'
        f'<p style="margin-top:32px;font-size:13px">{footer}</p></div></body></html>'
    )


class Look(NamedTuple):
    """How a community's messages look: its name, its colours as `#rrggbb`, and whether a logo comes with them."""

    name: str
    background: str = "#ffffff"
    text: str = "#1e1e1e"
    accent: str = "#1a5fb4"
    has_logo: bool = False

    @property
    def link(self) -> str:
        """The colour of links: the accent where it can be read as text, else the text's; they are underlined."""
        return _readable(self.accent, self.text, ground=self.background)

    @property
    def by_night(self) -> str:
        """What mail looks like where its reader has dark pages: text and ground change places, if it is light."""
        if relative_luminance(self.background) < relative_luminance(self.text):
            return ""
        link = _readable(self.accent, self.background, ground=self.text)
        return (
            f"@media (prefers-color-scheme:dark){{body{{background:{self.text}!important;"
            f"color:{self.background}!important}}a{{color:{link}!important}}}}"
        )


def _readable(colour: str, otherwise: str, *, ground: str) -> str:
    return colour if contrast_ratio(colour, ground) >= TEXT_MIN_RATIO else otherwise


def _environment() -> Environment:
    made = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True)
    made.globals.clear()
    made.filters.clear()
    made.tests.clear()
    return made


_ENVIRONMENT: Final = _environment()
_MARKDOWN: Final = MarkdownIt("zero", {"html": False}).enable(
    ["emphasis", "link", "list", "blockquote", "newline", "escape", "entity", "backticks"]
)


@lru_cache(maxsize=1_024)
def _template(text: str) -> Template:
    return _ENVIRONMENT.from_string(text)
