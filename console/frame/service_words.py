"""What services say of one case, in other languages: sentences are known by their shape, with the values in them.

A service says in English what was wrong this time. Here are the sentences that people meet on pages, with a place
for each value; the catalogues have them in the other languages. What is none of them stays as the service said it.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from console.frame.programme_words import NOUNS, PROGRAMME_SENTENCES

#: Longer texts are none of these, and cost time to compare.
SAID_MAX_CHARS: Final = 2_000
#: A place with another of these sentences, and those with a word that catalogues may know.
_SENTENCE, _WORDS = "why", ("state", "states", "within", "unit", "when", "by", "noun")
#: What some places hold; others hold anything.
_HOLDS: Final = {
    "state": r"[\w-]+",
    "count": r"[\d,.]+",
    "unit": "points?|awards?",
    "when": r"ever|in the campaign|an? \w+",
    "noun": "|".join(NOUNS),
}
#: How deep sentences stand in sentences.
_DEPTH_MAX_COUNT: Final = 3
_PLACE = re.compile(r"\{(\w+)\}|…")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: Words that some places hold.
WORDS: Final = (
    _("point"),
    _("points"),
    _("award"),
    _("awards"),
    _("ever"),
    _("in the campaign"),
    _("an hour"),
    _("a day"),
    _("a week"),
    _("a month"),
    _("person"),
    _("object"),
    _("person and object"),
    _("day"),
    _("week"),
    _("month"),
)
#: With {places}; of `…` nothing is said again. The first that fits counts.
SENTENCES: Final = (
    _("what happened is not said: {value}"),
    _("no mapping is for {value}"),
    _("nothing in it counts"),
    _("its bytes are not kept any more: the community keeps as many as it may"),
    _("Nothing was done"),
    _("Nothing was done: {why}"),
    _("{why}. Nothing was done"),
    _("{why}; nothing was done"),
    _("{why}; nothing was reserved"),
    _("{why}; nothing was changed"),
    _("Nothing was changed: {why}"),
    _("Nothing was kept: {why}"),
    _("Nothing was changed; see errors"),
    _("Nothing was done; see errors"),
    _("Nothing was taken; see errors"),
    _("See errors for what to change"),
    _("Line {line}: {why}. Nothing was taken in"),
    _("Line {line}: {why}; {count} more lines have faults. Nothing was taken in"),
    _("Nothing of the file counts: {why}"),
    _("Value error, {why}"),
    _("Line {line}: {why}"),
    _("Payout {payout}: {why}"),
    _("Field required"),
    _("Input should be a valid string"),
    _("Input should be a valid number"),
    _("Input should be a valid number, unable to parse string as a number"),
    _("Input should be a valid integer"),
    _("Input should be a valid integer, unable to parse string as an integer"),
    _("Input should be a valid integer, got a number with a fractional part"),
    _("Input should be a valid boolean"),
    _("Input should be a valid boolean, unable to interpret input"),
    _("Input should be a valid list"),
    _("Input should be a valid dictionary"),
    _("Input should be a valid dictionary or object to extract fields from"),
    _("Input should be an object"),
    _("Input should be a valid datetime…"),
    _("Input should be a valid date…"),
    _("Input should have timezone info"),
    _("Input should be a valid UUID…"),
    _("Input should be a valid URL…"),
    _("Input should be greater than or equal to {least}"),
    _("Input should be greater than {bound}"),
    _("Input should be less than or equal to {most}"),
    _("Input should be less than {bound}"),
    _("Input should be {choices}"),
    _("String should have at least {least} character"),
    _("String should have at least {least} characters"),
    _("String should have at most {most} character"),
    _("String should have at most {most} characters"),
    _("String should match pattern '{pattern}'"),
    _("List should have at least {least} item after validation, not {count}"),
    _("List should have at least {least} items after validation, not {count}"),
    _("List should have at most {most} item after validation, not {count}"),
    _("List should have at most {most} items after validation, not {count}"),
    _("Extra inputs are not permitted"),
    _("did you mean `{name}`?"),
    _("known are {names}"),
    _("it takes none"),
    _("There is no channel `{channel}`; {why}"),
    _("Is what software writes where it knows no id, and nobody's: `{id}`"),
    _("should be a URI, such as https://forum.example.org: no blanks, nothing invisible"),
    _("should be a URI with nothing invisible in it"),
    _("should not be of the scheme {scheme}; there are {known}, and paths"),
    _("should not be of the scheme {scheme}"),
    _("the event has {bytes} bytes; one may have {most}"),
    _("They belong to {members}. Who is one person all the same is merged: …"),
    _("one member has {most} identities at most. Is it one person, or many who post by the account of a bridge?"),
    _("whoever had it wished to be forgotten. Who takes part again does so under another identity"),
    _("has two columns {name}"),
    _(
        "has a column '{name}', which is neither `name` nor a channel, as forum or code@git.example.org: "
        "an identity {why}"
    ),
    _("has a first line that names no channel, such as forum: name,forum,chat"),
    _("has {cells} cells where the first line names {columns} columns"),
    _("names nobody: each cell of a channel is empty"),
    _("cannot be read beyond line {line}: {error}"),
    _("is written as channel:id, such as forum:ada"),
    _("has a {sign} that stands for nothing: write {code} for the sign itself"),
    _("begins with a channel, such as forum, and a colon"),
    _("has no host between @ and its colon: that is a name such as git.example.org"),
    _("has no id behind its colon that somebody could have"),
    _("A member is named by an id, or by an identity such as forum:ada"),
    _("An identity {why}"),
    _("This needs '{scope}'; the token has …"),
    _("This needs '{scope}'; the key has …"),
    _("You are that member: another person must do that. …"),
    _("A part behind this service does not answer; nothing was changed. Try the same request again"),
    _("An error of this service, which its log explains; nothing was changed"),
    _("{missing} points are missing"),
    _("One person may have {count} of it in all, and this one has them"),
    _("One person may have {count} of it within {days} days, and this one has them"),
    _("Rewards are open to members with the level {level}, which this one does not have"),
    _("It takes the level '{level}', which the member does not have"),
    _("It is for '{audience}', and the member is not in that audience"),
    _("All '{reward}' are redeemed or given"),
    _("The community pays no more of it for now"),
    _("It costs {points} points by now, not {asked}"),
    _("{points} points are reserved for it"),
    _("It is {state} and stays so; make a new redemption"),
    _("As many people claimed it as could"),
    _("Its time is over"),
    _("Whoever made it revoked it"),
    _("It ends within {days} days from now"),
    _("It ends after it starts, and within {days} days from now"),
    _("{count} are open; revoke those that nobody needs"),
    _("{count} are under way; cancel drafts that nobody needs"),
    _("{amount} {currency} are missing in the wallet '{wallet}'"),
    _("You proposed it: somebody else must confirm it"),
    _("you proposed it: somebody else must confirm it"),
    _("You proposed this outcome: somebody else must confirm it"),
    _("{name} proposed it: somebody else must approve it"),
    _("You made it, or nobody knows who you are: another person approves it"),
    _("Whoever said what became of it does not confirm it"),
    _("Who proposed it may not do so any more: {reason}; withdraw it"),
    _("{count} wait already: have another person approve or withdraw some"),
    _("{count} wait already: have some approved or declined first"),
    _("{count} wait for another person already: have some of them decided"),
    _("A community has at most {most} wallets"),
    _("Only a wallet for a campaign names one"),
    _("The wallet '{wallet}' is frozen already"),
    _("The wallet '{wallet}' is not frozen"),
    _("The wallet '{wallet}' is closed and stays so"),
    _("The wallet '{wallet}' holds {currency}, and allots nothing else"),
    _("A tree of wallets is at most {most} deep"),
    _("{amount} cannot be moved of {there} that are there"),
    _("It is {state} already"),
    _("it is {state}"),
    _("It is {state}"),
    _("It goes to another wallet of the community"),
    _("Wallets of different trees give one another nothing: withdraw it, and fund the other"),
    _("Payouts are money: a wallet of points pays none"),
    _("Say what one redemption costs in money: unit_cost"),
    _("In points a redemption takes what it costs the member: leave out unit_cost"),
    _("{reserved} {currency} of it are set aside: they are spent or freed first"),
    _("Close first what it allots to: {names}"),
    _("{month} is not over yet"),
    _("{month} is not added up yet: propose to close it again"),
    _("{month} is {state}: that is decided first"),
    _("What {month} was closed with is not in it, as after a restore: have it opened and closed again"),
    _("{month} is the newest month that is closed, so {next} comes next"),
    _("{later} comes after it and is {state}: it is opened first"),
    _("What began before is still being booked, and nothing more gets into the month: send it again in a moment"),
    _("A line has an amount of 0: leave it out"),
    _("There is no such transfer for it to correct"),
    _("The lines in {currency} sum to {total}, and not to 0"),
    _("{month} was handed to finance by export {count}: leave the month out to book it now"),
    _("{later}, which comes after {month}, is {state}: leave the month out to book it now"),
    _("{account} in {currency} stands in two lines: write one"),
    _("The run is {state}; this needs one that is {states}"),
    _("None of this run's payouts can be paid any more; each says why"),
    _("No payout of this run is reserved, so there is nothing to pay"),
    _("It is {seal}: look at the run again. Nothing was approved"),
    _("The programme in force has no `rewards.payout`: publish a version that says what points are worth"),
    _("The outcome is {state} and stays so; propose another"),
    _("The line is {state}, so nobody has to look at it"),
    _("The line is no booking"),
    _("The line is of a whole order, not of one payment: set it aside"),
    _("they would end on {last}, before they begin"),
    _("nothing was exported yet: say from which day on"),
    _("{last} is not over: the last day that is, is {over}"),
    _("a journal is of 1 to {most} days, and these are {count}"),
    _("the bank {bic} is in {country}, which is outside of SEPA as of {day}; no payout gets there"),
    _("{iban} is in {country}, which is outside of SEPA as of {day}; no payout gets there"),
    _("payouts in {currency} are between accounts in {countries}; this one is in {country}"),
    _("no IBAN begins with {country}, as {iban} does; is a letter wrong?"),
    _("an IBAN of {country} has {length} characters; {iban} has {count}"),
    _("the check digits of the IBAN {iban} do not fit; is a digit wrong?"),
    _("{iban} is not built as an IBAN of {country} is; is a letter or a digit wrong?"),
    _("the BIC {bic} names the country {country}, which is none that payouts go to"),
    _("after {clearing} come {count} digits, the {member}, in {account}"),
    _("the check digit of the {member} in {account} does not fit; is a digit wrong?"),
    _("the account number in {account}, after the {member}, has {built}"),
    _("with a QR-IBAN goes a QR reference, 27 digits"),
    _("the check digit of the QR reference does not fit; is a digit wrong?"),
    _("a QR reference goes with a QR-IBAN alone, whose fifth to ninth characters are 30000 to 31999"),
    _("a reference is RF, two digits and up to 21 letters and digits; with a QR-IBAN, 27 digits"),
    _("the check digits of the reference do not fit; is a letter or a digit wrong?"),
    _("a QR-IBAN takes payments of QR bills, in CHF; payouts in {currency} do not get there"),
    _("paid in {chosen}, and not in {currency}"),
    _("The programme in force pays in {currencies}, and not in {currency}: `rewards.payout.also`"),
    _(
        "{bic} is not built as a BIC is: 4 characters for the bank, 2 letters for the country, 2 for the "
        "place, and 3 for the branch or none, such as COBADEFFXXX"
    ),
    _("there is no {what} here: nothing is left without blanks and what nobody sees"),
    _("{shown} has a character that no {what} has, {name}; letters A to Z and digits alone"),
    _("the bank {bic} is in {bank}, and the account {iban} in {country}"),
    _(
        "The bank {bic} is in {bank}, and the account {iban} in {country}. When it is meant so, send it "
        "again with …"
    ),
    _("They have {points} points, and nobody is taken more than they have"),
    _("The reason `{reason}` takes points: say how many as a number below 0"),
    _("The reason `{reason}` gives points: say how many, above 0"),
    _("Say how many points: 0 gives and takes nothing"),
    _(
        "One person may give and take {limit} points a {within}, added up; {left} are left. Another person "
        "may, or change `manual.limit` of the programme"
    ),
    _("{name} asked for it, by whatever key: another person must do that"),
    _(
        "You proposed this version, by whatever key or token: another person with the scope "
        "'programmes:approve' must approve it"
    ),
    _("You asked for it, by whatever key or token: another administrator must approve it"),
    _("Checking it took more than {seconds} s; write fewer conditions, or shorter ones"),
    _("Say in plain words what this version changes for members: `note`, of {most} characters at most"),
    _("It has {count}; publish or discard one: nothing here is deleted by itself"),
    _("A programme has at most {most} bytes"),
    _("It ended at {moment}"),
    _("you reported it: another person must do that"),
    _("You reported it: another person must do that"),
    _("You decided it the first time: another person must do that"),
    _("There are {limit}, and each is somebody's; take one back, or publish a higher limit"),
    _("They have {most} that are not spent yet: wait until one is"),
    _("{most} are in it already; join another team, or make one"),
    _("nobody has to join it: whatever is done counts"),
    _("it is done in teams: name one"),
    _("it is done alone, in no team"),
    _("{most} may be given in a month, and are; {why}"),
    _("Whoever has one of these levels may: {levels}"),
    _("Nothing was done. Whoever has one of these levels may: {levels}"),
    _("one votes in a round at most {most} times"),
    _("one may vote {most} times on a day, and did"),
    _("one votes for the same at most {most} times"),
    _("{most} may be suggested on a day, and are"),
    _("{most} have checked in, and no more may"),
    _("it takes the audience {audience}"),
    _("it would be over"),
    _("it lasts {most} days at most"),
    _("a number from {low} to {high}"),
    _("it asks for words"),
    _("it asks for a number"),
    _("It is no mail address"),
    _("It is one line"),
    _("It lies in the past: the key would never work"),
    _("it has {bytes} bytes; a logo may have {most}"),
    _("it is no PNG"),
    _("it is a broken PNG"),
    _("it moves; send one picture"),
    _("the first line names the columns, and one of them is {named}"),
    _("the columns are {columns}, each once, and no others"),
    _("it is no line of a table: a quote is not closed"),
    _("a table has {most} lines at most; send the rest as another"),
    _("it has {cells} cells, and the headings are {headings}"),
    _("there is nobody"),
    _("it has an email and a member: give one of both"),
    _("it has neither an email nor a member"),
    _("there is no code"),
    _("it is the code of line {line} again"),
    _("it is a code of another reward"),
    _("expires_on is a day such as 2030-12-31"),
    _("it cannot be used any more: expires_on is over"),
    _("No reward {reward} is on offer"),
    _("There is no member {member}"),
    _("The same person as on line {line}"),
    _("it closes after it opens"),
    _("there is any number of it; say a stock, or leave this out"),
    _("a voucher's stock are its codes; leave this out"),
    _("each begins in the future: the price of now is `points`"),
    _("two of them begin at one moment"),
    _("each language once"),
    _("by the member"),
    _("by the member; {points} points keep their room under limits"),
    _("a report of what it is about was upheld"),
    _("the member was suspended then"),
    _("{room} of {weight} points fit under its limits: {why}"),
    _("{count} {unit} {when}"),
    _("the first {count} {unit} {when}"),
    _("{count} {unit} for each {by} {when}"),
    _("{count} {unit} of all members together {when}"),
    _("what fits under limits is being worked out"),
    _("{given} of {room} points were left in the budget of the campaign “{campaign}”"),
    _("{given} of {room} points: the campaign “{campaign}” spent faster than planned"),
    _("{given} of {room} points: the campaign “{campaign}” was stopped"),
    _("the campaign “{campaign}” is from {starts} to {ends}; it was on {day}"),
    _("the books of the campaign “{campaign}” closed at {at}"),
    _("the campaign “{campaign}” leaves {percent} of 100 members out"),
    _("the rule gave something less than {minutes} minutes before"),
    _("{room} of {weight} points are taken: no total falls below {floor}"),
    _("{room} of {weight} points: each further one of its time is worth less"),
    _("nothing was known of `member.{name}`"),
    _("it is of the same amount"),
    _("it was ordered with the same amount"),
    _("the booking has the beginning of its EndToEndId"),
    _("the booking names its payee's account"),
    _("the booking has its payee's name"),
    _("the booking names its run"),
    _("it was booked {count} days after its file"),
    _("the bank has said nothing of it yet"),
    _("the event has no field {name}"),
    _("an event with this source and id was accepted before with other content"),
    _("whoever did it wished to be forgotten: nothing of theirs is taken"),
    _("is of events that Plaudit makes itself: those cannot be sent"),
    *PROGRAMME_SENTENCES,
)


def in_words(text: str, say: Callable[[str], str]) -> str | None:
    """A service's sentence as `say` translates it, with the values that are in it; None where it is not known."""
    if len(text) > SAID_MAX_CHARS:
        return None
    # Connectors' own sentences have no places, and stand in catalogues as they are.
    as_it_is = say(text)
    return as_it_is if as_it_is != text else _said(text, say, _DEPTH_MAX_COUNT)


def _said(text: str, say: Callable[[str], str], depth: int) -> str | None:
    for shape, sentence in _shapes():
        found = shape.fullmatch(text)
        if found is None:
            continue
        values: dict[str, str | None] = found.groupdict()
        if _SENTENCE in values:
            values[_SENTENCE] = _said(found[_SENTENCE], say, depth - 1) if depth else None
        values |= {name: say(value) for name, value in values.items() if name in _WORDS and value}
        if None not in values.values():
            return _filled(say(sentence), values)
    return None


def _filled(sentence: str, values: Mapping[str, str | None]) -> str:
    return _PLACE.sub(lambda place: values.get(place[1]) or "", sentence)


@cache
def _shapes() -> list[tuple[re.Pattern[str], str]]:
    return [(_shape(sentence), sentence) for sentence in SENTENCES]


def _shape(sentence: str) -> re.Pattern[str]:
    shape, end = "", 0
    for place in _PLACE.finditer(sentence):
        shape += re.escape(sentence[end : place.start()])
        shape += f"(?P<{place[1]}>{_HOLDS.get(place[1], '.+?')})" if place[1] else ".*"
        end = place.end()
    return re.compile(shape + re.escape(sentence[end:]), re.DOTALL)
