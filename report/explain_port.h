#pragma once

#include "capture/host_facts.h"

namespace doorplate {

// What Linux hands out unless told otherwise (net.ipv4.ip_local_port_range, Documentation/networking/ip-sysctl.rst).
// Spoken of only where the host's own range is not known, and then as a default, not as a fact.
inline constexpr PortRange linux_default_range{32768, 60999};

} // namespace doorplate
