#include "analyze/community_id.h"

#include <array>
#include <utility>

#include <nettle/base64.h>
#include <nettle/sha1.h>

#include "analyze/icmp_exchange.h"

namespace doorplate {
namespace {

// What is hashed of a flow, in this order: seed, addresses, protocol, a zero byte, ports where there are any.
struct Tuple {
    Endpoint first;
    Endpoint second;
    Transport transport = Transport::tcp;
    bool with_ports = false;
};

// Community ID knows the ports of these only.
bool hashes_ports(Transport transport) {
    return transport == Transport::tcp || transport == Transport::udp || transport == Transport::sctp;
}

// ICMP's types stand for ports: a request's type and its reply's, ordered like any other tuple; of a one-way message
// type and code, in the order in which it was sent.
Tuple icmp_tuple(const FlowKey &key) {
    Tuple tuple{key.low, key.high, key.transport, true};
    if (!key.icmp.by_low) std::swap(tuple.first, tuple.second);
    const auto pair = icmp_pair(key.transport, key.icmp.type);
    tuple.first.port = key.icmp.type;
    tuple.second.port = pair ? pair->reply : key.icmp.code;
    if (pair && tuple.second < tuple.first) std::swap(tuple.first, tuple.second);
    return tuple;
}

Tuple tuple_of(const FlowKey &key) {
    if (key.transport == Transport::icmp || key.transport == Transport::icmpv6) return icmp_tuple(key);
    return {key.low, key.high, key.transport, hashes_ports(key.transport)};
}

std::array<std::uint8_t, 2> be16(std::uint16_t number) {
    return {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number & 0xff)};
}

} // namespace

std::string community_id(const Flow &flow) {
    const Tuple tuple = tuple_of(flow.key);

    sha1_ctx context;
    sha1_init(&context);
    const auto update = [&context](Bytes bytes) { sha1_update(&context, bytes.size(), bytes.data()); };
    update(be16(0)); // seed
    update(tuple.first.address.bytes());
    update(tuple.second.address.bytes());
    update(std::array<std::uint8_t, 2>{static_cast<std::uint8_t>(tuple.transport), 0});
    if (tuple.with_ports) {
        update(be16(tuple.first.port));
        update(be16(tuple.second.port));
    }
    std::array<std::uint8_t, SHA1_DIGEST_SIZE> digest{};
    sha1_digest(&context, digest.size(), digest.data());

    std::array<char, BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)> text{};
    base64_encode_raw(text.data(), digest.size(), digest.data());
    return "1:" + std::string(text.data(), text.size());
}

} // namespace doorplate
