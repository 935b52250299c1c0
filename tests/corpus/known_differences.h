#pragma once

#include <map>
#include <string>

namespace doorplate {

// A conversation in a capture: "links/ppp.pcap 1 tcp 192.0.2.1:5 198.51.100.2:80".
using ConversationName = std::string;

struct KnownDifference {
    std::string what;   // missing, extra, frames, bytes, initiator
    std::string reason; // a heading of docs/correctness.md
};

// Differences between what we find and what is expected that have been looked into, from differences.tsv.
[[nodiscard]] std::map<ConversationName, KnownDifference> known_differences();

} // namespace doorplate
