#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/packet.h"
#include "capture/result.h"

namespace doorplate {

// Where packets come from: an interface of this host, or one described in a capture file.
struct CaptureInterface {
    // "eth0", "any"; empty if the file does not say.
    std::string name;
    LinkType link_type = LinkType::ethernet;
    // Most bytes kept per packet; 0 means no limit.
    std::uint32_t snapshot_length = 0;
    // What a file says of it in words: its maker and model, or what the user calls it.
    std::string description = {};

    friend bool operator==(const CaptureInterface &, const CaptureInterface &) = default;
};

// What was lost on the way to us, as the source reports it. Absent means that the source cannot say, which is not 0.
struct CaptureStats {
    // Handed out by read().
    std::uint64_t packets = 0;
    // Seen by the source but refused by the filter (files only: the kernel does not tell).
    std::uint64_t filtered_out = 0;
    // What libpcap calls received (ps_recv): packets that passed the filter, whether we read them in time or not.
    std::optional<std::uint64_t> received_by_filter;
    std::optional<std::uint64_t> dropped_by_kernel;
    std::optional<std::uint64_t> dropped_by_interface;
    // Timestamps outside [1970, 2262), clamped.
    std::uint64_t times_out_of_range = 0;
    // Where a file is damaged, and how much of it could not be read for that.
    std::uint64_t damaged_places = 0;
    std::uint64_t damaged_bytes = 0;
    // Interfaces that were being captured and disappeared, in that order.
    std::vector<std::string> lost_interfaces;
};

// Of several sources, or of several parts of one.
void add_if_known(std::optional<std::uint64_t> &sum, const std::optional<std::uint64_t> &value);
void add(CaptureStats &sum, const CaptureStats &part);

struct PacketBatch {
    // Valid, with the bytes they show, until the next call to the source. May be empty while the source goes on.
    std::span<const Packet> packets;
    // Nothing will follow.
    bool at_end = false;
    // The next read() will not wait.
    bool more_at_hand = false;
    // What is behind them in memory, and about as much: whoever has other work meanwhile may prefetch it. Only of a
    // mapped file.
    Bytes upcoming{};
};

class PacketSource {
  public:
    PacketSource() = default;
    PacketSource(const PacketSource &) = delete;
    PacketSource &operator=(const PacketSource &) = delete;
    virtual ~PacketSource() = default;

    // The next packets in the order of the source. A live source waits up to `wait` for the first one and returns
    // early, with an empty batch, when a signal arrives. A file never waits.
    //
    // Damage is told once, as an error, when all is handed out that could be read in front of it and behind it; the
    // message says where the first place is, and stats() count all of them. After an error the source is at its end.
    [[nodiscard]] virtual Result<PacketBatch> read(Duration wait) = 0;

    // Grows while a pcapng file is read; never shrinks or reorders.
    [[nodiscard]] virtual const std::vector<CaptureInterface> &interfaces() const = 0;

    [[nodiscard]] virtual CaptureStats stats() = 0;

    // The bytes of all packets stay valid as long as the source (the packets themselves do not).
    [[nodiscard]] virtual bool bytes_stay() const { return false; }

    // From another thread: a read() that waits, or the next one that would, returns early with an empty batch. To be
    // called when nothing more will be read.
    virtual void wake() {}
};

enum class CaptureDirection { in, out, inout };

struct LiveOptions {
    // Names as in `doorplate interfaces`; "any" is Linux's cooked capture of all of them. Empty: the default
    // interface (the first that is up, running and not loopback, else loopback).
    std::vector<std::string> interfaces;
    // tcpdump's -s, where 0 means the most there is.
    int snapshot_length = 262144;
    bool promiscuous = true;
    // The kernel's ring, per interface. 2 MiB, libpcap's default, lasts only some tens of milliseconds.
    int buffer_bytes = 64 << 20;
    CaptureDirection direction = CaptureDirection::inout;
    // A pcap filter expression; empty passes all.
    std::string filter;
};

// A live source hands out packets some milliseconds after they were seen. A read() that waits this long and comes back
// empty says that there is none left from before it; whoever stops capturing reads until then.
inline constexpr Duration live_delay = std::chrono::milliseconds(50);

// Fails with advice: which right is missing and how to get it, which interfaces there are, what is wrong with the
// filter (a usage failure).
[[nodiscard]] Result<std::unique_ptr<PacketSource>> open_live(const LiveOptions &options);

struct SavefileOptions {
    // "-" is standard input.
    std::string path;
    std::string filter;
};

// pcap (both byte orders, micro- and nanoseconds) and pcapng. Fails on a file that is missing, unreadable, empty or not
// a capture, and on a bad filter (a usage failure).
[[nodiscard]] Result<std::unique_ptr<PacketSource>> open_savefile(const SavefileOptions &options);

} // namespace doorplate
