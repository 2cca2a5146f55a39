/* task.c - ac_task.h under the checker: a team of two members, each task run once and ended before its
 * sync returns. The thief is the loop of run_tasks in ac_pool.c, asleep by the same protocol. */
#include "base/ac_base.h"

/* Its spin ends by the clock, whose every look is a second later. As a yield, which waits for a change, the
 * pause would hide the sleep that comes after it. */
#undef ac_pause
#define ac_pause() ((void)0)
#include "sched/ac_task.h"

#define TASKS 3

static ac_exec ex;
static ac_event_count work;
static ac_team team;
static ac_member members[2];
static ac_atomic_ptr slots[2][2];
static struct job {
    ac_task task; /* the first: a task is its job */
    int ran;      /* plain: by who runs it; then by its owner */
} jobs[TASKS];

static void run(ac_member *me, ac_task *task) {
    struct job *const job = (struct job *)(void *)task;
    (void)me;
    MODEL_CHECK(++job->ran == 1);
}
static void begin_slots(int64_t capacity) {
    memset((void *)&team, 0, sizeof team);
    memset((void *)members, 0, sizeof members);
    memset((void *)jobs, 0, sizeof jobs);
    ac_store_relaxed(&work.word, 0);
    ex = (ac_exec){.threads = 2};
    team.ex = &ex;
    team.work = &work;
    team.members = members;
    team.size = 2;
    for (int i = 0; i < 2; i++) {
        ac_deque_init(&members[i].deque, slots[i], capacity);
        members[i].team = &team;
        members[i].number = i;
        members[i].until_poll = AC_TASK_POLL_SYNCS;
    }
}
static void begin(void) { begin_slots(2); }
static void begin_full(void) { begin_slots(1); }
static void spawn(int number) { ac_task_spawn(&members[0], &jobs[number].task, run); }
static void sync_one(int number) {
    ac_task_sync(&members[0], &jobs[number].task);
    MODEL_CHECK(jobs[number].ran == 1);
    jobs[number].ran = 2; /* the owner's again, as its stack would be */
}
static void close_team(void) {
    ac_store_relaxed(&team.closed, 1u);
    ac_ec_notify_all(&work, AC_WAIT_PRIVATE);
}
static void one(void) { spawn(0); sync_one(0); close_team(); }
static void two(void) { spawn(0); spawn(1); sync_one(1); sync_one(0); close_team(); }
static void crossed(void) { spawn(0); spawn(1); sync_one(0); sync_one(1); close_team(); }
static void thief(void) {
    ac_member *const me = &members[1];
    for (;;) {
        if (ac_load_relaxed(&team.closed)) return;
        ac_task *const task = ac_task_steal_(me);
        if (task != NULL) {
            ac_task_run_(me, task);
            continue;
        }
        const uint32_t key = ac_ec_prepare(&work);
        if (ac_load_relaxed(&team.closed) || ac_team_seems_filled(&team)) continue;
        ac_ec_wait(&work, key, AC_FOREVER, AC_WAIT_PRIVATE);
    }
}
static void thief_once(void) {
    ac_task *const task = ac_task_steal_(&members[1]);
    if (task != NULL) ac_task_run_(&members[1], task);
}

/* A task that the team's stop may have skipped; the first reason stands. */
static int64_t reason;
static void stop_run(ac_member *me, ac_task *task) {
    run(me, task);
    ac_team_stop(me->team, 1 + me->number);
}
static void stopping(void) {
    ac_task_spawn(&members[0], &jobs[0].task, stop_run);
    ac_team_stop(&team, 9);
    reason = ac_load_relaxed(&team.rc);
    ac_task_sync(&members[0], &jobs[0].task);
    jobs[0].ran += 2;
}
static void stopped(void) {
    MODEL_CHECK(ac_team_stopped(&team) && ac_load_relaxed(&team.rc) == reason);
    MODEL_CHECK(jobs[0].ran == 2 ? reason == 9 : jobs[0].ran == 3 && (reason == 9 || reason == 2));
}

static const model_test tests[] = {
    {.name = "once", .setup = begin, .thread = {one, thief_once}, .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "crossed_once", .setup = begin, .thread = {crossed, thief_once}, .sc = MODEL_ALL, .weak = 3},
    {.name = "stop", .setup = begin, .thread = {stopping, thief_once}, .finish = stopped, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "one", .setup = begin, .thread = {one, thief}, .sc = MODEL_ALL, .weak = 2},
    {.name = "two", .setup = begin, .thread = {two, thief}, .sc = 3, .weak = 2},
    {.name = "full", .setup = begin_full, .thread = {crossed, thief}, .sc = 3, .weak = 2},
};
MODEL_MAIN(tests)
