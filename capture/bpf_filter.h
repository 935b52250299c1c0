#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "capture/packet.h"
#include "capture/result.h"

struct bpf_program;

namespace doorplate {

// A pcap filter expression (pcap-filter(7)) compiled for one link type.
class BpfFilter {
  public:
    // An empty expression passes all. Fails with a usage failure.
    [[nodiscard]] static Result<BpfFilter> compile(const std::string &expression, LinkType link_type);

    // The packet is of the link type that was compiled for.
    [[nodiscard]] bool matches(const Packet &packet) const;

  private:
    struct Free {
        void operator()(bpf_program *program) const;
    };
    using Program = std::unique_ptr<bpf_program, Free>;

    explicit BpfFilter(Program program) : program_(std::move(program)) {}

    Program program_;
};

// The words for a filter that libpcap refuses, the same for files and interfaces.
[[nodiscard]] std::string bad_filter_message(std::string_view expression, LinkType link_type, std::string_view reason);

} // namespace doorplate
