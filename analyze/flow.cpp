#include "analyze/flow.h"

#include <utility>

#include "analyze/tcp_state.h"

namespace doorplate {
namespace {

template <typename T> void swap_sides(PerSide<T> &sides) { std::swap(sides.initiator, sides.responder); }

} // namespace

void TcpSummary::flip() {
    swap_sides(facts);
    swap_sides(end_states);
    flip_tcp_history(history);
    state = tcp_state(*this);
}

void Flow::flip() {
    swap_sides(ends);
    swap_sides(traffic);
    if (tcp) tcp->flip();
}

} // namespace doorplate
