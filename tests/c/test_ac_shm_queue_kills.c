/* Tests of csrc/shm/ac_shm_queue.h: real kills at random moments. */
#include "shm/ac_shm_queue.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shm_queue_check.h"

typedef struct tally {
    ac_atomic_u64 sent[4];  /* producer i: what it has surely put */
    ac_atomic_u64 taken;    /* by the children: what they have surely got */
} tally;

/* Children put or take until they are killed; the parent kills and replaces them, and takes all
 * that is there in the end. Messages of one producer carry a running number: none may come twice
 * or out of order; at most one for each killed consumer may be missing. */
static void kill_at_random_moments(uint64_t maxsize, uint64_t limit) {
    uint64_t seed = check_seed();
    ac_shm_queue q = new_queue(maxsize, limit);
    tally *const t =
        mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(t != MAP_FAILED);
    const uint64_t rounds = check_scale(200);
    pid_t children[4] = {0};
    uint64_t killed_consumers = 0, killed_producers = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        for (int i = 0; i < 4; i++) {
            if (children[i] != 0) continue;
            const bool producer = i < 2;
            const pid_t child = fork();
            CHECK(child >= 0);
            if (child == 0) {
                for (;;) {
                    if (producer) {
                        const uint64_t next = ac_load_relaxed(&t->sent[i]) + 1;
                        uint64_t data[1200] = {(uint64_t)i << 56 | next};
                        if (put(&q, data, 8 + next % 9000, AC_FOREVER) == AC_SHM_OK)
                            ac_store_release(&t->sent[i], next);
                    } else {
                        uint64_t small[1300];
                        ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
                        if (ac_shm_queue_take(&q, 1, &b, AC_FOREVER) == AC_SHM_OK)
                            ac_fetch_add_relaxed(&t->taken, 1);
                    }
                }
            }
            children[i] = child;
        }
        const int64_t end = ac_now_ns() + (int64_t)(check_random(&seed) % 2000000);
        while (ac_now_ns() < end) sched_yield();
        const int victim = (int)(check_random(&seed) % 4);
        int status;
        CHECK(kill(children[victim], SIGKILL) == 0);
        CHECK(waitpid(children[victim], &status, 0) == children[victim]);
        CHECK(WIFSIGNALED(status)); /* it has not crashed by itself */
        children[victim] = 0;
        if (victim < 2) killed_producers++;
        else killed_consumers++;
    }
    for (int i = 0; i < 4; i++) {
        int status;
        if (children[i] == 0) continue;
        CHECK(kill(children[i], SIGKILL) == 0);
        CHECK(waitpid(children[i], &status, 0) == children[i]);
        if (i < 2) killed_producers++;
        else killed_consumers++;
    }
    uint64_t rest = 0;
    for (;;) {
        uint64_t small[1300];
        ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
        const ac_shm_status status = ac_shm_queue_take(&q, 1, &b, AC_SHM_NOWAIT);
        if (status == AC_SHM_EMPTY) break;
        CHECK(status == AC_SHM_OK);
        rest++;
    }
    const uint64_t taken = ac_load_acquire(&t->taken) + rest;
    const uint64_t sent = ac_load_acquire(&t->sent[0]) + ac_load_acquire(&t->sent[1]);
    ac_shm_queue_stats s;
    ac_shm_queue_stat(&q, &s);
    const uint64_t puts = s.puts;
    fprintf(stderr, "  sent %llu, put %llu, taken %llu; killed %llu producers, "
                    "%llu consumers, %llu inside, %llu lost at most\n",
            (unsigned long long)sent, (unsigned long long)puts, (unsigned long long)taken,
            (unsigned long long)killed_producers, (unsigned long long)killed_consumers,
            (unsigned long long)s.deaths, (unsigned long long)s.lost);
    /* A producer may be killed after its put and before it says so. */
    CHECK(puts >= sent && puts <= sent + killed_producers);
    CHECK(taken <= puts && taken + killed_consumers >= puts);
    CHECK(s.lost <= killed_consumers && s.gets == puts);
    CHECK(ac_shm_queue_depth(&q) == 0);
    CHECK(put_u64(&q, 1, AC_SHM_NOWAIT) == AC_SHM_OK && expect_take(&q) == 1);
    munmap(t, sizeof *t);
    ac_shm_queue_close(&q);
}

static void kills_at_random_moments_lose_at_most_what_was_held(void) {
    kill_at_random_moments(50, 1 << 20);
}

/* With lanes; the limit makes producers wait for the memory that the dead held. */
static void kills_in_lanes_lose_at_most_what_was_held(void) { kill_at_random_moments(0, 1 << 19); }

enum { HOLDS = 1, LETS_GO = 2 };

/* Somebody who is in the middle of taking memory back: a segment is in no table, and not free yet. */
static pid_t give_back_halfway(ac_shm_queue *q, uint32_t at, ac_atomic_u32 *step) {
    ac_store_relaxed(step, 0);
    const pid_t parent = getpid();
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        ac_shm_lane *const lane = &q->shared->lanes[at];
        CHECK(ac_robust_lock_try(&lane->lock) == AC_LOCK_HELD);
        ac_atomic_u64 *const reclaimed = &lane->stream.reclaimed;
        const uint64_t logical = ac_load_relaxed(reclaimed);
        ac_store_release(reclaimed, logical + 1);
        ac_store_release(step, HOLDS);
        while (ac_load_acquire(step) != LETS_GO) {
            if (getppid() != parent) _exit(1); /* the test has failed */
            sched_yield();
        }
        ac_store_release(reclaimed, logical);
        ac_robust_lock_release(&lane->lock);
        _exit(0);
    }
    while (ac_load_acquire(step) != HOLDS) sched_yield();
    return child;
}

/* Another lane has all the memory, and all of it is read, when a put finds none; who is about to take it
 * back is killed, or goes on. Neither a put that tries nor one that waits is told that the limit is
 * reached, but one that has waited long. */
static void a_put_at_the_limit_waits_for_who_gives_memory_back(void) {
    ac_atomic_u32 *const step =
        mmap(NULL, sizeof *step, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(step != MAP_FAILED);
    for (int killed = 0; killed < 2; killed++) {
        ac_shm_queue q = new_queue(0, 16 * 4096);
        CHECK(put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK); /* this process has the first lane */
        const pid_t filler = fork();
        CHECK(filler >= 0);
        if (filler == 0) {
            while (put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK) continue;
            _exit(0);
        }
        CHECK(waitpid(filler, NULL, 0) == filler);
        while (!ac_shm_queue_is_empty(&q)) CHECK(expect_take(&q) == 1);

        const pid_t holder = give_back_halfway(&q, 1, step);
        ac_shm_status status;
        while ((status = put_u64(&q, 2, AC_SHM_TRY)) == AC_SHM_OK) continue;
        CHECK(status == AC_SHM_BUSY);
        CHECK(put_u64(&q, 2, AC_SHM_NOWAIT) == AC_SHM_BUSY);
        ac_shm_record r = {.bytes = 0, .kind = KIND, .mark = AC_SHM_MARK};
        ac_shm_image image = {.front = &r, .front_bytes = sizeof r, .count = 1, .held_up_ns = 1};
        uint64_t count;
        size_t size;
        CHECK(ac_shm_queue_put(&q, &image, AC_SHM_TRY, &count, &size) == AC_SHM_LIMIT);
        if (killed) CHECK(kill(holder, SIGKILL) == 0);
        else ac_store_release(step, LETS_GO);
        while ((status = put_u64(&q, 2, AC_SHM_NOWAIT)) == AC_SHM_BUSY) continue;
        CHECK(status == AC_SHM_OK);
        CHECK(waitpid(holder, NULL, 0) == holder);
        uint64_t n = 0; /* all of it has come back */
        while (put_u64(&q, 2, AC_SHM_NOWAIT) == AC_SHM_OK) n++;
        CHECK(n >= 12 * 4096 / 32);
        CHECK(put_u64(&q, 2, AC_SHM_NOWAIT) == AC_SHM_LIMIT);
        ac_shm_queue_close(&q);
    }
    munmap(step, sizeof *step);
}

int main(void) {
    RUN(kills_at_random_moments_lose_at_most_what_was_held);
    RUN(kills_in_lanes_lose_at_most_what_was_held);
    RUN(a_put_at_the_limit_waits_for_who_gives_memory_back);
    return 0;
}
