import threading

import pytest

from tests.side_by_side import beside_others


class Side:
    """Tests that run in threads, as others do in processes: a lock is each opened file's own."""

    def __init__(self, folder):
        self.door, self.room = folder / "door", folder / "room"
        self.door.touch()
        self.room.touch()
        self.running, self.threads = {}, []

    def begin(self, name, *, alone):
        runs, ends = threading.Event(), threading.Event()
        self.running[name] = runs, ends

        def run():
            with beside_others(alone=alone, door=self.door, room=self.room):
                runs.set()
                ends.wait(30)

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def runs(self, name):
        return self.running[name][0].wait(10)

    def does_not_run(self, name):
        return not self.running[name][0].wait(0.05)

    def end(self, name):
        self.running[name][1].set()


@pytest.fixture
def tests(tmp_path):
    made = Side(tmp_path)
    yield made
    for name in made.running:
        made.end(name)
    for thread in made.threads:
        thread.join(30)


def test_others_run_side_by_side(tests):
    tests.begin("a", alone=False)
    tests.begin("b", alone=False)
    assert tests.runs("a")
    assert tests.runs("b")


def test_one_that_is_alone_waits_until_none_runs_and_has_none_begin(tests):
    tests.begin("a", alone=False)
    assert tests.runs("a")
    tests.begin("alone", alone=True)
    assert tests.does_not_run("alone")
    tests.begin("b", alone=False)
    assert tests.does_not_run("b")
    tests.end("a")
    assert tests.runs("alone")
    assert tests.does_not_run("b")
    tests.end("alone")
    assert tests.runs("b")


def test_two_that_are_alone_run_one_after_the_other(tests):
    tests.begin("a", alone=True)
    assert tests.runs("a")
    tests.begin("b", alone=True)
    assert tests.does_not_run("b")
    tests.end("a")
    assert tests.runs("b")
