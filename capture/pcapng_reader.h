#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/pcapng_clock.h"
#include "capture/result.h"
#include "capture/savefile_reader.h"

namespace doorplate {

class LinesAhead;

class PcapngReader final : public SavefileReader {
  public:
    // True if a file that begins with these bytes (at least four) is a pcapng file.
    [[nodiscard]] static bool recognises(Bytes beginning);

    [[nodiscard]] Parsed parse(Bytes bytes, bool complete, std::span<Packet> room) override;
    [[nodiscard]] Searched search(Bytes bytes, bool complete) override;
    [[nodiscard]] const std::vector<CaptureInterface> &interfaces() const override { return interfaces_; }
    [[nodiscard]] CaptureStats stats() const override;

  private:
    enum class Verdict { sound, damaged, undecided };

    struct Block {
        std::uint32_t type = 0;
        std::uint32_t length = 0;
        // Without header and trailer.
        Bytes body;
    };

    // What the section said last of an interface; absent is not 0.
    struct Losses {
        std::optional<std::uint64_t> received_by_filter;
        std::optional<std::uint64_t> dropped_by_kernel;
        std::optional<std::uint64_t> dropped_by_interface;
    };

    // What a packet needs of its interface.
    struct Origin {
        PcapngClock clock;
        LinkType link_type = LinkType::ethernet;
    };

    // Sound enhanced packet blocks, which nearly all blocks are, up to the first other one.
    void read_enhanced_packets(Bytes bytes, LinesAhead &lines, std::span<Packet> room, Parsed &parsed);
    // Any one block. False if there is nothing more to do with what is shown.
    [[nodiscard]] bool read_block(Bytes bytes, bool complete, std::span<Packet> room, Parsed &parsed);

    // An error says what is wrong with the block.
    [[nodiscard]] Result<void> read_body(const Block &block, std::span<Packet> room, Parsed &parsed);
    [[nodiscard]] Result<void> read_section_header(const Block &block);
    [[nodiscard]] Result<void> read_interface(const Block &block);
    void read_statistics(const Block &block);
    // A packet is written in place: a Result<Packet> that is built and then copied took a third of the time.
    [[nodiscard]] Result<void> read_packet(const Block &block, Packet &packet);
    [[nodiscard]] Result<void> read_simple_packet(const Block &block, Packet &packet);
    [[nodiscard]] Result<void> read_stamped_packet(const Block &block, Packet &packet);
    void read_packet_options(Bytes options, Packet &packet) const;

    [[nodiscard]] Result<void> check_interface(std::uint32_t id) const;
    [[nodiscard]] Timestamp read_clock(const PcapngClock &clock, std::uint64_t ticks);

    // Whether something like a block follows one whose two lengths differ.
    [[nodiscard]] Verdict is_followed(Bytes behind, bool complete) const;
    // Whether so many sound blocks in a row begin here that it is no accident.
    [[nodiscard]] Verdict chain(Bytes bytes, bool complete) const;

    bool in_section_ = false;
    // Blocks of this section were lost, maybe interface descriptions among them: one that follows has no sure number.
    bool numbers_doubtful_ = false;
    std::endian order_ = std::endian::native;
    // Of all sections so far; those of this section begin at `section_begin_` and are in `origins_`, too.
    std::vector<CaptureInterface> interfaces_;
    // By index into interfaces_.
    std::map<std::size_t, Losses> losses_;
    std::size_t section_begin_ = 0;
    std::vector<Origin> origins_;
    std::uint64_t times_out_of_range_ = 0;
    // The newest time of any packet so far, which those without a time get.
    Timestamp newest_ = timestamp_from_ns(0);
};

} // namespace doorplate
