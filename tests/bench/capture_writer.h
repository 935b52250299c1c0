#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "capture/timestamp.h"

namespace doorplate {

struct CaptureFormat {
    bool pcapng = false;
    bool nanoseconds = false; // else microseconds: what is below is cut off
};

// Writes Ethernet frames to a capture file, little-endian on any machine.
class CaptureWriter {
  public:
    CaptureWriter(const std::string &path, CaptureFormat format);

    void write(Timestamp time, std::span<const std::uint8_t> frame);
    [[nodiscard]] std::uint64_t packets() const { return packets_; }
    // False if anything could not be written.
    [[nodiscard]] bool close();

  private:
    void write_pcapng_head();
    void put16(std::uint32_t value);
    void put32(std::uint32_t value);
    void flush();

    std::ofstream file_;
    CaptureFormat format_;
    std::vector<char> buffer_;
    std::uint64_t packets_ = 0;
};

} // namespace doorplate
