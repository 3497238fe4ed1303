"""RDF as it is signed: a document's quads in their one order (RDFC-1.0), at a cost that is bounded.

Canonical order is factorial for graphs whose blank nodes look alike, and it has to be found before a signature
can be looked at: the work is counted, and a document that wants too much is refused.
"""

import json
from functools import cache
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final, NoReturn

from pyld import jsonld
from pyld.canon import URDNA2015

from shared.open_badges.words import CONTEXTS, Document, UnreadableError, listed

#: Blank nodes that look alike, and how often they may be told apart: a real credential has none or two.
ALIKE_MAX_COUNT: Final = 5
STEPS_MAX_COUNT: Final = 200
VALUES_MAX_COUNT: Final = 2_000
_CONTEXTS = Path(__file__).with_name("contexts")


class _Bounded(URDNA2015):
    """The algorithm, with its steps counted where they multiply."""

    steps = 0

    def hash_n_degree_quads(self, id_: Any, issuer: Any) -> Any:
        """Tell apart what looks alike. Raises UnreadableError beyond the bounds."""
        self.steps += 1
        if self.steps > STEPS_MAX_COUNT:
            raise UnreadableError("its parts look so much alike that it would take too long to tell them apart")
        return super().hash_n_degree_quads(id_, issuer)

    def create_hash_to_related(self, id_: Any, issuer: Any) -> Any:
        """What is related, by how it looks. Raises UnreadableError where too much looks the same."""
        found = super().create_hash_to_related(id_, issuer)
        if any(len(alike) > ALIKE_MAX_COUNT for alike in found.values()):
            raise UnreadableError("its parts look so much alike that it would take too long to tell them apart")
        return found


def canonical_hash(document: Document) -> bytes:
    """SHA-256 over a document's canonical N-Quads. Raises UnreadableError for contexts that are not known here."""
    _check(document)
    try:
        options = {"documentLoader": _load, "produceGeneralizedRdf": False}
        expanded = jsonld.expand(document, options, on_property_dropped=_refuse)
        dataset = jsonld.to_rdf(expanded, options)
        quads = _Bounded().main(dataset, {"format": "application/n-quads"})
    except UnreadableError:
        raise
    except (jsonld.JsonLdError, RecursionError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableError(f"it is no JSON-LD: {type(error).__name__}") from error
    return sha256(quads.encode()).digest()


def _refuse(name: str | None) -> NoReturn:
    """Refuse what no context defines: it would be left out of what is signed, and anybody could write it."""
    raise UnreadableError(
        f"it says {str(name)[:60]!r}, which its contexts do not know: its signature does not cover that"
    )


def _check(document: Document) -> None:
    """Contexts are known ones, named at the top alone: what a word means is nobody's to change within."""
    contexts = listed(document.get("@context"))
    if not contexts or not all(isinstance(one, str) and one in CONTEXTS for one in contexts):
        raise UnreadableError("it is signed with a context that is not known here, so its words mean nothing")
    inside = chain.from_iterable(_keys(value) for name, value in document.items() if name != "@context")
    for count, key in enumerate(inside):
        if count > VALUES_MAX_COUNT:
            raise UnreadableError(f"it has more than {VALUES_MAX_COUNT:,} values")
        if key.startswith("@") and key not in ("@id", "@type", "@value", "@language"):
            raise UnreadableError(f"it has {key} within, and may have it nowhere but at the top")


def _keys(value: Any) -> list[str]:
    found: list[str] = []
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            found += one
            rest += one.values()
        elif isinstance(one, list):
            found += [""] * len(one)
            rest += one
    return found


def _load(address: str, _options: Any = None) -> dict[str, Any]:
    if address not in CONTEXTS:
        raise UnreadableError("it is signed with a context that is not known here, so its words mean nothing")
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": address,
        "document": _context(CONTEXTS[address]),
    }


@cache
def _context(name: str) -> Any:
    return json.loads((_CONTEXTS / f"{name}.json").read_text(encoding="utf-8"))
