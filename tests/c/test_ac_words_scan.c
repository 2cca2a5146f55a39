/* Word edges: all 256 bytes, all seams, all paths. */
#include "kernels/ac_words_scan.h"

#include "kernels_check.h"

static uint64_t seed;

static bool is_space(uint8_t c) { return c == 32 || (c >= 9 && c <= 13); }

static void test_whitespace_is_that_of_bytes_split(void) {
    for (int c = 0; c < 256; c++) {
        CHECK(ac_is_space((uint8_t)c) == is_space((uint8_t)c));
        uint8_t text[100];
        uint32_t edge[164];
        memset(text, 'x', sizeof text);
        for (int at = 0; at < 100; at += 7) {
            text[at] = (uint8_t)c;
            FOR_EACH_SIMD(simd) {
                bool in_word = true;
                const int64_t n = ac_words_edges(simd, text, 100, &in_word, edge);
                CHECK(n == (is_space((uint8_t)c) ? 2 : 0) && in_word);
                if (n == 2) CHECK(edge[0] == (uint32_t)at && edge[1] == (uint32_t)at + 1);
                CHECK(ac_words_find_space(simd, text, 0, 100) == (n == 2 ? at : 100));
            }
            text[at] = 'x';
        }
    }
}

static void test_edges_are_found_in_any_text(void) {
    uint64_t state = seed;
    uint8_t *const room = malloc(AC_WORDS_BLOCK + 64);
    uint32_t *const edge = malloc((AC_WORDS_BLOCK + 64) * sizeof *edge);
    for (uint64_t round = check_scale(4000); round > 0; round--) {
        const int64_t n = (int64_t)(check_random(&state) % (round % 50 == 0 ? 4097 : 300));
        uint8_t *const text = room + round % 64;
        const uint64_t share = check_random(&state) % 11;
        for (int64_t i = 0; i < n; i++) {
            const uint64_t r = check_random(&state);
            text[i] = r % 10 < share ? (uint8_t)(" \t\n\r\v\f"[r / 16 % 6]) : (uint8_t)(r >> 32);
        }
        FOR_EACH_SIMD(simd) {
            for (int before = 0; before < 2; before++) {
                bool in_word = before, now = before;
                const int64_t found = ac_words_edges(simd, text, n, &in_word, edge);
                int64_t k = 0;
                for (int64_t i = 0; i < n; i++) {
                    if (now != !is_space(text[i])) {
                        CHECK(k < found && edge[k] == (uint32_t)i);
                        k++;
                        now = !now;
                    }
                }
                CHECK(k == found && in_word == now);
            }
            int64_t space = 0;
            while (space < n && !is_space(text[space])) space++;
            CHECK(ac_words_find_space(simd, text, 0, n) == space);
        }
    }
    free(room);
    free(edge);
}

int main(void) {
    seed = check_seed();
    RUN(test_whitespace_is_that_of_bytes_split);
    RUN(test_edges_are_found_in_any_text);
    return 0;
}
