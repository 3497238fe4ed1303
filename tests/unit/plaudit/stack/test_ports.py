import contextlib
import socket

import pytest

from plaudit.stack.errors import StackError
from plaudit.stack.ports import HOST, SPARE, USUAL, Held, choose, claimed, is_free


def test_the_usual_ports_are_taken_when_they_are_free():
    assert choose({}, lambda port: True) == USUAL


def test_a_taken_port_is_replaced_by_a_spare_one_and_the_others_stay():
    chosen = choose({}, lambda port: port != USUAL["kafka"])
    assert chosen["kafka"] in SPARE
    assert {name: port for name, port in chosen.items() if name != "kafka"} == {
        name: port for name, port in USUAL.items() if name != "kafka"
    }


def test_a_remembered_port_comes_before_the_usual_one():
    assert choose({"postgres": 23456}, lambda port: True)["postgres"] == 23456


def test_no_two_parts_get_the_same_port():
    chosen = choose(dict.fromkeys(USUAL, 23456), lambda port: port in {23456} or port in SPARE)
    assert len(set(chosen.values())) == len(USUAL)


def test_no_free_port_is_an_error_that_names_the_part():
    with pytest.raises(StackError, match="kafka"):
        choose({}, lambda port: False)


def test_a_port_with_a_listener_is_not_free():
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        assert not is_free(server.getsockname()[1])


def test_two_stacks_that_start_at_once_do_not_choose_the_same_ports(tmp_path):
    registry = tmp_path / "ports.json"
    with claimed(registry, "one") as usable:
        one = choose({}, usable)
    with claimed(registry, "two") as usable:
        two = choose({}, usable)
    with claimed(registry, "one") as usable:
        again = choose(one, usable)
    assert not set(one.values()) & set(two.values())
    assert again == one


def test_a_damaged_registry_of_claims_is_begun_anew(tmp_path):
    (tmp_path / "ports.json").write_text("{ half")
    with claimed(tmp_path / "ports.json", "one") as usable:
        assert choose({}, usable)


def steal(port):
    """Listen on a port as most servers do."""
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind((HOST, port))
        thief.listen()


def test_all_ports_are_held_together_until_they_are_let_go(tmp_path):
    with contextlib.closing(Held()) as held:
        with claimed(tmp_path / "ports.json", "one", held) as usable:
            chosen = choose({}, usable)
        for port in chosen.values():
            with pytest.raises(OSError, match="in use"):
                steal(port)
    for port in chosen.values():
        steal(port)


def test_a_port_whose_last_connection_is_being_forgotten_is_free():
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)):
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first keeps the port in TIME_WAIT
    assert is_free(port)
