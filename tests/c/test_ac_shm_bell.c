/* Tests of csrc/shm/ac_shm_bell.h. */
#include "shm/ac_shm_bell.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "shm/ac_shm_queue.h"
#include "shm_queue_check.h"

static bool readable(const ac_shm_ear *ear, int timeout_ms) {
    struct pollfd ready = {.fd = ear->fd, .events = POLLIN};
    return poll(&ready, 1, timeout_ms) == 1;
}

static ac_shm_ear new_ear(int bell) {
    ac_shm_ear ear = AC_SHM_EAR_NONE;
    CHECK(ac_shm_ear_open(&ear, bell) == 0);
    ac_shm_ear_clear(&ear);
    return ear;
}

/* A bell of each kind: an eventfd, and a file, which has no name any more. */
static int new_bell(bool of_file) {
    if (!of_file) {
        const int bell = ac_shm_bell_create();
        CHECK(bell >= 0 && !ac_shm_bell_is_file(bell));
        return bell;
    }
    char path[] = "/dev/shm/allcores-test-bell-XXXXXX";
    const int fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, path, 8) == 8 && unlink(path) == 0);
    CHECK(ac_shm_bell_is_file(ac_shm_bell_of_file(fd)) && !ac_shm_bell_is_file(AC_SHM_NO_BELL));
    return ac_shm_bell_of_file(fd);
}

static void end_bell(int bell) { close(ac_shm_bell_is_file(bell) ? -2 - bell : bell); }

static void ears_hear(bool of_file) {
    ac_event_count ec = {0};
    const int bell = new_bell(of_file);
    ac_shm_ear one = new_ear(bell), other = new_ear(bell);
    CHECK(!readable(&one, 0) && !readable(&other, 0));
    ac_shm_bell_ring(&ec, bell); /* nobody has armed: no system call */
    CHECK(!readable(&one, 0));
    ac_shm_bell_arm(&ec);
    CHECK(ac_ec_anybody(&ec));
    ac_shm_bell_ring(&ec, bell);
    CHECK(!ac_ec_anybody(&ec));
    CHECK(readable(&one, 0) && readable(&one, 0) && readable(&other, 0));
    ac_shm_ear_clear(&one);
    CHECK(!readable(&one, 0) && readable(&other, 0)); /* what one does concerns no other */
    ac_shm_ear_set(&one, bell);
    CHECK(readable(&one, 0));
    ac_shm_ear_clear(&one);
    ac_shm_ear_clear(&other);
    ac_shm_ear_set(&one, bell);
    CHECK(readable(&one, 0) && !readable(&other, 0));
    ac_shm_bell_ring(&ec, AC_SHM_NO_BELL);
    for (int turn = 0; turn < 3; turn++) { /* again, and for one who noticed while it rang */
        ac_shm_ear_clear(&one);
        ac_shm_ear_clear(&other);
        CHECK(!readable(&one, 0) && !readable(&other, 0));
        ac_shm_bell_arm(&ec);
        ac_shm_bell_ring(&ec, bell);
        CHECK(readable(&one, 0) && readable(&other, 0));
        ac_shm_ear_clear(&one);
        ac_shm_bell_arm(&ec);
        ac_shm_bell_ring(&ec, bell);
        CHECK(readable(&one, 0));
    }
    ac_shm_ear_close(&one);
    ac_shm_ear_close(&one);
    ac_shm_ear_close(&other);
    end_bell(bell);
}

static void an_ear_is_readable_from_a_ring_until_it_is_cleared(void) {
    ears_hear(false);
    ears_hear(true);
}

static void a_file_that_cannot_be_watched_is_an_error(void) {
    ac_shm_ear ear = AC_SHM_EAR_NONE;
    CHECK(ac_shm_ear_open(&ear, ac_shm_bell_of_file(9999)) == ENOENT);
    CHECK(ear.fd == -1 && ear.reads == -1 && ear.always == -1);
}

static void a_ring_disarms_and_sleepers_keep_their_flag(void) {
    ac_event_count ec = {0};
    const int bell = ac_shm_bell_create();
    const uint32_t key = ac_ec_prepare(&ec);
    ac_shm_bell_arm(&ec);
    CHECK(ac_load_relaxed(&ec.word) != key); /* a sleeper looks again rather than too seldom */
    ac_shm_bell_ring(&ec, bell);
    CHECK((ac_load_relaxed(&ec.word) & AC_EC_ANYBODY) == AC_EC_SLEEPERS);
    close(bell);
}

static void fork_with_ear(bool of_file) {
    ac_event_count ec = {0};
    const int bell = new_bell(of_file);
    ac_shm_ear ear = new_ear(bell);
    ac_shm_bell_arm(&ec);
    ac_shm_bell_ring(&ec, bell);
    CHECK(readable(&ear, 0));
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (ac_shm_ear_is_ours(&ear)) _exit(1);
        if (ac_shm_ear_open(&ear, bell) != 0 || !ac_shm_ear_is_ours(&ear)) _exit(2);
        ac_shm_ear_clear(&ear);
        _exit(readable(&ear, 0) ? 3 : 0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(readable(&ear, 0)); /* the child has cleared its own */
    ac_shm_ear_close(&ear);
    end_bell(bell);
}

static void a_forked_child_opens_its_own(void) {
    fork_with_ear(false);
    fork_with_ear(true);
}

/* Listeners must see every number, and sleep in poll in between; who sleeps for two seconds has missed
 * a ring. The putter goes on when all have seen. */
#define LISTENERS 3
#define NUMBERS 10000

typedef struct meeting {
    ac_event_count ec;
    ac_atomic_u64 number;
    ac_atomic_u64 seen[LISTENERS];
    int bell;
} meeting;

typedef struct place {
    meeting *m;
    int index;
} place;

static void *see_all(void *arg) {
    const place *const p = arg;
    meeting *const m = p->m;
    const uint64_t last = check_scale(NUMBERS);
    ac_shm_ear ear = new_ear(m->bell);
    uint64_t seen = 0;
    while (seen < last) {
        ac_shm_ear_clear(&ear);
        ac_shm_bell_arm(&m->ec);
        const uint64_t now = ac_load_acquire(&m->number);
        if (now == seen) {
            CHECK(readable(&ear, 20000));
        } else {
            CHECK(now == seen + 1);
            seen = now;
            ac_store_release(&m->seen[p->index], seen);
        }
    }
    ac_shm_ear_close(&ear);
    return NULL;
}

static void meet(bool of_file) {
    meeting m = {.bell = new_bell(of_file)};
    pthread_t threads[LISTENERS];
    place places[LISTENERS];
    for (int i = 0; i < LISTENERS; i++) {
        places[i] = (place){&m, i};
        CHECK(pthread_create(&threads[i], NULL, see_all, &places[i]) == 0);
    }
    const uint64_t last = check_scale(NUMBERS);
    for (uint64_t n = 1; n <= last; n++) {
        ac_store_release(&m.number, n);
        ac_fence_seq_cst();
        if (ac_load_relaxed(&m.ec.word) & AC_EC_ANYBODY) ac_shm_bell_ring(&m.ec, m.bell);
        for (int i = 0; i < LISTENERS; i++)
            while (ac_load_acquire(&m.seen[i]) < n) sched_yield();
    }
    for (int i = 0; i < LISTENERS; i++) pthread_join(threads[i], NULL);
    end_bell(m.bell);
}

static void no_ring_is_lost_between_threads(void) {
    meet(false);
    meet(true);
}

/* Two processes listen and take; one of them is killed again and again. The other gets all that is put
 * and that the dead one did not hold. */
static void listen_and_take(ac_shm_queue *q, ac_atomic_u64 *taken) {
    ac_shm_ear ear = new_ear(q->bell);
    for (;;) {
        uint64_t v;
        while (take_u64(q, &v, AC_SHM_TRY) == AC_SHM_OK) ac_fetch_add_relaxed(taken, 1);
        if (!ac_shm_queue_listen(q, &ear)) (void)readable(&ear, -1);
    }
}

static void a_killed_listener_takes_no_ring_along(void) {
    uint64_t seed = check_seed();
    ac_shm_queue q = new_queue(0, 1 << 20);
    q.bell = ac_shm_bell_create();
    ac_atomic_u64 *const taken =
        mmap(NULL, sizeof *taken, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(taken != MAP_FAILED);
    const uint64_t rounds = check_scale(100);
    pid_t children[2];
    uint64_t sent = 0;
    for (int i = 0; i < 2; i++)
        if ((children[i] = fork()) == 0) listen_and_take(&q, taken);
    for (uint64_t round = 0; round < rounds; round++) {
        const int victim = (int)(round % 2);
        const int64_t end = ac_now_ns() + (int64_t)(check_random(&seed) % 1000000);
        while (ac_now_ns() < end) {
            CHECK(put_u64(&q, ++sent, AC_SHM_NOWAIT) == AC_SHM_OK);
            if (check_random(&seed) % 4 == 0) sched_yield();
        }
        int status;
        CHECK(kill(children[victim], SIGKILL) == 0);
        CHECK(waitpid(children[victim], &status, 0) == children[victim] && WIFSIGNALED(status));
        /* The one that is left sleeps in poll at times: it must find what is there, with no put after. */
        const int64_t patience = ac_now_ns() + 20 * AC_NS_PER_S;
        while (!ac_shm_queue_is_empty(&q)) {
            CHECK(ac_now_ns() < patience);
            sched_yield();
        }
        if ((children[victim] = fork()) == 0) listen_and_take(&q, taken);
    }
    for (int i = 0; i < 2; i++) {
        CHECK(kill(children[i], SIGKILL) == 0);
        CHECK(waitpid(children[i], NULL, 0) == children[i]);
    }
    CHECK(ac_load_relaxed(taken) <= sent && ac_load_relaxed(taken) + rounds + 2 >= sent);
    close(q.bell);
    ac_shm_queue_close(&q);
}

int main(void) {
    RUN(an_ear_is_readable_from_a_ring_until_it_is_cleared);
    RUN(a_file_that_cannot_be_watched_is_an_error);
    RUN(a_ring_disarms_and_sleepers_keep_their_flag);
    RUN(a_forked_child_opens_its_own);
    RUN(no_ring_is_lost_between_threads);
    RUN(a_killed_listener_takes_no_ring_along);
    return 0;
}
