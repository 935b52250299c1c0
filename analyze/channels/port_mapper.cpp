#include "analyze/channels/port_mapper.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "analyze/channels/numbers.h"
#include "analyze/channels/record_buffer.h"

namespace doorplate {
namespace {

// RFC 5531 section 9, in XDR (RFC 4506): everything is a multiple of four bytes, in network order.
constexpr std::uint32_t call = 0, reply = 1;
constexpr std::uint32_t rpc_version = 2;
constexpr std::uint32_t program = 100000;
constexpr std::uint32_t get_port = 3;                             // version 2
constexpr std::uint32_t get_address = 3, get_version_address = 9; // versions 3 and 4

// Strings and opaque data: a length, the bytes, and zeros up to a multiple of four.
std::optional<Bytes> opaque(ByteReader &reader) {
    const auto length = reader.be32();
    if (!length) return std::nullopt;
    const auto bytes = reader.take(*length);
    if (!bytes || !reader.skip((4 - *length % 4) % 4)) return std::nullopt;
    return bytes;
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char *>(bytes.data()), bytes.size()}; }

bool skip_credentials(ByteReader &reader) { return reader.skip(4) && opaque(reader).has_value(); }

struct Question {
    std::uint32_t id = 0;
    AnnouncedIn method = AnnouncedIn::rpc_getport;
    Transport transport = Transport::tcp;
};

std::optional<Transport> transport_of(std::string_view network) {
    if (network == "tcp" || network == "tcp6") return Transport::tcp;
    if (network == "udp" || network == "udp6") return Transport::udp;
    return std::nullopt;
}

std::optional<Question> question_in(ByteReader reader) {
    const auto id = reader.be32();
    if (!id || reader.be32() != call || reader.be32() != rpc_version || reader.be32() != program) return std::nullopt;
    const auto version = reader.be32();
    const auto procedure = reader.be32();
    if (!version || !procedure || !skip_credentials(reader) || !skip_credentials(reader)) return std::nullopt;
    if (!reader.skip(8)) return std::nullopt; // the program and its version that are asked for
    if (*version == 2 && *procedure == get_port) {
        const auto protocol = reader.be32();
        if (protocol == 6U) return Question{*id, AnnouncedIn::rpc_getport, Transport::tcp};
        if (protocol == 17U) return Question{*id, AnnouncedIn::rpc_getport, Transport::udp};
        return std::nullopt;
    }
    const bool asks_for_address = (*version == 3 || *version == 4) &&
                                  (*procedure == get_address || (*version == 4 && *procedure == get_version_address));
    if (!asks_for_address) return std::nullopt;
    const auto network = opaque(reader);
    const auto transport = network ? transport_of(text_of(*network)) : std::nullopt;
    if (!transport) return std::nullopt;
    return Question{*id, AnnouncedIn::rpc_getaddr, *transport};
}

// "192.0.2.1.8.1" and "2001:db8::1.8.1" are port 2049 (RFC 5665 section 5.2.3.3).
std::optional<Announcement> universal_address(std::string_view text, const Question &question) {
    const std::size_t low_dot = text.rfind('.');
    if (low_dot == std::string_view::npos || low_dot == 0) return std::nullopt;
    const std::size_t high_dot = text.rfind('.', low_dot - 1);
    if (high_dot == std::string_view::npos) return std::nullopt;
    const auto address = IpAddress::parse(text.substr(0, high_dot));
    const auto high = whole_number<std::uint8_t>(text.substr(high_dot + 1, low_dot - high_dot - 1));
    const auto low = whole_number<std::uint8_t>(text.substr(low_dot + 1));
    if (!address || !high || !low || (*high == 0 && *low == 0)) return std::nullopt;
    return Announcement{question.method, question.transport, address, static_cast<std::uint16_t>(*high * 256U + *low)};
}

class PortMapperReader final : public ControlReader {
  public:
    explicit PortMapperReader(Transport transport) : is_stream_(transport == Transport::tcp) {}

    void read(Speaker from, Bytes bytes, Announcements &out) override {
        if (!is_stream_) {
            read_message(from, bytes, out);
            return;
        }
        // RFC 5531 section 11: a record's header stands in front. What comes in several fragments is no question of
        // ours.
        records_[from].records.add(bytes, [&](Bytes record) { read_message(from, record.subspan(4), out); });
    }
    void lost(Speaker from) override { records_[from].records.lost(); }

  private:
    static constexpr std::size_t most_questions = 16;

    static std::optional<std::uint64_t> record_length(Bytes header) {
        ByteReader reader(header);
        const auto length = reader.be32();
        if (!length) return std::nullopt;
        return std::uint64_t{*length & 0x7fffffffU} + 4;
    }

    void read_message(Speaker from, Bytes message, Announcements &out) {
        if (from == Speaker::client) {
            if (const auto question = question_in(ByteReader(message))) {
                if (questions_.size() == most_questions) questions_.pop_front();
                questions_.push_back(*question);
            }
            return;
        }
        ByteReader reader(message);
        const auto id = reader.be32();
        const auto asked =
            std::ranges::find_if(questions_, [&](const Question &question) { return question.id == id; });
        if (asked == questions_.end()) return;
        const Question question = *asked;
        questions_.erase(asked);
        constexpr std::uint32_t accepted = 0, success = 0;
        if (reader.be32() != reply || reader.be32() != accepted || !skip_credentials(reader) ||
            reader.be32() != success)
            return;
        if (const auto answer = answer_in(reader, question)) out.push_back(*answer);
    }

    static std::optional<Announcement> answer_in(ByteReader &reader, const Question &question) {
        if (question.method == AnnouncedIn::rpc_getport) {
            const auto port = reader.be32();
            if (!port || *port == 0 || *port > UINT16_MAX) return std::nullopt; // 0: no such program
            return Announcement{question.method, question.transport, std::nullopt, static_cast<std::uint16_t>(*port)};
        }
        const auto text = opaque(reader);
        return text ? universal_address(text_of(*text), question) : std::nullopt;
    }

    struct Records {
        RecordBuffer records{4, record_length};
    };

    bool is_stream_;
    PerSpeaker<Records> records_;
    std::deque<Question> questions_; // not answered yet
};

} // namespace

std::unique_ptr<ControlReader> make_port_mapper_reader(Transport transport) {
    return std::make_unique<PortMapperReader>(transport);
}

} // namespace doorplate
