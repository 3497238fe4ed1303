"""Kinds of messages: what each is about, the values that its template may name, and the words it begins with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from services.ingest.messages.domain.alert_words import CALLED

#: What every template may name, whatever it is about.
ALWAYS: Final[Mapping[str, str]] = {"name": "Ada", "community": "Acme's users", "link": "https://example.org/me"}
#: Languages that there are words for before a community writes its own.
LANGUAGES: Final = ("en", "it")


class Channel(StrEnum):
    """By which way a message goes: to a person by mail, or into a room of the community's chat."""

    MAIL = "mail"
    SLACK = "slack"
    DISCORD = "discord"


ROOMS: Final = (Channel.SLACK, Channel.DISCORD)


@dataclass(frozen=True)
class Words:
    """A template: one line, and a text in Markdown; both may name the values of its kind."""

    subject: str
    body: str


@dataclass(frozen=True)
class Kind:
    """A kind of message. `values` are those that a template may name, with an example of each.

    One that `is_service` tells somebody what they asked for: no wish and no quiet hour holds it back. One
    `to_recipients` goes to who is no member yet, and by itself. `room` is
    what a room of a chat is told, by language; what has none concerns one person
    alone. `page` is where its link leads. `called` says by language what it may be about, for its title.
    """

    name: str
    title: str
    values: Mapping[str, str]
    words: Mapping[str, Words]
    room: Mapping[str, str] = field(default_factory=dict)
    is_service: bool = False
    to_recipients: bool = False
    page: str = "/me"
    called: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def _words(**by_language: tuple[str, str]) -> Mapping[str, Words]:
    return {language: Words(*both) for language, both in by_language.items()}


#: How a suggestion went on, as the end of a sentence about it.
_WENT_ON: Final = {
    "en": "{% if state == 'planned' %} is planned{% elif state == 'done' %} is done"
    "{% elif state == 'declined' %} will not be done{% elif state == 'joined' %} was joined to another like it"
    "{% else %} stands by itself again{% endif %}",
    "it": "{% if state == 'planned' %} è in programma{% elif state == 'done' %} è realizzata"
    "{% elif state == 'declined' %} non si farà{% elif state == 'joined' %} è stata unita a un'altra simile"
    "{% else %} sta di nuovo per conto suo{% endif %}",
}

_ALL: Final = (
    Kind(
        "badge",
        "A badge was given",
        {"title": "Ten accepted answers", "tier": "gold"},
        _words(
            en=(
                "{{ name }}, you have a new badge: {{ title }}",
                "Hello {{ name }},\n\n**{{ title }}**{% if tier %} ({{ tier }}){% endif %} is yours."
                "\n\n[See what you have]({{ link }})",
            ),
            it=(
                "{{ name }}, hai un nuovo badge: {{ title }}",
                "Ciao {{ name }},\n\n**{{ title }}**{% if tier %} ({{ tier }}){% endif %} è tuo."
                "\n\n[Guarda che cosa hai]({{ link }})",
            ),
        ),
        room={
            "en": "{{ name }} has a new badge: {{ title }}",
            "it": "{{ name }} ha un nuovo badge: {{ title }}",
        },
    ),
    Kind(
        "level",
        "A level was reached",
        {"title": "Regular"},
        _words(
            en=(
                "{{ name }}, you are {{ title }} now",
                "Hello {{ name }},\n\nyou have reached the level **{{ title }}**.\n\n"
                "[See what comes next]({{ link }})",
            ),
            it=(
                "{{ name }}, ora sei {{ title }}",
                "Ciao {{ name }},\n\nhai raggiunto il livello **{{ title }}**.\n\n"
                "[Guarda che cosa viene dopo]({{ link }})",
            ),
        ),
        room={"en": "{{ name }} is {{ title }} now", "it": "{{ name }} ora è {{ title }}"},
    ),
    Kind(
        "redemption",
        "A reward was confirmed or refunded, or could not be given",
        {"title": "Coffee mug", "state": "confirmed", "points": "500"},
        _words(
            en=(
                "{% if state == 'confirmed' %}Your reward: {{ title }}"
                "{% elif state == 'refunded' %}Points back for {{ title }}"
                "{% else %}{{ title }} could not be given{% endif %}",
                "Hello {{ name }},\n\n{% if state == 'confirmed' %}**{{ title }}** is yours"
                "{% if points != '0' %}, for {{ points }} points{% endif %}.{% elif state == 'refunded' %}"
                "{{ points }} of the points that **{{ title }}** cost are yours again.{% else %}we could not give "
                "you **{{ title }}**{% if points != '0' %}; your {{ points }} points are back{% endif %}."
                "{% endif %}\n\n[See your rewards]({{ link }})",
            ),
            it=(
                "{% if state == 'confirmed' %}Il tuo premio: {{ title }}"
                "{% elif state == 'refunded' %}Punti restituiti per {{ title }}"
                "{% else %}{{ title }} non si può dare{% endif %}",
                "Ciao {{ name }},\n\n{% if state == 'confirmed' %}hai ricevuto **{{ title }}**"
                "{% if points != '0' %} per {{ points }} punti{% endif %}.{% elif state == 'refunded' %}"
                "{{ points }} dei punti che **{{ title }}** era costato sono di nuovo tuoi.{% else %}non abbiamo "
                "potuto darti **{{ title }}**{% if points != '0' %}; i tuoi {{ points }} punti sono tornati"
                "{% endif %}.{% endif %}\n\n[Guarda i tuoi premi]({{ link }})",
            ),
        ),
        page="/me/rewards",
    ),
    Kind(
        "payout",
        "A payout was sent, or came back",
        {"amount": "€10.00", "state": "paid"},
        _words(
            en=(
                "{% if state == 'paid' %}{{ amount }} were paid out to you{% else %}A payout to you "
                "came back{% endif %}",
                "Hello {{ name }},\n\n{% if state == 'paid' %}**{{ amount }}** went to the account that "
                "you gave.{% else %}the bank did not take **{{ amount }}** for the account that you "
                "gave. Nothing is lost: look at your bank details.{% endif %}\n\n[See your payouts]({{ link }})",
            ),
            it=(
                "{% if state == 'paid' %}Ti sono stati pagati {{ amount }}{% else %}Un pagamento a te "
                "è tornato indietro{% endif %}",
                "Ciao {{ name }},\n\n{% if state == 'paid' %}**{{ amount }}** sono partiti verso il "
                "conto che hai indicato.{% else %}la banca non ha accettato **{{ amount }}** per il "
                "conto che hai indicato. Nulla è perduto: controlla i tuoi dati bancari.{% endif %}"
                "\n\n[Guarda i tuoi pagamenti]({{ link }})",
            ),
        ),
        page="/me/payouts",
    ),
    Kind(
        "points_expire",
        "Points of theirs expire soon",
        {"points": "120", "day": "2026-12-31"},
        _words(
            en=(
                "{{ points }} of your points can be used until {{ day }}",
                "Hello {{ name }},\n\n**{{ points }} points** of yours expire when {{ day }} ends. What you "
                "choose before then is yours.\n\n[See what you can have]({{ link }})",
            ),
            it=(
                "{{ points }} dei tuoi punti valgono fino al {{ day }}",
                "Ciao {{ name }},\n\n**{{ points }} punti** tuoi scadono alla fine del {{ day }}. Ciò che scegli "
                "prima è tuo.\n\n[Guarda che cosa puoi avere]({{ link }})",
            ),
        ),
        page="/me/rewards",
    ),
    Kind(
        "restated",
        "Their points changed since the programme was applied to the past",
        {"points": "+12", "reason": "Answers gave too few points", "version": "3"},
        _words(
            en=(
                "Your points changed by {{ points }}",
                "Hello {{ name }},\n\nversion {{ version }} of the programme was applied to the past: "
                "**{{ points }}** for you. Why: {{ reason }}\n\n[See what changed]({{ link }})",
            ),
            it=(
                "I tuoi punti sono cambiati di {{ points }}",
                "Ciao {{ name }},\n\nla versione {{ version }} del programma è stata applicata al passato: "
                "**{{ points }}** per te. Perché: {{ reason }}\n\n[Guarda che cosa è cambiato]({{ link }})",
            ),
        ),
    ),
    Kind(
        "wallet_low",
        "A wallet of theirs is low",
        {"title": "Spring campaign", "amount": "95.00 EUR"},
        _words(
            en=(
                "{{ title }}: {{ amount }} left",
                "Hello {{ name }},\n\nthe wallet **{{ title }}** has {{ amount }} left, which is less than you "
                "wanted to be told of.\n\n[See the wallets]({{ link }})",
            ),
            it=(
                "{{ title }}: restano {{ amount }}",
                "Ciao {{ name }},\n\nnel portafoglio **{{ title }}** restano {{ amount }}, meno della soglia "
                "sotto cui volevi essere avvisato.\n\n[Guarda i portafogli]({{ link }})",
            ),
        ),
        page="/wallets",
    ),
    Kind(
        "payout_run_prepared",
        "A payout run is ready for them to approve",
        {"payouts": "12", "amount": "340.00 EUR", "day": "2026-01-28"},
        _words(
            en=(
                "A payout run is ready: {{ amount }}",
                "Hello {{ name }},\n\nthe payout run of {{ day }} is computed: {{ payouts }} payouts of "
                "**{{ amount }}** together. Nothing is paid before somebody approves it.\n\n"
                "[Look at the payout runs]({{ link }})",
            ),
            it=(
                "Una serie di pagamenti è pronta: {{ amount }}",
                "Ciao {{ name }},\n\nla serie di pagamenti del {{ day }} è calcolata: {{ payouts }} pagamenti per "
                "**{{ amount }}** in tutto. Nulla si paga prima che qualcuno la approvi.\n\n"
                "[Guarda le serie di pagamenti]({{ link }})",
            ),
        ),
        page="/payout-runs",
    ),
    Kind(
        "nudge_welcome",
        "A nudge: welcome",
        {"title": "Welcome", "topic": "Tailstock"},
        _words(
            en=(
                "Welcome, {{ name }}",
                "Hello {{ name }},\n\ngood that you are in {{ community }}. Whatever you ask or answer there, "
                "somebody reads it.\n\n[See where to begin]({{ link }})",
            ),
            it=(
                "Benvenuto, {{ name }}",
                "Ciao {{ name }},\n\nbello averti in {{ community }}. Qualunque cosa tu chieda o risponda, "
                "qualcuno la legge.\n\n[Guarda da dove cominciare]({{ link }})",
            ),
        ),
        page="/me/nudges",
    ),
    Kind(
        "nudge_answered",
        "A nudge: somebody answered them",
        {"title": "Your question was answered", "topic": "Tailstock"},
        _words(
            en=(
                "{{ name }}, somebody answered you",
                "Hello {{ name }},\n\nsomebody answered what you wrote{% if topic %} about **{{ topic }}**"
                "{% endif %}. Did it help? Say so there.\n\n[Why you get this]({{ link }})",
            ),
            it=(
                "{{ name }}, qualcuno ti ha risposto",
                "Ciao {{ name }},\n\nqualcuno ha risposto a ciò che hai scritto{% if topic %} su **{{ topic }}**"
                "{% endif %}. Ti è stato utile? Dillo lì.\n\n[Perché ricevi questo messaggio]({{ link }})",
            ),
        ),
        page="/me/nudges",
    ),
    Kind(
        "nudge_streak",
        "A nudge: their streak ends today",
        {"title": "Here every day", "number": "12"},
        _words(
            en=(
                "{{ title }}: {{ number }} in a row, until tonight",
                "Hello {{ name }},\n\n**{{ title }}** stands at {{ number }} in a row, and ends today unless you "
                "do something for it.\n\n[See your streaks]({{ link }})",
            ),
            it=(
                "{{ title }}: {{ number }} di fila, fino a stasera",
                "Ciao {{ name }},\n\n**{{ title }}** è a {{ number }} di fila, e finisce oggi se non fai "
                "qualcosa.\n\n[Guarda le tue serie]({{ link }})",
            ),
        ),
    ),
    Kind(
        "nudge_waiting",
        "A nudge: somebody waits for an answer that they could give",
        {"title": "Somebody waits", "topic": "Tailstock"},
        _words(
            en=(
                "{{ name }}, somebody waits for an answer",
                "Hello {{ name }},\n\na question{% if topic %} about **{{ topic }}**{% endif %} has no answer, "
                "and you have answered such before.\n\n[Why you get this]({{ link }})",
            ),
            it=(
                "{{ name }}, qualcuno aspetta una risposta",
                "Ciao {{ name }},\n\nuna domanda{% if topic %} su **{{ topic }}**{% endif %} non ha ancora "
                "risposta, e tu ne hai già date di simili.\n\n[Perché ricevi questo messaggio]({{ link }})",
            ),
        ),
        page="/me/nudges",
    ),
    Kind(
        "nudge_thanks",
        "A nudge: a thank-you",
        {"title": "100 answers", "number": "100", "topic": "Tailstock"},
        _words(
            en=(
                "Thank you, {{ name }}",
                "Hello {{ name }},\n\n**{{ title }}**: thank you for what you do for {{ community }}.\n\n"
                "[See what you have]({{ link }})",
            ),
            it=(
                "Grazie, {{ name }}",
                "Ciao {{ name }},\n\n**{{ title }}**: grazie per ciò che fai per {{ community }}.\n\n"
                "[Guarda che cosa hai]({{ link }})",
            ),
        ),
    ),
    Kind(
        "survey",
        "A survey asks something",
        {"question": "How likely are you to recommend us?"},
        _words(
            en=(
                "{{ name }}, a question from {{ community }}",
                "Hello {{ name }},\n\n**{{ question }}**\n\n[Answer it]({{ link }})\n\n"
                "Nobody has to sign in for that. The link is yours alone: do not pass it on.",
            ),
            it=(
                "{{ name }}, una domanda da {{ community }}",
                "Ciao {{ name }},\n\n**{{ question }}**\n\n[Rispondi]({{ link }})\n\n"
                "Non serve accedere. Il link è solo tuo: non inoltrarlo.",
            ),
        ),
        page="/me/surveys",
    ),
    Kind(
        "goal",
        "A goal was reached or missed, or will be missed",
        {"title": "Mentions", "state": "off_pace", "actual": "30", "target": "120", "forecast": "90"},
        _words(
            en=(
                "{% if state == 'met' %}Reached: {{ title }}{% elif state == 'missed' %}Missed: {{ title }}"
                "{% elif state == 'off_pace' %}Off pace: {{ title }}{% else %}No longer off pace: {{ title "
                "}}{% endif %}",
                "Hello {{ name }},\n\n{% if state == 'met' %}**{{ title }}** has reached its target: {{ actual }} "
                "of {{ target }}.{% elif state == 'missed' %}**{{ title }}** ended at {{ actual }} of "
                "{{ target }}.{% elif state == 'off_pace' %}**{{ title }}** stands at {{ actual }} of {{ "
                "target }}, and "
                "ends at about {{ forecast }} if nothing changes.{% else %}**{{ title }}** stands at {{ "
                "actual }} of "
                "{{ target }}: its target is within reach again.{% endif %}\n\n[See what serves it]({{ link }})",
            ),
            it=(
                "{% if state == 'met' %}Raggiunto: {{ title }}{% elif state == 'missed' %}Mancato: {{ title }}"
                "{% elif state == 'off_pace' %}In ritardo: {{ title }}{% else %}Non più in ritardo: {{ "
                "title }}{% endif %}",
                "Ciao {{ name }},\n\n{% if state == 'met' %}**{{ title }}** ha raggiunto il traguardo: "
                "{{ actual }} su {{ target }}.{% elif state == 'missed' %}**{{ title }}** si è chiuso a "
                "{{ actual }} su {{ target }}.{% elif state == 'off_pace' %}**{{ title }}** è a {{ actual }} su "
                "{{ target }}, e finirà a circa {{ forecast }} se nulla cambia.{% else %}**{{ title }}** è a "
                "{{ actual }} su {{ target }}: il traguardo è di nuovo raggiungibile.{% endif %}\n\n"
                "[Guarda che cosa vi contribuisce]({{ link }})",
            ),
        ),
        page="/goals",
    ),
    Kind(
        "alert",
        "Something of the community needs somebody, or does no more",
        {
            "title": "Questions answered within 24 hours",
            "alert": "indicator_red",
            "state": "raised",
            "count": "3",
        },
        _words(
            en=(
                "{% if state == 'cleared' %}No longer: {% endif %}{% if alert == 'indicator_red' %}red: "
                "{% endif %}{{ title }}",
                "Hello {{ name }},\n\n{% if alert == 'indicator_red' %}{% if state == 'cleared' %}an "
                "indicator of the "
                "scorecard of {{ community }} does not miss what is aimed at any more{% else %}an "
                "indicator of the "
                "scorecard of {{ community }} misses what is aimed at, for certain{% endif %}: **{{ title }}**."
                "{% elif state == 'cleared' %}in the lineage of {{ community }} all lead to what caused them "
                "again: **{{ title }}** are none any more.{% else %}in the lineage of {{ community }} there is "
                "something that leads nowhere: **{{ title }}**, {{ count }}. Nothing is paid by that, but "
                "nobody can "
                "explain it: tell whoever runs Plaudit.{% endif %}\n\n[See what is so]({{ link }})",
            ),
            it=(
                "{% if state == 'cleared' %}Non più: {% endif %}{% if alert == 'indicator_red' %}in rosso: "
                "{% endif %}{{ title }}",
                "Ciao {{ name }},\n\n{% if alert == 'indicator_red' %}{% if state == 'cleared' %}un "
                "indicatore della "
                "scheda di {{ community }} non manca più ciò a cui mira{% else %}un indicatore della scheda di "
                "{{ community }} manca di sicuro ciò a cui mira{% endif %}: **{{ title }}**."
                "{% elif state == 'cleared' %}nella storia di {{ community }} tutto porta di nuovo a ciò che l'ha "
                "causato. Non ce ne sono più: **{{ title }}**.{% else %}nella storia di {{ community }} "
                "qualcosa non "
                "porta da nessuna parte: **{{ title }}**, {{ count }}. Non si paga nulla per questo, ma "
                "nessuno sa "
                "spiegarlo: dillo a chi gestisce Plaudit.{% endif %}\n\n[Guarda che cosa c'è]({{ link }})",
            ),
        ),
        page="/alerts",
        called=CALLED,
    ),
    Kind(
        "digest",
        "The week of the community, for who looks after it",
        {
            "active": "86",
            "before": "79",
            "newcomers": "5",
            "off": "1",
            "questions": "3",
            "reports": "",
            "todo": "answers",
        },
        _words(
            en=(
                "{{ community }}: the week",
                "Hello {{ name }},\n\nActive members: **{{ active }}** ({{ before }} in the week before). "
                "New members: **{{ newcomers }}**.{% if off %}\n\nGoals off pace: **{{ off }}**.{% endif %}"
                "{% if questions %}\n\nQuestions that have waited for more than a day: **{{ questions }}**."
                "{% endif %}{% if reports %}\n\nReports that are due: **{{ reports }}**.{% endif %}\n\n"
                "One thing to do: {% if todo == 'reports' %}decide the reports that are due."
                "{% elif todo == 'answers' %}answer who waits longest.{% elif todo == 'goals' %}look at the goal "
                "that is off pace.{% elif todo == 'practice' %}see which practice needs care."
                "{% else %}nothing waits. Thank somebody.{% endif %}\n\n[The week in full]({{ link }})",
            ),
            it=(
                "{{ community }}: la settimana",
                "Ciao {{ name }},\n\nMembri attivi: **{{ active }}** ({{ before }} la settimana prima). "
                "Nuovi membri: **{{ newcomers }}**."
                "{% if off %}\n\nObiettivi fuori passo: **{{ off }}**.{% endif %}"
                "{% if questions %}\n\nDomande che aspettano da più di un giorno: **{{ questions }}**."
                "{% endif %}{% if reports %}\n\nSegnalazioni in scadenza: **{{ reports }}**.{% endif %}\n\n"
                "Una cosa da fare: {% if todo == 'reports' %}decidere le segnalazioni in scadenza."
                "{% elif todo == 'answers' %}rispondere a chi aspetta da più tempo.{% elif todo == 'goals' %}"
                "guardare l'obiettivo fuori passo.{% elif todo == 'practice' %}vedere quale pratica ha bisogno di "
                "cura.{% else %}nulla aspetta. Ringraziare qualcuno.{% endif %}\n\n"
                "[La settimana per intero]({{ link }})",
            ),
        ),
        page="/digests",
    ),
    Kind(
        "decision",
        "Something decided on a figure is to be looked at again",
        {"seen_on": "2026-01-31", "review_on": "2026-02-28"},
        _words(
            en=(
                "Time to look at what you decided again",
                "Hello {{ name }},\n\non {{ seen_on }} something was decided on a figure of {{ community }}, to "
                "be looked at again on {{ review_on }}. Did it do what it should? Say whether you keep it, change "
                "it or drop it.\n\n[See the decision and the figure]({{ link }})",
            ),
            it=(
                "È ora di rivedere una decisione",
                "Ciao {{ name }},\n\nil {{ seen_on }} si è deciso qualcosa su una cifra di {{ community }}, da "
                "rivedere il {{ review_on }}. Ha fatto ciò che doveva? Di' se la mantieni, la cambi o la lasci "
                "cadere.\n\n[Guarda la decisione e la cifra]({{ link }})",
            ),
        ),
        page="/decisions?due=true",
    ),
    Kind(
        "offer",
        "Something is theirs, and a link has it",
        {"title": "Thank you for the spring meetup"},
        _words(
            en=(
                "{{ community }} has something for you: {{ title }}",
                "Hello,\n\n**{{ title }}**: {{ community }} has something for you.\n\n[Take it]({{ link }})\n\n"
                "The link is yours alone, and works for a while: do not pass it on.",
            ),
            it=(
                "{{ community }} ha qualcosa per te: {{ title }}",
                "Ciao,\n\n**{{ title }}**: {{ community }} ha qualcosa per te.\n\n[Prendilo]({{ link }})\n\n"
                "Il link è solo tuo e vale per un po': non inoltrarlo.",
            ),
        ),
        to_recipients=True,
        page="",
    ),
    Kind(
        "idea",
        "A suggestion of theirs, or that they voted for, went on",
        {"state": "planned", "note": "It comes with the next version.", "own": "yes"},
        _words(
            en=(
                "News of {% if own %}what you suggested{% else %}what you voted for{% endif %}",
                "Hello {{ name }},\n\n{% if own %}what you suggested{% else %}what you voted for{% endif %} in"
                " {{ community }}" + _WENT_ON["en"] + ".\n\n{% if note %}> {{ note }}\n\n{% endif %}"
                "[See it]({{ link }})",
            ),
            it=(
                "Novità su {% if own %}ciò che hai proposto{% else %}ciò che hai votato{% endif %}",
                "Ciao {{ name }},\n\n{% if own %}la tua proposta{% else %}una proposta che hai votato{% endif %}"
                " in {{ community }}" + _WENT_ON["it"] + ".\n\n{% if note %}> {{ note }}\n\n{% endif %}"
                "[Guardala]({{ link }})",
            ),
        ),
        page="/me/ideas",
    ),
    Kind(
        "nomination",
        "They are nominated, or were chosen",
        {"title": "Helper of the year", "state": "nominated"},
        _words(
            en=(
                "{{ title }}: {% if state == 'won' %}you were chosen{% else %}you are nominated{% endif %}",
                "Hello {{ name }},\n\n{% if state == 'won' %}the members of {{ community }} chose you: "
                "**{{ title }}**.{% else %}somebody nominated you for **{{ title }}**. You can say whether you "
                "stand.{% endif %}\n\n[See it]({{ link }})",
            ),
            it=(
                "{{ title }}: {% if state == 'won' %}hanno scelto te{% else %}hai una candidatura{% endif %}",
                "Ciao {{ name }},\n\n{% if state == 'won' %}i membri di {{ community }} hanno scelto te: "
                "**{{ title }}**.{% else %}qualcuno ti ha proposto per **{{ title }}**. Puoi dire se accetti."
                "{% endif %}\n\n[Guarda]({{ link }})",
            ),
        ),
        page="/me/nominations",
    ),
    Kind(
        "address",
        "Whether an address is theirs",
        {},
        _words(
            en=(
                "Is this address yours, {{ name }}?",
                "Hello {{ name }},\n\nsomebody gave this address for {{ community }}. If that was you, say so "
                "here; otherwise do nothing, and we write no more.\n\n[Yes, it is mine]({{ link }})",
            ),
            it=(
                "Questo indirizzo è tuo, {{ name }}?",
                "Ciao {{ name }},\n\nqualcuno ha indicato questo indirizzo per {{ community }}. Se sei stato tu, "
                "confermalo qui; altrimenti non fare nulla e non scriveremo più.\n\n[Sì, è mio]({{ link }})",
            ),
        ),
        is_service=True,
        page="",
    ),
)
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _ALL}
#: Those that a community may turn on; the others go by themselves.
CHOSEN: Final = tuple(kind.name for kind in _ALL if not (kind.is_service or kind.to_recipients))


def words_of(kind: Kind, language: str) -> Words:
    """What a kind says before anybody wrote otherwise, in the language or, where there is none, in English."""
    return kind.words.get(language.partition("-")[0], kind.words["en"])
