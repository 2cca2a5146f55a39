/* The shelf: what fits comes back, no more is kept than agreed, and under contention every block has
 * one owner at a time. */
#include "sched/ac_keeper.h"

#include "check.h"

#define MB ((size_t)1 << 20)

static char ground[AC_KEEPER_PLACES + 2]; /* addresses to keep; nobody reads there */

static void never(void *block, size_t bytes) {
    (void)block;
    (void)bytes;
    CHECK(0);
}

static ac_atomic_u64 freed; /* bytes */

static void free_one(void *block, size_t bytes) {
    (void)ac_fetch_add_relaxed(&freed, (uint64_t)bytes);
    free(block);
}

static void test_a_block_comes_back_when_it_fits(void) {
    ac_keeper k = {0};
    size_t got = 0;
    CHECK(ac_keeper_take(&k, MB, &got) == NULL);
    CHECK(ac_keeper_put(&k, &ground[2], 4 * MB, never));
    CHECK(ac_keeper_take(&k, 4 * MB + 1, &got) == NULL); /* too small */
    CHECK(ac_keeper_take(&k, MB, &got) == NULL);         /* too large by far */
    CHECK(ac_keeper_take(&k, 2 * MB, &got) == &ground[2] && got == 4 * MB);
    CHECK(ac_keeper_take(&k, 2 * MB, &got) == NULL);
    CHECK(ac_load_relaxed(&k.bytes) == 0);
}

static void test_no_more_is_kept_than_agreed(void) {
    ac_keeper k = {0};
    size_t got;
    CHECK(!ac_keeper_put(&k, &ground[2], AC_KEEPER_BYTES + 1, never));
    CHECK(!ac_keeper_put(&k, &ground[2], SIZE_MAX, never));
    CHECK(ac_keeper_put(&k, &ground[2], AC_KEEPER_BYTES, never));
    CHECK(!ac_keeper_put(&k, &ground[3], 1, never));
    CHECK(ac_keeper_take(&k, AC_KEEPER_BYTES, &got) == &ground[2]);
    for (int i = 0; i < AC_KEEPER_PLACES; i++) CHECK(ac_keeper_put(&k, &ground[2 + i], 1, never));
    CHECK(!ac_keeper_put(&k, &ground[1], 1, never)); /* no place */
    CHECK(ac_load_relaxed(&k.bytes) == AC_KEEPER_PLACES);
    for (int i = 0; i < AC_KEEPER_PLACES; i++) CHECK(ac_keeper_take(&k, 1, &got) != NULL);
    CHECK(ac_load_relaxed(&k.bytes) == 0);
}

static void test_what_was_put_longest_ago_is_dropped_first(void) {
    static ac_keeper k;
    size_t got = 0;
    CHECK(!ac_keeper_drop(&k));
    void *block[4];
    for (int i = 0; i < 3; i++) {
        block[i] = malloc(1);
        CHECK(block[i] != NULL && ac_keeper_put(&k, block[i], MB << (2 * i), free_one));
    }
    CHECK(ac_keeper_take(&k, MB, &got) == block[0] && ac_keeper_put(&k, block[0], MB, free_one));
    ac_store_relaxed(&freed, (uint64_t)0);
    CHECK(ac_keeper_drop(&k) && ac_load_relaxed(&freed) == 4 * MB); /* the first was used again */
    CHECK(ac_keeper_drop(&k) && ac_load_relaxed(&freed) == 20 * MB);
    CHECK(ac_load_relaxed(&k.bytes) == MB);
    CHECK(ac_keeper_drop(&k) && ac_load_relaxed(&freed) == 21 * MB && !ac_keeper_drop(&k));
    CHECK(ac_load_relaxed(&k.bytes) == 0);
}

#define THREADS 4
#define OWN 3

typedef struct many {
    ac_keeper *keeper;
    uint64_t seed;
} many;

/* A block's content is plain memory: the thread sanitizer sees two owners. */
static void *take_and_put(void *arg) {
    many *const m = arg;
    uint64_t *own[OWN] = {NULL};
    for (uint64_t i = check_scale(200000); i > 0; i--) {
        const uint64_t r = check_random(&m->seed);
        uint64_t **const p = &own[r % OWN];
        const size_t bytes = sizeof(uint64_t) << (r / 8 % 6);
        if (*p == NULL) {
            size_t got = bytes;
            *p = ac_keeper_take(m->keeper, bytes, &got);
            if (*p == NULL) *p = malloc(bytes);
            CHECK(*p != NULL && got >= bytes && got / 2 <= bytes);
            **p = got;
        } else {
            const uint64_t size = **p; /* still what we wrote: nobody else has it */
            CHECK(size >= 8 && size <= 256 && (size & (size - 1)) == 0);
            if (r % 64 == 0) (void)ac_keeper_drop(m->keeper);
            if (!ac_keeper_put(m->keeper, *p, size, free_one)) free(*p);
            *p = NULL;
        }
    }
    for (int i = 0; i < OWN; i++) free(own[i]);
    return NULL;
}

static void test_every_block_has_one_owner(void) {
    static ac_keeper k;
    uint64_t seed = check_seed();
    many all[THREADS];
    for (int i = 0; i < THREADS; i++) all[i] = (many){&k, check_random(&seed)};
    check_threads(THREADS, take_and_put, all, sizeof *all);
    uint64_t kept = 0;
    for (int i = 0; i < AC_KEEPER_PLACES; i++) {
        CHECK(ac_load_relaxed(&k.place[i].block) != AC_KEEPER_BUSY);
        if (ac_load_relaxed(&k.place[i].block) != AC_KEEPER_EMPTY) kept += k.place[i].bytes;
    }
    CHECK(ac_load_relaxed(&k.bytes) == kept);
    const uint64_t lost = ac_load_relaxed(&k.place[0].block);
    if (lost != AC_KEEPER_EMPTY) kept -= k.place[0].bytes;
    ac_store_relaxed(&k.place[0].block, AC_KEEPER_BUSY); /* as if its thread were gone */
    ac_store_relaxed(&freed, (uint64_t)0);
    ac_keeper_after_fork(&k);
    free((void *)(uintptr_t)lost);
    CHECK(ac_load_relaxed(&freed) == kept && ac_load_relaxed(&k.bytes) == 0);
    for (int i = 0; i < AC_KEEPER_PLACES; i++) CHECK(ac_keeper_put(&k, &ground[1], 1, never));
}

int main(void) {
    RUN(test_a_block_comes_back_when_it_fits);
    RUN(test_no_more_is_kept_than_agreed);
    RUN(test_what_was_put_longest_ago_is_dropped_first);
    RUN(test_every_block_has_one_owner);
    return 0;
}
