#include "analyze/tcp_state.h"

namespace doorplate {
namespace {

// The pattern ^?S[^HAFGIQ]*R.* of Zeek's script: after its SYN the initiator did nothing that counts but reset.
bool is_reset_attempt(std::string_view history) {
    if (history.starts_with('^')) history.remove_prefix(1);
    if (!history.starts_with('S')) return false;
    const std::size_t reset = history.find('R');
    return reset != std::string_view::npos &&
           history.substr(0, reset).find_first_of("HAFGIQ") == std::string_view::npos;
}

bool is_silent(TcpEndState state) { return state == TcpEndState::inactive || state == TcpEndState::partial; }

} // namespace

std::string_view tcp_state(const TcpSummary &tcp) {
    using enum TcpEndState;
    const TcpEndState initiator = tcp.end_states.initiator;
    const TcpEndState responder = tcp.end_states.responder;
    if (responder == reset) {
        const bool nothing_sent = tcp.facts.initiator.stream_bytes == 0 && tcp.facts.responder.stream_bytes == 0;
        if (initiator == syn_sent || initiator == syn_ack_sent || (initiator == reset && nothing_sent)) return "REJ";
        return is_silent(initiator) ? "RSTRH" : "RSTR";
    }
    if (initiator == reset) {
        if (!is_silent(responder)) return "RSTO";
        return is_reset_attempt(tcp.history) ? "RSTOS0" : "OTH";
    }
    if (initiator == closed && responder == closed) return "SF";
    if (initiator == closed) return is_silent(responder) ? "SH" : "S2";
    if (responder == closed) return is_silent(initiator) ? "SHR" : "S3";
    if (initiator == syn_sent && responder == inactive) return "S0";
    if (initiator == established && responder == established) return "S1";
    return "OTH";
}

void flip_history(std::string &history) {
    for (char &letter : history) {
        if (letter >= 'a' && letter <= 'z') {
            letter = static_cast<char>(letter - 'a' + 'A');
        } else if (letter >= 'A' && letter <= 'Z') {
            letter = static_cast<char>(letter - 'A' + 'a');
        }
    }
    if (history.starts_with('^')) {
        history.erase(0, 1);
    } else {
        history.insert(0, 1, '^');
    }
}

} // namespace doorplate
