/* shared_row.c - ac_shared_row.h under the checker; threads stand for processes, some are killed. */
#include "shm/ac_shared_row.h"

#define ME ac_shared_id_make((uint64_t)model_self(), 7)
#define LONG_DEAD 9u
#define ANSWER 7u

static _Alignas(8) unsigned char room[sizeof(ac_shared_row) + 2 * sizeof(ac_shared_place)];
static ac_shared_row *const row = (ac_shared_row *)(void *)room;
static uint32_t data, given[4], got[4], reaped[4];

/* What the kernel says. */
bool ac_shared_id_dead(uint64_t id, bool thorough) {
    (void)thorough;
    const uint32_t pid = ac_shared_id_pid(id);
    return pid == LONG_DEAD || model_is_dead((int)pid);
}

static void empty(void) {
    memset(room, 0, sizeof room);
    ac_shared_row_backed(row, 2);
    data = 0;
    memset(given, 0, sizeof given);
    memset(got, 0, sizeof got);
    memset(reaped, 0, sizeof reaped);
}
/* The first place is a dead one's, who waits. */
static void with_dead(void) {
    empty();
    MODEL_CHECK(ac_shared_row_enter(row, ac_shared_id_make(LONG_DEAD, 7)) == 0);
}
/* Both places are given away before the threads start: to threads 1 and 2, in this order. */
static void both_wait(void) {
    empty();
    MODEL_CHECK(ac_shared_row_enter(row, ac_shared_id_make(1, 7)) == 0);
    MODEL_CHECK(ac_shared_row_enter(row, ac_shared_id_make(2, 7)) == 1);
}

static uint32_t wait_at(uint32_t at, int64_t deadline) {
    while (ac_shared_row_state(row, at) == AC_ROW_WAITING)
        if (ac_shared_row_sleep(row, at, deadline) == AC_WAIT_TIMEOUT) break;
    return ac_shared_row_leave(row, at);
}
static void note(uint32_t answer) {
    got[model_self()] = answer;
    MODEL_CHECK(answer == AC_ROW_WAITING || (answer == ANSWER && data == 1));
}
static uint32_t enter(void) {
    const uint32_t at = ac_shared_row_enter(row, ME);
    MODEL_CHECK(at != AC_ROW_FULL);
    return at;
}
static void wait_answer(void) { note(wait_at(enter(), AC_FOREVER)); MODEL_CHECK(got[model_self()] == ANSWER); }
static void wait_late(void) { note(wait_at(enter(), 6)); }
static void waits_here(void) { note(wait_at((uint32_t)model_self() - 1, AC_FOREVER)); }
static void may_leave(void) { note(wait_at((uint32_t)model_self() - 1, 6)); }
static void answer(uint32_t count) {
    data = 1;
    given[model_self()] = ac_shared_row_answer(row, count, ANSWER, ME);
}
static void answer_one(void) { answer(1); }
static void answer_all(void) { answer(AC_ROW_ALL); }
/* As one who has something to hand over: until somebody has it. */
static void answer_until(void) {
    data = 1;
    while ((given[model_self()] = ac_shared_row_answer(row, 1, ANSWER, ME)) == 0) ac_pause();
}
static void reap(void) { reaped[model_self()] = ac_shared_row_reap_all(row, ME, true); }

static bool is_free(uint32_t at) {
    return ac_load_relaxed(&row->place[at].owner) == 0 && ac_load_relaxed(&row->place[at].state) == AC_ROW_FREE;
}
static void all_free(void) { MODEL_CHECK(is_free(0) && is_free(1) && ac_shared_row_count(row, ME) == 0); }
static uint32_t answered(void) { return (got[1] == ANSWER) + (got[2] == ANSWER) + (got[3] == ANSWER); }
/* As many have an answer as were given: none is lost, none is had by one who left. */
static void counted(void) {
    all_free();
    MODEL_CHECK(answered() == given[1] + given[2] + given[3]);
}
static void both_answered(void) { counted(); MODEL_CHECK(answered() == 2); }
static void first_come(void) { counted(); MODEL_CHECK(answered() == 1 && got[1] == ANSWER); }
static void nobody_swallowed(void) { counted(); MODEL_CHECK(answered() == 1); }
static void reaped_once(void) {
    all_free();
    MODEL_CHECK(reaped[1] + reaped[2] == 1 && got[3] == AC_ROW_WAITING);
}
/* A dead one may have had its answer; a living one is not passed over, and no place is lost. */
static void living_first(void) {
    MODEL_CHECK(answered() <= given[3] && given[3] <= 1);
    MODEL_CHECK(model_is_dead(1) || answered() == given[3]);
    ac_shared_row_reap_all(row, ME, true);
    all_free();
}
static void kept(void) {
    ac_shared_row_reap_all(row, ME, true);
    ac_shared_row_reap_all(row, ME, true);
    all_free();
}

static const model_test tests[] = {
    {.name = "answer", .setup = empty, .thread = {wait_answer, answer_until}, .finish = counted, .sc = 4,
     .weak = 2, .spurious = 1},
    {.name = "leave", .setup = empty, .thread = {wait_late, answer_all}, .finish = counted, .sc = 4, .weak = 3,
     .timeouts = 1},
    {.name = "two", .setup = both_wait, .thread = {waits_here, waits_here, answer_all}, .finish = both_answered,
     .sc = 3, .weak = 2},
    {.name = "two_enter", .setup = empty, .thread = {wait_late, wait_late, answer_all}, .finish = counted, .sc = 2,
     .weak = 1},
    {.name = "oldest", .setup = both_wait, .thread = {waits_here, may_leave, answer_one}, .finish = first_come,
     .sc = 3, .weak = 2},
    {.name = "passed_over", .setup = with_dead, .thread = {wait_answer, answer_until}, .finish = nobody_swallowed,
     .sc = 3, .weak = 2},
    {.name = "two_reapers", .setup = with_dead, .thread = {reap, reap, wait_late}, .finish = reaped_once, .sc = 2,
     .weak = 2},
    {.name = "killed", .setup = both_wait, .thread = {may_leave, may_leave, answer_one}, .finish = living_first,
     .sc = 2, .weak = 1, .mortal = 1u << 1},
    {.name = "killed_reaper", .setup = with_dead, .thread = {reap, wait_late, reap}, .finish = kept, .sc = 1,
     .weak = 1, .mortal = 1u << 1 | 1u << 2},
};
MODEL_MAIN(tests)
