"""The wiring of recognition."""

from services.recognition.badges.api import ROUTERS as BADGES
from services.recognition.badges.handlers.deciding import FOLLOWED_AUDIENCES, KEEP_EVERY_SECONDS, keep_badges
from services.recognition.badges.handlers.restoring import READ_BACK as BADGES_READ_BACK
from services.recognition.boards.api import ROUTERS as BOARDS
from services.recognition.boards.handlers.keeping import KEEP_EVERY_SECONDS as KEEP_BOARDS_EVERY_SECONDS
from services.recognition.boards.handlers.keeping import READ_BACK as BOARDS_READ_BACK
from services.recognition.boards.handlers.keeping import fold_boards, keep_boards, on_programmes
from services.recognition.cards import api as cards
from services.recognition.celebrations import api as celebrations
from services.recognition.celebrations.handlers import READ_BACK as CELEBRATIONS_READ_BACK
from services.recognition.counts.handlers import KEEP_COUNTING_EVERY_SECONDS, keep_counting
from services.recognition.credentials.api import ROUTERS as CREDENTIALS
from services.recognition.leaderboards import api as leaderboards
from services.recognition.levels.api import ROUTERS as LEVELS
from services.recognition.levels.handlers.deciding import KEEP_EVERY_SECONDS as KEEP_LEVELS_EVERY_SECONDS
from services.recognition.levels.handlers.deciding import keep_levels
from services.recognition.levels.handlers.restoring import READ_BACK as LEVELS_READ_BACK
from services.recognition.merges.handlers import FOLLOWED_MEMBERS, on_guidelines
from services.recognition.milestones import api as milestones
from services.recognition.milestones.handlers import KEEP_EVERY_SECONDS as ANNIVERSARIES_EVERY_SECONDS
from services.recognition.milestones.handlers import keep_anniversaries
from services.recognition.nudges.api import ROUTERS as NUDGES
from services.recognition.nudges.handlers.deciding import KEEP_EVERY_SECONDS as KEEP_NUDGES_EVERY_SECONDS
from services.recognition.nudges.handlers.deciding import READ_BACK as NUDGES_READ_BACK
from services.recognition.nudges.handlers.deciding import keep_nudges
from services.recognition.nudges.handlers.noting import on_events
from services.recognition.problems import ERRORS
from services.recognition.quests import api as quests
from services.recognition.quests.handlers import deciding as quests_deciding
from services.recognition.quests.handlers.restoring import READ_BACK as QUESTS_READ_BACK
from services.recognition.settings import Settings
from services.recognition.streaks import api as streaks
from services.recognition.streaks.handlers import READ_BACK as FREEZES_READ_BACK
from services.recognition.thresholds import api as thresholds
from services.recognition.totals import api as totals
from services.recognition.totals import handlers
from shared.access_keys import FOLLOWED_ACCESS_KEYS, FOLLOWED_PEOPLE
from shared.consumer import Subscription
from shared.contracts.facts import ACCEPTED_EVENT, GUIDELINE_FACT, POINTS_AWARDED, PROGRAMME_PUBLISHED
from shared.followed_communities import FOLLOWED_COMMUNITIES
from shared.followed_members import WATCH_ERASED_EVERY_SECONDS, watch_erased
from shared.service import ServiceSpec, Timer, run
from shared.topics import EVENTS, GUIDELINES, POINTS, PROGRAMMES
from shared.webhooks import FOLLOWED_WEBHOOKS

SPEC = ServiceSpec(
    name="recognition",
    description="Badges, levels, quests, boards and their results, from points and counted events.",
    settings=Settings,
    subscriptions=[
        FOLLOWED_ACCESS_KEYS,
        FOLLOWED_PEOPLE,
        FOLLOWED_WEBHOOKS,
        FOLLOWED_COMMUNITIES,
        Subscription(PROGRAMMES, PROGRAMME_PUBLISHED.adapter, on_programmes),
        FOLLOWED_MEMBERS,
        FOLLOWED_AUDIENCES,
        Subscription(EVENTS, ACCEPTED_EVENT, on_events),
        Subscription(POINTS, POINTS_AWARDED.adapter, handlers.on_awards),
        Subscription(GUIDELINES, GUIDELINE_FACT, on_guidelines),
    ],
    problems=ERRORS,
    routers=[
        *(
            part.router
            for part in (leaderboards, totals, thresholds, cards, streaks, celebrations, milestones, quests)
        ),
        *BADGES,
        *BOARDS,
        *LEVELS,
        *CREDENTIALS,
        *NUDGES,
    ],
    timers=[
        Timer("watch-erased", every_seconds=WATCH_ERASED_EVERY_SECONDS, run=watch_erased),
        Timer("reevaluate", every_seconds=handlers.REEVALUATE_EVERY_SECONDS, run=handlers.reevaluate),
        Timer("keep counting", every_seconds=KEEP_COUNTING_EVERY_SECONDS, run=keep_counting),
        Timer("keep quests", every_seconds=quests_deciding.KEEP_EVERY_SECONDS, run=quests_deciding.keep_quests),
        Timer("keep badges", every_seconds=KEEP_EVERY_SECONDS, run=keep_badges),
        Timer("keep levels", every_seconds=KEEP_LEVELS_EVERY_SECONDS, run=keep_levels),
        Timer("keep boards", every_seconds=KEEP_BOARDS_EVERY_SECONDS, run=keep_boards),
        Timer("fold boards", every_seconds=KEEP_BOARDS_EVERY_SECONDS, run=fold_boards),
        Timer("keep anniversaries", every_seconds=ANNIVERSARIES_EVERY_SECONDS, run=keep_anniversaries),
        Timer("keep nudges", every_seconds=KEEP_NUDGES_EVERY_SECONDS, run=keep_nudges),
    ],
    read_back=(
        *CELEBRATIONS_READ_BACK,
        *handlers.READ_BACK,
        *FREEZES_READ_BACK,
        *BADGES_READ_BACK,
        *LEVELS_READ_BACK,
        *BOARDS_READ_BACK,
        *QUESTS_READ_BACK,
        *NUDGES_READ_BACK,
    ),
)

if __name__ == "__main__":
    run(SPEC)
