"""What scoring says of a programme is said on pages in their reader's language: every sentence in its code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.components.languages import LANGUAGES, translations
from console.frame.service_words import in_words

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "services/scoring/programmes/domain",
    "services/scoring/rules/domain",
    "shared/conditions",
    "shared/contracts/programme",
)
#: Calls whose text is shown to whoever writes a programme.
SAYING = {"ConditionError", "PydanticCustomError", "mistake", "_refuse"}
#: Made of sentences of which each is looked for by itself.
MADE_OF_OTHERS = {
    "7; 7",
    "7; name another rule",
    "7; write a shorter one, or several rules",
    "7; this one gives 7 7",
}
#: A value's place in what pydantic says.
TEMPLATE = re.compile(r"\{[a-z]+\}")
#: What is wrong with the ids of a programme in a fact, which a service says to itself.
SEEN_BY_NOBODY = "ids.py"


def texts_of(node: ast.expr) -> str | None:
    """A text as it is written, with values put into it; None for what is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return TEMPLATE.sub("7", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else put_in(ast.unparse(part.value))
            for part in node.values
            if isinstance(part, ast.Constant | ast.FormattedValue)
        )
    return None


def put_in(code: str) -> str:
    """What stands for a value: names that are near are said in sentences of their own, as things have nouns."""
    if code.startswith("suggestion("):
        return "did you mean `this`?"
    return {"noun": "rule"}.get(code, "7")


def said() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text())):
                if not isinstance(call, ast.Call) or path.name == SEEN_BY_NOBODY:
                    continue
                if ast.unparse(call.func).rpartition(".")[2] not in SAYING:
                    continue
                for argument in call.args:
                    text = texts_of(argument)
                    if text is not None and " " in text and text not in MADE_OF_OTHERS:
                        yield path.name, text


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_each_is_known(language: str) -> None:
    say = translations(language).ugettext
    texts = list(said())
    unknown = [f"{name}: {text}" for name, text in texts if in_words(text, say) is None]

    assert len(texts) > 100
    assert unknown == []
