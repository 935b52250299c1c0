#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "capture/address.h"
#include "capture/packet.h"

namespace doorplate {

// A packet that owns its bytes.
struct BuiltPacket {
    std::vector<std::uint8_t> bytes;
    std::uint32_t original_length = 0;
    Timestamp time;
    LinkType link_type = LinkType::ethernet;
    std::uint32_t interface = 0;
    PacketDirection direction = PacketDirection::unknown;

    // Valid as long as this object is, and its bytes are left alone.
    [[nodiscard]] Packet view() const &;
    [[nodiscard]] Packet view() && = delete;
    // The same packet as a snapshot length of `count` leaves it.
    [[nodiscard]] BuiltPacket cut_to(std::size_t count) const;
};

// Where at_ms() counts from: 2023-11-14 22:13:20 UTC. Packets have this time if they are given none.
inline constexpr Timestamp first_packet_time{std::chrono::seconds(1'700'000'000)};

// Builds packets as a sentence, from the outside in:
//
//     ethernet().vlan(5).ipv4("192.0.2.1", "198.51.100.2").tcp(51000, 443).flags("S").payload("x").at_ms(20).build()
//
// Lengths, checksums and next-protocol fields are right unless set. Each setter speaks of the layer named last before
// it; one that this layer has no field for is ignored. Addresses that do not parse abort the test.
class PacketBuilder {
  public:
    using Raw = std::vector<std::uint8_t>;

    // Link layers.
    PacketBuilder &ethernet(std::string_view source = "02:00:00:00:00:01",
                            std::string_view destination = "02:00:00:00:00:02");
    PacketBuilder &vlan(std::uint16_t id, std::uint16_t tag_protocol = 0x8100);
    // IEEE 802.3: an LLC header behind the length field.
    PacketBuilder &llc(std::uint8_t destination_sap, std::uint8_t source_sap, std::uint8_t control = 3);
    PacketBuilder &linux_cooked();
    PacketBuilder &linux_cooked_v2();
    // The header of the BSDs; `family` is AF_INET or the system's AF_INET6, chosen by what follows if not given.
    PacketBuilder &null_loopback(std::endian order = std::endian::little, std::optional<std::uint32_t> family = {});
    PacketBuilder &openbsd_loopback();
    PacketBuilder &raw_ip(LinkType type = LinkType::raw_ip);
    // Any link type, with nothing in front of what follows.
    PacketBuilder &link(LinkType type);

    PacketBuilder &arp_request(std::string_view sender, std::string_view target);

    PacketBuilder &ipv4(std::string_view source, std::string_view destination);
    PacketBuilder &ipv6(std::string_view source, std::string_view destination);
    // IPv6 extension headers. `options` are filled with Pad1 or PadN up to 8 bytes.
    PacketBuilder &hop_by_hop(Raw options = {});
    PacketBuilder &destination_options(Raw options = {});
    PacketBuilder &routing(std::uint8_t type = 4, std::uint8_t segments_left = 0, std::size_t addresses = 1);
    PacketBuilder &authentication_header();
    // Any extension header of RFC 6564's form; `body` follows the two bytes of next header and length.
    PacketBuilder &extension(std::uint8_t protocol, Raw body);
    // Offset in bytes. Sets the fields of an IPv4 header, and adds the extension header to IPv6.
    PacketBuilder &fragment(std::uint16_t offset, bool more, std::uint32_t identification = 1);

    PacketBuilder &tcp(std::uint16_t source_port, std::uint16_t destination_port);
    PacketBuilder &udp(std::uint16_t source_port, std::uint16_t destination_port);
    PacketBuilder &udplite(std::uint16_t source_port, std::uint16_t destination_port);
    PacketBuilder &dccp(std::uint16_t source_port, std::uint16_t destination_port);
    PacketBuilder &sctp(std::uint16_t source_port, std::uint16_t destination_port, std::uint32_t tag = 1);
    // A chunk of the SCTP packet; `value` follows the chunk's header.
    PacketBuilder &chunk(std::uint8_t type, std::uint8_t flags = 0, Raw value = {});
    PacketBuilder &data_chunk(std::string_view user_data);
    PacketBuilder &icmp(std::uint8_t type, std::uint8_t code = 0, std::uint16_t identifier = 0,
                        std::uint16_t sequence = 0);
    PacketBuilder &icmpv6(std::uint8_t type, std::uint8_t code = 0, std::uint16_t identifier = 0,
                          std::uint16_t sequence = 0);

    // Tunnels. What follows is the inner packet.
    PacketBuilder &gre(std::optional<std::uint32_t> key = {});

    PacketBuilder &payload(std::string_view text);
    PacketBuilder &payload(const Raw &bytes);
    PacketBuilder &payload_of(std::size_t count);

    // TCP. Flags are tcpdump's letters, in any order: S F R P . (ACK) U E W.
    PacketBuilder &flags(std::string_view letters);
    PacketBuilder &seq(std::uint32_t number);
    PacketBuilder &ack(std::uint32_t number);
    PacketBuilder &window(std::uint16_t size);
    // Options of TCP or IPv4, filled with zeros up to 4 bytes.
    PacketBuilder &options(Raw bytes);

    // Values that the builder would have got right.
    PacketBuilder &next(std::uint16_t protocol);     // EtherType, IP protocol, next header
    PacketBuilder &length(std::uint32_t bytes);      // total, payload, UDP or chunk length; an extension's length field
    PacketBuilder &header_words(std::uint8_t words); // IHL, TCP data offset
    PacketBuilder &version(std::uint8_t number);
    PacketBuilder &checksum(std::uint16_t value);

    // The frame. Padding stands behind all that the headers count.
    PacketBuilder &padding(std::size_t count);
    PacketBuilder &captured(std::size_t count);
    PacketBuilder &original_length(std::uint32_t count);
    PacketBuilder &at(Timestamp time);
    PacketBuilder &at_ms(std::int64_t milliseconds);
    PacketBuilder &on_interface(std::uint32_t index);
    PacketBuilder &inbound();
    PacketBuilder &outbound();

    [[nodiscard]] BuiltPacket build() const;

  private:
    enum class Kind {
        ethernet,
        vlan,
        llc,
        cooked,
        cooked_v2,
        null_loopback,
        openbsd_loopback,
        none,
        arp,
        ipv4,
        ipv6,
        extension,
        authentication,
        fragment,
        tcp,
        udp,
        udplite,
        dccp,
        sctp,
        chunk,
        icmp,
        icmpv6,
        gre,
        payload
    };
    struct Layer {
        Kind kind{};
        Raw source, destination;         // addresses
        std::uint16_t a = 0, b = 0;      // ports; ICMP identifier and sequence; offset of a fragment
        std::uint8_t type = 0, code = 0; // ICMP; chunk type and flags; an extension's protocol; TCP flags in `code`
        std::uint32_t number = 0, number2 = 0; // seq, ack; identification; verification tag
        std::uint16_t window = 65535;
        bool more = false;
        std::endian order = std::endian::little;
        Raw bytes; // options, body or payload
        std::optional<std::uint32_t> next, length;
        std::optional<std::uint8_t> header_words, version;
        std::optional<std::uint16_t> checksum;
    };

    Layer &add(Kind kind);
    Layer &last();
    PacketBuilder &ports(Kind kind, std::uint16_t source_port, std::uint16_t destination_port);
    [[nodiscard]] Raw with_header(std::size_t index, const Raw &body) const;
    [[nodiscard]] std::uint16_t next_of(std::size_t index) const;
    [[nodiscard]] std::uint16_t transport_checksum(std::size_t index, std::uint8_t protocol, const Raw &segment) const;

    std::vector<Layer> layers_;
    LinkType link_type_ = LinkType::raw_ip;
    std::size_t padding_ = 0;
    std::optional<std::size_t> captured_;
    std::optional<std::uint32_t> original_length_;
    Timestamp time_ = first_packet_time;
    std::uint32_t interface_ = 0;
    PacketDirection direction_ = PacketDirection::unknown;
};

// Where most sentences begin.
[[nodiscard]] inline PacketBuilder ethernet() { return PacketBuilder{}.ethernet(); }
[[nodiscard]] inline PacketBuilder raw_ip() { return PacketBuilder{}.raw_ip(); }

} // namespace doorplate
