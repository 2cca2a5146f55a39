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
]

EC = "sync/ac_event_count.h"
MPMC = "queues/ac_mpmc.h"
SPSC = "queues/ac_spsc.h"
MUTEX = "sync/ac_mutex.h"
RELOCK = "sync/ac_relock.h"
SEM = "sync/ac_semaphore.h"
LATCH = "sync/ac_latch.h"
EVENT = "sync/ac_event.h"
ONCE = "sync/ac_once.h"
INT = "sync/ac_atomic_int.h"
ROW = "sync/ac_waitlist.h"
RW = "sync/ac_rwlock.h"
BARRIER = "sync/ac_barrier.h"
SHLOCK = "shm/ac_shared_lock.h"
SHSEM = "shm/ac_shared_sem.h"
SHEVENT = "shm/ac_shared_event.h"
CLAIMS_H = "shm/ac_shm_claims.h"
CLAIMS = "shm/ac_shm_claims.c"
TAKE = "shm/ac_shm_take.c"
SHQUEUE = "shm/ac_shm_queue_shared.h"
PERMITS = "shm/ac_shared_permits.h"
SHROW = "shm/ac_shared_row.h"
SEG = "queues/ac_segments.h"
STACK = "queues/ac_stack.h"
STORE = "queues/ac_store.h"
CHANNEL = "queues/ac_channel.h"
DEQUE = "sched/ac_deque.h"
KEEPER = "sched/ac_keeper.h"
RANGE = "sched/ac_range.h"
POINTERS = "queues/ac_pointers.h"
TASK = "sched/ac_task.h"

MUTANTS = [
    # -- event count: fences, the order that "without a fence" needs, re-checks, wakes
    Mutant("event_count", EC, "ac_fence_seq_cst(); /* F2: the flag is visible before the caller's", "/* F2",
           "deadlock"),
    Mutant("event_count", EC, "    ac_fence_seq_cst(); /* F1: the condition's store is visible before", "/*",
           "deadlock"),
    Mutant("event_count", EC, "    ac_fence_seq_cst(); /* F1 */\n", "", "deadlock"),
    Mutant("event_count", EC, "(ac_load_seq_cst(&ec->word) & AC_EC_ANYBODY)",
           "(ac_load_relaxed(&ec->word) & AC_EC_ANYBODY)", "deadlock|assert"),
    Mutant("event_count", EC, "    ac_wake(&ec->word, count, flags);\n", "    (void)count, (void)flags;\n",
           "deadlock"),
    Mutant("event_count", EC, "(word & ~AC_EC_SLEEPERS) + AC_EC_EPOCH_ONE", "word & ~AC_EC_SLEEPERS",
           "deadlock"),
    Mutant("event_count", EC, "ac_fetch_or_seq_cst(&ec->word, AC_EC_SLEEPERS)",
           "ac_load_relaxed(&ec->word)", "deadlock|livelock"),
    Mutant("event_count", EC, "ac_fetch_and_acq_rel(&ec->word, ~AC_EC_LISTENERS)",
           "ac_store_relaxed(&ec->word, 0)", "deadlock"),
    Mutant("event_count", EC, "return (ac_load_relaxed(&ec->word) & AC_EC_LISTENERS) != 0;",
           "(void)ec; return false;", "assert"),
    Mutant("event_count", EC, "        ac_fence_seq_cst(); /* F2 */\n", "", "assert"),
    # -- mpmc: the hand-over of items and of slots, the indices
    Mutant("mpmc", MPMC, "        ac_gstore_release(&slot->turn, 2 * p + 1); /* pairs with the look of the pop */",
           "        ac_gstore_relaxed(&slot->turn, 2 * p + 1);", "race"),
    Mutant("mpmc", MPMC, "ac_gstore_release(&slot->turn, 2 * p + 1); /* pairs with the await of the pop */",
           "ac_gstore_relaxed(&slot->turn, 2 * p + 1);", "race"),
    Mutant("mpmc", MPMC, "ac_gstore_release(&slot->turn, 2 * (here + q->mask + 1));",
           "ac_gstore_relaxed(&slot->turn, 2 * (here + q->mask + 1));", "race"),
    Mutant("mpmc", MPMC, "ac_gstore_release(&slot->turn, 2 * (p + q->mask + 1));",
           "ac_gstore_relaxed(&slot->turn, 2 * (p + q->mask + 1));", "race"),
    Mutant("mpmc", MPMC, "ac_gload_acquire(&slot->turn) == 2 * p && /*",
           "ac_gload_relaxed(&slot->turn) == 2 * p && /*", "race"),
    Mutant("mpmc", MPMC, "AC_LIKELY(ac_gload_acquire(&slot->turn) == 2 * here + 1 &&",
           "AC_LIKELY(ac_gload_relaxed(&slot->turn) == 2 * here + 1 &&", "race"),
    Mutant("mpmc", MPMC, "if (AC_LIKELY(ac_gload_acquire(&slot->turn) == turn)) return;",
           "if (AC_LIKELY(ac_gload_relaxed(&slot->turn) == turn)) return;", "race"),
    Mutant("mpmc", MPMC, "while (ac_gload_acquire(&slot->turn) != turn)",
           "while (ac_gload_relaxed(&slot->turn) != turn)", "race"),
    Mutant("mpmc", MPMC, "AC_LIKELY(ac_gload_acquire(&slot->turn) == 2 * here + 1 &&", "AC_LIKELY(",
           "race|history"),
    Mutant("mpmc", MPMC, "    ac_mpmc_await_(slot, 2 * p);\n", "", "race|history"),
    Mutant("mpmc", MPMC, "        if (AC_UNLIKELY(tail & 1)) return AC_CLOSED;\n", "", "history"),
    Mutant("mpmc", MPMC, "size < (int64_t)limit && (tail & 1) == 0 &&", "size < (int64_t)limit &&", "history"),
    # -- spsc
    Mutant("spsc", SPSC, "ac_gstore_release(&slot->turn, position + i + 1);",
           "ac_gstore_relaxed(&slot->turn, position + i + 1);", "race"),
    Mutant("spsc", SPSC, "return ac_gload_acquire(&q->slots[position & q->mask].turn) == position + 1;",
           "return ac_gload_relaxed(&q->slots[position & q->mask].turn) == position + 1;", "race"),
    Mutant("spsc", SPSC, "q->producer.head_seen = ac_gload_acquire(&q->consumer.head) >> 1;",
           "q->producer.head_seen = ac_gload_relaxed(&q->consumer.head) >> 1;", "race"),
    Mutant("spsc", SPSC, "ac_gcas_seq_cst(&q->consumer.head, &head, head + 2 * n)",
           "ac_cas_relaxed(&q->consumer.head, &head, head + 2 * n)", "race"),
    Mutant("spsc", SPSC, "ac_gcas_seq_cst(&q->producer.tail, &tail, tail + 2 * n)",
           "(ac_store_relaxed(&q->producer.tail, tail + 2 * n), true)", "history|assert|livelock"),
    Mutant("spsc", SPSC, "while (!ac_spsc_is_there_(q, position)) ac_backoff_snooze(&backoff);", "(void)backoff;",
           "race|history|assert"),
    Mutant("spsc", SPSC, "    if (AC_UNLIKELY(size >= limit)) return AC_FULL;\n", "", "race|history|assert"),
    Mutant("spsc", SPSC, "return seen == NULL && ac_cas_acq_rel(owner, &seen, me);",
           "return seen == NULL && (ac_store_relaxed(owner, me), true);", "race|assert"),
    # -- mutex
    Mutant("mutex", MUTEX, "ac_cas_acquire(&m->word, &unlocked, 1)", "ac_cas_relaxed(&m->word, &unlocked, 1)",
           "race"),
    Mutant("mutex", MUTEX, "while (ac_exchange_acquire(&m->word, 2) != 0)",
           "while (ac_exchange_relaxed(&m->word, 2) != 0)", "race"),
    Mutant("mutex", MUTEX, "ac_exchange_acq_rel(&m->word, 0) == 2", "ac_exchange_acquire(&m->word, 0) == 2",
           "race"),
    Mutant("mutex", MUTEX, "        ac_wake(&m->word, 1, AC_WAIT_PRIVATE);\n", "        ;\n", "deadlock"),
    Mutant("mutex", MUTEX, "ac_exchange_acquire(&m->word, 2) != 0", "ac_exchange_acquire(&m->word, 1) != 0",
           "deadlock|livelock"),
    Mutant("mutex", MUTEX, "ac_exchange_acq_rel(&m->word, 0) == 2",
           "(ac_load_relaxed(&m->word) == 2 ? ac_exchange_acq_rel(&m->word, 0) : "
           "(ac_store_release(&m->word, 0), 0u)) == 2", "deadlock"),
    # -- re-entrant lock
    Mutant("relock", RELOCK, "ac_gcas_u32_seq_cst(&l->word, &word, AC_RELOCK_LOCKED)",
           "ac_cas_relaxed(&l->word, &word, AC_RELOCK_LOCKED)", "race"),
    Mutant("relock", RELOCK, "ac_gexchange_u32_acq_rel(&l->word, AC_RELOCK_CONTENDED) != AC_RELOCK_FREE",
           "ac_exchange_relaxed(&l->word, AC_RELOCK_CONTENDED) != AC_RELOCK_FREE", "race"),
    Mutant("relock", RELOCK, "ac_gexchange_u32_acq_rel(&l->word, AC_RELOCK_FREE) == AC_RELOCK_CONTENDED",
           "ac_exchange_acquire(&l->word, AC_RELOCK_FREE) == AC_RELOCK_CONTENDED", "race"),
    Mutant("relock", RELOCK, "        ac_relock_wake_(l);\n    return depth;", "        ;\n    return depth;",
           "deadlock"),
    Mutant("relock", RELOCK, "            ac_relock_wake_(l); /* it announces", "            /* it announces",
           "deadlock"),
    Mutant("relock", RELOCK, "    while (!ac_gcas_u32_seq_cst(&l->word, &word, AC_RELOCK_CONTENDED)) {",
           "    word = ac_gload_relaxed(&l->word);\n    while (word != AC_RELOCK_CONTENDED && "
           "!ac_gcas_u32_seq_cst(&l->word, &word, AC_RELOCK_CONTENDED)) {", "deadlock", ("leave", "weak")),
    Mutant("relock", RELOCK, "    ac_relock_own_(l, 0, 0);\n    /* release", "    /* release", "assert|race|deadlock"),
    # -- semaphore
    Mutant("semaphore", SEM, "ac_gcas_seq_cst(&s->value, &value, value - 1)",
           "ac_cas_relaxed(&s->value, &value, value - 1)", "race|deadlock"),
    Mutant("semaphore", SEM, "ac_gcas_seq_cst(&s->value, &value, value + count)",
           "ac_cas_relaxed(&s->value, &value, value + count)", "race|deadlock"),
    Mutant("semaphore", SEM, "if (AC_UNLIKELY(value == 0)) return false;", "", "assert|race"),
    Mutant("semaphore", SEM, "if (ac_semaphore_value(s) > 0) ac_ec_notify_one", "if (0) ac_ec_notify_one",
           "deadlock"),
    Mutant("semaphore", SEM, "    else\n        ac_ec_notify_all(&s->freed, AC_WAIT_PRIVATE);\n", "", "deadlock"),
    Mutant("semaphore", SEM, "        ac_ec_notify_one(&s->freed, AC_WAIT_PRIVATE);\n    else", "        ;\n    else",
           "deadlock"),
    Mutant("semaphore", SEM, "count > limit || value > limit - count", "count > limit", "assert"),
    # -- latch
    Mutant("latch", LATCH, "return ac_gload_acquire(&l->count);", "return ac_load_relaxed(&l->count);", "race"),
    Mutant("latch", LATCH, "ac_gcas_seq_cst(&l->count, &count, count - by)",
           "ac_cas_acquire(&l->count, &count, count - by)", "race"),
    Mutant("latch", LATCH, "    if (count == by) ac_ec_notify_all(&l->zero, AC_WAIT_PRIVATE);\n", "", "deadlock"),
    Mutant("latch", LATCH, "ac_ec_notify_all(&l->zero", "ac_ec_notify_one(&l->zero", "deadlock"),
    Mutant("latch", LATCH, "if (count < by) return AC_FULL;", "", "assert|deadlock"),
    # -- event
    Mutant("event", EVENT, "return ac_gload_acquire(&e->word) & AC_EVENT_SET;",
           "return ac_load_relaxed(&e->word) & AC_EVENT_SET;", "race"),
    Mutant("event", EVENT, "ac_gcas_u32_seq_cst(&e->word, &word, next)", "ac_cas_relaxed(&e->word, &word, next)",
           "race"),
    Mutant("event", EVENT, "    ac_wake(&e->word, AC_WAKE_ALL, AC_WAIT_PRIVATE);", "    (void)e;", "deadlock"),
    Mutant("event", EVENT, "ac_wake(&e->word, AC_WAKE_ALL,", "ac_wake(&e->word, 1,", "deadlock"),
    Mutant("event", EVENT, "& ~AC_EVENT_SLEEPERS) + AC_EVENT_GENERATION_ONE;", "& ~AC_EVENT_SLEEPERS);",
           "deadlock"),
    Mutant("event", EVENT, "        if ((word & AC_EVENT_SET) || (word & AC_EVENT_GENERATION) != first) return 0;\n",
           "        if (word & AC_EVENT_SET) return 0;\n        (void)first;\n", "deadlock"),
    # -- once
    Mutant("once", ONCE, "return ac_gload_acquire(&o->state) == AC_ONCE_STATE_DONE;",
           "return ac_load_relaxed(&o->state) == AC_ONCE_STATE_DONE;", "race"),
    Mutant("once", ONCE, "    uint32_t state = ac_gload_seq_cst(&o->state);", "    uint32_t state = ac_load_relaxed(&o->state);",
           "race"),
    Mutant("once", ONCE, "    ac_ec_notify_all(&o->ended, AC_WAIT_PRIVATE);\n", "", "deadlock"),
    Mutant("once", ONCE, "    ac_gexchange_u32_acq_rel(&o->state, well ?", "    ac_exchange_relaxed(&o->state, well ?",
           "race"),
    Mutant("once", ONCE, "        if (state == AC_ONCE_STATE_CLAIMED) return AC_ONCE_WAIT;\n", "", "assert|race"),
    Mutant("once", ONCE, "ac_gstore_release(&o->state, AC_ONCE_STATE_RUNNING);",
           "ac_store_relaxed(&o->state, AC_ONCE_STATE_RUNNING);", "assert|race"),
    # -- atomic int
    Mutant("atomic_int", INT, "{ return ac_load_seq_cst(&a->value); }", "{ return ac_load_relaxed(&a->value); }",
           "race"),
    Mutant("atomic_int", INT, "    ac_store_seq_cst(&a->value, v);\n", "    ac_store_release(&a->value, v);\n",
           "assert"),
    Mutant("atomic_int", INT, "ac_gcas_i64_seq_cst(&a->value, &seen, next)", "ac_cas_relaxed(&a->value, &seen, next)",
           "race"),
    Mutant("atomic_int", INT, "return ac_gcas_i64_seq_cst(&a->value, &expected, desired);",
           "return ac_cas_relaxed(&a->value, &expected, desired);", "race"),
    Mutant("atomic_int", INT, "ac_gcas_i64_seq_cst(&a->value, &seen, next)", "(ac_store_relaxed(&a->value, next), true)",
           "assert|race"),
    # -- row of waiters
    Mutant("waitlist", ROW, "ac_exchange_acq_rel(word, answer) != AC_WAITER_ASLEEP",
           "ac_exchange_acquire(word, answer) != AC_WAITER_ASLEEP", "race"),
    Mutant("waitlist", ROW, "ac_cas_acq_rel(&w->word, &seen, AC_WAITER_ASLEEP)",
           "ac_cas_relaxed(&w->word, &seen, AC_WAITER_ASLEEP)", "race"),
    Mutant("waitlist", ROW, "    wakes->words[wakes->count++] = word;\n", "", "deadlock"),
    Mutant("waitlist", ROW, "    ac_wakes_send(&wakes);\n    return done;", "    return done;", "deadlock"),
    Mutant("waitlist", ROW, "if (word < AC_WAITER_ANSWER && w->generation == generation) ac_waitlist_remove(list, w);",
           "(void)generation;", "use-after-free|assert|race"),
    Mutant("waitlist", ROW, "    ac_mutex_lock(&list->lock);\n", "", "race"),
    # -- readers and writers
    Mutant("rwlock", RW, "ac_gcas_seq_cst(&rw->word, &word, AC_RW_WRITER)",
           "ac_cas_relaxed(&rw->word, &word, AC_RW_WRITER)", "race"),
    Mutant("rwlock", RW, "ac_gcas_seq_cst(&rw->word, &word, word + AC_RW_READER)",
           "ac_cas_relaxed(&rw->word, &word, word + AC_RW_READER)", "race"),
    Mutant("rwlock", RW, "if (word & (AC_RW_WRITER | AC_RW_WAITERS)) return false;",
           "if (word & AC_RW_WAITERS) return false;", "race|assert"),
    Mutant("rwlock", RW, "        else if (word >= AC_RW_READER) return;\n", "", "race|assert|use-after-free"),
    Mutant("rwlock", RW, "        if (word & AC_RW_WAITERS) {\n            ac_rwlock_give_(rw, AC_RW_READER, generation);\n"
           "            return true;\n        }\n", "", "deadlock"),
    Mutant("rwlock", RW, "        ac_rwlock_give_(rw, AC_RW_WRITER, generation);\n    return true;",
           "        return true;\n    return true;", "deadlock|assert"),
    Mutant("rwlock", RW, "        ac_rwlock_grant_(rw, &wakes); /* a writer may have", "        /* a writer may have", "deadlock"),
    # -- barrier
    Mutant("barrier", BARRIER, "            ac_barrier_end_(b, AC_BARRIER_FILLING, AC_BARRIER_PASSED, &wakes);\n"
           "            result = AC_BARRIER_PASSED;\n        }\n    }", "            result = AC_BARRIER_PASSED;\n        }\n    }",
           "deadlock"),
    Mutant("barrier", BARRIER, "    ac_store_relaxed(&b->count, UINT64_C(0));\n", "", "deadlock|assert"),
    Mutant("barrier", BARRIER, "    if (b->round == round) {", "    (void)round;\n    {", "assert", ("aborted_action",)),
    Mutant("barrier", BARRIER, "        if (!(by_deadline && act && w->kind == AC_BARRIER_HERE)) {", "        {",
           "assert", ("late_action",)),
    Mutant("barrier", BARRIER, "    ac_waitlist_unlock(&b->row);\n    ac_wakes_send(&wakes);\n}\n\nAC_INLINE bool ac_barrier_is_broken",
           "    ac_waitlist_unlock(&b->row);\n}\n\nAC_INLINE bool ac_barrier_is_broken", "deadlock"),
    # -- lock between processes; the wakes are needed where nobody has a slice
    Mutant("shared_lock", SHLOCK, "return ac_cas_acquire(&l->word, &seen, me << 1);",
           "return ac_cas_relaxed(&l->word, &seen, me << 1);", "race"),
    Mutant("shared_lock", SHLOCK, "if (ac_cas_acquire(&l->word, &seen, me << 1 | AC_SHARED_LOCK_SLEEPERS)) return 0;",
           "if (ac_cas_relaxed(&l->word, &seen, me << 1 | AC_SHARED_LOCK_SLEEPERS)) return 0;", "race"),
    Mutant("shared_lock", SHLOCK, "ac_exchange_acq_rel(&l->word, 0)", "ac_exchange_acquire(&l->word, 0)", "race"),
    Mutant("shared_lock", SHLOCK, "} while (!ac_cas_acq_rel(&l->word, &seen, 0));",
           "} while (!ac_cas_acquire(&l->word, &seen, 0));", "race", ("own",)),
    Mutant("shared_lock", SHLOCK, "if (ac_cas_acquire(&l->word, &seen, me << 1 | AC_SHARED_LOCK_SLEEPERS)) return 0;",
           "if (ac_cas_acquire(&l->word, &seen, me << 1)) return 0;", "deadlock"),
    Mutant("shared_lock", SHLOCK, "} else if (ac_cas_relaxed(&l->word, &seen, seen | AC_SHARED_LOCK_SLEEPERS)) {\n"
           "            return seen | AC_SHARED_LOCK_SLEEPERS;", "} else {\n            return seen;", "deadlock"),
    Mutant("shared_lock", SHLOCK, "    if (AC_UNLIKELY(word & AC_SHARED_LOCK_SLEEPERS))\n"
           "        ac_wake(ac_shared_lock_futex_(l), 1, AC_WAIT_SHARED);\n", "", "deadlock"),
    Mutant("shared_lock", SHLOCK, "    if (seen & AC_SHARED_LOCK_SLEEPERS) ac_wake(ac_shared_lock_futex_(l), 1, AC_WAIT_SHARED);\n"
           "    return true;", "    return true;", "deadlock"),
    Mutant("shared_lock", SHLOCK, "        if (ac_shared_lock_owner(seen) != me) return false;\n", "", "assert", ("own",)),
    Mutant("shared_lock", SHLOCK, "    if (!ac_cas_acquire(&l->word, &word, me << 1 | AC_SHARED_LOCK_SLEEPERS)) return false;\n",
           "    (void)word;\n    ac_store_relaxed(&l->word, me << 1 | AC_SHARED_LOCK_SLEEPERS);\n", "assert|race"),
    Mutant("shared_lock", SHLOCK, "if (!ac_cas_acquire(&l->word, &word, me << 1 | AC_SHARED_LOCK_SLEEPERS)) return false;",
           "if (!ac_cas_acquire(&l->word, &word, me << 1)) return false;", "deadlock", ("flag_kept",)),
    Mutant("shared_lock", SHLOCK, "        if (seen == 0) {\n            ac_wake(ac_shared_lock_futex_(l), 1, AC_WAIT_SHARED);\n"
           "            return;\n        }\n", "        if (seen == 0) return;\n", "deadlock", ("interrupted",)),
    Mutant("shared_lock", SHLOCK, "        /* Also if the flag is up: the",
           "        if (seen & AC_SHARED_LOCK_SLEEPERS) return;\n        /* Also if the flag is up: the", "deadlock",
           ("interrupted",)),
    # -- semaphore between processes
    Mutant("shared_sem", SHSEM, "ac_cas_acquire(&s->word, &seen, seen - 1)", "ac_cas_relaxed(&s->word, &seen, seen - 1)",
           "race", ("lock",)),
    Mutant("shared_sem", SHSEM, "ac_cas_acquire(&s->word, &seen, (seen - 1) | AC_SHARED_SEM_SLEEPERS)",
           "ac_cas_relaxed(&s->word, &seen, (seen - 1) | AC_SHARED_SEM_SLEEPERS)", "race", ("lock",)),
    Mutant("shared_sem", SHSEM, "ac_cas_acq_rel(&s->word, &seen, (seen & AC_SHARED_SEM_MAX) + 1)",
           "ac_cas_acquire(&s->word, &seen, (seen & AC_SHARED_SEM_MAX) + 1)", "race", ("lock",)),
    Mutant("shared_sem", SHSEM, "            if ((seen - 1) & AC_SHARED_SEM_MAX) ac_wake(&s->word, 1, AC_WAIT_SHARED);\n", "",
           "deadlock"),
    Mutant("shared_sem", SHSEM, "ac_cas_acquire(&s->word, &seen, (seen - 1) | AC_SHARED_SEM_SLEEPERS)",
           "ac_cas_acquire(&s->word, &seen, seen - 1)", "deadlock"),
    Mutant("shared_sem", SHSEM, "    if (AC_UNLIKELY(seen & AC_SHARED_SEM_SLEEPERS)) ac_wake(&s->word, 1, AC_WAIT_SHARED);\n",
           "", "deadlock"),
    Mutant("shared_sem", SHSEM, "        if (AC_UNLIKELY((seen & AC_SHARED_SEM_MAX) >= s->limit)) return AC_FULL;\n", "",
           "assert", ("limit",)),
    Mutant("shared_sem", SHSEM, "        if (seen & AC_SHARED_SEM_MAX) {\n            ac_wake(&s->word, 1, AC_WAIT_SHARED);\n"
           "            return;\n        }\n", "        if (seen & AC_SHARED_SEM_MAX) return;\n", "deadlock", ("interrupted",)),
    Mutant("shared_sem", SHSEM, "        /* Also if the flag is up: the",
           "        if (seen & AC_SHARED_SEM_SLEEPERS) return;\n        /* Also if the flag is up: the", "deadlock",
           ("interrupted",)),
    # -- event between processes
    Mutant("shared_event", SHEVENT, "{ return ac_load_acquire(&e->word); }", "{ return ac_load_relaxed(&e->word); }", "race"),
    Mutant("shared_event", SHEVENT, "    uint32_t seen = ac_load_acquire(&e->word);\n    for (;;) {",
           "    uint32_t seen = ac_load_relaxed(&e->word);\n    for (;;) {", "race"),
    Mutant("shared_event", SHEVENT, "if (ac_cas_acquire(&e->word, &seen, seen | AC_SHARED_EVENT_SLEEPERS))",
           "if (ac_cas_relaxed(&e->word, &seen, seen | AC_SHARED_EVENT_SLEEPERS))", "race"),
    Mutant("shared_event", SHEVENT, "        if (ac_cas_acq_rel(&e->word, &seen,\n",
           "        if (ac_cas_acquire(&e->word, &seen,\n", "race"),
    Mutant("shared_event", SHEVENT, "if (ac_cas_acq_rel(&e->word, &seen, seen)) return;", "return;", "race"),
    Mutant("shared_event", SHEVENT, "ac_fetch_and_acq_rel(&e->word, ~AC_SHARED_EVENT_SET);",
           "ac_store_release(&e->word, ac_load_acquire(&e->word) & ~AC_SHARED_EVENT_SET);", "deadlock|race"),
    Mutant("shared_event", SHEVENT, "    if (seen & AC_SHARED_EVENT_SLEEPERS) ac_wake(&e->word, AC_WAKE_ALL, AC_WAIT_SHARED);\n", "",
           "deadlock"),
    Mutant("shared_event", SHEVENT, "ac_wake(&e->word, AC_WAKE_ALL,", "ac_wake(&e->word, 1,", "deadlock"),
    Mutant("shared_event", SHEVENT, " +\n                               AC_SHARED_EVENT_GENERATION))", "))", "deadlock"),
    Mutant("shared_event", SHEVENT, "(seen & AC_SHARED_EVENT_SET) || (seen ^ first) >= AC_SHARED_EVENT_GENERATION;",
           "(void)first, (seen & AC_SHARED_EVENT_SET) != 0;", "deadlock"),
    # -- taking from a queue between processes: intents, claims, recycling, the reaper
    Mutant("shm_take", CLAIMS_H, "ac_store_release(&claim->intent,\n", "ac_store_relaxed(&claim->intent,\n", "race",
           ("recycle",)),
    Mutant("shm_take", CLAIMS_H, "ac_store_release(&claim->intent, 0); /* as above */",
           "ac_store_relaxed(&claim->intent, 0);", "race", ("recycle",)),
    Mutant("shm_take", CLAIMS_H, "    ac_store_relaxed(&claim->count, count);\n", "    (void)count;\n", "assert",
           ("killed",)),
    Mutant("shm_take", CLAIMS, "const uint64_t intent = ac_load_acquire(&c->shared->slots[i].intent);",
           "const uint64_t intent = ac_load_relaxed(&c->shared->slots[i].intent);", "race", ("recycle",)),
    Mutant("shm_take", CLAIMS, "        if (at >= head && at < bound) bound = at;\n", "        (void)at, (void)head;\n",
           "race", ("recycle",)),
    Mutant("shm_take", CLAIMS, "    if (!ac_cas_acq_rel(&slot->owner, &owner, ac_shm_claims_self(c) & ~UINT64_C(1))) return;\n",
           "    (void)owner;\n", "assert", ("enter",)),
    Mutant("shm_take", CLAIMS, "        ac_store_release(&slot->intent, 0);\n    }\n", "    }\n", "assert", ("killed",)),
    Mutant("shm_take", CLAIMS, "    return ac_cas_acq_rel(&c->shared->slots[i].owner, &none, ac_shm_claims_self(c));",
           "    (void)none;\n    ac_store_release(&c->shared->slots[i].owner, ac_shm_claims_self(c));\n    return true;",
           "assert", ("enter",)),
    Mutant("shm_take", CLAIMS, "        (void)ac_cas_acq_rel(&c->shared->high, &high, wanted);\n", "", "assert", ("enter",)),
    Mutant("shm_take", CLAIMS, "!ac_cas_acquire(&c->local->claims[i].state, &state, BUSY)",
           "!ac_cas_relaxed(&c->local->claims[i].state, &state, BUSY)", "race", ("threads",)),
    Mutant("shm_take", CLAIMS, "    ac_store_release(&c->local->claims[entry].state, IDLE);",
           "    ac_store_relaxed(&c->local->claims[entry].state, IDLE);", "race", ("threads",)),
    Mutant("shm_take", TAKE, "    ac_shm_claim_intend(claim, c->lane, c->next, count);\n", "", "race",
           ("recycle",)),
    Mutant("shm_take", TAKE, "!ac_cas_acq_rel(&lane->next, &next, end)", "(ac_store_release(&lane->next, end), false)",
           "assert|race"),
    Mutant("shm_take", TAKE, "!ac_cas_acq_rel(&lane->next, &next, end)", "!ac_cas_relaxed(&lane->next, &next, end)",
           "race", ("recycle",)),
    Mutant("shm_take", TAKE, "    ac_shm_claim_settle(claim);\n    if (AC_UNLIKELY(!copied)) {",
           "    if (AC_UNLIKELY(!copied)) {", "assert"),
    Mutant("shm_take", TAKE, "    const bool copied = copy_out(q, c->lane, c->next, bytes, batch);\n"
           "    ac_shm_claim_settle(claim);\n", "    ac_shm_claim_settle(claim);\n"
           "    const bool copied = copy_out(q, c->lane, c->next, bytes, batch);\n", "race"),
    Mutant("shm_take", TAKE, "        if (AC_UNLIKELY(status != AC_SHM_OK))\n"
           "            ac_shm_claim_settle(ac_shm_claims_at(&q->claims, entry));\n", "", "assert",
           ("last_one",)),
    Mutant("shm_take", TAKE, "            return false; /* it was empty, and is not */", "            break;", "assert",
           ("lanes_other",)),
    Mutant("shm_take", TAKE, "            if (AC_UNLIKELY(ac_shm_lanes_used(q) != 1)) continue;\n", "", "assert",
           ("new_lane",)),
    Mutant("shm_take", TAKE, "ac_load_acquire(&q->shared->lanes[0].tail); /* with", "ac_load_relaxed(&q->shared->lanes[0].tail); /* with",
           "race", ("publish",)),
    Mutant("shm_take", TAKE, "c->lane == NO_LANE || r.stamp < best", "c->lane == NO_LANE || r.stamp > best", "assert",
           ("lanes_other",)),
    Mutant("shm_take", TAKE, "if (ac_cas_acq_rel(&lane->next, &next, tail)) return depth;",
           "ac_store_release(&lane->next, tail);\n        return depth;", "assert", ("discard",)),
    Mutant("shm_take", SHQUEUE, "return used < q->lanes ? used : q->lanes;", "return used < q->lanes ? used : 1;", "assert",
           ("lanes",)),
    # -- permits with owners
    Mutant("shared_permits", PERMITS, "if (seen == 0 && ac_cas_seq_cst(&p->owner[i], &seen, me)) return true;",
           "if (seen == 0 && ac_cas_relaxed(&p->owner[i], &seen, me)) return true;", "race"),
    Mutant("shared_permits", PERMITS, "if (seen == me && ac_cas_seq_cst(&p->owner[i], &seen, 0)) {",
           "if (seen == me && ac_cas_relaxed(&p->owner[i], &seen, 0)) {", "race"),
    Mutant("shared_permits", PERMITS, "if (seen == 0 && ac_cas_seq_cst(&p->owner[i], &seen, me)) return true;",
           "if (seen == 0) return (ac_store_release(&p->owner[i], me), true);", "assert|race"),
    Mutant("shared_permits", PERMITS, "if (seen == me && ac_cas_seq_cst(&p->owner[i], &seen, 0)) {",
           "if (ac_cas_seq_cst(&p->owner[i], &seen, 0)) {", "assert|race"),
    Mutant("shared_permits", PERMITS, "            ac_ec_notify_one(&p->freed, AC_WAIT_SHARED); /* its", "            /* its",
           "deadlock"),
    Mutant("shared_permits", PERMITS, "if (dead && ac_cas_seq_cst(&p->owner[i], &seen, 0)) found++;",
           "if (dead) ac_store_release(&p->owner[i], 0), found++;", "assert|race|deadlock"),
    Mutant("shared_permits", PERMITS, "    if (found > 0) ac_ec_notify_one(&p->freed, AC_WAIT_SHARED);\n", "", "deadlock"),
    # -- row of waiters between processes
    Mutant("shared_row", SHROW, "    if (!ac_cas_acq_rel(&r->place[at].owner, &dead, me)) return false;\n",
           "    (void)dead;\n    ac_store_release(&r->place[at].owner, me);\n", "assert", ("two_reapers",)),
    Mutant("shared_row", SHROW, "    ac_store_relaxed(&r->place[at].state, AC_ROW_FREE);\n", "", "assert", ("two_reapers",)),
    Mutant("shared_row", SHROW, "        if (!ac_cas_acq_rel(&p->owner, &seen, me)) continue;\n",
           "        ac_store_release(&p->owner, me);\n", "assert|deadlock", ("two_enter",)),
    Mutant("shared_row", SHROW, "        ac_shared_row_raise_(&r->used, at + 1); /* first: reapers look up to here */\n"
           "        if (!ac_cas_acq_rel(&p->owner, &seen, me)) continue;\n",
           "        if (!ac_cas_acq_rel(&p->owner, &seen, me)) continue;\n"
           "        ac_shared_row_raise_(&r->used, at + 1);\n", "assert", ("killed_reaper",)),
    Mutant("shared_row", SHROW, "        ac_shared_row_raise_(&r->used, at + 1); /* first", "        /* first",
           "deadlock|livelock|assert"),
    Mutant("shared_row", SHROW, "ac_exchange_acq_rel(&p->state, AC_ROW_FREE);", "ac_exchange_release(&p->state, AC_ROW_FREE);",
           "race", ("leave",)),
    Mutant("shared_row", SHROW, "ac_exchange_acq_rel(&p->state, AC_ROW_FREE);",
           "ac_load_acquire(&p->state);\n    ac_store_release(&p->state, AC_ROW_FREE);", "assert"),
    Mutant("shared_row", SHROW, "if (!ac_cas_acq_rel(&r->place[at].state, &seen, answer)) return false;",
           "if (!ac_cas_acquire(&r->place[at].state, &seen, answer)) return false;", "race"),
    Mutant("shared_row", SHROW, "    if (!ac_cas_acq_rel(&r->place[at].state, &seen, answer)) return false;\n",
           "    (void)seen;\n    ac_store_release(&r->place[at].state, answer);\n", "assert"),
    Mutant("shared_row", SHROW, "    ac_wake(&r->place[at].state, 1, AC_WAIT_SHARED);\n", "", "deadlock"),
    Mutant("shared_row", SHROW, "if (owner != 0 && owner != me && ac_shared_id_dead(owner, false))\n", "if (0)\n",
           "assert|deadlock", ("passed_over",)),
    Mutant("shared_row", SHROW, "ticket >= least && ticket < best_ticket", "ticket >= least", "assert|deadlock", ("oldest",)),
    # -- segments
    Mutant("segments", SEG, "ac_gstore_release(&slot->written, 1u);", "ac_store_relaxed(&slot->written, 1u);", "race"),
    Mutant("segments", SEG, "if (AC_UNLIKELY(!ac_gload_acquire(&slot->written))) {",
           "if (AC_UNLIKELY(!ac_load_relaxed(&slot->written))) {", "race"),
    Mutant("segments", SEG, "        while (!ac_gload_acquire(&slot->written)) ac_backoff_snooze(&backoff);\n", "",
           "race|history"),
    Mutant("segments", SEG, "            return; /* its reader will see DESTROY", "            break; /* its reader",
           "race|use-after-free|double-free|history"),
    Mutant("segments", SEG, "            if (next == NULL) {\n                status = AC_NOMEM;\n                break;",
           "            if (next != NULL) {\n                status = AC_NOMEM;\n                break;", "history|assert"),
    Mutant("segments", SEG, "                ac_gstore_relaxed(&block->slots[i].state, AC_SEG_READ); /* (2) */",
           "                ; /* (2) */", "assert"),
    Mutant("segments", SEG, "for (uint64_t i = offset; offset > 0 &&", "for (uint64_t i = offset + 1; offset > 0 &&", "assert"),
    Mutant("segments", SEG, "            for (uint64_t i = offset; offset > 0", "            ac_seg_retire_(q, block, 0, offset);\n"
           "            for (uint64_t i = offset; offset < 0", "assert|race|use-after-free|double-free"),
    Mutant("segments", SEG, "            ac_seg_retire_(q, block, 0, offset);\n", "            ac_seg_drop_block_(q, block);\n",
           "race|use-after-free"),
    Mutant("segments", SEG, "if (ac_gfetch_or_acq_rel(&block->slots[offset + i].state, AC_SEG_READ)",
           "if (ac_fetch_or_relaxed(&block->slots[offset + i].state, AC_SEG_READ)", "race"),
    Mutant("segments", SEG, "if (!(ac_gload_acquire(&slot->state) & AC_SEG_READ)",
           "if (!(ac_load_relaxed(&slot->state) & AC_SEG_READ)", "race"),
    Mutant("segments", SEG, "!(ac_gfetch_or_acq_rel(&slot->state, AC_SEG_DESTROY) & AC_SEG_READ)",
           "!(ac_fetch_or_relaxed(&slot->state, AC_SEG_DESTROY) & AC_SEG_READ)", "race|assert"),
    Mutant("segments", SEG, "ac_seg_retire_(q, block, offset + i + 1, AC_SEG_SLOTS - 1);",
           "ac_seg_retire_(q, block, offset + i + 1, AC_SEG_SLOTS);", "assert"),
    Mutant("segments", SEG, "ac_seg_retire_(q, block, offset + i + 1, AC_SEG_SLOTS - 1);",
           "ac_seg_retire_(q, block, offset + i + 2, AC_SEG_SLOTS - 1);", "race|use-after-free|double-free"),
    Mutant("segments", SEG, "block = ac_gexchange_acq_rel(&q->spare, NULL);", "block = ac_exchange_relaxed(&q->spare, NULL);",
           "race"),
    Mutant("segments", SEG, "free(ac_gexchange_acq_rel(&q->spare, block));", "free(ac_exchange_relaxed(&q->spare, block));",
           "race"),
    # -- stack
    Mutant("stack", STACK, "    ac_mutex_unlock(&q->lock);\n", "    ac_store_relaxed(&q->lock.word, 0);\n", "race|deadlock"),
    Mutant("stack", STACK, "    ac_mutex_lock(&q->lock);\n", "    (void)ac_mutex_try_lock(&q->lock);\n", "race|history"),
    Mutant("stack", STACK, "    } else if (AC_UNLIKELY(size >= limit)) {\n        status = AC_FULL;\n", "", "history"),
    Mutant("stack", STACK, "    if (AC_UNLIKELY(ac_load_relaxed(&q->closed))) {", "    if (0) {", "history"),
    # -- store
    Mutant("store", STORE, "        if (status != AC_CLOSED) break;\n        /* fall through */\n",
           "        if (status == AC_OK) break;\n        /* fall through */\n", "assert"),
    Mutant("store", STORE, "            ac_store_close_all_(q);\n            if (!ac_store_take_all_", "            if (!ac_store_take_all_",
           "assert|livelock|out-of-bounds|race"),
    Mutant("store", STORE, "    if (ac_load_relaxed(&q->segments.head_block) != NULL) ac_seg_close(&q->segments);\n", "",
           "assert|history"),
    Mutant("store", STORE, "    if (!ac_mpmc_is_closed(&q->ring)) ac_mpmc_close(&q->ring);\n", "", "assert"),
    Mutant("store", STORE, "            ac_store_release(&q->mode, (uint32_t)AC_STORE_MOVED);\n            ac_mpmc_close(&q->ring);",
           "            ac_mpmc_close(&q->ring);", "assert"),
    # -- channel
    Mutant("channel", CHANNEL, "        ac_channel_tell_(ch, AC_CHANNEL_ITEM, false);\n", "        ;\n", "deadlock"),
    Mutant("channel", CHANNEL, "        ac_channel_tell_(ch, AC_CHANNEL_ROOM, false);\n", "        ;\n", "deadlock"),
    Mutant("channel", CHANNEL, "ac_store_size(&ch->store) > 0 || ac_store_is_closed(&ch->store))\n        ac_ec_notify_one(&ch->not_empty",
           "ac_store_size(&ch->store) > 0)\n        ac_ec_notify_one(&ch->not_empty", "deadlock"),
    Mutant("channel", CHANNEL, "    if (status == AC_OK) ac_channel_tell_(ch, AC_CHANNEL_ROOM, true);\n", "", "deadlock"),
    Mutant("channel", CHANNEL, "    ac_channel_tell_(ch, AC_CHANNEL_ITEM, true);\n    ac_channel_tell_(ch, AC_CHANNEL_ROOM, true);\n    return status;",
           "    return status;", "deadlock"),
    Mutant("channel", CHANNEL, "    if (ac_channel_unfinished(ch) == 0) ac_ec_notify_all(&ch->all_done, AC_WAIT_PRIVATE);\n", "",
           "deadlock"),
    Mutant("channel", CHANNEL, "    if (ac_load_acquire(&ch->listening[what])) ch->heard(ch->heard_arg, what);\n}\n\n/* Tries to push",
           "}\n\n/* Tries to push", "assert"),
    # -- deque: the fences, the hand-over of tasks, the claims
    Mutant("deque", DEQUE, "    ac_fence_seq_cst();\n    int64_t top", "    int64_t top", "race|assert"),
    Mutant("deque", DEQUE, "    ac_fence_seq_cst(); /* pairs with the fence in pop */\n", "", "race|assert"),
    Mutant("deque", DEQUE, "    ac_store_release(&d->bottom, bottom + 1);\n    return true;",
           "    ac_store_relaxed(&d->bottom, bottom + 1);\n    return true;", "race"),
    Mutant("deque", DEQUE, "    ac_store_release(&d->bottom, bottom);\n", "    ac_store_relaxed(&d->bottom, bottom);\n",
           "race"),
    Mutant("deque", DEQUE, "const int64_t bottom = ac_load_acquire(&d->bottom);",
           "const int64_t bottom = ac_load_relaxed(&d->bottom);", "race"),
    Mutant("deque", DEQUE, "if (!ac_cas_seq_cst(&d->top, &top, top + 1)) item = NULL;",
           "if (ac_load_relaxed(&d->top) != top) item = NULL;\n        else ac_store_seq_cst(&d->top, top + 1);",
           "race|assert"),
    Mutant("deque", DEQUE, "if (!ac_cas_seq_cst(&d->top, &top, top + 1)) return AC_STEAL_LOST;",
           "if (ac_load_relaxed(&d->top) != top) return AC_STEAL_LOST;\n    ac_store_seq_cst(&d->top, top + 1);",
           "race|assert"),
    Mutant("deque", DEQUE, "    if (top == bottom) { /*", "    if (0) { /*", "race|assert"),
    Mutant("deque", DEQUE, "if (top >= bottom) return AC_STEAL_EMPTY;", "if (top > bottom) return AC_STEAL_EMPTY;",
           "race|assert"),
    Mutant("deque", DEQUE, "    *item = seen;\n", "    (void)seen;\n    *item = ac_load_relaxed(&d->slots[top & "
           "(d->capacity - 1)]);\n", "race|assert"),
    Mutant("deque", DEQUE, "        if (bottom - d->top_seen >= d->capacity) return false;\n", "", "assert|race"),
    Mutant("deque", DEQUE, "        ac_store_release(&d->bottom, bottom + 1);\n        return NULL;",
           "        return NULL;", "assert|race"),
    Mutant("deque", DEQUE, "        ac_store_release(&d->bottom, bottom + 1);\n    }\n    return item;",
           "    }\n    return item;", "assert|race"),
    Mutant("deque", DEQUE, "return ac_load_acquire(&d->top) < ac_load_acquire(&d->bottom);",
           "return ac_load_acquire(&d->top) + 1 < ac_load_acquire(&d->bottom);", "deadlock"),
    # -- keeper: who makes a place BUSY, and what he sees there
    Mutant("keeper", KEEPER, "if (!ac_cas_acquire(&place->block, &block, AC_KEEPER_BUSY)) continue;",
           "if (!ac_cas_relaxed(&place->block, &block, AC_KEEPER_BUSY)) continue;", "race"),
    Mutant("keeper", KEEPER, "if (!ac_cas_acquire(&place->block, &empty, AC_KEEPER_BUSY)) continue;",
           "if (!ac_cas_relaxed(&place->block, &empty, AC_KEEPER_BUSY)) continue;", "race"),
    Mutant("keeper", KEEPER, "            ac_store_release(&place->block, block);\n            continue;",
           "            ac_store_relaxed(&place->block, block);\n            continue;", "race"),
    Mutant("keeper", KEEPER, "ac_store_release(&place->block, AC_KEEPER_EMPTY);",
           "ac_store_relaxed(&place->block, AC_KEEPER_EMPTY);", "race"),
    Mutant("keeper", KEEPER, "ac_store_release(&place->block, (uint64_t)(uintptr_t)block);",
           "ac_store_relaxed(&place->block, (uint64_t)(uintptr_t)block);", "race"),
    Mutant("keeper", KEEPER, "if (!ac_cas_acquire(&place->block, &block, AC_KEEPER_BUSY)) continue;",
           "ac_exchange_acquire(&place->block, AC_KEEPER_BUSY);", "race|assert"),
    Mutant("keeper", KEEPER, "if (!ac_cas_acquire(&place->block, &empty, AC_KEEPER_BUSY)) continue;",
           "ac_exchange_acquire(&place->block, AC_KEEPER_BUSY);", "race|assert"),
    Mutant("keeper", KEEPER, "if (size < bytes || size / 2 > bytes) {", "if (size / 2 > bytes) {", "assert"),
    Mutant("keeper", KEEPER, "if (size < bytes || size / 2 > bytes) {", "if (size < bytes) {", "assert"),
    Mutant("keeper", KEEPER, "        (void)ac_fetch_add_relaxed(&k->bytes, (uint64_t)0 - size);\n", "", "assert"),
    Mutant("keeper", KEEPER, "    (void)ac_fetch_add_relaxed(&k->bytes, (uint64_t)0 - bytes);\n", "", "assert"),
    # -- range
    Mutant("range", RANGE, "if (ac_cas_acq_rel(&range->claim, &nobody, 1u)) {",
           "(void)nobody;\n    if (ac_load_acquire(&range->claim) == 0) {\n        ac_store_release(&range->claim, 1u);",
           "race|assert"),
    Mutant("range", RANGE, "    if (ac_cas_acq_rel(&range->claim, &nobody, 1u)) {\n        range->code = code;\n",
           "    range->code = code;\n    if (ac_cas_acq_rel(&range->claim, &nobody, 1u)) {\n", "race|assert"),
    # -- pointers: wakes, re-checks, the baton, the close
    Mutant("pointers", POINTERS, "    if (st == AC_OK) ac_ec_notify_one(&q->not_empty, AC_WAIT_PRIVATE);\n", "", "deadlock"),
    Mutant("pointers", POINTERS, "        ac_ec_notify_one(&q->not_full, AC_WAIT_PRIVATE);\n        return AC_OK;",
           "        return AC_OK;", "deadlock"),
    Mutant("pointers", POINTERS, "        st = ac_pointers_try_put(q, item);\n        if (st", "        if (slept) st = "
           "ac_pointers_try_put(q, item);\n        if (st", "deadlock"),
    Mutant("pointers", POINTERS, "        st = ac_pointers_try_get(q, item);\n        if (st", "        if (slept) st = "
           "ac_pointers_try_get(q, item);\n        if (st", "deadlock"),
    Mutant("pointers", POINTERS, "    if (slept) ac_pointers_pass_on_(q, &q->not_full);\n", "    (void)slept;\n", "deadlock"),
    Mutant("pointers", POINTERS, "    if (slept) ac_pointers_pass_on_(q, &q->not_empty);\n", "    (void)slept;\n", "deadlock"),
    Mutant("pointers", POINTERS, "    ac_ec_notify_all(&q->not_empty, AC_WAIT_PRIVATE);\n", "", "deadlock"),
    Mutant("pointers", POINTERS, "    ac_ec_notify_all(&q->not_full, AC_WAIT_PRIVATE);\n", "", "deadlock"),
    Mutant("pointers", POINTERS, "return closed ? AC_CLOSED : AC_EMPTY;",
           "return ac_mpmc_is_closed(&q->ring) ? AC_CLOSED : AC_EMPTY;", "assert"),
    Mutant("pointers", POINTERS, "return closed ? AC_CLOSED : AC_EMPTY;", "return (void)closed, AC_EMPTY;", "deadlock"),
    Mutant("pointers", POINTERS, "    ac_mpmc_close(&q->ring);\n    ac_ec_notify_all(&q->not_empty, AC_WAIT_PRIVATE);\n",
           "    ac_ec_notify_all(&q->not_empty, AC_WAIT_PRIVATE);\n    ac_mpmc_close(&q->ring);\n", "deadlock"),
    # -- task: the end of a stolen task, the sleep of its owner, the stop
    Mutant("task", TASK, "ac_exchange_acq_rel(&task->state, (uint32_t)AC_TASK_DONE) == AC_TASK_AWAITED",
           "ac_exchange_acquire(&task->state, (uint32_t)AC_TASK_DONE) == AC_TASK_AWAITED", "race"),
    Mutant("task", TASK, "while (ac_load_acquire(&task->state) != AC_TASK_DONE) {",
           "while (ac_load_relaxed(&task->state) != AC_TASK_DONE) {", "race"),
    Mutant("task", TASK, "if (ac_load_acquire(&task->state) == AC_TASK_DONE) return;",
           "if (ac_load_relaxed(&task->state) == AC_TASK_DONE) return;", "race"),
    Mutant("task", TASK, "if (!ac_cas_acq_rel(&task->state, &state, (uint32_t)AC_TASK_AWAITED) &&",
           "if (!ac_cas_relaxed(&task->state, &state, (uint32_t)AC_TASK_AWAITED) &&", "race"),
    Mutant("task", TASK, "if (!ac_cas_acq_rel(&task->state, &state, (uint32_t)AC_TASK_AWAITED) && state == AC_TASK_DONE)",
           "if ((state = ac_load_acquire(&task->state)) == AC_TASK_DONE)", "deadlock"),
    Mutant("task", TASK, "        ac_ec_notify_all(work, AC_WAIT_PRIVATE);\n}", "        (void)work;\n}", "deadlock"),
    Mutant("task", TASK, "    else\n        ac_task_run_(me, task);\n}", "}", "deadlock|assert|livelock"),
    Mutant("task", TASK, "            ac_task_await_(me, task);\n            return;", "            return;", "assert|race"),
    Mutant("task", TASK, "        ac_task_run_(me, popped); /*", "        task->fn(me, popped); /*", "assert|deadlock|race"),
    Mutant("task", TASK, "    ac_cas_acq_rel(&team->rc, &none, (int64_t)rc);", "    (void)none;\n    ac_store_release(&team->rc, rc);",
           "assert"),
]

#: Changes that nothing can notice, with the reason. They are run too: one that is noticed is an error.
EQUIVALENT: list[Mutant] = [
    Mutant("spsc", SPSC, "        if (head & 1) { /* another caller was first */\n            *count = 0;\n            return items;\n"
           "        }\n", "", "the first has put the head on the tail, which stands still: the second claims nothing"),
    Mutant("spsc", SPSC, "    if (head & 1) return NULL;\n", "",
           "a shorter way to the same answer: the first has put the head on the tail, which stands still"),
    Mutant("mpmc", MPMC, "if (again == head) return", "return",
           "the tail, loaded after the head, is not below it: size 0 says that the head had not moved"),
    Mutant("deque", DEQUE, "int64_t top = ac_load_acquire(&d->top);\n    ac_fence", "int64_t top = ac_load_relaxed(&d->top);\n    ac_fence",
           "the fence that follows is an acquire fence too; the thread sanitizer, which knows no fences, needs the order"),
    Mutant("deque", DEQUE, "        ac_store_release(&d->bottom, bottom + 1);\n        return NULL;",
           "        ac_store_relaxed(&d->bottom, bottom + 1);\n        return NULL;",
           "top is at least this bottom already, and only grows: a thief who reads it claims nothing below it"),
    Mutant("deque", DEQUE, "        ac_store_release(&d->bottom, bottom + 1);\n    }\n    return item;",
           "        ac_store_relaxed(&d->bottom, bottom + 1);\n    }\n    return item;",
           "top is at least this bottom already, and only grows: a thief who reads it claims nothing below it"),
    Mutant("deque", DEQUE, "if (!ac_cas_seq_cst(&d->top, &top, top + 1)) item = NULL;",
           "if (!ac_cas_relaxed(&d->top, &top, top + 1)) item = NULL;",
           "the two fences order it in C++20's model (RC11); C11 as of 2011, and its proof, want it: it stays"),
    Mutant("deque", DEQUE, "if (!ac_cas_seq_cst(&d->top, &top, top + 1)) return AC_STEAL_LOST;",
           "if (!ac_cas_relaxed(&d->top, &top, top + 1)) return AC_STEAL_LOST;",
           "the two fences order it in C++20's model (RC11); C11 as of 2011, and its proof, want it: it stays"),
    Mutant("deque", DEQUE, "    if (bottom < d->top_seen) return NULL; /* top only grows: empty for certain, without a fence */\n", "",
           "a shorter way to the same answer: top is at least top_seen, so that the look at top says empty too"),
    Mutant("range", RANGE, "ac_cas_acq_rel(&range->claim, &nobody, 1u)", "ac_cas_relaxed(&range->claim, &nobody, 1u)",
           "nothing is read through the claim: the end of the loop orders the three fields before their reader"),
    Mutant("pointers", POINTERS, "    ac_fence_acquire();\n", "",
           "the close is a bit of the tail: the pop's later load of the same word is at least as new, and is an acquire"),
    Mutant("task", TASK, "    ac_cas_acq_rel(&team->rc, &none, (int64_t)rc);", "    ac_cas_relaxed(&team->rc, &none, (int64_t)rc);",
           "a number that nothing is read through; the end of the run orders it before its reader"),
]

#: Files of csrc with atomics that no program covers, and why.
EXEMPT: dict[str, str] = {
    "queues/ac_sharded.h": "not modelled yet: its items pass through ac_segments.h, which is; its own atomics deal out "
    "shards, each entry written once by the thread that reads it",
    "sched/ac_pool.c": "not modelled yet: its sleep is ac_event_count.h by the protocol of csrc/sched/README.md, its list "
    "is under ac_mutex.h; both are on the bench",
    "sync/ac_spin.h": "decides nothing: relaxed hints of how long to spin, where a lost update is harmless; it runs under "
    "the checker in relock and latch",
    "shm/ac_shm_queue.c": "between processes, under a robust lock of the kernel's, which a model of threads has not: "
    "killing it at every instruction is its proof",
    "shm/ac_shm_queue_open.c": "runs before the queue is shared, or under the file's lock: no concurrent structure of its own",
    "shm/ac_shm_stream.c": "between processes, under robust locks of the kernel's: killing it at every instruction is its proof",
    "shm/ac_shm_stream.h": "one relaxed look at a counter; the structure is that of ac_shm_stream.c",
    "kernels/ac_cumsum.c": "chunks dealt out by one fetch_add, and a chain of release stores to one word, each by the owner of the next "
    "chunk after it has read the one before; by the thread sanitizer in test_ac_cumsum.c",
    "kernels/ac_grep.c": "one counter that is only added to; the end of the loop orders it before its reader",
    "wait/ac_wait_macos.c": "the body of ac_wait.h, below the checker's own; its one relaxed look decides nothing that the system "
    "does not compare again",
    "wait/ac_wait_windows.c": "the body of ac_wait.h, below the checker's own: the system compares the word again",
    "kernels/ac_words.c": "one counter that deals out chunks by fetch_add; the pool's join orders the data",
}
