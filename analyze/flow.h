#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyze/data_channel.h"
#include "analyze/dissection.h"
#include "analyze/evidence.h"
#include "analyze/flow_key.h"
#include "analyze/quoted_packet.h"
#include "analyze/sides.h"
#include "capture/timestamp.h"

namespace doorplate {

// Traffic of one end of a flow. All are of packets this end sent.
struct TrafficCounters {
    std::uint64_t packets = 0;
    // Original lengths of frames, link header included.
    std::uint64_t frame_bytes = 0;
    // What the IP headers say.
    std::uint64_t ip_bytes = 0;
    // What TCP, UDP or SCTP carried.
    std::uint64_t payload_bytes = 0;

    friend bool operator==(const TrafficCounters &, const TrafficCounters &) = default;
};

// IPFIX flowEndReason (element 136), in its words.
enum class FlowEndReason : std::uint8_t {
    idle_timeout,
    active_timeout,
    end_detected,      // FIN, RST, SCTP shutdown
    forced_end,        // the capture ended, or was ended
    lack_of_resources, // evicted from a full table
};

// Zeek's states of one end of a TCP connection (TCP_Endpoint.h), from which conn_state follows.
enum class TcpEndState : std::uint8_t {
    inactive,     // nothing seen of it
    syn_sent,     // its SYN seen
    syn_ack_sent, // its SYN+ACK seen although it is the initiator
    partial,      // seen, but no SYN
    established,  // the handshake seen
    closed,       // its FIN seen
    reset,        // its RST seen
};

// What a multipath connection's subflow does (RFC 8684): open the connection, or join one.
enum class Mptcp : std::uint8_t { none, capable, join };

// What one end of a TCP connection sent, or failed to. Whatever is not said otherwise counts segments.
struct TcpEndFacts {
    // The sequence numbers' account of the payload, as Zeek's orig_bytes and resp_bytes: each byte once, and those that
    // were not captured as well.
    std::uint64_t stream_bytes = 0;
    // Payload that had all been seen or acknowledged before.
    std::uint64_t retransmissions = 0;
    // Filled a hole: sent in order, captured out of it, or sent again because it was lost.
    std::uint64_t out_of_order = 0;
    // Stretches of payload that were acknowledged but not captured, and their bytes (Zeek's missed_bytes). Not told of
    // connections whose beginning is missing.
    std::uint64_t gaps = 0;
    std::uint64_t gap_bytes = 0;
    // Said that this end can take no more.
    std::uint64_t zero_windows = 0;
    // Asked whether the other end is still there (RFC 9293 section 3.8.4).
    std::uint64_t keep_alives = 0;
    // Had the URG flag.
    std::uint64_t urgent = 0;
    // Had a wrong checksum, and did nothing else.
    std::uint64_t bad_checksums = 0;

    friend bool operator==(const TcpEndFacts &, const TcpEndFacts &) = default;
};

// Zeek's view of a TCP connection, and what else there is to say of it.
struct TcpSummary {
    // conn_state, letter for letter: S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH.
    std::string state;
    // history, letter for letter: upper case from the initiator, "^" where the roles were turned round.
    std::string history;
    // From the SYN to the ACK of the SYN+ACK, if all three were seen.
    std::optional<Duration> handshake_rtt;
    // The SYN+ACK was seen, but no ACK of it.
    bool half_open = false;
    // Both ends sent a SYN without ACK (RFC 9293 section 3.5).
    bool simultaneous_open = false;
    // The SYN had payload, or the option of TCP Fast Open (RFC 7413).
    bool fast_open = false;
    Mptcp mptcp = Mptcp::none;
    PerSide<TcpEndFacts> facts;
    // What `state` was made of, so that it can be made again when the roles are turned round.
    PerSide<TcpEndState> end_states;

    // Turns the roles round: "^" at the head of `history` says that the initiator is not who sent the first packet.
    void flip();

    friend bool operator==(const TcpSummary &, const TcpSummary &) = default;
};

// Zeek's view of a UDP exchange.
struct UdpSummary {
    // conn_state: SF, S0, SHR, by who sent; OTH if all had wrong checksums.
    std::string state;
    // history: D and d, the first datagram each way; C and c, a wrong checksum (the first, tenth, hundredth ...); "^"
    // as in TcpSummary.
    std::string history;

    // Turns the roles round.
    void flip();

    friend bool operator==(const UdpSummary &, const UdpSummary &) = default;
};

// An SCTP association's state (RFC 9260 section 4), as far as packets tell it.
enum class SctpState : std::uint8_t {
    unseen,            // nothing that tells it
    cookie_wait,       // INIT seen, or its INIT ACK
    cookie_echoed,     // COOKIE ECHO seen
    established,       // COOKIE ACK seen, or chunks that only come behind it
    shutdown_sent,     // SHUTDOWN seen
    shutdown_ack_sent, // SHUTDOWN ACK seen
    closed,            // SHUTDOWN COMPLETE seen
    aborted,           // ABORT seen
};

struct SctpChunkCount {
    SctpChunk chunk = SctpChunk::other;
    std::uint64_t count = 0;

    friend bool operator==(const SctpChunkCount &, const SctpChunkCount &) = default;
};

// What one end of an SCTP association sent.
struct SctpEndFacts {
    // Its verification tag: what the other end puts into its packets. Chosen anew for each association.
    std::optional<std::uint32_t> tag;
    // Those it sent, by kind.
    std::vector<SctpChunkCount> chunks;
    // Its addresses besides the flow's own, as it announced them (INIT, INIT ACK, ASCONF); no more than
    // max_sctp_addresses.
    std::vector<IpAddress> addresses;
    // It offered explicit congestion notification (RFC 4960 appendix A).
    bool ecn_capable = false;
    // Streams it asked to send on.
    std::optional<std::uint16_t> streams;
    // Packets with a tag that the other end never gave out, which count but do nothing (section 8.5).
    std::uint64_t wrong_tags = 0;
    // Packets with a wrong checksum, whose chunks do not even count.
    std::uint64_t bad_checksums = 0;

    [[nodiscard]] std::uint64_t count(SctpChunk chunk) const;

    friend bool operator==(const SctpEndFacts &, const SctpEndFacts &) = default;
};
inline constexpr std::size_t max_sctp_addresses = 8;
inline constexpr std::size_t max_sctp_payload_protocols = 8;

struct SctpSummary {
    SctpState state = SctpState::unseen;
    PerSide<SctpEndFacts> facts;
    // IANA's "SCTP Payload Protocol Identifiers" that its DATA chunks had, in the order seen; the first
    // max_sctp_payload_protocols.
    std::vector<std::uint32_t> payload_protocols;
    // An earlier flow that is the same association over other addresses.
    std::optional<std::uint64_t> other_path_id;

    // True if an end announced more addresses than the flow's own, or the flow is one of several paths.
    [[nodiscard]] bool is_multihomed() const;
    void flip();

    friend bool operator==(const SctpSummary &, const SctpSummary &) = default;
};

// An ICMP exchange: what the first packet was.
struct IcmpSummary {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    std::uint16_t identifier = 0; // of echo; else 0
    // Of an error: the packet it is about, and the flow of that packet, if it was in the table.
    std::optional<QuotedPacket> quoted{};
    std::optional<std::uint64_t> about_id{};

    friend bool operator==(const IcmpSummary &, const IcmpSummary &) = default;
};

// Both directions of one five-tuple, from its first packet to its end: what was counted, before anything is concluded
// but who began. Another connection on the same five-tuple is another flow.
struct Flow {
    // 1, 2, 3 ... in the order of first packets.
    std::uint64_t id = 0;
    FlowKey key;
    PerSide<Endpoint> ends;
    // Why `ends` is not the other way round: syn, syn_ack, sctp_init, icmp_request or, by default, first_seen.
    Evidence initiator_evidence = Evidence::first_seen;
    Timestamp start;
    Timestamp end;
    PerSide<TrafficCounters> traffic;
    std::optional<TcpSummary> tcp;
    std::optional<UdpSummary> udp;
    std::optional<IcmpSummary> icmp;
    std::optional<SctpSummary> sctp;
    // Fragments other than the first, which are counted in `traffic` as well.
    std::uint64_t further_fragments = 0;
    // VLAN tags of the first packet, outermost first.
    std::vector<std::uint16_t> vlans;
    // MPLS labels of the first packet, outermost first.
    std::vector<std::uint32_t> mpls;
    // What carries this flow, if its packets travel inside others' (key.level tells how deep): how, the tunnel's number
    // where it has one, and the flow of the outer packets, where they name one.
    TunnelKind tunnel = TunnelKind::none;
    std::optional<std::uint64_t> tunnel_id;
    std::optional<std::uint64_t> parent_id;
    // What announced it, if its port was agreed on inside another flow.
    std::optional<DataChannel> channel;
    // Indices into PacketSource::interfaces(), in the order seen.
    std::vector<std::uint32_t> interfaces;
    // Directions in which the source saw packets of this flow.
    bool seen_inbound = false;
    bool seen_outbound = false;
    // Set when the flow ends.
    FlowEndReason end_reason = FlowEndReason::forced_end;

    // The flow that carries this one, else the one that announced it.
    [[nodiscard]] std::optional<std::uint64_t> carrier_or_control_id() const {
        return parent_id || !channel ? parent_id : channel->control_id;
    }

    // Turns the roles round: ends, counters, TCP state and history (with Zeek's "^"). Twice is as if never.
    void flip();
};

} // namespace doorplate
