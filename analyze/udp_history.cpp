#include "analyze/udp_history.h"

namespace doorplate {
namespace {

constexpr std::string_view letters = "?DdCc"; // by number; 0 is none
constexpr unsigned bits = 3;
constexpr std::uint32_t mask = 7;
constexpr unsigned most_bad_checksums = 6;

} // namespace

unsigned UdpHistory::size() const {
    unsigned count = 0;
    while (count < most_bad_checksums + 2 && (packed_ >> bits * count & mask) != 0) ++count;
    return count;
}

void UdpHistory::append(std::uint32_t letter) { packed_ |= letter << bits * size(); }

void UdpHistory::begin(Side from, std::uint32_t mark) {
    append(static_cast<std::uint32_t>(letters.find(from == Side::initiator ? 'D' : 'd')));
    packed_ |= mark;
}

void UdpHistory::note_bad_checksum(Side from, std::uint64_t count) {
    while (count % 10 == 0 && count > 0) count /= 10;
    const unsigned reserved = ((packed_ & initiator_seen) != 0 ? 1U : 0U) + ((packed_ & responder_seen) != 0 ? 1U : 0U);
    if (count != 1 || size() - reserved == most_bad_checksums) return;
    append(static_cast<std::uint32_t>(letters.find(from == Side::initiator ? 'C' : 'c')));
}

std::string UdpHistory::text() const {
    std::string text;
    for (unsigned i = 0; i < size(); ++i) text += letters[packed_ >> bits * i & mask];
    return text;
}

std::string_view udp_state(std::string_view history) {
    const bool initiator = history.contains('D');
    const bool responder = history.contains('d');
    if (initiator) return responder ? "SF" : "S0";
    return responder ? "SHR" : "OTH";
}

} // namespace doorplate
