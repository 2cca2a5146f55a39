"""`Pipe`: the standard one over a socket, with shared memory for what is large.

Both ends are real sockets, so that end of file, `fileno`, `wait` and the passing of descriptors are the
kernel's business. A message below `LARGE` goes through the socket as the standard library writes it. A
larger one:

    socket   -2                                  instead of the length
             length; with it, the descriptor of the sender's carrier
             for each piece: (1, number, bytes)   it lies in the carrier
                             (0, 0, bytes), bytes it did not fit there: it comes through the socket
    carrier  the pieces (`allcores._native.shm.ShmCarrier`: a sealed memfd, used over and over)

A carrier belongs to the process that sends: a forked child makes its own. It has no name, and its
memory is gone with the last process that has it. `CARRIED` bytes at most wait in one; beyond them the
socket makes the sender wait for the reader, as ever. Who takes over an end from a killed reader finds
pieces that nobody will ask for, and throws them away: pieces have numbers.
"""

import array
import io
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import connection as _connection
from multiprocessing.reduction import DupFd
from typing import Any

from allcores._native.shm import ShmCarrier

__all__ = ["Connection", "Pipe"]

#: Bytes from which shared memory is faster. Measured: what fits into the socket's buffer (208 KB) goes
#: through it as fast.
LARGE = 3 << 16

#: Bytes of a piece: while the reader copies one, the sender copies the next. Measured: from 128 KB to
#: 512 KB there is little between them.
PIECE = 1 << 17

#: Most bytes that wait in a carrier: what a sender runs ahead of its reader. More than the caches hold
#: is slower, and all of it stays with the pipe.
CARRIED = 1 << 21

_START = struct.pack("!i", -2)
_LENGTH = struct.Struct("!Q")
_PIECE = struct.Struct("!BxHI")
_ONE_FD = array.array("i", [0])


class Connection(_connection.Connection):
    """One end of a `Pipe`: `multiprocessing.connection.Connection`, faster with large messages.

    Notes
    -----
    As with the standard one, only one thread or process at a time may send through an end, and only one
    may receive. After an exception in the middle of a message, Ctrl-C for example, the stream is of no
    more use.
    """

    _handle: int
    _carrier: ShmCarrier | None = None  # ours, to send with
    _carrier_pid = 0
    _number = 0
    _source: ShmCarrier | None = None  # the other side's, that the last message came with

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (DupFd(self.fileno()), self.readable, self.writable)

    @contextmanager
    def _as_socket(self) -> Iterator[socket.socket]:
        # For one call: two objects that own a descriptor would close it twice.
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, self._handle)
        try:
            if socket.getdefaulttimeout() is not None:
                one.setblocking(True)
            yield one
        finally:
            one.detach()

    def _close(self, _close: Callable[[int], None] = os.close) -> None:
        # As the standard one: `__del__` calls it when the names of this module are gone, too.
        self._carrier = self._source = None
        _close(self._handle)

    # -- sending --

    def _send_bytes(self, buf: memoryview) -> None:
        length = len(buf)
        if length < LARGE or (carrier := self._own_carrier()) is None:
            super()._send_bytes(buf)  # type: ignore[misc]
            return
        try:
            self._send(_START)  # type: ignore[attr-defined]
            fds = array.array("i", [carrier.fileno()])
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)]
            with self._as_socket() as this:
                this.sendmsg([_LENGTH.pack(length)], rights, socket.MSG_NOSIGNAL)
            for start in range(0, length, PIECE):
                size = min(PIECE, length - start)
                number = self._number = self._number % 65535 + 1
                if carrier.put(buf, start, size, number):
                    self._send(_PIECE.pack(1, number, size))  # type: ignore[attr-defined]
                else:
                    self._send(_PIECE.pack(0, 0, size))  # type: ignore[attr-defined]
                    self._send(buf[start : start + size])  # type: ignore[attr-defined]
        except BaseException:
            self._carrier = None  # with whatever lies in it
            raise

    def _own_carrier(self) -> ShmCarrier | None:
        if self._carrier is None or self._carrier_pid != os.getpid():
            try:
                self._carrier = ShmCarrier(CARRIED)
            except (OSError, MemoryError):
                return None  # no descriptor or no memory: the socket does it
            self._carrier_pid = os.getpid()
        return self._carrier

    # -- receiving --

    def _recv_bytes(self, maxsize: int | None = None) -> io.BytesIO | None:
        size: int = struct.unpack("!i", self._recv(4).getvalue())[0]  # type: ignore[attr-defined]
        if size != -2:
            if size == -1:
                size = _LENGTH.unpack(self._recv(8).getvalue())[0]  # type: ignore[attr-defined]
            if maxsize is not None and size > maxsize:
                return None
            small: io.BytesIO = self._recv(size)  # type: ignore[attr-defined]
            return small
        size, source = self._recv_start()
        if maxsize is not None and size > maxsize:
            return None
        buffer = io.BytesIO(self._recv_pieces(size, source))
        buffer.seek(size)
        return buffer

    def _recv_start(self) -> tuple[int, ShmCarrier]:
        # With the length comes the descriptor, which a plain read would lose.
        room = socket.CMSG_SPACE(_ONE_FD.itemsize)
        with self._as_socket() as this:
            data, ancillary, _, _ = this.recvmsg(_LENGTH.size, room, socket.MSG_CMSG_CLOEXEC)
        fds = array.array("i")
        for _, kind, rights in ancillary:
            if kind == socket.SCM_RIGHTS:
                fds.frombytes(rights)
        if len(fds) != 1:
            for fd in fds:
                os.close(fd)
            raise OSError(
                "a large message came without its shared memory: this process has no descriptor left "
                "(ulimit -n), or the other end is not of this library"
            )
        source = self._source_of(fds[0])
        data += self._recv(_LENGTH.size - len(data)).getvalue()  # type: ignore[attr-defined]
        return _LENGTH.unpack(data)[0], source

    def _source_of(self, fd: int) -> ShmCarrier:
        if self._source is not None and os.path.sameopenfile(self._source.fileno(), fd):
            os.close(fd)
        else:
            self._source = ShmCarrier.attach(fd)
        return self._source

    def _recv_pieces(self, size: int, source: ShmCarrier) -> bytes:
        whole = source.blank(size)
        start = 0
        while start < size:
            shared, number, piece = _PIECE.unpack(self._recv(_PIECE.size).getvalue())  # type: ignore[attr-defined]
            if piece > size - start:
                raise OSError("a piece of a message is longer than the message")
            if not shared:
                source.fill(whole, start, self._recv(piece).getbuffer())  # type: ignore[attr-defined]
            elif not source.take(whole, start, piece, number):
                raise OSError("a piece of a message is not in its shared memory")
            start += piece
        return whole


def _rebuild(descriptor: Any, readable: bool, writable: bool) -> Connection:
    return Connection(descriptor.detach(), readable, writable)


def Pipe(duplex: bool = True) -> tuple[Connection, Connection]:
    """Return the two ends of a pipe between processes.

    Parameters
    ----------
    duplex : bool, default True
        Whether both ends send and receive; otherwise the first receives and the second sends.

    Returns
    -------
    tuple of two Connection
    """
    one, other = socket.socketpair()
    for end in (one, other):
        end.setblocking(True)  # whatever socket.setdefaulttimeout says
    if duplex:
        return Connection(one.detach()), Connection(other.detach())
    return Connection(one.detach(), writable=False), Connection(other.detach(), readable=False)
