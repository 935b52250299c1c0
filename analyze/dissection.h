#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "analyze/sctp_chunk.h"
#include "capture/address.h"
#include "capture/packet.h"
#include "capture/transport.h"

namespace doorplate {

// The ways in which a packet can be wrong. Each is counted by name in every report; work goes on. That a packet was cut
// by the snapshot length is no malformation: see Dissection::truncated.
enum class Malformation : std::uint8_t {
    link_header_too_short,
    vlan_header_too_short,
    too_many_vlan_tags,
    arp_too_short,
    ipv4_header_too_short,
    ipv4_bad_version,
    ipv4_bad_header_length,
    ipv4_total_length_too_small,
    ipv4_bad_options,
    ipv6_header_too_short,
    ipv6_bad_version,
    ipv6_bad_extension_header,
    ipv6_too_many_extension_headers,
    fragment_bad_length,
    fragment_too_small,
    tcp_header_too_short,
    tcp_bad_data_offset,
    tcp_bad_options,
    udp_header_too_short,
    udp_bad_length,
    sctp_header_too_short,
    sctp_bad_chunk_length,
    icmp_header_too_short,
    dccp_header_too_short,
    dccp_bad_data_offset,
    too_many_mpls_labels,
    too_many_link_headers,
    tunnel_header_too_short,
    tunnel_bad_header,
    // More IP packets in one another than max_levels; what is further inside is not looked at.
    too_many_tunnels,
    // The fragments of a packet that carries another one never were all there, or did not fit together, or there was no
    // room for them: what is inside is in no flow.
    tunnel_incomplete,
    // The IP header tells of more bytes than the frame had on the wire.
    longer_than_frame,
    // See ip_checksum and transport_checksum, which tell them; never a Dissection's `malformation`, for the packet was
    // understood all the same.
    bad_ip_checksum,
    bad_transport_checksum,
};
inline constexpr std::size_t malformation_count = static_cast<std::size_t>(Malformation::bad_transport_checksum) + 1;

// What a packet carried, as far as it was dissected. The fields from `source` on are set only for `ip`.
enum class PacketKind : std::uint8_t {
    // An IP packet whose addresses are known. Whether it names a flow: see Dissection::flow_ready.
    ip,
    arp,
    // A frame with an EtherType that is not dissected; `ether_type` says which.
    other_ether_type,
    // IEEE 802.3 length field: LLC (spanning tree, CDP ...), other than IP or ARP in SNAP.
    llc,
    // PPP that is not IP (LCP, compressed headers ...); `ether_type` is the PPP protocol.
    ppp,
    // MPLS with something inside that is not recognised.
    mpls,
    // IEEE 802.11: frames that carry no data, or none that can be read here.
    wlan_management,
    wlan_control,
    wlan_no_data,
    wlan_encrypted,
    wlan_fragment,
    // No dissector for this link type, or a protocol family of the null/loop header that is not IP.
    unknown_link,
    // Broken or cut before the addresses of an IP header could be read.
    undissected,
};

// As they stand in the header, from the lowest bit on.
struct TcpFlags {
    bool fin : 1 = false, syn : 1 = false, rst : 1 = false, psh : 1 = false;
    bool ack : 1 = false, urg : 1 = false, ece : 1 = false, cwr : 1 = false;

    friend bool operator==(const TcpFlags &, const TcpFlags &) = default;
};

struct TcpFields : TcpFlags {
    // Options: TCP Fast Open (RFC 7413), and of Multipath TCP (RFC 8684) MP_CAPABLE and MP_JOIN.
    bool fast_open : 1 = false, mptcp_capable : 1 = false, mptcp_join : 1 = false;
    std::uint16_t window = 0;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgment = 0;

    friend bool operator==(const TcpFields &, const TcpFields &) = default;
};

struct IcmpFields {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    // Echo's identifier; 0 for other types.
    std::uint16_t identifier = 0;

    friend bool operator==(const IcmpFields &, const IcmpFields &) = default;
};

// RFC 791 section 3.1, RFC 8200 section 4.5. Offset in bytes.
struct FragmentFields {
    std::uint32_t identification = 0;
    std::uint32_t offset = 0;
    bool more = false;
    // Of what it carries, as the IP header says.
    std::uint32_t length = 0;
    // The captured part of that; a view into the packet.
    Bytes bytes{};
};

// RFC 9260 section 3. What the chunks say is for SctpTracker to read: see Dissection::payload.
struct SctpFields {
    std::uint32_t verification_tag = 0;
    // A bit for each SctpChunk.
    std::uint32_t chunks = 0;

    void add(SctpChunk chunk) { chunks |= 1U << std::to_underlying(chunk); }
    [[nodiscard]] bool has(SctpChunk chunk) const { return (chunks >> std::to_underlying(chunk) & 1) != 0; }

    friend bool operator==(const SctpFields &, const SctpFields &) = default;
};

// What a packet travels in, if it is one inside another.
enum class TunnelKind : std::uint8_t {
    none,
    ip_in_ip,    // IPv4 in IPv4 (RFC 2003), IPv6 in IPv6 (RFC 2473)
    six_in_four, // RFC 4213
    four_in_six, // RFC 2473
    gre,         // RFC 2784, with keys RFC 2890; PPTP's version (RFC 2637); NVGRE
    erspan,
    vxlan,      // RFC 7348
    geneve,     // RFC 8926
    gtp_u,      // 3GPP TS 29.281
    teredo,     // RFC 4380
    l2tp,       // RFC 2661, RFC 3931
    etherip,    // RFC 3378
    mpls_in_ip, // RFC 4023; in UDP, RFC 7510
    lisp,       // RFC 9300
    capwap,     // RFC 5415
    ayiya,      // draft-massar-v6ops-ayiya
};

// Did the sum over what the header says it covers come out right?
enum class Checksum : std::uint8_t {
    // Not asked for, none was sent, or not all of it was captured. A sending host that leaves the sum to its network
    // card is captured with the sum over the pseudo header alone: nothing is wrong, and nothing is verified.
    unverified,
    good,
    bad,
};

inline constexpr std::size_t max_vlan_tags = 4;
// Deeper stacks are walked, but only the outermost labels are told.
inline constexpr std::size_t max_mpls_labels = 4;

// One packet, or one of the packets that it carries inside.
struct Dissection {
    // Inline, so that what is written at once is not written twice.
    [[gnu::always_inline]] Dissection() = default;

    PacketKind kind = PacketKind::undissected;
    // How this packet travels in the one around it; `none` for the outermost.
    TunnelKind tunnel = TunnelKind::none;
    Transport transport = Transport::tcp;
    Checksum ip_checksum = Checksum::unverified;
    Checksum transport_checksum = Checksum::unverified;
    // The addresses and, where the transport has them, the ports are known: they name a flow, and the packet counts in
    // it even if what follows the ports is cut or broken. False where the ports are not known: in fragments that are
    // not the first, whose flow the fragment table knows, and where a header in front of the ports, or ICMP's, is cut
    // or broken.
    bool flow_ready = false;
    // A header that we needed was not captured: cut by the snapshot length, or, of a tunnel, in another fragment.
    // Options of TCP are not needed.
    bool truncated = false;
    // The first thing that was wrong, if any.
    std::optional<Malformation> malformation;

    // The link layer's headers, of an inner packet those inside its tunnel.
    std::uint16_t ether_type = 0;
    std::uint8_t vlan_count = 0;
    std::uint8_t mpls_count = 0;
    // VLAN identifiers, outermost first (802.1Q, 802.1ad). 0 is a tag too, one with a priority only.
    std::array<std::uint16_t, max_vlan_tags> vlans{};
    // MPLS labels (RFC 3032), outermost first.
    std::array<std::uint32_t, max_mpls_labels> mpls{};
    // The tunnel's number: GRE's key, VXLAN's and Geneve's network, GTP's tunnel endpoint, ERSPAN's and L2TP's session.
    std::optional<std::uint64_t> tunnel_id;

    IpAddress source;
    IpAddress destination;
    // 0 for transports without ports, and for a fragment that is not the first.
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    // What the IP header says of the whole IP packet, header included, even if the frame is shorter. With a total
    // length of 0 (segmentation offload) it is what the frame holds.
    std::uint32_t ip_bytes = 0;
    // What the transport carried, whether it was captured or not. TCP, DCCP: what follows the header and its options.
    // UDP: by its own length field. SCTP: the user data of its DATA and I-DATA chunks. ICMP: what follows its 8-byte
    // header. Other protocols, and fragments that are not the first: everything behind the IP headers. For a first
    // fragment only its own part, so that the fragments of a packet add up to the whole. 0 if the header that tells is
    // cut or broken.
    std::uint32_t payload_bytes = 0;
    // The captured part of that payload; of SCTP all chunks, as they stand behind its header. A view into the packet.
    Bytes payload;

    // These three are absent where the header was cut or broken, even if the ports are known.
    std::optional<TcpFields> tcp;
    std::optional<IcmpFields> icmp;
    std::optional<SctpFields> sctp;
    // Only in a packet that is really in pieces; an atomic fragment (RFC 6946) is none.
    std::optional<FragmentFields> fragment;
};

// Real networks stack two or three; more is counted as Malformation::too_many_tunnels.
inline constexpr std::size_t max_levels = 4;

// What follows the frame in which level `level` is, in the same aggregate (802.11's A-MSDU): other frames, for
// dissect_next_frame(). Mostly empty. A view into the packet.
struct MoreFrames {
    Bytes bytes;
    std::size_t level = 0;
};

// A packet and the packets inside it. levels[0] is the outermost; beyond `count` they are of earlier packets.
struct DissectedPacket {
    std::array<Dissection, max_levels> levels;
    std::size_t count = 0;
    MoreFrames more_frames;

    [[nodiscard]] std::span<const Dissection> all() const { return std::span(levels).first(count); }
};

struct DissectOptions {
    bool verify_checksums = false;
};

// Writes the packet and those inside it to the beginning of `levels`, which may be used again and again, and returns
// how many there are: at least 1. `more` is left alone if there are none. Never fails: a packet that makes no sense is
// a Dissection that says so. Looks at nothing but `packet`.
[[nodiscard]] std::size_t dissect(const Packet &packet, std::span<Dissection, max_levels> levels, MoreFrames &more,
                                  DissectOptions options = {});
inline void dissect(const Packet &packet, DissectedPacket &out, DissectOptions options = {}) {
    out.more_frames = {};
    out.count = dissect(packet, out.levels, out.more_frames, options);
}

// The first of MoreFrames::bytes, as if it were alone; its own length is all that is told of a frame.
void dissect_next_frame(const Packet &more_frames, DissectedPacket &out, DissectOptions options = {});

// Something like this may have packets inside, whether any was found or not: in a first fragment there may be too
// little of them.
[[nodiscard]] bool may_carry_packets(const Dissection &dissection);

// A name for what a packet that is in no flow was: "arp", "lldp", "ether_type_0x1234", "link_type_USB_LINUX".
[[nodiscard]] std::string packet_kind_name(LinkType link_type, const Dissection &dissection);

// The outermost level only.
[[nodiscard]] Dissection dissect(const Packet &packet, DissectOptions options = {});

} // namespace doorplate
