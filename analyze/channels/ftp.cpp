#include "analyze/channels/ftp.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "analyze/channels/line_reader.h"
#include "analyze/channels/numbers.h"

namespace doorplate {
namespace {

using Octets = std::vector<std::uint8_t>;

// "10,0,0,1,4,210" at the beginning of `text`, up to 21 of them (LPRT's for IPv6).
Octets leading_octets(std::string_view text) {
    constexpr std::size_t most = 21;
    Octets octets;
    while (octets.size() < most) {
        const auto octet = leading_number<std::uint8_t>(text);
        if (!octet) return {};
        octets.push_back(*octet);
        if (!text.starts_with(',')) break;
        text.remove_prefix(1);
    }
    return octets;
}

std::optional<Announcement> announced(AnnouncedIn method, std::optional<IpAddress> address, unsigned port) {
    if (port == 0) return std::nullopt;
    return Announcement{method, Transport::tcp, address, static_cast<std::uint16_t>(port)};
}

// h1,h2,h3,h4,p1,p2
std::optional<Announcement> short_form(AnnouncedIn method, const Octets &octets) {
    if (octets.size() != 6) return std::nullopt;
    return announced(method, IpAddress::from_bytes(std::span(octets).first(4)), octets[4] * 256U + octets[5]);
}

// RFC 1639: version,4,h1..h4,2,p1,p2 or version,16,h1..h16,2,p1,p2
std::optional<Announcement> long_form(AnnouncedIn method, const Octets &octets) {
    if (octets.size() < 2) return std::nullopt;
    const bool is_v4 = octets[0] == 4 && octets[1] == 4;
    const bool is_v6 = octets[0] == 6 && octets[1] == 16;
    const std::size_t address = octets[1];
    if ((!is_v4 && !is_v6) || octets.size() != address + 5 || octets[address + 2] != 2) return std::nullopt;
    return announced(method, IpAddress::from_bytes(std::span(octets).subspan(2, address)),
                     octets[address + 3] * 256U + octets[address + 4]);
}

// RFC 2428: |protocol|address|port|, where any character may stand for the bar. EPSV's reply has the port only.
std::optional<Announcement> extended_form(AnnouncedIn method, std::string_view text) {
    if (text.empty()) return std::nullopt;
    const char bar = text.front();
    if (bar < 33 || bar > 126 || (bar >= '0' && bar <= '9')) return std::nullopt;
    text.remove_prefix(1);
    const std::string_view protocol = take_word(text, bar);
    const std::string_view host = take_word(text, bar);
    if (!text.contains(bar)) return std::nullopt;
    const auto port = whole_number<std::uint16_t>(take_word(text, bar));
    if (!port) return std::nullopt;
    if (protocol.empty() && host.empty() && method == AnnouncedIn::ftp_epsv)
        return announced(method, std::nullopt, *port);
    const auto address = IpAddress::parse(host);
    if (!address || protocol != (address->family() == Family::ipv4 ? "1" : "2")) return std::nullopt;
    return announced(method, address, *port);
}

// RFC 1123 section 4.1.2.6: the parentheses may be missing, so numbers are looked for.
std::string_view from_first_number(std::string_view text) {
    const std::size_t digit = text.find_first_of("0123456789");
    return digit == std::string_view::npos ? std::string_view() : text.substr(digit);
}

class FtpReader final : public LineReader {
  public:
    void lost(Speaker from) override {
        LineReader::lost(from);
        if (from == Speaker::server) open_reply_.clear(); // its end may be what is missing
    }
    [[nodiscard]] bool is_over() const override { return encrypted_; }

  private:
    void read_line(Speaker from, std::string_view line, Announcements &out) override {
        const auto said = from == Speaker::client ? ftp_command(line) : reply(line);
        if (said) out.push_back(*said);
    }

    // RFC 959 section 4.2: "230-" opens a reply of several lines, which "230 " ends. What is between is only text,
    // maybe somebody else's.
    std::optional<Announcement> reply(std::string_view line) {
        const std::string_view code = line.substr(0, 3);
        const char mark = line.size() > 3 ? line[3] : '\0';
        if (!open_reply_.empty()) {
            if (code == open_reply_ && mark == ' ') open_reply_.clear();
            return std::nullopt;
        }
        if (whole_number<std::uint16_t>(code) && mark == '-') {
            open_reply_ = code;
            return std::nullopt;
        }
        if (line.starts_with("234 ")) encrypted_ = true;
        return ftp_reply(line);
    }

    std::string open_reply_; // its code
    bool encrypted_ = false;
};

} // namespace

std::optional<Announcement> ftp_command(std::string_view line) {
    if (begins_with_word(line, "PORT ")) return short_form(AnnouncedIn::ftp_port, leading_octets(line.substr(5)));
    if (begins_with_word(line, "EPRT ")) return extended_form(AnnouncedIn::ftp_eprt, line.substr(5));
    if (begins_with_word(line, "LPRT ")) return long_form(AnnouncedIn::ftp_lprt, leading_octets(line.substr(5)));
    return std::nullopt;
}

std::optional<Announcement> ftp_reply(std::string_view line) {
    const std::string_view text = line.size() > 4 ? line.substr(4) : std::string_view();
    if (line.starts_with("227 ")) {
        return short_form(AnnouncedIn::ftp_pasv, leading_octets(from_first_number(text)));
    }
    if (line.starts_with("228 ")) return long_form(AnnouncedIn::ftp_lpsv, leading_octets(from_first_number(text)));
    if (line.starts_with("229 ")) {
        const std::size_t open = text.find('(');
        if (open == std::string_view::npos) return std::nullopt;
        return extended_form(AnnouncedIn::ftp_epsv, text.substr(open + 1));
    }
    return std::nullopt;
}

std::unique_ptr<ControlReader> make_ftp_reader() { return std::make_unique<FtpReader>(); }

} // namespace doorplate
