#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "analyze/dissection.h"
#include "analyze/fragments.h"
#include "capture/packet.h"
#include "capture/timestamp.h"

namespace doorplate {

// Puts the fragments of IP packets together that carry other packets: those inside are in no flow until all of the
// outer one is there, as Zeek has it. All other fragments are only counted, by FragmentTable; they cost nothing here
// but a mark, and a copy if they come before their first one.
//
// Bounded in packets, bytes and packet time. What overlaps is given up (RFC 5722), and so is what does not become
// whole.
class Reassembly {
  public:
    static constexpr std::size_t max_packets = 1024;
    static constexpr std::size_t max_bytes = std::size_t{8} << 20;
    static constexpr std::size_t max_parts = 64;

    // A raw IP packet.
    struct Whole {
        std::vector<std::uint8_t> bytes;
        // More than there are bytes if the snapshot length cut a fragment: then these end there.
        std::uint32_t length = 0;
        // The flow of its fragments, or 0 if they are in none.
        std::uint64_t flow_id = 0;
    };

    // `carries` says of a first fragment whether a packet is, or may be, inside. Returns the packet if it is the last
    // one that was missing.
    std::optional<Whole> add(const Dissection &fragment, FragmentPlace place, bool carries, std::uint64_t flow_id,
                             Timestamp now);
    // Gives up what is too old. Time never goes back.
    void advance(Timestamp now);
    void give_up_all();

    [[nodiscard]] bool empty() const { return entries_.empty(); }
    // Packets that carry others and were given up.
    [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

  private:
    struct Part {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        bool is_last = false;
        std::vector<std::uint8_t> bytes; // as far as they were captured
    };
    enum class Kind : std::uint8_t { unknown, carries, ignored };
    struct Entry {
        Timestamp since;
        Kind kind = Kind::unknown; // until the first fragment comes
        std::vector<Part> parts;   // sorted, apart from each other
        // Of the first fragment's bytes, when all were there: it may be sent again.
        std::optional<std::size_t> done;
        std::uint64_t flow_id = 0;
        std::list<FragmentKey>::iterator age;
    };
    // A map, because its cost does not depend on what a sender chooses.
    using Entries = std::map<FragmentKey, Entry>;

    Entry &find_or_make(const FragmentKey &key, Timestamp now);
    void begin(Entry &entry, bool carries, std::uint64_t flow_id, Timestamp now);
    [[nodiscard]] static bool is_complete(const Entry &entry);
    [[nodiscard]] static Whole build(const FragmentKey &key, const Entry &entry);
    // What is still to come of this packet is ignored.
    void give_up(Entry &entry);
    void drop_parts(Entry &entry);
    void forget(Entries::iterator entry);

    Entries entries_;
    std::list<FragmentKey> by_age_; // oldest first
    std::size_t bytes_ = 0;
    std::uint64_t given_up_ = 0;
};

} // namespace doorplate
