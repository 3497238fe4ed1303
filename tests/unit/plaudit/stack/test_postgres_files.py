import os

import pytest

from plaudit.stack.postgres import SETTINGS, clear_stale_pid_file


@pytest.mark.parametrize(
    "content",
    [str(os.getpid()), "999999999", "", "not a number"],
    ids=["a living process", "nobody's", "empty", "no number"],
)
def test_a_pid_file_that_no_server_holds_is_removed(tmp_path, content):
    # The id of a living process that is no server is what a power cut in a container leaves behind.
    (tmp_path / "postmaster.pid").write_text(f"{content}\n{tmp_path}\n")
    clear_stale_pid_file(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_nothing_to_clear_is_no_error(tmp_path):
    clear_stale_pid_file(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_committed_is_on_disk():
    assert SETTINGS["fsync"] == "on"
    assert SETTINGS["synchronous_commit"] == "on"
    assert SETTINGS["unix_socket_directories"] == ""
