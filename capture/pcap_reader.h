#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "capture/savefile_reader.h"

namespace doorplate {

class PcapReader final : public SavefileReader {
  public:
    // True if a file that begins with these bytes (at least four) is a pcap file.
    [[nodiscard]] static bool recognises(Bytes beginning);

    [[nodiscard]] Parsed parse(Bytes bytes, std::span<Packet> room) override;
    [[nodiscard]] const std::vector<CaptureInterface> &interfaces() const override { return interfaces_; }
    // Never: 32 bits of seconds end in 2106.
    [[nodiscard]] std::uint64_t times_out_of_range() const override { return 0; }

  private:
    enum class LengthOrder { captured_first, original_first, unclear };

    // Says what is wrong with the header, nothing if it is fine.
    [[nodiscard]] std::string read_file_header(Bytes bytes);

    std::endian order_ = std::endian::native;
    std::int64_t ns_per_fraction_ = 1000;
    std::size_t record_header_bytes_ = 0;
    LengthOrder length_order_ = LengthOrder::captured_first;
    LinkType link_type_ = LinkType::ethernet;
    // One as soon as the file header was read.
    std::vector<CaptureInterface> interfaces_;
};

} // namespace doorplate
