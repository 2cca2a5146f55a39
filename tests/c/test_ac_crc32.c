/* CRC-32: against the definition, bit by bit; every path, cut anywhere. */
#include "kernels/ac_crc32.h"

#include "kernels_check.h"

static uint64_t seed;

static uint32_t by_bits(const uint8_t *p, int64_t n, uint32_t crc) {
    crc = ~crc;
    for (int64_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~crc;
}

static void test_the_check_value(void) {
    FOR_EACH_SIMD(simd) {
        CHECK(ac_crc32_serial_(simd, (const uint8_t *)"123456789", 9, 0) == 0xCBF43926);
        CHECK(ac_crc32_serial_(simd, NULL, 0, 0x1234) == 0x1234);
    }
}

static void test_every_length_and_alignment(void) {
    uint64_t state = seed;
    uint8_t bytes[1200];
    for (int i = 0; i < 1200; i++) bytes[i] = (uint8_t)check_random(&state);
    for (int64_t n = 0; n < 1100; n++) {
        const uint32_t start = (uint32_t)check_random(&state);
        const uint8_t *const p = bytes + n % 64;
        const uint32_t want = by_bits(p, n, start);
        FOR_EACH_SIMD(simd) CHECK(ac_crc32_serial_(simd, p, n, start) == want);
    }
}

static void test_parts_combine(void) {
    uint64_t state = seed;
    uint8_t bytes[600];
    for (int i = 0; i < 600; i++) bytes[i] = (uint8_t)check_random(&state);
    for (int64_t cut = 0; cut <= 600; cut += 13) {
        const uint32_t a = by_bits(bytes, cut, 0), b = by_bits(bytes + cut, 600 - cut, 0);
        CHECK(ac_crc32_combine(a, b, (uint64_t)(600 - cut)) == by_bits(bytes, 600, 0));
    }
}

static void test_many_chunks_on_many_threads(void) {
    uint64_t state = seed;
    const int64_t size = ((int64_t)3 << 20) + 12345;
    uint8_t *const bytes = malloc((size_t)size);
    for (int64_t i = 0; i < size; i++) bytes[i] = (uint8_t)check_random(&state);
    const int64_t lengths[] = {1 << 20, (1 << 20) + 1, 2 << 20, size};
    for (int k = 0; k < 4; k++) {
        const uint32_t want = by_bits(bytes, lengths[k], 99);
        FOR_EACH_SIMD(simd) {
            const ac_exec ex = check_exec(simd, 1 + k % 3);
            uint32_t crc = 99;
            CHECK(ac_crc32(&ex, bytes, lengths[k], &crc) == 0 && crc == want);
        }
    }
    free(bytes);
}

int main(void) {
    seed = check_seed();
    RUN(test_the_check_value);
    RUN(test_every_length_and_alignment);
    RUN(test_parts_combine);
    RUN(test_many_chunks_on_many_threads);
    return 0;
}
