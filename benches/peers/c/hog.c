// Keeps a core busy without touching memory.
#include <immintrin.h>

int main(void) {
    for (;;) _mm_pause();
}
