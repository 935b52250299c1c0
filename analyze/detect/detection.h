#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace doorplate {

// What a name was taken from.
enum class NameSource : std::uint8_t {
    tls_sni,    // the ClientHello's server name (RFC 6066 section 3)
    quic_sni,   // the same inside QUIC's Initial packet (RFC 9001)
    http_host,  // the request's Host field
    dns_answer, // an answer to this client, seen earlier in the capture, that gave this address
};

// The name of one end of a flow. Any bytes that a peer chose: whoever shows it escapes it.
struct EndpointName {
    std::string text;
    NameSource source = NameSource::dns_answer;
    // How many other names led this client to the same address; `text` is the one asked for last.
    std::uint32_t others = 0;

    friend bool operator==(const EndpointName &, const EndpointName &) = default;
};

// What the bytes of a flow's first packets say. Nothing here is guessed from a port or an address.
struct Detection {
    // A service name as Zeek and tshark have it: "tls", "http", "dns", "quic" ...
    std::string protocol;
    // Whose service it is, as far as the names in the bytes tell: "youtube" in a flow whose protocol is "tls".
    std::optional<std::string> application;
    // What the client called the other end.
    std::optional<EndpointName> server_name;

    friend bool operator==(const Detection &, const Detection &) = default;
};

} // namespace doorplate
