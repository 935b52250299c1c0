// A main() for fuzz targets where there is no libFuzzer: gives each file, or each file below a folder, to the target.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "tests/fuzz/fuzz_target.h"

namespace {

void run(const std::filesystem::path &path) {
    fmt::print("{}\n", path.string());
    (void)std::fflush(stdout); // a crash is told of by the last name
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

} // namespace

int main(int count, char **arguments) {
    int files = 0;
    for (int i = 1; i < count; ++i)
        for (const auto &entry : std::filesystem::recursive_directory_iterator(arguments[i]))
            if (entry.is_regular_file()) {
                run(entry.path());
                ++files;
            }
    fmt::print("{} files\n", files);
    return files > 0 ? 0 : 1;
}
