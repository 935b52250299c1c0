#include "capture/sockets/ebpf/process_book.h"

#include <utility>

namespace doorplate {
namespace {

// Events that name a process come out of their ring a moment after it has ended.
constexpr Duration kept_after_exit = std::chrono::seconds(30);

} // namespace

ProcessBook::ProcessBook(ProcessTable table, std::size_t most) : table_(std::move(table)), most_(most) {}

void ProcessBook::read_all() {
    for (const std::int32_t pid : table_.pids()) {
        auto process = table_.read_process(pid);
        if (!process) continue;
        const ProcessKey key = process->key;
        keep(key, std::move(*process)).looked_up = true;
    }
}

void ProcessBook::forget_all() {
    entries_.clear();
    order_.clear();
    exited_.clear();
}

ProcessBook::Entry &ProcessBook::keep(const ProcessKey &key, Process process) {
    const auto [place, is_new] = entries_.try_emplace(key);
    // Values that were handed out stay as they are.
    place->second = {std::make_shared<const Process>(std::move(process)), false, false};
    if (is_new) order_.push_back(key);
    while (entries_.size() > most_ && order_.front() != key) {
        entries_.erase(order_.front());
        order_.pop_front();
    }
    return place->second;
}

void ProcessBook::apply(const ProcessEvent &event) {
    switch (event.kind) {
    case ProcessEventKind::forked: fork(event); break;
    case ProcessEventKind::executed: execute(event); break;
    case ProcessEventKind::exited:
        exited_.push_back({event.time, event.key});
        if (exited_.size() > most_) exited_.pop_front();
        break;
    }
    forget_exited(event.time);
}

void ProcessBook::forget_exited(Timestamp now) {
    while (!exited_.empty() && exited_.front().time + kept_after_exit < now) {
        entries_.erase(exited_.front().key);
        exited_.pop_front();
    }
    // What was forgotten by its exit need not wait in line.
    while (!order_.empty() && !entries_.contains(order_.front())) order_.pop_front();
    if (order_.size() > 2 * most_) std::erase_if(order_, [&](const auto &key) { return !entries_.contains(key); });
}

std::optional<std::string> ProcessBook::name_of(const ProcessKey &key) const {
    const auto known = entries_.find(key);
    if (known == entries_.end() || known->second.process->name.empty()) return std::nullopt;
    return known->second.process->name;
}

// A new process runs what its parent runs.
void ProcessBook::fork(const ProcessEvent &event) {
    const auto parent = entries_.find(event.parent);
    if (parent == entries_.end()) return; // read from /proc if anybody asks
    const bool incomplete = parent->second.incomplete;
    Process child = *parent->second.process;
    child.key = event.key;
    child.start = table_.start_time(event.key.start_ticks);
    child.parent_pid = event.parent.pid;
    child.parent_name = name_of(event.parent);
    child.name = event.name;
    child.uid = event.uid;
    child.gid = event.gid;
    child.user = table_.user_name(event.uid);
    if (event.netns != 0) child.netns = event.netns;
    keep(event.key, std::move(child)).incomplete = incomplete;
}

void ProcessBook::execute(const ProcessEvent &event) {
    const auto known = entries_.find(event.key);
    Process process;
    if (known != entries_.end()) process = *known->second.process;
    const bool looked_up = known != entries_.end() && known->second.looked_up;
    process.key = event.key;
    process.start = table_.start_time(event.key.start_ticks);
    process.name = event.name;
    process.exe = event.exe;
    process.command_line = event.command_line;
    process.uid = event.uid;
    process.gid = event.gid;
    process.user = table_.user_name(event.uid);
    process.parent_pid = event.parent.pid;
    process.parent_name = name_of(event.parent);
    if (event.netns != 0) process.netns = event.netns;
    Entry &entry = keep(event.key, std::move(process));
    entry.incomplete = !event.exe || event.command_line_cut;
    entry.looked_up = looked_up && !entry.incomplete;
}

// Only what cannot have changed since the events: the control group, and the rest of a long text if the program is
// still the same.
void ProcessBook::look_up(const ProcessKey &key, Entry &entry) {
    entry.looked_up = true;
    Process process = *entry.process;
    if (entry.incomplete) {
        const Process now = table_.read_process(key);
        const bool same_program = now.name == process.name && (!process.exe || process.exe == now.exe);
        if (same_program && now.exe) {
            process.exe = now.exe;
            process.command_line = now.command_line;
            entry.incomplete = false;
        }
    }
    if (auto cgroup = table_.read_cgroup(key)) process.cgroup = std::move(cgroup);
    if (process != *entry.process) entry.process = std::make_shared<const Process>(std::move(process));
}

std::shared_ptr<const Process> ProcessBook::describe(const ProcessKey &key, std::uint32_t uid, std::uint32_t gid) {
    auto known = entries_.find(key);
    if (known == entries_.end()) {
        keep(key, table_.read_process(key)).looked_up = true;
        known = entries_.find(key);
    }
    Entry &entry = known->second;
    if (!entry.looked_up) look_up(key, entry);
    if (entry.process->uid != uid || entry.process->gid != gid) { // it changed its user since
        Process process = *entry.process;
        process.uid = uid;
        process.gid = gid;
        process.user = table_.user_name(uid);
        entry.process = std::make_shared<const Process>(std::move(process));
    }
    return entry.process;
}

} // namespace doorplate
