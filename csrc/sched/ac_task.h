/* ac_task.h - recursive tasks: spawn one, go on, sync with it.
 *
 *   typedef struct job { ac_task task; ...arguments and result... } job;     task first
 *   static void run(ac_member *me, ac_task *task) { job *j = (job *)task; ... }
 *
 *   job left = {.n = n - 1}, right = {.n = n - 2};
 *   ac_task_spawn(me, &left.task, run);    others may take it from here on
 *   run(me, &right.task);                  go on with the other half
 *   ac_task_sync(me, &left.task);          now left is done, by whomever
 *
 * Rules: whoever spawns a task syncs it, in the same function, before it returns (so a task may lie
 * on the stack); in the reverse order of the spawns, or the sync runs other tasks of this member
 * first, which is right and slower. A task runs in one thread from its start to its end.
 *
 * A team is the threads that work on one tree of tasks: the caller of ac_tasks_run (member 0) and
 * those workers of the pool that found something to steal. A sync whose task was stolen helps: it
 * runs other tasks of the same team, never of another, and sleeps when there are none. With one
 * thread, or when the deque is full, a spawn runs the task at once.
 *
 * When the team is stopped (ac_exec.poll, ac_team_stop) tasks that have not begun are skipped and
 * their syncs return; what they would have written is missing, and ac_tasks_run says that it was
 * stopped. Long tasks ask ac_team_stopped themselves.
 *
 * The sleep protocol is the pool's (README.md).
 */
#ifndef AC_TASK_H
#define AC_TASK_H

#include "sched/ac_deque.h"
#include "sched/ac_exec.h"
#include "sync/ac_event_count.h"

/* Tasks that one member has spawned and nobody has begun. A recursion that halves its range has 64 at
 * most; a spawn that finds it full runs the task itself. */
#define AC_MEMBER_TASKS 1024

/* How long a member that found nothing to steal goes on looking before it sleeps or leaves: as long
 * as the pool's idle workers do (ac_pool.c says why). */
#define AC_TASK_SPIN_NS (50 * INT64_C(1000))

/* A waiting member that helps may have to wait again inside, and help again: each level costs the stack
 * of a branch of the tree. At this depth it only waits, which is safe: what it waits for has been
 * begun by another thread, and its own deque is empty. */
#define AC_TASK_HELP_DEPTH 32

/* Member 0 polls after this many syncs, if the clock says so too: a look at the clock costs as much
 * as a spawn. */
#define AC_TASK_POLL_SYNCS 64

typedef struct ac_member ac_member;
typedef struct ac_task ac_task;
typedef void (*ac_task_fn)(ac_member *me, ac_task *task);

enum {
    AC_TASK_OPEN = 0,    /* in a deque, or being run by a thief */
    AC_TASK_AWAITED = 1, /* the same, and its owner sleeps or is about to: who ends it notifies */
    AC_TASK_DONE = 2,    /* run, or skipped; its last access by anybody but the owner */
};

struct ac_task {
    ac_task_fn fn;
    ac_atomic_u32 state; /* OPEN by the owner at the spawn; AWAITED by the owner; DONE by who ran it */
};

typedef struct ac_team {
    const ac_exec *ex;
    ac_event_count *work; /* the pool's: idle workers and waiting members sleep there */
    ac_member *members;   /* `size` of them */
    int32_t size;
    ac_atomic_u32 stop;   /* set once: tasks that have not begun are skipped */
    ac_atomic_u32 closed; /* set by the caller when the root has returned: thieves go home */
    ac_atomic_i64 rc;     /* why it was stopped; written once by CAS from 0 */
} ac_team;

struct ac_member {
    ac_deque deque;
    ac_team *team;
    int32_t number;      /* 0 is the caller */
    int32_t until_poll;  /* syncs until the caller looks at the clock */
    int64_t last_poll;   /* the caller's */
    uint32_t next_victim;
    int32_t help_depth;
    bool present; /* a thread works as this member; under the pool's mutex */
};

/* Any member. `rc` is what ac_tasks_run returns, unless the team was stopped before. */
AC_UNUSED static void ac_team_stop(ac_team *team, int rc) {
    int64_t none = 0;
    ac_cas_acq_rel(&team->rc, &none, (int64_t)rc);
    ac_store_relaxed(&team->stop, 1u);
}

AC_INLINE bool ac_team_stopped(ac_team *team) { return ac_load_relaxed(&team->stop) != 0; }

/* Runs a task that came out of a deque, and says so to its owner. */
AC_INLINE void ac_task_run_(ac_member *me, ac_task *task) {
    ac_event_count *const work = me->team->work;
    if (AC_LIKELY(!ac_team_stopped(me->team))) task->fn(me, task);
    /* release: the owner that reads DONE sees what the task wrote. acquire: not needed. It is the last
     * access to the task: its owner may return and reuse the stack at once. */
    if (ac_exchange_acq_rel(&task->state, (uint32_t)AC_TASK_DONE) == AC_TASK_AWAITED)
        ac_ec_notify_all(work, AC_WAIT_PRIVATE);
}

/* One round over the other members; the first task found, or NULL. */
AC_UNUSED static ac_task *ac_task_steal_(ac_member *me) {
    ac_team *const team = me->team;
    uint32_t victim = me->next_victim;
    for (int32_t i = 0; i < team->size; i++, victim++) {
        if (victim >= (uint32_t)team->size) victim = 0;
        if ((int32_t)victim == me->number) continue;
        void *item = NULL;
        ac_steal got;
        do {
            got = ac_deque_steal(&team->members[victim].deque, &item);
        } while (got == AC_STEAL_LOST);
        if (got == AC_STEAL_TOOK) {
            me->next_victim = victim; /* who had one probably has more */
            return item;
        }
    }
    return NULL;
}

AC_INLINE bool ac_team_seems_filled(ac_team *team) {
    for (int32_t i = 0; i < team->size; i++)
        if (ac_deque_seems_filled(&team->members[i].deque)) return true;
    return false;
}

AC_UNUSED AC_COLD static void ac_task_poll_(ac_member *me) {
    const ac_exec *const ex = me->team->ex;
    me->until_poll = AC_TASK_POLL_SYNCS;
    if (me->number != 0 || ex->poll == NULL) return;
    const int64_t now = ac_now_ns();
    if (now - me->last_poll < AC_POLL_NS) return;
    me->last_poll = now;
    if (ex->poll(ex->poll_arg) != 0) ac_team_stop(me->team, AC_STOPPED_BY_POLL);
}

/* The task was stolen: work on others of the team, then sleep, until it is done. */
AC_UNUSED AC_COLD static void ac_task_await_(ac_member *me, ac_task *task) {
    ac_team *const team = me->team;
    const bool may_help = me->help_depth < AC_TASK_HELP_DEPTH;
    int64_t idle_since = 0; /* 0: the clock has not been asked yet */
    for (;;) {
        /* acquire: pairs with the exchange in ac_task_run_ */
        if (ac_load_acquire(&task->state) == AC_TASK_DONE) return;
        ac_task *const other = may_help ? ac_task_steal_(me) : NULL;
        if (other != NULL) {
            me->help_depth++;
            ac_task_run_(me, other);
            me->help_depth--;
            idle_since = 0;
            continue;
        }
        for (int i = 0; i < 8; i++) ac_pause();
        const int64_t now = ac_now_ns();
        if (idle_since == 0) idle_since = now;
        if (now - idle_since < AC_TASK_SPIN_NS) continue;
        /* S1 announce, S2 say so on the task, S3 look for work again, S4 sleep (README.md) */
        const uint32_t key = ac_ec_prepare(team->work);
        uint32_t state = AC_TASK_OPEN;
        if (!ac_cas_acq_rel(&task->state, &state, (uint32_t)AC_TASK_AWAITED) && state == AC_TASK_DONE)
            return;
        if (may_help && ac_team_seems_filled(team)) {
            idle_since = 0;
            continue;
        }
        const bool polls = me->number == 0 && team->ex->poll != NULL;
        const ac_wait_status st =
            ac_ec_wait(team->work, key, polls ? now + AC_POLL_NS : AC_FOREVER, AC_WAIT_PRIVATE);
        if (st == AC_WAIT_WOKEN || st == AC_WAIT_CHANGED) idle_since = 0; /* there may be work */
        if (polls) ac_task_poll_(me);
    }
}

/* Makes the task available to others, or runs it if that cannot be. */
AC_INLINE void ac_task_spawn(ac_member *me, ac_task *task, ac_task_fn fn) {
    task->fn = fn;
    ac_store_relaxed(&task->state, (uint32_t)AC_TASK_OPEN); /* the deque publishes it */
    if (AC_LIKELY(ac_deque_push(&me->deque, task)))
        ac_ec_notify_all(me->team->work, AC_WAIT_PRIVATE);
    else
        ac_task_run_(me, task);
}

/* Returns when the task is done: runs it if nobody else has begun it. */
AC_INLINE void ac_task_sync(ac_member *me, ac_task *task) {
    if (AC_UNLIKELY(--me->until_poll <= 0)) ac_task_poll_(me);
    /* acquire: pairs with the exchange in ac_task_run_ */
    while (ac_load_acquire(&task->state) != AC_TASK_DONE) {
        ac_task *const popped = ac_deque_pop(&me->deque);
        if (AC_LIKELY(popped == task)) { /* nobody else knows it any more: no state to be set */
            if (AC_LIKELY(!ac_team_stopped(me->team))) task->fn(me, task);
            return;
        }
        if (popped == NULL) {
            ac_task_await_(me, task);
            return;
        }
        ac_task_run_(me, popped); /* spawned after it and not yet synced */
    }
}

typedef void (*ac_root_fn)(ac_member *me, void *ctx);

/* The tree in one thread: no slots, so that every spawn runs its task at once. */
AC_UNUSED static int ac_tasks_serial_(const ac_exec *ex, ac_root_fn root, void *ctx) {
    ac_event_count nobody = {0};
    ac_member alone = {.until_poll = AC_TASK_POLL_SYNCS};
    ac_team team = {.ex = ex, .work = &nobody, .members = &alone, .size = 1};
    ac_deque_init(&alone.deque, NULL, 0);
    alone.team = &team;
    alone.last_poll = ex->poll != NULL ? ac_now_ns() : 0;
    root(&alone, ctx);
    return (int)ac_load_relaxed(&team.rc);
}

/* Runs root(me, ctx) and the tasks it spawns on up to ex->threads threads. Returns 0, what
 * ac_team_stop was given, or AC_STOPPED_BY_POLL. AC_EXEC_NOMEM: nothing was run. When it returns no
 * thread runs a task of it. Any thread may call it, from inside chunks and tasks too. */
AC_INLINE int ac_tasks_run(const ac_exec *ex, ac_root_fn root, void *ctx) {
    if (ex->threads <= 1 || ex->api == NULL) return ac_tasks_serial_(ex, root, ctx);
    return ex->api->run_tasks(ex, root, ctx);
}

#endif
