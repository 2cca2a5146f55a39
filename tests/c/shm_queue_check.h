/* shm_queue_check.h - a queue between processes and messages of eight bytes, for its tests. */
#ifndef AC_SHM_QUEUE_CHECK_H
#define AC_SHM_QUEUE_CHECK_H

#include "check.h"
#include "shm/ac_shm_queue.h"
#include "shm/ac_shm_queue_shared.h"

#define KIND 7u

AC_UNUSED static ac_shm_queue new_queue_of(uint64_t maxsize, uint64_t limit, uint32_t lanes) {
    ac_shm_queue q;
    const ac_shm_queue_options options = {
        .maxsize = maxsize, .limit_bytes = limit, .shift = 12, .spares = 2,
        .lanes = lanes};
    CHECK(ac_shm_queue_create(&q, &options) == 0);
    return q;
}

AC_UNUSED static ac_shm_queue new_queue(uint64_t maxsize, uint64_t limit) {
    return new_queue_of(maxsize, limit, 0);
}

AC_UNUSED static ac_shm_status put(ac_shm_queue *q, const void *data, size_t bytes, int64_t deadline) {
    ac_shm_record r = {.bytes = bytes, .kind = KIND, .mark = AC_SHM_MARK};
    ac_shm_image image = {.front = &r, .front_bytes = sizeof r, .body = data,
                                .body_bytes = bytes, .count = 1};
    uint64_t count;
    size_t size;
    return ac_shm_queue_put(q, &image, deadline, &count, &size);
}

AC_UNUSED static ac_shm_status put_u64(ac_shm_queue *q, uint64_t v, int64_t deadline) {
    return put(q, &v, sizeof v, deadline);
}

AC_UNUSED static ac_shm_status take_u64(ac_shm_queue *q, uint64_t *v, int64_t deadline) {
    uint64_t small[64];
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
    const ac_shm_status status = ac_shm_queue_take(q, 1, &b, deadline);
    if (status != AC_SHM_OK) return status;
    const ac_shm_record *const r = (const ac_shm_record *)(const void *)b.data;
    CHECK(b.count == 1 && b.large == NULL && r->bytes == 8 && r->kind == KIND);
    memcpy(v, r + 1, sizeof *v);
    return status;
}

AC_UNUSED static uint64_t expect_take(ac_shm_queue *q) {
    uint64_t v = 0;
    CHECK(take_u64(q, &v, AC_SHM_NOWAIT) == AC_SHM_OK);
    return v;
}

#endif
