#include "analyze/flow.h"

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

void Flow::flip() {
    swap_sides(ends);
    swap_sides(traffic);
    if (tcp) tcp->flip();
    if (udp) udp->flip();
}

} // namespace doorplate
