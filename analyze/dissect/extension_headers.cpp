// IPv6 extension headers, RFC 8200 section 4 (and 6564 for the form of newer ones), and AH, RFC 4302.

#include "analyze/dissect/extension_headers.h"

#include "analyze/dissect/fragment.h"
#include "analyze/dissect/layers.h"

namespace doorplate {

namespace {

constexpr std::uint8_t hop_by_hop = 0;
constexpr std::uint8_t routing = 43;
constexpr std::uint8_t fragment_header = 44;
constexpr std::uint8_t authentication = 51;
constexpr std::uint8_t no_next_header = 59;
constexpr std::uint8_t destination_options = 60;
constexpr std::uint8_t mobility = 135;
constexpr std::uint8_t hip = 139;
constexpr std::uint8_t shim6 = 140;

// RFC 8200 speaks of six, one of them twice. More than this is an attack or nonsense (RFC 9288 section 3).
constexpr int max_extension_headers = 16;

// What a header announces, and where it begins.
struct NextHeader {
    std::uint8_t protocol = 0;
    LayerBytes bytes;
};

// Extension headers that are messages of their own: nothing needs to follow them.
bool is_message(std::uint8_t protocol) { return protocol == mobility || protocol == hip || protocol == shim6; }

//     0               1               2               3
//    +---------------+---------------+-------------------------------+
//    |  Next Header  |    Length     | ...
//    +---------------+---------------+
//
// The length is in units of 8 bytes, less the first one; AH's is in units of 4, less the first two.
std::size_t length_in_bytes(std::uint8_t protocol, std::uint8_t field) {
    return protocol == authentication ? (field + std::size_t{2}) * 4 : (field + std::size_t{1}) * 8;
}

// Options of hop-by-hop and destination options headers (RFC 8200 section 4.2): type, length of the data, data. Pad1,
// type 0, is one byte.
class OptionReader {
  public:
    explicit OptionReader(Bytes options) : reader_(options) {}

    struct Option {
        std::uint8_t type = 0;
        Bytes data;
    };
    // Nothing at the end, or where an option does not fit: then broken() is true.
    std::optional<Option> next() {
        const auto type = reader_.u8();
        if (!type) return std::nullopt;
        if (*type == 0) return Option{};
        const auto length = reader_.u8();
        const auto data = length ? reader_.take(*length) : std::nullopt;
        if (!data) {
            broken_ = true;
            return std::nullopt;
        }
        return Option{.type = *type, .data = *data};
    }
    [[nodiscard]] bool broken() const { return broken_; }

  private:
    ByteReader reader_;
    bool broken_ = false;
};

bool options_are_valid(Bytes options) {
    OptionReader reader(options);
    while (reader.next()) {
    }
    return !reader.broken();
}

//     0               1               2                           3
//    +---------------+---------------+-------------------------+---+-+
//    |  Next Header  |   reserved    |     Fragment Offset     |res|M|
//    +---------------+---------------+-------------------------+---+-+
//    |                         Identification                        |
//    +---------------------------------------------------------------+
//
// RFC 8200 section 4.5.
std::optional<NextHeader> read_fragment(LayerBytes bytes, Dissection &out) {
    constexpr std::size_t header_length = 8;
    if (!require(bytes, header_length, Malformation::ipv6_bad_extension_header, out)) return std::nullopt;
    const std::uint16_t offset_and_more = bytes.be16(2);
    const NextHeader next{.protocol = bytes.u8(0), .bytes = bytes.behind(header_length)};
    set_fragment(
        {.identification = bytes.be32(4), .offset = offset_and_more & 0xfff8U, .more = (offset_and_more & 1) != 0},
        next.bytes, out);
    return next;
}

// The transport's checksum is over the last destination, which a routing header keeps until the packet is there (RFC
// 8200 section 8.1), and over the home address of a mobile host (RFC 6275 section 6.3). `header` is known to be there.
bool changes_addresses(std::uint8_t protocol, LayerBytes header) {
    constexpr std::uint8_t home_address = 0xc9;
    if (protocol == routing) return header.u8(3) != 0;
    return protocol == destination_options && header.u8(2) == home_address;
}

std::optional<NextHeader> read_extension(std::uint8_t protocol, LayerBytes bytes, Dissection &out) {
    if (!require(bytes, 2, Malformation::ipv6_bad_extension_header, out)) return std::nullopt;
    const std::size_t length = length_in_bytes(protocol, bytes.u8(1));
    if (!require(bytes, length, Malformation::ipv6_bad_extension_header, out)) return std::nullopt;
    if ((protocol == hop_by_hop || protocol == destination_options) &&
        !options_are_valid(bytes.captured().first(length).subspan(2)))
        note(Malformation::ipv6_bad_extension_header, out);
    return NextHeader{.protocol = bytes.u8(0), .bytes = bytes.behind(length)};
}

} // namespace

bool is_extension_header(std::uint8_t protocol, Family family) {
    if (family == Family::ipv4) return protocol == authentication;
    switch (protocol) {
    case hop_by_hop:
    case routing:
    case fragment_header:
    case authentication:
    case destination_options:
    case mobility:
    case hip:
    case shim6: return true;
    default: return false;
    }
}

void dissect_extension_headers(std::uint8_t protocol, Family family, LayerBytes bytes, Output &output) {
    Dissection &out = output.level();
    NextHeader next{.protocol = protocol, .bytes = bytes};
    for (int count = 0; is_extension_header(next.protocol, family); ++count) {
        const bool later_fragment = out.fragment && out.fragment->offset > 0;
        if (later_fragment) break;
        if (count == max_extension_headers) return note(Malformation::ipv6_too_many_extension_headers, out);
        // RFC 8200 section 4.1: hop-by-hop options stand first or not at all.
        if (next.protocol == hop_by_hop && count > 0) note(Malformation::ipv6_bad_extension_header, out);

        const auto following = next.protocol == fragment_header ? read_fragment(next.bytes, out)
                                                                : read_extension(next.protocol, next.bytes, out);
        if (!following) {
            out.transport = Transport{next.protocol};
            return;
        }
        if (changes_addresses(next.protocol, next.bytes)) output.give_up_transport_checksum();
        if (is_message(next.protocol) && following->protocol == no_next_header) break;
        next = *following;
    }
    dissect_ip_protocol(next.protocol, next.bytes, output);
}

std::optional<std::uint32_t> jumbo_payload_length(std::uint8_t next_header, LayerBytes bytes) {
    constexpr std::uint8_t jumbo_payload = 0xc2;
    if (next_header != hop_by_hop) return std::nullopt;
    ByteReader header(bytes.captured());
    if (!header.skip(1)) return std::nullopt;
    const auto length = header.u8();
    if (!length) return std::nullopt;
    const Bytes rest = header.rest();
    OptionReader options(rest.first(std::min(rest.size(), length_in_bytes(hop_by_hop, *length) - 2)));
    while (const auto option = options.next())
        if (option->type == jumbo_payload) return ByteReader(option->data).be32();
    return std::nullopt;
}

} // namespace doorplate
