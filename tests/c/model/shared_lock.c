/* shared_lock.c - ac_shared_lock.h under the checker; threads stand for processes, and some are killed. */
#include "shm/ac_shared_lock.h"

#define ME ac_shared_id_make((uint64_t)model_self(), 7)
#define SLICE 5 /* a deadline that comes when nothing else can */

#define LONG_DEAD 9u
static ac_shared_lock l;
static uint32_t count;
static ac_atomic_u32 inside, between, told;

/* What the kernel says. */
bool ac_shared_id_dead(uint64_t id, bool thorough) {
    (void)thorough;
    return model_is_dead((int)ac_shared_id_pid(id)) || ac_shared_id_pid(id) == LONG_DEAD;
}

static void zero(void) {
    memset(&l, 0, sizeof l);
    ac_store_relaxed(&inside, 0);
    ac_store_relaxed(&told, 0);
    count = 0;
}

/* The callers' loop (process_locks): whether it was taken, and from the dead. */
static bool take(int64_t deadline, bool *from_dead) {
    *from_dead = false;
    if (ac_shared_lock_try(&l, ME)) return true;
    for (bool late = false;;) {
        const uint64_t word = ac_shared_lock_prepare(&l, ME);
        if (word == 0) return true;
        if (deadline == SLICE && ac_shared_id_dead(ac_shared_lock_owner(word), true) &&
            ac_shared_lock_inherit(&l, word, ME)) {
            *from_dead = true;
            return true;
        }
        if (late) return false;
        late = ac_shared_lock_sleep(&l, word, deadline) == AC_WAIT_TIMEOUT && deadline != SLICE;
    }
}
static void enter(void) { MODEL_CHECK(ac_fetch_add_relaxed(&inside, 1) == 0); }
static void leave(void) { ac_fetch_sub_relaxed(&inside, 1); }

/* -- without kills: exclusion, and no wake is lost though nobody has a slice */
static void once(void) {
    bool dead;
    MODEL_CHECK(take(AC_FOREVER, &dead) && !dead);
    enter();
    count++;
    leave();
    MODEL_CHECK(ac_shared_lock_release(&l));
}
static void twice(void) { once(); once(); }
static void own(void) {
    bool dead;
    MODEL_CHECK(take(AC_FOREVER, &dead));
    count++;
    MODEL_CHECK(ac_shared_lock_release_own(&l, ME));
    MODEL_CHECK(!ac_shared_lock_release_own(&l, ME));
}
static void is_free(void) { MODEL_CHECK(ac_shared_lock_word(&l) == 0 && !ac_shared_lock_release(&l)); }
static void two(void) { MODEL_CHECK(count == 2); is_free(); }
static void three(void) { MODEL_CHECK(count == 3); is_free(); }
static void four(void) { MODEL_CHECK(count == 4); is_free(); }
/* A waiter that leaves after its sleep, by an exception, hands a wake on. */
static void interrupted(void) {
    if (ac_shared_lock_try(&l, ME)) {
        MODEL_CHECK(ac_shared_lock_release(&l));
        return;
    }
    const uint64_t word = ac_shared_lock_prepare(&l, ME);
    if (word == 0) {
        MODEL_CHECK(ac_shared_lock_release(&l));
        return;
    }
    (void)ac_shared_lock_sleep(&l, word, AC_FOREVER);
    ac_shared_lock_pass(&l);
}
static void late(void) {
    bool dead;
    if (take(6, &dead)) ac_shared_lock_release(&l);
}

/* -- with kills: who comes next has it, once, and is told; what the dead one wrote is seen */
static void mortal(void) {
    bool dead;
    if (!take(SLICE, &dead)) return;
    count++;
    ac_store_relaxed(&between, 1); /* a step: the kill may come between the two */
    count++;
    ac_shared_lock_release(&l);
}
static void heir(void) {
    bool dead;
    MODEL_CHECK(take(SLICE, &dead));
    if (dead) {
        MODEL_CHECK(ac_load_relaxed(&l.deaths) >= 1 && (model_is_dead(1) || model_is_dead(2)));
        ac_fetch_add_relaxed(&told, 1);
    }
    enter();
    count++;
    leave();
    MODEL_CHECK(ac_shared_lock_release_own(&l, ME));
}
/* The word is the last dead one's, or nobody's. */
static void heirs_had_it(void) {
    const uint64_t word = ac_shared_lock_word(&l);
    MODEL_CHECK(word == 0 || model_is_dead((int)ac_shared_id_pid(ac_shared_lock_owner(word))));
    MODEL_CHECK(ac_load_relaxed(&told) <= ac_load_relaxed(&l.deaths));
}
static void one_heir(void) {
    heirs_had_it();
    MODEL_CHECK(ac_load_relaxed(&told) == ac_load_relaxed(&l.deaths));
}
static void two_heirs(void) {
    one_heir();
    MODEL_CHECK(count >= 2 && count <= 4 && ac_load_relaxed(&told) <= 1);
}

/* Who inherits leaves the flag up: one who sleeps already, and never asks for the dead, is woken. */
static void orphan(void) {
    zero();
    ac_store_relaxed(&l.word, ac_shared_id_make(LONG_DEAD, 7) << 1);
}
static void inherit(void) {
    bool dead;
    MODEL_CHECK(take(SLICE, &dead) && dead == (ac_load_relaxed(&l.deaths) == 1));
    count++;
    MODEL_CHECK(ac_shared_lock_release(&l));
}
static void inherited(void) { two(); MODEL_CHECK(ac_load_relaxed(&l.deaths) == 1); }

static const model_test tests[] = {
    {.name = "two", .setup = zero, .thread = {twice, twice}, .finish = four, .sc = MODEL_ALL, .weak = 3,
     .spurious = 1},
    {.name = "three", .setup = zero, .thread = {once, once, once}, .finish = three, .sc = 3, .weak = 2},
    {.name = "own", .setup = zero, .thread = {own, own}, .finish = two, .sc = MODEL_ALL, .weak = 3},
    {.name = "interrupted", .setup = zero, .thread = {twice, once, interrupted}, .finish = three, .sc = 2,
     .weak = 1},
    {.name = "late", .setup = zero, .thread = {twice, once, late}, .finish = three, .sc = 2, .weak = 1,
     .timeouts = 1},
    {.name = "killed", .setup = zero, .thread = {mortal, heir}, .finish = one_heir, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .mortal = 1u << 1},
    {.name = "two_heirs", .setup = zero, .thread = {mortal, heir, heir}, .finish = two_heirs, .sc = 2,
     .weak = 1, .mortal = 1u << 1},
    {.name = "two_killed", .setup = zero, .thread = {mortal, mortal, heir}, .finish = heirs_had_it, .sc = 1,
     .weak = 1, .mortal = 1u << 1 | 1u << 2},
    {.name = "flag_kept", .setup = orphan, .thread = {inherit, once}, .finish = inherited, .sc = MODEL_ALL,
     .weak = 3},
};
MODEL_MAIN(tests)
