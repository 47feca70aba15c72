#include "runner/proc_stat.hpp"

#include "runner/system.hpp"
#include "runner/text.hpp"

namespace sweepctl::runner {

bool read_proc_stat(int pid, ProcStat& stat) {
    TextBuffer<40> path;
    path.put("/proc/");
    path.put_number(static_cast<std::uint64_t>(pid));
    path.put("/stat");
    path.put('\0');
    const long file = open_for_reading(path.data());
    if (file < 0) return false;
    char line[1024];
    const long size = read(file, line, sizeof line - 1);
    close(file);
    if (size <= 0) return false;
    line[size] = '\0';

    // The second field is the program's name, which may hold anything, parentheses too.
    const char* cursor = line + size;
    while (cursor != line && *cursor != ')')
        --cursor;
    if (*cursor != ')') return false;
    ++cursor;

    std::uint64_t fields[64] = {};  // By their number in proc(5).
    int count = 3;
    for (; count < 64 && *cursor == ' '; ++count) {
        ++cursor;
        if (count == 3) stat.state = *cursor;
        const bool negative = *cursor == '-';
        if (negative) ++cursor;
        if (!read_number(cursor, fields[count])) {
            while (*cursor > ' ')  // The state is a letter, and what is too large is not ours.
                ++cursor;
        }
        if (negative) fields[count] = 0;
    }
    if (count < 33) return false;
    stat.parent = static_cast<int>(fields[4]);
    stat.group = static_cast<int>(fields[5]);
    stat.flags = fields[9];
    stat.start_time = fields[22];
    stat.ignored = fields[33];
    return true;
}

bool is_exiting(const ProcStat& stat) {
    constexpr std::uint64_t kExitingFlag = 0x4;  // PF_EXITING
    return stat.state == 'Z' || stat.state == 'X' || (stat.flags & kExitingFlag) != 0;
}

}  // namespace sweepctl::runner
