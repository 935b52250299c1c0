#include "analyze/detect/second_look.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "capture/byte_reader.h"

namespace doorplate {
namespace {

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char *>(bytes.data()), bytes.size()}; }

bool begins_with_one_of(Bytes bytes, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view word) { return text_of(bytes).starts_with(word); });
}

// MQTT 3.1.1 section 3.1: the first packet of a connection is CONNECT, and names the protocol. 5 bytes of fixed header
// at most.
bool is_mqtt(Bytes first) {
    if (first.empty() || first[0] != 0x10) return false;
    const std::string_view front = text_of(first).substr(0, 12);
    return front.contains("MQTT") || front.contains("MQIsdp");
}

// CQL binary protocol v3-v5, section 2: the frame's length ends it.
bool is_cql(Bytes payload) {
    ByteReader frame(payload);
    const auto version = frame.u8();
    const auto flags = frame.u8();
    if (!frame.skip(2)) return false;
    const auto operation = frame.u8();
    const auto length = frame.be32();
    return version && (*version & 0x7f) >= 3 && (*version & 0x7f) <= 5 && flags && *flags < 0x20 && operation &&
           *operation <= 0x10 && length && *length == frame.remaining();
}

// nats.io/documentation: the server speaks first, with INFO; "+OK" and "PING" are as good as Redis'.
bool is_nats(Bytes payload) { return begins_with_one_of(payload, {"INFO {", "CONNECT {", "PUB ", "SUB ", "MSG "}); }

// RESP: a type, a number or a word, CR LF.
bool is_redis(Bytes payload) {
    constexpr std::string_view types = "+-:$*";
    return !payload.empty() && types.contains(static_cast<char>(payload[0])) && text_of(payload).contains("\r\n");
}

// RESP: an array of strings, "*2\r\n$3\r\n".
bool is_redis_request(Bytes first) {
    std::string_view text = text_of(first);
    for (const char type : {'*', '$'}) {
        if (!text.starts_with(type)) return false;
        const std::size_t end = text.find_first_not_of("0123456789", 1);
        if (end == std::string_view::npos || end == 1 || !text.substr(end).starts_with("\r\n")) return false;
        text.remove_prefix(end + 2);
    }
    return true;
}

// The length of a value in BER (X.690 section 8.1.3), definite, in up to four bytes behind the first.
std::optional<std::uint64_t> ber_length(ByteReader &reader) {
    constexpr std::uint8_t is_long = 0x80;
    const auto first = reader.u8();
    if (!first || *first < is_long) return first;
    const unsigned count = *first & 0x7fU;
    if (count == 0 || count > 4) return std::nullopt;
    std::uint64_t length = 0;
    for (unsigned i = 0; i < count; ++i) {
        const auto byte = reader.u8();
        if (!byte) return std::nullopt;
        length = length << 8 | *byte;
    }
    return length;
}

// RFC 4511 section 4.1.1: a SEQUENCE of a number and an operation, whose lengths end together. (With controls
// behind them they do not, and are not known here.)
bool is_ldap(Bytes first) {
    constexpr std::uint8_t sequence = 0x30;
    constexpr std::uint8_t integer = 0x02;
    constexpr std::array<std::uint8_t, 8> requests{0x60, 0x63, 0x66, 0x68, 0x4a, 0x6c, 0x6e, 0x77};
    ByteReader reader(first);
    if (reader.u8() != sequence) return false;
    const auto length = ber_length(reader);
    if (!length) return false;
    const std::size_t begin = reader.remaining();
    if (reader.u8() != integer) return false;
    const auto number_length = reader.u8();
    if (!number_length || *number_length == 0 || *number_length > 4 || !reader.skip(*number_length)) return false;
    const auto operation = reader.u8();
    if (!operation || std::ranges::find(requests, *operation) == requests.end()) return false;
    const auto operation_length = ber_length(reader);
    return operation_length && begin - reader.remaining() + *operation_length == *length;
}

// RTMP specification 5.2: both ends begin with version 3 and 1536 bytes; a segment holds at least 1,000 of them.
bool is_rtmp(Bytes first, Bytes deciding) {
    return !first.empty() && first[0] == 3 && deciding.size() >= 1000 && deciding[0] == 3;
}

// The first packet of a client: P_CONTROL_HARD_RESET_CLIENT_V2 (7), V1 (1) or V3 (10), key 0; over TCP behind a length.
bool is_openvpn(Transport transport, Bytes first) {
    ByteReader packet(first);
    if (transport == Transport::tcp && !packet.skip(2)) return false;
    const auto operation = packet.u8();
    return operation == 0x38 || operation == 0x08 || operation == 0x50 || operation == 0x40;
}

// RFC 8489 section 5: two zero bits, then the magic cookie (some send a wrong length) or, before RFC 5389, a length in
// words that the datagram holds. Over TCP the length of RFC 4571 may stand in front.
bool is_stun(Bytes payload) {
    const auto fits = [](Bytes message) {
        ByteReader header(message);
        const auto type = header.be16();
        const auto length = header.be16();
        if (!type || !length || *type >= 0x4000) return false;
        return header.be32() == 0x2112a442U || (*length % 4 == 0 && std::size_t{*length} + 20 <= message.size());
    };
    return fits(payload) || (payload.size() > 2 && fits(payload.subspan(2)));
}

// RFC 4380 section 5.1.1: an IPv6 packet, or an indication in front of it.
bool is_teredo(Bytes payload) {
    return payload.size() >= 40 && (payload[0] >> 4 == 6 || (payload[0] == 0 && payload[1] <= 1));
}

// RFC 1035 section 4.1: an operation there is, and one question or none (answers of mDNS), a few in mDNS' queries.
bool is_dns(Transport transport, Bytes payload) {
    ByteReader header(payload);
    if (transport == Transport::tcp) {
        const auto length = header.be16();
        if (!length || *length < 12) return false;
    }
    if (!header.skip(2)) return false;
    const auto flags = header.be16();
    const auto questions = header.be16();
    const auto answers = header.be16();
    const auto authorities = header.be16();
    const auto additional = header.be16();
    if (!additional) return false;
    const unsigned operation = *flags >> 11 & 15U;
    const std::size_t records = std::size_t{*questions} + *answers + *authorities + *additional;
    return operation <= 6 && *questions <= 64 && records > 0 && records <= 4096;
}

// RFC 5531 section 9: which program the call is for.
std::string rpc_program(Transport transport, Bytes payload) {
    ByteReader call(payload);
    if (transport == Transport::tcp && !call.skip(4)) return "rpc";
    if (!call.skip(4) || call.be32() != 0U || !call.skip(4)) return "rpc";
    switch (call.be32().value_or(0)) {
    case 100000: return "portmap";
    case 100003: return "nfs";
    case 100005: return "mount";
    default: return "rpc";
    }
}

bool bears_out(std::string_view service, Transport transport, Bytes first, Bytes deciding) {
    if (service == "mqtt") return is_mqtt(first);
    if (service == "cql") return is_cql(deciding);
    if (service == "nats") return is_nats(deciding);
    if (service == "redis") return is_redis(deciding);
    if (service == "rtmp") return is_rtmp(first, deciding);
    if (service == "openvpn") return is_openvpn(transport, first);
    if (service == "stun") return is_stun(deciding);
    if (service == "teredo") return is_teredo(deciding);
    if (service == "dns" || service == "mdns" || service == "llmnr") return is_dns(transport, deciding);
    return true;
}

} // namespace

std::optional<std::string> second_look(const std::string &service, Transport transport, Bytes first, Bytes deciding) {
    if (!bears_out(service, transport, first, deciding)) return std::nullopt;
    if (service == "nfs") return rpc_program(transport, deciding);
    return service;
}

std::optional<std::string> own_look(Bytes first) {
    if (is_ldap(first)) return "ldap";
    if (is_redis_request(first)) return "redis";
    return std::nullopt;
}

std::optional<RtpWatch::Header> RtpWatch::read(Bytes payload) {
    ByteReader reader(payload);
    const auto flags = reader.u8();
    if (!flags || *flags >> 6 != 2 || !reader.skip(1)) return std::nullopt;
    const auto sequence = reader.be16();
    if (!reader.skip(4)) return std::nullopt; // timestamp
    const auto source = reader.be32();
    if (!sequence || !source) return std::nullopt;
    return Header{*sequence, *source};
}

RtpWatch::RtpWatch(const Dissection &packet)
    : sender_{packet.source, packet.source_port}, last_(read(packet.payload)) {}

RtpWatch::Verdict RtpWatch::next(const Dissection &packet) {
    constexpr std::uint16_t most_lost = 64;
    if (!last_) return Verdict::refuted;
    if (Endpoint{packet.source, packet.source_port} != sender_) return Verdict::open;
    const auto header = read(packet.payload);
    if (!header || header->source != last_->source) return Verdict::refuted;
    const auto ahead = static_cast<std::uint16_t>(header->sequence - last_->sequence);
    if (ahead > most_lost) return Verdict::refuted;
    if (ahead == 0) return Verdict::open; // the same packet, captured twice
    last_ = header;
    return ++confirmations_ == 2 ? Verdict::confirmed : Verdict::open;
}

} // namespace doorplate
