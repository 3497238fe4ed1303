"""The words by which texts are judged, a lexicon for each language, and those that tell which language it is."""

from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

#: How much a booster adds to what it stands before; a dampener takes as much.
BOOST: Final = 0.293

LANGUAGES: Final = ("en", "it", "de", "fr", "es")


class Lexicon(NamedTuple):
    """What words of a language are worth, and what others do to them.

    `boosters` are added to a word that they stand before; negations turn it round; behind a `turn` the words count
    for more and before it for less.
    """

    values: Mapping[str, float]
    boosters: Mapping[str, float]
    negations: frozenset[str]
    turns: frozenset[str]
    idioms: Mapping[str, float]
    emoji: Mapping[str, str]


#: Words that are bad in life and plain in support talk: they say what it is about, and count for nothing.
DOMAIN_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        *("problem", "problems", "error", "errors", "kill", "kills", "killed", "killing"),
        *("crash", "fatal", "conflict", "conflicts", "critical"),
    ),
    "it": ("problema", "problemi", "errore", "errori", "conflitto", "conflitti", "critico", "fatale"),
    "de": ("problem", "probleme", "fehler", "konflikt", "konflikte", "kritisch", "fatal", "absturz"),
    "fr": ("problème", "problèmes", "erreur", "erreurs", "conflit", "conflits", "critique", "fatal"),
    "es": ("problema", "problemas", "error", "errores", "conflicto", "conflictos", "crítico", "fatal"),
}

_NEGATIONS: Final[Mapping[str, str]] = {
    "en": "cannot neither never none nope nor not nothing nowhere uhuh uh-uh without rarely seldom despite "
    "aint arent cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt mightnt mustnt neednt oughtnt shant "
    "shouldnt wasnt werent wont wouldnt",
    "it": "non mai niente nessuno nessuna senza né neanche nemmeno neppure",
    "de": "nicht nie niemals kein keine keinen keiner keinem ohne weder nichts",
    "fr": "pas jamais rien sans ni aucun aucune ne",
    "es": "no nunca jamás nada sin ni tampoco ningún ninguna nadie",
}
_BOOSTERS: Final[Mapping[str, str]] = {
    "en": "absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous "
    "enormously entirely especially exceptional exceptionally extreme extremely fabulously flipping flippin "
    "frackin fracking fricking frickin frigging friggin fully fuckin fucking fuggin fugging greatly hella highly "
    "hugely incredible incredibly intensely major majorly more most particularly purely quite really remarkably "
    "so substantially thoroughly total totally tremendous tremendously uber unbelievably unusually utter utterly "
    "very",
    "it": "molto davvero troppo così",
    "de": "sehr wirklich so echt",
    "fr": "très vraiment trop si",
    "es": "muy realmente tan demasiado",
}
_DAMPENERS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        *("almost", "barely", "hardly", "just enough", "kind of", "kinda", "kindof", "kind-of", "less", "little"),
        *("marginal", "marginally", "occasional", "occasionally", "partly", "scarce", "scarcely", "slight"),
        *("slightly", "somewhat", "sort of", "sorta", "sortof", "sort-of"),
    ),
    "it": ("poco",),
    "de": ("etwas",),
    "fr": ("peu",),
    "es": ("poco",),
}
_TURNS: Final[Mapping[str, str]] = {
    "en": "but",
    "it": "ma però",
    "de": "aber",
    "fr": "mais",
    "es": "pero",
}
_IDIOMS: Final[Mapping[str, Mapping[str, float]]] = {
    "en": {
        "the shit": 3.0,
        "the bomb": 3.0,
        "bad ass": 1.5,
        "badass": 1.5,
        "bus stop": 0.0,
        "yeah right": -2.0,
        "kiss of death": -1.5,
        "to die for": 3.0,
        "beating heart": 3.5,
    }
}

#: Words that stand in nearly every sentence of a language, and in few of the others.
_TELLING: Final[Mapping[str, str]] = {
    "en": "the and is it this that was you for with have are not my to of on be at from what how does i we they "
    "can't don't i'm it's thanks when there your would but an has do",
    "it": "il che è per non sono una con del della di ho grazie questo questa come anche ma più gli nel alla mi "
    "ti si lo perché hai sei molto dei delle ci da io",
    "de": "der die das und ist nicht ich ein eine mit auf für es zu sie wir danke bei auch wie den dem von aber "
    "hat habe im sehr nur noch du mich kann wird",
    "fr": "le les des est et pas je une pour que dans ce merci il vous nous sur avec mais plus du au j'ai c'est "
    "qui très ne suis cette ça mon",
    "es": "el los las y es que no una por con para del gracias lo como pero más muy está mi se al su esto qué "
    "tengo hay yo te este son también",
}


@cache
def telling_words() -> Mapping[str, tuple[str, ...]]:
    """The languages that a word tells of; words of several count for each."""
    found: dict[str, tuple[str, ...]] = {}
    for language, words in _TELLING.items():
        for word in words.split():
            found[word] = (*found.get(word, ()), language)
    return found


def lexicon(
    language: str, values: Mapping[str, float], *, emoji: Mapping[str, str], english: Mapping[str, float]
) -> Lexicon:
    """The lexicon of one of LANGUAGES, of a list of words, without those of the domain.

    What an emoji is called is English; elsewhere it is a word of its own, worth as much as `english` says of that.
    """
    values = {word: value for word, value in values.items() if word not in DOMAIN_WORDS[language]}
    if language != "en":
        for sign, called in emoji.items():
            value = sum(english.get(word, 0.0) for word in called.split())
            if value:
                values[sign] = value
        emoji = dict(zip(emoji, emoji, strict=True))
    boosters = dict.fromkeys(_BOOSTERS[language].split(), BOOST)
    boosters |= dict.fromkeys(_DAMPENERS[language], -BOOST)
    return Lexicon(
        values,
        boosters,
        frozenset(_NEGATIONS[language].split()),
        frozenset(_TURNS[language].split()),
        _IDIOMS.get(language, {}),
        emoji,
    )
