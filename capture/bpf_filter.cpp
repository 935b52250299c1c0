#include "capture/bpf_filter.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <pcap/pcap.h>

#include "capture/pcap_handle.h"

namespace doorplate {

namespace {

// What an accepting program returns: any length that is not 0, at which libpcap would make a program that refuses all.
// An interface's own snapshot length may be 0, and has no say in what matches.
constexpr int any_length = 262144;

} // namespace

void BpfFilter::Free::operator()(bpf_program *program) const {
    pcap_freecode(program);
    delete program;
}

Result<BpfFilter> BpfFilter::compile(const std::string &expression, LinkType link_type) {
    const PcapHandle handle(pcap_open_dead(dlt_of(link_type), any_length));
    if (!handle) return failure("out of memory while compiling a filter");
    // Freed by pcap_freecode even if it was never filled.
    Program program(new bpf_program{});
    constexpr int optimize = 1;
    if (pcap_compile(handle.get(), program.get(), expression.c_str(), optimize, PCAP_NETMASK_UNKNOWN) != 0)
        return usage_failure(bad_filter_message(expression, link_type, pcap_geterr(handle.get())));
    return BpfFilter(std::move(program));
}

bool BpfFilter::matches(const Packet &packet) const {
    pcap_pkthdr header{};
    header.caplen = static_cast<bpf_u_int32>(packet.bytes.size());
    header.len = packet.original_length;
    return pcap_offline_filter(program_.get(), &header, packet.bytes.data()) != 0;
}

std::string bad_filter_message(std::string_view expression, LinkType link_type, std::string_view reason) {
    // The likeliest mistake is the language of Wireshark's display filters.
    const bool looks_like_display_filter =
        std::ranges::any_of(std::array<std::string_view, 4>{"==", "tcp.", "udp.", "ip."},
                            [&](std::string_view sign) { return expression.find(sign) != std::string_view::npos; });
    return fmt::format(
        "bad filter \"{}\" for {} packets: {}; {}see pcap-filter(7)", expression, link_type_name(link_type), reason,
        looks_like_display_filter ? "this looks like a display filter of Wireshark, a capture filter says "
                                    "it as in \"tcp port 443\"; "
                                  : "");
}

} // namespace doorplate
