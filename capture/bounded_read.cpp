#include "capture/bounded_read.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "capture/file_descriptor.h"

namespace doorplate {

std::expected<std::string, int> read_file_at(int directory, const char *name, std::size_t limit) {
    // O_NONBLOCK: whoever writes a fake tree may have put a pipe there.
    const FileDescriptor file(::openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return std::unexpected(errno);
    std::string text;
    std::size_t used = 0;
    while (used < limit) {
        if (used == text.size()) text.resize(std::min(limit, std::max<std::size_t>(used * 2, 4096)));
        const ssize_t count = ::read(file.get(), text.data() + used, text.size() - used);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(errno);
        if (count == 0) break;
        used += static_cast<std::size_t>(count);
    }
    text.resize(used);
    return text;
}

std::expected<std::string, int> read_file(const std::filesystem::path &path, std::size_t limit) {
    return read_file_at(AT_FDCWD, path.c_str(), limit);
}

std::expected<std::string, int> read_link_at(int directory, const char *name) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(directory, name, target.data(), target.size());
    if (length < 0) return std::unexpected(errno);
    return std::string(target.data(), static_cast<std::size_t>(length));
}

} // namespace doorplate
