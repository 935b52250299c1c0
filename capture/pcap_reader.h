#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/savefile_reader.h"

namespace doorplate {

class PcapReader final : public SavefileReader {
  public:
    // True if a file that begins with these bytes (at least four) is a pcap file.
    [[nodiscard]] static bool recognises(Bytes beginning);

    [[nodiscard]] Parsed parse(Bytes bytes, bool complete, std::span<Packet> room) override;
    [[nodiscard]] Searched search(Bytes bytes, bool complete) override;
    [[nodiscard]] const std::vector<CaptureInterface> &interfaces() const override { return interfaces_; }
    // Nothing: the format has no place for losses, and its 32 bits of seconds end in 2106.
    [[nodiscard]] CaptureStats stats() const override { return {}; }

    struct RecordHeader {
        std::uint32_t seconds = 0;
        std::uint32_t fraction = 0;
        std::uint32_t captured = 0;
        std::uint32_t original = 0;
    };

  private:
    enum class LengthOrder { captured_first, original_first, unclear };
    enum class Verdict { sound, damaged, undecided };

    // Says what is wrong with the header, nothing if it is fine.
    [[nodiscard]] std::string read_file_header(Bytes bytes);

    // `swapped`: the file is in the byte order that is not this machine's.
    template <bool swapped> void read_records(Bytes bytes, bool complete, std::span<Packet> room, Parsed &parsed);
    template <bool swapped> [[nodiscard]] RecordHeader header_at(const std::uint8_t *place) const;
    [[nodiscard]] RecordHeader header_at(Bytes bytes) const;

    [[nodiscard]] bool is_odd(const RecordHeader &header) const;
    // Whether the odd record with which the bytes begin is to be read all the same. Else `parsed` says what it lacks.
    // Reads the header again: that of a usual record need not be in memory then.
    [[nodiscard, gnu::noinline]] bool accept(Bytes bytes, bool complete, Parsed &parsed);
    // Whether an odd record is one. Bytes begin with it.
    [[nodiscard]] Verdict judge(Bytes bytes, bool complete, const RecordHeader &header) const;
    // Fills in what to say and do about a record that is none.
    void complain(Bytes bytes, const RecordHeader &header, Parsed &parsed);
    // What is asked of records in a row: how many are enough if the file ends behind them, and whether their times have
    // to be near to each other.
    struct Links {
        std::size_t to_the_end = 0;
        bool near = true;
    };
    // Whether so many records in a row begin here that it is no accident.
    [[nodiscard]] Verdict chain(Bytes bytes, bool complete, Links links) const;

    std::endian order_ = std::endian::native;
    std::uint32_t fractions_per_second_ = 1'000'000;
    std::size_t record_header_bytes_ = 0;
    LengthOrder length_order_ = LengthOrder::captured_first;
    LinkType link_type_ = LinkType::ethernet;
    // A captured length above this is odd.
    std::uint32_t usual_length_ = 0;
    // Of the last packet.
    std::optional<std::uint32_t> last_seconds_;
    // One as soon as the file header was read; more if other files were joined to this one.
    std::vector<CaptureInterface> interfaces_;
};

} // namespace doorplate
