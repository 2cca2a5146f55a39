/* known_bad.c - algorithms with known faults: the checker must find each, and of the right kind. */
#include "base/ac_atomic.h"
#include "wait/ac_wait.h"

static ac_atomic_u32 word, other, flag[2], turn;
static uint32_t data;
static void *shared;

static void zero(void) {
    ac_store_relaxed(&word, 0);
    ac_store_relaxed(&other, 0);
    ac_store_relaxed(&flag[0], 0);
    ac_store_relaxed(&flag[1], 0);
    ac_store_relaxed(&turn, 0);
    data = 0;
    shared = NULL;
}

/* A lock that looks and takes in two steps. */
static void torn_lock(void) {
    while (ac_load_acquire(&word) != 0) ac_pause();
    ac_store_release(&word, 1);
    data++;
    ac_store_release(&word, 0);
}
/* A right one; with an unlock that releases nothing. */
static void spin_lock(void) {
    while (ac_exchange_acquire(&word, 1) != 0) ac_pause();
}
static void right_lock(void) { spin_lock(); data++; ac_store_release(&word, 0); }
static void relaxed_unlock(void) { spin_lock(); data++; ac_store_relaxed(&word, 0); }

/* Peterson's lock needs sequential consistency. */
static void peterson(uint32_t me) {
    ac_store_release(&flag[me], 1);
    ac_store_release(&turn, 1 - me);
    while (ac_load_acquire(&flag[1 - me]) && ac_load_acquire(&turn) == 1 - me) ac_pause();
    data++;
    ac_store_release(&flag[me], 0);
}
static void peterson0(void) { peterson(0); }
static void peterson1(void) { peterson(1); }

/* A sleep without a look between the announcement and the sleep, and one without the comparison. */
static void sleep_blindly(void) {
    if (ac_load_acquire(&word) == 0) {
        ac_store_seq_cst(&other, 1);
        ac_wait(&other, 1, AC_FOREVER, AC_WAIT_PRIVATE);
    }
}
static void wake_if_told(void) {
    ac_store_seq_cst(&word, 1);
    if (ac_load_seq_cst(&other)) ac_wake(&other, 1, AC_WAIT_PRIVATE);
}
/* An event count whose two sides look without a fence between store and load. */
static void sleep_unfenced(void) {
    ac_store_relaxed(&other, 1);
    if (ac_load_relaxed(&word) == 0) ac_wait(&other, 1, AC_FOREVER, AC_WAIT_PRIVATE);
}
static void wake_unfenced(void) {
    ac_store_relaxed(&word, 1);
    if (ac_load_relaxed(&other)) {
        ac_store_relaxed(&other, 2);
        ac_wake(&other, 1, AC_WAIT_PRIVATE);
    }
}
static void sleep_fenced(void) {
    ac_store_relaxed(&other, 1);
    ac_fence_seq_cst();
    if (ac_load_relaxed(&word) == 0) ac_wait(&other, 1, AC_FOREVER, AC_WAIT_PRIVATE);
}
static void wake_fenced(void) {
    ac_store_relaxed(&word, 1);
    ac_fence_seq_cst();
    if (ac_load_relaxed(&other)) {
        ac_store_relaxed(&other, 2);
        ac_wake(&other, 1, AC_WAIT_PRIVATE);
    }
}
/* A sleeper that takes any wake for the one it waits for. */
static void trust_wake(void) {
    if (ac_load_acquire(&word) == 0) ac_wait(&word, 0, AC_FOREVER, AC_WAIT_PRIVATE);
    MODEL_CHECK(ac_load_acquire(&word) == 1);
}
static void set_and_wake(void) {
    ac_store_release(&word, 1);
    ac_wake(&word, 1, AC_WAIT_PRIVATE);
}
/* An event count whose woken sleeper looks before it has announced itself again: it takes the first item,
 * the notifier of the second found no flag, and the other sleeper stays asleep. */
static bool take(void) {
    uint32_t seen = ac_load_relaxed(&word);
    while (seen > 0)
        if (ac_cas_seq_cst(&word, &seen, seen - 1)) return true;
    return false;
}
static void notify(void) {
    ac_fence_seq_cst();
    const uint32_t seen = ac_load_relaxed(&other);
    if (!(seen & 1)) return;
    ac_store_relaxed(&other, seen + 1);
    ac_wake(&other, 1, AC_WAIT_PRIVATE);
}
static void early_get(void) {
    while (!take()) {
        const uint32_t key = ac_fetch_or_seq_cst(&other, 1) | 1;
        ac_fence_seq_cst();
        if (take()) break;
        ac_wait(&other, key, AC_FOREVER, AC_WAIT_PRIVATE);
    }
    if (ac_load_relaxed(&word) > 0) notify();
}
static void early_put(void) {
    for (int i = 0; i < 2; i++) {
        ac_fetch_add_seq_cst(&word, 1);
        notify();
    }
}
/* Two locks in two orders. */
static void lock(ac_atomic_u32 *l) {
    while (ac_exchange_acquire(l, 1) != 0) ac_wait(l, 1, AC_FOREVER, AC_WAIT_PRIVATE);
}
static void unlock(ac_atomic_u32 *l) {
    ac_store_release(l, 0);
    ac_wake(l, 1, AC_WAIT_PRIVATE);
}
static void ab(void) { lock(&word); lock(&other); unlock(&other); unlock(&word); }
static void ba(void) { lock(&other); lock(&word); unlock(&word); unlock(&other); }
/* Two that wait for each other by spinning. */
static void wait_word(void) {
    while (!ac_load_acquire(&word)) ac_pause();
    ac_store_release(&other, 1);
}
static void wait_other(void) {
    while (!ac_load_acquire(&other)) ac_pause();
    ac_store_release(&word, 1);
}

/* Treiber's stack with nodes that come back: a pop's compare-and-swap cannot tell. */
static ac_atomic_u32 top, next[4]; /* 0 is none */
static uint32_t owner[4];
static void setup_aba(void) {
    zero();
    ac_store_relaxed(&top, 1);
    ac_store_relaxed(&next[1], 2);
    ac_store_relaxed(&next[2], 0);
}
static uint32_t aba_pop(void) {
    uint32_t seen = ac_load_acquire(&top);
    while (seen != 0)
        if (ac_cas_acq_rel(&top, &seen, ac_load_acquire(&next[seen]))) return seen;
    return 0;
}
static void aba_push(uint32_t node) {
    uint32_t seen = ac_load_relaxed(&top);
    do {
        ac_store_release(&next[node], seen);
    } while (!ac_cas_acq_rel(&top, &seen, node));
}
static uint32_t kept[2];
static void aba_one(void) { kept[0] = aba_pop(); }
static void aba_other(void) {
    const uint32_t a = aba_pop(), b = aba_pop();
    if (a != 0) aba_push(a);
    kept[1] = b;
}
static void aba_finish(void) {
    for (int i = 0; i < 4; i++) owner[i] = 0;
    owner[kept[0]]++;
    owner[kept[1]]++;
    for (uint32_t n = ac_load_relaxed(&top); n != 0; n = ac_load_relaxed(&next[n])) owner[n]++;
    MODEL_CHECK(owner[1] <= 1 && owner[2] <= 1);
}

/* An object that the last of two frees, by a count that orders nothing; and by one that does. */
static void setup_object(void) {
    zero();
    shared = malloc(8);
    *(uint64_t *)shared = 0;
    ac_store_relaxed(&word, 2);
}
static void drop_relaxed(void) {
    (void)*(volatile uint64_t *)shared;
    if (ac_fetch_sub_relaxed(&word, 1) == 1) free(shared);
}
static void drop_right(void) {
    (void)*(volatile uint64_t *)shared;
    if (ac_fetch_sub_acq_rel(&word, 1) == 1) free(shared);
}
static void drop_early(void) {
    if (ac_fetch_sub_acq_rel(&word, 1) == 1) free(shared);
    else (void)*(volatile uint64_t *)shared;
}
static void free_and_say(void) { free(shared); ac_store_release(&other, 1); }
static void hear_and_read(void) { if (ac_load_acquire(&other)) (void)*(volatile uint64_t *)shared; }
static void none_left(void) { MODEL_CHECK(model_live_blocks() == 0); }
static void drop_twice(void) { ac_fetch_sub_acq_rel(&word, 1); if (ac_load_acquire(&word) == 0) free(shared); }
static void read_past(void) { (void)((volatile uint32_t *)shared)[2]; }

/* Initialised once, looked at without acquire. */
static void init_once(void) {
    uint32_t none = 0;
    if (ac_cas_acquire(&word, &none, 1)) { data = 7; ac_store_release(&other, 1); }
}
static void use_relaxed(void) { if (ac_load_relaxed(&other)) { MODEL_CHECK(data == 7); } }

/* A lock that a kill leaves held. */
static void held(void) { spin_lock(); ac_store_release(&word, 0); }

#define BOTH(kind) .sc = MODEL_ALL, .weak = MODEL_ALL, .sc_fails = kind, .weak_fails = kind
#define GOOD .sc = MODEL_ALL, .weak = MODEL_ALL
static const model_test tests[] = {
    {.name = "torn_lock", .setup = zero, .thread = {torn_lock, torn_lock}, BOTH("race")},
    {.name = "right_lock", .setup = zero, .thread = {right_lock, right_lock, right_lock}, GOOD},
    {.name = "relaxed_unlock", .setup = zero, .thread = {relaxed_unlock, relaxed_unlock}, BOTH("race")},
    {.name = "peterson", .setup = zero, .thread = {peterson0, peterson1}, GOOD, .weak_fails = "race"},
    {.name = "sleep_blindly", .setup = zero, .thread = {sleep_blindly, wake_if_told}, BOTH("deadlock")},
    {.name = "sleep_unfenced", .setup = zero, .thread = {sleep_unfenced, wake_unfenced}, GOOD,
     .weak_fails = "deadlock"},
    {.name = "sleep_fenced", .setup = zero, .thread = {sleep_fenced, wake_fenced}, GOOD},
    {.name = "trust_wake", .setup = zero, .thread = {trust_wake, set_and_wake}, .spurious = 1,
     BOTH("assert")},
    {.name = "trust_no_spurious", .setup = zero, .thread = {trust_wake, set_and_wake}, GOOD,
     .weak_fails = "assert"}, /* a wake orders nothing by itself */
    {.name = "early_look", .setup = zero, .thread = {early_get, early_get, early_put},
     BOTH("deadlock")},
    {.name = "two_orders", .setup = zero, .thread = {ab, ba}, BOTH("deadlock")},
    {.name = "spin_forever", .setup = zero, .thread = {wait_word, wait_other}, BOTH("livelock")},
    {.name = "aba", .setup = setup_aba, .thread = {aba_one, aba_other}, .finish = aba_finish,
     BOTH("assert")},
    {.name = "drop_relaxed", .setup = setup_object, .thread = {drop_relaxed, drop_relaxed}, BOTH("race")},
    {.name = "drop_right", .setup = setup_object, .thread = {drop_right, drop_right},
     .finish = none_left, GOOD},
    {.name = "drop_early", .setup = setup_object, .thread = {drop_early, drop_early},
     BOTH("race")},
    {.name = "late_read", .setup = setup_object, .thread = {free_and_say, hear_and_read},
     BOTH("use-after-free")},
    {.name = "drop_twice", .setup = setup_object, .thread = {drop_twice, drop_twice},
     BOTH("double-free")},
    {.name = "read_past", .setup = setup_object, .thread = {read_past}, BOTH("out-of-bounds")},
    {.name = "once_relaxed", .setup = zero, .thread = {init_once, use_relaxed}, BOTH("race")},
    {.name = "held_by_the_dead", .setup = zero, .thread = {held, held}, .mortal = 1u << 1, BOTH("livelock")},
    {.name = "aba_bounded", .setup = setup_aba, .thread = {aba_one, aba_other}, .finish = aba_finish,
     .sc = 2, .weak = 2, .sc_fails = "assert", .weak_fails = "assert"},
};
MODEL_MAIN(tests)
