#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "capture/pcapng_clock.h"
#include "capture/result.h"
#include "capture/savefile_reader.h"

namespace doorplate {

class PcapngReader final : public SavefileReader {
  public:
    // True if a file that begins with these bytes (at least four) is a pcapng file.
    [[nodiscard]] static bool recognises(Bytes beginning);

    [[nodiscard]] Parsed parse(Bytes bytes, std::span<Packet> room) override;
    [[nodiscard]] const std::vector<CaptureInterface> &interfaces() const override { return interfaces_; }
    [[nodiscard]] std::uint64_t times_out_of_range() const override { return times_out_of_range_; }

  private:
    struct Block {
        std::uint32_t type = 0;
        std::uint32_t length = 0;
        // Without header and trailer.
        Bytes body;
    };

    // An error says what is wrong with the block.
    [[nodiscard]] Result<void> read_section_header(const Block &block);
    [[nodiscard]] Result<void> read_interface(const Block &block);
    // A packet is written in place: a Result<Packet> that is built and then copied took a third of the time.
    [[nodiscard]] Result<void> read_packet(const Block &block, Packet &packet);
    [[nodiscard]] Result<void> read_simple_packet(const Block &block, Packet &packet);
    [[nodiscard]] Result<void> read_stamped_packet(const Block &block, Packet &packet);

    [[nodiscard]] Result<void> check_interface(std::uint32_t id) const;

    bool in_section_ = false;
    std::endian order_ = std::endian::native;
    // Of all sections so far; those of this section begin at `section_begin_` and have their clocks in `clocks_`.
    std::vector<CaptureInterface> interfaces_;
    std::size_t section_begin_ = 0;
    std::vector<PcapngClock> clocks_;
    std::uint64_t times_out_of_range_ = 0;
};

} // namespace doorplate
