/* What the tests of for_range call: compiled by them into a library. */
#include <stdint.h>
#include <time.h>

int mark(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)worker;
    for (int64_t i = lo; i < hi; i++) ((unsigned char *)ctx)[i]++;
    return 0;
}

struct sums {
    int64_t sum[64], calls[64];
};

int add(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    struct sums *const s = ctx;
    for (int64_t i = lo; i < hi; i++) s->sum[worker] += i;
    s->calls[worker]++;
    return 0;
}

int fail_at_700(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)ctx, (void)worker;
    return lo <= 700 && 700 < hi ? -1 : 0;
}

/* A millisecond for each chunk; counts them in ctx. */
int slow(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const struct timespec pause = {0, 1000000};
    (void)lo, (void)hi, (void)worker;
    nanosleep(&pause, 0);
    if (ctx) __atomic_fetch_add((int64_t *)ctx, 1, __ATOMIC_RELAXED);
    return 0;
}

double wrong(double x) { return x; }
int null_is_fine(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)lo, (void)hi, (void)worker;
    return ctx == 0 ? 0 : 1;
}
