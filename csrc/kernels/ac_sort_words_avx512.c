/* ac_sort_words_avx512.c - see ac_sort_words.h: the quicksort with AVX-512, for each width. */
#include "kernels/ac_sort_words.h"

#if defined(__x86_64__)

#include "kernels/ac_keys.h"

#define AC_BITS 64
#include "kernels/ac_sort_quick_avx512.h"
#define AC_BITS 32
#include "kernels/ac_sort_quick_avx512.h"

void ac_sort_u64_avx512_(ac_u64_at *words, int64_t n) { ac_quicksort_64(words, n, NULL); }
void ac_sort_u32_avx512_(ac_u32_at *words, int64_t n) { ac_quicksort_32(words, n, NULL); }

/* Keys become numbers where they stand. */
static void numbers_64(void *ctx, ac_u64_at *keys, int64_t n) {
    const ac_dtype *const dtype = ctx;
    ac_keys_store(AC_SIMD_AVX512, *dtype, keys, n, keys, 0);
}

static void numbers_32(void *ctx, ac_u32_at *keys, int64_t n) {
    const ac_dtype *const dtype = ctx;
    ac_keys_store32(AC_SIMD_AVX512, *dtype, keys, n, keys, 0);
}

void ac_sort_keys_64_avx512_(ac_dtype dtype, ac_u64_at *keys, int64_t n) {
    const ac_finish_64 finish = {numbers_64, &dtype};
    ac_quicksort_64(keys, n, dtype == AC_U64 ? NULL : &finish);
}

void ac_sort_keys_32_avx512_(ac_dtype dtype, ac_u32_at *keys, int64_t n) {
    const ac_finish_32 finish = {numbers_32, &dtype};
    ac_quicksort_32(keys, n, dtype == AC_U32 ? NULL : &finish);
}

typedef struct numbers {
    const void *x;
    ac_dtype dtype;
} numbers;

static void keys_64(const void *ctx, int64_t first, int64_t n, ac_u64_at *to) {
    const numbers *const from = ctx;
    ac_keys_load(AC_SIMD_AVX512, from->dtype, AC_KEYS_EXACT, from->x, first, n, to);
}

static void keys_32(const void *ctx, int64_t first, int64_t n, ac_u32_at *to) {
    const numbers *const from = ctx;
    ac_keys_load32(AC_SIMD_AVX512, from->dtype, from->x, first, n, to);
}

void ac_sort_numbers_64_avx512_(ac_dtype dtype, const void *x, ac_u64_at *out, int64_t n) {
    const numbers from = {x, dtype};
    const ac_source_64 source = {keys_64, &from};
    const ac_finish_64 finish = {numbers_64, &dtype};
    ac_quicksort_from_64(&source, out, n, dtype == AC_U64 ? NULL : &finish);
}

void ac_sort_numbers_32_avx512_(ac_dtype dtype, const void *x, ac_u32_at *out, int64_t n) {
    const numbers from = {x, dtype};
    const ac_source_32 source = {keys_32, &from};
    const ac_finish_32 finish = {numbers_32, &dtype};
    ac_quicksort_from_32(&source, out, n, dtype == AC_U32 ? NULL : &finish);
}

#else
typedef int ac_not_on_this_processor; /* a file must hold something */
#endif
