#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/sockets/ebpf/kernel_events.h"

namespace doorplate {

// Records as the kernel's side writes them.

constexpr std::uint64_t ns_per_tick = 10'000'000;

using Record = std::vector<std::uint8_t>;

template <typename Raw> Record record_of(const Raw &raw, std::string_view behind = {}) {
    Record record(sizeof(raw) + behind.size());
    std::memcpy(record.data(), &raw, sizeof(raw));
    if (!behind.empty()) std::memcpy(record.data() + sizeof(raw), behind.data(), behind.size());
    return record;
}

// 127.0.0.1:50000 to 127.0.0.1:80, TCP, by process 42 that began at tick 100.
inline doorplate_socket_event socket_record(doorplate_kind kind = DOORPLATE_CONNECTED, std::uint64_t time = 1'000'000) {
    doorplate_socket_event raw{};
    raw.kind = static_cast<std::uint8_t>(kind);
    raw.time = time;
    raw.cookie = 7;
    raw.inode = 777;
    raw.netns = 4026531840;
    raw.start = 100 * ns_per_tick + 5;
    raw.pid = 42;
    raw.tid = 43;
    raw.uid = 1000;
    raw.gid = 1001;
    raw.socket_uid = 1000;
    raw.local_port = 50000;
    raw.remote_port = 80;
    const std::array<std::uint8_t, 4> loopback{127, 0, 0, 1};
    std::memcpy(raw.local, loopback.data(), 4);
    std::memcpy(raw.remote, loopback.data(), 4);
    raw.family = 4;
    raw.protocol = 6;
    raw.state = 2;
    std::memcpy(raw.thread, "worker", 7);
    return raw;
}

inline doorplate_process_event process_record(doorplate_kind kind, std::uint64_t time, std::uint32_t pid = 42) {
    doorplate_process_event raw{};
    raw.kind = static_cast<std::uint8_t>(kind);
    raw.time = time;
    raw.pid = pid;
    raw.start = 100 * ns_per_tick;
    raw.parent_pid = 1;
    raw.parent_start = 50 * ns_per_tick;
    raw.uid = 1000;
    raw.gid = 1001;
    std::memcpy(raw.name, "curl", 5);
    return raw;
}

// `path`: names from the file up to the root, each ended by NUL; `arguments`: each ended by NUL.
inline Record executed_record(std::uint64_t time, std::string_view path, std::string_view arguments,
                              std::uint8_t flags = 0) {
    doorplate_process_event raw = process_record(DOORPLATE_EXECUTED, time);
    raw.path_bytes = static_cast<std::uint16_t>(path.size());
    raw.argument_bytes = static_cast<std::uint16_t>(arguments.size());
    raw.flags = flags;
    return record_of(raw, std::string(path) + std::string(arguments));
}

// A kernel whose events a test makes. It outlives the provider that reads it.
struct FakeKernel {
    std::deque<Record> socket_records;
    std::deque<Record> process_records;
    std::vector<Record> files;
    std::vector<Record> owners;
    std::array<std::uint64_t, DOORPLATE_KINDS> lost{};
    int owners_listed = 0;
};

class FakeKernelEvents final : public KernelEvents {
  public:
    explicit FakeKernelEvents(FakeKernel &kernel) : kernel_(kernel) {}

    void read_socket_events(const TakeRecord &take) override { hand_over(kernel_.socket_records, take); }
    void read_process_events(const TakeRecord &take) override { hand_over(kernel_.process_records, take); }
    Result<void> list_files(const TakeRecord &take) override {
        for (const Record &record : kernel_.files) take(record);
        return {};
    }
    Result<void> list_owners(const TakeRecord &take) override {
        ++kernel_.owners_listed;
        for (const Record &record : kernel_.owners) take(record);
        return {};
    }
    [[nodiscard]] std::array<std::uint64_t, DOORPLATE_KINDS> lost() const override { return kernel_.lost; }

  private:
    static void hand_over(std::deque<Record> &records, const TakeRecord &take) {
        for (const Record &record : std::exchange(records, {})) take(record);
    }

    FakeKernel &kernel_;
};

} // namespace doorplate
