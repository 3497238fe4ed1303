from datetime import UTC, datetime

import yaml

from plaudit.demo_programme import demo_programme


def test_it_is_the_starter_with_a_campaign_that_was_over_a_week_ago():
    document = yaml.safe_load(demo_programme(datetime(2026, 3, 31, 12, tzinfo=UTC)))
    (campaign,) = document["campaigns"]
    assert (str(campaign["starts"]), str(campaign["ends"])) == ("2026-03-03", "2026-03-23")
    first, *others = document["rules"]
    assert first["campaign"] == campaign["id"]
    assert "post" in {rule["id"] for rule in others}
