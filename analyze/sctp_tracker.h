#pragma once

#include <cstdint>
#include <vector>

#include "analyze/dissect/sctp_chunks.h"
#include "analyze/flow.h"

namespace doorplate {

// Follows the association of one flow (RFC 9260).
//
// A packet does something only if its verification tag is one that its receiver gave out in a handshake, as for the
// receiver itself (section 8.5): an ABORT of somebody who guesses ends nothing. Where no handshake was seen, any tag
// will do.
class SctpTracker {
  public:
    explicit SctpTracker(const PerSide<Endpoint> &ends) : own_{ends.initiator.address, ends.responder.address} {}

    // `packet.sctp` is there.
    void add(Side from, const Dissection &packet);

    [[nodiscard]] bool is_over() const {
        return summary_.state == SctpState::closed || summary_.state == SctpState::aborted;
    }
    [[nodiscard]] const SctpSummary &summary() const { return summary_; }
    [[nodiscard]] PerSide<std::optional<std::uint32_t>> tags() const {
        return {summary_.facts.initiator.tag, summary_.facts.responder.tag};
    }
    // The end's tag was seen in a handshake, and so were the addresses that it announced.
    [[nodiscard]] bool has_introduced_itself(Side side) const { return !given_out_[side].empty(); }
    void set_other_path(std::uint64_t flow_id) { summary_.other_path_id = flow_id; }

    // The flow was cut into pieces; what is counted from now on belongs to the next one.
    void restart_counts();

  private:
    [[nodiscard]] bool is_meant_for_receiver(Side from, const Dissection &packet) const;
    void count(Side from, SctpChunk kind);
    void follow(Side from, const SctpChunkBytes &chunk);
    void introduce(Side side, LayerBytes init);
    void note_parameters(Side side, LayerBytes parameters, int depth);
    void note_address(Side side, const IpAddress &address);
    void note_payload_protocol(const SctpChunkBytes &chunk);

    SctpSummary summary_;
    PerSide<IpAddress> own_;
    // Tags of the end's INITs and INIT ACKs, no more than most_tags. A retransmitted INIT may well be answered with
    // another one each time.
    PerSide<std::vector<std::uint32_t>> given_out_;
    // One did not fit: from now on any tag will do.
    PerSide<bool> gave_out_more_;
};

} // namespace doorplate
