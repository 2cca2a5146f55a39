/* Tests of csrc/shm/ac_shm_queue_shared.h: the layout. */
#include "shm/ac_shm_queue_shared.h"

#include <stddef.h>

#include "check.h"

#define LINE_OF(field) (offsetof(ac_shm_queue_shared, field) / AC_CACHE_LINE)

static void what_different_parties_write_lies_on_different_lines(void) {
    CHECK(LINE_OF(put_lock) > LINE_OF(fixed.maxsize));
    CHECK(LINE_OF(tail) > LINE_OF(put_lock));
    CHECK(LINE_OF(tail) == LINE_OF(log_puts_before));
    CHECK(LINE_OF(take_lock) > LINE_OF(stream));
    CHECK(LINE_OF(head) > LINE_OF(take_lock));
    CHECK(LINE_OF(head) == LINE_OF(log_gets_after));
    CHECK(LINE_OF(items) > LINE_OF(head));
    CHECK(LINE_OF(space) > LINE_OF(items));
    CHECK(LINE_OF(finished) > LINE_OF(space));
    CHECK(LINE_OF(closed) > LINE_OF(done));
}

static void the_tables_follow_and_the_layout_word_tells_sizes_apart(void) {
    CHECK(TABLES_AT >= sizeof(ac_shm_queue_shared) && TABLES_AT % 64 == 0);
    CHECK((LAYOUT & 0xfff) == sizeof(ac_shm_queue_shared) % 4096);
    CHECK((LAYOUT >> 12 & 0xfff) == sizeof(pthread_mutex_t));
}

int main(void) {
    RUN(what_different_parties_write_lies_on_different_lines);
    RUN(the_tables_follow_and_the_layout_word_tells_sizes_apart);
    return 0;
}
