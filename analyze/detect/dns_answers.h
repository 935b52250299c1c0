#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/address.h"
#include "capture/byte_reader.h"

namespace doorplate {

// An answer gave this address for this name.
struct NamedAddress {
    // As it was asked for, in lower case and in ldns' presentation form ("caf\195\169.example"), without the last dot.
    std::string name;
    IpAddress address;
    std::uint32_t ttl_seconds = 0;

    friend bool operator==(const NamedAddress &, const NamedAddress &) = default;
};

// More records than this are not read: what one packet may cost is bounded.
inline constexpr int most_dns_records = 64;

// What a DNS message (RFC 1035) says of addresses: those of A and AAAA records in its answer section that belong to the
// asked name, by way of CNAMEs or not. Nothing of queries, of failures, and of answers to more than one question.
// Messages without a question (mDNS, RFC 6762 section 6) name their addresses themselves.
//
// Up to a broken record the message counts. Only names and records are parsed, each by ldns_wire2rr: ldns_wire2pkt
// leaks memory on a message with two TSIG records (NLnetLabs/ldns issue 317).
[[nodiscard]] std::vector<NamedAddress> addresses_in_answer(Bytes message);

} // namespace doorplate
