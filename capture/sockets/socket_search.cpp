#include "capture/sockets/socket_search.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "capture/privileges.h"
#include "capture/sockets/netlink_sockets.h"
#include "capture/sockets/procfs_sockets.h"

namespace doorplate {

namespace {

// How long a quick answer may search, in this thread's time: to be kept waiting by others is no reason to stop. A
// process is read in 0.05 to 0.1 ms, so this is all new processes of a busy host.
constexpr Duration quick = std::chrono::milliseconds(5);
constexpr std::size_t most_recent_owners = 16;
constexpr std::size_t most_remembered = 1 << 16;
// Of a socket that many have (a listener of prefork servers): the rest is for the look at the whole.
constexpr std::size_t most_checked_holders = 16;
// Processes that began while we looked may have taken sockets over from those that ended.
constexpr int most_rounds = 3;
// include/linux/proc_ns.h: PROC_PID_INIT_INO
constexpr std::uint64_t initial_pid_namespace = 0xEFFFFFFC;

Timestamp now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

Duration time_worked() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// A connection whose socket no program has yet: the handshake goes on, or nobody has called accept.
bool is_not_accepted_yet(const SocketRecord &socket) {
    switch (socket.state) {
    case SocketState::listen:
    case SocketState::syn_received:
    case SocketState::new_syn_received: return true;
    case SocketState::established:
    case SocketState::close_wait: return socket.inode == 0;
    default: return false;
    }
}

bool is_unheld(const SocketFact &fact) { return fact.socket.inode != 0 && fact.holders.empty(); }

} // namespace

// The sockets of one look, waiting for their holders.
struct SocketSearch::Gathering {
    Gathering(SocketFacts &into, ProcessTable &table) : facts(into), processes(table) {}

    // To be called when all sockets are in `facts`. Those in `without` are not searched for.
    void index(const std::unordered_map<std::uint64_t, HolderSearch> &without) {
        for (std::size_t i = 0; i < facts.sockets.size(); ++i) {
            const std::uint64_t inode = facts.sockets[i].socket.inode;
            if (inode != 0 && facts.sockets[i].holders.empty() && !without.contains(inode))
                by_inode.emplace_back(inode, i);
        }
        std::ranges::sort(by_inode);
        for (std::size_t i = 0; i < by_inode.size(); ++i)
            if (i == 0 || by_inode[i - 1].first != by_inode[i].first) ++missing;
    }

    // A process is read at once when it turns out to hold a socket: it may live for some milliseconds only.
    void add(const ProcessDescriptors &read) {
        if (!read.stat) return;
        const ProcessKey key{read.stat->pid, read.stat->start_ticks};
        for (const HeldSocket &held : read.sockets) {
            bool first = true;
            for (auto entry = std::ranges::lower_bound(by_inode, std::pair(held.inode, std::size_t{0}));
                 entry != by_inode.end() && entry->first == held.inode; ++entry) {
                std::vector<Holder> &holders = facts.sockets[entry->second].holders;
                if (std::exchange(first, false) && holders.empty()) --missing;
                holders.push_back({key, held.descriptor});
                if (named.insert(key).second) facts.processes.push_back(processes.read_process(*read.stat));
            }
        }
    }

    void name(const std::vector<Holder> &holders) {
        for (const Holder &holder : holders)
            if (named.insert(holder.process).second) facts.processes.push_back(processes.read_process(holder.process));
    }

    void finish() {
        for (SocketFact &fact : facts.sockets) std::ranges::sort(fact.holders);
        std::ranges::sort(facts.processes, {}, &Process::key);
        facts.ended = std::max(now(), facts.begun);
    }

    SocketFacts &facts;
    ProcessTable &processes;
    std::vector<std::pair<std::uint64_t, std::size_t>> by_inode; // sorted; one inode may have several rows (MPTCP)
    std::set<ProcessKey> named;
    // Inodes without a holder.
    std::size_t missing = 0;
};

SocketSearch::SocketSearch(std::unique_ptr<SocketTable> sockets, ProcessTable processes, AttributionMethod method,
                           std::uint64_t netns)
    : sockets_(std::move(sockets)), processes_(std::move(processes)), method_(method), netns_(netns) {}

Result<SocketSearch> SocketSearch::open(const SocketOptions &options) {
    auto processes = ProcessTable::open(options.proc);
    if (!processes) return std::unexpected(processes.error());
    const std::uint64_t netns = processes->own_namespace("net").value_or(0);
    const auto pid_namespace = processes->own_namespace("pid");

    std::string why_not_netlink;
    Result<std::unique_ptr<SocketTable>> sockets = failure("");
    const bool this_host = options.proc.lexically_normal() == "/proc";
    // Beside the kernel's events the table is read by the best way there is.
    const bool best = options.method == AttributionMethod::automatic || options.method == AttributionMethod::ebpf;
    if (options.method == AttributionMethod::netlink || (best && this_host)) {
        sockets = open_netlink_sockets(netns);
        if (!sockets && options.method == AttributionMethod::netlink) return std::unexpected(sockets.error());
        if (!sockets) why_not_netlink = sockets.error().message;
    } else if (best) {
        why_not_netlink = fmt::format("sock_diag speaks of this host only, not of {}", options.proc.string());
    }
    const AttributionMethod method = sockets ? AttributionMethod::netlink : AttributionMethod::procfs;
    if (!sockets) sockets = open_procfs_sockets(options.proc, netns);
    if (!sockets) return std::unexpected(sockets.error());

    SocketSearch search(std::move(*sockets), std::move(*processes), method, netns);
    if (!why_not_netlink.empty())
        search.degrade("sock_diag",
                       fmt::format("{}. The socket tables are read from {} instead: new flows are found later, and "
                                   "whether an IPv6 socket takes IPv4 too is not known.",
                                   why_not_netlink, (options.proc / "net").string()));
    if (pid_namespace && *pid_namespace != initial_pid_namespace)
        search.degrade("other_pid_namespaces",
                       "this is not the host's process namespace: a socket that is held by a process outside of it "
                       "looks as if nobody held it. Run doorplate on the host, or the container with --pid=host.");
    if (search.processes_.hides_processes())
        search.degrade("hidden_processes",
                       fmt::format("{} is mounted with hidepid: processes of other users are not shown, so their "
                                   "sockets have no owner here. Add CAP_SYS_PTRACE, or run as root.",
                                   options.proc.string()));
    return search;
}

void SocketSearch::degrade(std::string what, std::string reason) {
    const bool known = std::ranges::any_of(degradations_, [&](const Degradation &d) { return d.what == what; });
    if (!known) degradations_.push_back({std::move(what), std::move(reason)});
}

// Of some processes the descriptors could not be read: what that means for the sockets without a holder.
void SocketSearch::mark_unreadable(SocketFacts &facts) {
    std::vector<std::string_view> missing;
    for (const Right right : {Right::sys_ptrace, Right::dac_read_search}) {
        if (has_right(right)) continue;
        facts.missing_rights.push_back(right);
        missing.push_back(right_token(right));
    }
    // setcap replaces all that was granted before, so the line has what capturing needs too.
    if (!missing.empty()) {
        for (SocketFact &fact : facts.sockets)
            if (is_unheld(fact)) fact.search = HolderSearch::no_permission;
        degrade("other_users_processes",
                fmt::format("cannot read which sockets the processes of other users hold: needs {} (reading others' "
                            "descriptors takes both CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH). Their sockets are shown "
                            "with the user, without the process. Try: sudo setcap "
                            "cap_net_raw,cap_sys_ptrace,cap_dac_read_search+ep \"$(command -v doorplate)\"",
                            fmt::join(missing, " and ")));
        return;
    }
    // With all rights there is still a process here and there that nobody may read. What is gone by now was more likely
    // a socket whose process ended than one of those.
    if (std::ranges::none_of(facts.sockets, is_unheld)) return;
    const auto later = sockets_->dump();
    std::unordered_set<std::uint64_t> still_there;
    if (later)
        for (const SocketRecord &socket : *later) still_there.insert(socket.inode);
    bool any = false;
    for (SocketFact &fact : facts.sockets) {
        if (!is_unheld(fact)) continue;
        const bool unreadable = !later || still_there.contains(fact.socket.inode);
        fact.search = unreadable ? HolderSearch::no_permission : HolderSearch::partial;
        any = any || unreadable;
    }
    if (any)
        degrade("unreadable_processes",
                "some sockets have no owner here because some processes cannot be read, although CAP_SYS_PTRACE and "
                "CAP_DAC_READ_SEARCH are there: they belong to another user namespace, or a security module (AppArmor, "
                "SELinux) forbids it. Those sockets are shown with the user, without the process.");
}

void SocketSearch::note_malformed() {
    if (sockets_->malformed() > 0)
        degrade("socket_table",
                "some rows of the kernel's socket table made no sense and were left out; the kernel may "
                "be newer than this version of doorplate");
}

Result<SocketFacts> SocketSearch::look(const GoOn &go_on) {
    SocketFacts facts;
    facts.whole_table = true;
    facts.netns = netns_;
    facts.begun = now();
    auto sockets = sockets_->dump();
    note_malformed();
    if (!sockets) return std::unexpected(sockets.error());
    facts.sockets.reserve(sockets->size());
    for (const SocketRecord &socket : *sockets) facts.sockets.push_back({socket, {}, HolderSearch::complete});

    Gathering gathering(facts, processes_);
    gathering.index({});
    bool denied = processes_.hides_processes();
    bool given_up = false;
    std::vector<std::int32_t> asked;
    for (int round = 0; round < most_rounds && (round == 0 || gathering.missing > 0); ++round) {
        const std::vector<std::int32_t> pids = processes_.pids();
        std::vector<std::int32_t> fresh;
        std::ranges::set_difference(pids, asked, std::back_inserter(fresh), std::greater{});
        if (round > 0 && fresh.empty()) break;
        for (const std::int32_t pid : fresh) {
            if (!go_on()) return failure("the look at the socket table was given up");
            const ProcessDescriptors read = processes_.read_descriptors(pid, go_on);
            denied = denied || read.outcome == DescriptorsRead::denied;
            given_up = given_up || read.outcome == DescriptorsRead::given_up;
            gathering.add(read);
        }
        asked.insert(asked.end(), fresh.begin(), fresh.end());
        std::ranges::sort(asked, std::greater{});
    }
    if (denied)
        mark_unreadable(facts);
    else if (given_up)
        for (SocketFact &fact : facts.sockets)
            if (is_unheld(fact)) fact.search = HolderSearch::partial;
    gathering.finish();
    std::ranges::sort(asked);
    known_pids_ = std::move(asked);
    remember(facts);
    return facts;
}

void SocketSearch::remember(const SocketFacts &facts) {
    if (holders_by_inode_.size() > most_remembered) holders_by_inode_.clear();
    if (facts.whole_table) {
        without_holder_.clear();
        listeners_by_port_.clear();
    }
    for (const SocketFact &fact : facts.sockets) {
        const std::uint64_t inode = fact.socket.inode;
        if (inode == 0) continue;
        if (fact.holders.empty()) {
            if (facts.whole_table) without_holder_.emplace(inode, fact.search);
            continue;
        }
        if (facts.whole_table || holders_by_inode_.size() < most_remembered)
            holders_by_inode_.insert_or_assign(inode, Remembered{fact.socket.cookie, fact.holders});
        if (facts.whole_table && fact.socket.state == SocketState::listen)
            for (const Holder &holder : fact.holders)
                listeners_by_port_[fact.socket.local.port].push_back(holder.process.pid);
        if (facts.whole_table) continue;
        for (const Holder &holder : fact.holders) {
            std::erase(recent_owners_, holder.process.pid);
            recent_owners_.push_front(holder.process.pid);
        }
        while (recent_owners_.size() > most_recent_owners) recent_owners_.pop_back();
    }
}

std::vector<Holder> SocketSearch::remembered_holders(const SocketRecord &socket) const {
    const auto entry = holders_by_inode_.find(socket.inode);
    if (entry == holders_by_inode_.end()) return {};
    const Remembered &remembered = entry->second;
    // Inode numbers are reused, cookies are not.
    if (remembered.cookie != 0 && socket.cookie != 0 && remembered.cookie != socket.cookie) return {};
    std::vector<Holder> holders;
    for (const Holder &holder :
         std::span(remembered.holders).first(std::min(remembered.holders.size(), most_checked_holders)))
        if (processes_.still_holds(holder, socket.inode)) holders.push_back(holder);
    return holders;
}

std::vector<std::int32_t> SocketSearch::likely_pids(std::span<const SocketFact> wanted) const {
    std::vector<std::int32_t> likely;
    const auto add = [&likely](std::int32_t pid) {
        if (std::ranges::find(likely, pid) == likely.end()) likely.push_back(pid);
    };
    // Short-lived processes first: the others will wait.
    const std::vector<std::int32_t> pids = processes_.pids();
    std::ranges::copy_if(pids, std::back_inserter(likely),
                         [this](std::int32_t pid) { return !std::ranges::binary_search(known_pids_, pid); });
    for (const SocketFact &fact : wanted) {
        if (!fact.holders.empty()) continue;
        const auto listeners = listeners_by_port_.find(fact.socket.local.port);
        if (listeners != listeners_by_port_.end()) std::ranges::for_each(listeners->second, add);
    }
    std::ranges::for_each(recent_owners_, add);
    return likely;
}

SocketSearch::Answer SocketSearch::answer(std::span<const SocketTuple> tuples) {
    Answer answer;
    SocketFacts &facts = answer.facts;
    facts.begun = now();
    std::vector<SocketRecord> records;
    for (const SocketTuple &tuple : tuples) {
        auto found = sockets_->find(tuple);
        if (!found) degrade("look_up", found.error().message);
        if (!found) continue;
        if (std::ranges::any_of(*found, is_not_accepted_yet)) answer.ask_again.push_back(tuple);
        records.insert(records.end(), found->begin(), found->end());
    }
    note_malformed();
    sort_sockets(records);

    Gathering gathering(facts, processes_);
    for (const SocketRecord &socket : records) {
        SocketFact fact{socket, {}, HolderSearch::partial};
        if (socket.inode != 0) fact.holders = remembered_holders(socket);
        const auto unheld = without_holder_.find(socket.inode);
        if (fact.holders.empty() && unheld != without_holder_.end() && unheld->second == HolderSearch::no_permission)
            fact.search = HolderSearch::no_permission;
        gathering.name(fact.holders);
        facts.sockets.push_back(std::move(fact));
    }
    gathering.index(without_holder_);
    if (gathering.missing > 0) {
        const Duration begun = time_worked();
        const GoOn go_on = [begun] { return time_worked() - begun < quick; };
        for (const std::int32_t pid : likely_pids(facts.sockets)) {
            if (gathering.missing == 0 || !go_on()) break;
            gathering.add(processes_.read_descriptors(pid, go_on));
        }
    }
    gathering.finish();
    answer.holder_missing = gathering.missing > 0;
    remember(facts);
    return answer;
}

} // namespace doorplate
