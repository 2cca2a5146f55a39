/* The deque: both ends in order, its bound, the race for the last item; every item taken once. */
#include "sched/ac_deque.h"

#include "check.h"

#define ITEM(i) ((void *)(uintptr_t)(i))
#define NUMBER(p) ((uint64_t)(uintptr_t)(p))

static void test_the_owner_pops_the_youngest_a_thief_takes_the_oldest(void) {
    ac_atomic_ptr slots[8];
    ac_deque d;
    void *item = NULL;
    ac_deque_init(&d, slots, 8);
    CHECK(ac_deque_pop(&d) == NULL && ac_deque_steal(&d, &item) == AC_STEAL_EMPTY);
    for (uintptr_t i = 1; i <= 4; i++) CHECK(ac_deque_push(&d, ITEM(i)));
    CHECK(ac_deque_seems_filled(&d));
    CHECK(ac_deque_steal(&d, &item) == AC_STEAL_TOOK && item == ITEM(1));
    CHECK(ac_deque_pop(&d) == ITEM(4));
    CHECK(ac_deque_steal(&d, &item) == AC_STEAL_TOOK && item == ITEM(2));
    CHECK(ac_deque_pop(&d) == ITEM(3));
    CHECK(ac_deque_pop(&d) == NULL && ac_deque_steal(&d, &item) == AC_STEAL_EMPTY);
    CHECK(!ac_deque_seems_filled(&d));
}

static void test_a_full_one_refuses_and_changes_nothing(void) {
    for (int64_t capacity = 1; capacity <= 16; capacity *= 2) {
        ac_atomic_ptr slots[16];
        ac_deque d;
        void *item = NULL;
        ac_deque_init(&d, slots, capacity);
        for (int lap = 0; lap < 5; lap++) {
            for (int64_t i = 1; i <= capacity; i++) CHECK(ac_deque_push(&d, ITEM(i)));
            CHECK(!ac_deque_push(&d, ITEM(99)));
            CHECK(ac_deque_steal(&d, &item) == AC_STEAL_TOOK && item == ITEM(1));
            CHECK(ac_deque_push(&d, ITEM(capacity + 1))); /* the thief made room */
            for (int64_t i = capacity + 1; i > 1; i--) CHECK(ac_deque_pop(&d) == ITEM(i));
            CHECK(ac_deque_pop(&d) == NULL);
        }
    }
}

static void test_without_slots_every_push_is_refused(void) {
    ac_deque d;
    void *item = NULL;
    ac_deque_init(&d, NULL, 0);
    CHECK(!ac_deque_push(&d, ITEM(1)));
    CHECK(ac_deque_pop(&d) == NULL && ac_deque_steal(&d, &item) == AC_STEAL_EMPTY);
}

/* Random pushes, pops and steals in one thread against an array. */
static void test_random_moves_against_a_model(void) {
    uint64_t seed = check_seed();
    enum { CAPACITY = 16 };
    ac_atomic_ptr slots[CAPACITY];
    uint64_t model[CAPACITY];
    int count = 0;
    ac_deque d;
    ac_deque_init(&d, slots, CAPACITY);
    for (uint64_t i = 1; i <= check_scale(200000); i++) {
        void *item = NULL;
        switch (check_random(&seed) % 5) {
        case 0:
        case 1:
            CHECK(ac_deque_push(&d, ITEM(i)) == (count < CAPACITY));
            if (count < CAPACITY) model[count++] = i;
            break;
        case 2:
        case 3:
            item = ac_deque_pop(&d);
            CHECK(NUMBER(item) == (count > 0 ? model[count - 1] : 0));
            if (count > 0) count--;
            break;
        default:
            CHECK(ac_deque_steal(&d, &item) == (count > 0 ? AC_STEAL_TOOK : AC_STEAL_EMPTY));
            if (count > 0) {
                CHECK(NUMBER(item) == model[0]);
                memmove(model, model + 1, sizeof model[0] * (size_t)--count);
            }
        }
    }
}

/* -- one owner, several thieves ------------------------------------------------------------------ */

enum { THIEVES = 3 };

typedef struct fight {
    ac_deque d;
    ac_atomic_ptr slots[64];
    uint64_t *boxes;     /* what the items point to: written before the push, read by who took it */
    ac_atomic_u8 *taken; /* how often each item was taken */
    uint64_t items;
    uint64_t seed;
    int64_t capacity;
    ac_atomic_u32 over;
} fight;

typedef struct side {
    fight *f;
    int number; /* 0 is the owner */
} side;

static void take(fight *f, void *item) {
    const uint64_t *const box = item;
    const uint64_t index = (uint64_t)(box - f->boxes);
    CHECK(index < f->items && *box == index * 3 + 1);
    CHECK(ac_fetch_add_relaxed(&f->taken[index], (uint8_t)1) == 0);
}

static void *fight_body(void *arg) {
    side *const s = arg;
    fight *const f = s->f;
    void *item = NULL;
    if (s->number > 0) {
        int64_t last = -1; /* a thief sees the items in the order of their pushes */
        for (;;) {
            const bool over = ac_load_acquire(&f->over) != 0;
            const ac_steal got = ac_deque_steal(&f->d, &item);
            if (got == AC_STEAL_TOOK) {
                const int64_t index = (const uint64_t *)item - f->boxes;
                CHECK(index > last);
                last = index;
                take(f, item);
            } else if (got == AC_STEAL_EMPTY && over) {
                return NULL;
            }
        }
    }
    uint64_t seed = f->seed;
    for (uint64_t i = 0; i < f->items; i++) {
        f->boxes[i] = i * 3 + 1;
        while (!ac_deque_push(&f->d, &f->boxes[i]))
            if ((item = ac_deque_pop(&f->d)) != NULL) take(f, item);
        /* few items at a time: the fight for the last one is what is worth testing */
        for (uint64_t pops = check_random(&seed) % 3; pops > 0; pops--)
            if ((item = ac_deque_pop(&f->d)) != NULL) take(f, item);
    }
    while ((item = ac_deque_pop(&f->d)) != NULL) take(f, item);
    ac_store_release(&f->over, 1u);
    return NULL;
}

static void check_fight(int64_t capacity, uint64_t items, uint64_t seed) {
    fight *const f = calloc(1, sizeof *f + 64);
    CHECK(f != NULL);
    fight *const aligned = (fight *)(((uintptr_t)f + 63) & ~(uintptr_t)63);
    aligned->items = items;
    aligned->seed = seed;
    aligned->boxes = calloc(items, sizeof *aligned->boxes);
    aligned->taken = calloc(items, sizeof *aligned->taken);
    CHECK(aligned->boxes != NULL && aligned->taken != NULL);
    ac_deque_init(&aligned->d, aligned->slots, capacity);
    side sides[1 + THIEVES];
    for (int i = 0; i <= THIEVES; i++) sides[i] = (side){aligned, i};
    check_threads(1 + THIEVES, fight_body, sides, sizeof sides[0]);
    for (uint64_t i = 0; i < items; i++) CHECK(ac_load_relaxed(&aligned->taken[i]) == 1);
    free(aligned->boxes);
    free(aligned->taken);
    free(f);
}

static void test_every_item_is_taken_once(void) {
    uint64_t seed = check_seed();
    for (int64_t capacity = 1; capacity <= 64; capacity *= 4)
        check_fight(capacity, check_scale(150000), check_random(&seed));
}

int main(void) {
    RUN(test_the_owner_pops_the_youngest_a_thief_takes_the_oldest);
    RUN(test_a_full_one_refuses_and_changes_nothing);
    RUN(test_without_slots_every_push_is_refused);
    RUN(test_random_moves_against_a_model);
    RUN(test_every_item_is_taken_once);
    return 0;
}
