#pragma once

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "capture/sockets/process_table.h"
#include "capture/sockets/socket_provider.h"
#include "capture/sockets/socket_table.h"

namespace doorplate {

// Joins the socket table with the process table: which sockets are there, and who has them. For one thread, except that
// look() may be interrupted by answer() from within its `go_on`.
class SocketSearch {
  public:
    [[nodiscard]] static Result<SocketSearch> open(const SocketOptions &options);

    // The whole table and all processes. Fails if the table cannot be read or `go_on` says no.
    [[nodiscard]] Result<SocketFacts> look(const GoOn &go_on);

    struct Answer {
        SocketFacts facts;
        // A socket's holder was not found quickly: a look at everything would help.
        bool holder_missing = false;
        // Found, but only as a listener, or not accepted yet: ask again soon.
        std::vector<SocketTuple> ask_again;
    };
    // These sockets only, and their holders where they are likely to be: where they were, in new processes, in those
    // that listen on the port, in those that were found lately. Takes some milliseconds at most for each call.
    [[nodiscard]] Answer answer(std::span<const SocketTuple> tuples);

    // netlink or procfs.
    [[nodiscard]] AttributionMethod method() const { return method_; }

    // What is weaker than it could be, so far. Grows.
    void degrade(std::string what, std::string reason);
    [[nodiscard]] const std::vector<Degradation> &degradations() const { return degradations_; }

  private:
    struct Remembered {
        std::uint64_t cookie = 0;
        std::vector<Holder> holders;
    };
    struct Gathering;

    SocketSearch(std::unique_ptr<SocketTable> sockets, ProcessTable processes, AttributionMethod method,
                 std::uint64_t netns);

    void mark_unreadable(SocketFacts &facts);
    void note_malformed();
    void remember(const SocketFacts &facts);
    [[nodiscard]] std::vector<Holder> remembered_holders(const SocketRecord &socket) const;
    [[nodiscard]] std::vector<std::int32_t> likely_pids(std::span<const SocketFact> wanted) const;

    std::unique_ptr<SocketTable> sockets_;
    ProcessTable processes_;
    AttributionMethod method_;
    std::uint64_t netns_;
    std::vector<Degradation> degradations_;

    // All of what follows is a hint and checked before it is believed.
    std::unordered_map<std::uint64_t, Remembered> holders_by_inode_;
    std::unordered_map<std::uint16_t, std::vector<std::int32_t>> listeners_by_port_;
    // Inodes whose holder was not found when everybody was asked, and what kept us from it.
    std::unordered_map<std::uint64_t, HolderSearch> without_holder_;
    // The processes of the last whole look, sorted.
    std::vector<std::int32_t> known_pids_;
    // Latest first.
    std::deque<std::int32_t> recent_owners_;
};

} // namespace doorplate
