#include "analyze/channels/rtsp.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "analyze/channels/line_reader.h"
#include "analyze/channels/numbers.h"

namespace doorplate {
namespace {

void announce(std::uint16_t port, Announcements &out) {
    if (port != 0) out.push_back({AnnouncedIn::rtsp_setup, Transport::udp, std::nullopt, port});
}

// "4588-4589", or one port alone
void announce_range(std::string_view range, Announcements &out) {
    const auto first = whole_number<std::uint16_t>(take_word(range, '-'));
    if (!first) return;
    announce(*first, out);
    // RTP's and RTCP's: never more than two.
    if (const auto second = whole_number<std::uint16_t>(range); second && *second != *first) announce(*second, out);
}

// "RTP/AVP;unicast;client_port=4588-4589;server_port=6256-6257"
void read_transport(std::string_view transport, std::string_view wanted, Announcements &out) {
    std::string_view rest = transport;
    const std::string_view protocol = take_word(rest, ';');
    if (protocol.ends_with("/TCP") || transport.contains("multicast")) return;
    while (!rest.empty()) {
        std::string_view value = take_word(rest, ';');
        if (take_word(value, '=') == wanted) announce_range(value, out);
    }
}

class RtspReader final : public LineReader {
    void read_line(Speaker from, std::string_view line, Announcements &out) override {
        if (!begins_with_word(line, "TRANSPORT:")) return;
        std::string_view choices = line.substr(line.find(':') + 1);
        for (int most = 8; !choices.empty() && most > 0; --most) {
            std::string_view choice = take_word(choices, ',');
            choice.remove_prefix(std::min(choice.find_first_not_of(' '), choice.size()));
            read_transport(choice, from == Speaker::client ? "client_port" : "server_port", out);
        }
    }
};

} // namespace

std::unique_ptr<ControlReader> make_rtsp_reader() { return std::make_unique<RtspReader>(); }

} // namespace doorplate
