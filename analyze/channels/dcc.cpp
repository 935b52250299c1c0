#include "analyze/channels/dcc.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "analyze/channels/line_reader.h"
#include "analyze/channels/numbers.h"

namespace doorplate {
namespace {

std::optional<IpAddress> offered_address(std::string_view text) {
    if (const auto number = whole_number<std::uint32_t>(text)) {
        return IpAddress::v4({static_cast<std::uint8_t>(*number >> 24), static_cast<std::uint8_t>(*number >> 16),
                              static_cast<std::uint8_t>(*number >> 8), static_cast<std::uint8_t>(*number)});
    }
    return IpAddress::parse(text);
}

class DccReader final : public LineReader {
    void read_line(Speaker /*from*/, std::string_view line, Announcements &out) override {
        if (const auto offer = dcc_offer(line)) out.push_back(*offer);
    }
};

} // namespace

std::optional<Announcement> dcc_offer(std::string_view line) {
    constexpr std::string_view mark = "\001DCC ";
    const std::size_t found = line.find(mark);
    if (found == std::string_view::npos || !line.substr(0, found).contains("PRIVMSG ")) return std::nullopt;
    std::string_view rest = line.substr(found + mark.size());
    rest = rest.substr(0, rest.find('\001'));
    const std::string_view kind = take_word(rest);
    if (kind != "SEND" && kind != "CHAT") return std::nullopt;
    if (rest.starts_with('"')) { // a file's name with spaces
        rest.remove_prefix(1);
        take_word(rest, '"');
        rest.remove_prefix(std::min<std::size_t>(rest.starts_with(' ') ? 1 : 0, rest.size()));
    } else {
        take_word(rest);
    }
    const auto address = offered_address(take_word(rest));
    const auto port = whole_number<std::uint16_t>(take_word(rest));
    // Port 0: the other end is asked to listen ("reverse DCC"), and says where in an offer of its own.
    if (!address || address->is_unspecified() || !port || *port == 0) return std::nullopt;
    return Announcement{AnnouncedIn::irc_dcc, Transport::tcp, address, port};
}

std::unique_ptr<ControlReader> make_dcc_reader() { return std::make_unique<DccReader>(); }

} // namespace doorplate
