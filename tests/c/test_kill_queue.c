/* The queue between processes, its parties killed or stopped after each of their instructions (csrc/shm/README.md,
 * "Killed just after..."): at most what the dead one held is lost, nothing comes twice or out of order, and whoever
 * is left can go on: put, take, be told of the end, and have the memory back. */
#include "shm/ac_shm_queue.h"

#include "kill_step.h"
#include "shm_queue_check.h"

#define SEGMENT 4096u /* shift 12 */
#define SEGMENTS 6u   /* of the limit */
#define MOST 16

#define EVERY 61
static ac_shm_queue q; /* made by the parent; a child has the same mapping */
static uint64_t lanes = 1, maxsize;

/* What the child took, as far as it came to say so; and what the parent took while the child was stopped. */
typedef struct report {
    ac_atomic_u64 count;
    ac_atomic_u64 got[MOST];
} report;
static uint64_t meanwhile[MOST], meanwhile_count;
static bool meanwhile_put;

/* Messages are numbers, the first eight bytes of `bytes`. */
static ac_shm_status put_number(uint64_t number, size_t bytes, int64_t deadline) {
    static uint64_t data[SEGMENT / 4];
    data[0] = number;
    return put(&q, data, bytes, deadline);
}
static ac_shm_status take_number(uint64_t *number, int64_t deadline) {
    static uint64_t small[SEGMENT / 4]; /* two segments */
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
    const ac_shm_status status = ac_shm_queue_take(&q, 1, &b, deadline);
    if (status == AC_SHM_OK) *number = small[sizeof(ac_shm_record) / 8];
    return status;
}

static void fresh_of(uint64_t messages, size_t bytes) {
    if (q.region.base != NULL) ac_shm_queue_close(&q);
    q = new_queue_of(maxsize, SEGMENTS * SEGMENT, (uint32_t)lanes);
    for (uint64_t i = 1; i <= messages; i++) CHECK(put_number(i, bytes, AC_SHM_NOWAIT) == AC_SHM_OK);
    meanwhile_count = 0;
    meanwhile_put = false;
}
static void fresh_two(void *shared) {
    (void)shared;
    fresh_of(2, 8);
}
static void fresh_three(void *shared) {
    (void)shared;
    fresh_of(3, 8);
}
static void fresh_at_the_end_of_a_segment(void *shared) {
    (void)shared;
    fresh_of(2, 1900); /* 4,096 less 2 * 1,924, rounded: no room for a third */
}

/* In the child, before it is stepped: what a process does at its first put and take, which is long. With lanes it has
 * the second one. */
static void settle(void *shared) {
    (void)shared;
    const uint64_t self = ac_shm_claims_self(&q.claims);
    const int entry = ac_shm_claims_enter(&q.claims);
    CHECK(entry >= 0);
    ac_shm_claims_leave(&q.claims, entry);
    ac_store_relaxed(&q.claims.local->lane, lanes > 1 ? 2 : 1);
    if (lanes == 1) return;
    ac_store_release(&q.shared->lanes[1].owner, self);
    ac_store_release(&q.shared->lanes_used, 2);
}

static void put_one(void *shared) {
    (void)shared;
    if (put_number(3, 8, AC_SHM_TRY) != AC_SHM_OK) abort();
}
static void put_long(void *shared) { /* two segments more; in parts, as a long copy is an instruction a byte */
    static uint64_t data[188];
    const ac_shm_part parts[3] = {{data, 1500}, {data, 1500}, {data, 1500}};
    uint64_t count;
    size_t size;
    (void)shared;
    ac_shm_record r[2] = {{.bytes = 8 + 4500, .kind = KIND, .mark = AC_SHM_MARK}};
    const uint64_t number = 3;
    memcpy((char *)r + sizeof r[0], &number, sizeof number);
    ac_shm_image image = {.front = r, .front_bytes = sizeof r[0] + 8, .count = 1, .parts = parts,
                                .part_count = 3, .parts_bytes = 4500};
    if (ac_shm_queue_put(&q, &image, AC_SHM_TRY, &count, &size) != AC_SHM_OK) abort();
}
static void put_two(void *shared) { /* as one batch */
    uint64_t front[8], count;
    size_t size;
    (void)shared;
    memset(front, 0, sizeof front);
    for (uint64_t i = 0; i < 2; i++) {
        const ac_shm_record r = {.bytes = 8, .kind = KIND, .mark = AC_SHM_MARK};
        memcpy(&front[4 * i], &r, sizeof r);
        front[4 * i + 3] = 3 + i;
    }
    ac_shm_image image = {.front = front, .front_bytes = sizeof front, .count = 2};
    if (ac_shm_queue_put(&q, &image, AC_SHM_TRY, &count, &size) != AC_SHM_OK || count != 2) abort();
}
static void take_some(report *to, uint64_t most) {
    uint64_t small[64];
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
    const ac_shm_status status = ac_shm_queue_take(&q, most, &b, AC_SHM_TRY);
    if (status == AC_SHM_EMPTY) return; /* the parent was faster */
    if (status != AC_SHM_OK) abort();
    for (uint64_t i = 0; i < b.count; i++) ac_store_relaxed(&to->got[i], small[4 * i + 3]);
    ac_store_release(&to->count, b.count);
}
static void take_one(void *shared) { take_some(shared, 1); }
static void take_two(void *shared) { take_some(shared, 2); }
static void shut(void *shared) {
    (void)shared;
    if (ac_shm_queue_shutdown(&q, false) != AC_SHM_OK) abort();
}
static void shut_and_drop(void *shared) {
    (void)shared;
    if (ac_shm_queue_shutdown(&q, true) != AC_SHM_OK) abort();
}
static void recycle(void *shared) { /* gives back what was read */
    (void)shared;
    ac_shm_queue_tidy(&q);
}
static void done_once(void *shared) {
    (void)shared;
    if (!ac_shm_queue_done(&q)) abort();
}

/* While the child stands still: others take without waiting for it; who shares its lane may find it busy. */
static void take_meanwhile(void *shared) {
    uint64_t number;
    (void)shared;
    while (meanwhile_count < MOST && take_number(&number, AC_SHM_NOWAIT) == AC_SHM_OK)
        meanwhile[meanwhile_count++] = number;
}
static void put_meanwhile(void *shared) {
    (void)shared;
    const ac_shm_status status = put_number(9, 8, AC_SHM_TRY);
    CHECK(status == AC_SHM_OK || (status == AC_SHM_BUSY && lanes == 1)); /* else: a lane of its own */
    meanwhile_put = status == AC_SHM_OK;
    take_meanwhile(shared);
}

/* The queue works: messages pass, more memory goes through it than it may have, what was full is full again. */
static const char *works(void) {
    uint64_t number = 0;
    ac_shm_queue_stats s;
    ac_shm_queue_stat(&q, &s); /* looks for the dead */
    for (uint64_t i = 100; i < 100 + 4 * SEGMENTS; i++) {
        if (put_number(i, 1900, AC_SHM_NOWAIT) != AC_SHM_OK) return "nothing can be put";
        if (take_number(&number, AC_SHM_NOWAIT) != AC_SHM_OK || number != i) return "what was put does not come";
    }
    if (ac_shm_queue_depth(&q) != 0) return "the number of messages is wrong";
    for (uint64_t i = 0; i < maxsize; i++)
        if (put_number(200 + i, 8, AC_SHM_NOWAIT) != AC_SHM_OK) return "a place of the bound is lost";
    if (maxsize != 0 && put_number(300, 8, AC_SHM_NOWAIT) != AC_SHM_FULL) return "more than the bound";
    for (uint64_t i = 0; i < maxsize; i++)
        if (take_number(&number, AC_SHM_NOWAIT) != AC_SHM_OK || number != 200 + i) return "the bound: order";
    ac_shm_queue_tidy(&q);
    ac_shm_queue_stat(&q, &s);
    if (s.puts != s.gets) return "puts and gets differ";
    if (s.lost > 2) return "more is counted as lost than was held";
    return s.memory_bytes > 64 * 1024 + sizeof(ac_shm_queue_shared) + (2 + 3 + 1) * SEGMENT
               ? "memory stays with the dead" : NULL;
}

/* Adds what the parties took to a set; false if something came twice or out of order. */
static bool add_all(uint64_t *set, const uint64_t *numbers, uint64_t count) {
    uint64_t last = 0;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t bit = UINT64_C(1) << numbers[i];
        if (numbers[i] == 0 || numbers[i] > 9 || (*set & bit) != 0) return false;
        if (lanes == 1 && numbers[i] != 9 && numbers[i] <= last) return false;
        if (numbers[i] != 9) last = numbers[i];
        *set |= bit;
    }
    return true;
}

/* `sure`: those that must be there; `maybe`: those that the dead one may have taken along, or never have put. */
static const char *conserved(report *child, uint64_t sure, uint64_t maybe) {
    uint64_t set = 0, got[MOST], count = ac_load_acquire(&child->count);
    if (count > MOST) return "the child's report";
    for (uint64_t i = 0; i < count; i++) got[i] = ac_load_relaxed(&child->got[i]);
    if (!add_all(&set, got, count) || !add_all(&set, meanwhile, meanwhile_count)) return "twice, or out of order";
    for (count = 0; count < MOST && take_number(&got[count], AC_SHM_NOWAIT) == AC_SHM_OK;) count++;
    if (!add_all(&set, got, count)) return "twice, or out of order, in the end";
    if (meanwhile_put) sure |= 1u << 9;
    if ((set & sure) != sure) return "a message is lost that the dead did not hold";
    if ((set & ~(sure | maybe)) != 0) return "a message that nobody put";
    return works();
}
#define M(n) (UINT64_C(1) << (n))
static const char *check_put(void *shared, bool whole) {
    return conserved(shared, whole ? M(1) | M(2) | M(3) : M(1) | M(2), M(3));
}
static const char *check_put_two(void *shared, bool whole) {
    const uint64_t before = ac_shm_queue_depth(&q);
    if (!whole && before != 2 && before != 4) return "half a batch is visible";
    return conserved(shared, whole ? M(1) | M(2) | M(3) | M(4) : M(1) | M(2), M(3) | M(4));
}
static const char *check_take(void *shared, bool whole) {
    return conserved(shared, whole ? M(1) | M(2) | M(3) : M(2) | M(3), M(1));
}
static const char *check_take_two(void *shared, bool whole) {
    return conserved(shared, whole ? M(1) | M(2) | M(3) : M(3), M(1) | M(2));
}
static const char *check_recycled(void *shared, bool whole) {
    (void)whole;
    return conserved(shared, 0, M(1) | M(2));
}

static const char *check_shut(void *shared, bool whole) {
    uint64_t number, count = 0;
    (void)shared;
    const bool begun = ac_load_relaxed(&q.shared->closing) != 0;
    if (whole && !ac_shm_queue_is_shut_down(&q)) return "it is not shut down";
    ac_shm_status status = AC_SHM_EMPTY;
    for (int looks = 0; looks < 4 && status != AC_SHM_CLOSED; looks++)
        while ((status = take_number(&number, ac_now_ns() + AC_NS_PER_MS / 8)) == AC_SHM_OK)
            if (number != ++count) return "out of order";
    if (count != 2) return "a message is lost";
    if (!begun) return status == AC_SHM_EMPTY ? works() : "closed without a shutdown";
    if (status != AC_SHM_CLOSED) return "nobody goes on with the shutdown of the dead";
    return put_number(5, 8, AC_SHM_NOWAIT) == AC_SHM_CLOSED ? NULL : "something goes in after the end";
}
static const char *check_dropped(void *shared, bool whole) {
    uint64_t number;
    (void)shared;
    if (whole && (take_number(&number, AC_SHM_NOWAIT) != AC_SHM_CLOSED ||
                  ac_shm_queue_join(&q, ac_now_ns() + AC_NS_PER_MS / 8) != AC_SHM_OK))
        return "something is left, or not done";
    return ac_shm_queue_shutdown(&q, true) == AC_SHM_OK && take_number(&number, AC_SHM_NOWAIT) == AC_SHM_CLOSED &&
                   ac_shm_queue_join(&q, ac_now_ns() + AC_NS_PER_MS / 8) == AC_SHM_OK
               ? NULL
               : "it cannot be shut down again";
}
static const char *check_done(void *shared, bool whole) {
    (void)shared;
    const bool first = ac_load_relaxed(&q.shared->done) == 1;
    if (whole && !first) return "a task_done is lost";
    if (!ac_shm_queue_done(&q) || (!first && !ac_shm_queue_done(&q))) return "too few are unfinished";
    if (ac_shm_queue_done(&q)) return "more are done than were put";
    return ac_shm_queue_join(&q, ac_now_ns() + AC_NS_PER_MS / 8) == AC_SHM_OK ? NULL : "who joins waits for ever";
}

/* Read messages of two segments, and not yet given back. */
static void fresh_read(void *shared) {
    uint64_t number;
    (void)shared;
    fresh_of(6, 1900);
    for (int i = 0; i < 6; i++) CHECK(take_number(&number, AC_SHM_NOWAIT) == AC_SHM_OK);
}

static void both(const kill_step *op) {
    CHECK(kill_step_some(op, KILL_STEP_KILL, EVERY) == 0);
    if (op->meanwhile != NULL) CHECK(kill_step_some(op, KILL_STEP_STOP, EVERY) == 0);
}

static void a_putter(void) {
    static const kill_step ops[] = {
        {"put", sizeof(report), fresh_two, put_one, put_meanwhile, check_put, settle},
        {"put of a batch", sizeof(report), fresh_two, put_two, put_meanwhile, check_put_two, settle},
        {"put with more memory", sizeof(report), fresh_at_the_end_of_a_segment, put_long, put_meanwhile, check_put,
         settle},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) both(&ops[i]);
    maxsize = 4;
    static const kill_step bounded = {"put, bounded", sizeof(report), fresh_two, put_one, NULL, check_put, settle};
    both(&bounded);
    maxsize = 0;
    lanes = 4;
    static const kill_step own_lane = {"put into a lane", sizeof(report), fresh_two, put_one, put_meanwhile, check_put,
                                       settle};
    both(&own_lane);
    /* The first put of a process looks who it is, and takes a lane. It is long: most are passed over always. */
    static const kill_step first = {"first put", sizeof(report), fresh_two, put_one, put_meanwhile, check_put, NULL};
    const uint64_t every = getenv("KILL_STEP_EVERY") != NULL ? 61 : 509;
    CHECK(kill_step_from_(&first, KILL_STEP_KILL, 0, every) == 0);
    CHECK(kill_step_from_(&first, KILL_STEP_STOP, every / 2, every) == 0);
    lanes = 1;
}

static void a_taker(void) {
    static const kill_step ops[] = {
        {"take", sizeof(report), fresh_three, take_one, put_meanwhile, check_take, settle},
        {"take of a batch", sizeof(report), fresh_three, take_two, put_meanwhile, check_take_two, settle},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) both(&ops[i]);
    lanes = 4;
    static const kill_step lanes_too = {"take from lanes", sizeof(report), fresh_three, take_one, put_meanwhile,
                                        check_take, settle};
    both(&lanes_too);
    lanes = 1;
}

static void the_rest(void) {
    static const kill_step ops[] = {
        {"tidy", sizeof(report), fresh_read, recycle, NULL, check_recycled, settle},
        {"shutdown", sizeof(report), fresh_two, shut, NULL, check_shut, settle},
        {"shutdown, dropping", sizeof(report), fresh_two, shut_and_drop, NULL, check_dropped, settle},
        {"task_done", sizeof(report), fresh_two, done_once, NULL, check_done, settle},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) both(&ops[i]);
}

int main(void) {
    const char *const refused = kill_step_refused();
    if (refused != NULL) {
        fprintf(stderr, "  skipped: %s\n", refused);
        return 0;
    }
    RUN(a_putter);
    RUN(a_taker);
    RUN(the_rest);
    return 0;
}
