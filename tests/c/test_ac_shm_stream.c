/* Tests of csrc/shm/ac_shm_stream.h: one writer of a stream at a time, as the queue's locks see to. */
#include "shm/ac_shm_stream.h"

#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>

#include "check.h"

#define SHIFT 12u
#define SEGMENT (UINT64_C(1) << SHIFT)
#define STREAMS 4u

typedef struct bench {
    ac_shm_region region;
    ac_shm_pool p;
    ac_shm_stream s;
} bench;

/* The streams of one pool. */
static ac_shm_stream stream_of(const bench *b, uint32_t at) {
    uint8_t *const base = b->region.base;
    return (ac_shm_stream){
        (ac_shm_stream_shared *)(void *)(base + 64 * (at + 1)),
        (ac_atomic_u32 *)(void *)(base + 4096 + at * ac_shm_stream_table_bytes(b->p.count)), at + 1};
}

static void open_with(bench *b, uint32_t shift, uint32_t count, uint32_t spares) {
    const size_t table = ac_shm_stream_table_bytes(count);
    const size_t words_at = 4096 + (STREAMS * table + 4095) / 4096 * 4096;
    const size_t data_at = words_at + (ac_shm_pool_words_bytes(count) + 4095) / 4096 * 4096;
    CHECK(ac_shm_region_create(&b->region, data_at + ((size_t)count << shift)) == 0);
    uint8_t *const base = b->region.base;
    ac_shm_pool_open(&b->p, &b->region, (ac_shm_pool_shared *)(void *)base, base + words_at,
                     base + data_at, shift, count, spares);
    b->s = stream_of(b, 0);
}

static void open_bench(bench *b, uint32_t count, uint32_t spares) {
    open_with(b, SHIFT, count, spares);
}

static uint64_t backed(const bench *b) { return ac_shm_pool_backed(&b->p); }

static uint32_t owned(const bench *b, const ac_shm_stream *s) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < ac_load_relaxed(&b->p.shared->high); i++)
        n += (ac_load_relaxed(&b->p.words[i]) & AC_SHM_SEGMENT_OWNER) == s->who;
    return n;
}

/* The byte that belongs at a position, so that every byte read can be checked. */
static uint8_t byte_at(uint64_t position) {
    return (uint8_t)(position * UINT64_C(0x9E3779B97F4A7C15) >> 56);
}

static void write_at(bench *b, uint64_t at, size_t n) {
    uint8_t *const data = malloc(n + 1);
    for (size_t i = 0; i < n; i++) data[i] = byte_at(at + i);
    ac_shm_stream_write(&b->p, &b->s, at, data, n);
    free(data);
}

static void check_at(bench *b, uint64_t at, size_t n) {
    uint8_t *const data = malloc(n + 1);
    CHECK(ac_shm_stream_read(&b->p, &b->s, at, data, n));
    for (size_t i = 0; i < n; i++) CHECK(data[i] == byte_at(at + i));
    free(data);
}

static void what_is_written_across_segments_is_read(void) {
    bench b;
    open_bench(&b, 8, 8);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 0, 5 * SEGMENT + 100) == AC_STREAM_OK);
    write_at(&b, 0, 5 * SEGMENT + 100);
    check_at(&b, 0, 5 * SEGMENT + 100);
    check_at(&b, SEGMENT - 1, 2);
    CHECK(*ac_shm_stream_peek(&b.p, &b.s, 3 * SEGMENT) == byte_at(3 * SEGMENT));
    CHECK(backed(&b) == 6);
    ac_shm_region_close(&b.region);
}

/* Short and long ones are copied in different pieces, and across an end of a segment or two. */
static void copies_of_any_length_write_no_byte_beside(void) {
    enum { ROOM = 5 << 16 };
    static const size_t lengths[] = {1,    2047, 2048, 2049,  3072,  4096,   4097,   8191,   8192,
                                     8193, 9217, 10240, 65535, 65536, 131073, 262144, 262145, 300000};
    static const uint64_t places[] = {0, 24, 60000, 65535};
    uint8_t *const zeros = calloc(1, ROOM), *const found = malloc(ROOM);
    bench b;
    open_with(&b, 16, 8, 8);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 0, ROOM) == AC_STREAM_OK);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
            const uint64_t at = places[k];
            const size_t n = lengths[i] < ROOM - at ? lengths[i] : (size_t)(ROOM - at);
            ac_shm_stream_write(&b.p, &b.s, 0, zeros, ROOM);
            write_at(&b, at, n);
            check_at(&b, at, n);
            memset(found, 1, ROOM);
            CHECK(ac_shm_stream_read(&b.p, &b.s, 0, found, ROOM - 1));
            CHECK(found[ROOM - 1] == 1);
            for (size_t j = 0; j < ROOM - 1; j++)
                CHECK(found[j] == (j >= at && j < at + n ? byte_at(j) : 0));
        }
    }
    ac_shm_region_close(&b.region);
    free(zeros);
    free(found);
}

static void a_drained_stream_lives_in_two_segments(void) {
    bench b;
    open_bench(&b, 1000, 4);
    uint64_t at = 0;
    for (int i = 0; i < 5000; i++, at += 1000) {
        CHECK(ac_shm_stream_reserve(&b.p, &b.s, at, at, at + 1000) == AC_STREAM_OK);
        write_at(&b, at, 1000);
        check_at(&b, at, 1000);
    }
    CHECK(backed(&b) <= 2);
    CHECK(ac_load_relaxed(&b.p.shared->high) <= 2);
    ac_shm_region_close(&b.region);
}

static void the_limit_refuses_and_leaves_the_stream_usable(void) {
    bench b;
    open_bench(&b, 4, 4);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 0, 4 * SEGMENT) == AC_STREAM_OK);
    write_at(&b, 0, 4 * SEGMENT);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 4 * SEGMENT, 4 * SEGMENT + 16) == AC_STREAM_LIMIT);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 4 * SEGMENT, UINT64_C(1) << 50) == AC_STREAM_LIMIT);
    check_at(&b, 0, 4 * SEGMENT);
    /* Half a segment read gives no room; a whole one gives one. */
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, SEGMENT / 2, 4 * SEGMENT, 4 * SEGMENT + 16) ==
          AC_STREAM_LIMIT);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, SEGMENT, 4 * SEGMENT, 5 * SEGMENT) == AC_STREAM_OK);
    write_at(&b, 4 * SEGMENT, SEGMENT);
    check_at(&b, SEGMENT, 4 * SEGMENT);
    ac_shm_region_close(&b.region);
}

/* What a trimmer has at the moment is about to be free: a message that needs it has not reached the limit. */
static void what_a_trimmer_has_is_not_in_use(void) {
    bench b;
    open_bench(&b, 3, 3);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 0, 3 * SEGMENT) == AC_STREAM_OK);
    ac_shm_stream_forget(&b.p, &b.s, 2 * SEGMENT);
    const uint32_t free_word = ac_load_relaxed(&b.p.words[2]);
    CHECK((free_word & AC_SHM_SEGMENT_OWNER) == 0);
    const ac_shm_stream other = stream_of(&b, 1);
    ac_store_relaxed(&b.p.words[2], other.who | AC_SHM_SEGMENT_LENT);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 2 * SEGMENT, 3 * SEGMENT) == AC_STREAM_LENT);
    ac_shm_stream_repair(&b.p, &other, 0); /* the trimmer was killed */
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 2 * SEGMENT, 3 * SEGMENT) == AC_STREAM_OK);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 3 * SEGMENT, 3 * SEGMENT + 1) == AC_STREAM_LIMIT);
    ac_shm_region_close(&b.region);
}

static void a_drained_backlog_goes_back_to_the_system_but_for_the_spares(void) {
    bench b;
    struct stat st;
    open_bench(&b, 1000, 3);
    for (uint64_t i = 0; i < 900; i++)
        CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, i * SEGMENT, (i + 1) * SEGMENT) == AC_STREAM_OK);
    CHECK(backed(&b) == 900);
    CHECK(ac_shm_stream_behind(&b.p, &b.s, 900 * SEGMENT) == 900);
    int calls = 1;
    while (ac_shm_stream_tidy(&b.p, &b.s, 900 * SEGMENT)) calls++;
    CHECK(calls > 1); /* a part each time */
    CHECK(backed(&b) == 3);
    CHECK(ac_shm_stream_behind(&b.p, &b.s, 900 * SEGMENT) == 0);
    CHECK(fstat(b.region.fd, &st) == 0);
    CHECK((uint64_t)st.st_blocks * 512 <= 3 * SEGMENT + 5 * 4096);
    ac_shm_region_close(&b.region);
}

static void as_much_stays_as_one_large_message_needed_until_that_fades(void) {
    bench b;
    open_bench(&b, 100, 3);
    uint64_t at = 0;
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, at, at, at + 8 * SEGMENT) == AC_STREAM_OK);
    at += 8 * SEGMENT;
    CHECK(!ac_shm_stream_tidy(&b.p, &b.s, at));
    CHECK(backed(&b) == 8);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, at, at, at + 40 * SEGMENT) == AC_STREAM_OK);
    at += 40 * SEGMENT;
    CHECK(!ac_shm_stream_tidy(&b.p, &b.s, at));
    CHECK(backed(&b) == 12); /* four times the spares */
    for (int i = 0; i < 12; i++, at += SEGMENT)
        CHECK(ac_shm_stream_reserve(&b.p, &b.s, at, at, at + SEGMENT) == AC_STREAM_OK);
    CHECK(!ac_shm_stream_tidy(&b.p, &b.s, at));
    CHECK(backed(&b) == 3);
    ac_store_relaxed(&b.p.shared->keep, UINT32_MAX); /* scribbled over */
    CHECK(!ac_shm_stream_tidy(&b.p, &b.s, at));
    CHECK(backed(&b) == 3);
    ac_shm_region_close(&b.region);
}

static void repair_frees_what_no_table_has_and_keeps_the_rest(void) {
    bench b;
    open_bench(&b, 16, 2);
    ac_shm_stream other = stream_of(&b, 1);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 0, 4 * SEGMENT) == AC_STREAM_OK);
    CHECK(ac_shm_stream_reserve(&b.p, &other, 0, 0, 2 * SEGMENT) == AC_STREAM_OK);
    write_at(&b, 0, 4 * SEGMENT);
    uint8_t nine[16] = {9};
    ac_shm_stream_write(&b.p, &other, SEGMENT, nine, sizeof nine);
    /* A writer was killed: it had reserved three more, taken one that it never mapped, one that it
     * was about to drop; and a repairer of it was killed, too. */
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 4 * SEGMENT, 7 * SEGMENT) == AC_STREAM_OK);
    ac_store_relaxed(&b.p.shared->high, 12);
    ac_store_relaxed(&b.p.words[10], b.s.who | AC_SHM_SEGMENT_BACKED);
    ac_store_relaxed(&b.p.words[11], b.s.who | AC_SHM_SEGMENT_MARK);
    ac_store_relaxed(&b.p.words[9], other.who); /* another's: not ours to give */
    ac_store_relaxed(&b.p.shared->low, 12);
    CHECK(owned(&b, &b.s) == 9);
    for (int twice = 0; twice < 2; twice++) {
        ac_shm_stream_repair(&b.p, &b.s, 4 * SEGMENT - 16);
        CHECK(owned(&b, &b.s) == 4 && owned(&b, &other) == 3);
        CHECK(ac_load_relaxed(&b.s.shared->mapped) == 4);
        check_at(&b, 16, 4 * SEGMENT - 16);
    }
    ac_shm_stream_repair(&b.p, &other, 2 * SEGMENT);
    CHECK(owned(&b, &other) == 2);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 4 * SEGMENT, 15 * SEGMENT) == AC_STREAM_LIMIT);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 4 * SEGMENT, 14 * SEGMENT) == AC_STREAM_OK);
    write_at(&b, 4 * SEGMENT, 10 * SEGMENT);
    check_at(&b, 0, 14 * SEGMENT);
    CHECK(*ac_shm_stream_peek(&b.p, &other, SEGMENT) == 9);
    /* Taken back by one who was killed between the table and the owner. */
    ac_store_relaxed(&b.s.shared->reclaimed, 3);
    ac_shm_stream_repair(&b.p, &b.s, 14 * SEGMENT);
    CHECK(owned(&b, &b.s) == 11);
    check_at(&b, 3 * SEGMENT, 11 * SEGMENT);
    ac_shm_region_close(&b.region);
}

/* Writers with a stream each take from one small pool and give back; what they have written stays. Its
 * last rounds leave the pool whole: one stream can have all of it. */
typedef struct writer {
    bench *b;
    ac_shm_stream s;
    uint64_t seed, full;
} writer;

static void *write_and_give_back(void *arg) {
    writer *const w = arg;
    const ac_shm_pool *const p = &w->b->p;
    uint64_t head = 0, tail = 0;
    const uint64_t rounds = check_scale(20000);
    for (uint64_t i = 0; i < rounds; i++) {
        const uint64_t dice = check_random(&w->seed);
        const uint64_t n = 64 + (dice >> 8) % (dice % 8 == 0 ? 6 * SEGMENT : SEGMENT / 2) / 8 * 8;
        if (dice & 128 && tail - head < 8 * SEGMENT) {
            if (ac_shm_stream_reserve(p, &w->s, head, tail, tail + n) == AC_STREAM_OK) {
                for (uint64_t at = tail; at < tail + n; at += 8) {
                    const uint64_t mine = at * STREAMS + w->s.who;
                    ac_shm_stream_write(p, &w->s, at, &mine, 8);
                }
                tail += n;
            } else {
                w->full++;
            }
        } else {
            const uint64_t take = n < tail - head ? n : tail - head;
            for (uint64_t at = head; at < head + take; at += 8) {
                uint64_t mine;
                CHECK(ac_shm_stream_read(p, &w->s, at, &mine, 8));
                CHECK(mine == at * STREAMS + w->s.who);
            }
            head += take;
        }
        if (dice % 64 == 5) ac_shm_stream_repair(p, &w->s, tail);
        if (dice % 64 == 6) (void)ac_shm_stream_tidy(p, &w->s, head);
        if (dice % 64 == 7) sched_yield();
    }
    ac_shm_stream_forget(p, &w->s, tail);
    (void)ac_shm_stream_tidy(p, &w->s, (tail + SEGMENT - 1) >> SHIFT << SHIFT);
    return NULL;
}

static void writers_share_the_pool_without_a_lock(void) {
    bench b;
    uint64_t seed = check_seed();
    open_bench(&b, 24, 3);
    writer writers[STREAMS - 1];
    pthread_t threads[STREAMS - 1];
    for (uint32_t i = 0; i < STREAMS - 1; i++) {
        writers[i] = (writer){&b, stream_of(&b, i), check_random(&seed), 0};
        CHECK(pthread_create(&threads[i], NULL, write_and_give_back, &writers[i]) == 0);
    }
    for (uint32_t i = 0; i < STREAMS - 1; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    for (uint32_t i = 0; i < STREAMS - 1; i++) CHECK(owned(&b, &writers[i].s) == 0);
    const ac_shm_stream last = stream_of(&b, STREAMS - 1);
    while (ac_shm_stream_tidy(&b.p, &last, 0)) continue;
    CHECK(backed(&b) <= 12 && ac_load_relaxed(&b.p.shared->idle) <= 24);
    CHECK(ac_shm_stream_reserve(&b.p, &last, 0, 0, 24 * SEGMENT) == AC_STREAM_OK);
    CHECK(owned(&b, &last) == 24 && backed(&b) == 24);
    ac_shm_region_close(&b.region);
}

static void a_scribbled_table_is_noticed(void) {
    bench b;
    uint8_t data[16];
    open_bench(&b, 4, 4);
    CHECK(ac_shm_stream_reserve(&b.p, &b.s, 0, 0, 2 * SEGMENT) == AC_STREAM_OK);
    ac_store_relaxed(&b.s.segment_of[1], 0xffffffffu);
    CHECK(!ac_shm_stream_read(&b.p, &b.s, SEGMENT, data, sizeof data));
    CHECK(ac_shm_stream_peek(&b.p, &b.s, SEGMENT) == NULL);
    ac_shm_stream_write(&b.p, &b.s, SEGMENT, data, sizeof data); /* must not crash */
    ac_store_relaxed(&b.p.shared->high, 0xffffffffu);
    ac_store_relaxed(&b.p.shared->low, UINT64_MAX);
    ac_store_relaxed(&b.s.shared->mapped, 0);
    (void)ac_shm_stream_reserve(&b.p, &b.s, 0, 0, 4 * SEGMENT);
    (void)ac_shm_stream_tidy(&b.p, &b.s, UINT64_MAX);
    ac_shm_region_close(&b.region);
}

static void random_traffic_keeps_every_byte(void) {
    bench b;
    uint64_t seed = check_seed();
    open_bench(&b, 64, 5);
    uint64_t head = 0, tail = 0;
    const uint64_t rounds = check_scale(20000);
    for (uint64_t i = 0; i < rounds; i++) {
        const uint64_t dice = check_random(&seed);
        const uint64_t n = (dice >> 8) % (dice % 16 == 0 ? 20 * SEGMENT : SEGMENT / 2);
        if (dice & 128) {
            if (ac_shm_stream_reserve(&b.p, &b.s, head, tail, tail + n) == AC_STREAM_OK) {
                write_at(&b, tail, n);
                tail += n;
            } else {
                CHECK(tail + n - head > 62 * SEGMENT);
            }
        } else {
            const uint64_t take = n < tail - head ? n : tail - head;
            check_at(&b, head, take);
            head += take;
        }
        if (dice % 64 == 5) ac_shm_stream_repair(&b.p, &b.s, tail);
        if (dice % 64 == 7) ac_shm_stream_forget(&b.p, &b.s, tail);
        if (dice % 64 == 6) (void)ac_shm_stream_tidy(&b.p, &b.s, head);
        CHECK(backed(&b) <= 64);
    }
    check_at(&b, head, tail - head);
    ac_shm_region_close(&b.region);
}

int main(void) {
    RUN(what_is_written_across_segments_is_read);
    RUN(copies_of_any_length_write_no_byte_beside);
    RUN(a_drained_stream_lives_in_two_segments);
    RUN(the_limit_refuses_and_leaves_the_stream_usable);
    RUN(what_a_trimmer_has_is_not_in_use);
    RUN(a_drained_backlog_goes_back_to_the_system_but_for_the_spares);
    RUN(as_much_stays_as_one_large_message_needed_until_that_fades);
    RUN(repair_frees_what_no_table_has_and_keeps_the_rest);
    RUN(writers_share_the_pool_without_a_lock);
    RUN(a_scribbled_table_is_noticed);
    RUN(random_traffic_keeps_every_byte);
    return 0;
}
