#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/temp_dir.h"

namespace doorplate {

// A process as a fake proc file system shows it. `name` and `arguments` may hold any bytes.
struct FakeProcess {
    int pid = 100;
    std::string name = "server";
    char state = 'S';
    int parent = 1;
    std::uint64_t flags = 0;
    int threads = 1;
    std::string start_ticks = "1000";
    std::string command_line = std::string("server\0-p\08080\0", 15);
    std::string status = "Name:\tserver\nUid:\t10\t1000\t10\t10\nGid:\t20\t1001\t20\t20\n";
    std::string cgroup = "0::/system.slice/server.service\n";
};

// A proc file system in a temporary directory. It begins with a host that started at second 1700000000 and empty
// tables.
class FakeProc {
  public:
    FakeProc();

    [[nodiscard]] const std::filesystem::path &path() const { return directory_.path(); }

    void add(const FakeProcess &process);
    void remove(int pid) const;
    void file(const std::filesystem::path &name, std::string_view text) const { directory_.write(name, text); }
    void link(const std::filesystem::path &name, const std::string &target) const;
    // Descriptor `fd` of `pid` is the socket with this inode number.
    void socket(int pid, int fd, std::uint64_t inode) const;
    // Rows of net/tcp, without the heading; each is "local remote state uid inode" as in the kernel's table.
    void tcp(std::string_view rows) const;

  private:
    TempDir directory_;
};

// The text of /proc/PID/stat.
[[nodiscard]] std::string stat_text(const FakeProcess &process);

// A row of /proc/net/tcp with the words that matter.
[[nodiscard]] std::string table_row(std::string_view local, std::string_view remote, std::string_view state,
                                    std::string_view uid, std::string_view inode);

inline constexpr std::string_view table_heading =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

} // namespace doorplate
