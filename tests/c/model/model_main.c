/* model_main.c - runs the tests of a program, judges what they found, and says it.
 *
 *   program                          all tests, a line each and mode
 *   program NAME MODE                one
 *   program --replay NAME MODE TEXT  one execution again, each step printed
 *
 * Lines, for the driver: "pass NAME MODE executions states pruned" and "FAIL NAME MODE kind: what".
 * Exit: 0 all passed, 1 otherwise.
 */
#include "model_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OUTCOMES 64
static char outcomes[MOST_OUTCOMES][64];
static int outcome_count;
static char failure_kind[32], failure_text[512];

void model_fail(const char *kind, const char *format, ...) {
    va_list args;
    va_start(args, format);
    snprintf(failure_kind, sizeof failure_kind, "%s", kind);
    vsnprintf(failure_text, sizeof failure_text, format, args);
    va_end(args);
    S.failed = true;
    core_leave();
}

void model_outcome(const char *format, ...) {
    char text[64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (int i = 0; i < outcome_count; i++)
        if (strcmp(outcomes[i], text) == 0) return;
    if (outcome_count == MOST_OUTCOMES) model_fail("checker", "too many outcomes");
    memcpy(outcomes[outcome_count++], text, sizeof text);
}

void core_trace(const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    printf("  %4llu thread %d %s\n", (unsigned long long)S.steps, S.self, text);
}

static bool same_outcomes(const char *const *wanted) {
    bool same = true;
    int count = 0;
    for (; wanted[count] != NULL; count++) {
        bool found = false;
        for (int i = 0; i < outcome_count; i++) found = found || strcmp(outcomes[i], wanted[count]) == 0;
        if (!found) printf("  never seen: %s\n", wanted[count]);
        same = same && found;
    }
    for (int i = 0; i < outcome_count; i++) {
        bool found = false;
        for (int k = 0; k < count; k++) found = found || strcmp(outcomes[i], wanted[k]) == 0;
        if (!found) printf("  not to be seen: %s\n", outcomes[i]);
        same = same && found;
    }
    return same;
}

static char schedule[20001];

/* The failure again, by its schedule: it must be the same one. */
static bool replay(bool traced) {
    char kind[sizeof failure_kind];
    memcpy(kind, failure_kind, sizeof kind);
    S.tracing = traced;
    core_replay(schedule);
    core_execute();
    S.tracing = false;
    if (S.failed && strcmp(kind, failure_kind) == 0) return true;
    printf("  the schedule did not lead there again: %s\n", S.failed ? failure_kind : "no failure");
    return false;
}

static bool run(const model_test *test, bool weak, int bound) {
    const char *const mode = weak ? "weak" : "sc";
    const char *const fails = weak ? test->weak_fails : test->sc_fails;
    const char *const *const sees = weak ? test->weak_sees : test->sc_sees;
    const uint64_t most = test->most != 0 ? test->most : 3000000;
    S.test = test;
    S.weak = weak;
    S.bound = bound;
    outcome_count = 0;
    core_begin();
    uint64_t executions = 0, pruned = 0;
    do {
        core_execute();
        if (S.failed) break;
        if (S.pruned) pruned++;
        else executions++;
        if (executions + pruned > most) {
            printf("FAIL %s %s unfinished: more than %llu executions\n", test->name, mode,
                   (unsigned long long)most);
            return false;
        }
    } while (core_backtrack());
    const uint64_t states = core_nodes;
    if (S.failed) {
        core_schedule_text(schedule, sizeof schedule);
        if (fails != NULL && strcmp(fails, failure_kind) == 0 && replay(false)) {
            printf("pass %s %s %llu %llu %llu found %s\n", test->name, mode, (unsigned long long)executions,
                   (unsigned long long)states, (unsigned long long)pruned, failure_kind);
            return true;
        }
        printf("FAIL %s %s %s: %s\n", test->name, mode, failure_kind, failure_text);
        replay(true);
        printf("  again: --replay %s %s %s\n", test->name, mode, schedule);
        return false;
    }
    if (fails != NULL) {
        printf("FAIL %s %s blind: a failure of kind %s should have been found\n", test->name, mode, fails);
        return false;
    }
    if (sees != NULL && !same_outcomes(sees)) {
        printf("FAIL %s %s outcomes: the set is not as expected\n", test->name, mode);
        return false;
    }
    printf("pass %s %s %llu %llu %llu %s\n", test->name, mode, (unsigned long long)executions,
           (unsigned long long)states, (unsigned long long)pruned, bound == MODEL_ALL ? "all" : "bound");
    if (bound != MODEL_ALL) printf("  bound %d\n", bound);
    return true;
}

int model_main(int argc, char **argv, const model_test *tests, size_t count) {
    const bool again = argc == 5 && strcmp(argv[1], "--replay") == 0;
    const char *const name = again ? argv[2] : argc > 1 ? argv[1] : NULL;
    const char *const mode = again ? argv[3] : argc > 2 ? argv[2] : NULL;
    int ran = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < count; i++) {
        if (name != NULL && strcmp(name, tests[i].name) != 0) continue;
        for (int weak = 0; weak < 2; weak++) {
            const int bound = weak ? tests[i].weak : tests[i].sc;
            if (bound == 0 || (mode != NULL && strcmp(mode, weak ? "weak" : "sc") != 0)) continue;
            ran++;
            if (again) {
                S.test = &tests[i];
                S.weak = weak;
                S.bound = bound;
                S.tracing = true;
                core_replay(argv[4]);
                core_execute();
                if (S.failed) printf("%s: %s\n", failure_kind, failure_text);
                return S.failed;
            }
            if (!run(&tests[i], weak, bound)) return 1;
        }
    }
    if (ran == 0) fprintf(stderr, "no such test\n");
    return ran == 0;
}
