/* Atomics: each operation does what its name says, and read-modify-writes do not lose updates. */
#include "base/ac_atomic.h"

#include "check.h"

static void test_a_failed_cas_tells_what_was_there(void) {
    ac_atomic_u64 x = 5;
    uint64_t expected = 4;
    CHECK(!ac_cas_acq_rel(&x, &expected, UINT64_C(9)));
    CHECK(expected == 5 && ac_load_relaxed(&x) == 5);
    CHECK(ac_cas_seq_cst(&x, &expected, UINT64_C(9)));
    CHECK(ac_load_acquire(&x) == 9);
    expected = 9;
    CHECK(ac_cas_relaxed(&x, &expected, UINT64_C(1)) && ac_cas_acquire(&x, &(uint64_t){1}, UINT64_C(2)));
    CHECK(ac_cas_release(&x, &(uint64_t){2}, UINT64_C(3)));
}

static void test_fetch_operations_return_the_old_value(void) {
    ac_atomic_u32 x = 6;
    CHECK(ac_fetch_add_relaxed(&x, 2u) == 6);
    CHECK(ac_fetch_sub_acq_rel(&x, 1u) == 8);
    CHECK(ac_fetch_or_acq_rel(&x, 8u) == 7);
    CHECK(ac_fetch_and_acq_rel(&x, 12u) == 15);
    CHECK(ac_exchange_acq_rel(&x, 1u) == 12);
    CHECK(ac_exchange_acquire(&x, 2u) == 1 && ac_exchange_seq_cst(&x, 3u) == 2);
    CHECK(ac_fetch_add_seq_cst(&x, 1u) == 3 && ac_fetch_add_acq_rel(&x, 1u) == 4);
    CHECK(ac_fetch_or_seq_cst(&x, 2u) == 5 && ac_load_seq_cst(&x) == 7);
    ac_store_relaxed(&x, 1u);
    ac_store_release(&x, 2u);
    ac_store_seq_cst(&x, 3u);
    CHECK(ac_load_relaxed(&x) == 3);
}

typedef struct counting {
    ac_atomic_u64 *by_add, *by_cas;
    uint64_t times;
} counting;

static void *count_up(void *arg) {
    counting *const c = arg;
    for (uint64_t i = 0; i < c->times; i++) {
        ac_fetch_add_relaxed(c->by_add, UINT64_C(1));
        uint64_t seen = ac_load_relaxed(c->by_cas);
        while (!ac_cas_relaxed(c->by_cas, &seen, seen + 1)) {
        }
    }
    return NULL;
}

static void test_no_update_is_lost(void) {
    ac_atomic_u64 by_add = 0, by_cas = 0;
    const uint64_t times = check_scale(100000);
    counting counts[4];
    for (int i = 0; i < 4; i++) counts[i] = (counting){&by_add, &by_cas, times};
    check_threads(4, count_up, counts, sizeof counts[0]);
    CHECK(ac_load_relaxed(&by_add) == 4 * times);
    CHECK(ac_load_relaxed(&by_cas) == 4 * times);
}

typedef struct message {
    uint64_t payload; /* plain on purpose: the flag's release and acquire must hand it over */
    ac_atomic_u32 flag;
} message;

static void *send_or_receive(void *arg) {
    message *const *const slot = arg;
    message *const m = *slot;
    uint32_t role = ac_fetch_add_relaxed(&m->flag, 2u); /* bits above 0: who came first */
    if (role < 2) {
        m->payload = 42;
        ac_fetch_or_acq_rel(&m->flag, 1u);
    } else {
        while (!(ac_load_acquire(&m->flag) & 1)) ac_pause();
        CHECK(m->payload == 42);
    }
    return NULL;
}

static void test_release_hands_plain_data_to_acquire(void) {
    for (int i = 0; i < 200; i++) {
        message m = {0, 0};
        message *both[2] = {&m, &m};
        check_threads(2, send_or_receive, both, sizeof both[0]);
    }
}

int main(void) {
    RUN(test_a_failed_cas_tells_what_was_there);
    RUN(test_fetch_operations_return_the_old_value);
    RUN(test_no_update_is_lost);
    RUN(test_release_hands_plain_data_to_acquire);
    return 0;
}
