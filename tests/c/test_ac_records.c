/* The queue of records: copies, bounds, deadlines, the end; records are never torn. */
#include "queues/ac_records.h"

#include "check.h"

typedef struct record {
    uint64_t words[5];
} record;

static record record_of(uint64_t i) {
    record r;
    for (int k = 0; k < 5; k++) r.words[k] = i * 5 + (uint64_t)k;
    return r;
}

static uint64_t number_of(const record *r) {
    for (int k = 0; k < 5; k++) CHECK(r->words[k] == r->words[0] + (uint64_t)k);
    return r->words[0] / 5;
}

static void test_copies_bounds_and_the_end(void) {
    for (uint64_t limit = 1; limit <= 5; limit++) {
        ac_records q;
        record r = record_of(0);
        CHECK(ac_records_init(&q, sizeof r, limit) == AC_OK);
        CHECK(ac_records_get(&q, &r, 0) == AC_EMPTY);
        for (uint64_t lap = 0; lap < 3; lap++) {
            for (uint64_t i = 0; i < limit; i++) {
                r = record_of(lap + i);
                CHECK(ac_records_put(&q, &r, AC_FOREVER) == AC_OK);
            }
            const int64_t deadline = ac_now_ns() + 2 * AC_NS_PER_MS;
            CHECK(ac_records_put(&q, &r, deadline) == AC_FULL && ac_now_ns() >= deadline);
            CHECK(ac_records_size(&q) == limit);
            for (uint64_t i = 0; i < limit; i++)
                CHECK(ac_records_get(&q, &r, AC_FOREVER) == AC_OK && number_of(&r) == lap + i);
        }
        CHECK(ac_records_put(&q, &r, 0) == AC_OK);
        ac_records_close(&q);
        CHECK(ac_records_put(&q, &r, AC_FOREVER) == AC_CLOSED);
        CHECK(ac_records_get(&q, &r, AC_FOREVER) == AC_OK);
        CHECK(ac_records_get(&q, &r, AC_FOREVER) == AC_CLOSED);
        ac_records_destroy(&q);
    }
}

static void test_what_cannot_be_allocated_is_said(void) {
    ac_records q;
    CHECK(ac_records_init(&q, SIZE_MAX / 2, 3) == AC_NOMEM);
}

typedef struct party {
    ac_records *q;
    uint64_t first, count, sum, got;
} party;

static void *party_body(void *arg) {
    party *const p = arg;
    record r;
    for (uint64_t i = 0; i < p->count; i++) {
        r = record_of(p->first + i);
        CHECK(ac_records_put(p->q, &r, AC_FOREVER) == AC_OK);
    }
    while (p->count == 0 && ac_records_get(p->q, &r, AC_FOREVER) == AC_OK) {
        p->sum += number_of(&r);
        p->got++;
    }
    return NULL;
}

static void test_every_record_once_and_whole(void) {
    enum { SIDE = 2 };
    const uint64_t count = check_scale(20000);
    for (uint64_t limit = 1; limit <= 64; limit *= 8) {
        ac_records q;
        CHECK(ac_records_init(&q, sizeof(record), limit) == AC_OK);
        party all[2 * SIDE];
        pthread_t threads[2 * SIDE];
        for (uint64_t i = 0; i < 2 * SIDE; i++) {
            all[i] = (party){.q = &q, .first = i * count + 1, .count = i < SIDE ? count : 0};
            CHECK(pthread_create(&threads[i], NULL, party_body, &all[i]) == 0);
        }
        for (int i = 0; i < SIDE; i++) pthread_join(threads[i], NULL);
        ac_records_close(&q);
        uint64_t sum = 0, got = 0;
        for (int i = SIDE; i < 2 * SIDE; i++) {
            pthread_join(threads[i], NULL);
            sum += all[i].sum;
            got += all[i].got;
        }
        const uint64_t total = SIDE * count;
        CHECK(got == total && sum == total * (total + 1) / 2);
        ac_records_destroy(&q);
    }
}

int main(void) {
    RUN(test_copies_bounds_and_the_end);
    RUN(test_what_cannot_be_allocated_is_said);
    RUN(test_every_record_once_and_whole);
    return 0;
}
