#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/sockets/ebpf/event_decoder.h"
#include "capture/sockets/process_table.h"

namespace doorplate {

// Which program each process runs, from the kernel's events, so that it is known of those that are gone already; /proc
// for what events do not tell. Bounded: whoever is forgotten is read from /proc again.
class ProcessBook {
  public:
    explicit ProcessBook(ProcessTable table, std::size_t most = 1 << 16);

    // All processes that are there, whose children may come and go in no time.
    void read_all();
    // In the order of time.
    void apply(const ProcessEvent &event);
    // Events were lost: nothing of what is here may be true any more.
    void forget_all();

    // The process as it is by the events so far. `uid` and `gid` are those of now.
    [[nodiscard]] std::shared_ptr<const Process> describe(const ProcessKey &key, std::uint32_t uid, std::uint32_t gid);

  private:
    struct Entry {
        std::shared_ptr<const Process> process;
        // Not all of its program's path and arguments.
        bool incomplete = false;
        // /proc was asked for what events do not tell.
        bool looked_up = false;
    };
    struct Exit {
        Timestamp time;
        ProcessKey key;
    };

    Entry &keep(const ProcessKey &key, Process process);
    void fork(const ProcessEvent &event);
    void execute(const ProcessEvent &event);
    void forget_exited(Timestamp now);
    [[nodiscard]] std::optional<std::string> name_of(const ProcessKey &key) const;
    void look_up(const ProcessKey &key, Entry &entry);

    ProcessTable table_;
    std::size_t most_;
    std::map<ProcessKey, Entry> entries_;
    std::deque<ProcessKey> order_; // in which they came in
    std::deque<Exit> exited_;
};

} // namespace doorplate
