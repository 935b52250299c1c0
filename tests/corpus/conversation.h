#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "analyze/observation.h"
#include "tests/corpus/corpus.h"

namespace doorplate {

// All flows of one five-tuple at one depth of tunnels: ports are used again, and flows time out.
struct ConversationKey {
    unsigned depth = 1;    // IP headers above the transport's: 1 is the outermost
    std::string transport; // tcp, udp (UDP-Lite included), sctp, dccp
    Endpoint low;
    Endpoint high;

    // "1 tcp 192.0.2.1:5 198.51.100.2:80"
    [[nodiscard]] std::string to_string() const;
    friend auto operator<=>(const ConversationKey &, const ConversationKey &) = default;
};

struct SentByEnd {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0; // of the frames
    // How much of that may be left out: frames whose transport header is cut or malformed behind the ports; and, inside
    // a tunnel, further fragments of the outer packet, which are packets of the outer flow only.
    std::uint64_t optional_frames = 0;
    std::uint64_t optional_bytes = 0;
};

struct Conversation {
    std::map<Endpoint, SentByEnd> sent; // one entry if a host talks to itself from the same port
    // Absent where nobody can be sure.
    std::optional<Endpoint> initiator;
};

using Conversations = std::map<ConversationKey, Conversation>;

// The table that tshark's dissection gave: every fragment counts in its flow.
[[nodiscard]] Conversations expected_conversations(const std::string &capture);
// What doorplate finds.
[[nodiscard]] Conversations observed_conversations(const std::string &capture);

// How an observed conversation differs from the expected one: "frames", "bytes", "initiator"; empty if it does not.
[[nodiscard]] std::string difference(const Conversation &expected, const Conversation &observed);

// Nothing but frames that may be left out.
[[nodiscard]] bool may_be_missing(const Conversation &expected);

} // namespace doorplate
