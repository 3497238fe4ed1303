"""Texts are judged as VADER's published answers say, with words of support talk taken out, in five languages."""

import pytest

from services.ingest.measuring.domain.measuring import Model, language_of
from services.ingest.measuring.domain.sentiment import sentiment
from services.ingest.measuring.domain.words import LANGUAGES
from services.ingest.measuring.handlers.lists import lexicon
from services.ingest.settings import read_words


def model_of(words: str) -> Model:
    return Model(read_words(words), lexicon)


@pytest.mark.parametrize(
    ("text", "compound"),
    [
        # The answers of vaderSentiment 3.3.2.
        ("VADER is smart, handsome, and funny.", 0.8316),
        ("VADER is smart, handsome, and funny!", 0.8439),
        ("VADER is very smart, handsome, and funny.", 0.8545),
        ("VADER is VERY SMART, handsome, and FUNNY.", 0.9227),
        ("VADER is VERY SMART, handsome, and FUNNY!!!", 0.9342),
        ("VADER is VERY SMART, uber handsome, and FRIGGIN FUNNY!!!", 0.9469),
        ("VADER is not smart, handsome, nor funny.", -0.7424),
        ("Catch utf-8 emoji such as \U0001f498 and \U0001f48b and \U0001f601", 0.8750),
        ("", 0.0),
        ("The book was good.", 0.4404),
        ("At least it isn't a horrible book.", 0.4310),
        ("The book was only kind of good.", 0.3832),
        (
            "The plot was good, but the characters are uncompelling and the dialog is not great.",
            -0.7042,
        ),
        ("Today SUX!", -0.5461),
        ("Today only kinda sux! But I'll get by, lol", 0.5249),
        ("Make sure you :) or :D today!", 0.8633),
        ("Not bad at all", 0.4310),
        ("Grazie mille, funziona benissimo!", 0.0),
        # With the words of support talk taken out.
        ("Thank you so much, this fixed my problem!", 0.4199),
        ("Kill the zombie process", 0.0),
        ("The server returned a 500 error.", 0.0),
        ("This does not work.", 0.0),
    ],
)
def test_english_is_judged_as_published(text: str, compound: float) -> None:
    assert sentiment(text, lexicon("en")) == pytest.approx(compound, abs=0.00005)


@pytest.mark.parametrize(
    ("text", "language", "tone"),
    [
        ("Grazie mille, questa è una risposta meravigliosa!", "it", "positive"),
        ("Non sono felice, questa è una risposta terribile.", "it", "negative"),
        ("Danke, das ist eine wunderbare Antwort und sehr gut.", "de", "positive"),
        ("Das ist nicht gut, ich habe es satt.", "de", "negative"),
        ("Merci, c'est une réponse merveilleuse pour nous !", "fr", "positive"),
        ("Je ne suis pas heureux, c'est une réponse terrible.", "fr", "negative"),
        ("Gracias, es una respuesta maravillosa para mi equipo.", "es", "positive"),
        ("No es una buena respuesta, es muy terrible.", "es", "negative"),
        ("The lathe is in the room with the door.", "en", "undecided"),
    ],
)
def test_each_language_is_known_and_judged(text: str, language: str, tone: str) -> None:
    measures = Model({}, lexicon).measure(text, None)
    assert (measures.get("language"), measures["tone"]) == (language, tone)


def test_what_nobody_knows_the_language_of_is_left_out_and_shown_as_such() -> None:
    for text, said in [("lathe 4711", None), ("Dzień dobry, bardzo dobrze", None), ("Dobrze!", "pl")]:
        measures = Model({}, lexicon).measure(text, said)
        assert (measures["tone"], "sentiment" in measures) == ("left_out", False)
        assert measures.get("language") == said
    assert language_of("the la le der") is None


def test_length_and_links_are_counted_whatever_the_language_and_links_and_code_say_nothing() -> None:
    text = "The door of it: https://evil.example.org/hate and `kill --terrible` (http://a.example.org/x)."
    measures = Model({}, lexicon).measure(text, "en-GB")
    assert (measures["length_chars"], measures["links_count"]) == (len(text), 2)
    assert (measures["language"], measures["tone"]) == ("en-GB", "undecided")


def test_words_of_the_operator_make_another_model() -> None:
    plain, own = model_of(""), model_of("wobbly=-2, horrible=0")
    assert plain.name == "lexicons-1"
    assert own.name.startswith("lexicons-1-")
    assert own.name == model_of("horrible=0,wobbly=-2").name
    assert plain.measure("it is wobbly", "en")["tone"] == "undecided"
    assert own.measure("it is wobbly", "en")["tone"] == "negative"
    assert own.measure("it is horrible", "en")["tone"] == "undecided"
    for wrong in ("wobbly", "wobbly=x", "wobbly=9", "a b=1"):
        with pytest.raises(ValueError, match=r"worth|float"):
            model_of(wrong)


def test_a_long_text_is_judged_by_its_beginning_and_counted_whole() -> None:
    text = "good " * 2_000
    measures = Model({}, lexicon).measure(text + "horrible " * 5_000, "en")
    assert (measures["length_chars"], measures["tone"]) == (55_000, "positive")


@pytest.mark.parametrize("language", LANGUAGES)
def test_lexicons_have_words_both_ways_and_each_once(language: str) -> None:
    values = lexicon(language).values.values()
    assert sum(value > 0 for value in values) > 700
    assert sum(value < 0 for value in values) > 700
