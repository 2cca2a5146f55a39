/* range.c - ac_range.h under the checker: one chunk's failure is told, whole, whichever came first. */
#include "sched/ac_range.h"

static ac_range range;
static int results[3];

static int fail_at(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)ctx, (void)hi, (void)worker;
    return lo == 1 ? 0 : 10 + (int)lo;
}
static void begin(void) {
    range = (ac_range){.fn = fail_at};
    for (int i = 0; i < 3; i++) results[i] = -1;
}
static void chunk(int number) { results[number] = ac_range_chunk_(&range, number, number + 1, number); }
static void chunk0(void) { chunk(0); }
static void chunk01(void) { chunk(1); chunk(0); }
static void chunk2(void) { chunk(2); }
static void chunk1(void) { chunk(1); }
static void told(void) {
    MODEL_CHECK(range.lo == 0 || range.lo == 2);
    MODEL_CHECK(range.hi == range.lo + 1 && range.code == 10 + (int)range.lo);
    MODEL_CHECK(results[0] == AC_RANGE_FAILED && results[1] <= 0 && results[2] == AC_RANGE_FAILED);
}

static const model_test tests[] = {
    {.name = "two", .setup = begin, .thread = {chunk0, chunk2}, .finish = told, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "three", .setup = begin, .thread = {chunk0, chunk1, chunk2}, .finish = told, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "more", .setup = begin, .thread = {chunk01, chunk2}, .finish = told, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
};
MODEL_MAIN(tests)
