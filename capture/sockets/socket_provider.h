#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "capture/host_facts.h"
#include "capture/privileges.h"
#include "capture/result.h"
#include "capture/sockets/process.h"
#include "capture/sockets/socket_event.h"
#include "capture/sockets/socket_record.h"

namespace doorplate {

// Why a better way was not taken, or something was not seen. Never silent: it is part of every report.
struct Degradation {
    // What is weaker, as a token: "sock_diag", "other_users_processes", "attribution".
    std::string what;
    // In words: the reason, what it costs, and what would cure it.
    std::string reason;

    friend bool operator==(const Degradation &, const Degradation &) = default;
};

// Whether everybody who might hold a socket could be asked.
enum class HolderSearch : std::uint8_t {
    // Every process's descriptors were read: no holder means that there was none at that time.
    complete,
    // Some processes could not be read; SocketFacts::missing_rights says for want of what.
    no_permission,
    // Not searched to the end (a quick look for a new flow); a later fact will tell.
    partial,
};

// A socket and who had it, as seen at one moment.
struct SocketFact {
    SocketRecord socket;
    std::vector<Holder> holders; // sorted
    HolderSearch search = HolderSearch::complete;
};

// What one look at the host brought, or what the kernel told since the last time.
struct SocketFacts {
    // When the look began and ended, on the wall clock. A socket in `sockets` existed at some moment in between.
    Timestamp begun;
    Timestamp ended;
    // True: every socket of the namespace is here, so one that is missing did not exist at `begun` or was closed since.
    // False: the answer to a look-up, which says nothing of other sockets.
    bool whole_table = false;
    // Of a whole table: the namespace that was looked at.
    std::uint64_t netns = 0;
    std::vector<SocketFact> sockets;
    // In the order of time, except for those of kind held. They come without `sockets`.
    std::vector<SocketEvent> events;
    // With HolderSearch::no_permission: the rights that this look lacked. None: it had all there are, and something
    // else forbade it (another user namespace, a security module).
    std::vector<Right> missing_rights;
    // All processes named as holders, each with what could be read of it.
    std::vector<Process> processes;
};

enum class AttributionMethod { automatic, ebpf, netlink, procfs, none };

struct SocketOptions {
    AttributionMethod method = AttributionMethod::automatic;
    // The root of a proc file system.
    std::filesystem::path proc = "/proc";
    // Between two looks at the whole table. A look that takes long makes the next one wait longer.
    Duration poll_interval = std::chrono::milliseconds(500);
};

// One look at the whole socket table and its holders, now, on the calling thread. For `ports` and `who`.
struct SocketSnapshot {
    SocketFacts facts;
    HostFacts host;
    std::vector<Degradation> degradations;
};
[[nodiscard]] Result<SocketSnapshot> take_socket_snapshot(const SocketOptions &options);

// Gathers socket facts beside the packet path, on a thread of its own.
class SocketProvider {
  public:
    SocketProvider() = default;
    SocketProvider(const SocketProvider &) = delete;
    SocketProvider &operator=(const SocketProvider &) = delete;
    virtual ~SocketProvider() = default;

    // Facts that have come in since the last call, oldest first. Never waits.
    [[nodiscard]] virtual std::vector<SocketFacts> drain() = 0;

    // Asks for the sockets with this tuple as soon as possible; what is found comes out of drain(). Never waits. When
    // too many questions are open the oldest is forgotten, and the next look at the whole table has to do.
    virtual void look_up(Transport transport, const Endpoint &local, const Endpoint &remote) = 0;

    // Waits until a look at the whole table that begun after this call is in drain(). Used at start and at the end.
    virtual void refresh() = 0;

    // How owners are found; never `automatic`.
    [[nodiscard]] virtual AttributionMethod method() const = 0;

    // The text of each is complete.
    [[nodiscard]] virtual std::vector<Degradation> degradations() const = 0;
};

class KernelEvents;

// What a provider needs that takes rights which are given up later.
struct SocketPreparation {
    SocketPreparation();
    SocketPreparation(SocketPreparation &&) noexcept;
    SocketPreparation &operator=(SocketPreparation &&) noexcept;
    ~SocketPreparation();

    // Absent if the method does without, or `automatic` has to.
    std::unique_ptr<KernelEvents> events;
    std::vector<Degradation> degradations;
};

// Loads the programs that make the kernel tell of its sockets (eBPF), unless the method is one that does without. Fails
// if they were asked for by name and are not possible here; `automatic` takes the best there is and says what it could
// not take. AttributionMethod::none breaks a promise, here and below: there is nothing to open then.
[[nodiscard]] Result<SocketPreparation> prepare_socket_provider(const SocketOptions &options);

// Starts gathering, on threads that have the rights which this one has now. Fails if the method is not possible here.
[[nodiscard]] Result<std::unique_ptr<SocketProvider>> open_socket_provider(const SocketOptions &options,
                                                                           SocketPreparation preparation);
// Both in one.
[[nodiscard]] Result<std::unique_ptr<SocketProvider>> open_socket_provider(const SocketOptions &options);

} // namespace doorplate
