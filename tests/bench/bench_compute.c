/* bench_compute MS LOG: a run's program that computes for MS of CPU time, so that the work is the same however busy
 * the machine is, and logs "slot begin_ns end_ns". Static and in C: what it takes to load a program is not what is measured. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long long nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char** argv) {
    const long long begin = nanoseconds(CLOCK_MONOTONIC);
    if (argc != 3) return 2;
    const long long enough = atoll(argv[1]) * 1000000LL;
    volatile double x = 1.0;
    while (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) < enough) {
        for (int i = 0; i < 10000; ++i)
            x = x * 1.0000001 + 1e-9;
    }
    const char* slot = getenv("SWEEPCTL_SLOT");
    char line[128];
    const int length = snprintf(line, sizeof line, "%s %lld %lld\n", slot ? slot : "0", begin,
                                nanoseconds(CLOCK_MONOTONIC));
    const int file = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return file >= 0 && write(file, line, (size_t)length) == length ? 0 : 1;
}
