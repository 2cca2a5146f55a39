/* keeper.c - ac_keeper.h under the checker: each block has one owner, who sees what the last one did with
 * it; the size is that of the block; the sum is that of what is kept. */
#include "sched/ac_keeper.h"

#define SMALL ((size_t)64)
#define LARGE ((size_t)256)

static ac_keeper k;
static struct block {
    size_t bytes;
    int uses; /* plain: its owner's */
} blocks[3];
static size_t given_back;
static int kept[3], held[3]; /* of each block; its owner's */

static void give_back(void *p, size_t bytes) {
    struct block *const block = p;
    MODEL_CHECK(bytes == block->bytes);
    kept[block - blocks]++;
    given_back += bytes;
}
static void use(struct block *block) {
    block->uses++;
    held[block - blocks]++;
}
static void put(int number) {
    struct block *const block = &blocks[number];
    held[number]--;
    if (!ac_keeper_put(&k, block, block->bytes, give_back)) use(block);
}
static struct block *take(size_t bytes) {
    size_t got = 0;
    struct block *const block = ac_keeper_take(&k, bytes, &got);
    if (block == NULL) return NULL;
    MODEL_CHECK(got == block->bytes && got >= bytes && got / 2 <= bytes);
    use(block);
    return block;
}

/* `places` of them are free or hold a block; at the others somebody stands all the time. */
static void begin(int places) {
    memset((void *)&k, 0, sizeof k);
    for (int i = places; i < AC_KEEPER_PLACES; i++) ac_store_relaxed(&k.place[i].block, AC_KEEPER_BUSY);
    given_back = 0;
    for (int i = 0; i < 3; i++) {
        blocks[i] = (struct block){i == 1 ? LARGE : SMALL, 0};
        kept[i] = 0;
        held[i] = 1;
    }
}
static void finish(void) {
    const uint64_t sum = ac_load_relaxed(&k.bytes), dropped = given_back;
    ac_keeper_after_fork(&k);
    MODEL_CHECK(sum == given_back - dropped && ac_load_relaxed(&k.bytes) == 0);
    for (int i = 0; i < 3; i++) MODEL_CHECK(kept[i] + held[i] == 1);
    MODEL_CHECK(take(SMALL) == NULL);
}
static void setup1(void) { begin(1); }
static void setup1_small(void) { begin(1); put(0); }
static void setup1_large(void) { begin(1); put(1); }
static void setup2_both(void) { begin(2); put(0); put(1); }
static void put0(void) { put(0); }
static void put2(void) { put(2); }
static void drop_oldest(void) { /* put first by setup2_both, and nobody looks at it */
    (void)ac_keeper_drop(&k);
    MODEL_CHECK(kept[0] == 1);
}
static void drop_put(void) { /* what ac_process.c does */
    held[2]--;
    while (!ac_keeper_put(&k, &blocks[2], SMALL, give_back))
        if (!ac_keeper_drop(&k)) {
            use(&blocks[2]);
            return;
        }
}
static void take_small(void) { (void)take(SMALL); }
static void take_large(void) { (void)take(LARGE); }
static void take_put(void) {
    struct block *const block = take(SMALL);
    if (block != NULL) put((int)(block - blocks));
}
static void swap_large(void) { /* what it puts is of another size */
    if (take(LARGE) != NULL) put(2);
}

static const model_test tests[] = {
    {.name = "hand", .setup = setup1, .thread = {put0, take_put, take_small}, .finish = finish,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "full", .setup = setup1, .thread = {put0, put2, take_small}, .finish = finish,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "other_size", .setup = setup1_large, .thread = {swap_large, take_small, take_large},
     .finish = finish, .sc = MODEL_ALL, .weak = 1},
    {.name = "one", .setup = setup1_small, .thread = {take_small, take_put, take_small}, .finish = finish,
     .sc = MODEL_ALL, .weak = 1},
    {.name = "places", .setup = setup2_both, .thread = {swap_large, take_put, take_large},
     .finish = finish, .sc = 2},
    {.name = "drop", .setup = setup1_small, .thread = {take_put, drop_put}, .finish = finish,
     .sc = 2, .weak = 1},
    {.name = "oldest", .setup = setup2_both, .thread = {drop_oldest, put2}, .finish = finish,
     .sc = MODEL_ALL, .weak = 1},
};
MODEL_MAIN(tests)
