/* Sleeping on a word: every result of ac_wait, and a wake that reaches a sleeper. */
#include "wait/ac_wait.h"

#include "check.h"

#include <sched.h>

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_a_changed_word_does_not_sleep(void) {
    ac_atomic_u32 word = 1;
    CHECK(ac_wait(&word, 0, AC_FOREVER, AC_WAIT_PRIVATE) == AC_WAIT_CHANGED);
}

static void test_the_deadline_is_absolute_and_kept(void) {
    ac_atomic_u32 word = 0;
    const int64_t deadline = ac_now_ns() + 20 * AC_NS_PER_MS;
    CHECK(ac_wait(&word, 0, deadline, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT);
    CHECK(ac_now_ns() >= deadline);
    /* long past: at once */
    CHECK(ac_wait(&word, 0, 0, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT);
    CHECK(ac_wait(&word, 0, -1, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT);
}

typedef struct sleeper {
    ac_atomic_u32 *word, *awake;
} sleeper;

static void *sleep_until_one(void *arg) {
    sleeper *const s = arg;
    while (ac_load_acquire(s->word) == 0) ac_wait(s->word, 0, AC_FOREVER, AC_WAIT_PRIVATE);
    ac_fetch_add_relaxed(s->awake, 1u);
    return NULL;
}

static void test_a_store_and_a_wake_reach_every_sleeper(void) {
    for (int round = 0; round < 100; round++) {
        ac_atomic_u32 word = 0, awake = 0;
        sleeper s = {&word, &awake};
        pthread_t threads[4];
        for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, sleep_until_one, &s) == 0);
        ac_store_release(&word, 1u);
        ac_wake(&word, AC_WAKE_ALL, AC_WAIT_PRIVATE);
        for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(ac_load_relaxed(&awake) == 4);
    }
}

static void on_signal(int number) { (void)number; }

static void *signal_until_seen(void *arg) {
    ac_atomic_u32 *const done = *(ac_atomic_u32 **)arg;
    while (ac_load_acquire(done) == 0) kill(getpid(), SIGUSR1);
    return NULL;
}

static void test_a_signal_handler_interrupts(void) {
    struct sigaction act;
    memset(&act, 0, sizeof act);
    act.sa_handler = on_signal; /* without SA_RESTART, as CPython installs its own */
    CHECK(sigaction(SIGUSR1, &act, NULL) == 0);
    ac_atomic_u32 word = 0, done = 0;
    ac_atomic_u32 *arg = &done;
    pthread_t thread;
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    CHECK(pthread_sigmask(SIG_BLOCK, &usr1, NULL) == 0); /* the other thread must not take it */
    CHECK(pthread_create(&thread, NULL, signal_until_seen, &arg) == 0);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &usr1, NULL) == 0);
    CHECK(ac_wait(&word, 0, AC_FOREVER, AC_WAIT_PRIVATE) == AC_WAIT_INTERRUPTED);
    ac_store_release(&done, 1u);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void test_a_shared_word_wakes_another_process(void) {
    ac_atomic_u32 *const word = mmap(NULL, sizeof *word, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(word != MAP_FAILED);
    ac_store_relaxed(word, 0u);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        while (ac_load_acquire(word) == 0)
            ac_wait(word, 0, ac_now_ns() + 10 * AC_NS_PER_S, AC_WAIT_SHARED);
        _exit(7);
    }
    /* Until it sleeps: a wake says how many it found. */
    const int64_t until = ac_now_ns() + 5 * AC_NS_PER_S;
    int woken = 0;
    while (woken == 0 && ac_now_ns() < until) {
        sched_yield();
        woken = ac_wake(word, 1, AC_WAIT_SHARED);
    }
    ac_store_release(word, 1u);
    ac_wake(word, 1, AC_WAIT_SHARED);
    CHECK(woken == 1);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    munmap(word, sizeof *word);
}

int main(void) {
    RUN(test_a_changed_word_does_not_sleep);
    RUN(test_the_deadline_is_absolute_and_kept);
    RUN(test_a_store_and_a_wake_reach_every_sleeper);
    RUN(test_a_signal_handler_interrupts);
    RUN(test_a_shared_word_wakes_another_process);
    return 0;
}
