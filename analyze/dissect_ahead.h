#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "analyze/dissected_batch.h"
#include "capture/packet_source.h"

namespace doorplate {

// What was read and dissected beside the thread that owns the flow table.
struct ReadAhead {
    std::vector<Packet> packets;
    // Theirs.
    DissectedBatch batch;
    // The source's, if there are more than the batch before had.
    std::optional<std::vector<CaptureInterface>> interfaces;
    std::optional<Error> error;
    bool at_end = false;
};

// Reads a source and dissects its packets in threads of its own (--jobs). One reads at a time, so the packets come out
// in their order, whatever the threads do; the rest of the work is the same as without them. While it lives the source
// is its own. Signals reach the readers only, so that whoever waits for a pipe wakes up; next() then returns what there
// is.
class DissectAhead {
  public:
    // Stops at the source's end, or after `limit` packets.
    DissectAhead(PacketSource &source, DissectOptions options, unsigned threads,
                 std::optional<std::uint64_t> limit = std::nullopt);
    ~DissectAhead();

    // Waits for it. Valid until the next call. Nothing comes after an end or an error.
    [[nodiscard]] ReadAhead &next();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace doorplate
