/* The lock that knows its owner: the states of its word by hand, then that it excludes. */
#include "shm/ac_shared_lock.h"

#include "check.h"

#include <sched.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define A (UINT64_C(77) << 22 | 5)
#define B (UINT64_C(78) << 22 | 6)

static void test_the_states_of_the_word(void) {
    ac_shared_lock l = {0};
    CHECK(!ac_shared_lock_release(&l)); /* nobody has it */
    CHECK(ac_shared_lock_try(&l, A));
    CHECK(ac_shared_lock_word(&l) == A << 1);
    CHECK(ac_shared_lock_owner(ac_shared_lock_word(&l)) == A);
    CHECK(!ac_shared_lock_try(&l, A) && !ac_shared_lock_try(&l, B));
    const uint64_t word = ac_shared_lock_prepare(&l, B); /* announces a sleeper */
    CHECK(word == (A << 1 | 1) && ac_shared_lock_word(&l) == word);
    CHECK(ac_shared_lock_prepare(&l, B) == word);
    CHECK(ac_shared_lock_release(&l) && ac_shared_lock_word(&l) == 0);
    CHECK(ac_shared_lock_prepare(&l, B) == 0);
    CHECK(ac_shared_lock_word(&l) == (B << 1 | 1)); /* the flag stays up: others may sleep */
    CHECK(!ac_shared_lock_release_own(&l, A));
    CHECK(ac_shared_lock_release_own(&l, B) && ac_shared_lock_word(&l) == 0);
}

static void test_a_sleeper_is_not_sent_to_sleep_by_an_old_word(void) {
    ac_shared_lock l = {0};
    CHECK(ac_shared_lock_try(&l, A));
    const uint64_t word = ac_shared_lock_prepare(&l, B);
    CHECK(ac_shared_lock_release(&l)); /* between prepare and sleep */
    CHECK(ac_shared_lock_sleep(&l, word, AC_FOREVER) == AC_WAIT_CHANGED);
    CHECK(ac_shared_lock_try(&l, A)); /* without the flag: the compare still refuses */
    CHECK(ac_shared_lock_sleep(&l, word, AC_FOREVER) == AC_WAIT_CHANGED);
}

static void test_one_inherits(void) {
    ac_shared_lock l = {0};
    CHECK(ac_shared_lock_try(&l, A));
    const uint64_t word = ac_shared_lock_word(&l);
    CHECK(ac_shared_lock_inherit(&l, word, B));
    CHECK(!ac_shared_lock_inherit(&l, word, B));
    CHECK(ac_shared_lock_owner(ac_shared_lock_word(&l)) == B);
    CHECK(ac_load_relaxed(&l.deaths) == 1);
}

static void test_who_leaves_passes_the_wake_on(void) {
    ac_shared_lock l = {0};
    ac_shared_lock_pass(&l); /* free: wakes somebody; nothing to see here */
    CHECK(ac_shared_lock_word(&l) == 0);
    CHECK(ac_shared_lock_try(&l, A));
    ac_shared_lock_pass(&l); /* held: the holder is to wake one when it gives it back */
    CHECK(ac_shared_lock_word(&l) == (A << 1 | 1));
}

typedef struct shared {
    ac_shared_lock lock;
    uint64_t plain; /* protected by the lock alone */
    uint64_t times;
} shared;

static void take(ac_shared_lock *l, uint64_t me) {
    if (ac_shared_lock_try(l, me)) return;
    uint64_t word;
    while ((word = ac_shared_lock_prepare(l, me)) != 0) {
        if (ac_shared_id_dead(ac_shared_lock_owner(word), false) && ac_shared_lock_inherit(l, word, me))
            return;
        ac_shared_lock_sleep(l, word, ac_now_ns() + 5 * AC_NS_PER_MS);
    }
}

static void *add(void *arg) {
    shared *const s = *(shared **)arg;
    const uint64_t me = ac_shared_id_self();
    for (uint64_t i = 0; i < s->times; i++) {
        take(&s->lock, me);
        const uint64_t seen = s->plain;
        if (i % 64 == 0) sched_yield(); /* others come meanwhile */
        s->plain = seen + 1;
        CHECK(ac_shared_lock_release(&s->lock));
    }
    return NULL;
}

static void test_one_at_a_time_is_inside(void) {
    shared s;
    memset(&s, 0, sizeof s);
    s.times = check_scale(20000);
    shared *all[4] = {&s, &s, &s, &s};
    check_threads(4, add, all, sizeof all[0]);
    CHECK(s.plain == 4 * s.times && ac_shared_lock_word(&s.lock) == 0);
}

/* Processes take and give back until they are killed, at any instruction; the survivor gets it. */
static void test_whoever_is_killed_the_next_gets_it(void) {
    uint64_t seed = check_seed();
    ac_shared_lock *const l =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(l != MAP_FAILED);
    const uint64_t me = ac_shared_id_self();
    for (uint64_t round = 0; round < check_scale(60); round++) {
        pid_t children[2];
        for (int i = 0; i < 2; i++) {
            children[i] = fork();
            CHECK(children[i] >= 0);
            if (children[i] == 0) {
                const uint64_t child = ac_shared_id_self();
                for (;;) {
                    take(l, child);
                    ac_shared_lock_release(l);
                }
            }
        }
        const int64_t until = ac_now_ns() + (int64_t)(check_random(&seed) % 3000000);
        while (ac_now_ns() < until) {
            take(l, me);
            ac_shared_lock_release(l);
        }
        for (int i = 0; i < 2; i++) CHECK(kill(children[i], SIGKILL) == 0);
        for (int i = 0; i < 2; i++) CHECK(waitpid(children[i], NULL, 0) == children[i]);
        take(l, me);
        CHECK(ac_shared_lock_release(l) && ac_shared_lock_word(l) == 0);
    }
    munmap(l, 4096);
}

int main(void) {
    RUN(test_the_states_of_the_word);
    RUN(test_a_sleeper_is_not_sent_to_sleep_by_an_old_word);
    RUN(test_one_inherits);
    RUN(test_who_leaves_passes_the_wake_on);
    RUN(test_one_at_a_time_is_inside);
    RUN(test_whoever_is_killed_the_next_gets_it);
    return 0;
}
