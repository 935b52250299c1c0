#include "capture/sockets/ebpf/cgroup_root.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ranges>
#include <vector>

#include <fmt/format.h>

#include "capture/bounded_read.h"

namespace doorplate {
namespace {

constexpr std::size_t mountinfo_limit = std::size_t{1} << 22;

// Space, tab, newline and backslash are written as \040 and the like.
std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
        if (text[i] == '\\' && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
            const int value = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
            plain += static_cast<char>(value);
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

std::string cannot_mount() {
    return fmt::format("no cgroup2 is mounted where doorplate runs, and to mount it unseen {}",
                       errno == EPERM ? std::string("needs CAP_SYS_ADMIN")
                                      : fmt::format("failed: {}", std::strerror(errno)));
}

// fsopen(2) and its kin have no wrappers before glibc 2.36.
Result<FileDescriptor> mount_unseen() {
    const FileDescriptor context(static_cast<int>(::syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC)));
    if (!context || ::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
        return failure(cannot_mount());
    const FileDescriptor mount(static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
    FileDescriptor root(mount ? ::openat(mount.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
    if (!root) return failure(cannot_mount());
    return root;
}

} // namespace

std::optional<std::string> find_cgroup2_root(std::string_view mountinfo) {
    for (const auto line : std::views::split(mountinfo, '\n')) {
        std::vector<std::string_view> fields;
        for (const auto field : std::views::split(line, ' ')) fields.emplace_back(field.begin(), field.end());
        // ID parent device root mount-point options [optional ...] - type source super-options
        for (std::size_t i = 6; i + 1 < fields.size(); ++i) {
            if (fields[i] != "-") continue;
            if (fields[i + 1] == "cgroup2" && fields[3] == "/") return unescaped(fields[4]);
            break;
        }
    }
    return std::nullopt;
}

Result<FileDescriptor> open_cgroup2_root() {
    if (const auto text = read_file("/proc/self/mountinfo", mountinfo_limit)) {
        if (const auto path = find_cgroup2_root(*text)) {
            FileDescriptor root(::open(path->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            if (root) return root;
        }
    }
    return mount_unseen();
}

} // namespace doorplate
