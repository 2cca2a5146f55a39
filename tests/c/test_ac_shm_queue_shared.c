/* Tests of csrc/shm/ac_shm_queue_shared.h: the layout. */
#include "shm/ac_shm_queue_shared.h"

#include <stddef.h>

#include "check.h"

#define LINE_OF(field) (offsetof(ac_shm_queue_shared, field) / AC_CACHE_LINE)
#define LANE_LINE_OF(field) (offsetof(ac_shm_lane, field) / AC_CACHE_LINE)

static void what_different_parties_write_lies_on_different_lines(void) {
    CHECK(LANE_LINE_OF(tail) > LANE_LINE_OF(closed));
    CHECK(LANE_LINE_OF(tail) == LANE_LINE_OF(reap_after_ns));
    CHECK(LANE_LINE_OF(next) > LANE_LINE_OF(reap_after_ns));
    CHECK(sizeof(ac_shm_lane) % AC_CACHE_LINE == 0);
    CHECK(LINE_OF(pool) > LINE_OF(fixed.lanes));
    CHECK(LINE_OF(items) > LINE_OF(pool.keep));
    CHECK(LINE_OF(space) > LINE_OF(items));
    CHECK(LINE_OF(finished) > LINE_OF(space));
    CHECK(LINE_OF(closed) > LINE_OF(done));
    CHECK(LINE_OF(lanes) > LINE_OF(lanes_used));
    CHECK(sizeof(ac_shm_claim) == AC_CACHE_LINE);
}

static void the_layout_word_tells_sizes_apart(void) {
    CHECK((LAYOUT & 0xffff) == sizeof(ac_shm_lane));
    CHECK((LAYOUT >> 16 & 0xfff) == sizeof(pthread_mutex_t));
}

static void positions_are_multiples_of_the_unit_and_not_too_far_apart(void) {
    ac_shm_queue q = {.pool = {.count = 4, .shift = 12}};
    CHECK(ac_shm_positions_sane(&q, 64, 96));
    CHECK(ac_shm_positions_sane(&q, 64, 64 + 4 * 4096));
    CHECK(!ac_shm_positions_sane(&q, 64, 96 + 4 * 4096));
    CHECK(!ac_shm_positions_sane(&q, 96, 64));
    CHECK(!ac_shm_positions_sane(&q, 64, 80));
}

int main(void) {
    RUN(what_different_parties_write_lies_on_different_lines);
    RUN(the_layout_word_tells_sizes_apart);
    RUN(positions_are_multiples_of_the_unit_and_not_too_far_apart);
    return 0;
}
