from plaudit.stack.logs import follow, rotate, tail


def test_a_small_log_is_left_alone(tmp_path):
    log = tmp_path / "x.log"
    log.write_text("short\n")
    assert not rotate(log, max_bytes=100)
    assert log.read_text() == "short\n"


def test_a_writer_goes_on_in_the_emptied_file(tmp_path):
    log = tmp_path / "x.log"
    with log.open("a") as writer:
        writer.write("before\n")
        writer.flush()
        assert rotate(log, max_bytes=1)
        writer.write("after\n")
    assert (tmp_path / "x.log.1").read_text() == "before\n"
    assert log.read_text() == "after\n"


def test_only_so_many_old_logs_are_kept(tmp_path):
    log = tmp_path / "x.log"
    for number in range(5):
        log.write_text(str(number))
        rotate(log, max_bytes=1, kept_count=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.log", "x.log.1", "x.log.2"]
    assert (tmp_path / "x.log.1").read_text() == "4"
    assert (tmp_path / "x.log.2").read_text() == "3"


def test_tail_gives_the_last_lines_of_a_long_log(tmp_path):
    log = tmp_path / "x.log"
    log.write_text("".join(f"line {number}\n" for number in range(50_000)))
    assert tail(log, 3) == ["line 49997", "line 49998", "line 49999"]
    assert tail(log, 0) == []
    assert tail(tmp_path / "none.log", 3) == []


def test_tail_of_a_short_log_is_all_of_it(tmp_path):
    log = tmp_path / "x.log"
    log.write_text("only\n")
    assert tail(log, 10) == ["only"]


def test_follow_yields_whole_lines_that_are_new(tmp_path):
    log = tmp_path / "x.log"
    log.write_text("old\n")
    lines = follow({"x": log})
    with log.open("a") as writer:
        writer.write("one\ntwo\nhal")
    assert [next(lines), next(lines)] == [("x", "one"), ("x", "two")]
    with log.open("a") as writer:
        writer.write("f\n")
    assert next(lines) == ("x", "half")


def test_follow_goes_on_after_a_rotation(tmp_path):
    log = tmp_path / "x.log"
    log.write_text("a long line before\n")
    lines = follow({"x": log})
    rotate(log, max_bytes=1)
    with log.open("a") as writer:
        writer.write("after\n")
    assert next(lines) == ("x", "after")
