/* atomic_int.c - ac_atomic_int.h under the checker. */
#include "sync/ac_atomic_int.h"

static ac_atomic_int n, m;
static uint32_t data, got[2];

static void zero(void) { ac_atomic_int_store(&n, 0); ac_atomic_int_store(&m, 0); data = got[0] = got[1] = 0; }
static void setup_top(void) { zero(); ac_atomic_int_store(&n, INT64_MAX - 1); }
static void add(void) { int64_t before; MODEL_CHECK(ac_atomic_int_apply(&n, AC_INT_ADD, 1, &before)); }
static void add_twice(void) { add(); add(); }
static void add_top(void) { int64_t before; got[model_self() - 1] = ac_atomic_int_apply(&n, AC_INT_ADD, 1, &before); }
static void is4(void) { MODEL_CHECK(ac_atomic_int_load(&n) == 4); }
static void is_top(void) { MODEL_CHECK(ac_atomic_int_load(&n) == INT64_MAX && got[0] + got[1] == 1); }
static void publish(void) { data = 7; ac_atomic_int_store(&n, 1); }
static void publish_cas(void) { data = 7; (void)ac_atomic_int_cas(&n, 0, 1); }
static void publish_add(void) { data = 7; add(); }
static void receive(void) { if (ac_atomic_int_load(&n) == 1) MODEL_CHECK(data == 7); }
static void receive_add(void) {
    int64_t before = 0;
    if (ac_atomic_int_apply(&n, AC_INT_ADD, 1, &before) && before == 1) MODEL_CHECK(data == 7);
}
/* Sequentially consistent, as Dekker's needs. */
static void flag_n(void) { ac_atomic_int_store(&n, 1); got[0] = (uint32_t)ac_atomic_int_load(&m); }
static void flag_m(void) { ac_atomic_int_store(&m, 1); got[1] = (uint32_t)ac_atomic_int_load(&n); }
static void one_saw(void) { MODEL_CHECK(got[0] + got[1] >= 1); }
static void cas_n(void) { got[model_self() - 1] = ac_atomic_int_cas(&n, 0, 5); }
static void one_won(void) { MODEL_CHECK(got[0] + got[1] == 1 && ac_atomic_int_load(&n) == 5); }

static const model_test tests[] = {
    {.name = "add", .setup = zero, .thread = {add_twice, add_twice}, .finish = is4, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "top", .setup = setup_top, .thread = {add_top, add_top}, .finish = is_top,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "store", .setup = zero, .thread = {publish, receive}, .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "cas", .setup = zero, .thread = {publish_cas, receive}, .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "apply", .setup = zero, .thread = {publish_add, receive_add}, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "dekker", .setup = zero, .thread = {flag_n, flag_m}, .finish = one_saw, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "one_wins", .setup = zero, .thread = {cas_n, cas_n}, .finish = one_won, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
};
MODEL_MAIN(tests)
