#include "analyze/channels/session_description.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "analyze/channels/line_reader.h"
#include "analyze/channels/numbers.h"

namespace doorplate {
namespace {

// A description in the making. A medium's own address comes behind its port, so a medium is announced when the next
// line that is not about it comes, or the packet ends.
class Description {
  public:
    void line(std::string_view line, Announcements &out) {
        if (line.size() < 2 || line[1] != '=' || line[0] == 'v') {
            flush(out);
            *this = {};
            return;
        }
        const std::string_view value = line.substr(2);
        if (line[0] == 'm') begin_medium(value, out);
        if (line[0] == 'c') connection(value);
        if (line[0] == 'a' && value.starts_with("rtcp:")) control_port(value.substr(5));
    }

    void flush(Announcements &out) {
        if (!medium_) return;
        const auto address = medium_->address ? medium_->address : session_address_;
        if (address) {
            for (std::uint32_t i = 0; i < medium_->pairs; ++i) announce(*address, medium_->port + 2 * i, out);
            const std::uint32_t next = medium_->port + 1U;
            if (medium_->is_rtp) announce(*address, medium_->control_port ? *medium_->control_port : next, out);
        }
        medium_.reset();
    }

  private:
    struct Medium {
        std::uint16_t port = 0;
        std::uint32_t pairs = 1;
        bool is_rtp = true;
        std::optional<std::uint16_t> control_port{};
        std::optional<IpAddress> address{};
    };

    static void announce(const IpAddress &address, std::uint32_t port, Announcements &out) {
        if (port == 0 || port > UINT16_MAX || address.is_unspecified() || address.is_loopback() ||
            address.is_multicast())
            return;
        out.push_back({AnnouncedIn::sdp, Transport::udp, address, static_cast<std::uint16_t>(port)});
    }

    // "audio 49170/2 RTP/AVP 0 8"
    void begin_medium(std::string_view value, Announcements &out) {
        flush(out);
        take_word(value);
        std::string_view ports = take_word(value);
        const auto port = leading_number<std::uint16_t>(ports);
        if (!port || *port == 0) return; // 0: refused, or told elsewhere
        Medium medium{.port = *port};
        if (ports.starts_with('/')) {
            constexpr std::uint32_t most_pairs = 4;
            medium.pairs = std::clamp(whole_number<std::uint32_t>(ports.substr(1)).value_or(1), 1U, most_pairs);
        }
        const std::string_view protocol = take_word(value);
        medium.is_rtp = begins_with_word(protocol, "RTP/") || begins_with_word(protocol, "UDP/TLS/RTP/");
        if (medium.is_rtp || begins_with_word(protocol, "UDP")) medium_ = medium; // "udptl", "UDP/..."
    }

    // "IN IP4 192.0.2.1/127"
    void connection(std::string_view value) {
        if (take_word(value) != "IN") return;
        take_word(value);
        const auto address = IpAddress::parse(value.substr(0, value.find_first_of("/ ")));
        if (!address) return;
        (medium_ ? medium_->address : session_address_) = address;
    }

    // "53020", perhaps with an address behind it, which RTP's is taken for.
    void control_port(std::string_view value) {
        if (medium_) medium_->control_port = whole_number<std::uint16_t>(take_word(value));
    }

    std::optional<IpAddress> session_address_;
    std::optional<Medium> medium_;
};

class SessionDescriptionReader final : public LineReader {
  public:
    SessionDescriptionReader() : LineReader(true) {}
    void pause(Speaker from, Announcements &out) override { descriptions_[from].flush(out); }
    void lost(Speaker from) override {
        LineReader::lost(from);
        descriptions_[from] = {};
    }

  private:
    void read_line(Speaker from, std::string_view line, Announcements &out) override {
        descriptions_[from].line(line, out);
    }

    PerSpeaker<Description> descriptions_;
};

} // namespace

std::unique_ptr<ControlReader> make_session_description_reader() {
    return std::make_unique<SessionDescriptionReader>();
}

} // namespace doorplate
