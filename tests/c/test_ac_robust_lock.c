/* Tests of csrc/shm/ac_robust_lock.h: a killed holder leaves the lock, a living one is awaited. */
#include "shm/ac_robust_lock.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#include <sched.h>

typedef struct shared {
    ac_robust_lock lock;
    ac_atomic_u32 step;
    uint64_t counter;
} shared;

static shared *new_shared(void) {
    shared *const s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(s != MAP_FAILED);
    CHECK(ac_robust_lock_init(&s->lock) == 0);
    return s;
}

/* A child that takes the lock, says so, and waits to be killed. */
static pid_t holder(shared *s) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)ac_robust_lock_until(&s->lock, AC_FOREVER);
        ac_store_release(&s->step, 1);
        for (;;) pause();
    }
    while (ac_load_acquire(&s->step) == 0) sched_yield();
    return child;
}

static void reap(pid_t child, int sig) {
    int status;
    if (sig != 0) CHECK(kill(child, sig) == 0);
    CHECK(waitpid(child, &status, 0) == child);
}

static void a_free_lock_is_taken_and_released(void) {
    shared *const s = new_shared();
    CHECK(ac_robust_lock_try(&s->lock) == AC_LOCK_HELD);
    ac_robust_lock_release(&s->lock);
    CHECK(ac_robust_lock_until(&s->lock, AC_FOREVER) == AC_LOCK_HELD);
    ac_robust_lock_release(&s->lock);
    munmap(s, sizeof *s);
}

static void a_living_holder_is_waited_for_until_the_deadline(void) {
    shared *const s = new_shared();
    const pid_t child = holder(s);
    CHECK(ac_robust_lock_try(&s->lock) == AC_LOCK_BUSY);
    const int64_t start = ac_now_ns();
    CHECK(ac_robust_lock_until(&s->lock, start + 20 * AC_NS_PER_MS) == AC_LOCK_BUSY);
    CHECK(ac_now_ns() - start >= 20 * AC_NS_PER_MS);
    reap(child, SIGKILL);
    munmap(s, sizeof *s);
}

static void a_stopped_holder_is_not_dead(void) {
    shared *const s = new_shared();
    const pid_t child = holder(s);
    int status;
    CHECK(kill(child, SIGSTOP) == 0);
    CHECK(waitpid(child, &status, WUNTRACED) == child);
    CHECK(ac_robust_lock_until(&s->lock, ac_now_ns() + 5 * AC_NS_PER_MS) == AC_LOCK_BUSY);
    reap(child, SIGKILL);
    munmap(s, sizeof *s);
}

static void a_killed_holder_bequeaths_the_lock_until_it_is_mended(void) {
    shared *const s = new_shared();
    reap(holder(s), SIGKILL);
    CHECK(ac_robust_lock_try(&s->lock) == AC_LOCK_INHERITED);
    ac_robust_lock_mended(&s->lock);
    ac_robust_lock_release(&s->lock);
    CHECK(ac_robust_lock_try(&s->lock) == AC_LOCK_HELD);
    ac_robust_lock_release(&s->lock);
    munmap(s, sizeof *s);
}

static void an_heir_that_is_killed_in_its_repair_bequeaths_it_again(void) {
    shared *const s = new_shared();
    reap(holder(s), SIGKILL);
    ac_store_release(&s->step, 0);
    reap(holder(s), SIGKILL); /* inherits, and never says that it is mended */
    CHECK(ac_robust_lock_until(&s->lock, AC_FOREVER) == AC_LOCK_INHERITED);
    ac_robust_lock_mended(&s->lock);
    ac_robust_lock_release(&s->lock);
    munmap(s, sizeof *s);
}

static void a_sleeper_gets_the_lock_of_a_killed_holder(void) {
    shared *const s = new_shared();
    const pid_t child = holder(s);
    const pid_t killer = fork();
    CHECK(killer >= 0);
    if (killer == 0) {
        usleep(20000); /* so that the parent likely sleeps; right without */
        kill(child, SIGKILL);
        _exit(0);
    }
    CHECK(ac_robust_lock_until(&s->lock, AC_FOREVER) == AC_LOCK_INHERITED);
    ac_robust_lock_mended(&s->lock);
    ac_robust_lock_release(&s->lock);
    reap(killer, 0);
    reap(child, 0);
    munmap(s, sizeof *s);
}

static void *count_up(void *arg) {
    shared *const s = *(shared **)arg;
    const uint64_t n = check_scale(20000);
    for (uint64_t i = 0; i < n; i++) {
        CHECK(ac_robust_lock_until(&s->lock, AC_FOREVER) == AC_LOCK_HELD);
        const uint64_t seen = s->counter;
        if (i % 64 == 0) sched_yield(); /* others come meanwhile */
        s->counter = seen + 1;
        ac_robust_lock_release(&s->lock);
    }
    return NULL;
}

static void threads_exclude_each_other(void) {
    shared *const s = new_shared();
    shared *args[4] = {s, s, s, s};
    check_threads(4, count_up, args, sizeof args[0]);
    CHECK(s->counter == 4 * check_scale(20000));
    munmap(s, sizeof *s);
}

int main(void) {
    RUN(a_free_lock_is_taken_and_released);
    RUN(a_living_holder_is_waited_for_until_the_deadline);
    RUN(a_stopped_holder_is_not_dead);
    RUN(a_killed_holder_bequeaths_the_lock_until_it_is_mended);
    RUN(an_heir_that_is_killed_in_its_repair_bequeaths_it_again);
    RUN(a_sleeper_gets_the_lock_of_a_killed_holder);
    RUN(threads_exclude_each_other);
    return 0;
}
