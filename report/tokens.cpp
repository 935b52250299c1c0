#include "report/tokens.h"

namespace doorplate {

std::string_view token(Evidence value) {
    switch (value) {
    case Evidence::syn: return "syn";
    case Evidence::syn_ack: return "syn_ack";
    case Evidence::sctp_init: return "sctp_init";
    case Evidence::icmp_request: return "icmp_request";
    case Evidence::connected: return "connected";
    case Evidence::listener: return "listener";
    case Evidence::announced: return "announced";
    case Evidence::registered: return "registered";
    case Evidence::port_class: return "port_class";
    case Evidence::many_peers: return "many_peers";
    case Evidence::first_seen: return "first_seen";
    case Evidence::kernel_autobind: return "kernel_autobind";
    case Evidence::explicit_bind: return "explicit_bind";
    case Evidence::in_ephemeral_range: return "in_ephemeral_range";
    case Evidence::outside_ephemeral_range: return "outside_ephemeral_range";
    case Evidence::iana_dynamic_range: return "iana_dynamic_range";
    case Evidence::common_ephemeral_range: return "common_ephemeral_range";
    case Evidence::below_unprivileged_start: return "below_unprivileged_start";
    case Evidence::parity: return "parity";
    case Evidence::same_port_both_ends: return "same_port_both_ends";
    case Evidence::fixed_source_convention: return "fixed_source_convention";
    case Evidence::multicast_group: return "multicast_group";
    case Evidence::no_ports: return "no_ports";
    }
    return "unknown";
}

std::string_view token(PortClass value) {
    switch (value) {
    case PortClass::system: return "system";
    case PortClass::user: return "user";
    case PortClass::dynamic: return "dynamic";
    }
    return "unknown";
}

std::string_view token(PortRole value) {
    switch (value) {
    case PortRole::service: return "service";
    case PortRole::ephemeral: return "ephemeral";
    case PortRole::fixed_source: return "fixed_source";
    case PortRole::privileged_source: return "privileged_source";
    case PortRole::negotiated: return "negotiated";
    case PortRole::dynamic_service: return "dynamic_service";
    case PortRole::multicast_service: return "multicast_service";
    case PortRole::none: return "none";
    }
    return "unknown";
}

std::string_view token(MatchQuality value) {
    switch (value) {
    case MatchQuality::event: return "event";
    case MatchQuality::exact: return "exact";
    case MatchQuality::listener: return "listener";
    case MatchQuality::bound: return "bound";
    case MatchQuality::wildcard: return "wildcard";
    case MatchQuality::recorded: return "recorded";
    }
    return "unknown";
}

std::string_view token(AttributionMethod value) {
    switch (value) {
    case AttributionMethod::automatic: return "auto";
    case AttributionMethod::ebpf: return "ebpf";
    case AttributionMethod::netlink: return "netlink";
    case AttributionMethod::procfs: return "procfs";
    case AttributionMethod::none: return "none";
    }
    return "unknown";
}

std::string_view token(UnknownReason value) {
    switch (value) {
    case UnknownReason::no_socket_facts: return "no_socket_facts";
    case UnknownReason::not_local: return "not_local";
    case UnknownReason::forwarded: return "forwarded";
    case UnknownReason::exited: return "exited";
    case UnknownReason::no_permission: return "no_permission";
    case UnknownReason::other_namespace: return "other_namespace";
    case UnknownReason::kernel_socket: return "kernel_socket";
    case UnknownReason::raw_socket: return "raw_socket";
    case UnknownReason::ambiguous: return "ambiguous";
    }
    return "unknown";
}

std::string_view token(FlowEndReason value) {
    switch (value) {
    case FlowEndReason::idle_timeout: return "idle_timeout";
    case FlowEndReason::active_timeout: return "active_timeout";
    case FlowEndReason::end_detected: return "end_detected";
    case FlowEndReason::forced_end: return "forced_end";
    case FlowEndReason::lack_of_resources: return "lack_of_resources";
    }
    return "unknown";
}

std::string_view token(Malformation value) {
    switch (value) {
    case Malformation::link_header_too_short: return "link_header_too_short";
    case Malformation::vlan_header_too_short: return "vlan_header_too_short";
    case Malformation::too_many_vlan_tags: return "too_many_vlan_tags";
    case Malformation::arp_too_short: return "arp_too_short";
    case Malformation::ipv4_header_too_short: return "ipv4_header_too_short";
    case Malformation::ipv4_bad_version: return "ipv4_bad_version";
    case Malformation::ipv4_bad_header_length: return "ipv4_bad_header_length";
    case Malformation::ipv4_total_length_too_small: return "ipv4_total_length_too_small";
    case Malformation::ipv4_bad_options: return "ipv4_bad_options";
    case Malformation::ipv6_header_too_short: return "ipv6_header_too_short";
    case Malformation::ipv6_bad_version: return "ipv6_bad_version";
    case Malformation::ipv6_bad_extension_header: return "ipv6_bad_extension_header";
    case Malformation::ipv6_too_many_extension_headers: return "ipv6_too_many_extension_headers";
    case Malformation::fragment_bad_length: return "fragment_bad_length";
    case Malformation::fragment_too_small: return "fragment_too_small";
    case Malformation::tcp_header_too_short: return "tcp_header_too_short";
    case Malformation::tcp_bad_data_offset: return "tcp_bad_data_offset";
    case Malformation::tcp_bad_options: return "tcp_bad_options";
    case Malformation::udp_header_too_short: return "udp_header_too_short";
    case Malformation::udp_bad_length: return "udp_bad_length";
    case Malformation::sctp_header_too_short: return "sctp_header_too_short";
    case Malformation::sctp_bad_chunk_length: return "sctp_bad_chunk_length";
    case Malformation::icmp_header_too_short: return "icmp_header_too_short";
    case Malformation::dccp_header_too_short: return "dccp_header_too_short";
    case Malformation::dccp_bad_data_offset: return "dccp_bad_data_offset";
    case Malformation::too_many_mpls_labels: return "too_many_mpls_labels";
    case Malformation::too_many_link_headers: return "too_many_link_headers";
    case Malformation::tunnel_header_too_short: return "tunnel_header_too_short";
    case Malformation::tunnel_bad_header: return "tunnel_bad_header";
    case Malformation::too_many_tunnels: return "too_many_tunnels";
    case Malformation::tunnel_incomplete: return "tunnel_incomplete";
    case Malformation::longer_than_frame: return "longer_than_frame";
    case Malformation::bad_ip_checksum: return "bad_ip_checksum";
    case Malformation::bad_transport_checksum: return "bad_transport_checksum";
    }
    return "unknown";
}

std::string_view token(TunnelKind value) {
    switch (value) {
    case TunnelKind::none: return "none";
    case TunnelKind::ip_in_ip: return "ip_in_ip";
    case TunnelKind::six_in_four: return "six_in_four";
    case TunnelKind::four_in_six: return "four_in_six";
    case TunnelKind::gre: return "gre";
    case TunnelKind::erspan: return "erspan";
    case TunnelKind::vxlan: return "vxlan";
    case TunnelKind::geneve: return "geneve";
    case TunnelKind::gtp_u: return "gtp_u";
    case TunnelKind::teredo: return "teredo";
    case TunnelKind::l2tp: return "l2tp";
    case TunnelKind::etherip: return "etherip";
    case TunnelKind::mpls_in_ip: return "mpls_in_ip";
    case TunnelKind::lisp: return "lisp";
    case TunnelKind::capwap: return "capwap";
    case TunnelKind::ayiya: return "ayiya";
    }
    return "unknown";
}

std::string_view token(Checksum value) {
    switch (value) {
    case Checksum::unverified: return "unverified";
    case Checksum::good: return "good";
    case Checksum::bad: return "bad";
    }
    return "unknown";
}

std::string_view token(RelationKind value) {
    switch (value) {
    case RelationKind::loopback_pair: return "loopback_pair";
    case RelationKind::tunnel: return "tunnel";
    case RelationKind::multihomed: return "multihomed";
    case RelationKind::data_channel: return "data_channel";
    }
    return "unknown";
}

std::string_view token(SctpState value) {
    switch (value) {
    case SctpState::unseen: return "unseen";
    case SctpState::cookie_wait: return "cookie_wait";
    case SctpState::cookie_echoed: return "cookie_echoed";
    case SctpState::established: return "established";
    case SctpState::shutdown_sent: return "shutdown_sent";
    case SctpState::shutdown_ack_sent: return "shutdown_ack_sent";
    case SctpState::closed: return "closed";
    case SctpState::aborted: return "aborted";
    }
    return "unknown";
}

std::string_view token(SctpChunk value) {
    switch (value) {
    case SctpChunk::data: return "data";
    case SctpChunk::init: return "init";
    case SctpChunk::init_ack: return "init_ack";
    case SctpChunk::sack: return "sack";
    case SctpChunk::heartbeat: return "heartbeat";
    case SctpChunk::heartbeat_ack: return "heartbeat_ack";
    case SctpChunk::abort: return "abort";
    case SctpChunk::shutdown: return "shutdown";
    case SctpChunk::shutdown_ack: return "shutdown_ack";
    case SctpChunk::error: return "error";
    case SctpChunk::cookie_echo: return "cookie_echo";
    case SctpChunk::cookie_ack: return "cookie_ack";
    case SctpChunk::ecne: return "ecne";
    case SctpChunk::cwr: return "cwr";
    case SctpChunk::shutdown_complete: return "shutdown_complete";
    case SctpChunk::auth: return "auth";
    case SctpChunk::i_data: return "i_data";
    case SctpChunk::asconf_ack: return "asconf_ack";
    case SctpChunk::re_config: return "re_config";
    case SctpChunk::pad: return "pad";
    case SctpChunk::forward_tsn: return "forward_tsn";
    case SctpChunk::asconf: return "asconf";
    case SctpChunk::i_forward_tsn: return "i_forward_tsn";
    case SctpChunk::other: return "other";
    }
    return "unknown";
}

std::string_view token(AnnouncedIn value) {
    switch (value) {
    case AnnouncedIn::ftp_port: return "ftp_port";
    case AnnouncedIn::ftp_eprt: return "ftp_eprt";
    case AnnouncedIn::ftp_lprt: return "ftp_lprt";
    case AnnouncedIn::ftp_pasv: return "ftp_pasv";
    case AnnouncedIn::ftp_epsv: return "ftp_epsv";
    case AnnouncedIn::ftp_lpsv: return "ftp_lpsv";
    case AnnouncedIn::tftp_request: return "tftp_request";
    case AnnouncedIn::sdp: return "sdp";
    case AnnouncedIn::rtsp_setup: return "rtsp_setup";
    case AnnouncedIn::rpc_getport: return "rpc_getport";
    case AnnouncedIn::rpc_getaddr: return "rpc_getaddr";
    case AnnouncedIn::irc_dcc: return "irc_dcc";
    case AnnouncedIn::skinny: return "skinny";
    }
    return "unknown";
}

std::string_view token(SocketState value) {
    switch (value) {
    case SocketState::established: return "established";
    case SocketState::syn_sent: return "syn_sent";
    case SocketState::syn_received: return "syn_received";
    case SocketState::fin_wait1: return "fin_wait1";
    case SocketState::fin_wait2: return "fin_wait2";
    case SocketState::time_wait: return "time_wait";
    case SocketState::close: return "close";
    case SocketState::close_wait: return "close_wait";
    case SocketState::last_ack: return "last_ack";
    case SocketState::listen: return "listen";
    case SocketState::closing: return "closing";
    case SocketState::new_syn_received: return "new_syn_received";
    }
    return "unknown";
}

std::string_view token(Exposure value) {
    switch (value) {
    case Exposure::loopback: return "loopback";
    case Exposure::one_address: return "one_address";
    case Exposure::all_addresses: return "all_addresses";
    case Exposure::multicast: return "multicast";
    }
    return "unknown";
}

std::string_view token(BindObstacle value) {
    switch (value) {
    case BindObstacle::held: return "held";
    case BindObstacle::time_wait: return "time_wait";
    case BindObstacle::connected: return "connected";
    case BindObstacle::privileged: return "privileged";
    }
    return "unknown";
}

std::string_view token(NameSource value) {
    switch (value) {
    case NameSource::tls_sni: return "tls_sni";
    case NameSource::quic_sni: return "quic_sni";
    case NameSource::http_host: return "http_host";
    case NameSource::dns_answer: return "dns_answer";
    }
    return "dns_answer";
}

std::string_view words(NameSource value) {
    switch (value) {
    case NameSource::tls_sni: return "asked for in its TLS handshake";
    case NameSource::quic_sni: return "asked for in its QUIC handshake";
    case NameSource::http_host: return "asked for in its HTTP request";
    case NameSource::dns_answer: return "told by DNS before";
    }
    return "told by DNS before";
}

std::string_view words(AnnouncedIn value) {
    switch (value) {
    case AnnouncedIn::ftp_port: return "FTP's PORT command";
    case AnnouncedIn::ftp_eprt: return "FTP's EPRT command";
    case AnnouncedIn::ftp_lprt: return "FTP's LPRT command";
    case AnnouncedIn::ftp_pasv: return "FTP's reply 227 to PASV";
    case AnnouncedIn::ftp_epsv: return "FTP's reply 229 to EPSV";
    case AnnouncedIn::ftp_lpsv: return "FTP's reply 228 to LPSV";
    case AnnouncedIn::tftp_request: return "a TFTP request";
    case AnnouncedIn::sdp: return "SIP's session description";
    case AnnouncedIn::rtsp_setup: return "RTSP's SETUP";
    case AnnouncedIn::rpc_getport: return "the port mapper's answer to GETPORT";
    case AnnouncedIn::rpc_getaddr: return "rpcbind's answer to GETADDR";
    case AnnouncedIn::irc_dcc: return "a DCC offer on IRC";
    case AnnouncedIn::skinny: return "Cisco's Skinny protocol";
    }
    return "unknown";
}

std::string_view words(PortRole value) {
    switch (value) {
    case PortRole::service: return "service";
    case PortRole::ephemeral: return "ephemeral";
    case PortRole::fixed_source: return "fixed source";
    case PortRole::privileged_source: return "privileged source";
    case PortRole::negotiated: return "negotiated";
    case PortRole::dynamic_service: return "dynamic service";
    case PortRole::multicast_service: return "group service";
    case PortRole::none: return "no ports";
    }
    return "unknown";
}

std::string_view words(MatchQuality value) {
    switch (value) {
    case MatchQuality::event: return "the kernel told so at that moment";
    case MatchQuality::exact: return "the socket table has exactly this pair of endpoints";
    case MatchQuality::listener: return "it listens on this endpoint; the accepted socket itself was not seen";
    case MatchQuality::bound: return "its socket is bound to this endpoint";
    case MatchQuality::wildcard: return "its socket takes this port on every address";
    case MatchQuality::recorded: return "the capture file says so";
    }
    return "unknown";
}

std::string_view words(UnknownReason value) {
    switch (value) {
    case UnknownReason::no_socket_facts: return "no socket facts";
    case UnknownReason::not_local: return "elsewhere";
    case UnknownReason::forwarded: return "forwarded";
    case UnknownReason::exited: return "exited";
    case UnknownReason::no_permission: return "no permission";
    case UnknownReason::other_namespace: return "other namespace";
    case UnknownReason::kernel_socket: return "the kernel";
    case UnknownReason::raw_socket: return "raw socket";
    case UnknownReason::ambiguous: return "ambiguous";
    }
    return "unknown";
}

std::string_view words(SctpState value) {
    switch (value) {
    case SctpState::unseen: return "";
    case SctpState::cookie_wait:
    case SctpState::cookie_echoed: return "opening";
    case SctpState::established: return "open";
    case SctpState::shutdown_sent:
    case SctpState::shutdown_ack_sent: return "closing";
    case SctpState::closed: return "closed";
    case SctpState::aborted: return "aborted";
    }
    return "";
}

std::string_view words(TunnelKind value) {
    switch (value) {
    case TunnelKind::none: return "no";
    case TunnelKind::ip_in_ip: return "IP-in-IP";
    case TunnelKind::six_in_four: return "6in4";
    case TunnelKind::four_in_six: return "4in6";
    case TunnelKind::gre: return "GRE";
    case TunnelKind::erspan: return "ERSPAN";
    case TunnelKind::vxlan: return "VXLAN";
    case TunnelKind::geneve: return "Geneve";
    case TunnelKind::gtp_u: return "GTP-U";
    case TunnelKind::teredo: return "Teredo";
    case TunnelKind::l2tp: return "L2TP";
    case TunnelKind::etherip: return "EtherIP";
    case TunnelKind::mpls_in_ip: return "MPLS-in-IP";
    case TunnelKind::capwap: return "CAPWAP";
    case TunnelKind::ayiya: return "AYIYA";
    case TunnelKind::lisp: return "LISP";
    }
    return "unknown";
}

std::string_view words(Exposure value) {
    switch (value) {
    case Exposure::loopback: return "this host only";
    case Exposure::one_address: return "one address";
    case Exposure::all_addresses: return "every address";
    case Exposure::multicast: return "a group";
    }
    return "unknown";
}

} // namespace doorplate
