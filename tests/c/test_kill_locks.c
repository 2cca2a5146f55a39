/* The locks and waiters between processes (csrc/shm/LOCKS.md), killed or stopped after each of their
 * instructions: the survivors have the lock, all permits and all places, and nothing was given twice. */
#include "shm/ac_shared_event.h"
#include "shm/ac_shared_lock.h"
#include "shm/ac_shared_permits.h"
#include "shm/ac_shared_row.h"
#include "shm/ac_shared_sem.h"

#include "kill_step.h"

#define PERMITS 3u
#define PLACES 4u

static uint64_t parent, child, dead; /* who is who; `child` in the child alone */
static uint64_t taken_meanwhile;     /* by the parent, while the child was stopped */

static void know(void *shared) {
    (void)shared;
    child = ac_shared_id_self();
}

static void killed_and_stopped(const kill_step *op) {
    CHECK(kill_step_some(op, KILL_STEP_KILL, 7) == 0);
    if (op->meanwhile != NULL) CHECK(kill_step_some(op, KILL_STEP_STOP, 7) == 0);
}

/* -- the lock ------------------------------------------------------------------------------------------ */

typedef struct guarded {
    ac_shared_lock lock;
    volatile uint64_t a, b; /* under the lock; torn if its holder was killed: `deaths` says so */
} guarded;

/* As a waiter does, but for the sleep: whoever has it must be dead. */
static bool take_lock(ac_shared_lock *l, uint64_t me) {
    uint64_t word;
    if (ac_shared_lock_try(l, me)) return true;
    while ((word = ac_shared_lock_prepare(l, me)) != 0) {
        if (!ac_shared_id_dead(ac_shared_lock_owner(word), true)) return false;
        if (ac_shared_lock_inherit(l, word, me)) return true;
    }
    return true;
}
static void add(guarded *g) {
    g->a = g->a + 1;
    g->b = g->b + 1;
}

static void fresh_lock(void *shared) { (void)shared; }
static void fresh_dead_lock(void *shared) { CHECK(ac_shared_lock_try(&((guarded *)shared)->lock, dead)); }
static void fresh_held_lock(void *shared) { CHECK(ac_shared_lock_try(&((guarded *)shared)->lock, parent)); }
static void lock_and_release(void *shared) {
    guarded *const g = shared;
    if (!ac_shared_lock_try(&g->lock, child)) abort();
    add(g);
    ac_shared_lock_release(&g->lock);
}
static void prepare_and_release(void *shared) { /* the flag is up, so that the release wakes */
    guarded *const g = shared;
    if (ac_shared_lock_prepare(&g->lock, child) != 0) abort();
    add(g);
    ac_shared_lock_release_own(&g->lock, child);
}
static void inherit_and_release(void *shared) {
    guarded *const g = shared;
    const uint64_t word = ac_shared_lock_prepare(&g->lock, child);
    if (word == 0 || !ac_shared_lock_inherit(&g->lock, word, child)) return; /* another was first */
    add(g);
    ac_shared_lock_release(&g->lock);
}
static void wait_and_leave(void *shared) { /* its deadline has come at once; or an exception */
    guarded *const g = shared;
    if (ac_shared_lock_prepare(&g->lock, child) == 0) abort();
    ac_shared_lock_pass(&g->lock);
}
static void try_lock(void *shared) {
    guarded *const g = shared;
    taken_meanwhile = 0;
    if (!take_lock(&g->lock, parent)) return;
    if (g->a != g->b) taken_meanwhile = UINT64_MAX; /* two were inside */
    else taken_meanwhile = 1;
    add(g);
    ac_shared_lock_release(&g->lock);
}
static const char *check_lock(void *shared, bool whole) {
    guarded *const g = shared;
    if (taken_meanwhile == UINT64_MAX) return "two were inside at once";
    if (!take_lock(&g->lock, parent)) return "the lock stays with the dead";
    const bool torn = g->a != g->b;
    if (torn && ac_load_relaxed(&g->lock.deaths) == 0) return "nobody says that its holder died inside";
    if (whole && torn) return "an operation that was not killed is torn";
    if (g->a > 2) return "the operation happened more than once";
    if (!ac_shared_lock_release(&g->lock)) return "it was not ours";
    if (!ac_shared_lock_try(&g->lock, parent)) return "it is not free afterwards";
    taken_meanwhile = 0;
    return NULL;
}
static void release_held(void *shared) { (void)ac_shared_lock_release(&((guarded *)shared)->lock); }
static const char *check_waiter(void *shared, bool whole) {
    ac_shared_lock *const l = &((guarded *)shared)->lock;
    (void)whole;
    (void)ac_shared_lock_release(l); /* killed: it is still the parent's; stopped: it was given back */
    return check_lock(shared, false);
}

static void a_lock(void) {
    static const kill_step ops[] = {
        {"take and release", sizeof(guarded), fresh_lock, lock_and_release, try_lock, check_lock, know},
        {"take with the flag", sizeof(guarded), fresh_lock, prepare_and_release, try_lock, check_lock, know},
        {"inherit", sizeof(guarded), fresh_dead_lock, inherit_and_release, try_lock, check_lock, know},
        {"wait and leave", sizeof(guarded), fresh_held_lock, wait_and_leave, NULL, check_waiter, know},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) killed_and_stopped(&ops[i]);
    /* The owner gives it back while the waiter stands anywhere in its announcement. */
    static const kill_step stopped = {"wait, released", sizeof(guarded), fresh_held_lock, inherit_and_release,
                                      release_held, check_waiter, know};
    CHECK(kill_step_some(&stopped, KILL_STEP_STOP, 7) == 0);
}

/* -- the semaphore ------------------------------------------------------------------------------------- */

static void fresh_sem(void *shared) { ac_shared_sem_init(shared, 2, 2); }
static void fresh_empty_sem(void *shared) { ac_shared_sem_init(shared, 0, 2); }
static void sem_take_and_give(void *shared) {
    if (!ac_shared_sem_prepare(shared)) abort();
    if (ac_shared_sem_release(shared) != AC_OK) abort();
}
static void sem_give(void *shared) { (void)ac_shared_sem_release(shared); }
static void sem_wait_and_leave(void *shared) {
    (void)ac_shared_sem_prepare(shared);
    ac_shared_sem_pass(shared);
}
static void sem_meanwhile(void *shared) {
    if (!ac_shared_sem_try(shared)) return;
    CHECK(ac_shared_sem_release(shared) == AC_OK);
}
static const char *check_sem_of(ac_shared_sem *s, uint32_t least, uint32_t most) {
    uint32_t got = 0;
    while (got < 4 && ac_shared_sem_prepare(s)) got++;
    if (got > most) return "a permit too many";
    if (got < least) return "more than the dead one's permit is lost";
    for (uint32_t i = 0; i < 2; i++)
        if (ac_shared_sem_release(s) != AC_OK) return "it takes no permit back";
    if (ac_shared_sem_release(s) != AC_FULL) return "it takes more than its limit";
    return ac_shared_sem_value(s) == 2 ? NULL : "the value is wrong";
}
static const char *check_sem(void *shared, bool whole) { return check_sem_of(shared, whole ? 2 : 1, 2); }
static const char *check_given(void *shared, bool whole) { return check_sem_of(shared, whole ? 1 : 0, 1); }
static const char *check_none(void *shared, bool whole) {
    (void)whole;
    return check_sem_of(shared, 0, 0);
}

static void a_semaphore(void) {
    static const kill_step ops[] = {
        {"sem take and give", sizeof(ac_shared_sem), fresh_sem, sem_take_and_give, sem_meanwhile, check_sem, NULL},
        {"sem give", sizeof(ac_shared_sem), fresh_empty_sem, sem_give, sem_meanwhile, check_given, NULL},
        {"sem wait and leave", sizeof(ac_shared_sem), fresh_empty_sem, sem_wait_and_leave, NULL, check_none, NULL},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) killed_and_stopped(&ops[i]);
}

/* -- permits with owners ------------------------------------------------------------------------------- */

#define PERMITS_BYTES (sizeof(ac_shared_permits) + PERMITS * sizeof(ac_atomic_u64))

static void fresh_permits(void *shared) {
    ac_shared_permits *const p = shared;
    p->count = PERMITS;
    CHECK(ac_shared_permits_take(p, parent));
}
static void fresh_dead_permits(void *shared) {
    fresh_permits(shared);
    CHECK(ac_shared_permits_take(shared, dead) && ac_shared_permits_take(shared, dead));
}
static void permit_take_and_give(void *shared) {
    if (!ac_shared_permits_take(shared, child)) abort();
    if (!ac_shared_permits_give(shared, child)) abort();
}
static void permits_reap(void *shared) { (void)ac_shared_permits_reap(shared, child, false); }
static void permits_meanwhile(void *shared) {
    while (ac_shared_permits_give(shared, parent)) continue;
    (void)ac_shared_permits_reap(shared, parent, true);
    CHECK(ac_shared_permits_free(shared) >= PERMITS - 1); /* the living one's is not taken from it */
    CHECK(ac_shared_permits_take(shared, parent));
}
static const char *check_permits(void *shared, bool whole) {
    ac_shared_permits *const p = shared;
    if (whole && ac_shared_permits_free(p) < PERMITS - 1) return "a permit that was given back is held";
    (void)ac_shared_permits_reap(p, parent, true);
    if (ac_shared_permits_free(p) != PERMITS - 1) return "the dead one's permit does not come back";
    if (!ac_shared_permits_give(p, parent)) return "a living one's permit is gone";
    for (uint32_t i = 0; i < PERMITS; i++)
        if (!ac_shared_permits_take(p, parent)) return "one cannot be taken";
    return ac_shared_permits_take(p, parent) ? "one too many" : NULL;
}

static void permits(void) {
    static const kill_step ops[] = {
        {"permit take and give", PERMITS_BYTES, fresh_permits, permit_take_and_give, permits_meanwhile,
         check_permits, know},
        {"permits reap", PERMITS_BYTES, fresh_dead_permits, permits_reap, permits_meanwhile, check_permits, know},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) killed_and_stopped(&ops[i]);
}

/* -- the event ----------------------------------------------------------------------------------------- */

static void fresh_event(void *shared) { (void)ac_shared_event_prepare(shared, 0); /* one sleeps */ }
static void event_set_and_clear(void *shared) {
    ac_shared_event_set(shared);
    ac_shared_event_clear(shared);
    (void)ac_shared_event_prepare(shared, ac_shared_event_look(shared));
}
static void event_meanwhile(void *shared) { ac_shared_event_set(shared); }
static const char *check_event(void *shared, bool whole) {
    ac_shared_event *const e = shared;
    if (whole && ac_shared_event_prepare(e, 0) != 0) return "who waited when it was set still waits";
    ac_shared_event_set(e);
    if (!ac_shared_event_is_set(e)) return "it cannot be set";
    ac_shared_event_clear(e);
    const uint32_t first = ac_shared_event_look(e);
    if (ac_shared_event_is_set(e) || ac_shared_event_prepare(e, first) == 0) return "it cannot be cleared";
    ac_shared_event_set(e);
    return ac_shared_event_prepare(e, first) == 0 ? NULL : "a set after the death is not seen";
}

static void an_event(void) {
    static const kill_step op = {"event", sizeof(ac_shared_event), fresh_event, event_set_and_clear,
                                 event_meanwhile, check_event, NULL};
    killed_and_stopped(&op);
}

/* -- the row of waiters -------------------------------------------------------------------------------- */

#define ROW_BYTES (sizeof(ac_shared_row) + PLACES * sizeof(ac_shared_place))

static void fresh_row(void *shared) { ac_shared_row_backed(shared, PLACES); }
static void fresh_dead_row(void *shared) {
    fresh_row(shared);
    CHECK(ac_shared_row_enter(shared, dead) == 0 && ac_shared_row_enter(shared, dead) == 1);
}
static void fresh_waiting_row(void *shared) {
    fresh_dead_row(shared);
    CHECK(ac_shared_row_enter(shared, parent) == 2 && ac_shared_row_enter(shared, parent) == 3);
}
static void row_enter_and_leave(void *shared) {
    const uint32_t at = ac_shared_row_enter(shared, child);
    if (at == AC_ROW_FULL) abort();
    (void)ac_shared_row_leave(shared, at);
}
static void row_reap(void *shared) { (void)ac_shared_row_reap_all(shared, child, false); }
static void row_answer(void *shared) { (void)ac_shared_row_answer(shared, 1, 2, child); }
/* Another waits, is answered and leaves, whatever the stopped one is in the middle of. */
static void row_meanwhile(void *shared) {
    const uint32_t at = ac_shared_row_enter(shared, parent);
    if (at == AC_ROW_FULL) return; /* the dead still have theirs */
    (void)ac_shared_row_answer(shared, AC_ROW_ALL, 3, parent);
    CHECK(ac_shared_row_leave(shared, at) == 3);
}
static const char *check_row(void *shared, bool whole) {
    ac_shared_row *const r = shared;
    (void)whole;
    (void)ac_shared_row_reap_all(r, parent, true);
    for (uint32_t i = 0; i < PLACES; i++)
        if (ac_shared_row_enter(r, parent) == AC_ROW_FULL) return "a place stays with the dead";
    if (ac_shared_row_count(r, parent) != PLACES) return "somebody is not counted";
    if (ac_shared_row_answer(r, AC_ROW_ALL, 2, parent) != PLACES) return "somebody gets no answer";
    for (uint32_t i = 0; i < PLACES; i++)
        if (ac_shared_row_leave(r, i) != 2) return "an answer is lost";
    return NULL;
}
static const char *check_answered(void *shared, bool whole) {
    ac_shared_row *const r = shared;
    const uint32_t first = ac_shared_row_state(r, 2), second = ac_shared_row_state(r, 3);
    if (second != AC_ROW_WAITING) return "who came later was answered first, or a second one was";
    if (whole && first != 2) return "the answer is lost";
    if (first != 2 && first != AC_ROW_WAITING) return "it is another's answer";
    const uint32_t left = first == 2 ? 1 : 2;
    if (ac_shared_row_answer(r, AC_ROW_ALL, 2, parent) != left) return "the others get no answer";
    if (ac_shared_row_leave(r, 2) != 2 || ac_shared_row_leave(r, 3) != 2) return "an answer is lost";
    return check_row(shared, whole);
}

static void a_row(void) {
    static const kill_step ops[] = {
        {"row enter and leave", ROW_BYTES, fresh_row, row_enter_and_leave, row_meanwhile, check_row, know},
        {"row reap", ROW_BYTES, fresh_dead_row, row_reap, row_meanwhile, check_row, know},
        {"row answer", ROW_BYTES, fresh_waiting_row, row_answer, NULL, check_answered, know},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) killed_and_stopped(&ops[i]);
}

/* -- */

static uint64_t somebody_dead(void) {
    int ids[2];
    uint64_t id = 0;
    CHECK(pipe(ids) == 0);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        id = ac_shared_id_self();
        _exit(write(ids[1], &id, sizeof id) != sizeof id);
    }
    CHECK(read(ids[0], &id, sizeof id) == sizeof id);
    CHECK(waitpid(pid, NULL, 0) == pid);
    close(ids[0]);
    close(ids[1]);
    CHECK(ac_shared_id_dead(id, true));
    return id;
}

int main(void) {
    const char *const refused = kill_step_refused();
    if (refused != NULL) {
        fprintf(stderr, "  skipped: %s\n", refused);
        return 0;
    }
    parent = ac_shared_id_self();
    dead = somebody_dead();
    RUN(a_lock);
    RUN(a_semaphore);
    RUN(permits);
    RUN(an_event);
    RUN(a_row);
    return 0;
}
