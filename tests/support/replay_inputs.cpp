// Stands in for libFuzzer where the compiler has none: feeds a fuzz target every file of the
// directories (or the files) that are named, and the empty input.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

int replay(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "error: '%s' cannot be read\n", path.c_str());
        return 1;
    }
    const std::string input(std::istreambuf_iterator<char>(file), {});
    // Said before, not after: when the target crashes, this names the input.
    std::printf("%s\n", path.c_str());
    std::fflush(stdout);
    return LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()),
                                  input.size());
}

}  // namespace

int main(int argc, char** argv) {
    int result = LLVMFuzzerTestOneInput(nullptr, 0);
    for (int index = 1; index < argc; ++index) {
        const std::filesystem::path path = argv[index];
        if (!std::filesystem::is_directory(path)) {
            result |= replay(path);
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
            if (entry.is_regular_file()) result |= replay(entry.path());
        }
    }
    return result;
}
