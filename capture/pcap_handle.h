#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <pcap/pcap.h>

#include "capture/link_type.h"
#include "capture/packet_source.h"

namespace doorplate {

struct PcapClose {
    void operator()(pcap_t *handle) const { pcap_close(handle); }
};
using PcapHandle = std::unique_ptr<pcap_t, PcapClose>;

// A block of the kernel's ring (256 KiB) is handed to us when it is full or this old. Shorter: sooner known, and more
// owners of short flows still alive to be asked. Longer: 64 MiB of blocks last longer while nobody reads, 1.3 s with
// this (measured with a packet every 0.7 ms: 0.3 s for 1 ms, 2.5 s for 10 ms).
//
// libpcap's immediate mode would save that, but it takes TPACKET_V2, whose ring has a slot of snapshot length for each
// packet: with 64 MiB it holds 511 packets on lo and 128 on "any". A burst of 20,000 small datagrams lost 98 and 99 %
// of its packets that way, and none with blocks.
inline constexpr std::chrono::milliseconds ring_block_time{5};

// One interface, activated, filtered and in non-blocking mode, or what to do about it.
[[nodiscard]] Result<PcapHandle> open_interface(const std::string &name, const LiveOptions &options);

} // namespace doorplate
