/* rwlock.c - ac_rwlock.h under the checker, with the callers' loop. */
#include "sync/ac_rwlock.h"

static ac_rwlock rw;
static uint32_t data;

static void zero(void) { memset(&rw, 0, sizeof rw); data = 0; }

static bool slow(uint32_t kind, int64_t deadline) {
    ac_waiter *const w = ac_waiter_new(kind, (uint64_t)model_self());
    uint32_t answer;
    ac_rwlock_enter(&rw, w, 0);
    for (;;) {
        answer = ac_waiter_prepare(w);
        if (answer != 0) break;
        if (ac_wait(&w->word, AC_WAITER_ASLEEP, deadline, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT) {
            answer = ac_rwlock_leave(&rw, w, 0);
            break;
        }
    }
    ac_waiter_free(w);
    return answer != 0;
}
static bool lock_read(int64_t deadline) {
    return ac_rwlock_try_read(&rw) || slow(AC_RW_READ, deadline);
}
static bool lock_write(int64_t deadline) {
    return ac_rwlock_try_write(&rw, (uint64_t)model_self()) || slow(AC_RW_WRITE, deadline);
}
static void read_inside(void) {
    (void)*(volatile uint32_t *)&data; /* a race with a writer inside */
    MODEL_CHECK(ac_rwlock_release_read(&rw, 0));
}
static void write_inside(void) {
    MODEL_CHECK(ac_rwlock_is_writer(&rw, (uint64_t)model_self()));
    data++;
    MODEL_CHECK(ac_rwlock_release_write(&rw, (uint64_t)model_self(), 0));
}
static void reader(void) { MODEL_CHECK(lock_read(AC_FOREVER)); read_inside(); }
static void writer(void) { MODEL_CHECK(lock_write(AC_FOREVER)); write_inside(); }
static void late_writer(void) { if (lock_write(5)) write_inside(); }
static void downgrader(void) {
    MODEL_CHECK(lock_write(AC_FOREVER));
    data++;
    MODEL_CHECK(ac_rwlock_downgrade(&rw, (uint64_t)model_self(), 0));
    MODEL_CHECK(!ac_rwlock_is_writer(&rw, (uint64_t)model_self()));
    read_inside();
}
/* Two readers who must be inside at the same time: a writer that gave up must not stay between them. */
static ac_atomic_u32 second_is_in;
static void first_reader(void) {
    while (ac_load_acquire(&second_is_in) == 0) ac_wait(&second_is_in, 0, AC_FOREVER, AC_WAIT_PRIVATE);
    read_inside();
}
static void second_reader(void) {
    MODEL_CHECK(lock_read(AC_FOREVER));
    ac_store_release(&second_is_in, 1);
    ac_wake(&second_is_in, 1, AC_WAIT_PRIVATE);
    read_inside();
}
static void zero_read(void) {
    zero();
    ac_store_relaxed(&second_is_in, 0);
    MODEL_CHECK(ac_rwlock_try_read(&rw)); /* for first_reader */
}
static void is_free(void) {
    MODEL_CHECK(ac_load_relaxed(&rw.word) == 0 && rw.row.head == NULL);
    MODEL_CHECK(ac_load_relaxed(&rw.writer) == 0 && model_live_blocks() == 0);
}
static void two(void) { is_free(); MODEL_CHECK(data == 2); }
static void one(void) { is_free(); MODEL_CHECK(data == 1); }

static const model_test tests[] = {
    {.name = "writers", .setup = zero, .thread = {writer, writer}, .finish = two, .sc = 3, .weak = 2,
     .spurious = 1},
    {.name = "reader_writer", .setup = zero, .thread = {reader, writer}, .finish = one, .sc = 3,
     .weak = 2},
    {.name = "three", .setup = zero, .thread = {reader, writer, reader}, .finish = one, .sc = 2},
    {.name = "two_writers", .setup = zero, .thread = {writer, reader, writer}, .finish = two, .sc = 2,
     .weak = 1},
    {.name = "late", .setup = zero, .thread = {reader, late_writer, reader}, .finish = is_free,
     .sc = 2, .timeouts = 1},
    {.name = "gave_up", .setup = zero_read, .thread = {first_reader, late_writer, second_reader},
     .finish = is_free, .sc = 2},
    {.name = "downgrade", .setup = zero, .thread = {downgrader, reader, writer}, .finish = two,
     .sc = 2},
    {.name = "downgrade_two", .setup = zero, .thread = {downgrader, reader}, .finish = one, .sc = 3,
     .weak = 2},
};
MODEL_MAIN(tests)
