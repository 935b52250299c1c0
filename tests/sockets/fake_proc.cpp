#include "tests/sockets/fake_proc.h"

#include <fmt/format.h>

namespace doorplate {

namespace fs = std::filesystem;

FakeProc::FakeProc() {
    file("stat", "cpu  1 2 3 4\nintr 12345\nbtime 1700000000\nprocesses 77\n");
    tcp("");
    link("self/ns/net", "net:[4026531999]");
}

void FakeProc::add(const FakeProcess &process) {
    const fs::path directory = std::to_string(process.pid);
    file(directory / "stat", stat_text(process));
    file(directory / "comm", process.name + "\n");
    file(directory / "cmdline", process.command_line);
    file(directory / "status", process.status);
    file(directory / "cgroup", process.cgroup);
    link(directory / "exe", "/usr/sbin/" + process.name.substr(0, process.name.find('/')));
    link(directory / "ns/net", "net:[4026531999]");
    fs::create_directories(path() / directory / "fd");
}

void FakeProc::remove(int pid) const { fs::remove_all(path() / std::to_string(pid)); }

void FakeProc::link(const fs::path &name, const std::string &target) const {
    fs::create_directories((path() / name).parent_path());
    fs::remove(path() / name);
    fs::create_symlink(target, path() / name);
}

void FakeProc::socket(int pid, int fd, std::uint64_t inode) const {
    link(fs::path(std::to_string(pid)) / "fd" / std::to_string(fd), fmt::format("socket:[{}]", inode));
}

void FakeProc::tcp(std::string_view rows) const { file("net/tcp", std::string(table_heading).append(rows)); }

std::string stat_text(const FakeProcess &process) {
    return fmt::format("{} ({}) {} {} 1 1 0 -1 {} 0 0 0 0 0 0 0 0 20 0 {} 0 {} 1000 10\n", process.pid, process.name,
                       process.state, process.parent, process.flags, process.threads, process.start_ticks);
}

std::string table_row(std::string_view local, std::string_view remote, std::string_view state, std::string_view uid,
                      std::string_view inode) {
    return fmt::format(
        "   0: {} {} {} 00000000:00000000 00:00000000 00000000  {}        0 {} 1 0000000000000000 100 0 0 10 0\n",
        local, remote, state, uid, inode);
}

} // namespace doorplate
