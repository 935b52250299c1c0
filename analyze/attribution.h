#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/privileges.h"
#include "capture/sockets/process.h"

namespace doorplate {

// How we know who is behind an endpoint. The words are in DESIGN's table; best first.
enum class MatchQuality : std::uint8_t {
    event,    // the kernel told us at the moment of connect, accept or send
    exact,    // the socket table has this exact five-tuple
    listener, // a listening socket on this local endpoint; the accepted one not seen
    bound,    // an unconnected socket bound to this local endpoint
    wildcard, // as the two above, bound to the wildcard address
    recorded, // read from the capture file
};

enum class UnknownReason : std::uint8_t {
    no_socket_facts, // a bare capture file, or --attribution=none
    not_local,       // the address is not this host's
    forwarded,       // passed through this host, no socket here
    exited,          // the socket or its process was gone before it could be read
    no_permission,   // the socket is seen, its holder cannot be read
    other_namespace, // the socket lives in a network namespace that we could not enter
    kernel_socket,   // the kernel itself holds it
    raw_socket,      // sent through a raw or packet socket
    ambiguous,       // candidates disagree; all are listed
};

struct Thread {
    std::int32_t id = 0;
    // What it called itself at that moment: any bytes.
    std::string name;
};

// Who is behind one end of a flow: always a value. Either `match` with at least one holder, or `unknown`.
struct Attribution {
    // All that hold the socket, the likeliest first; for `ambiguous` the candidates.
    std::vector<std::shared_ptr<const Process>> holders;
    std::optional<MatchQuality> match;
    // The thread of the likeliest holder, if the kernel told.
    std::optional<Thread> thread;
    // Another process than the likeliest holder: whose listener the connection came in through.
    std::shared_ptr<const Process> accepted_by;
    std::optional<UnknownReason> unknown;
    // With no_permission: the rights that would have told.
    std::vector<Right> missing_rights;
    // The socket's owner as the kernel has it, which is seen even if the process is not.
    std::optional<std::uint32_t> socket_uid;

    [[nodiscard]] bool known() const { return match.has_value(); }
};

} // namespace doorplate
