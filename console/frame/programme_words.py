"""What scoring says of a programme: the sentences for `service_words`, in the order in which they are tried."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What a sentence's place `noun` holds.
NOUNS: Final = (
    _("attribute"),
    _("audience"),
    _("badge"),
    _("board"),
    _("campaign"),
    _("category"),
    _("channel"),
    _("counter"),
    _("draw"),
    _("event type"),
    _("goal"),
    _("level"),
    _("limit"),
    _("milestone"),
    _("nudge"),
    _("quest"),
    _("reason"),
    _("reward"),
    _("rule"),
    _("score"),
    _("streak"),
    _("survey"),
    _("value"),
)
#: With {places}; of `…` nothing is said again.
PROGRAMME_SENTENCES: Final = (
    _("{why}; got {value}"),
    _("the field `{field}` is missing here"),
    _("there is no field `{field}` here; {why}"),
    _("there is no {noun} `{id}`; {why}"),
    _("there is no function `{name}`; {why}"),
    _("there is no function `{name}`; ask {example}, one that the programme declares"),
    _("there is no type `{name}`; {why}"),
    _("there is no variable `{name}`; a condition reads {example} (text is written in quotes)"),
    _("there is no `event.{name}`; {why}"),
    _("{types} has no field `data.{field}`; {why}"),
    _("the programme declares no attribute `{name}` with `for_rules: true`; {why}"),
    _(
        "`{member}` has the attributes that the programme declares under `attributes` with `for_rules: "
        "true`, and it declares none"
    ),
    _("{value} is not one of them; {why}"),
    _("{currency} is paid already"),
    _("the id `{id}` is used on line {line} already"),
    _("`{tag}` is no language tag such as {examples}"),
    _("expected a whole number, without quotes; got {value}"),
    _("expected text; put it in quotes; got {value}"),
    _("expected a list: one `- ` per line, or `[a, b]`; got {value}"),
    _("expected fields, one `name: value` per line; got {value}"),
    _("expected true or false; got {value}"),
    _("expected 1 to 63 lower-case letters, digits, `-` and `_`, starting with a letter or digit; got {value}"),
    _("expected text in one line, without control characters; got {value}"),
    _("expected text like {pattern}; got {value}"),
    _("input should be greater than or equal to {low}"),
    _("input should be greater than {low}"),
    _("input should be less than or equal to {high}"),
    _("input should be less than {high}"),
    _("input should be a valid number"),
    _("input should be a finite number"),
    _("input should be a valid date in the format YYYY-MM-DD, {error}"),
    _("input should be a valid date or datetime, {error}"),
    _("list should have at least {low} item after validation, not {count}"),
    _("list should have at least {low} items after validation, not {count}"),
    _("list should have at most {high} item after validation, not {count}"),
    _("list should have at most {high} items after validation, not {count}"),
    _("string should have at most {high} characters"),
    _("string should have at least {low} character"),
    _("string should have at least {low} characters"),
    _("it says of another event whether it counts; it cannot earn any itself"),
    _(
        "this can never be true for {types}, so the rule gives nothing: it asks for what such an event "
        "never has or never lacks, or for two things that exclude one another"
    ),
    _("the rule was last reviewed before {since}: see whether it still serves what it is for"),
    _(
        "the {count} conditions on {type} can take up to {steps} steps for one event, and may take "
        "{most} together; this one takes the most, {these}"
    ),
    _("the condition can take more than a million million steps for one event, and may take {most}; {why}"),
    _("the condition can take up to {steps} steps for one event, and may take {most}; {why}"),
    _("write a shorter one, or several rules"),
    _(
        "this regular expression is dear over up to {chars} characters: use `contains` or `startsWith`, "
        "begin it with ^, repeat less; …"
    ),
    _("this takes {milliseconds} ms for the largest event, and may take {most} ms; ask for less at once"),
    _("this can grow to {size}, and a value may have {most}; join and repeat less"),
    _("cannot be evaluated for {type}: {error}"),
    _("a condition must be true or false; this one gives {value}"),
    _("points must be a number; this one gives {value}"),
    _("not a CEL expression: extraneous input '{input}'"),
    _("not a CEL expression: {character} has no place in one"),
    _("not a CEL expression: {error}"),
    _(
        "the expression is nested too deeply; at most {most} brackets, members or branches may stand "
        "within one another"
    ),
    _("the expression ends too early; something is missing after this"),
    _("there are no messages such as `{name}`"),
    _("there are no optional values; ask with `has`"),
    _("{number} is more than a whole number can be"),
    _("{number} is more than a number can be"),
    _("`has` takes one field, as in {example}"),
    _("there is no escape `{escape}` in text; write {backslash} for a backslash, or {raw} around the text"),
    _("`{name}` is a word that CEL keeps for itself"),
    _("the text that begins here has no {quotes} at its end"),
    _("the line ends before the text does; {quotes} may go over several lines"),
    _("text cannot hold the character U+0000"),
    _("the regular expression closes a bracket that it did not open"),
    _("the regular expression does not close this bracket"),
    _("the regular expression does not close this class"),
    _(
        "the regular expression has {count} characters, and may have {most}; write several conditions "
        "with ||, or a list with `in`"
    ),
    _(
        "the regular expression is too large: with its repetitions written out it has more than {most} "
        "positions; use smaller numbers in {…}, or + and *"
    ),
    _("there is no `{sign}` in regular expressions here"),
    _("`matches` takes a regular expression that is written out in quotes, as in {example}"),
    _(
        "`matches` cannot stand in a loop: its regular expression would be made for every item. Write "
        "the alternatives into one, as in {example}"
    ),
    _("`{name}` is the member's: call the item otherwise"),
    _("`{name}` is not the loop's: call the item otherwise"),
    _("`{name}` is known once the programme has a section `quality`"),
    _("an audience reads `{member}` alone: attributes and its measures"),
    _("an audience counts by its own `measures`, read as `{measure}`"),
    _("this can take up to {steps} steps for one member, and all audiences together {most}"),
    _("the condition of a nudge reads the event alone, and this reads {names}; name an `audience`"),
    _("the conditions of nudges can take up to {steps} steps, and may take {most} together; write cheaper ones"),
    _("the rule `{rule}` is for several people, and a {noun} counts events for one; {why}"),
    _("the rule `{rule}` is for members of audiences, and a {noun} counts events by what they say; {why}"),
    _("name another rule"),
    _("go by another rule"),
    _("no rule is of the group `{group}`"),
    _("nobody is asked after this: name what a member did"),
    _("what good content gives is called `{quality}`: give the rule another id"),
    _("`days` is a window to count in; how long ago something was has none"),
    _("`topic` is what an `interest` is in, and nothing else"),
    _("an `interest` is in what members do, whatever it earns: it has no `rule`"),
    _("a board of all time has no end: leave out `prizes` and `freeze_after_days`"),
    _("two `prizes` of a board have one id"),
    _("the `prizes` are for more people than the board's `size`"),
    _("a board of an `audience` says who is in it, so it cannot be `public`"),
    _("a campaign `ends` on the day on which it `starts`, or later"),
    _("a campaign lasts 1,096 days at most"),
    _("`per_rule` names each rule once"),
    _("a goal with a `target` says by `metric` what it counts"),
    _("the metric `activities`, and no other, says by `on` which"),
    _("give `every`, or both `starts` and `ends`, and not all three"),
    _("a goal lasts from 1 to 366 days"),
    _("guidelines have either a `url` or a `text`"),
    _("`suspensions` go up by `from_upheld`, each once"),
    _("a list of words is for the category `{id}`, which is not among the `categories`"),
    _("`pair_per_month` is at most `per_month`: nobody gives more to one than to all"),
    _("levels count {count} different things, and may count {most}"),
    _("say one thing that is asked for: a `rule`, `known_minutes` or `unsuspended_days`"),
    _("only of a `rule` is counted, within days and up to numbers"),
    _("say how many: `at_least`, `at_most` or a `share`"),
    _("a `sum` is `of` a field of the event, and nothing else is"),
    _("a `share` is of what all did `within_days`: say how many"),
    _("a level is reached by `points`, by what it `requires`, or given `by_hand`"),
    _("only a level that `requires` something says how it is kept"),
    _("what is kept `always` needs no `grace_days`"),
    _("`opens` says one thing twice"),
    _("`{id}` stands above a level that is given by hand: who has that has all that there is"),
    _("`second_person_from` is above the limit of one person: then nothing would ever be approved"),
    _("a milestone is of a `rule`, of `points`, or of years `since`"),
    _("say `at` which numbers it is celebrated"),
    _("what is of all `together` counts events of a `rule`"),
    _("each number of `at` is above the one before"),
    _("an anniversary is of 150 years at most"),
    _("an anniversary has neither `points` nor is it of all `together`"),
    _("`on` and `when` are of kinds `answered` and `waiting`; of others name an `audience`"),
    _("`{field}` is of a nudge whose kind is `{kind}`"),
    _("a nudge whose kind is `{kind}` names a `{field}`"),
    _("`trusted` names nobody: then no judgement counts; name staff, audiences or days"),
    _("`score` says which, and `points` how many a content gives at most: say both"),
    _("say what it gives: `points`, a `reward` or a `ticket`"),
    _("two `steps` of a quest have one id"),
    _("two `steps` go by one rule: add up their `times`, or let them be `in_order`"),
    _("a quest `ends` on the day on which it `starts`, or later"),
    _("`count` says what is counted of a `rule`: name one"),
    _("a badge that is given `by_hand` asks for nothing else"),
    _("`when` says all that a badge asks for: leave out what is counted and from where"),
    _("a badge has a `measure` or counts a `rule`, not both"),
    _("say from where on it is held: `at_least`, `tiers` or `when`; or that it is `by_hand`"),
    _("a badge has `at_least` or `tiers`, not both"),
    _("two `tiers` of a badge have one id"),
    _("each of the `tiers` asks for more than the one before"),
    _("a badge that is `limited_to` so many has no `tiers`"),
    _("a badge with `tiers` says of each what it `gives`"),
    _("`weekdays` has a day twice"),
    _("`goal` is {goal}, and a period has {days} dates that may be due"),
    _("a limit has either `points` or `count` or `first`"),
    _("a limit is over either its `rules` or a `group` of rules"),
    _("`grace_count` says how often there is a grace; say `grace_minutes`, too"),
    _("`floor` says how far points are taken; this rule gives some"),
    _("`points_by` has a `floor` above `points`, which is the most that there can be"),
    _("`expire_days` is not after `pending_days`: the points would be gone unused"),
    _("`to` and `also` name each person once"),
    _("`split` divides points among several; this rule is for one"),
    _("each multiplier has an `id` of its own"),
    _("one rule gives to all, or takes from all; write two"),
    _("a rule gives points, or takes some (below 0)"),
    _("`hold_from_percent` is below `mark_from_percent`: what is held has to be in the list, too"),
    _("diminishing returns have either `percents` or a `factor`"),
    _("a criterion reads {readable}; it compares, reckons and combines them, and has nothing else"),
    _("this has {count} parts, and a criterion may have {most}: shorten it"),
    _("`{name}` is asked for one id in quotes: {example}"),
    _("`in` asks for an audience: {example}"),
    _("`{id}` is gone; write `retired: true` to take no more of it"),
    _("the channel `{channel}` is gone; people are known by it"),
    _("the channel `{channel}` compares addresses otherwise; people are known by it"),
    _(
        "events received since {moment} may have been scored already; leave the time out, or give one "
        "from {earliest} on"
    ),
    _("version {number} never takes effect: another one came in its place"),
    _("version {number} has taken effect, or does within {seconds} s; publish another version"),
    _("version {later} is to come after version {number}; withdraw it first"),
    _("no version is before version {number}; publish another that starts earlier"),
    _("version {number} says what version {before} says, so nothing would change"),
    _("version {number} was published at once: it took nobody else"),
    _("{why}, and a level counts events by what they say themselves of one member; name another rule"),
    _("no event of that rule has a field `{field}`; {why}"),
    _(
        "with this the conditions of surveys can take up to {steps} steps for one event, and may take "
        "{most} together; write a shorter one"
    ),
    _("more than {most} groups within one another"),
    _("more than {most} classes within one another"),
    _("of groups there are {groups}"),
    _("a repetition is {times} or {other}; write {sign} for a bracket"),
    _("the regular expression cannot be used: {error}"),
    _("it has to come to {wanted}: {error}"),
    _("{code} is no character"),
    _("{code} is a character; bytes have {codes}"),
    _("`{id}` is what an upheld report takes points by: give yours another id"),
    _("`manual` has a reason `{id}`, and so is a rule called: give it another id"),
    _("a label of `platform_decisions` either upholds or dismisses"),
    _("of several numbers the title says which: write {n} where it stands"),
    _("years `since: first` are since the first event of a `rule`; `since: joined` has none"),
    _("with `split` all share `points`; `also` says no others"),
    _("{word} is called `{name}` already, and both are read as `{read}`"),
    _("there is no score `{score}`: the programme declares no `scores`"),
    _("there is no audience `{audience}`: the programme declares no `audiences`"),
    _("the programme declares no `audiences`"),
    _(
        "the rule `{rule}` is for members of audiences, and a rule counts events by what they say "
        "themselves; {why}"
    ),
    _("the condition of `{rule}` reads {names}, and a {noun} counts events by what they say themselves; {why}"),
    _("no rule is of this campaign; write `campaign: {campaign}` at those that are"),
    _("a rule of a campaign gives points; one that takes them stands by itself"),
    _("`{rule}` is no rule of this campaign; write `campaign: {campaign}` there"),
    _(
        "another rule takes from the score that this one counts for, and asks what there is of it "
        "before the budget decides; let this one count for a score of its own"
    ),
    _(
        "what points are calculated and multiplied by on {type} can take up to {steps} steps for one "
        "event, and may take {most} together; this takes the most, {these}"
    ),
    _("it says of another event whether it counts; nobody is nudged by it, or to do it"),
    _("`{milestone}` is none of a member's own acts; name a milestone with a `rule` and numbers"),
    _(
        "something is taken from this rule's score, in order of time, and under the limit of awards on "
        "line {line} the heaviest come first; write `first` there instead of `count`"
    ),
    _(
        "room that everybody shares cannot be over rules of a score that something is taken from: each "
        "member's total would depend on all others'"
    ),
    _("it is over rules that give and rules that take; write a limit for each"),
    _("under the limit for everybody on line {line} whatever is taken back gives its room back"),
    _(
        "this gives points and asks for `points`, in which those are that came with badges, levels and "
        "quests: write `earned_points`, which leaves them out"
    ),
    _("quality rises and falls, and `{score}` are spent: name one of `scores`"),
    _("the limit on line {line} counts the same already"),
    _("the rule stands under {limits} limits, and may under {most}"),
    _(
        "the rule stands under {limits} limits with its cooldown, diminishing returns or floor, and may "
        "under {most}"
    ),
    _("the rule `{rule}` is for several people, and a streak goes by what one did"),
    _("the rule `{rule}` is for several people"),
    _("a counter is asked for by its id in quotes, as in `{example}`"),
    _("there are no `{name}` here to ask for"),
    _("at most {most} of all, exists, exists_one, map or filter"),
    _("nothing stands before `{sign}` to be repeated; write {escaped} for the character"),
    _("the text has {bytes} bytes; at most {most} are read"),
    _("the text is empty; a programme starts with `programme:`"),
    _("aliases (`*name`) are not allowed; write the value out"),
    _("anchors (`&name`) are not allowed; remove it"),
    _("tags are not allowed; remove `{tag}`"),
    _("nested deeper than {most} levels"),
    _("a character that cannot be kept, {code}"),
    _("a character that YAML does not allow ({error})"),
    _("this is not YAML: {error}; {why}"),
    _("put text that has `: ` in quotes, and each field on a line, indented like its neighbours"),
    _("a comma is missing, or a bracket is not closed"),
    _("the quote that opens here is not closed"),
    _("indent it like the lines that it belongs to; an item of a list begins with `- `"),
    _("this belongs to no field: a bracket too many, text behind a quote, or another indentation"),
    _("put text that begins with this in quotes"),
    _("write a backslash twice in double quotes, or use single ones"),
    _("a field is written `name: value`"),
    _("the text is not valid Unicode"),
    _("a key must be plain text"),
    _("anchors and tags are not allowed on a key"),
    _("merge keys (`<<`) are not allowed; write the fields out"),
    _("`{key}` is given twice; the first is on line {line}"),
    _("the number is too large"),
    _("a tab; YAML is indented with spaces"),
    _("one document only; remove this `---`"),
    _(
        "this limit and that on line {line} cross: {how}. Then doing more can give less; let one lie "
        "within the other, or write `crossing: allowed` here"
    ),
    _(
        "the conditions of rules whose events are counted can take up to {steps} steps for one event, "
        "and may take {most}; {how}, or cheaper conditions"
    ),
    _("{code} is not the code of a country"),
)
