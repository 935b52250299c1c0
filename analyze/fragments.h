#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>

#include "analyze/dissection.h"
#include "analyze/flow.h"
#include "analyze/flow_key.h"
#include "capture/address.h"
#include "capture/timestamp.h"

namespace doorplate {

// Traffic of fragments, counted and in time.
struct FragmentTraffic {
    TrafficCounters traffic;
    Timestamp first;
    Timestamp last;
};

// Only the first fragment of a packet has its ports; this knows which flow the others belong to. It keeps no bytes and
// puts nothing together: fragments in front of the first one are held as counters, and given to its flow when it comes.
// Bounded in number and in packet time.
class FragmentTable {
  public:
    static constexpr std::size_t max_packets = 8192;
    // Linux's ip_frag_time. Longer, and the 16-bit identification of IPv4 may come round.
    static constexpr Duration timeout = std::chrono::seconds(30);

    // Whose the packet's fragments are.
    struct Owner {
        FlowKey key;
        bool from_low = false;
    };

    // The first fragment, whose flow is known. Returns what came before it.
    std::optional<FragmentTraffic> first(const Dissection &dissection, const Owner &owner, Timestamp now);

    // Another fragment: whose it is, if its first fragment was there; else it is held.
    std::optional<Owner> further(const Dissection &dissection, const TrafficCounters &counted, Timestamp time,
                                 Timestamp now);

    // Forgets what is too old. Time never goes back.
    void advance(Timestamp now);
    void clear();

    // Fragments that were forgotten without an owner.
    [[nodiscard]] std::uint64_t orphans() const { return orphans_; }

  private:
    // RFC 791 section 3.2, RFC 8200 section 4.5 (where the protocol is not a part of it, but does no harm).
    struct Key {
        IpAddress source;
        IpAddress destination;
        Transport transport = Transport::udp;
        std::uint32_t identification = 0;

        friend auto operator<=>(const Key &, const Key &) = default;
    };
    struct Entry {
        Timestamp since;
        std::optional<Owner> owner;
        std::optional<FragmentTraffic> held;
        std::list<Key>::iterator age;
    };
    // A map, because its cost does not depend on what a sender chooses.
    using Entries = std::map<Key, Entry>;

    static Key key_of(const Dissection &dissection);
    Entry &find_or_make(const Key &key, Timestamp now);
    void forget(Entries::iterator entry);

    Entries entries_;
    std::list<Key> by_age_; // oldest first
    std::uint64_t orphans_ = 0;
};

} // namespace doorplate
