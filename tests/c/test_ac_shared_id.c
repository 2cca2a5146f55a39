/* Which process: alive, stopped, killed and not yet waited for, gone, the number given to another. */
#include "shm/ac_shared_id.h"

#include "check.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_a_number_holds_both(void) {
    const uint64_t id = ac_shared_id_make(4194303, (UINT64_C(1) << AC_SHARED_START_BITS) - 1);
    CHECK(ac_shared_id_pid(id) == 4194303);
    CHECK(ac_shared_id_start(id) == (UINT64_C(1) << AC_SHARED_START_BITS) - 1);
    CHECK(id >> 63 == 0); /* a lock has one bit beside it */
    CHECK(ac_shared_id_make(1, 0) != 0);
}

static void test_this_process_is_alive(void) {
    const uint64_t me = ac_shared_id_self();
    CHECK(me == ac_shared_id_self());
    CHECK(ac_shared_id_pid(me) == (uint32_t)getpid());
    CHECK(ac_shared_id_start(me) != 0);
    CHECK(!ac_shared_id_dead(me, false) && !ac_shared_id_dead(me, true));
}

static void test_another_start_time_is_another_process(void) {
    const uint64_t me = ac_shared_id_self();
    const uint64_t other = ac_shared_id_make(ac_shared_id_pid(me), ac_shared_id_start(me) - 1);
    CHECK(!ac_shared_id_dead(other, false)); /* not looked at */
    CHECK(ac_shared_id_dead(other, true));
    /* where the start time is not known, it is not compared */
    CHECK(!ac_shared_id_dead(ac_shared_id_make(ac_shared_id_pid(me), 0), true));
}

static void test_stopped_is_not_dead_and_killed_is(void) {
    int tell[2];
    CHECK(pipe(tell) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const uint64_t id = ac_shared_id_self();
        if (write(tell[1], &id, sizeof id) != sizeof id) _exit(1);
        for (;;) pause();
    }
    uint64_t id;
    CHECK(read(tell[0], &id, sizeof id) == sizeof id);
    CHECK(id != ac_shared_id_self());
    CHECK(!ac_shared_id_dead(id, true));
    int status;
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child);
    CHECK(WIFSTOPPED(status));
    CHECK(!ac_shared_id_dead(id, true));
    siginfo_t info;
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0); /* dead, and nobody has waited */
    CHECK(ac_shared_id_dead(id, false) && ac_shared_id_dead(id, true));
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(ac_shared_id_dead(id, false) && ac_shared_id_dead(id, true));
    close(tell[0]);
    close(tell[1]);
}

int main(void) {
    RUN(test_a_number_holds_both);
    RUN(test_this_process_is_alive);
    RUN(test_another_start_time_is_another_process);
    RUN(test_stopped_is_not_dead_and_killed_is);
    return 0;
}
