/* deque.c - ac_deque.h under the checker: each task goes to one thread, whole, by pop or by steal. */
#include "sched/ac_deque.h"
#include "sync/ac_event_count.h"

#define TASKS 4

static ac_deque d;
static ac_atomic_ptr slots[4];
static struct task {
    int number; /* plain: handed over by the deque */
    int done;   /* by who took it: a second one is a race, or a 2 */
} tasks[TASKS];
static bool pushed[TASKS];

static void begin(int64_t capacity) {
    ac_deque_init(&d, slots, capacity);
    for (int i = 0; i < 4; i++) ac_store_relaxed(&slots[i], NULL);
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = (struct task){-1, 0};
        pushed[i] = false;
    }
}
static void take(void *item) {
    struct task *const task = item;
    MODEL_CHECK(task != NULL && task->number == (int)(task - tasks));
    MODEL_CHECK(++task->done == 1);
}
static void push(int number) {
    tasks[number].number = number;
    pushed[number] = ac_deque_push(&d, &tasks[number]);
}
static void pop(void) {
    void *const item = ac_deque_pop(&d);
    if (item != NULL) take(item);
}
static ac_steal steal(void) {
    void *item = NULL;
    const ac_steal result = ac_deque_steal(&d, &item);
    if (result == AC_STEAL_TOOK) take(item);
    return result;
}
static void finish(void) {
    void *item;
    while ((item = ac_deque_pop(&d)) != NULL) take(item);
    MODEL_CHECK(steal() == AC_STEAL_EMPTY);
    for (int i = 0; i < TASKS; i++) MODEL_CHECK(tasks[i].done == (int)pushed[i]);
}

static void setup1(void) { begin(1); }
static void setup2(void) { begin(2); }
static void setup1_full(void) { begin(1); push(0); }
static void setup2_full(void) { begin(2); push(0); push(1); }
static void steal1(void) { (void)steal(); }
static void steal2(void) { (void)steal(); (void)steal(); }
static void owner_pop(void) { pop(); }
static void owner_pop2(void) { pop(); pop(); }
static void owner_around(void) { push(0); push(1); pop(); pop(); }
static void owner_lap(void) { push(0); pop(); push(1); pop(); }
static void owner_refill(void) { push(1); push(2); pop(); }
static void owner_again(void) { pop(); push(2); pop(); }

/* No task sleeps with the thief: the protocol of sched/README.md. */
static ac_event_count ec;
static void setup_sleep(void) { begin(2); ac_store_relaxed(&ec.word, 0); }
static void owner_tells(void) {
    push(0);
    ac_ec_notify_one(&ec, AC_WAIT_PRIVATE);
}
static void steal_or_sleep(void) {
    while (steal() != AC_STEAL_TOOK) {
        const uint32_t key = ac_ec_prepare(&ec);
        if (!ac_deque_seems_filled(&d)) ac_ec_wait(&ec, key, AC_FOREVER, AC_WAIT_PRIVATE);
    }
}

static const model_test tests[] = {
    {.name = "last", .setup = setup1_full, .thread = {owner_pop, steal1, steal1}, .finish = finish,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "two", .setup = setup2_full, .thread = {owner_pop2, steal2}, .finish = finish,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "around", .setup = setup2, .thread = {owner_around, steal2}, .finish = finish,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "lap", .setup = setup1, .thread = {owner_lap, steal2}, .finish = finish, .sc = MODEL_ALL,
     .weak = 3},
    {.name = "refill", .setup = setup1_full, .thread = {owner_refill, steal2}, .finish = finish,
     .sc = MODEL_ALL, .weak = 3},
    {.name = "thieves", .setup = setup2_full, .thread = {owner_again, steal1, steal1}, .finish = finish,
     .sc = 3, .weak = 2},
    {.name = "sleep", .setup = setup_sleep, .thread = {owner_tells, steal_or_sleep}, .finish = finish,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
};
MODEL_MAIN(tests)
