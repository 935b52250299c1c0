#include "analyze/detect/protocol_detector.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

// Opens the definition of nDPI's module, where the tables are that it offers no function to switch off.
#define NDPI_LIB_COMPILATION // NOLINT(bugprone-reserved-identifier)
#include <ndpi_api.h>

#include "analyze/detect/protocol_names.h"
#include "analyze/detect/second_look.h"

namespace doorplate {
namespace {

// Longer payloads (segmentation offload) are cut: what a protocol is, its first bytes tell.
constexpr std::size_t most_payload = 8192;
constexpr std::size_t zeros_in_front = 256;
constexpr std::size_t zeros_behind = 65536 + 256;
constexpr std::size_t most_headers = 40 + 20;

// nDPI's own buffers get zeros behind them as well, and none has old bytes in it: what it reads too far is at least the
// same each time.
constexpr std::size_t zeros_behind_allocation = 64;
void *zeroed_allocation(std::size_t size) {
    if (size > SIZE_MAX - zeros_behind_allocation) return nullptr;
    return std::calloc(1, size + zeros_behind_allocation); // NOLINT: for a C library
}

// The allocator is nDPI's only global that we touch.
void set_allocator() {
    static std::once_flag once;
    std::call_once(once, [] {
        set_ndpi_malloc(zeroed_allocation);
        set_ndpi_free(std::free);
    });
}

void put_be16(std::uint8_t *at, std::uint32_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}
void put_be32(std::uint8_t *at, std::uint32_t value) {
    put_be16(at, value >> 16);
    put_be16(at + 2, value);
}

// Writes the packet that nDPI gets, over and over in the same place.
class PacketWriter {
  public:
    PacketWriter() : buffer_(zeros_in_front + most_headers + most_payload + zeros_behind) {}

    // Valid until the next one is written. RFC 791, RFC 8200, RFC 9293, RFC 768; checksums stay 0.
    Bytes write(const Dissection &packet) {
        const Bytes payload = packet.payload.first(std::min(packet.payload.size(), most_payload));
        const std::size_t before = written_;
        std::uint8_t *const start = buffer_.data() + zeros_in_front;
        std::memset(start, 0, most_headers);
        const std::size_t transport_bytes = packet.transport == Transport::tcp ? 20 : 8;
        const std::size_t ip_bytes = write_ip(packet, start, transport_bytes + payload.size());
        if (packet.transport == Transport::tcp) {
            write_tcp(packet, start + ip_bytes);
        } else {
            write_udp(packet, start + ip_bytes, payload.size());
        }
        std::memcpy(start + ip_bytes + transport_bytes, payload.data(), payload.size());
        written_ = ip_bytes + transport_bytes + payload.size();
        if (before > written_) std::memset(start + written_, 0, before - written_);
        return {start, written_};
    }

  private:
    static std::size_t write_ip(const Dissection &packet, std::uint8_t *ip, std::size_t rest) {
        const auto source = packet.source.bytes();
        const auto destination = packet.destination.bytes();
        if (packet.source.family() == Family::ipv4) {
            ip[0] = 0x45;
            put_be16(ip + 2, static_cast<std::uint32_t>(20 + rest));
            ip[8] = 64;
            ip[9] = static_cast<std::uint8_t>(packet.transport);
            std::ranges::copy(source, ip + 12);
            std::ranges::copy(destination, ip + 16);
            return 20;
        }
        ip[0] = 0x60;
        put_be16(ip + 4, static_cast<std::uint32_t>(rest));
        ip[6] = static_cast<std::uint8_t>(packet.transport);
        ip[7] = 64;
        std::ranges::copy(source, ip + 8);
        std::ranges::copy(destination, ip + 24);
        return 40;
    }

    static void write_tcp(const Dissection &packet, std::uint8_t *tcp) {
        const TcpFields &fields = *packet.tcp;
        put_be16(tcp, packet.source_port);
        put_be16(tcp + 2, packet.destination_port);
        put_be32(tcp + 4, fields.sequence);
        put_be32(tcp + 8, fields.acknowledgment);
        tcp[12] = 0x50;
        tcp[13] = static_cast<std::uint8_t>(fields.fin | fields.syn << 1 | fields.rst << 2 | fields.psh << 3 |
                                            fields.ack << 4 | fields.urg << 5);
        put_be16(tcp + 14, fields.window);
    }

    static void write_udp(const Dissection &packet, std::uint8_t *udp, std::size_t payload) {
        put_be16(udp, packet.source_port);
        put_be16(udp + 2, packet.destination_port);
        put_be16(udp + 4, static_cast<std::uint32_t>(8 + payload));
    }

    std::vector<std::uint8_t> buffer_; // zeros, but for what was written last
    std::size_t written_ = 0;
};

// Dissectors that do not go by the bytes of the flow itself, or by next to none of them.
constexpr std::array<unsigned, 6> left_out_dissectors{
    NDPI_PROTOCOL_TINC,           // knows its UDP flows by what it saw in others
    NDPI_PROTOCOL_APPLE_PUSH,     // an address range and a port
    NDPI_PROTOCOL_TARGUS_GETDATA, // a port
    NDPI_PROTOCOL_Z3950,          // one random flow in 200 is one
    NDPI_PROTOCOL_WEBSOCKET,      // two bits of the first byte
    NDPI_PROTOCOL_SKYPE_TEAMS,    // one byte
};

// Without the port; nothing if it is an address, which is no name.
std::optional<std::string> host_name(std::string_view host) {
    const std::size_t colon = host.rfind(':');
    const auto is_digit = [](unsigned char letter) { return std::isdigit(letter) != 0; };
    if (colon != std::string_view::npos && host.find(':') == colon &&
        std::ranges::all_of(host.substr(colon + 1), is_digit))
        host = host.substr(0, colon);
    if (host.empty() || host.starts_with('[') || IpAddress::parse(host)) return std::nullopt;
    return std::string{host};
}

} // namespace

class ProtocolDetector::State {
  public:
    State() : flow_(static_cast<ndpi_flow_struct *>(ndpi_calloc(1, SIZEOF_FLOW_STRUCT))) {}
    ~State() {
        if (flow_ == nullptr) return;
        ndpi_free_flow_data(flow_);
        ndpi_free(flow_);
    }
    State(const State &) = delete;
    State &operator=(const State &) = delete;

    [[nodiscard]] ndpi_flow_struct *flow() const { return flow_; }

    // As if nothing had been fed, with one answer ruled out.
    void begin_again_without(std::uint16_t protocol) {
        auto excluded = flow_->excluded_protocol_bitmask;
        excluded.fds_bits[protocol / 32] |= 1U << (protocol % 32);
        ndpi_free_flow_data(flow_);
        std::memset(flow_, 0, SIZEOF_FLOW_STRUCT);
        flow_->excluded_protocol_bitmask = excluded;
        ++refuted_;
    }
    [[nodiscard]] bool refuted_often() const { return refuted_ >= 4; }

    // Returns how many these are now.
    std::uint8_t count(Bytes payload) {
        if (packets_ == 0) {
            first_bytes_ = static_cast<std::uint8_t>(std::min(payload.size(), first_.size()));
            std::ranges::copy(payload.first(first_bytes_), first_.begin());
        }
        return ++packets_;
    }
    [[nodiscard]] Bytes first() const { return Bytes(first_).first(first_bytes_); }
    [[nodiscard]] Transport transport() const {
        return flow_->l4_proto == IPPROTO_TCP ? Transport::tcp : Transport::udp;
    }

    // nDPI's answer, after the second look.
    std::optional<std::string> service;
    std::optional<RtpWatch> rtp;

  private:
    ndpi_flow_struct *flow_;
    std::array<std::uint8_t, 32> first_{};
    std::uint8_t first_bytes_ = 0;
    std::uint8_t packets_ = 0;
    std::uint8_t refuted_ = 0;
};

void ProtocolDetector::Release::operator()(State *state) const { delete state; }

class ProtocolDetector::Impl {
  public:
    explicit Impl(DetectorLimits limits) : limits_(limits) {
        set_allocator();
        if (ndpi_get_api_version() != NDPI_API_VERSION) return;
        if (ndpi_get_ndpi_detection_module_size() != sizeof(ndpi_detection_module_struct)) return;
        module_ = ndpi_init_detection_module(ndpi_dont_load_tor_hosts);
        if (module_ == nullptr) return;
        forget_address_ranges();
        NDPI_PROTOCOL_BITMASK wanted;
        NDPI_BITMASK_SET_ALL(wanted);
        for (const unsigned left_out : left_out_dissectors) {
            wanted.fds_bits[left_out / 32] &= ~(1U << (left_out % 32));
        }
        ndpi_set_protocol_detection_bitmask2(module_, &wanted);
        ndpi_finalize_initialization(module_);
    }
    ~Impl() {
        if (module_ != nullptr) ndpi_exit_detection_module(module_);
    }
    Impl(const Impl &) = delete;
    Impl &operator=(const Impl &) = delete;

    [[nodiscard]] bool works() const { return module_ != nullptr; }

    bool feed(State &state, const Dissection &packet, Timestamp time) {
        const std::uint8_t most = packet.transport == Transport::tcp ? limits_.tcp_packets : limits_.udp_packets;
        const bool is_last = state.count(packet.payload) >= most;
        if (state.rtp) {
            const RtpWatch::Verdict verdict = state.rtp->next(packet);
            if (verdict == RtpWatch::Verdict::confirmed) state.service = "rtp";
            if (verdict != RtpWatch::Verdict::refuted) return is_last || state.service;
            state.rtp.reset();
            state.begin_again_without(NDPI_PROTOCOL_RTP);
        }
        const Bytes bytes = writer_.write(packet);
        const auto milliseconds = static_cast<std::uint64_t>(ns_since_epoch(time)) / 1'000'000;
        do {
            ndpi_detection_process_packet(module_, state.flow(), bytes.data(),
                                          static_cast<unsigned short>(bytes.size()), milliseconds);
            forget_other_flows();
        } while (!stands(state, packet) && !state.refuted_often());
        return is_last || state.refuted_often() || is_decided(state);
    }

    std::optional<Detection> conclude(State &state) {
        ndpi_flow_struct &flow = *state.flow();
        if (!state.service && !state.rtp && flow.detected_protocol_stack[0] == NDPI_PROTOCOL_UNKNOWN) {
            std::uint8_t was_guessed = 0;
            ndpi_detection_giveup(module_, &flow, 0, &was_guessed);
            forget_other_flows();
            if (flow.detected_protocol_stack[0] != NDPI_PROTOCOL_UNKNOWN) {
                state.service = second_look(name_of(bearer(flow)), state.transport(), state.first(), state.first());
            }
        }
        if (!state.service && !state.rtp) {
            if (auto own = own_look(state.first())) {
                Detection detection;
                detection.protocol = std::move(*own);
                return detection;
            }
        }
        // Its memory of other flows is empty: what comes from there (BitTorrent), this flow's packet put into it.
        const bool by_bytes = flow.confidence == NDPI_CONFIDENCE_DPI || flow.confidence == NDPI_CONFIDENCE_DPI_CACHE;
        if (!state.service || !by_bytes) return std::nullopt;

        Detection detection;
        detection.protocol = std::move(*state.service);
        // A question about a service is no traffic of it.
        const std::uint16_t top = flow.detected_protocol_stack[0];
        if (top != bearer(flow) && ndpi_is_subprotocol_informative(module_, bearer(flow)) == 0) {
            detection.application = name_of(top);
        }
        // What SMB is carried in is of less interest.
        if (detection.protocol == "netbios" && detection.application == "smb") detection.protocol = "smb";
        if (detection.application == detection.protocol) detection.application.reset();
        detection.server_name = server_name(detection.protocol, flow);
        return detection;
    }

  private:
    // "Google" because of an address is not what the bytes say.
    void forget_address_ranges() {
        ndpi_patricia_destroy(static_cast<ndpi_patricia_tree_t *>(module_->protocols_ptree), ndpi_free);
        module_->protocols_ptree = ndpi_patricia_new(32);
    }

    // nDPI makes these when it first has something to remember.
    void forget_other_flows() {
        for (ndpi_lru_cache **cache :
             {&module_->ookla_cache, &module_->bittorrent_cache, &module_->zoom_cache, &module_->stun_cache,
              &module_->tls_cert_cache, &module_->mining_cache, &module_->msteams_cache}) {
            if (*cache == nullptr) continue;
            ndpi_lru_free_cache(*cache);
            *cache = nullptr;
        }
    }

    // nDPI keeps two: TLS and whose it is, or one only.
    static std::uint16_t bearer(const ndpi_flow_struct &flow) {
        const std::uint16_t below = flow.detected_protocol_stack[1];
        return below == NDPI_PROTOCOL_UNKNOWN ? flow.detected_protocol_stack[0] : below;
    }

    // False if there is an answer that the bytes do not bear out; it is then ruled out.
    bool stands(State &state, const Dissection &packet) {
        const ndpi_flow_struct &flow = *state.flow();
        if (state.service || flow.detected_protocol_stack[0] == NDPI_PROTOCOL_UNKNOWN) return true;
        const std::uint16_t answer = bearer(flow);
        if (answer == NDPI_PROTOCOL_RTP) {
            state.rtp.emplace(packet);
            return true;
        }
        state.service = second_look(name_of(answer), packet.transport, state.first(), packet.payload);
        if (!state.service) state.begin_again_without(answer);
        return state.service.has_value();
    }

    bool is_decided(const State &state) {
        if (!state.service) return false;
        // The names in these may follow in a later packet.
        const bool may_bring_name = state.service == "tls" || state.service == "quic" || state.service == "http";
        if (!may_bring_name || state.flow()->host_server_name[0] != '\0') return true;
        return ndpi_extra_dissection_possible(module_, state.flow()) == 0;
    }

    [[nodiscard]] std::string name_of(std::uint16_t protocol) const {
        return service_name(ndpi_get_proto_name(module_, protocol));
    }

    static std::optional<EndpointName> server_name(std::string_view protocol, const ndpi_flow_struct &flow) {
        // The Host of a request to a proxy is the name of somebody else.
        for (const std::uint16_t id : flow.detected_protocol_stack) {
            if (id == NDPI_PROTOCOL_HTTP_CONNECT || id == NDPI_PROTOCOL_HTTP_PROXY) return std::nullopt;
        }
        NameSource source{};
        if (protocol == "quic") {
            source = NameSource::quic_sni;
        } else if (protocol == "tls" || protocol == "dtls") {
            source = NameSource::tls_sni;
        } else if (protocol == "http") {
            source = NameSource::http_host;
        } else {
            return std::nullopt;
        }
        const auto *const end = std::ranges::find(flow.host_server_name, '\0');
        auto name = host_name({flow.host_server_name, end});
        if (!name) return std::nullopt;
        return EndpointName{std::move(*name), source};
    }

    DetectorLimits limits_;
    ndpi_detection_module_struct *module_ = nullptr;
    PacketWriter writer_;
};

ProtocolDetector::ProtocolDetector(DetectorLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
ProtocolDetector::~ProtocolDetector() = default;

bool ProtocolDetector::works() const { return impl_->works(); }

bool ProtocolDetector::can_tell(const Dissection &packet) {
    if (packet.kind != PacketKind::ip || packet.payload.empty() || !packet.flow_ready) return false;
    if (packet.transport == Transport::tcp) return packet.tcp.has_value();
    return packet.transport == Transport::udp;
}

ProtocolDetector::StatePtr ProtocolDetector::begin() {
    if (!works()) return nullptr;
    StatePtr state(new State);
    if (state->flow() == nullptr) state.reset();
    return state;
}

bool ProtocolDetector::feed(State &state, const Dissection &packet, Timestamp time) {
    return impl_->feed(state, packet, time);
}

std::optional<Detection> ProtocolDetector::conclude(State &state) { return impl_->conclude(state); }

} // namespace doorplate
