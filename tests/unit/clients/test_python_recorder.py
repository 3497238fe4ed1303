"""The recorder: every event ends in one place, whatever the platform does."""

import errno
import gzip
import json
import os
import subprocess
import sys
import threading

import httpx
import pytest
from plaudit_client import QueueFullError, Recorder, recording, retrying
from plaudit_client.spool import Spool


class Platform:
    """A door in memory: takes events once it is up, refuses those without a type."""

    def __init__(self):
        self.is_up = threading.Event()
        self.is_up.set()
        self.status = 202
        self.taken = {}
        self.requests_count = 0
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request):
        self.requests_count += 1
        if not self.is_up.is_set():
            raise httpx.ConnectError("refused")
        if self.status != 202:
            return httpx.Response(self.status, json={"title": "No", "detail": "not you"})
        body = request.content
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        events, rejected = json.loads(body), []
        for index, event in enumerate(events):
            if "type" not in event:
                rejected.append({"index": index, "field": "/type", "detail": "is missing"})
            else:
                self.taken[event["id"]] = event
        accepted = len(events) - len(rejected)
        return httpx.Response(202, json={"receipt_id": "r", "accepted": accepted, "rejected": rejected})


@pytest.fixture
def platform(monkeypatch):
    monkeypatch.setattr(retrying, "BACKOFF_FIRST_SECONDS", 0.0001)
    monkeypatch.setattr(retrying, "BACKOFF_MAX_SECONDS", 0.0002)
    return Platform()


def recorder(platform, **options):
    wanted = {"gather_seconds": 0.001, "pause_seconds": 0.01, "exit_seconds": 5.0} | options
    return Recorder("http://door", "secret", transport=platform.transport, **wanted)


def event(number, **more):
    return {"id": str(number), "source": "test", "type": "x", "text": "long enough to be worth compressing"} | more


def test_events_are_sent_from_the_background(platform):
    with recorder(platform) as running:
        for number in range(2_500):
            running.record(event(number))
        assert running.flush(10)
        assert running.recorded.accepted == 2_500
    assert sorted(platform.taken, key=int) == [str(number) for number in range(2_500)]
    assert platform.requests_count < 2_500


def test_refused_events_are_told_and_counted(platform):
    told = []
    with recorder(
        platform, on_refused=lambda content, refused: told.append((json.loads(content), refused))
    ) as one:
        one.record(event(1))
        one.record({"id": "2"})
    assert [(content["id"], refused.field) for content, refused in told] == [("2", "/type")]
    assert (one.recorded.accepted, one.recorded.refused) == (1, 1)


def test_what_a_callback_raises_does_not_end_the_thread(platform):
    def fail(content, refused):
        raise ValueError("the caller's")

    with recorder(platform, on_refused=fail) as running:
        running.record({"id": "1"})
        assert running.flush(10)
        running.record(event(2))
    assert list(platform.taken) == ["2"]


def test_while_the_platform_is_away_events_wait_on_disk_and_go_when_it_is_back(platform, tmp_path):
    platform.is_up.clear()
    with recorder(platform, spool=tmp_path / "spool") as running:
        for number in range(50):
            running.record(event(number))
        assert running.flush(10)
        assert running.recorded.spooled == 50
        assert {one.stat().st_mode & 0o777 for one in (tmp_path / "spool").iterdir()} == {0o600}
        platform.is_up.set()
        running.record(event(50))
        assert wait_until(lambda: len(platform.taken) == 51)
        assert wait_until(lambda: running.recorded.spooled == 0)
    assert not list((tmp_path / "spool").iterdir())


def test_what_waits_on_disk_goes_also_while_events_keep_coming(platform, tmp_path):
    with recorder(platform, spool=tmp_path, gather_seconds=0) as running:
        platform.is_up.clear()
        for number in range(20):
            running.record(event(number))
            assert running.flush(10)
        assert len(list(tmp_path.iterdir())) > 5
        platform.is_up.set()

        def one_more():
            number = len(platform.taken) + 1_000
            for more in range(3):
                running.record(event(number * 10 + more))
            return not list(tmp_path.iterdir())

        # There is never a pause in which nothing is to be sent.
        assert wait_until(one_more)
    assert {str(number) for number in range(20)} <= platform.taken.keys()


def test_the_next_process_sends_what_one_left_behind(platform, tmp_path):
    platform.is_up.clear()
    with recorder(platform, spool=tmp_path, exit_seconds=0.05) as first:
        first.record(event(1))
    assert platform.taken == {}
    platform.is_up.set()
    with recorder(platform, spool=tmp_path) as second:
        second.record(event(2))
        assert wait_until(lambda: set(platform.taken) == {"1", "2"})


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_events_wait_while_the_sender_is_not_accepted(platform, tmp_path, status):
    platform.status = status
    with recorder(platform, spool=tmp_path) as running:
        running.record(event(1))
        assert running.flush(10)
        assert (running.recorded.spooled, running.recorded.refused) == (1, 0)
        platform.status = 202
        assert wait_until(lambda: "1" in platform.taken)


def test_no_more_waits_in_memory_than_may(platform):
    platform.is_up.clear()
    running = recorder(platform, queue_max_count=10, exit_seconds=0.01)
    for number in range(10):
        running.record(event(number))
    with pytest.raises(QueueFullError, match="10 events wait already"):
        running.record(event(10))
    running.close()
    assert running.recorded.lost + running.recorded.accepted == 10


def test_a_full_spool_leaves_events_in_memory(platform, tmp_path):
    platform.is_up.clear()
    with recorder(platform, spool=tmp_path, spool_max_bytes=10) as running:
        running.record(event(1))
        assert wait_until(lambda: platform.requests_count > 8)
        assert (running.recorded.queued, running.recorded.spooled) == (1, 0)
        platform.is_up.set()
        assert running.flush(10)
    assert running.recorded.accepted == 1


def test_a_full_disk_leaves_events_in_memory_and_nothing_half_written(platform, tmp_path, monkeypatch):
    def is_full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    platform.is_up.clear()
    with recorder(platform, spool=tmp_path) as running:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", is_full)
            running.record(event(1))
            # Each try is a warning; after three of them the disk has nothing of it.
            before = platform.requests_count
            assert wait_until(lambda: platform.requests_count >= before + 3)
            # The disk is full until then: with room again it could be put there first.
            platform.is_up.set()
            assert running.flush()
        assert running.recorded == recording.Recorded(accepted=1)
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_of_a_torn_file_is_sent(platform, tmp_path):
    Spool(tmp_path, 10_000).put([json.dumps(event(number)).encode() for number in range(3)])
    (torn,) = tmp_path.iterdir()
    torn.write_bytes(torn.read_bytes()[:-20])
    with recorder(platform, spool=tmp_path) as running:
        running.record(event(9))
        assert wait_until(lambda: platform.taken.keys() == {"0", "1", "9"})
        # The file goes before its events are counted.
        assert wait_until(lambda: running.recorded == recording.Recorded(accepted=3, lost=1))
    assert list(tmp_path.iterdir()) == []


def test_a_spool_that_cannot_be_read_holds_up_nothing_else(platform, tmp_path):
    Spool(tmp_path, 10_000).put([json.dumps(event(0)).encode()])
    (batch,) = tmp_path.iterdir()
    content = batch.read_bytes()
    batch.unlink()
    batch.mkdir()
    with recorder(platform, spool=tmp_path) as running:
        running.record(event(1))
        assert wait_until(lambda: platform.taken.keys() == {"1"})
        batch.rmdir()
        batch.write_bytes(content)
        assert wait_until(lambda: platform.taken.keys() == {"0", "1"})


def test_a_closed_recorder_takes_nothing(platform):
    running = recorder(platform)
    running.close()
    running.close()
    with pytest.raises(RuntimeError, match="closed"):
        running.record(event(1))


def test_what_is_no_json_is_refused_at_once(platform):
    with recorder(platform) as running:
        with pytest.raises(TypeError):
            running.record(event(1, at=object()))
        with pytest.raises(ValueError, match="not JSON compliant"):
            running.record(event(1, at=float("nan")))
    assert running.recorded == recording.Recorded()


def test_a_process_that_ends_sends_what_it_recorded(tmp_path):
    script = (
        "from plaudit_client import Recorder\n"
        f"r = Recorder('http://127.0.0.1:9', 'k', spool={str(tmp_path)!r}, exit_seconds=0.1)\n"
        "[r.record({'id': str(n), 'source': 's', 'type': 'x'}) for n in range(3)]\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, capture_output=True)
    [batch] = tmp_path.iterdir()
    assert [json.loads(line)["id"] for line in Spool.read(batch)] == ["0", "1", "2"]


@pytest.mark.skipif(os.name != "posix", reason="the system has no SIGTERM")
def test_a_process_that_makes_an_end_of_sigterm_sends_what_it_recorded(tmp_path):
    # As docs/clients.md has it.
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "from plaudit_client import Recorder\n"
        f"r = Recorder('http://127.0.0.1:9', 'k', spool={str(tmp_path)!r}, gather_seconds=60, exit_seconds=0.1)\n"
        "r.record({'id': '1', 'source': 's', 'type': 'x'})\n"
        "print('recorded', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as one:
        assert one.stdout is not None
        one.stdout.readline()
        one.terminate()
        assert one.wait(timeout=60) == 0
    [batch] = tmp_path.iterdir()
    assert [json.loads(line)["id"] for line in Spool.read(batch)] == ["1"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_records_for_itself(tmp_path):
    script = (
        "import os, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "from plaudit_client import Recorder\n"
        f"r = Recorder('http://127.0.0.1:9', 'k', spool={str(tmp_path)!r}, exit_seconds=0.1)\n"
        "r.record({'id': 'parent', 'source': 's'})\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    r.record({'id': 'child', 'source': 's'}); r.close(); os._exit(0)\n"
        "os.waitpid(child, 0)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, capture_output=True)
    ids = sorted(json.loads(line)["id"] for one in tmp_path.iterdir() for line in Spool.read(one))
    assert ids == ["child", "parent"]


def wait_until(is_so, seconds=20.0):
    waiting = threading.Event()
    for _ in range(int(seconds / 0.005)):
        if is_so():
            return True
        waiting.wait(0.005)
    return False
