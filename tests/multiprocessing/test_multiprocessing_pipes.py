"""`Pipe`: a socket for what is small and for the end of file, shared memory for what is large."""

import gc
import os
import random
import signal
import socket
import sys
import threading
import time
from multiprocessing import reduction

import pytest
from mp_helpers import PATIENCE, await_true

from allcores import multiprocessing as mp

if sys.platform != "linux":
    pytest.skip("the standard Pipe elsewhere", allow_module_level=True)

from allcores.multiprocessing import pipes

LARGE = pipes.LARGE
SIZES = [
    *(0, 1, 16384, 16385, LARGE - 1, LARGE, LARGE + 1),
    *(2 * pipes.PIECE, 2 * pipes.PIECE + 1, pipes.CARRIED, 3 * pipes.CARRIED + 5),
]


def echo(connection) -> None:
    """Send everything back until None comes."""
    while (item := connection.recv()) is not None:
        connection.send(item)


def started(ctx, target, *args):
    process = ctx.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def test_messages_of_every_size_go_there_and_come_back(ctx) -> None:
    here, there = ctx.Pipe()
    assert type(here) is pipes.Connection
    child = started(ctx, echo, there)
    there.close()
    for size in SIZES:
        data = random.Random(size).randbytes(size)
        here.send(data)
        assert here.recv() == data
        array = bytearray(data)
        here.send((1, array))
        assert here.recv() == (1, array)
    here.send(None)
    child.join(PATIENCE)
    assert child.exitcode == 0


def test_a_default_timeout_of_sockets_does_not_concern_it() -> None:
    socket.setdefaulttimeout(0.01)
    try:
        here, there = mp.Pipe()
        late = threading.Timer(0.1, there.send_bytes, (bytes(LARGE),))
        late.start()
        assert len(here.recv_bytes()) == LARGE
        here.send_bytes(bytes(LARGE))
        assert len(there.recv_bytes()) == LARGE
        assert os.get_blocking(here.fileno())
    finally:
        socket.setdefaulttimeout(None)
    late.join()


def test_one_way_and_bytes() -> None:
    reader, writer = mp.Pipe(duplex=False)
    data = os.urandom(pipes.CARRIED + 12345)

    def send() -> None:
        for _ in range(3):
            writer.send_bytes(data)
        with pytest.raises(BrokenPipeError):
            writer.send_bytes(data * 2)

    sender = threading.Thread(target=send)
    sender.start()
    assert reader.recv_bytes() == data
    assert reader.poll(PATIENCE)
    target = bytearray(len(data) + 10)
    assert reader.recv_bytes_into(target, 5) == len(data)
    assert target[5:-5] == data
    with pytest.raises(mp.BufferTooShort) as short:
        reader.recv_bytes_into(bytearray(10))
    assert short.value.args[0] == data
    with pytest.raises(OSError, match="bad message length"):
        reader.recv_bytes(LARGE)  # which closes it
    sender.join(PATIENCE)
    assert not sender.is_alive()
    with pytest.raises(OSError, match="read-only"):
        mp.Pipe(False)[0].send(1)
    with pytest.raises(OSError, match="write-only"):
        mp.Pipe(False)[1].recv()


def test_the_end_of_file_is_the_kernels(fork) -> None:
    here, there = mp.Pipe()
    child = started(fork, time.sleep, PATIENCE)
    there.close()
    child.kill()
    child.join()
    assert mp.connection.wait([here], PATIENCE) == [here]
    with pytest.raises(EOFError):
        here.recv()
    with pytest.raises(BrokenPipeError):
        here.send_bytes(bytes(LARGE))
    assert here.fileno() >= 0


def test_descriptors_can_be_passed(fork) -> None:
    here, there = mp.Pipe(False)
    read, write = os.pipe()
    there.send_bytes(bytes(LARGE))
    assert len(here.recv_bytes()) == LARGE
    reduction.send_handle(there, write, os.getpid())
    received = reduction.recv_handle(here)
    os.write(received, b"x")
    assert os.read(read, 1) == b"x"
    for fd in (read, write, received):
        os.close(fd)
    with socket.socket(fileno=os.dup(here.fileno())) as copy:
        assert copy.family == socket.AF_UNIX


def take_over(connection, count: int) -> None:
    for _ in range(count):
        assert len(connection.recv_bytes()) == 2 * LARGE
    connection.send_bytes(b"y" * LARGE)


def test_an_end_is_used_by_one_process_after_the_other(fork) -> None:
    here, there = mp.Pipe()
    here.send_bytes(b"x" * LARGE)
    assert there.recv_bytes() == b"x" * LARGE  # there: has attached; here: has its carrier
    for _ in range(3):
        child = started(fork, take_over, there, 2)
        for _ in range(2):
            here.send_bytes(b"x" * 2 * LARGE)
        assert here.recv_bytes() == b"y" * LARGE  # from a carrier of the child's own
        child.join(PATIENCE)
        assert child.exitcode == 0
        there.send_bytes(b"z" * LARGE)
        assert here.recv_bytes() == b"z" * LARGE


def send_for_ever(connection, size: int) -> None:
    while True:
        connection.send_bytes(bytes(size))


def receive_for_ever(connection) -> None:
    while True:
        connection.recv_bytes()


def held() -> tuple[int, int]:
    """How many descriptors this process has, and how many mappings of ours."""
    gc.collect()
    with open("/proc/self/maps") as file:
        return len(os.listdir("/proc/self/fd")), file.read().count("memfd:allcores")


@pytest.mark.parametrize("killed", ["sender", "receiver"])
def test_nothing_leaks_when_an_end_is_killed(fork, seed: int, killed: str) -> None:
    rng = random.Random(seed)
    before = held()
    for _ in range(15):
        here, there = mp.Pipe()
        if killed == "sender":
            child = started(fork, send_for_ever, there, LARGE + rng.randrange(3 * pipes.CARRIED))
        else:
            child = started(fork, receive_for_ever, there)
        there.close()
        end = time.monotonic() + rng.random() * 0.03
        killer = threading.Timer(max(0, end - time.monotonic()), child.kill)
        killer.start()
        with pytest.raises((OSError, EOFError)):
            while True:
                if killed == "sender":
                    assert set(here.recv_bytes()[:: 4096]) == {0}
                else:
                    here.send_bytes(bytes(LARGE + rng.randrange(3 * pipes.CARRIED)))
        killer.join()
        child.join(PATIENCE)
        assert child.exitcode == -signal.SIGKILL
        here.close()
        child.close()
    assert held() == before


def test_a_receiver_that_is_killed_leaves_its_end_usable(fork, seed: int) -> None:
    # The next one finds pieces in the carrier that the dead one had been told of, and throws them away.
    rng = random.Random(seed)
    here, there = mp.Pipe()
    for _ in range(10):
        there.send_bytes(b"s" * LARGE)
        here._recv(4)  # as one who dies after it has read what announces the piece
        size, _ = here._recv_start()
        here._recv(pipes._PIECE.size)
        here._recv(pipes._PIECE.size)
        data = rng.randbytes(LARGE + rng.randrange(LARGE))
        there.send_bytes(data)
        assert here.recv_bytes() == data
        assert size == LARGE


def test_a_stopped_reader_makes_the_sender_wait(fork) -> None:
    here, there = mp.Pipe()
    child = started(fork, echo, there)
    os.kill(child.pid, signal.SIGSTOP)
    sent = []
    sender = threading.Thread(target=lambda: [sent.append(here.send(bytes(LARGE))) for _ in range(60)])
    sender.start()
    await_true(lambda: len(sent) >= 5, "what a carrier holds does not wait")
    time.sleep(0.05)
    assert len(sent) < 60
    os.kill(child.pid, signal.SIGCONT)
    for _ in range(60):
        assert len(here.recv()) == LARGE
    sender.join(PATIENCE)
    child.kill()
    child.join()
    here.close()
    there.close()


def test_without_a_descriptor_left_the_socket_does_it(tmp_path) -> None:
    from mp_helpers import run_script

    code = """
        import os, resource, threading
        from allcores import multiprocessing as mp

        here, there = mp.Pipe()
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1,) * 2)
        thread = threading.Thread(target=here.send_bytes, args=(bytes(10**6),))
        thread.start()
        assert there.recv_bytes() == bytes(10**6)
        thread.join()
    """
    run_script(tmp_path, code)


def test_the_end_of_the_interpreter_closes_it_when_names_are_gone(monkeypatch) -> None:
    here, there = mp.Pipe()
    monkeypatch.setattr(pipes, "os", None)  # what the interpreter does to a module
    here.close()
    monkeypatch.undo()
    assert here.closed
    with pytest.raises(EOFError):
        there.recv()
