"""What members do and get: events, awards, badges, thanks, questions; and whether the figures are up to date."""

from tools.dashboards.panels import Board, Kind, Panel, Query, rates

BOARD = Board(
    uid="plaudit-community",
    title="Plaudit: community health",
    description="What members do and get: events, awards, badges, thanks, questions, and"
    " whether the figures of it are up to date.",
    page="/overview",
    alerts=(
        "PlauditInsightBehind",
        "PlauditPlatformSilent",
        "PlauditCasesOverdue",
        "PlauditHeldAwardsOld",
        "PlauditMessagesWait",
        "PlauditMessagesUnknown",
        "PlauditRecognitionLeft",
    ),
    rows={
        "Now": (
            Panel(
                "Events in an hour",
                "Events that became facts.",
                "short",
                (Query("sum(increase(plaudit_analytics_events_total[1h]))", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Awards in an hour",
                "Awards that scoring made.",
                "short",
                (Query("sum(increase(plaudit_scoring_awards_total[1h]))", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Badges and levels in an hour",
                "Grants that recognition made.",
                "short",
                (Query("sum(increase(plaudit_recognition_grants_total[1h]))", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Thanks in an hour",
                "Kudos that members gave.",
                "short",
                (Query("sum(increase(plaudit_ingest_kudos_total[1h]))", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Cases that wait",
                "Reports and guideline cases nobody has decided.",
                "short",
                (Query("sum(plaudit_scoring_cases_waiting)", ""),),
                kind=Kind.NUMBER,
                warning=10,
            ),
            Panel(
                "Members erased in a day",
                "Members who asked to be forgotten and were.",
                "short",
                (Query("sum(increase(plaudit_ingest_members_erased_total[1d]))", ""),),
                kind=Kind.NUMBER,
            ),
        ),
        "Members": (
            Panel(
                "Awards",
                "Awards, and what amended them, that scoring recorded.",
                "cps",
                rates("plaudit_scoring_awards_total", "kind"),
            ),
            Panel(
                "Points",
                "Points of awards, and of what amended them, that scoring recorded.",
                "cps",
                rates("plaudit_scoring_points_total", "kind"),
            ),
            Panel(
                "Badges and levels",
                "Granted and taken back.",
                "cps",
                (
                    Query(
                        "sum by (kind, direction) (rate(plaudit_recognition_grants_total[$__rate_interval]))",
                        "{{kind}} {{direction}}",
                    ),
                ),
            ),
            Panel(
                "Celebrations",
                "First times, counts and anniversaries told, and reactions to them.",
                "cps",
                (
                    Query("sum(rate(plaudit_recognition_celebrations_total[$__rate_interval]))", "told"),
                    Query(
                        "sum(rate(plaudit_recognition_celebration_reactions_total[$__rate_interval]))", "reactions"
                    ),
                ),
            ),
            Panel(
                "Members known",
                "Members met for the first time, joined to another and merged.",
                "cps",
                (
                    Query("sum(rate(plaudit_ingest_members_identified_total[$__rate_interval]))", "identified"),
                    Query("sum(rate(plaudit_ingest_members_joined_total[$__rate_interval]))", "joined"),
                    Query("sum(rate(plaudit_ingest_members_merged_total[$__rate_interval]))", "merged"),
                ),
            ),
            Panel(
                "Quests and streaks",
                "Quests joined, and days saved by a freeze.",
                "cps",
                (
                    Query("sum(rate(plaudit_recognition_quests_joined_total[$__rate_interval]))", "quests joined"),
                    Query("sum(rate(plaudit_recognition_streak_freezes_total[$__rate_interval]))", "freezes"),
                ),
            ),
        ),
        "Two ways": (
            Panel(
                "Kudos",
                "Kudos given here, by which way, and what became of them; and those with a listed word.",
                "cps",
                (
                    *rates("plaudit_ingest_kudos_total", "outcome"),
                    Query("sum(rate(plaudit_ingest_kudos_listed_total[$__rate_interval]))", "listed"),
                ),
            ),
            Panel(
                "Suggestions",
                "What members did about suggestions, steps by which these went on, and those with a listed word.",
                "cps",
                (
                    *rates("plaudit_ingest_ideas_total", "act"),
                    Query("sum(rate(plaudit_ingest_ideas_moved_total[$__rate_interval]))", "went on"),
                    Query("sum(rate(plaudit_ingest_ideas_listed_total[$__rate_interval]))", "listed"),
                ),
            ),
            Panel(
                "Decisions",
                "What was noted, decided, reviewed and taken back on figures, objectives set, and reminders.",
                "cps",
                (
                    *rates("plaudit_ingest_decisions_total", "act"),
                    Query("sum(rate(plaudit_ingest_objectives_set_total[$__rate_interval]))", "objectives"),
                    Query("sum(rate(plaudit_analytics_decision_reminders_total[$__rate_interval]))", "reminders"),
                ),
            ),
            Panel(
                "Nominations",
                "Rounds that were declared and decided, nominations, and votes.",
                "cps",
                rates("plaudit_ingest_nominations_total", "act"),
            ),
            Panel(
                "Surveys",
                "Members whom surveys asked, whom they did not ask and why, and answers.",
                "cps",
                (
                    Query("sum(rate(plaudit_ingest_surveys_asked_total[$__rate_interval]))", "asked"),
                    Query("sum(rate(plaudit_ingest_surveys_answered_total[$__rate_interval]))", "answered"),
                    *rates("plaudit_ingest_surveys_not_asked_total", "why"),
                ),
            ),
            Panel(
                "Nudges",
                "Occasions for a word to members, by what became of each.",
                "cps",
                rates("plaudit_recognition_nudges_total", "became"),
            ),
            Panel(
                "Messages to members",
                "Mails tried, by what became of them; and how long the oldest due one has waited.",
                "cps",
                (
                    Query(
                        "sum by (outcome)"
                        " (rate(plaudit_ingest_messages_tried_total[$__rate_interval])) or on() vector(0)",
                        "{{outcome}}",
                    ),
                ),
            ),
        ),
        "Guidelines": (
            Panel(
                "Reports to decide",
                "Cases of the guidelines that wait, and what is still to be reversed or given back.",
                "short",
                (
                    Query("max by (deadline) (plaudit_scoring_cases_waiting)", "{{deadline}}"),
                    Query("max(plaudit_scoring_voids_to_sweep)", "to reverse"),
                ),
            ),
            Panel(
                "Texts measured",
                "Texts measured as they came in, changed and deleted.",
                "cps",
                (
                    Query("sum(rate(plaudit_ingest_texts_measured_total[$__rate_interval]))", "measured"),
                    Query("sum(rate(plaudit_ingest_texts_altered_total[$__rate_interval]))", "altered"),
                    Query("sum(rate(plaudit_ingest_texts_deleted_total[$__rate_interval]))", "deleted"),
                ),
            ),
        ),
        "Figures": (
            Panel(
                "Figures behind",
                "How long the longest wait is to be counted in retention, response times,"
                " sentiment, the network or what is read.",
                "s",
                (
                    Query("max(plaudit_analytics_retention_behind_seconds)", "retention"),
                    Query("max(plaudit_analytics_responses_behind_seconds)", "response times"),
                    Query("max(plaudit_analytics_sentiment_behind_seconds)", "sentiment"),
                    Query("max(plaudit_analytics_network_behind_seconds)", "network"),
                    Query("max(plaudit_analytics_content_behind_seconds)", "content"),
                    Query("max(plaudit_analytics_goals_behind_seconds)", "goals"),
                ),
            ),
            Panel(
                "Alerts to people",
                "What goals, the scorecard and lineage gave to know, and whether anybody acts on it.",
                "short",
                (
                    Query(
                        "sum by (name, state) (increase(plaudit_analytics_alerts_total[$__rate_interval]))",
                        "{{name}} {{state}}",
                    ),
                    Query(
                        'sum(increase(plaudit_ingest_alerts_total{what="nobody"}[$__rate_interval]))',
                        "nobody acts on",
                    ),
                ),
            ),
            Panel(
                "Figures left out",
                "Times that a community's alerts, campaigns, goals, digest, scorecard, network or response times"
                " took too long, and were left out.",
                "short",
                (
                    Query(
                        "sum by (what) (increase(plaudit_analytics_given_up_total[$__rate_interval]))", "{{what}}"
                    ),
                ),
            ),
            Panel(
                "Recognition left for later",
                "Times that a community's quests, badges or levels took too long, and were left for later.",
                "short",
                (
                    Query(
                        "sum by (work) (increase(plaudit_recognition_turns_given_up_total[$__rate_interval]))",
                        "{{work}}",
                    ),
                ),
            ),
        ),
    },
)
