/* Tests of csrc/shm/ac_shm_lease.c: messages that are read where they lie. */
#include "shm/ac_shm_lease.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shm_queue_check.h"

#define SEGMENT 4096u

static uint8_t *pattern(size_t n, unsigned seed) {
    uint8_t *const data = malloc(n);
    for (size_t i = 0; i < n; i++) data[i] = (uint8_t)(i * 7 + (i >> 8) + seed);
    return data;
}

static void put_pattern(ac_shm_queue *q, size_t n, unsigned seed) {
    uint8_t *const data = pattern(n, seed);
    CHECK(put(q, data, n, AC_SHM_NOWAIT) == AC_SHM_OK);
    free(data);
}

static ac_shm_status lease(ac_shm_queue *q, ac_shm_lease *held) {
    uint64_t small[64];
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small, .lease = held};
    return ac_shm_queue_take(q, 1, &b, AC_SHM_TRY);
}

static void check_pattern(const uint8_t *at, size_t n, unsigned seed) {
    uint8_t *const data = pattern(n, seed);
    CHECK(memcmp(at, data, n) == 0);
    free(data);
}

static void a_message_is_read_in_place_and_kept_until_the_release(void) {
    ac_shm_queue q = new_queue(0, 64 * SEGMENT);
    put_pattern(&q, 5 * SEGMENT, 1);
    ac_shm_lease held;
    CHECK(lease(&q, &held) == AC_SHM_OK && held.bytes == 5 * SEGMENT);
    const uint8_t *at;
    CHECK(ac_shm_lease_map(&q, &held, &at) == 0 && held.map == NULL);
    CHECK(at > q.region.base && at < q.region.base + q.region.bytes);
    for (unsigned i = 0; i < 20; i++) { /* recycles everything but the lease and what is behind it */
        put_pattern(&q, 2 * SEGMENT, i);
        ac_shm_lease other;
        CHECK(lease(&q, &other) == AC_SHM_OK);
        (void)ac_shm_lease_release(&q, &other);
        ac_shm_queue_tidy(&q);
    }
    check_pattern(at, 5 * SEGMENT, 1);
    ac_shm_lease_release(&q, &held);
    ac_shm_queue_tidy(&q);
    for (unsigned i = 0; i < 100; i++) { /* far more than the limit, so that all comes back */
        put_pattern(&q, 30 * SEGMENT, i);
        CHECK(lease(&q, &held) == AC_SHM_OK);
        CHECK(ac_shm_lease_map(&q, &held, &at) == 0);
        check_pattern(at, 30 * SEGMENT, i);
        ac_shm_lease_release(&q, &held);
    }
    CHECK(held.bytes == 0);
    CHECK(!ac_shm_lease_release(&q, &held)); /* twice: nothing */
    ac_shm_queue_close(&q);
}

static void segments_that_are_no_neighbours_are_mapped_side_by_side(void) {
    ac_shm_queue q = new_queue(0, 64 * SEGMENT);
    /* Free segments with used ones in between: two lanes' worth of one segment each, by turns. */
    ac_shm_lease held[8], scattered;
    for (unsigned i = 0; i < 8; i++) {
        ac_store_relaxed(&q.claims.local->lane, i % 2 + 1);
        if (ac_load_relaxed(&q.shared->lanes_used) <= i % 2)
            ac_store_relaxed(&q.shared->lanes_used, i % 2 + 1);
        put_pattern(&q, SEGMENT - 24, i);
    }
    for (unsigned i = 0; i < 8; i++) CHECK(lease(&q, &held[i]) == AC_SHM_OK);
    for (unsigned i = 0; i < 8; i += 2) ac_shm_lease_release(&q, &held[i]);
    ac_shm_queue_tidy(&q); /* every second segment is free, in the order of the pool */
    ac_store_relaxed(&q.claims.local->lane, 1);
    put_pattern(&q, 6 * SEGMENT, 77);
    CHECK(lease(&q, &scattered) == AC_SHM_OK);
    const uint8_t *at;
    CHECK(ac_shm_lease_map(&q, &scattered, &at) == 0);
    CHECK(scattered.map != NULL);
    check_pattern(at, 6 * SEGMENT, 77);
    uint8_t *const copy = malloc(6 * SEGMENT);
    CHECK(ac_shm_lease_copy(&q, &scattered, copy));
    check_pattern(copy, 6 * SEGMENT, 77);
    free(copy);
    ac_shm_lease_release(&q, &scattered);
    for (unsigned i = 1; i < 8; i += 2) ac_shm_lease_release(&q, &held[i]);
    ac_shm_queue_close(&q);
}

static void more_leases_than_there_may_be_are_refused_and_small_ones_need_none(void) {
    ac_shm_queue q = new_queue(0, 256 * SEGMENT);
    ac_shm_lease held[AC_SHM_LEASES], more;
    for (unsigned i = 0; i < AC_SHM_LEASES; i++) {
        put_pattern(&q, SEGMENT, i);
        CHECK(lease(&q, &held[i]) == AC_SHM_OK && held[i].bytes == SEGMENT);
    }
    put_pattern(&q, SEGMENT, 99);
    CHECK(lease(&q, &more) == AC_SHM_BIG && more.bytes == 0); /* the caller copies it */
    ac_shm_lease_release(&q, &held[0]);
    CHECK(lease(&q, &more) == AC_SHM_OK && more.bytes == SEGMENT);
    ac_shm_lease_release(&q, &more);
    for (unsigned i = 0; i < 100; i++) {
        CHECK(put_u64(&q, i, AC_SHM_TRY) == AC_SHM_OK);
        CHECK(lease(&q, &more) == AC_SHM_OK && more.bytes == 0);
        CHECK(lease(&q, &more) == AC_SHM_EMPTY && more.bytes == 0);
    }
    for (unsigned i = 1; i < AC_SHM_LEASES; i++) ac_shm_lease_release(&q, &held[i]);
    CHECK(ac_load_relaxed(&q.claims.local->leases) == 0);
    ac_shm_queue_close(&q);
}

static void a_killed_holder_gives_its_memory_back(void) {
    ac_shm_queue q = new_queue(0, 64 * SEGMENT);
    put_pattern(&q, 40 * SEGMENT, 3);
    int ready[2];
    CHECK(pipe(ready) == 0);
    const pid_t child = fork();
    if (child == 0) {
        ac_shm_lease held;
        char byte = lease(&q, &held) == AC_SHM_OK && held.bytes != 0;
        CHECK(write(ready[1], &byte, 1) == 1);
        for (;;) pause();
    }
    char byte = 0;
    CHECK(read(ready[0], &byte, 1) == 1 && byte == 1);
    uint8_t *const data = pattern(40 * SEGMENT, 4);
    CHECK(put(&q, data, 40 * SEGMENT, AC_SHM_NOWAIT) == AC_SHM_LIMIT);
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, NULL, 0) == child);
    ac_shm_queue_stats stats;
    ac_shm_queue_stat(&q, &stats); /* any survivor is the reaper */
    CHECK(stats.lost == 1 && stats.deaths == 1);
    CHECK(put(&q, data, 40 * SEGMENT, AC_SHM_NOWAIT) == AC_SHM_OK);
    free(data);
    close(ready[0]);
    close(ready[1]);
    ac_shm_queue_close(&q);
}

static void a_forked_child_does_not_end_its_parents_lease(void) {
    ac_shm_queue q = new_queue(0, 64 * SEGMENT);
    put_pattern(&q, 40 * SEGMENT, 3);
    ac_shm_lease held;
    CHECK(lease(&q, &held) == AC_SHM_OK);
    const pid_t child = fork();
    if (child == 0) {
        ac_shm_lease_release(&q, &held);
        _exit(0);
    }
    CHECK(waitpid(child, NULL, 0) == child);
    uint8_t *const data = pattern(40 * SEGMENT, 4);
    CHECK(put(&q, data, 40 * SEGMENT, AC_SHM_NOWAIT) == AC_SHM_LIMIT);
    free(data);
    ac_shm_lease_release(&q, &held);
    ac_shm_queue_close(&q);
}

static void a_scribbled_table_is_noticed(void) {
    ac_shm_queue q = new_queue(0, 64 * SEGMENT);
    put_pattern(&q, 5 * SEGMENT, 1);
    ac_shm_lease held;
    CHECK(lease(&q, &held) == AC_SHM_OK);
    ac_store_relaxed(&q.streams[0].segment_of[2], 1u << 30);
    const uint8_t *at;
    uint8_t *const copy = malloc(5 * SEGMENT);
    CHECK(ac_shm_lease_map(&q, &held, &at) != 0);
    CHECK(!ac_shm_lease_copy(&q, &held, copy));
    free(copy);
    ac_shm_lease_release(&q, &held);
    ac_shm_queue_close(&q);
}

int main(void) {
    RUN(a_message_is_read_in_place_and_kept_until_the_release);
    RUN(segments_that_are_no_neighbours_are_mapped_side_by_side);
    RUN(more_leases_than_there_may_be_are_refused_and_small_ones_need_none);
    RUN(a_killed_holder_gives_its_memory_back);
    RUN(a_forked_child_does_not_end_its_parents_lease);
    RUN(a_scribbled_table_is_noticed);
    return 0;
}
