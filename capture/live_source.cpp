#include "capture/packet_source.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "capture/cooked_header.h"
#include "capture/interfaces.h"
#include "capture/pcap_handle.h"

namespace doorplate {

namespace {

using Clock = std::chrono::steady_clock;

// One read() hands out at most so many packets, and so many are held of each interface.
constexpr std::size_t batch_limit = 512;
// No more packets are taken off an interface's ring while so many bytes of it are held.
constexpr std::size_t held_bytes_limit = 4U << 20;
constexpr int turn_limit = 64;
// With several interfaces a packet is held this long after it came: by then the other rings have given up the blocks
// in which an earlier one may be. Their ends run as much as a block's time apart, and kernels are late sometimes.
constexpr std::chrono::milliseconds reorder_time = 4 * ring_block_time;
static_assert(2 * reorder_time < live_delay);
// After an interface is gone, its last block still comes out of the ring when its time is over.
constexpr Clock::duration grace = reorder_time;
// While libpcap is not sure whether an interface went down or away, it wants to be asked again soon.
constexpr Duration recheck_time = std::chrono::milliseconds(50);
// libpcap counts in 32 bits; asking at least this often sees every wrap.
constexpr std::uint64_t packets_between_stats = 1U << 20;

struct Counters {
    std::uint64_t received = 0;
    std::uint64_t dropped_by_kernel = 0;
    std::uint64_t dropped_by_interface = 0;
};

struct HeldPacket {
    // `bytes` is set when it is handed out, as what it shows moves until then.
    Packet packet;
    std::size_t offset = 0;
    std::size_t length = 0;
    Clock::time_point taken;
};

// One interface (or "any"), its ring, and what was taken off the ring but not handed out yet.
struct Tap {
    std::string name;
    PcapHandle handle;
    LinkType link_type = LinkType::ethernet;
    std::uint32_t snapshot_length = 0;
    std::int64_t ns_per_fraction = 1;
    // What the packets' direction is if their headers do not say.
    PacketDirection direction = PacketDirection::unknown;
    // Index into interfaces(), unless packets name their own.
    std::uint32_t interface = 0;
    // Index into interfaces() by the kernel's interface index.
    std::unordered_map<std::uint32_t, std::uint32_t> interface_of_index;

    pcap_stat last_stat{};
    // libpcap counts the interface's drops in promiscuous mode only.
    bool counts_interface_drops = false;
    // Set when libpcap reported the end of this interface; it is closed when `grace` is over.
    std::optional<Clock::time_point> failed_at;

    std::vector<HeldPacket> held;
    std::size_t next = 0; // in `held`; those before are in the current batch
    std::vector<std::uint8_t> bytes;

    [[nodiscard]] bool has_next() const { return next < held.size(); }
    [[nodiscard]] bool is_full() const { return held.size() >= batch_limit || bytes.size() >= held_bytes_limit; }
};

class LiveSource final : public PacketSource {
  public:
    explicit LiveSource(std::vector<Tap> taps) : taps_(std::move(taps)), reorder_(taps_.size() > 1) {
        for (Tap &tap : taps_)
            if (tap.link_type != LinkType::linux_cooked_v2) tap.interface = add_interface(tap, tap.name);
    }

    Result<PacketBatch> read(Duration wait) override;
    [[nodiscard]] const std::vector<CaptureInterface> &interfaces() const override { return interfaces_; }
    CaptureStats stats() override;

  private:
    struct Delivery {
        LiveSource &source;
        Tap &tap;
    };

    bool wait_for_packets(Duration wait);
    void fill_batch();
    void take_from(Tap &tap);
    void take(Tap &tap, const pcap_pkthdr &header, const u_char *bytes);
    bool is_due(const HeldPacket &held, Timestamp wall_time) const;
    void merge();
    void close_gone_interfaces();
    std::uint32_t add_interface(const Tap &tap, std::string name);
    std::uint32_t interface_seen(Tap &tap, std::uint32_t kernel_index);
    Timestamp time_of(const Tap &tap, const timeval &time);
    void update_counters(Tap &tap);

    std::vector<Tap> taps_;
    bool reorder_ = false;
    Clock::time_point now_;
    std::vector<CaptureInterface> interfaces_;
    std::vector<Packet> batch_;
    std::uint64_t packets_ = 0;
    std::uint64_t packets_at_last_stats_ = 0;
    std::uint64_t times_out_of_range_ = 0;
    Counters counters_;
    bool counts_interface_drops_ = false;
    std::vector<std::string> lost_interfaces_;
    std::vector<std::string> reasons_;
    bool failed_ = false;
};

Result<PacketBatch> LiveSource::read(Duration wait) {
    if (failed_) return PacketBatch{.packets = {}, .at_end = true};
    const auto deadline = Clock::now() + std::clamp(wait, Duration::zero(), Duration{std::chrono::hours(24)});
    for (;;) {
        fill_batch();
        if (!batch_.empty()) break;
        if (taps_.empty()) {
            failed_ = true;
            return failure(fmt::format("{}", fmt::join(reasons_, "; ")));
        }
        const auto left = deadline - Clock::now();
        if (left <= Clock::duration::zero() || !wait_for_packets(left)) break;
    }
    return PacketBatch{.packets = batch_, .at_end = false};
}

// Until there is something to do, or `wait` is over. False: a signal arrived.
bool LiveSource::wait_for_packets(Duration wait) {
    std::vector<pollfd> descriptors;
    for (const Tap &tap : taps_) {
        if (tap.has_next()) wait = std::min<Duration>(wait, ring_block_time / 2);
        if (tap.failed_at || pcap_get_required_select_timeout(tap.handle.get()) != nullptr)
            wait = std::min(wait, recheck_time);
        // The ring of one that is full is readable already, and will not be read before time has passed.
        if (!tap.is_full())
            descriptors.push_back({.fd = pcap_get_selectable_fd(tap.handle.get()), .events = POLLIN, .revents = 0});
    }
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
    const timespec timeout{.tv_sec = static_cast<std::time_t>(seconds.count()),
                           .tv_nsec = static_cast<long>((wait - seconds).count())};
    // An error of a descriptor is as good as a packet: reading the ring finds out.
    return ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr) >= 0;
}

void LiveSource::fill_batch() {
    now_ = Clock::now();
    for (Tap &tap : taps_) take_from(tap);
    merge();
    packets_ += batch_.size();
    close_gone_interfaces();
    if (packets_ - packets_at_last_stats_ >= packets_between_stats) stats();
}

void LiveSource::take_from(Tap &tap) {
    const std::size_t handed_out_bytes = tap.has_next() ? tap.held[tap.next].offset : tap.bytes.size();
    tap.bytes.erase(tap.bytes.begin(), tap.bytes.begin() + static_cast<std::ptrdiff_t>(handed_out_bytes));
    tap.held.erase(tap.held.begin(), tap.held.begin() + static_cast<std::ptrdiff_t>(tap.next));
    for (HeldPacket &held : tap.held) held.offset -= handed_out_bytes;
    tap.next = 0;

    Delivery delivery{.source = *this, .tap = tap};
    const auto deliver = [](u_char *user, const pcap_pkthdr *header, const u_char *bytes) {
        auto &to = *reinterpret_cast<Delivery *>(user);
        to.source.take(to.tap, *header, bytes);
    };
    while (!tap.is_full()) {
        const int room = static_cast<int>(batch_limit - tap.held.size());
        const int status =
            pcap_dispatch(tap.handle.get(), std::min(turn_limit, room), deliver, reinterpret_cast<u_char *>(&delivery));
        if (status < 0 && !tap.failed_at) {
            tap.failed_at = now_;
            lost_interfaces_.push_back(tap.name);
            reasons_.push_back(
                fmt::format("the capture on {} came to its end: {}", tap.name, pcap_geterr(tap.handle.get())));
        }
        if (status <= 0) return;
    }
}

void LiveSource::take(Tap &tap, const pcap_pkthdr &header, const u_char *bytes) {
    const Bytes captured{bytes, header.caplen};
    const CookedHeader cooked = read_cooked_header(tap.link_type, captured);
    const bool names_interface = tap.link_type == LinkType::linux_cooked_v2;
    const Packet packet{.bytes = {},
                        .original_length = header.len,
                        .time = time_of(tap, header.ts),
                        .link_type = tap.link_type,
                        .interface =
                            names_interface ? interface_seen(tap, cooked.interface_index.value_or(0)) : tap.interface,
                        .direction = cooked.direction != PacketDirection::unknown ? cooked.direction : tap.direction};
    tap.held.push_back({.packet = packet, .offset = tap.bytes.size(), .length = captured.size(), .taken = now_});
    tap.bytes.insert(tap.bytes.end(), captured.begin(), captured.end());
}

// True if no interface can bring an earlier packet any more. Old by the packets' clock is enough, so that a backlog
// goes out at full speed; held for long is too, so that a clock that was set back holds nothing up.
bool LiveSource::is_due(const HeldPacket &held, Timestamp wall_time) const {
    return !reorder_ || held.packet.time + reorder_time <= wall_time || held.taken + reorder_time <= now_;
}

// By time, but each interface's packets stay in the order in which its ring has them, even if the clock was set back.
void LiveSource::merge() {
    batch_.clear();
    const Timestamp wall_time = std::chrono::system_clock::now();
    while (batch_.size() < batch_limit) {
        Tap *earliest = nullptr;
        for (Tap &tap : taps_) {
            // More may be on its ring, older than what others have.
            if (!tap.has_next() && tap.is_full()) return;
            if (!tap.has_next()) continue;
            if (earliest == nullptr || tap.held[tap.next].packet.time < earliest->held[earliest->next].packet.time)
                earliest = &tap;
        }
        if (earliest == nullptr || !is_due(earliest->held[earliest->next], wall_time)) return;
        const HeldPacket &held = earliest->held[earliest->next++];
        batch_.push_back(held.packet);
        batch_.back().bytes = Bytes{earliest->bytes}.subspan(held.offset, held.length);
    }
}

// When an interface's end was reported, its last packets may still be on their way; when none can come, it goes.
void LiveSource::close_gone_interfaces() {
    const auto gone = [&](const Tap &tap) {
        return tap.failed_at && tap.held.empty() && now_ - *tap.failed_at >= grace;
    };
    for (Tap &tap : taps_)
        if (gone(tap)) update_counters(tap);
    std::erase_if(taps_, gone);
}

std::uint32_t LiveSource::add_interface(const Tap &tap, std::string name) {
    interfaces_.push_back(
        {.name = std::move(name), .link_type = tap.link_type, .snapshot_length = tap.snapshot_length});
    return static_cast<std::uint32_t>(interfaces_.size() - 1);
}

// 0, which is no interface's number, stands for a packet that was cut before it.
std::uint32_t LiveSource::interface_seen(Tap &tap, std::uint32_t kernel_index) {
    if (const auto known = tap.interface_of_index.find(kernel_index); known != tap.interface_of_index.end())
        return known->second;
    // Asked of the capturing socket, which knows the network namespace it lives in and needs no right.
    ifreq request{};
    request.ifr_ifindex = static_cast<int>(kernel_index);
    const bool named = ioctl(pcap_get_selectable_fd(tap.handle.get()), SIOCGIFNAME, &request) == 0;
    const std::string name = named               ? std::string(request.ifr_name, strnlen(request.ifr_name, IFNAMSIZ))
                             : kernel_index == 0 ? tap.name
                                                 : fmt::format("{} (interface {}, gone)", tap.name, kernel_index);
    const std::uint32_t index = add_interface(tap, name);
    tap.interface_of_index.emplace(kernel_index, index);
    return index;
}

Timestamp LiveSource::time_of(const Tap &tap, const timeval &time) {
    constexpr std::int64_t last_second = 9'223'372'035; // the last whole one that fits in [0, 2^63) ns
    if (time.tv_sec < 0 || time.tv_sec > last_second) {
        ++times_out_of_range_;
        return timestamp_from_ns(time.tv_sec < 0 ? 0 : INT64_MAX);
    }
    return timestamp_from_ns(time.tv_sec * 1'000'000'000 + time.tv_usec * tap.ns_per_fraction);
}

void LiveSource::update_counters(Tap &tap) {
    pcap_stat stat{};
    if (pcap_stats(tap.handle.get(), &stat) != 0) return;
    // Differences of 32-bit counters that wrap.
    counters_.received += stat.ps_recv - tap.last_stat.ps_recv;
    counters_.dropped_by_kernel += stat.ps_drop - tap.last_stat.ps_drop;
    counters_.dropped_by_interface += stat.ps_ifdrop - tap.last_stat.ps_ifdrop;
    counts_interface_drops_ = counts_interface_drops_ || tap.counts_interface_drops;
    tap.last_stat = stat;
}

CaptureStats LiveSource::stats() {
    for (Tap &tap : taps_) update_counters(tap);
    packets_at_last_stats_ = packets_;
    CaptureStats stats;
    stats.packets = packets_;
    stats.received_by_filter = counters_.received;
    stats.dropped_by_kernel = counters_.dropped_by_kernel;
    if (counts_interface_drops_) stats.dropped_by_interface = counters_.dropped_by_interface;
    stats.times_out_of_range = times_out_of_range_;
    stats.lost_interfaces = lost_interfaces_;
    return stats;
}

Result<std::string> default_interface() {
    const auto interfaces = list_interfaces();
    if (!interfaces) return std::unexpected(interfaces.error());
    // libpcap lists things that are no network interface ("any", "nflog"); the kernel has no index for them.
    const auto is_real = [](const Interface &interface) { return if_nametoindex(interface.name.c_str()) != 0; };
    const auto is_in_use = [&](const Interface &interface) {
        return interface.up && interface.running && !interface.loopback && is_real(interface);
    };
    auto chosen = std::ranges::find_if(*interfaces, is_in_use);
    if (chosen == interfaces->end()) chosen = std::ranges::find_if(*interfaces, &Interface::loopback);
    if (chosen == interfaces->end()) return failure("there is no network interface to capture on");
    return chosen->name;
}

Result<std::vector<std::string>> interfaces_to_open(const LiveOptions &options) {
    if (options.interfaces.empty()) {
        const auto name = default_interface();
        if (!name) return std::unexpected(name.error());
        return std::vector{*name};
    }
    std::vector<std::string> names;
    for (const std::string &name : options.interfaces)
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    return names;
}

Result<Tap> open_tap(const std::string &name, const LiveOptions &options) {
    auto handle = open_interface(name, options);
    if (!handle) return std::unexpected(handle.error());
    Tap tap;
    tap.name = name;
    tap.link_type = link_type_of(pcap_datalink(handle->get()));
    tap.snapshot_length = static_cast<std::uint32_t>(pcap_snapshot(handle->get()));
    tap.ns_per_fraction = pcap_get_tstamp_precision(handle->get()) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    if (options.direction == CaptureDirection::in) tap.direction = PacketDirection::inbound;
    if (options.direction == CaptureDirection::out) tap.direction = PacketDirection::outbound;
    tap.counts_interface_drops = options.promiscuous && name != "any";
    tap.handle = std::move(*handle);
    return tap;
}

} // namespace

Result<std::unique_ptr<PacketSource>> open_live(const LiveOptions &options) {
    constexpr int most = 262144;
    if (options.snapshot_length < 0 || options.snapshot_length > most)
        return usage_failure(
            fmt::format("a snapshot length of {} is not possible: it is 1 to {}, or 0 for the most there is",
                        options.snapshot_length, most));
    if (options.buffer_bytes <= 0)
        return usage_failure(fmt::format("a capture buffer of {} bytes is not possible: give it at least some KiB",
                                         options.buffer_bytes));
    const auto names = interfaces_to_open(options);
    if (!names) return std::unexpected(names.error());
    std::vector<Tap> taps;
    for (const std::string &name : *names) {
        auto tap = open_tap(name, options);
        if (!tap) return std::unexpected(tap.error());
        taps.push_back(std::move(*tap));
    }
    return std::make_unique<LiveSource>(std::move(taps));
}

} // namespace doorplate
