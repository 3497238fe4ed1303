"""A loop hangs when records wait and no batch is finished; an idle one does not."""

from shared.consumer.progress import Progress


def test_time_counts_only_while_records_wait() -> None:
    now = 0.0
    progress = Progress(lambda: now)
    now = 100.0
    assert progress.stalled_seconds() == 0
    progress.idle()
    progress.waits()
    now = 130.0
    assert progress.stalled_seconds() == 30
    # They go on waiting: it is not taken anew.
    progress.waits()
    assert progress.stalled_seconds() == 30


def test_a_part_of_a_batch_is_progress_and_the_rest_still_waits() -> None:
    now = 0.0
    progress = Progress(lambda: now)
    progress.waits()
    now = 50.0
    progress.finished()
    assert progress.stalled_seconds() == 0
    now = 60.0
    assert progress.stalled_seconds() == 10
    progress.idle()
    assert progress.stalled_seconds() == 0
