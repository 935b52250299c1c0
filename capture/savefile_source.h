#pragma once

#include <memory>
#include <string>

#include "capture/byte_stream.h"
#include "capture/packet_source.h"
#include "capture/result.h"

namespace doorplate {

// open_savefile() behind the opening: the bytes of a capture file, from wherever they come. `name` begins the messages.
[[nodiscard]] Result<std::unique_ptr<PacketSource>> read_savefile(std::unique_ptr<ByteStream> stream, std::string name,
                                                                  std::string filter);

} // namespace doorplate
