#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "capture/packet.h"
#include "capture/packet_source.h"

namespace doorplate {

// A record or block longer than this is damage: no writer makes one, and what a file says of itself is not to be
// trusted with memory.
inline constexpr std::uint32_t max_record_bytes = 64U << 20;

// What a search for sound records behind damage is shown at once, at least: enough to come to a decision about its
// first byte.
inline constexpr std::size_t search_bytes = std::size_t{4} << 20;

// What a reader made of the bytes it was shown. If neither `needed` nor `damage` is set, the room was full.
struct Parsed {
    // Written to the front of the room. Their bytes are views of the bytes shown.
    std::size_t packets = 0;
    // Bytes at the front that are done with.
    std::size_t consumed = 0;
    // If not 0: how many bytes behind `consumed` must be there before anything more can be said.
    std::size_t needed = 0;
    // If not empty: what is wrong with the record behind `consumed`.
    std::string damage;
    // With damage: how long the damaged record certainly is, so that reading goes on behind it. 0 if nobody knows where
    // the next one begins: then search() has to find it.
    std::size_t damaged_bytes = 0;
};

struct Searched {
    // Bytes at the front where no record begins.
    std::size_t passed = 0;
    // Behind them one begins; if not, more has to be shown.
    bool found = false;
};

// A savefile format: bytes in, packets out. It owns no bytes and opens nothing, so whoever has the bytes (a buffer
// that a pipe is read into, a mapped file, a fuzzer) shows what there is, keeps what was not consumed, and shows it
// again with more behind it; `complete` if there is no more. What comes out does not depend on the pieces.
class SavefileReader {
  public:
    SavefileReader() = default;
    SavefileReader(const SavefileReader &) = delete;
    SavefileReader &operator=(const SavefileReader &) = delete;
    virtual ~SavefileReader() = default;

    // Stops in front of the first packet that has no room, having consumed all that is in front of it; so an empty
    // room reads the headers alone.
    [[nodiscard]] virtual Parsed parse(Bytes bytes, bool complete, std::span<Packet> room) = 0;

    // Looks for the first place where records begin that are so well supported that they are no guess;
    // capture/README.md has the rule. The next parse() begins there.
    [[nodiscard]] virtual Searched search(Bytes bytes, bool complete) = 0;

    // As far as they have been consumed.
    [[nodiscard]] virtual const std::vector<CaptureInterface> &interfaces() const = 0;

    // What the file says was lost, and packets whose time had to be clamped.
    [[nodiscard]] virtual CaptureStats stats() const = 0;
};

} // namespace doorplate
