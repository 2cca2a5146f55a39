/* once.c - ac_once.h under the checker. */
#include "sync/ac_once.h"

static ac_once o;
static uint32_t made, runs;

static void zero(void) { memset(&o, 0, sizeof o); made = runs = 0; }

static void call(bool well) {
    const uint64_t me = (uint64_t)model_self();
    for (;;) {
        const uint32_t key = ac_ec_prepare(&o.ended);
        switch (ac_once_begin(&o, me, 99, 1)) {
        case AC_ONCE_DONE:
            MODEL_CHECK(made == 1);
            return;
        case AC_ONCE_RUN:
            MODEL_CHECK(ac_once_begin(&o, me, 99, 1) == AC_ONCE_RECURSION);
            runs++;
            if (well) made++;
            ac_once_end(&o, well);
            if (!well) return;
            break;
        case AC_ONCE_WAIT:
            ac_ec_wait(&o.ended, key, AC_FOREVER, AC_WAIT_PRIVATE);
            break;
        default:
            MODEL_CHECK(!"recursion, by another thread");
        }
    }
}
static void run(void) { call(true); }
static void run_badly(void) { call(false); }
static void look(void) { if (ac_once_is_done(&o)) MODEL_CHECK(made == 1); }
static void once_done(void) { MODEL_CHECK(ac_once_is_done(&o) && made == 1 && runs == 1); }
static void done(void) { MODEL_CHECK(ac_once_is_done(&o) && made == 1 && runs >= 1); }

static const model_test tests[] = {
    {.name = "two", .setup = zero, .thread = {run, run}, .finish = once_done, .sc = MODEL_ALL,
     .weak = 3, .spurious = 1},
    {.name = "three", .setup = zero, .thread = {run, run, look}, .finish = once_done, .sc = 2, .weak = 1},
    {.name = "fails", .setup = zero, .thread = {run_badly, run, run}, .finish = done, .sc = 2,
     .weak = 1},
};
MODEL_MAIN(tests)
