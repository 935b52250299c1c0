#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

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

// Where a packet is, besides what its headers say: as in FlowKey.
struct FragmentPlace {
    std::uint8_t level = 0;
    std::uint32_t context = 0;

    friend auto operator<=>(const FragmentPlace &, const FragmentPlace &) = default;
};

// What the fragments of one packet have in common. RFC 791 section 3.2, RFC 8200 section 4.5 (where the protocol is not
// a part of it, but does no harm).
struct FragmentKey {
    IpAddress source;
    IpAddress destination;
    Transport transport = Transport::udp;
    std::uint32_t identification = 0;
    FragmentPlace place;

    friend auto operator<=>(const FragmentKey &, const FragmentKey &) = default;
};
[[nodiscard]] FragmentKey fragment_key(const Dissection &fragment, FragmentPlace place);

// Only the first fragment of a packet has its ports; this knows which flow the others belong to. It keeps no bytes and
// puts nothing together: fragments in front of the first one are held as counters, and given to its flow when it comes.
// Bounded in number and in packet time, and in what it remembers of one packet.
class FragmentTable {
  public:
    static constexpr std::size_t max_packets = 8192;
    // Linux's ip_frag_time. Longer, and the 16-bit identification of IPv4 may come round.
    static constexpr Duration timeout = std::chrono::seconds(30);
    // More than the 64 KiB of a packet need in frames of 1280 bytes. Those beyond are not looked at for overlaps.
    static constexpr std::size_t max_parts = 64;

    // Whose the packet's fragments are.
    struct Owner {
        FlowKey key;
        bool from_low = false;
    };

    // The first fragment, whose flow is known. Returns what came before it.
    std::optional<FragmentTraffic> first(const Dissection &dissection, const Owner &owner, Timestamp now);

    // Another fragment: whose it is, if its first fragment was there; else it is held.
    std::optional<Owner> further(const Dissection &dissection, FragmentPlace place, const TrafficCounters &counted,
                                 Timestamp time, Timestamp now);

    // Forgets what is too old. Time never goes back.
    void advance(Timestamp now);
    void clear();
    [[nodiscard]] bool empty() const { return entries_.empty(); }

    // Fragments that were forgotten without an owner.
    [[nodiscard]] std::uint64_t orphans() const { return orphans_; }
    // Fragments with bytes that another one had, other than the same fragment again (RFC 8200 section 4.5, RFC 5722).
    [[nodiscard]] std::uint64_t overlapping() const { return overlapping_; }
    // Fragments of packets of which a part was still missing when their time was over.
    [[nodiscard]] std::uint64_t timed_out() const { return timed_out_; }

  private:
    struct Part {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        bool is_last = false;

        friend bool operator==(const Part &, const Part &) = default;
    };
    struct Entry {
        Timestamp since;
        std::vector<Part> parts; // each once
        std::uint64_t fragments = 0;
        std::optional<Owner> owner;
        std::optional<FragmentTraffic> held;
        std::list<FragmentKey>::iterator age;
    };
    // A map, because its cost does not depend on what a sender chooses.
    using Entries = std::map<FragmentKey, Entry>;

    Entry &find_or_make(const FragmentKey &key, Timestamp now);
    void note(Entry &entry, const FragmentFields &fragment);
    static bool is_complete(const Entry &entry);
    void forget(Entries::iterator entry);

    Entries entries_;
    std::list<FragmentKey> by_age_; // oldest first
    std::uint64_t orphans_ = 0;
    std::uint64_t overlapping_ = 0;
    std::uint64_t timed_out_ = 0;
};

} // namespace doorplate
