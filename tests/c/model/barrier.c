/* barrier.c - ac_barrier.h under the checker, with the callers' loop. */
#include "sync/ac_barrier.h"

static ac_barrier b;
static uint32_t data[4], acted, failed[4];

static void begin(uint64_t parties) {
    memset(&b, 0, sizeof b);
    b.parties = parties;
    acted = 0;
    memset(data, 0, sizeof data);
    memset(failed, 0, sizeof failed);
}
static void two(void) { begin(2); }
static void three(void) { begin(3); }

static bool meet(bool has_action, int64_t deadline) {
    for (;;) {
        uint64_t index, round;
        ac_waiter *const w = ac_waiter_new(0, (uint64_t)model_self());
        uint32_t answer = ac_barrier_arrive(&b, w, has_action, &index, &round, 0);
        if (answer == AC_BARRIER_ACT) {
            acted++;
            answer = ac_barrier_finish(&b, round, true, 0);
        }
        while (answer == AC_BARRIER_WAIT) {
            answer = ac_waiter_prepare(w);
            if (answer != 0) break;
            if (ac_wait(&w->word, AC_WAITER_ASLEEP, deadline, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT) {
                answer = ac_barrier_leave(&b, w, true, 0);
                if (answer == AC_BARRIER_WAIT) deadline = AC_FOREVER;
            }
        }
        ac_waiter_free(w);
        if (answer != AC_BARRIER_AGAIN) return answer == AC_BARRIER_PASSED;
    }
}
static void visit(int others) {
    const int me = model_self();
    data[me] = 1;
    MODEL_CHECK(meet(false, AC_FOREVER));
    for (int t = 1; t <= others; t++) MODEL_CHECK(data[t] == 1);
}
static void visit2(void) { visit(2); }
static void visit3(void) { visit(3); }
static void visit_twice(void) {
    data[model_self()] = 1;
    MODEL_CHECK(meet(true, AC_FOREVER) && acted == 1);
    MODEL_CHECK(meet(false, AC_FOREVER));
}
static void visit_late(void) { failed[model_self()] = !meet(false, 5); }
static void visit_broken(void) { failed[model_self()] = !meet(false, AC_FOREVER); }
static void abort_it(void) { ac_barrier_turn(&b, AC_BARRIER_BROKEN, 0); }
/* The action runs when the barrier is broken, and when the other's deadline passes. */
static void act(void) { failed[model_self()] = !meet(true, AC_FOREVER); }
static void act_late(void) { failed[model_self()] = !meet(true, 5); }
static void abort_in_action(void) {
    uint64_t index, round;
    ac_waiter *const w = ac_waiter_new(0, (uint64_t)model_self());
    uint32_t answer = ac_barrier_arrive(&b, w, true, &index, &round, 0);
    if (answer == AC_BARRIER_ACT) {
        ac_barrier_turn(&b, AC_BARRIER_BROKEN, 0);
        MODEL_CHECK(ac_barrier_finish(&b, round, true, 0) == AC_BARRIER_FAILED);
    } else if (answer == AC_BARRIER_WAIT) {
        while ((answer = ac_waiter_prepare(w)) == 0)
            ac_wait(&w->word, AC_WAITER_ASLEEP, AC_FOREVER, AC_WAIT_PRIVATE);
    }
    ac_waiter_free(w);
}
static void settled(void) {
    MODEL_CHECK(b.row.head == NULL && ac_load_relaxed(&b.count) == 0 && model_live_blocks() == 0);
}
static void all_alike(void) { settled(); MODEL_CHECK(failed[1] == failed[2]); }
static void action_counts(void) { all_alike(); MODEL_CHECK(acted == (failed[1] ? 0 : 1)); }
static void is_broken(void) { settled(); MODEL_CHECK(ac_barrier_is_broken(&b)); }

static const model_test tests[] = {
    {.name = "two", .setup = two, .thread = {visit2, visit2}, .finish = settled, .sc = 4, .weak = 2,
     .spurious = 1},
    {.name = "three", .setup = three, .thread = {visit3, visit3, visit3}, .finish = settled, .sc = 2,
     .weak = 1},
    {.name = "rounds", .setup = two, .thread = {visit_twice, visit_twice}, .finish = settled, .sc = 2,
     .weak = 1},
    {.name = "late", .setup = two, .thread = {visit_late, visit_broken}, .finish = all_alike, .sc = 3,
     .weak = 2, .timeouts = 1},
    {.name = "aborted_action", .setup = two, .thread = {abort_in_action, act}, .finish = settled,
     .sc = 3, .weak = 1},
    {.name = "late_action", .setup = two, .thread = {act_late, act_late}, .finish = action_counts,
     .sc = 3, .weak = 1, .timeouts = 1},
    {.name = "abort", .setup = two, .thread = {visit_broken, visit_broken, abort_it},
     .finish = is_broken, .sc = 2, .weak = 1},
};
MODEL_MAIN(tests)
