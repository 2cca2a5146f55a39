/* Measures the schedulers in alternation: every contender once a round, results checked.
 *
 *   sched_bench [--rounds 9] [--cell 0.25] [--threads 2] [--only fib] [--json]
 *
 * CPU seconds are the process's. Between two contenders it waits until a round of nothing costs no CPU:
 * an OpenMP thread spins for milliseconds after its region, and would slow down whoever comes next.
 */
#include "base/ac_clock.h"

#include "sched_contender.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CONTENDERS = 3, MOST_ROUNDS = 200 };

typedef struct sample {
    double wall_s, cpu_s;
    uint64_t units;
} sample;

typedef enum question { CHUNKS, FORK_JOIN, FIB, QUESTIONS } question;
static const char *const titles[QUESTIONS] = {"loop of 1000 empty chunks", "fork and join of an empty loop",
                                              "fib(32)"};
static int threads = 2;
static sched_cell cells[SCHED_MOST_THREADS];

static void die(const char *what) {
    fprintf(stderr, "sched_bench: %s\n", what);
    exit(1);
}

static double cpu_s(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) die("no processor clock");
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Sleeps until no thread of this process runs. */
static void settle(void) {
    for (int i = 0; i < 1000; i++) {
        const double before = cpu_s();
        const struct timespec pause = {0, 5000000};
        nanosleep(&pause, NULL);
        if (cpu_s() - before < 0.0005) return;
    }
    die("a scheduler's threads never come to rest");
}

static uint64_t counted(void) {
    uint64_t sum = 0;
    for (int i = 0; i < SCHED_MOST_THREADS; i++) {
        sum += cells[i].count;
        cells[i].count = 0;
    }
    return sum;
}

static sample measure(const sched_contender *one, question asked, uint64_t times) {
    uint64_t expected = times, seen;
    settle();
    /* once before: sleeping threads are woken, as in a program that is in the middle of its work */
    if (asked == FORK_JOIN) one->fork_join(1, cells);
    if (asked == CHUNKS) one->chunks(1, SCHED_CHUNKS, cells);
    counted();
    const double cpu = cpu_s();
    const int64_t start = ac_now_ns();
    switch (asked) {
    case CHUNKS:
        one->chunks(times, SCHED_CHUNKS, cells);
        expected *= SCHED_CHUNKS;
        break;
    case FORK_JOIN:
        one->fork_join(times, cells);
        expected *= (uint64_t)threads;
        break;
    default:
        seen = one->fib(times, SCHED_FIB);
        expected *= 2178309;
    }
    const int64_t wall = ac_now_ns() - start;
    const double spent = cpu_s() - cpu;
    if (asked != FIB) seen = counted();
    if (seen != expected) {
        fprintf(stderr, "sched_bench: %s, %s: %llu instead of %llu\n", one->name, titles[asked],
                (unsigned long long)seen, (unsigned long long)expected);
        exit(1);
    }
    return (sample){(double)wall / 1e9, spent, times};
}

static uint64_t calibrate(const sched_contender *one, question asked, double cell_s) {
    for (uint64_t times = 1;; times *= 4) {
        const sample seen = measure(one, asked, times);
        if (seen.wall_s >= cell_s / 4)
            return (uint64_t)((double)times * cell_s / seen.wall_s) + 1;
    }
}

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static void print_table(question asked, const sched_contender *const *all, int many,
                        sample samples[][MOST_ROUNDS], int rounds) {
    double walls[MOST_ROUNDS], cpus[MOST_ROUNDS], ratios[MOST_ROUNDS];
    printf("\n%s, %d threads\n%-12s %14s %14s %10s\n", titles[asked], threads, "", "ns", "cpu ns",
           "x ours");
    for (int i = 0; i < many; i++) {
        for (int r = 0; r < rounds; r++) {
            const sample *const one = &samples[i][r], *const ours = &samples[0][r];
            walls[r] = 1e9 * one->wall_s / (double)one->units;
            cpus[r] = 1e9 * one->cpu_s / (double)one->units;
            ratios[r] = walls[r] / (1e9 * ours->wall_s / (double)ours->units);
        }
        printf("%-12s %14.1f %14.1f %10.3f\n", all[i]->name, median(walls, rounds),
               median(cpus, rounds), median(ratios, rounds));
    }
}

static void print_json(question asked, bool first, const sched_contender *const *all, int many,
                       sample samples[][MOST_ROUNDS], int rounds) {
    printf("%s\n{\"name\": \"%s\", \"contenders\": [", first ? "" : ",", titles[asked]);
    for (int i = 0; i < many; i++) {
        printf("%s\n {\"name\": \"%s\", \"samples\": [", i == 0 ? "" : ",", all[i]->name);
        for (int r = 0; r < rounds; r++) {
            const sample *const one = &samples[i][r];
            printf("%s{\"wall_s\": %.9f, \"cpu_s\": %.9f, \"units\": %llu}", r == 0 ? "" : ", ",
                   one->wall_s, one->cpu_s, (unsigned long long)one->units);
        }
        printf("]}");
    }
    printf("]}");
}

int main(int argc, char **argv) {
    static sample samples[MOST_CONTENDERS][MOST_ROUNDS];
    const sched_contender *const known[] = {&sched_ours, &sched_omp, &sched_tbb};
    const sched_contender *all[MOST_CONTENDERS];
    int rounds = 9, many = 0;
    double cell_s = 0.25;
    const char *only = "";
    bool json = false, first = true;
    for (int i = 1; i < argc; i++) {
        const char *const value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--json") == 0) json = true;
        else if (strcmp(argv[i], "--rounds") == 0) rounds = atoi(value), i++;
        else if (strcmp(argv[i], "--cell") == 0) cell_s = atof(value), i++;
        else if (strcmp(argv[i], "--threads") == 0) threads = atoi(value), i++;
        else if (strcmp(argv[i], "--only") == 0) only = value, i++;
        else die("unknown option; see the head of sched_bench.c");
    }
    if (rounds < 1 || rounds > MOST_ROUNDS || cell_s <= 0) die("--rounds 1 to 200, --cell above 0");
    if (threads < 1 || threads > SCHED_MOST_THREADS) die("--threads 1 to 256");
    for (int i = 0; i < MOST_CONTENDERS; i++)
        if (known[i]->name != NULL) {
            all[many++] = known[i];
            known[i]->start(threads);
        }
    if (json) printf("{\"comparisons\": [");
    for (int asked = 0; asked < QUESTIONS; asked++) {
        uint64_t times[MOST_CONTENDERS];
        if (strstr(titles[asked], only) == NULL) continue;
        for (int i = 0; i < many; i++) times[i] = calibrate(all[i], (question)asked, cell_s);
        for (int r = 0; r < rounds; r++)
            for (int i = 0; i < many; i++) {
                const int at = (i + r) % many; /* each is first equally often */
                samples[at][r] = measure(all[at], (question)asked, times[at]);
            }
        if (json) print_json((question)asked, first, all, many, samples, rounds);
        else print_table((question)asked, all, many, samples, rounds);
        first = false;
        fflush(stdout);
    }
    if (json) {
        printf("],\n\"absent\": [");
        if (sched_omp.name == NULL) printf("\"OpenMP\"%s", sched_tbb.name == NULL ? ", " : "");
        if (sched_tbb.name == NULL) printf("\"oneTBB\"");
        printf("]}\n");
    }
    return 0;
}
