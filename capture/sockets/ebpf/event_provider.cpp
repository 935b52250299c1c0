#include "capture/sockets/ebpf/event_provider.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <numeric>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace doorplate {
namespace {

using Clock = std::chrono::steady_clock;
using Counts = std::array<std::uint64_t, DOORPLATE_KINDS>;

// The rings are read at least so often, whoever asks.
constexpr Duration reading_interval = std::chrono::milliseconds(20);
// Of events that nobody fetches: the latest ones.
constexpr std::size_t most_waiting_events = 1 << 18;
// What was lost is fetched from the sockets themselves, not more often than this.
constexpr Duration recovery_interval = std::chrono::seconds(1);

// As they are called in a report; in the order of doorplate_kind.
constexpr std::array<std::string_view, DOORPLATE_KINDS> event_words{
    "connect", "listen", "accept", "first use", "bind", "send", "receive", "close", "holder", "exec", "fork", "exit"};

bool tells_of_processes(std::size_t kind) { return kind == DOORPLATE_EXECUTED || kind == DOORPLATE_FORKED; }

class EventProvider final : public SocketProvider {
  public:
    EventProvider(std::unique_ptr<KernelEvents> events, ProcessBook processes, std::unique_ptr<SocketProvider> looks,
                  std::vector<Degradation> degradations)
        : events_(std::move(events)), processes_(std::move(processes)), looks_(std::move(looks)),
          degradations_(std::move(degradations)) {
        processes_.read_all();
        // Afterwards, so that whoever holds one of these is in the book.
        list([this](const TakeRecord &take) { return events_->list_files(take); });
        thread_ = std::jthread([this](const std::stop_token &stop) { run(stop); });
    }

    [[nodiscard]] AttributionMethod method() const override { return AttributionMethod::ebpf; }

    std::vector<SocketFacts> drain() override {
        std::vector<SocketFacts> facts = looks_->drain();
        const std::scoped_lock lock(mutex_);
        collect();
        if (waiting_.empty()) return facts;
        SocketFacts told;
        told.events.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
        waiting_.clear();
        told.begun = told.events.front().time;
        told.ended = told.events.back().time;
        facts.push_back(std::move(told));
        return facts;
    }

    void look_up(Transport transport, const Endpoint &local, const Endpoint &remote) override {
        looks_->look_up(transport, local, remote);
    }

    void refresh() override { looks_->refresh(); }

    [[nodiscard]] std::vector<Degradation> degradations() const override {
        std::vector<Degradation> all = looks_->degradations();
        const std::scoped_lock lock(mutex_);
        all.insert(all.end(), degradations_.begin(), degradations_.end());
        for (std::size_t kind = 0; kind < lost_.size(); ++kind)
            if (lost_.at(kind) > 0)
                all.push_back({"ebpf_events", fmt::format("{} {} events were lost because more happened than could be "
                                                          "taken in; what the socket table shows replaces them",
                                                          lost_.at(kind), event_words.at(kind))});
        if (malformed_ > 0)
            all.push_back({"ebpf_events", fmt::format("{} records from the kernel made no sense", malformed_)});
        return all;
    }

  private:
    void run(const std::stop_token &stop) {
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
            collect();
            wake_.wait_for(lock, stop, reading_interval, [] { return false; });
        }
    }

    // All below: `mutex_` is held, or there is no thread yet.

    void collect() {
        const KernelClock clock = read_kernel_clock();
        std::vector<KernelSocketEvent> sockets;
        events_->read_socket_events([&](Bytes record) {
            if (auto event = decode_socket_event(record, clock))
                sockets.push_back(std::move(*event));
            else
                ++malformed_;
            return true;
        });
        // Afterwards: whatever process an event names, its programs until then are there.
        std::vector<ProcessEvent> processes;
        events_->read_process_events([&](Bytes record) {
            if (auto event = decode_process_event(record, clock))
                processes.push_back(std::move(*event));
            else
                ++malformed_;
            return true;
        });
        const bool processes_lost = note_losses();
        // Whom a lost event was about, nobody knows: no program of this time can be believed.
        if (processes_lost) processes.clear();
        if (processes_lost) processes_.forget_all();
        apply(sockets, processes);
        if (processes_lost) processes_.forget_all();
        recover();
    }

    // True if something about processes is among them.
    bool note_losses() {
        const Counts now = events_->lost();
        bool of_processes = false;
        for (std::size_t kind = 0; kind < now.size(); ++kind) {
            if (now.at(kind) == lost_.at(kind)) continue;
            of_processes = of_processes || tells_of_processes(kind);
            recovery_wanted_ = recovery_wanted_ || kind <= DOORPLATE_HELD;
        }
        lost_ = now;
        return of_processes;
    }

    void apply(std::vector<KernelSocketEvent> &sockets, std::vector<ProcessEvent> &processes) {
        // Each processor writes when it gets its turn.
        std::ranges::sort(sockets, {}, [](const KernelSocketEvent &event) { return event.event.time; });
        std::ranges::sort(processes, {}, &ProcessEvent::time);
        auto process = processes.begin();
        for (KernelSocketEvent &event : sockets) {
            for (; process != processes.end() && process->time <= event.event.time; ++process)
                processes_.apply(*process);
            keep(event);
        }
        for (; process != processes.end(); ++process) processes_.apply(*process);
    }

    void keep(KernelSocketEvent &event) {
        if (event.process) event.event.process = processes_.describe(*event.process, event.uid, event.gid);
        if (waiting_.size() >= most_waiting_events) {
            waiting_.pop_front();
            degrade({"socket_facts", "socket events came faster than they were taken: the oldest were forgotten"});
        }
        waiting_.push_back(std::move(event.event));
    }

    template <typename Source> void list(const Source &source) {
        const KernelClock clock = read_kernel_clock();
        const auto listed = source([&](Bytes record) {
            auto event = decode_socket_event(record, clock);
            if (event) keep(*event);
            return true;
        });
        if (!listed) degrade({"ebpf", listed.error().message});
    }

    void recover() {
        if (!recovery_wanted_ || Clock::now() < next_recovery_) return;
        recovery_wanted_ = false;
        next_recovery_ = Clock::now() + recovery_interval;
        list([this](const TakeRecord &take) { return events_->list_owners(take); });
    }

    void degrade(Degradation degradation) {
        if (std::ranges::find(degradations_, degradation) == degradations_.end())
            degradations_.push_back(std::move(degradation));
    }

    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    std::unique_ptr<KernelEvents> events_;
    ProcessBook processes_;
    std::unique_ptr<SocketProvider> looks_;
    std::deque<SocketEvent> waiting_;
    std::vector<Degradation> degradations_;
    Counts lost_{};
    std::uint64_t malformed_ = 0;
    bool recovery_wanted_ = false;
    Clock::time_point next_recovery_;

    // Last, so that it ends before what it uses does.
    std::jthread thread_;
};

} // namespace

std::unique_ptr<SocketProvider> make_event_provider(std::unique_ptr<KernelEvents> events, ProcessBook processes,
                                                    std::unique_ptr<SocketProvider> looks,
                                                    std::vector<Degradation> degradations) {
    return std::make_unique<EventProvider>(std::move(events), std::move(processes), std::move(looks),
                                           std::move(degradations));
}

} // namespace doorplate
