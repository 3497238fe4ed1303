"""Topics of questions: which are shown, and which are to be written about."""

from services.analytics.response_times.domain.topics import Topic, topics_of


def test_what_most_members_wait_for_is_to_be_written_about() -> None:
    found = [
        Topic("", 90, 80, 40, 30),
        Topic("alone", 9, 9, 1, 1),
        Topic("gears", 8, 4, 8, 4),
        Topic("lathes", 20, 6, 5, 3),
        Topic("oil", 3, 2, 3, 2),
        Topic("wood", 5, 2, 5, 2),
        Topic("done", 50, 0, 30, 0),
    ]
    shown = topics_of(found, limit_count=3)
    assert [one.topic for one in shown.shown] == ["", "alone", "lathes"]
    assert (shown.others_asked, shown.others_unanswered) == (66, 8)
    assert [one.topic for one in shown.to_write] == ["gears", "lathes", "oil"]
    assert topics_of([], limit_count=3).to_write == []
