#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "analyze/dissection.h"
#include "analyze/packed_key.h"
#include "capture/packet.h"
#include "capture/packet_source.h"

namespace doorplate {

// Packets on their way to the flow table, with all that can be said of each alone. Used again and again.
class DissectedBatch {
  public:
    void clear() {
        packets_.clear();
        keys_.clear();
    }

    // Views of `packets`.
    void add(std::span<const Packet> packets) { packets_.insert(packets_.end(), packets.begin(), packets.end()); }
    void dissect_all(DissectOptions options);
    // Forgets the others.
    void keep_first(std::size_t count) { packets_.resize(std::min(count, packets_.size())); }

    [[nodiscard]] std::span<const Packet> packets() const { return packets_; }
    [[nodiscard]] std::size_t size() const { return packets_.size(); }
    [[nodiscard]] std::span<const Dissection> levels(std::size_t packet) const { return dissected_[packet].all(); }
    // A key for each level of each packet, in order.
    [[nodiscard]] std::span<const PackedKey> keys() const { return keys_; }

  private:
    std::vector<Packet> packets_;
    std::vector<DissectedPacket> dissected_; // at least as many; the rest is left from before
    std::vector<PackedKey> keys_;
};

} // namespace doorplate
