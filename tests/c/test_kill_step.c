/* The harness of kill_step.h, shown on two small structures that survive and on four that do not. */
#include "shm/ac_robust_lock.h"
#include "sync/ac_mutex.h"

#include "kill_step.h"

/* -- two words under a lock: equal whenever nobody is inside ---------------------------------------- */

typedef struct pair {
    ac_robust_lock lock;
    ac_mutex plain;
    volatile uint64_t a, b;
} pair;

static void fresh_pair(void *shared) {
    pair *const p = shared;
    CHECK(ac_robust_lock_init(&p->lock) == 0);
}

static bool enter(pair *p, int64_t deadline_ns) {
    switch (ac_robust_lock_until(&p->lock, deadline_ns)) {
    case AC_LOCK_INHERITED:
        p->b = p->a; /* a is written first */
        ac_robust_lock_mended(&p->lock);
        return true;
    case AC_LOCK_HELD:
        return true;
    default:
        return false;
    }
}

static void add(void *shared) {
    pair *const p = shared;
    if (!enter(p, AC_FOREVER)) abort();
    p->a++;
    p->b++;
    ac_robust_lock_release(&p->lock);
}

/* Another party comes while the first stands still: it may find the lock busy, never the data torn. */
static void try_add(void *shared) {
    pair *const p = shared;
    if (!enter(p, 0)) return;
    CHECK(p->a == p->b);
    p->a++;
    p->b++;
    ac_robust_lock_release(&p->lock);
}

static const char *check_pair(void *shared, bool whole) {
    pair *const p = shared;
    if (!enter(p, ac_deadline_after(2 * AC_NS_PER_S))) return "the lock stays with the dead";
    const uint64_t a = p->a, b = p->b;
    ac_robust_lock_release(&p->lock);
    if (a != b) return "the two words differ";
    if (whole && a == 0) return "the operation is lost";
    if (a > 2) return "the operation happened more than once";
    if (ac_robust_lock_try(&p->lock) != AC_LOCK_HELD) return "the repair did not last";
    ac_robust_lock_release(&p->lock);
    return NULL;
}

static void a_robust_lock_survives_a_kill_anywhere(void) {
    static const kill_step op = {"robust lock", sizeof(pair), fresh_pair, add, NULL, check_pair, NULL};
    CHECK(kill_step_all(&op, KILL_STEP_KILL) == 0);
}

static void a_stopped_holder_is_not_dead(void) {
    static const kill_step op = {"robust lock", sizeof(pair), fresh_pair, add, try_add, check_pair, NULL};
    CHECK(kill_step_all(&op, KILL_STEP_STOP) == 0);
}

/* -- a number with an owner word and a note of what is being done -------------------------------------- */

typedef struct counter {
    ac_atomic_u32 owner; /* process number, or 0 */
    ac_atomic_u64 next;  /* what `value` is to become, plus one; 0: nothing is being done */
    ac_atomic_u64 value;
} counter;

static void fresh_counter(void *shared) { (void)shared; }

/* Takes the word over from a dead owner and completes what it had begun. */
static bool own(counter *c, bool repairs) {
    uint32_t owner = 0;
    while (!ac_cas_acq_rel(&c->owner, &owner, (uint32_t)getpid())) {
        if (kill((pid_t)owner, 0) == 0 || errno != ESRCH) return false;
        if (ac_cas_acq_rel(&c->owner, &owner, (uint32_t)getpid())) {
            const uint64_t next = ac_load_acquire(&c->next);
            if (repairs && next != 0) ac_store_release(&c->value, next - 1);
            break;
        }
        owner = 0;
    }
    ac_store_release(&c->next, 0);
    return true;
}

static void count(void *shared) {
    counter *const c = shared;
    if (!own(c, true)) abort();
    ac_store_release(&c->next, ac_load_relaxed(&c->value) + 2); /* from here on it will happen */
    ac_store_release(&c->value, ac_load_relaxed(&c->next) - 1);
    ac_store_release(&c->next, 0);
    ac_store_release(&c->owner, 0);
}

static const char *check_counter(void *shared, bool whole) {
    counter *const c = shared;
    const bool promised = ac_load_acquire(&c->next) != 0;
    if (!own(c, true)) return "nobody can own it";
    const uint64_t value = ac_load_relaxed(&c->value);
    if (value > 1) return "counted twice";
    if ((whole || promised) && value != 1) return "the count is lost";
    return NULL;
}

static void an_owner_word_survives_a_kill_anywhere(void) {
    static const kill_step op = {"owner word", sizeof(counter), fresh_counter, count, NULL,
                                 check_counter, NULL};
    CHECK(kill_step_all(&op, KILL_STEP_KILL) == 0);
}

/* -- what the harness must find ------------------------------------------------------------------------ */

static void add_unprotected(void *shared) {
    pair *const p = shared;
    p->a++;
    p->b++;
}

static const char *check_unprotected(void *shared, bool whole) {
    const pair *const p = shared;
    (void)whole;
    return p->a == p->b ? NULL : "the two words differ";
}

static void it_finds_an_update_in_two_steps(void) {
    static const kill_step op = {"no lock", sizeof(pair), fresh_pair, add_unprotected, NULL,
                                 check_unprotected, NULL};
    const uint64_t faults = kill_step_all(&op, KILL_STEP_KILL);
    CHECK(faults > 0 && faults < 20); /* between two stores, not everywhere */
}

static void add_under_a_plain_lock(void *shared) {
    pair *const p = shared;
    ac_mutex_lock(&p->plain);
    p->a++;
    p->b++;
    ac_mutex_unlock(&p->plain);
}

static const char *check_plain(void *shared, bool whole) {
    pair *const p = shared;
    (void)whole;
    return ac_mutex_try_lock(&p->plain) ? NULL : "the lock stays with the dead";
}

static void it_finds_a_lock_that_the_dead_keep(void) {
    static const kill_step op = {"plain lock", sizeof(pair), fresh_pair, add_under_a_plain_lock,
                                 NULL, check_plain, NULL};
    CHECK(kill_step_all(&op, KILL_STEP_KILL) > 0);
}

static const char *check_without_repair(void *shared, bool whole) {
    pair *const p = shared;
    (void)whole;
    if (ac_robust_lock_until(&p->lock, ac_deadline_after(2 * AC_NS_PER_S)) == AC_LOCK_INHERITED)
        ac_robust_lock_mended(&p->lock);
    const bool torn = p->a != p->b;
    ac_robust_lock_release(&p->lock);
    return torn ? "the two words differ" : NULL;
}

static void it_finds_a_missing_repair(void) {
    static const kill_step op = {"no repair", sizeof(pair), fresh_pair, add, NULL,
                                 check_without_repair, NULL};
    CHECK(kill_step_all(&op, KILL_STEP_KILL) > 0);
}

/* It takes who stands still for dead. */
static void steal(void *shared) {
    counter *const c = shared;
    ac_store_release(&c->owner, (uint32_t)getpid());
    ac_store_release(&c->value, ac_load_relaxed(&c->value) + 1);
    ac_store_release(&c->owner, 0);
}

static const char *check_both_counted(void *shared, bool whole) {
    counter *const c = shared;
    return whole && ac_load_relaxed(&c->value) != 2 ? "a count is lost" : NULL;
}

static void it_finds_a_lock_stolen_from_a_stopped_owner(void) {
    static const kill_step op = {"stolen", sizeof(counter), fresh_counter, count, steal,
                                 check_both_counted, NULL};
    CHECK(kill_step_all(&op, KILL_STEP_STOP) > 0);
}

int main(void) {
    const char *const refused = kill_step_refused();
    if (refused != NULL) {
        fprintf(stderr, "  skipped: %s\n", refused);
        return 0;
    }
    RUN(a_robust_lock_survives_a_kill_anywhere);
    RUN(a_stopped_holder_is_not_dead);
    RUN(an_owner_word_survives_a_kill_anywhere);
    RUN(it_finds_an_update_in_two_steps);
    RUN(it_finds_a_lock_that_the_dead_keep);
    RUN(it_finds_a_missing_repair);
    RUN(it_finds_a_lock_stolen_from_a_stopped_owner);
    return 0;
}
