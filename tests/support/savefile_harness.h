#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "capture/packet_source.h"
#include "capture/savefile_source.h"
#include "tests/support/memory_stream.h"

namespace doorplate {

// A packet that owns its bytes.
struct KeptPacket {
    std::string bytes;
    std::uint32_t original_length = 0;
    std::int64_t ns = 0;
    LinkType link_type = LinkType::ethernet;
    std::uint32_t interface = 0;
    PacketDirection direction = PacketDirection::unknown;

    friend bool operator==(const KeptPacket &, const KeptPacket &) = default;
};

// All that a file gives until its end, or until it fails.
struct WholeRead {
    // False if the failure came before any packet could be asked for.
    bool opened = false;
    std::vector<KeptPacket> packets;
    // Empty if all went well.
    std::string error;
    ErrorKind error_kind = ErrorKind::runtime;
    std::vector<CaptureInterface> interfaces;
    CaptureStats stats;
};

inline WholeRead read_to_end(Result<std::unique_ptr<PacketSource>> source) {
    WholeRead read;
    const auto fail = [&read](const Error &error) {
        read.error = error.message;
        read.error_kind = error.kind;
    };
    if (!source) {
        fail(source.error());
        return read;
    }
    read.opened = true;
    while (true) {
        const auto batch = (*source)->read(Duration::zero());
        if (!batch) fail(batch.error());
        if (!batch || batch->at_end) break;
        for (const Packet &packet : batch->packets)
            read.packets.push_back({.bytes = {packet.bytes.begin(), packet.bytes.end()},
                                    .original_length = packet.original_length,
                                    .ns = ns_since_epoch(packet.time),
                                    .link_type = packet.link_type,
                                    .interface = packet.interface,
                                    .direction = packet.direction});
    }
    read.interfaces = (*source)->interfaces();
    read.stats = (*source)->stats();
    return read;
}

inline WholeRead read_to_end(std::vector<std::uint8_t> file, const std::string &filter = {},
                             std::size_t most_at_once = std::numeric_limits<std::size_t>::max()) {
    return read_to_end(read_savefile(std::make_unique<MemoryStream>(std::move(file), most_at_once), "test", filter));
}

} // namespace doorplate
