/* mutex.c - ac_mutex.h under the checker. */
#include "sync/ac_mutex.h"

static ac_mutex m;
static uint32_t count, wanted;

static void zero(void) { ac_store_relaxed(&m.word, 0); count = wanted = 0; }
static void once(void) { ac_mutex_lock(&m); count++; ac_mutex_unlock(&m); }
static void twice(void) { once(); once(); }
static void try_it(void) {
    if (!ac_mutex_try_lock(&m)) return;
    count++;
    ac_mutex_unlock(&m);
}
static void three(void) { MODEL_CHECK(count == 3 && ac_load_relaxed(&m.word) == 0); }
static void four(void) { MODEL_CHECK(count == 4 && ac_load_relaxed(&m.word) == 0); }
static void some(void) { MODEL_CHECK(count >= 2 && count <= 3 && ac_load_relaxed(&m.word) == 0); }

static const model_test tests[] = {
    {.name = "two", .setup = zero, .thread = {twice, twice}, .finish = four, .sc = MODEL_ALL,
     .weak = 3, .spurious = 1},
    {.name = "three", .setup = zero, .thread = {once, once, once}, .finish = three, .sc = 3,
     .weak = 2},
    {.name = "try", .setup = zero, .thread = {twice, try_it}, .finish = some, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
};
MODEL_MAIN(tests)
