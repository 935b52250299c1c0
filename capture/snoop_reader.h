#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/savefile_reader.h"

namespace doorplate {

class SnoopReader final : public SavefileReader {
  public:
    // True if a file that begins with these bytes is a snoop file.
    [[nodiscard]] static bool recognises(Bytes beginning);

    [[nodiscard]] Parsed parse(Bytes bytes, bool complete, std::span<Packet> room) override;
    // Nothing is found: a damaged place ends the file.
    [[nodiscard]] Searched search(Bytes bytes, bool complete) override;
    [[nodiscard]] const std::vector<CaptureInterface> &interfaces() const override { return interfaces_; }
    [[nodiscard]] CaptureStats stats() const override;

  private:
    [[nodiscard]] std::string read_file_header(Bytes bytes);

    // One as soon as the file header was read.
    std::vector<CaptureInterface> interfaces_;
    // As the last record has it; absent in front of the first.
    std::optional<std::uint32_t> lost_;
};

} // namespace doorplate
