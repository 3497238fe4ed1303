"""What the demo's community rewards: the starter, with a campaign of its own days."""

from datetime import datetime, timedelta
from typing import Final

from plaudit.stack.paths import CHECKOUT

STARTER: Final = CHECKOUT / "programmes" / "starter.yaml"
#: Three weeks of the simulated months, so that what a campaign brought about can be seen at once.
CAMPAIGN: Final = """
campaigns:
  - id: answers-count
    title: Three weeks of answers
    description: Answers in the forum count more.
    starts: {starts}
    ends: {ends}
    # Those months are sent today: its books are still open.
    late_days: 31
    budget: {{points: 20000}}
    holdout_percent: 30

rules:
  - id: answer-in-campaign
    title: Answered in the three weeks
    on: [forum.reply.v1]
    points: 2
    campaign: answers-count

"""
CAMPAIGN_ENDED_DAYS: Final = 8
CAMPAIGN_DAYS: Final = 21


def demo_programme(now: datetime) -> str:
    """The starter, with a campaign that was over some days before."""
    ends = now.date() - timedelta(days=CAMPAIGN_ENDED_DAYS)
    campaign = CAMPAIGN.format(starts=ends - timedelta(days=CAMPAIGN_DAYS - 1), ends=ends)
    return STARTER.read_text(encoding="utf-8").replace("\nrules:\n", campaign, 1)
