"""What a community's rules make of a member."""

from services.ingest.communities.domain.bot_patterns import is_bot
from services.ingest.communities.domain.communities import Rules
from services.ingest.members.domain import BotBy, Marks, Member
from shared.contracts.facts import Standing


def marked(member: Member, rules: Rules) -> Marks:
    """The member's marks by the patterns of the community; what was said by hand, or by a platform, stays."""
    texts = (member.name, *(identity.id for identity in member.identities))
    marks = member.marks
    if not marks.is_person and marks.bot_by not in (BotBy.PLATFORM, BotBy.HAND):
        marks = marks._replace(bot_by=BotBy.PATTERN if is_bot(rules.bots, *texts) else None)
    by_pattern: dict[Standing, BotBy | None] = {
        name: BotBy.PATTERN if is_bot(rule.patterns, *texts) else None
        for name, rule in rules.standings.items()
        if marks.standing.get(name) is not BotBy.HAND
    }
    return weighed(marks.with_standing(by_pattern), rules)


def weighed(marks: Marks, rules: Rules) -> Marks:
    """The marks with what follows from them: who is several things earns, and ranks, if all of them do."""
    held = [rules.standings[name] for name in marks.standing]
    return marks._replace(
        earns=all(rule.earns for rule in held),
        ranks=all(rule.ranks for rule in held) and not marks.off_boards_wish,
    )
