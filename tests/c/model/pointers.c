/* pointers.c - ac_pointers.h under the checker: nothing lost, no wake lost, and the close reaches all. */
#include "queues/ac_pointers.h"

static ac_pointers q;
static struct item { int value, taken; } items[4]; /* plain: handed over by the queue */
static int put_in[4];

static void begin(uint64_t limit) {
    MODEL_CHECK(ac_pointers_init(&q, limit) == AC_OK);
    for (int i = 0; i < 4; i++) {
        items[i] = (struct item){-1, 0};
        put_in[i] = 0;
    }
}
static ac_status put(int number, int64_t deadline) {
    items[number].value = number;
    const ac_status st = ac_pointers_put(&q, &items[number], deadline);
    put_in[number] = st == AC_OK;
    return st;
}
static ac_status get(int64_t deadline) {
    void *p = NULL;
    const ac_status st = ac_pointers_get(&q, &p, deadline);
    if (st == AC_OK) {
        struct item *const item = p;
        MODEL_CHECK(item != NULL && item->value == (int)(item - items) && ++item->taken == 1);
    }
    return st;
}
static void finish(void) {
    void *p;
    while (ac_pointers_try_get(&q, &p) == AC_OK) ((struct item *)p)->taken++;
    for (int i = 0; i < 4; i++) MODEL_CHECK(items[i].taken == put_in[i]);
    ac_pointers_destroy(&q);
    MODEL_CHECK(model_live_blocks() == 0);
}
static void setup1(void) { begin(1); }
static void setup1_full(void) { begin(1); (void)put(0, AC_FOREVER); }
static void setup2_full(void) { begin(2); (void)put(0, AC_FOREVER); (void)put(3, AC_FOREVER); }
static void put1(void) { MODEL_CHECK(put(1, AC_FOREVER) == AC_OK); }
static void put2(void) { MODEL_CHECK(put(2, AC_FOREVER) == AC_OK); }
static void put12(void) { put1(); put2(); }
static void get1(void) { MODEL_CHECK(get(AC_FOREVER) == AC_OK); }
static void get2(void) { get1(); get1(); }
static void close_it(void) { ac_pointers_close(&q); }
static void get_closed(void) { MODEL_CHECK(get(AC_FOREVER) == AC_CLOSED); }
static void get_any(void) { (void)get(AC_FOREVER); }
static void put1_closed(void) { MODEL_CHECK(put(1, AC_FOREVER) == AC_CLOSED); }
static void put2_closed(void) { MODEL_CHECK(put(2, AC_FOREVER) == AC_CLOSED); }
static void put_and_close(void) { put1(); close_it(); }
static void get_all(void) { get1(); get_closed(); }
static void get_late(void) { (void)get(5); }
static void put2_late(void) { (void)put(2, 5); }

/* With three threads that wait, weak mode is too much; ring and event count have it for themselves. */
static const model_test tests[] = {
    {.name = "hand", .setup = setup1, .thread = {put12, get2}, .finish = finish, .sc = MODEL_ALL, .weak = 1},
    {.name = "end", .setup = setup1, .thread = {put_and_close, get_all}, .finish = finish, .sc = MODEL_ALL,
     .weak = 2},
    {.name = "close", .setup = setup1, .thread = {get_closed, get_closed, close_it}, .finish = finish,
     .sc = 2, .weak = 1},
    {.name = "close_full", .setup = setup1_full, .thread = {put1_closed, put2_closed, close_it},
     .finish = finish, .sc = 2, .weak = 1},
    {.name = "getters", .setup = setup1, .thread = {get1, get1, put12}, .finish = finish, .sc = 2},
    {.name = "putters", .setup = setup2_full, .thread = {put1, put2, get2}, .finish = finish, .sc = 2},
    {.name = "one_and_close", .setup = setup1, .thread = {get_any, get_any, put_and_close}, .finish = finish,
     .sc = 2, .weak = 1},
    {.name = "deadline_get", .setup = setup1, .thread = {get1, get_late, put12}, .finish = finish, .sc = 2,
     .timeouts = 1},
    {.name = "deadline_put", .setup = setup1_full, .thread = {put1, put2_late, get2}, .finish = finish,
     .sc = 2, .timeouts = 1},
};
MODEL_MAIN(tests)
