/* kill_step.h - one operation on shared memory, killed or stopped after each of its instructions.
 *
 *   static const kill_step add = {"add", sizeof(counter), fresh, add_once, NULL, survives};
 *   if (kill_step_refused() != NULL) return 0;
 *   CHECK(kill_step_all(&add, KILL_STEP_KILL) == 0);
 *
 * A parent traces a child (ptrace) that does the operation, lets it go k instructions far and kills it, or
 * stops it there, lets others work meanwhile, and lets it go on; for k = 0, 1, 2, ... until the operation
 * is over. Each time the memory is fresh, and afterwards `check` looks at it with a survivor's eyes. A system
 * call counts as one instruction, so the operation must not sleep. Linux, where ptrace is allowed.
 *
 * The cost is half the square of the number of instructions, some 10 us each: seconds for 500. kill_step_some looks
 * at one k in a few; with KILL_STEP_EVERY=1 in the environment, which 'make prove' sets, at all.
 */
#ifndef KILL_STEP_H
#define KILL_STEP_H

#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum kill_step_how {
    KILL_STEP_KILL = 0, /* SIGKILL after k instructions */
    KILL_STEP_STOP = 1, /* stopped after k instructions; goes on after `meanwhile` */
} kill_step_how;

typedef struct kill_step {
    const char *name;
    size_t bytes;                                 /* of the shared memory */
    void (*fresh)(void *shared);                  /* in the parent, on zeroed memory */
    void (*operation)(void *shared);              /* in the child, instruction by instruction */
    void (*meanwhile)(void *shared);              /* in the parent, while the child is stopped; or NULL */
    const char *(*check)(void *shared, bool whole); /* in the parent, afterwards: NULL, or what is
                                                   wrong. whole: the operation came to its end */
    void (*ready)(void *shared);                  /* in the child, before the first instruction; or NULL */
} kill_step;

/* Starts the child; it stands before the operation's first instruction. -1: ptrace is refused. */
static pid_t kill_step_start_(const kill_step *op, void *shared) {
    int status;
    memset(shared, 0, op->bytes);
    op->fresh(shared);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (op->ready != NULL) op->ready(shared);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(77);
        kill(getpid(), SIGSTOP);
        op->operation(shared);
        kill(getpid(), SIGSTOP); /* the end, for who counts */
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (!WIFSTOPPED(status)) return -1;
    CHECK(WSTOPSIG(status) == SIGSTOP);
    return child;
}

/* One instruction; false when the operation is over. */
AC_UNUSED static bool kill_step_once_(pid_t child) {
    int status;
    CHECK(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSTOPPED(status)); /* else it crashed by itself */
    if (WSTOPSIG(status) == SIGSTOP) return false;
    CHECK(WSTOPSIG(status) == SIGTRAP);
    return true;
}

static void kill_step_end_(pid_t child) {
    int status;
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, &status, 0) == child);
}

/* Lets a stopped child do the rest and end. */
AC_UNUSED static void kill_step_go_on_(pid_t child) {
    int status;
    CHECK(ptrace(PTRACE_CONT, child, NULL, NULL) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill_step_end_(child);
}

AC_UNUSED static void kill_step_nothing_(void *shared) { (void)shared; }

/* Why this machine cannot do it, or NULL. */
AC_UNUSED static const char *kill_step_refused(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return "the sanitizer's own instructions would be stepped through";
#else
    static const kill_step nothing = {
        "nothing", 64, kill_step_nothing_, kill_step_nothing_, NULL, NULL, NULL};
    char shared[64];
    const pid_t child = kill_step_start_(&nothing, shared);
    if (child < 0) return "ptrace is not allowed here";
    int status = 0;
    const bool steps = ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0;
    if (steps) CHECK(waitpid(child, &status, 0) == child);
    kill_step_end_(child);
    return steps && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP
               ? NULL
               : "this processor or emulator does not step";
#endif
}

/* For k = first, first + every, ... up to the end. */
AC_UNUSED static uint64_t kill_step_from_(const kill_step *op, kill_step_how how, uint64_t first,
                                          uint64_t every) {
    uint64_t faults = 0, k = first, last = 0;
    void *const shared =
        mmap(NULL, op->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    for (bool whole = false; !whole; k += every) {
        const pid_t child = kill_step_start_(op, shared);
        CHECK(child > 0);
        for (last = 0; last < k && !whole; last++) whole = !kill_step_once_(child);
        if (how == KILL_STEP_STOP) {
            if (op->meanwhile != NULL) op->meanwhile(shared);
            if (whole)
                kill_step_end_(child);
            else
                kill_step_go_on_(child);
        } else {
            kill_step_end_(child);
        }
        const char *const wrong = op->check(shared, whole || how == KILL_STEP_STOP);
        if (wrong != NULL && faults++ == 0)
            fprintf(stderr, "    %s, %s after %llu instructions: %s\n", op->name,
                    how == KILL_STEP_STOP ? "stopped" : "killed", (unsigned long long)k, wrong);
    }
    munmap(shared, op->bytes);
    fprintf(stderr, "    %s: %llu instructions, 1 in %llu, %llu faults\n", op->name, (unsigned long long)last,
            (unsigned long long)every, (unsigned long long)faults);
    return faults;
}

/* For every k; returns after how many of them the check found something, and says what it found first. */
AC_UNUSED static uint64_t kill_step_all(const kill_step *op, kill_step_how how) {
    return kill_step_from_(op, how, 0, 1);
}

/* The same for one k in `every`, beginning elsewhere each time; KILL_STEP_EVERY in the environment goes before. */
AC_UNUSED static uint64_t kill_step_some(const kill_step *op, kill_step_how how, uint64_t every) {
    static uint64_t turn;
    const char *const text = getenv("KILL_STEP_EVERY");
    if (text != NULL) every = strtoull(text, NULL, 10);
    return kill_step_from_(op, how, turn++ % every, every);
}

#endif
