/* waitlist.c - ac_waitlist.h under the checker, with the callers' loop. */
#include "sync/ac_waitlist.h"

#define ANSWER (AC_WAITER_ANSWER + 7)
static ac_waitlist row;
static uint32_t data, got[4], left_count, woken;

static void zero(void) { memset(&row, 0, sizeof row); data = left_count = woken = 0; memset(got, 0, sizeof got); }

static uint32_t wait_for(int64_t deadline) {
    ac_waiter *const w = ac_waiter_new(0, (uint64_t)model_self());
    uint32_t answer;
    ac_waitlist_enter(&row, w, 0);
    for (;;) {
        answer = ac_waiter_prepare(w);
        if (answer != 0) break;
        if (ac_wait(&w->word, AC_WAITER_ASLEEP, deadline, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT) {
            answer = ac_waitlist_leave(&row, w, 0);
            break;
        }
    }
    ac_waiter_free(w);
    return answer;
}
static void wait_answer(void) {
    got[model_self()] = wait_for(AC_FOREVER);
    MODEL_CHECK(got[model_self()] == ANSWER && data == 1);
}
static void wait_late(void) { got[model_self()] = wait_for(5); }
static void answer_all(int count) {
    data = 1;
    uint32_t done = 0;
    while (done < (uint32_t)count) {
        const uint32_t n = ac_waitlist_wake(&row, (uint32_t)count - done, ANSWER, 0);
        if (n == 0) ac_pause();
        done += n;
    }
}
static void answer_one(void) { answer_all(1); }
static void answer_two(void) { answer_all(2); }
static void answer_some(void) { data = 1; woken = ac_waitlist_wake(&row, 2, ANSWER, 0); }
static void empty(void) {
    MODEL_CHECK(row.head == NULL && row.tail == NULL && ac_waitlist_count(&row) == 0);
    MODEL_CHECK(model_live_blocks() == 0);
}
/* Whoever was answered knows it, also one that was about to leave. */
static void counted(void) {
    uint32_t answered = 0;
    for (int t = 0; t < 4; t++) answered += got[t] == ANSWER;
    MODEL_CHECK(answered == woken);
    empty();
}

static const model_test tests[] = {
    {.name = "answer", .setup = zero, .thread = {wait_answer, answer_one}, .finish = empty,
     .sc = 4, .weak = 2, .spurious = 1},
    {.name = "two", .setup = zero, .thread = {wait_answer, wait_answer, answer_two},
     .finish = empty, .sc = 2, .weak = 1},
    {.name = "leave", .setup = zero, .thread = {wait_late, answer_some}, .finish = counted,
     .sc = 4, .weak = 3, .timeouts = 1},
    {.name = "leave_two", .setup = zero, .thread = {wait_late, wait_late, answer_some},
     .finish = counted, .sc = 2, .weak = 1, .timeouts = 2},
};
MODEL_MAIN(tests)
