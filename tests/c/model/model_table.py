"""What stands on the proof bench: programs, their mutants, and what is exempt and why."""

# ruff: noqa: E501  # texts of csrc stand as they are

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """One C file beside this one, and the files of csrc that it puts under the checker."""

    name: str
    files: tuple[str, ...] = ()
    quick: bool = False  #: runs with every test run, not only with --heavy


@dataclass(frozen=True)
class Mutant:
    """One change of one file that the program must notice, by a failure of the kind `expected`."""

    program: str
    file: str
    old: str
    new: str
    expected: str  #: one kind, or several: race|deadlock; for an equivalent one, the reason
    only: tuple[str, ...] = ()  #: run this test alone

    @property
    def name(self) -> str:
        return f"{self.program}: {' '.join(self.old.split())} -> {' '.join(self.new.split()) or 'nothing'}"


PROGRAMS = [
    Program("litmus", quick=True),
    Program("known_bad", quick=True),
    Program("event_count", ("sync/ac_event_count.h",)),
    Program("mpmc", ("queues/ac_mpmc.h",)),
    Program("spsc", ("queues/ac_spsc.h",), quick=True),
    Program("mutex", ("sync/ac_mutex.h",), quick=True),
    Program("relock", ("sync/ac_relock.h",)),
    Program("semaphore", ("sync/ac_semaphore.h",), quick=True),
    Program("latch", ("sync/ac_latch.h",)),
    Program("event", ("sync/ac_event.h",), quick=True),
    Program("once", ("sync/ac_once.h",), quick=True),
    Program("atomic_int", ("sync/ac_atomic_int.h",), quick=True),
    Program("waitlist", ("sync/ac_waitlist.h",)),
    Program("rwlock", ("sync/ac_rwlock.h",)),
    Program("barrier", ("sync/ac_barrier.h",), quick=True),
    Program("shared_lock", ("shm/ac_shared_lock.h",)),
    Program("shared_sem", ("shm/ac_shared_sem.h",)),
    Program("shared_event", ("shm/ac_shared_event.h",), quick=True),
    Program(
        "shm_take",
        ("shm/ac_shm_claims.h", "shm/ac_shm_claims.c", "shm/ac_shm_take.c", "shm/ac_shm_queue_shared.h"),
    ),
    Program("shm_pool", ("shm/ac_shm_stream.c", "shm/ac_shm_stream.h")),
    Program("shm_queue", ("shm/ac_shm_queue.c",)),
    Program("lease", ("shm/ac_shm_lease.c",)),
    Program("bell", ("shm/ac_shm_bell.h", "shm/ac_shm_bell_linux.c")),
    Program("party", ("shm/ac_shm_party.c",), quick=True),
    Program("shared_permits", ("shm/ac_shared_permits.h",), quick=True),
    Program("shared_row", ("shm/ac_shared_row.h",)),
    Program("segments", ("queues/ac_segments.h",)),
    Program("stack", ("queues/ac_stack.h",), quick=True),
    Program("store", ("queues/ac_store.h",)),
    Program("channel", ("queues/ac_channel.h",)),
    Program("deque", ("sched/ac_deque.h",), quick=True),
    Program("keeper", ("sched/ac_keeper.h",), quick=True),
    Program("range", ("sched/ac_range.h",), quick=True),
    Program("pointers", ("queues/ac_pointers.h",)),
    Program("task", ("sched/ac_task.h",), quick=True),
    Program("pool", ("sched/ac_pool.c",)),
    Program("sharded", ("queues/ac_sharded.h",), quick=True),
]


#: Files of csrc with atomics that no program covers, and why.
EXEMPT: dict[str, str] = {
    "sync/ac_spin.h": "decides nothing: relaxed hints of how long to spin, where a lost update is harmless; it runs under "
    "the checker in relock and latch",
    "sync/ac_turn.h": "decides nothing but when a thread goes on: relaxed hints, where a lost update is harmless, and a "
    "wait with an end of its own",
    "shm/ac_shm_queue_open.c": "runs before the queue is shared, or under the file's lock: no concurrent structure of its own",
    "kernels/ac_cumsum.c": "chunks dealt out by one fetch_add, and a chain of release stores to one word, each by the owner of the next "
    "chunk after it has read the one before; by the thread sanitizer in test_ac_cumsum.c",
    "kernels/ac_grep.c": "one counter that is only added to; the end of the loop orders it before its reader",
    "wait/ac_wait_macos.c": "the body of ac_wait.h, below the checker's own; its one relaxed look decides nothing that the system "
    "does not compare again",
    "wait/ac_wait_windows.c": "the body of ac_wait.h, below the checker's own: the system compares the word again",
    "kernels/ac_words.c": "one counter that deals out chunks by fetch_add; the pool's join orders the data",
}
