/* event_count.c - ac_event_count.h under the checker: both ways to notify, the baton, the listeners. */
#include "sync/ac_event_count.h"

#define FLAGS AC_WAIT_PRIVATE

static ac_event_count ec;
static ac_atomic_u32 items; /* the condition: items > 0 */
static ac_atomic_u32 ended;
static uint32_t data;

static void zero(void) {
    ac_store_relaxed(&ec.word, 0);
    ac_store_relaxed(&items, 0);
    ac_store_relaxed(&ended, 0);
    data = 0;
}

/* One flag that goes up and stays. */
static void wait_flag(void) {
    for (;;) {
        if (ac_load_acquire(&items) > 0) break;
        const uint32_t key = ac_ec_prepare(&ec);
        if (ac_load_acquire(&items) > 0) break;
        ac_ec_wait(&ec, key, AC_FOREVER, FLAGS);
    }
    MODEL_CHECK(data == 1);
}
static void raise_flag(void) {
    data = 1;
    ac_store_release(&items, 1);
    ac_ec_notify_one(&ec, FLAGS);
}
static void raise_flag_all(void) {
    data = 1;
    ac_store_release(&items, 1);
    ac_ec_notify_all(&ec, FLAGS);
}
/* The way of the queues: a seq_cst claim, and no fence. */
static void raise_claim(void) {
    data = 1;
    ac_fetch_add_seq_cst(&items, 1);
    if (ac_ec_anybody(&ec)) ac_ec_notify_one(&ec, FLAGS);
}

/* Items that are taken: who was woken answers for the others. */
static bool take(void) {
    uint32_t seen = ac_load_relaxed(&items);
    while (seen > 0)
        if (ac_cas_seq_cst(&items, &seen, seen - 1)) return true;
    return false;
}
static void get_item(void) {
    bool slept = false;
    if (take()) return;
    for (;;) { /* after a wake it announces itself again before it looks */
        const uint32_t key = ac_ec_prepare(&ec);
        if (take()) break;
        ac_ec_wait(&ec, key, AC_FOREVER, FLAGS);
        slept = true;
    }
    if (slept && ac_load_relaxed(&items) > 0) ac_ec_notify_one(&ec, FLAGS);
}
static void put_item(void) {
    ac_fetch_add_seq_cst(&items, 1);
    if (ac_ec_anybody(&ec)) ac_ec_notify_one(&ec, FLAGS);
}
static void put_two(void) {
    put_item();
    put_item();
}

/* An end that all must hear of, by way of the baton too. */
static void get_or_end(void) {
    bool slept = false;
    for (;;) {
        const uint32_t key = ac_ec_prepare(&ec);
        if (take() || ac_load_acquire(&ended)) break;
        ac_ec_wait(&ec, key, AC_FOREVER, FLAGS);
        slept = true;
    }
    if (slept && (ac_load_relaxed(&items) > 0 || ac_load_relaxed(&ended)))
        ac_ec_notify_one(&ec, FLAGS);
}
static void put_and_end(void) {
    put_item();
    ac_store_seq_cst(&ended, 1);
    ac_ec_notify_all(&ec, FLAGS);
}

/* A wait with a deadline: it consumes no wake when it ends by it; one that was woken looks again as the
 * others do, announced, before it leaves. */
static void get_or_give_up(void) {
    bool slept = false, late = false;
    for (;;) {
        const uint32_t key = ac_ec_prepare(&ec);
        if (take() || late) break;
        late = ac_ec_wait(&ec, key, 5, FLAGS) != AC_WAIT_CHANGED;
        slept = true;
    }
    if (slept && ac_load_relaxed(&items) > 0) ac_ec_notify_one(&ec, FLAGS);
}
/* One that leaves at once when its wait has ended by the deadline, as for a signal. */
static void get_or_leave(void) {
    for (;;) {
        const uint32_t key = ac_ec_prepare(&ec);
        if (take()) break;
        if (ac_ec_wait(&ec, key, 5, FLAGS) == AC_WAIT_TIMEOUT) return;
    }
    if (ac_load_relaxed(&items) > 0) ac_ec_notify_one(&ec, FLAGS);
}

/* A listener: after it has said so, either it sees the item or the putter sees it. */
static uint32_t heard, found;
static void listen_on(void) {
    ac_ec_listen(&ec, true);
    found = ac_load_acquire(&items);
}
static void put_heard(void) {
    ac_fetch_add_seq_cst(&items, 1);
    if (ac_ec_anybody(&ec) && ac_ec_has_listeners(&ec)) heard = 1;
}
static void setup_listen(void) { zero(); heard = found = 0; }
static void check_heard(void) { MODEL_CHECK(heard || found); }
static void listen_on_off(void) {
    ac_ec_listen(&ec, true);
    found = ac_load_acquire(&items);
    ac_ec_listen(&ec, false);
    MODEL_CHECK(!ac_ec_has_listeners(&ec));
}
static void wait_quietly(void) { get_item(); }
static void no_flag_left(void) { MODEL_CHECK(!ac_ec_has_listeners(&ec)); }

static const model_test tests[] = {
    {.name = "flag", .setup = zero, .thread = {wait_flag, raise_flag}, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .spurious = 1},
    {.name = "flag_all", .setup = zero, .thread = {wait_flag, wait_flag, raise_flag_all},
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "claim", .setup = zero, .thread = {wait_flag, raise_claim}, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .spurious = 1},
    {.name = "baton", .setup = zero, .thread = {get_item, get_item, put_two}, .sc = 3,
     .weak = 2},
    {.name = "end", .setup = zero, .thread = {get_or_end, get_or_end, put_and_end}, .sc = 3,
     .weak = 2},
    {.name = "deadline", .setup = zero, .thread = {get_item, get_or_give_up, put_two},
     .sc = 2, .weak = 2, .timeouts = 1},
    {.name = "leave", .setup = zero, .thread = {get_item, get_or_leave, put_two},
     .sc = 2, .weak = 2, .timeouts = 1},
    {.name = "listen", .setup = setup_listen, .thread = {listen_on, put_heard}, .finish = check_heard,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "listen_off", .setup = setup_listen, .thread = {listen_on_off, put_item, wait_quietly},
     .finish = no_flag_left, .sc = MODEL_ALL, .weak = 2},
};
MODEL_MAIN(tests)
