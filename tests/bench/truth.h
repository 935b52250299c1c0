#pragma once

#include <string>

#include "tests/bench/capture_writer.h"
#include "tests/bench/profiles.h"

namespace doorplate {

// Writes what a flow table has to find, in the order of first packets, a line for each flow with tabs between
//
//     transport  client address  port  server address  port  packets and frame bytes of the client, of the server
//     first packet  last packet
//
// where the client sent the first packet, an ICMP client's port is its identifier, and times are nanoseconds since
// 1970, as exact as `format` keeps them. False if it could not be written.
[[nodiscard]] bool write_truth(const std::string &path, const GeneratedFlows &flows, CaptureFormat format);

} // namespace doorplate
