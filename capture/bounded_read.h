#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>

namespace doorplate {

// Reading below a proc file system, where sizes are unknown and files vanish: at most `limit` bytes, the rest is left.
// The error is an errno value. `directory` and `name` are as for openat(2).
[[nodiscard]] std::expected<std::string, int> read_file_at(int directory, const char *name, std::size_t limit);
[[nodiscard]] std::expected<std::string, int> read_file(const std::filesystem::path &path, std::size_t limit);

// Where a symbolic link points; one longer than PATH_MAX is cut.
[[nodiscard]] std::expected<std::string, int> read_link_at(int directory, const char *name);

} // namespace doorplate
