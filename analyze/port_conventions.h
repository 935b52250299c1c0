#pragma once

#include <cstdint>

#include "analyze/evidence.h"
#include "capture/host_facts.h"
#include "capture/transport.h"

namespace doorplate {

// A protocol whose initiator sends from a fixed port too, from `source` to `destination`.
[[nodiscard]] bool is_fixed_source(Transport transport, std::uint16_t source, std::uint16_t destination);

// What a number tells of who chose it: in_ephemeral_range or outside_ephemeral_range where the kernel's range is known,
// else iana_dynamic_range and common_ephemeral_range as far as they apply. `host` is null for another host's port.
[[nodiscard]] EvidenceList range_evidence(std::uint16_t port, const HostFacts *host);

// Whether range_evidence() says that a kernel may have picked the number by itself.
[[nodiscard]] bool looks_ephemeral(std::uint16_t port, const HostFacts *host);

// Whether binding `port` takes a privilege; by the convention of 1024 where nothing is known of the host.
[[nodiscard]] bool is_privileged(std::uint16_t port, const HostFacts *host);

} // namespace doorplate
