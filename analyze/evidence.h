#pragma once

#include <cstdint>

#include "analyze/inline_list.h"

namespace doorplate {

// What a conclusion rests on. One vocabulary for "who began?" and for "what is this port?"; the machine's word for each
// is in report/tokens.h and never changes, the sentences for people are in report/explain.h.
enum class Evidence : std::uint8_t {
    // Who began, strongest first.
    syn,          // its SYN was seen
    syn_ack,      // the other end's SYN+ACK was seen
    sctp_init,    // its INIT or COOKIE ECHO was seen, or the other end's answer to it
    icmp_request, // it sent the request of a request-reply pair
    connected,    // its socket was in SYN_SENT, or connected from a port no listener has
    listener,     // a listening or bound socket has this endpoint
    announced,    // the port was agreed on inside another flow
    registered,   // the registry has a service at this number, and none at the other end's
    port_class,   // this number's class is lower than the other end's
    many_peers,   // several flows of this capture come to this endpoint
    first_seen,   // it sent the first packet we have
    // What a number is.
    kernel_autobind,          // the kernel chose it as the socket was used: it said so
    explicit_bind,            // the program asked for this very number: the kernel said so
    in_ephemeral_range,       // inside this host's ip_local_port_range, not reserved
    outside_ephemeral_range,  // outside of it, or reserved: the kernel did not pick it by itself
    iana_dynamic_range,       // 49152-65535 (RFC 6335), where nothing is known of the host's own range
    common_ephemeral_range,   // 32768-60999, Linux's default, where nothing is known of the host's own range
    below_unprivileged_start, // binding it takes a privilege on this host, or by convention (< 1024)
    parity,                   // odd or even as current Linux hands out numbers for bind(0) or connect
    same_port_both_ends,      // both ends use the same number
    fixed_source_convention,  // a protocol whose initiator uses a fixed port as well
    multicast_group,          // the other end is a multicast or broadcast address
    no_ports,                 // the transport has none
};

// Strongest first. Far fewer of them ever come together.
using EvidenceList = InlineList<Evidence, 15>;

} // namespace doorplate
