"""The wiring of analytics."""

from services.analytics.alerts import api as alerts
from services.analytics.alerts.handlers import WATCH_EVERY_SECONDS as WATCH_ALERTS_EVERY_SECONDS
from services.analytics.alerts.handlers import watch as watch_alerts
from services.analytics.audit import api as audit
from services.analytics.audit.handlers import FORGET_EVERY_SECONDS, forget, on_audit
from services.analytics.content import api as content
from services.analytics.content.handlers import COUNT_EVERY_SECONDS as COUNT_CONTENT_EVERY_SECONDS
from services.analytics.content.handlers import count as count_content
from services.analytics.decisions.handlers import REMIND_EVERY_SECONDS, on_decisions, remind
from services.analytics.digests import api as digests
from services.analytics.digests.handlers import WRITE_EVERY_SECONDS
from services.analytics.digests.handlers import write as write_digests
from services.analytics.effects import api as effects
from services.analytics.effects.handlers import MEASURE_EVERY_SECONDS, measure
from services.analytics.exports import api as exports
from services.analytics.feedback import api as feedback
from services.analytics.feedback.handlers import on_surveys
from services.analytics.figures import api as figures
from services.analytics.goals import api as goals
from services.analytics.goals.handlers import WATCH_EVERY_SECONDS, watch
from services.analytics.guidelines import api as guidelines
from services.analytics.guidelines.handlers import on_guidelines
from services.analytics.ideas import api as ideas
from services.analytics.intake.handlers import on_audiences, on_events, on_members
from services.analytics.interests import api as interests
from services.analytics.lift import api as lift
from services.analytics.lift.handlers import SETTLE_EVERY_SECONDS as SETTLE_NUDGES_EVERY_SECONDS
from services.analytics.lift.handlers import on_nudges
from services.analytics.lift.handlers import settle as settle_nudges
from services.analytics.lineage.api import routes as lineage
from services.analytics.lineage.handlers import WATCH_LINEAGE_EVERY_SECONDS, watch_lineage
from services.analytics.network.api import routes as network
from services.analytics.network.handlers import COUNT_EVERY_SECONDS as COUNT_TIES_EVERY_SECONDS
from services.analytics.network.handlers import KEEP_EVERY_SECONDS as KEEP_NETWORKS_EVERY_SECONDS
from services.analytics.network.handlers import count as count_ties
from services.analytics.network.handlers import keep_networks
from services.analytics.participation.api import routes as participation
from services.analytics.participation.api import spread
from services.analytics.payouts.handlers import on_payouts
from services.analytics.points import api as points
from services.analytics.points.handlers import on_awards
from services.analytics.problems import ERRORS
from services.analytics.programmes.handlers import on_programmes
from services.analytics.rebuilding import api as rebuilding
from services.analytics.rebuilding.handlers.progress import WATCH_EVERY_SECONDS as WATCH_REBUILD_EVERY_SECONDS
from services.analytics.rebuilding.handlers.progress import watch_rebuild
from services.analytics.recognition.handlers import on_grants
from services.analytics.recounts.handlers import recount_awards
from services.analytics.redemptions.handlers import on_redemptions
from services.analytics.rejections import api as rejections
from services.analytics.rejections.handlers import on_rejected
from services.analytics.response_times.api import answerers, topics
from services.analytics.response_times.api import routes as response_times
from services.analytics.response_times.handlers import KEEP_EVERY_SECONDS as KEEP_TIMES_EVERY_SECONDS
from services.analytics.response_times.handlers import SETTLE_EVERY_SECONDS, keep_times, settle
from services.analytics.retention.api import acquisition, months
from services.analytics.retention.api import routes as retention
from services.analytics.retention.api import slices as slices_beside
from services.analytics.retention.handlers.folding import FOLD_EVERY_SECONDS, fold
from services.analytics.scorecard import api as scorecard
from services.analytics.scorecard.handlers import GAUGE_EVERY_SECONDS, keep_gauges
from services.analytics.sentiment.api import routes as sentiment
from services.analytics.sentiment.handlers import COUNT_EVERY_SECONDS, on_measured
from services.analytics.sentiment.handlers import count as count_tones
from services.analytics.settings import Settings
from services.analytics.summary import api as summary
from services.analytics.timelines import api as timelines
from shared.access_keys import FOLLOWED_ACCESS_KEYS, FOLLOWED_PEOPLE
from shared.consumer import Subscription
from shared.contracts.facts import (
    ACCEPTED_EVENT,
    AUDIENCE_FACT,
    AUDIT_FACT,
    DECISION_FACT,
    GUIDELINE_FACT,
    MEMBER_FACT,
    NUDGE_DECIDED,
    PAYOUT_FACT,
    POINTS_AWARDED,
    PROGRAMME_PUBLISHED,
    RECOGNITION_FACT,
    REDEMPTION_FACT,
    REJECTED_EVENT,
    SENTIMENT_MEASURED,
    SURVEY_FACT,
)
from shared.followed_communities import FOLLOWED_COMMUNITIES
from shared.followed_members import WATCH_ERASED_EVERY_SECONDS, watch_erased
from shared.recounts import RECOUNT_EVERY_SECONDS
from shared.service import Errand, ServiceSpec, Timer, run
from shared.topics import (
    AUDIENCES,
    AUDIT,
    DECISIONS,
    EVENTS,
    GUIDELINES,
    MEASURES,
    MEMBERS,
    NUDGES,
    PAYOUTS,
    POINTS,
    PROGRAMMES,
    RECOGNITION,
    REDEMPTIONS,
    REJECTED,
    SURVEYS,
)
from shared.webhooks import FOLLOWED_WEBHOOKS

SPEC = ServiceSpec(
    name="analytics",
    description="Participation, points and lineage, from read models built only from topics.",
    settings=Settings,
    subscriptions=[
        FOLLOWED_ACCESS_KEYS,
        FOLLOWED_PEOPLE,
        FOLLOWED_WEBHOOKS,
        FOLLOWED_COMMUNITIES,
        Subscription(MEMBERS, MEMBER_FACT, on_members),
        Subscription(AUDIENCES, AUDIENCE_FACT, on_audiences),
        Subscription(PROGRAMMES, PROGRAMME_PUBLISHED.adapter, on_programmes),
        Subscription(EVENTS, ACCEPTED_EVENT, on_events),
        Subscription(MEASURES, SENTIMENT_MEASURED.adapter, on_measured),
        Subscription(REJECTED, REJECTED_EVENT.adapter, on_rejected),
        Subscription(POINTS, POINTS_AWARDED.adapter, on_awards),
        Subscription(RECOGNITION, RECOGNITION_FACT, on_grants),
        Subscription(REDEMPTIONS, REDEMPTION_FACT, on_redemptions),
        Subscription(PAYOUTS, PAYOUT_FACT, on_payouts),
        Subscription(GUIDELINES, GUIDELINE_FACT, on_guidelines),
        Subscription(NUDGES, NUDGE_DECIDED.adapter, on_nudges),
        Subscription(SURVEYS, SURVEY_FACT, on_surveys),
        Subscription(DECISIONS, DECISION_FACT, on_decisions),
        Subscription(AUDIT, AUDIT_FACT, on_audit),
    ],
    routers=[
        part.router
        for part in (
            participation,
            spread,
            acquisition,
            retention,
            months,
            slices_beside,
            response_times,
            topics,
            answerers,
            interests,
            content,
            sentiment,
            network,
            scorecard,
            points,
            summary,
            rejections,
            lineage,
            timelines,
            audit,
            guidelines,
            goals,
            lift,
            effects,
            digests,
            alerts,
            feedback,
            exports,
            ideas,
            figures,
            rebuilding,
        )
    ],
    problems=ERRORS,
    whole=[AUDIT],
    errands=[Errand("watch-rebuild", every_seconds=WATCH_REBUILD_EVERY_SECONDS, run=watch_rebuild)],
    timers=[
        Timer("watch-erased", every_seconds=WATCH_ERASED_EVERY_SECONDS, run=watch_erased),
        Timer("forget-audit", every_seconds=FORGET_EVERY_SECONDS, run=forget),
        Timer("count-retention", every_seconds=FOLD_EVERY_SECONDS, run=fold),
        Timer("settle-questions", every_seconds=SETTLE_EVERY_SECONDS, run=settle),
        Timer("count-sentiment", every_seconds=COUNT_EVERY_SECONDS, run=count_tones),
        Timer("count-ties", every_seconds=COUNT_TIES_EVERY_SECONDS, run=count_ties),
        Timer("count-content", every_seconds=COUNT_CONTENT_EVERY_SECONDS, run=count_content),
        Timer("measure-campaigns", every_seconds=MEASURE_EVERY_SECONDS, run=measure),
        Timer("gauge-scorecards", every_seconds=GAUGE_EVERY_SECONDS, run=keep_gauges),
        Timer("keep-networks", every_seconds=KEEP_NETWORKS_EVERY_SECONDS, run=keep_networks),
        Timer("keep-response-times", every_seconds=KEEP_TIMES_EVERY_SECONDS, run=keep_times),
        Timer("write-digests", every_seconds=WRITE_EVERY_SECONDS, run=write_digests),
        Timer("remind-of-decisions", every_seconds=REMIND_EVERY_SECONDS, run=remind),
        Timer("watch-goals", every_seconds=WATCH_EVERY_SECONDS, run=watch),
        Timer("watch-alerts", every_seconds=WATCH_ALERTS_EVERY_SECONDS, run=watch_alerts),
        Timer("settle-nudges", every_seconds=SETTLE_NUDGES_EVERY_SECONDS, run=settle_nudges),
        Timer("recount-awards", every_seconds=RECOUNT_EVERY_SECONDS, run=recount_awards),
        Timer("watch-lineage", every_seconds=WATCH_LINEAGE_EVERY_SECONDS, run=watch_lineage),
    ],
)

if __name__ == "__main__":
    run(SPEC)
