/* Tests of csrc/shm/ac_shm_queue_open.c: creating, attaching and looking. */
#include "shm/ac_shm_queue.h"

#include <errno.h>
#include <unistd.h>

#include "check.h"
#include "shm/ac_shm_queue_shared.h"

static ac_shm_queue new_queue(uint64_t maxsize, uint64_t limit) {
    ac_shm_queue q;
    const ac_shm_queue_options options = {.maxsize = maxsize, .limit_bytes = limit};
    CHECK(ac_shm_queue_create(&q, &options) == 0);
    return q;
}

static ac_shm_status put(ac_shm_queue *q, uint64_t value) {
    ac_shm_record r = {.bytes = 8, .kind = 1, .mark = AC_SHM_MARK};
    ac_shm_image image = {.front = &r, .front_bytes = sizeof r, .body = &value,
                                .body_bytes = 8, .count = 1};
    uint64_t count;
    size_t size;
    return ac_shm_queue_put(q, &image, AC_SHM_TRY, &count, &size);
}

static ac_shm_status take(ac_shm_queue *q, uint64_t *value) {
    uint64_t small[4];
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
    const ac_shm_status status = ac_shm_queue_take(q, 1, &b, AC_SHM_TRY);
    *value = small[3];
    return status;
}

static void a_second_handle_is_the_same_queue(void) {
    ac_shm_queue q = new_queue(2, 1 << 20), other;
    uint64_t value;
    CHECK(ac_shm_queue_attach(&other, dup(q.region.fd)) == 0);
    CHECK(put(&q, 1) == AC_SHM_OK && put(&other, 2) == AC_SHM_OK);
    CHECK(put(&q, 3) == AC_SHM_FULL);
    ac_shm_queue_close(&q);
    CHECK(take(&other, &value) == AC_SHM_OK && value == 1);
    CHECK(take(&other, &value) == AC_SHM_OK && value == 2);
    ac_shm_queue_close(&other);
}

static void what_is_no_queue_of_ours_is_refused(void) {
    ac_shm_queue q = new_queue(0, 1 << 20), other;
    ac_shm_region r;
    CHECK(ac_shm_region_create(&r, 1 << 20) == 0);
    CHECK(ac_shm_queue_attach(&other, r.fd) == EINVAL);
    q.shared->fixed.layout++;
    CHECK(ac_shm_queue_attach(&other, q.region.fd) == EPROTO);
    q.shared->fixed.layout--;
    const ac_shm_queue_fixed good = q.shared->fixed;
    q.shared->fixed.count = UINT32_MAX / 8;
    CHECK(ac_shm_queue_attach(&other, q.region.fd) == EPROTO);
    q.shared->fixed = good;
    q.shared->fixed.lanes = AC_SHM_LANES + 1;
    CHECK(ac_shm_queue_attach(&other, q.region.fd) == EPROTO);
    q.shared->fixed = good;
    q.shared->fixed.tables_at = UINT64_MAX - 15;
    CHECK(ac_shm_queue_attach(&other, q.region.fd) == EPROTO);
    ac_shm_region_close(&r);
    ac_shm_queue_close(&q);
}

static void what_one_sees_is_what_was_done(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    ac_shm_queue_stats s;
    uint64_t value;
    ac_shm_queue_stat(&q, &s);
    const uint64_t head = s.memory_bytes;
    CHECK(s.puts == 0 && head < sizeof(ac_shm_queue_shared) && s.limit_bytes >= 1 << 20);
    CHECK(ac_shm_queue_is_empty(&q));
    CHECK(put(&q, 1) == AC_SHM_OK && put(&q, 2) == AC_SHM_OK);
    CHECK(take(&q, &value) == AC_SHM_OK);
    ac_shm_queue_stat(&q, &s);
    CHECK(s.puts == 2 && s.gets == 1 && s.bytes == 64 && s.waiting_bytes == 32 && s.deaths == 0);
    CHECK(s.memory_bytes == head + (1 << 16) && s.lanes == 1 && s.lost == 0);
    CHECK(ac_shm_queue_depth(&q) == 1 && !ac_shm_queue_is_empty(&q));
    ac_shm_queue_close(&q);
}

static void a_queue_of_a_terabyte_takes_address_space_alone(void) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    ac_shm_queue q = new_queue(0, UINT64_C(1) << 40);
    uint64_t value;
    CHECK(put(&q, 7) == AC_SHM_OK && take(&q, &value) == AC_SHM_OK && value == 7);
    ac_shm_queue_close(&q);
#endif
    ac_shm_queue none;
    const ac_shm_queue_options options = {.limit_bytes = UINT64_MAX / 2};
    CHECK(ac_shm_queue_create(&none, &options) == ENOMEM);
}

int main(void) {
    RUN(a_second_handle_is_the_same_queue);
    RUN(what_is_no_queue_of_ours_is_refused);
    RUN(what_one_sees_is_what_was_done);
    RUN(a_queue_of_a_terabyte_takes_address_space_alone);
    return 0;
}
