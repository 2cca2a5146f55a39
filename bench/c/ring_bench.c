/* Measures the rings in alternation: every contender once a round, each time on a new ring, threads
 * behind a barrier, what comes out counted and summed.
 *
 *   ring_bench [--rounds 9] [--cell 0.25] [--pairs 1,2,4] [--only PART-OF-A-NAME] [--pin] [--json]
 *
 * One measurement is the time from the first thread's start to the last one's end. CPU seconds are
 * those of these threads alone. Nothing is pinned: the system places the threads as it does a
 * program's. --pin puts producers on even processors and consumers on odd ones: then every item
 * crosses from one to another, which the system may or may not do.
 */
#include "base/ac_clock.h"

#include "ring_contender.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CONTENDERS = 16, MOST_PAIRS = 64, MOST_ROUNDS = 1000 };

typedef struct sample {
    double wall_s, cpu_s;
    uint64_t units;
} sample;

typedef struct member {
    pthread_t thread;
    pthread_barrier_t *gate;
    const ring_contender *contender;
    void *ring;
    bool producer;
    int cpu; /* -1: wherever */
    uint64_t first, count, sum;
    int64_t start_ns, end_ns, cpu_ns;
} member;

static bool pinned; /* --pin */

static void die(const char *what) {
    fprintf(stderr, "ring_bench: %s\n", what);
    exit(1);
}

static int64_t thread_cpu_ns(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) die("no processor clock for threads");
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *work(void *arg) {
    member *const me = arg;
#ifdef __linux__
    if (me->cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((unsigned)me->cpu, &set);
        if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) die("cannot pin a thread");
    }
#endif
    pthread_barrier_wait(me->gate);
    const int64_t cpu = thread_cpu_ns();
    me->start_ns = ac_now_ns();
    if (me->producer)
        me->contender->produce(me->ring, me->first, me->count);
    else
        me->sum = me->contender->consume(me->ring, me->count);
    me->end_ns = ac_now_ns();
    me->cpu_ns = thread_cpu_ns() - cpu;
    return NULL;
}

/* `count` items of each producer, the same number for each consumer. */
static sample measure_pairs(const ring_contender *contender, int pairs, uint64_t count) {
    member members[2 * MOST_PAIRS];
    pthread_barrier_t gate;
    void *const ring = contender->create();
    if (ring == NULL || pthread_barrier_init(&gate, NULL, 2 * (unsigned)pairs) != 0) die("no memory");
    memset(members, 0, sizeof members);
    for (int i = 0; i < 2 * pairs; i++) {
        member *const one = &members[i];
        one->gate = &gate;
        one->contender = contender;
        one->ring = ring;
        one->producer = i % 2 == 0;
        one->cpu = pinned ? i % 2 : -1;
        one->first = 1 + (uint64_t)(i / 2) * count;
        one->count = count;
        if (pthread_create(&one->thread, NULL, work, one) != 0) die("a thread does not start");
    }
    int64_t start = INT64_MAX, end = 0, cpu = 0;
    uint64_t sum = 0;
    for (int i = 0; i < 2 * pairs; i++) {
        const member *const one = &members[i];
        pthread_join(one->thread, NULL);
        if (one->start_ns < start) start = one->start_ns;
        if (one->end_ns > end) end = one->end_ns;
        cpu += one->cpu_ns;
        sum += one->sum;
    }
    const uint64_t total = (uint64_t)pairs * count;
    if (sum != total * (total + 1) / 2) {
        fprintf(stderr, "ring_bench: %s lost or doubled items\n", contender->name);
        exit(1);
    }
    pthread_barrier_destroy(&gate);
    contender->destroy(ring);
    return (sample){(double)(end - start) / 1e9, (double)cpu / 1e9, total};
}

static sample measure_alone(const ring_contender *contender, uint64_t count) {
    void *const ring = contender->create();
    if (ring == NULL) die("no memory");
    const int64_t cpu = thread_cpu_ns(), start = ac_now_ns();
    const uint64_t sum = contender->alone(ring, count);
    const int64_t wall = ac_now_ns() - start;
    const double cpu_s = (double)(thread_cpu_ns() - cpu) / 1e9;
    if (sum != count * (count + 1) / 2) {
        fprintf(stderr, "ring_bench: %s gave other items than were put\n", contender->name);
        exit(1);
    }
    contender->destroy(ring);
    return (sample){(double)wall / 1e9, cpu_s, count};
}

static sample measure(const ring_contender *contender, int pairs, uint64_t count) {
    return pairs == 0 ? measure_alone(contender, count) : measure_pairs(contender, pairs, count);
}

/* How many items last about `cell_s`; the runs warm up. */
static uint64_t calibrate(const ring_contender *contender, int pairs, double cell_s) {
    uint64_t count = 2000;
    for (;;) {
        const sample seen = measure(contender, pairs, count);
        if (seen.wall_s >= cell_s / 4) return (uint64_t)((double)count * cell_s / seen.wall_s) + 1;
        count *= 4;
    }
}

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts, and returns the value at a quarter (1), the middle (2) or three quarters (3). */
static double quartile(double *values, int count, int quarter) {
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    const double at = (double)(count - 1) * quarter / 4;
    const int low = (int)at;
    const double next = values[low + 1 < count ? low + 1 : low];
    return values[low] + (next - values[low]) * (at - low);
}

static void print_table(const char *title, const ring_contender *const *contenders, int many,
                        sample samples[][MOST_ROUNDS], int rounds) {
    static double walls[MOST_ROUNDS], cpus[MOST_ROUNDS], ratios[MOST_ROUNDS];
    printf("\n%s\n%-58s %8s %18s %8s %8s %8s\n", title, "", "ns", "quartiles", "M/s", "cpu ns",
           "x ours");
    for (int i = 0; i < many; i++) {
        for (int r = 0; r < rounds; r++) {
            const sample *const one = &samples[i][r], *const ours = &samples[0][r];
            walls[r] = 1e9 * one->wall_s / (double)one->units;
            cpus[r] = 1e9 * one->cpu_s / (double)one->units;
            ratios[r] = walls[r] / (1e9 * ours->wall_s / (double)ours->units);
        }
        const double median = quartile(walls, rounds, 2);
        printf("%-58s %8.2f %8.2f..%8.2f %8.2f %8.2f %8.3f\n", contenders[i]->name, median,
               quartile(walls, rounds, 1), quartile(walls, rounds, 3), 1e3 / median,
               quartile(cpus, rounds, 2), quartile(ratios, rounds, 2));
    }
}

static void print_json(const char *title, bool first, const ring_contender *const *contenders,
                       int many, sample samples[][MOST_ROUNDS], int rounds) {
    printf("%s\n{\"name\": \"%s\", \"contenders\": [", first ? "" : ",", title);
    for (int i = 0; i < many; i++) {
        printf("%s\n {\"name\": \"%s\", \"samples\": [", i == 0 ? "" : ",", contenders[i]->name);
        for (int r = 0; r < rounds; r++) {
            const sample *const one = &samples[i][r];
            printf("%s{\"wall_s\": %.9f, \"cpu_s\": %.9f, \"units\": %llu}", r == 0 ? "" : ", ",
                   one->wall_s, one->cpu_s, (unsigned long long)one->units);
        }
        printf("]}");
    }
    printf("]}");
}

static int choose(int kind, const char *only, const ring_contender **chosen) {
    const ring_contender *const lists[] = {ring_ours, ring_rivals};
    int many = 0;
    for (int list = 0; list < 2; list++)
        for (const ring_contender *one = lists[list]; one->name != NULL; one++) {
            const bool wanted = only == NULL || list == 0 || strstr(one->name, only) != NULL;
            if ((one->kinds & kind) != 0 && wanted && many < MOST_CONTENDERS) chosen[many++] = one;
        }
    if (kind == RING_SPSC && many > 1) { /* the ring for one thread on each side is ours here */
        const ring_contender *const general = chosen[0];
        chosen[0] = chosen[1];
        chosen[1] = general;
    }
    return many;
}

int main(int argc, char **argv) {
    static sample samples[MOST_CONTENDERS][MOST_ROUNDS];
    int rounds = 9;
    double cell_s = 0.25;
    const char *pairs_text = "1,2,4", *only = NULL;
    bool json = false;
    for (int i = 1; i < argc; i++) {
        const char *const value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--json") == 0) json = true;
        else if (strcmp(argv[i], "--pin") == 0) pinned = true;
        else if (strcmp(argv[i], "--rounds") == 0) rounds = atoi(value), i++;
        else if (strcmp(argv[i], "--cell") == 0) cell_s = atof(value), i++;
        else if (strcmp(argv[i], "--pairs") == 0) pairs_text = value, i++;
        else if (strcmp(argv[i], "--only") == 0) only = value, i++;
        else die("unknown option; see the head of ring_bench.c");
    }
    if (rounds < 1 || rounds > MOST_ROUNDS || cell_s <= 0) die("--rounds 1 to 1000, --cell above 0");

    /* 0 pairs: one thread alone; -1: one pair on the rings for one thread on each side. */
    int plan[MOST_PAIRS], steps = 0;
    plan[steps++] = 0;
    for (const char *text = pairs_text; *text != 0 && steps < MOST_PAIRS - 1;) {
        const long pairs = strtol(text, (char **)&text, 10);
        if (pairs < 1 || pairs > MOST_PAIRS) die("--pairs takes numbers from 1 to 64, as in 1,2,4");
        plan[steps++] = (int)pairs;
        if (*text == ',') text++;
    }
    plan[steps++] = -1;

    if (json) printf("{\"comparisons\": [");
    for (int step = 0; step < steps; step++) {
        const bool single = plan[step] < 0;
        const int pairs = single ? 1 : plan[step];
        const ring_contender *chosen[MOST_CONTENDERS];
        uint64_t counts[MOST_CONTENDERS];
        const int many = choose(single ? RING_SPSC : RING_MPMC, only, chosen);
        for (int i = 0; i < many; i++) counts[i] = calibrate(chosen[i], pairs, cell_s);
        for (int r = 0; r < rounds; r++)
            for (int i = 0; i < many; i++) {
                const int at = (i + r) % many; /* each is first equally often */
                samples[at][r] = measure(chosen[at], pairs, counts[at]);
            }
        char title[64];
        if (single) snprintf(title, sizeof title, "one producer, one consumer only");
        else if (pairs == 0) snprintf(title, sizeof title, "alone");
        else snprintf(title, sizeof title, "%d+%d", pairs, pairs);
        if (json) print_json(title, step == 0, chosen, many, samples, rounds);
        else print_table(title, chosen, many, samples, rounds);
        fflush(stdout);
    }
    if (json) {
        printf("],\n\"absent\": [");
        for (int i = 0; ring_absent[i] != NULL; i++)
            printf("%s\"%s\"", i == 0 ? "" : ", ", ring_absent[i]);
        printf("]}\n");
    }
    return 0;
}
