/* The row: order, answers, time-outs, the dead. */
#include "shm/ac_shared_row.h"

#include "check.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLACES 8u

static ac_shared_row *make(void) {
    ac_shared_row *const r =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(r != MAP_FAILED);
    ac_shared_row_backed(r, PLACES);
    ac_shared_row_backed(r, 2); /* it only grows */
    return r;
}

static void test_the_longest_waiting_are_answered_first(void) {
    ac_shared_row *const r = make();
    const uint64_t me = ac_shared_id_self();
    uint32_t at[4];
    for (int i = 0; i < 4; i++) at[i] = ac_shared_row_enter(r, me);
    CHECK(ac_shared_row_leave(r, at[0]) == AC_ROW_WAITING);
    at[0] = ac_shared_row_enter(r, me); /* the first place, and now the last in the row */
    CHECK(ac_shared_row_count(r, me) == 4);
    CHECK(ac_shared_row_answer(r, 3, 5, me) == 3);
    CHECK(ac_shared_row_state(r, at[0]) == AC_ROW_WAITING);
    for (int i = 1; i < 4; i++) CHECK(ac_shared_row_leave(r, at[i]) == 5);
    CHECK(ac_shared_row_answer(r, AC_ROW_ALL, 6, me) == 1);
    CHECK(ac_shared_row_answer(r, AC_ROW_ALL, 7, me) == 0);
    CHECK(ac_shared_row_leave(r, at[0]) == 6);
    munmap(r, 4096);
}

static void test_it_is_full_where_there_is_no_memory(void) {
    ac_shared_row *const r = make();
    for (uint32_t i = 0; i < PLACES; i++) CHECK(ac_shared_row_enter(r, 9) == i);
    CHECK(ac_shared_row_enter(r, 9) == AC_ROW_FULL);
    ac_shared_row_backed(r, PLACES + 1);
    CHECK(ac_shared_row_enter(r, 9) == PLACES);
    munmap(r, 4096);
}

static void test_the_dead_take_no_answer(void) {
    ac_shared_row *const r = make();
    const uint64_t me = ac_shared_id_self();
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const uint64_t id = ac_shared_id_self();
        for (int i = 0; i < 3; i++) ac_shared_row_enter(r, id);
        _exit(0);
    }
    CHECK(waitpid(child, NULL, 0) == child);
    /* killed in the middle of entering: it has a place and does not wait yet */
    ac_store_relaxed(&r->place[2].state, AC_ROW_FREE);
    const uint32_t mine = ac_shared_row_enter(r, me);
    CHECK(mine == 3);
    CHECK(ac_shared_row_answer(r, 1, 2, me) == 1); /* passes over the two who wait */
    CHECK(ac_shared_row_leave(r, mine) == 2);
    CHECK(ac_shared_row_count(r, me) == 0);
    CHECK(ac_shared_row_reap_all(r, me, true) == 1); /* the one that did not wait yet */
    for (uint32_t i = 0; i < PLACES; i++) CHECK(ac_shared_row_enter(r, me) == i);
    munmap(r, 4096);
}

static void test_one_reaper_has_it(void) {
    ac_shared_row *const r = make();
    const uint64_t dead = UINT64_C(1) << 22 | 4194303, me = ac_shared_id_self();
    CHECK(ac_shared_id_dead(dead, false));
    CHECK(ac_shared_row_enter(r, dead) == 0);
    CHECK(ac_shared_row_reap(r, 0, dead, me));
    CHECK(ac_shared_row_enter(r, me) == 0);
    CHECK(!ac_shared_row_reap(r, 0, dead, me)); /* who saw the same dead owner comes too late */
    CHECK(ac_shared_row_state(r, 0) == AC_ROW_WAITING);
    munmap(r, 4096);
}

typedef struct meeting {
    ac_shared_row *row;
    uint64_t times;
    int64_t end_ns; /* where each answer waits for a slice of the scheduler's, it is given up here */
    ac_atomic_u64 answered, ended;
} meeting;

static void *wait_often(void *arg) {
    meeting *const m = *(meeting **)arg;
    const uint64_t me = ac_shared_id_self();
    for (uint64_t i = 0; i < m->times && ac_now_ns() < m->end_ns; i++) {
        const uint32_t at = ac_shared_row_enter(m->row, me);
        CHECK(at != AC_ROW_FULL);
        if (i % 3 != 0) /* else it leaves at once: a time-out against an answer */
            while (ac_shared_row_state(m->row, at) == AC_ROW_WAITING)
                ac_shared_row_sleep(m->row, at, ac_now_ns() + 20 * AC_NS_PER_S);
        if (ac_shared_row_leave(m->row, at) != AC_ROW_WAITING) ac_fetch_add_relaxed(&m->answered, 1);
    }
    ac_fetch_add_acq_rel(&m->ended, 1); /* with it, what this thread has counted */
    return NULL;
}

static void *answer_all(void *arg) {
    meeting *const m = *(meeting **)arg;
    const uint64_t me = ac_shared_id_self();
    uint64_t given = 0;
    while (ac_load_acquire(&m->ended) < 2)
        given += ac_shared_row_answer(m->row, 1, 2, me);
    ac_fetch_add_relaxed(&m->row->place[PLACES].ticket, given);
    return NULL;
}

static void *any(void *arg) {
    return ((meeting **)arg)[1] != NULL ? answer_all(arg) : wait_often(arg);
}

static void test_an_answer_is_given_once(void) {
    meeting m = {.row = make(), .times = check_scale(20000), .end_ns = ac_now_ns() + AC_NS_PER_S};
    meeting *args[3][2] = {{&m, NULL}, {&m, NULL}, {&m, &m}};
    check_threads(3, any, args, sizeof args[0]);
    CHECK(ac_load_relaxed(&m.row->place[PLACES].ticket) == ac_load_relaxed(&m.answered));
    munmap(m.row, 4096);
}

int main(void) {
    RUN(test_the_longest_waiting_are_answered_first);
    RUN(test_it_is_full_where_there_is_no_memory);
    RUN(test_the_dead_take_no_answer);
    RUN(test_one_reaper_has_it);
    RUN(test_an_answer_is_given_once);
    return 0;
}
