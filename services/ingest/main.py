"""The wiring of ingest."""

from services.ingest.access.keys import api as keys
from services.ingest.access.keys import handlers as keys_handlers
from services.ingest.access.keys.handlers import SIGN_ANEW_EVERY_SECONDS, sign_anew
from services.ingest.access.linking import api as linking
from services.ingest.access.people import api as people
from services.ingest.access.sign_ins import api as sign_ins
from services.ingest.access.sign_ins.handlers import SWEEP_EVERY_SECONDS, sweep
from services.ingest.access.ties import api as ties
from services.ingest.access.token_keys.handlers import ANNOUNCE_EVERY_SECONDS, announce
from services.ingest.alerts.handlers import FOLLOWED_ALERTS
from services.ingest.attributes import api as attributes
from services.ingest.attributes.handlers import FOLLOWED_PROGRAMMES
from services.ingest.bots import api as bots
from services.ingest.bots.handlers import RECONSIDER_EVERY_SECONDS, reconsider
from services.ingest.brake.handlers import BRAKE
from services.ingest.checkins import api as checkins
from services.ingest.communities import handlers as communities_handlers
from services.ingest.communities.api import public as public_communities
from services.ingest.communities.api import routes as communities
from services.ingest.connectors.api import connections, deliveries, door
from services.ingest.connectors.handlers import deliveries as deliveries_handlers
from services.ingest.connectors.handlers.reading import THREADS
from services.ingest.decisions import handlers as decisions_handlers
from services.ingest.decisions.api import routes as decisions
from services.ingest.directory import api as directory
from services.ingest.directory import handlers as directory_handlers
from services.ingest.erasure import api as erasure
from services.ingest.erasure import handlers as erasure_handlers
from services.ingest.erasure.handlers import LOOK_AFTER_EVERY_SECONDS, look_after, watch_erased
from services.ingest.event_types import api as event_types
from services.ingest.events import handlers
from services.ingest.events.api import posting, receipts, traces
from services.ingest.events.api.documents import OPERATIONS, schemas
from services.ingest.ideas import api as ideas
from services.ingest.ideas import handlers as ideas_handlers
from services.ingest.kudos import api as kudos
from services.ingest.lanes.handlers import lanes
from services.ingest.measuring import api as measuring
from services.ingest.measuring.handlers.texts import (
    KEEP_EVERY_SECONDS,
    PORTION_EVERY_SECONDS,
    keep_in_order,
    measure_again,
)
from services.ingest.members.api import ROUTERS as MEMBERS
from services.ingest.members.handlers.resolving import find_owner
from services.ingest.merges import api as merges
from services.ingest.messages.api import log as messages_log
from services.ingest.messages.api import public as messages_public
from services.ingest.messages.api import reaching as messages_reaching
from services.ingest.messages.api import saying as messages_saying
from services.ingest.messages.handlers import sending
from services.ingest.messages.handlers.requests import REQUESTED
from services.ingest.nominations.api import routes as nominations
from services.ingest.nominations.handlers import rounds, telling
from services.ingest.problems import ERRORS
from services.ingest.reactions import api as reactions
from services.ingest.reactions.handlers import FOLLOWED_CELEBRATIONS
from services.ingest.reactions.handlers import KEEP_EVERY_SECONDS as KEEP_REACTIONS_EVERY_SECONDS
from services.ingest.reactions.handlers import keep_in_order as keep_reactions
from services.ingest.recipients import api as recipients
from services.ingest.refused.handlers import keeping, standing
from services.ingest.replays import api as replays
from services.ingest.settings import Settings
from services.ingest.suggesting import api as suggesting
from services.ingest.suggesting import handlers as suggesting_handlers
from services.ingest.suggestions import api as suggestions
from services.ingest.surveys import api as surveys
from services.ingest.surveys.handlers import answering, asking
from services.ingest.walls import api as walls
from services.ingest.walls.handlers import FOLLOWED_LEVELS
from services.ingest.webhooks import api as webhooks
from services.ingest.webhooks import handlers as webhooks_handlers
from shared.consumer import Subscription
from shared.contracts.facts import RAW_EVENT
from shared.followed_members import WATCH_ERASED_EVERY_SECONDS
from shared.service import Errand, ServiceSpec, Timer, run
from shared.topics import BACKFILL, RAW

SPEC = ServiceSpec(
    name="ingest",
    description="The front door: takes events, says what became of each, and knows who is who across channels.",
    settings=Settings,
    subscriptions=[
        FOLLOWED_PROGRAMMES,
        REQUESTED,
        webhooks_handlers.FOLLOWED_TROUBLE,
        FOLLOWED_CELEBRATIONS,
        FOLLOWED_ALERTS,
        asking.FOLLOWED_GUIDELINES,
        asking.FOLLOWED_AUDIENCES,
        FOLLOWED_LEVELS,
        Subscription(RAW, RAW_EVENT.adapter, handlers.on_raw_events),
        Subscription(BACKFILL, RAW_EVENT.adapter, handlers.on_raw_events, gives_way=handlers.as_backfill),
    ],
    lanes=lanes,
    routers=[
        *(
            part.router
            for part in (
                *(posting, deliveries, receipts, traces, event_types, measuring, linking, directory),
                suggestions,
            )
        ),
        *MEMBERS,
        *(part.router for part in (bots, merges, attributes, erasure, checkins, replays, decisions)),
        *(part.router for part in (reactions, kudos, walls, surveys, recipients, suggesting, ideas, nominations)),
        *(part.router for part in (connections, door)),
        *(part.router for part in (webhooks, communities, public_communities, people, ties, keys, sign_ins)),
        *(part.router for part in (messages_saying, messages_log, messages_reaching, messages_public)),
    ],
    problems=ERRORS,
    timers=[
        Timer("reconsider-bots", every_seconds=RECONSIDER_EVERY_SECONDS, run=reconsider),
        Timer("look-after-erasures", every_seconds=LOOK_AFTER_EVERY_SECONDS, run=look_after),
        Timer("watch-erased", every_seconds=WATCH_ERASED_EVERY_SECONDS, run=watch_erased),
        Timer("measure-again", every_seconds=PORTION_EVERY_SECONDS, run=measure_again),
        Timer("keep-outcome-hours", every_seconds=handlers.KEEP_HOURS_EVERY_SECONDS, run=handlers.keep_hours),
        Timer("keep-traces", every_seconds=handlers.KEEP_TRACES_EVERY_SECONDS, run=handlers.keep_traces),
        Timer("keep-refused", every_seconds=keeping.KEEP_EVERY_SECONDS, run=keeping.keep_in_order),
        Timer("find-what-stands", every_seconds=standing.LOOK_EVERY_SECONDS, run=standing.find_what_stands),
        Timer("keep-reactions", every_seconds=KEEP_REACTIONS_EVERY_SECONDS, run=keep_reactions),
        Timer("keep-texts", every_seconds=KEEP_EVERY_SECONDS, run=keep_in_order),
        Timer(
            "replay-deliveries",
            every_seconds=deliveries_handlers.REPLAY_EVERY_SECONDS,
            run=deliveries_handlers.replay_portion,
        ),
        Timer(
            "keep-deliveries",
            every_seconds=deliveries_handlers.KEEP_EVERY_SECONDS,
            run=deliveries_handlers.keep_in_order,
        ),
        Timer(
            "fold-member-counts",
            every_seconds=directory_handlers.FOLD_EVERY_SECONDS,
            run=directory_handlers.fold_counts,
        ),
        Timer(
            "tell-webhooks-anew",
            every_seconds=webhooks_handlers.TELL_ANEW_EVERY_SECONDS,
            run=webhooks_handlers.tell_anew,
        ),
        Timer("sign-keys-anew", every_seconds=SIGN_ANEW_EVERY_SECONDS, run=sign_anew),
        Timer("announce-token-keys", every_seconds=ANNOUNCE_EVERY_SECONDS, run=announce),
        Timer("sweep-sign-in-links", every_seconds=SWEEP_EVERY_SECONDS, run=sweep),
        Timer("count-votes", every_seconds=ideas_handlers.COUNT_EVERY_SECONDS, run=ideas_handlers.count_stale),
        Timer("tell-of-ideas", every_seconds=suggesting_handlers.TELL_EVERY_SECONDS, run=suggesting_handlers.tell),
        Timer(
            "decide-rounds",
            every_seconds=rounds.DECIDE_EVERY_SECONDS,
            run=rounds.decide,
        ),
        Timer("ask-by-surveys", every_seconds=asking.ASK_EVERY_SECONDS, run=asking.ask),
        Timer("count-answers", every_seconds=answering.COUNT_EVERY_SECONDS, run=answering.count_together),
        Timer("keep-messages", every_seconds=sending.KEEP_EVERY_SECONDS, run=sending.keep_in_order),
    ],
    errands=[Errand("send-messages", every_seconds=sending.SEND_EVERY_SECONDS, run=sending.send_due)],
    operations=OPERATIONS,
    schemas=schemas,
    find_owner=find_owner,
    closing=[BRAKE.close, THREADS.close],
    read_back=[
        *keys_handlers.READ_BACK,
        *communities_handlers.READ_BACK,
        *webhooks_handlers.READ_BACK,
        *answering.READ_BACK,
        *decisions_handlers.READ_BACK,
        *telling.READ_BACK,
        *erasure_handlers.READ_BACK,
        *handlers.READ_BACK,
    ],
)

if __name__ == "__main__":
    run(SPEC)
