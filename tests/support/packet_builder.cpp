#include "tests/support/packet_builder.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>

namespace doorplate {

namespace {

using Raw = PacketBuilder::Raw;

// Network byte order, like everything but the null header.
class Writer {
  public:
    Writer &u8(std::uint32_t value) {
        bytes_.push_back(static_cast<std::uint8_t>(value));
        return *this;
    }
    Writer &u16(std::uint32_t value) { return u8(value >> 8).u8(value); }
    Writer &u32(std::uint32_t value) { return u16(value >> 16).u16(value); }
    Writer &raw(const Raw &bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    Writer &zeros(std::size_t count) {
        bytes_.resize(bytes_.size() + count);
        return *this;
    }
    Writer &align_to(std::size_t unit) { return zeros((unit - bytes_.size() % unit) % unit); }
    void set16(std::size_t at, std::uint16_t value) {
        bytes_.at(at) = static_cast<std::uint8_t>(value >> 8);
        bytes_.at(at + 1) = static_cast<std::uint8_t>(value);
    }
    [[nodiscard]] const Raw &bytes() const { return bytes_; }

  private:
    Raw bytes_;
};

// RFC 1071.
std::uint16_t internet_checksum(const Raw &bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

// RFC 9260 appendix A.
std::uint32_t crc32c(const Raw &bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    }
    return ~crc;
}

[[noreturn]] void give_up(const char *what, std::string_view text) {
    std::fprintf(stderr, "packet_builder: \"%s\" is not %s\n", std::string(text).c_str(), what);
    std::abort();
}

Raw address(std::string_view text, Family family) {
    const auto parsed = IpAddress::parse(text);
    if (!parsed || parsed->family() != family)
        give_up(family == Family::ipv4 ? "an IPv4 address" : "an IPv6 one", text);
    const auto bytes = parsed->bytes();
    return {bytes.begin(), bytes.end()};
}

Raw mac_address(std::string_view text) {
    std::array<unsigned, 6> parts{};
    if (std::sscanf(std::string(text).c_str(), "%2x:%2x:%2x:%2x:%2x:%2x", &parts[0], &parts[1], &parts[2], // NOLINT
                    &parts[3], &parts[4], &parts[5]) != 6)
        give_up("a MAC address", text);
    Raw bytes;
    std::ranges::transform(parts, std::back_inserter(bytes),
                           [](unsigned part) { return static_cast<std::uint8_t>(part); });
    return bytes;
}

constexpr std::uint16_t ether_type_ipv4 = 0x0800;
constexpr std::uint16_t ether_type_arp = 0x0806;
constexpr std::uint16_t ether_type_ipv6 = 0x86dd;
constexpr std::uint32_t af_inet = 2;
constexpr std::uint32_t af_inet6_openbsd = 24;
constexpr std::uint32_t af_inet6_darwin = 30;

} // namespace

Packet BuiltPacket::view() const & {
    return {.bytes = bytes,
            .original_length = original_length,
            .time = time,
            .link_type = link_type,
            .interface = interface,
            .direction = direction};
}

BuiltPacket BuiltPacket::cut_to(std::size_t count) const {
    BuiltPacket cut = *this;
    cut.bytes.resize(std::min(count, bytes.size()));
    return cut;
}

PacketBuilder::Layer &PacketBuilder::add(Kind kind) {
    layers_.emplace_back();
    layers_.back().kind = kind;
    return layers_.back();
}

PacketBuilder::Layer &PacketBuilder::last() {
    if (layers_.empty()) add(Kind::none);
    return layers_.back();
}

PacketBuilder &PacketBuilder::ethernet(std::string_view source, std::string_view destination) {
    link_type_ = LinkType::ethernet;
    Layer &layer = add(Kind::ethernet);
    layer.source = mac_address(source);
    layer.destination = mac_address(destination);
    return *this;
}

PacketBuilder &PacketBuilder::vlan(std::uint16_t id, std::uint16_t tag_protocol) {
    Layer &layer = add(Kind::vlan);
    layer.a = id;
    layer.b = tag_protocol;
    return *this;
}

PacketBuilder &PacketBuilder::llc(std::uint8_t destination_sap, std::uint8_t source_sap, std::uint8_t control) {
    add(Kind::llc).bytes = {destination_sap, source_sap, control};
    return *this;
}

PacketBuilder &PacketBuilder::linux_cooked() {
    link_type_ = LinkType::linux_cooked;
    add(Kind::cooked);
    return *this;
}

PacketBuilder &PacketBuilder::linux_cooked_v2() {
    link_type_ = LinkType::linux_cooked_v2;
    add(Kind::cooked_v2);
    return *this;
}

PacketBuilder &PacketBuilder::null_loopback(std::endian order, std::optional<std::uint32_t> family) {
    link_type_ = LinkType::null_loopback;
    Layer &layer = add(Kind::null_loopback);
    layer.order = order;
    layer.next = family;
    return *this;
}

PacketBuilder &PacketBuilder::openbsd_loopback() {
    link_type_ = LinkType::openbsd_loopback;
    add(Kind::openbsd_loopback);
    return *this;
}

PacketBuilder &PacketBuilder::raw_ip(LinkType type) { return link(type); }

PacketBuilder &PacketBuilder::link(LinkType type) {
    link_type_ = type;
    add(Kind::none);
    return *this;
}

PacketBuilder &PacketBuilder::arp_request(std::string_view sender, std::string_view target) {
    Layer &layer = add(Kind::arp);
    layer.source = address(sender, Family::ipv4);
    layer.destination = address(target, Family::ipv4);
    return *this;
}

PacketBuilder &PacketBuilder::ipv4(std::string_view source, std::string_view destination) {
    Layer &layer = add(Kind::ipv4);
    layer.source = address(source, Family::ipv4);
    layer.destination = address(destination, Family::ipv4);
    return *this;
}

PacketBuilder &PacketBuilder::ipv6(std::string_view source, std::string_view destination) {
    Layer &layer = add(Kind::ipv6);
    layer.source = address(source, Family::ipv6);
    layer.destination = address(destination, Family::ipv6);
    return *this;
}

PacketBuilder &PacketBuilder::extension(std::uint8_t protocol, Raw body) {
    Layer &layer = add(Kind::extension);
    layer.type = protocol;
    layer.bytes = std::move(body);
    return *this;
}

PacketBuilder &PacketBuilder::hop_by_hop(Raw options) {
    const std::size_t filled = (options.size() + 2 + 7) / 8 * 8 - 2;
    const std::size_t missing = filled - options.size();
    if (missing == 1) options.push_back(0); // Pad1
    if (missing >= 2) {                     // PadN
        options.push_back(1);
        options.push_back(static_cast<std::uint8_t>(missing - 2));
        options.resize(filled);
    }
    return extension(0, std::move(options));
}

PacketBuilder &PacketBuilder::destination_options(Raw options) {
    hop_by_hop(std::move(options));
    layers_.back().type = 60;
    return *this;
}

PacketBuilder &PacketBuilder::routing(std::uint8_t type, std::uint8_t segments_left, std::size_t addresses) {
    Raw body{type, segments_left};
    body.resize(6 + 16 * addresses);
    return extension(43, std::move(body));
}

PacketBuilder &PacketBuilder::authentication_header() {
    add(Kind::authentication).type = 51;
    return *this;
}

PacketBuilder &PacketBuilder::fragment(std::uint16_t offset, bool more, std::uint32_t identification) {
    Layer &layer = last().kind == Kind::ipv4 ? last() : add(Kind::fragment);
    layer.type = 44;
    layer.a = offset;
    layer.more = more;
    layer.number = identification;
    return *this;
}

PacketBuilder &PacketBuilder::ports(Kind kind, std::uint16_t source_port, std::uint16_t destination_port) {
    Layer &layer = add(kind);
    layer.a = source_port;
    layer.b = destination_port;
    return *this;
}

PacketBuilder &PacketBuilder::tcp(std::uint16_t source_port, std::uint16_t destination_port) {
    return ports(Kind::tcp, source_port, destination_port).flags(".");
}
PacketBuilder &PacketBuilder::udp(std::uint16_t source_port, std::uint16_t destination_port) {
    return ports(Kind::udp, source_port, destination_port);
}
PacketBuilder &PacketBuilder::udplite(std::uint16_t source_port, std::uint16_t destination_port) {
    return ports(Kind::udplite, source_port, destination_port);
}
PacketBuilder &PacketBuilder::dccp(std::uint16_t source_port, std::uint16_t destination_port) {
    return ports(Kind::dccp, source_port, destination_port);
}
PacketBuilder &PacketBuilder::sctp(std::uint16_t source_port, std::uint16_t destination_port, std::uint32_t tag) {
    return ports(Kind::sctp, source_port, destination_port).seq(tag);
}

PacketBuilder &PacketBuilder::chunk(std::uint8_t type, std::uint8_t flags, Raw value) {
    Layer &layer = add(Kind::chunk);
    layer.type = type;
    layer.code = flags;
    layer.bytes = std::move(value);
    return *this;
}

PacketBuilder &PacketBuilder::data_chunk(std::string_view user_data) {
    Raw value(12); // TSN, stream, sequence, payload protocol
    value.insert(value.end(), user_data.begin(), user_data.end());
    return chunk(0, 3, std::move(value));
}

PacketBuilder &PacketBuilder::icmp(std::uint8_t type, std::uint8_t code, std::uint16_t identifier,
                                   std::uint16_t sequence) {
    ports(Kind::icmp, identifier, sequence);
    last().type = type;
    last().code = code;
    return *this;
}

PacketBuilder &PacketBuilder::icmpv6(std::uint8_t type, std::uint8_t code, std::uint16_t identifier,
                                     std::uint16_t sequence) {
    icmp(type, code, identifier, sequence);
    last().kind = Kind::icmpv6;
    return *this;
}

PacketBuilder &PacketBuilder::gre(std::optional<std::uint32_t> key) {
    Layer &layer = add(Kind::gre);
    layer.more = key.has_value();
    layer.number = key.value_or(0);
    return *this;
}

PacketBuilder &PacketBuilder::payload(std::string_view text) { return payload(Raw(text.begin(), text.end())); }

PacketBuilder &PacketBuilder::payload(const Raw &bytes) {
    add(Kind::payload).bytes = bytes;
    return *this;
}

PacketBuilder &PacketBuilder::payload_of(std::size_t count) { return payload(Raw(count, 'x')); }

PacketBuilder &PacketBuilder::flags(std::string_view letters) {
    static constexpr std::string_view bits = "FSRP.UEW";
    last().code = 0;
    for (const char letter : letters) {
        const std::size_t bit = bits.find(letter);
        if (bit == std::string_view::npos) give_up("made of TCP flags (S F R P . U E W)", letters);
        last().code = static_cast<std::uint8_t>(last().code | 1U << bit);
    }
    return *this;
}

PacketBuilder &PacketBuilder::seq(std::uint32_t number) {
    last().number = number;
    return *this;
}
PacketBuilder &PacketBuilder::ack(std::uint32_t number) {
    last().number2 = number;
    return *this;
}
PacketBuilder &PacketBuilder::window(std::uint16_t size) {
    last().window = size;
    return *this;
}
PacketBuilder &PacketBuilder::options(Raw bytes) {
    bytes.resize((bytes.size() + 3) / 4 * 4);
    last().bytes = std::move(bytes);
    return *this;
}

PacketBuilder &PacketBuilder::next(std::uint16_t protocol) {
    last().next = protocol;
    return *this;
}
PacketBuilder &PacketBuilder::length(std::uint32_t bytes) {
    last().length = bytes;
    return *this;
}
PacketBuilder &PacketBuilder::header_words(std::uint8_t words) {
    last().header_words = words;
    return *this;
}
PacketBuilder &PacketBuilder::version(std::uint8_t number) {
    last().version = number;
    return *this;
}
PacketBuilder &PacketBuilder::checksum(std::uint16_t value) {
    last().checksum = value;
    return *this;
}

PacketBuilder &PacketBuilder::padding(std::size_t count) {
    padding_ = count;
    return *this;
}
PacketBuilder &PacketBuilder::captured(std::size_t count) {
    captured_ = count;
    return *this;
}
PacketBuilder &PacketBuilder::original_length(std::uint32_t count) {
    original_length_ = count;
    return *this;
}
PacketBuilder &PacketBuilder::at(Timestamp time) {
    time_ = time;
    return *this;
}
PacketBuilder &PacketBuilder::at_ms(std::int64_t milliseconds) {
    return at(first_packet_time + std::chrono::milliseconds(milliseconds));
}
PacketBuilder &PacketBuilder::on_interface(std::uint32_t index) {
    interface_ = index;
    return *this;
}
PacketBuilder &PacketBuilder::inbound() {
    direction_ = PacketDirection::inbound;
    return *this;
}
PacketBuilder &PacketBuilder::outbound() {
    direction_ = PacketDirection::outbound;
    return *this;
}

// The protocol number that announces the layer behind `index`: an EtherType or an IP protocol, whichever it has.
std::uint16_t PacketBuilder::next_of(std::size_t index) const {
    if (layers_[index].next) return static_cast<std::uint16_t>(*layers_[index].next);
    if (index + 1 >= layers_.size()) return 59; // no next header
    const Layer &layer = layers_[index + 1];
    switch (layer.kind) {
    case Kind::vlan: return layer.b;
    case Kind::arp: return ether_type_arp;
    case Kind::ipv4:
        return layers_[index].kind == Kind::ipv4 || layers_[index].kind == Kind::ipv6 ? 4 : ether_type_ipv4;
    case Kind::ipv6:
        return layers_[index].kind == Kind::ipv4 || layers_[index].kind == Kind::ipv6 ? 41 : ether_type_ipv6;
    case Kind::extension:
    case Kind::authentication:
    case Kind::fragment: return layer.type;
    case Kind::ethernet: return 0x6558; // RFC 7637 section 3.2
    case Kind::gre: return 47;
    case Kind::icmp: return 1;
    case Kind::tcp: return 6;
    case Kind::udp: return 17;
    case Kind::dccp: return 33;
    case Kind::icmpv6: return 58;
    case Kind::sctp: return 132;
    case Kind::udplite: return 136;
    default: return 59;
    }
}

// Over the pseudo header of RFC 9293 section 3.1 or RFC 8200 section 8.1.
std::uint16_t PacketBuilder::transport_checksum(std::size_t index, std::uint8_t protocol, const Raw &segment) const {
    Writer summed;
    for (std::size_t i = index; i-- > 0;) {
        const Layer &ip = layers_[i];
        if (ip.kind != Kind::ipv4 && ip.kind != Kind::ipv6) continue;
        summed.raw(ip.source).raw(ip.destination);
        summed.u32(protocol).u32(static_cast<std::uint32_t>(segment.size()));
        break;
    }
    return internet_checksum(summed.raw(segment).bytes());
}

// The layer with everything behind it.
PacketBuilder::Raw PacketBuilder::with_header(std::size_t index, const Raw &body) const {
    const Layer &layer = layers_[index];
    const auto size = static_cast<std::uint32_t>(body.size());
    Writer out;
    const auto sum_transport = [&](std::size_t at, std::uint8_t protocol) {
        const std::uint16_t right = transport_checksum(index, protocol, out.bytes());
        // RFC 768: zero means none, so a sum of zero is sent as all ones.
        out.set16(at, layer.checksum.value_or(right == 0 && protocol == 17 ? std::uint16_t{0xffff} : right));
    };
    switch (layer.kind) {
    case Kind::none: return body;
    case Kind::ethernet: {
        const bool has_llc = index + 1 < layers_.size() && layers_[index + 1].kind == Kind::llc;
        out.raw(layer.destination).raw(layer.source).u16(has_llc ? layer.length.value_or(size) : next_of(index));
        break;
    }
    case Kind::vlan: out.u16(layer.a).u16(next_of(index)); break;
    case Kind::llc: out.raw(layer.bytes); break;
    case Kind::cooked: out.u16(0).u16(1).u16(6).zeros(8).u16(next_of(index)); break;
    case Kind::cooked_v2: out.u16(next_of(index)).u16(0).u32(1).u16(1).u8(0).u8(6).zeros(8); break;
    case Kind::null_loopback:
    case Kind::openbsd_loopback: {
        const bool openbsd = layer.kind == Kind::openbsd_loopback;
        const std::uint32_t of_ipv6 = openbsd ? af_inet6_openbsd : af_inet6_darwin;
        const std::uint32_t family = layer.next.value_or(next_of(index) == ether_type_ipv6 ? of_ipv6 : af_inet);
        out.u32(openbsd || layer.order == std::endian::big ? family : std::byteswap(family));
        break;
    }
    case Kind::arp:
        out.u16(1).u16(ether_type_ipv4).u8(6).u8(4).u16(1);
        out.zeros(6).raw(layer.source).zeros(6).raw(layer.destination);
        break;
    case Kind::ipv4: {
        const auto header = static_cast<std::uint32_t>(20 + layer.bytes.size());
        out.u8(static_cast<std::uint32_t>(layer.version.value_or(4)) << 4 |
               layer.header_words.value_or(static_cast<std::uint8_t>(header / 4)));
        out.u8(0).u16(layer.length.value_or(header + size)).u16(layer.number);
        out.u16((layer.more ? 0x2000U : 0U) | layer.a / 8U);
        out.u8(64).u8(next_of(index)).u16(0).raw(layer.source).raw(layer.destination).raw(layer.bytes);
        out.set16(10, layer.checksum.value_or(internet_checksum(out.bytes())));
        break;
    }
    case Kind::ipv6:
        out.u32(static_cast<std::uint32_t>(layer.version.value_or(6)) << 28).u16(layer.length.value_or(size));
        out.u8(next_of(index)).u8(64).raw(layer.source).raw(layer.destination);
        break;
    case Kind::extension: {
        const std::size_t units = (layer.bytes.size() + 2 + 7) / 8;
        out.u8(next_of(index)).u8(layer.length.value_or(static_cast<std::uint32_t>(units - 1)));
        out.raw(layer.bytes).align_to(8);
        break;
    }
    case Kind::authentication: // RFC 4302: the length is in words, less 2
        out.u8(next_of(index)).u8(layer.length.value_or(4)).u16(0).u32(1).u32(1).zeros(12);
        break;
    case Kind::fragment:
        out.u8(next_of(index)).u8(0).u16((layer.a & 0xfff8U) | (layer.more ? 1U : 0U)).u32(layer.number);
        break;
    case Kind::tcp: {
        const std::size_t words = 5 + layer.bytes.size() / 4;
        out.u16(layer.a).u16(layer.b).u32(layer.number).u32(layer.number2);
        out.u8(static_cast<std::uint32_t>(layer.header_words.value_or(static_cast<std::uint8_t>(words))) << 4);
        out.u8(layer.code).u16(layer.window).u16(0).u16(0).raw(layer.bytes).raw(body);
        sum_transport(16, 6);
        return out.bytes();
    }
    case Kind::udp:
    case Kind::udplite:
        out.u16(layer.a).u16(layer.b);
        // RFC 3828: the coverage, where 0 means all of it.
        out.u16(layer.length.value_or(layer.kind == Kind::udp ? 8 + size : 0)).u16(0).raw(body);
        sum_transport(6, layer.kind == Kind::udp ? 17 : 136);
        return out.bytes();
    case Kind::dccp: // RFC 4340 section 5.1, a DCCP-Data packet with short sequence numbers
        out.u16(layer.a).u16(layer.b).u8(layer.header_words.value_or(3)).u8(0).u16(0).u8(2 << 1).u8(0).u16(1).raw(body);
        sum_transport(6, 33);
        return out.bytes();
    case Kind::sctp: {
        out.u16(layer.a).u16(layer.b).u32(layer.number).u32(0).raw(body);
        // The CRC stands least significant byte first.
        const std::uint32_t crc = std::byteswap(crc32c(out.bytes()));
        out.set16(8, static_cast<std::uint16_t>(crc >> 16));
        out.set16(10, layer.checksum.value_or(static_cast<std::uint16_t>(crc)));
        return out.bytes();
    }
    case Kind::chunk:
        out.u8(layer.type).u8(layer.code);
        out.u16(layer.length.value_or(static_cast<std::uint32_t>(4 + layer.bytes.size())));
        out.raw(layer.bytes).align_to(4);
        break;
    case Kind::icmp:
    case Kind::icmpv6:
        out.u8(layer.type).u8(layer.code).u16(0).u16(layer.a).u16(layer.b).raw(body);
        if (layer.kind == Kind::icmpv6)
            sum_transport(2, 58);
        else
            out.set16(2, layer.checksum.value_or(internet_checksum(out.bytes())));
        return out.bytes();
    case Kind::gre: // RFC 2890
        out.u16(layer.more ? 0x2000 : 0).u16(next_of(index));
        if (layer.more) out.u32(layer.number);
        break;
    case Kind::payload: out.raw(layer.bytes); break;
    }
    return out.raw(body).bytes();
}

BuiltPacket PacketBuilder::build() const {
    Raw bytes;
    for (std::size_t i = layers_.size(); i-- > 0;) bytes = with_header(i, bytes);
    bytes.resize(bytes.size() + padding_);
    const auto length = static_cast<std::uint32_t>(bytes.size());
    if (captured_) bytes.resize(std::min(*captured_, bytes.size()));
    return {.bytes = std::move(bytes),
            .original_length = original_length_.value_or(length),
            .time = time_,
            .link_type = link_type_,
            .interface = interface_,
            .direction = direction_};
}

} // namespace doorplate
