#include "analyze/flow.h"

#include <algorithm>
#include <utility>

#include "analyze/tcp_state.h"
#include "analyze/udp_history.h"

namespace doorplate {
namespace {

template <typename T> void swap_sides(PerSide<T> &sides) { std::swap(sides.initiator, sides.responder); }

} // namespace

void TcpSummary::flip() {
    swap_sides(facts);
    swap_sides(end_states);
    flip_history(history);
    state = tcp_state(*this);
}

void UdpSummary::flip() {
    flip_history(history);
    state = udp_state(history);
}

std::uint64_t SctpEndFacts::count(SctpChunk chunk) const {
    const auto found = std::ranges::find(chunks, chunk, &SctpChunkCount::chunk);
    return found == chunks.end() ? 0 : found->count;
}

bool SctpSummary::is_multihomed() const {
    return other_path_id || !facts.initiator.addresses.empty() || !facts.responder.addresses.empty();
}

void SctpSummary::flip() { swap_sides(facts); }

void Flow::flip() {
    swap_sides(ends);
    swap_sides(traffic);
    if (tcp) tcp->flip();
    if (udp) udp->flip();
    if (sctp) sctp->flip();
    if (channel) swap_sides(channel->negotiated);
}

} // namespace doorplate
