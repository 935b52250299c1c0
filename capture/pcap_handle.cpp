#include "capture/pcap_handle.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <net/if.h>

#include "capture/bpf_filter.h"
#include "capture/interfaces.h"
#include "capture/privileges.h"

namespace doorplate {

namespace {

constexpr std::string_view any_device = "any";

bool exists(const std::string &name) { return name == any_device || if_nametoindex(name.c_str()) != 0; }

std::unexpected<Error> no_such_interface(const std::string &name) {
    std::vector<std::string> names;
    if (const auto interfaces = list_interfaces())
        for (const Interface &interface : *interfaces)
            if (exists(interface.name)) names.push_back(interface.name);
    return failure(fmt::format("no interface named '{}'; there {} (see `doorplate interfaces`)", name,
                               names.empty() ? "are none" : fmt::format("are: {}", fmt::join(names, ", "))));
}

std::unexpected<Error> no_permission(const std::string &name) {
    if (has_right(Right::net_raw))
        return failure(
            fmt::format("cannot capture on {}: the kernel refuses it although this program has CAP_NET_RAW; a "
                        "container or user namespace gives it for its own network only (see "
                        "docs/privileges.md)",
                        name));
    return failure(
        fmt::format("cannot capture on {}: needs CAP_NET_RAW; run as root, or give the program the right once: "
                    "sudo setcap cap_net_raw,cap_sys_ptrace,cap_dac_read_search+ep \"$(command -v doorplate)\" "
                    "(see docs/privileges.md)",
                    name));
}

std::unexpected<Error> cannot_activate(const std::string &name, pcap_t *handle, int status) {
    switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE: return no_such_interface(name);
    case PCAP_ERROR_PERM_DENIED: return exists(name) ? no_permission(name) : no_such_interface(name);
    case PCAP_ERROR_IFACE_NOT_UP:
        return failure(
            fmt::format("cannot capture on {0}: the interface is down; bring it up with: ip link set {0} up", name));
    default: break;
    }
    // A text of libpcap's own is there for some failures only.
    const std::string_view reason = pcap_geterr(handle);
    return failure(fmt::format("cannot capture on {}: {}", name, reason.empty() ? pcap_statustostr(status) : reason));
}

std::unexpected<Error> cannot_set_up(const std::string &name, std::string_view what, std::string_view reason) {
    return failure(fmt::format("cannot capture on {}: {}: {}", name, what, reason));
}

pcap_direction_t pcap_direction(CaptureDirection direction) {
    switch (direction) {
    case CaptureDirection::in: return PCAP_D_IN;
    case CaptureDirection::out: return PCAP_D_OUT;
    case CaptureDirection::inout: break;
    }
    return PCAP_D_INOUT;
}

// "ip broadcast" needs the subnet; "any" has none.
bpf_u_int32 netmask_of(const std::string &name) {
    std::array<char, PCAP_ERRBUF_SIZE> reason{};
    bpf_u_int32 network = 0;
    bpf_u_int32 mask = 0;
    if (pcap_lookupnet(name.c_str(), &network, &mask, reason.data()) != 0 || mask == 0) return PCAP_NETMASK_UNKNOWN;
    return mask;
}

// Also sets an empty filter: it is what makes the kernel cut packets to the snapshot length before they take up ring.
std::expected<void, Error> set_filter(pcap_t *handle, const std::string &name, const std::string &expression) {
    bpf_program program{};
    if (pcap_compile(handle, &program, expression.c_str(), 1, netmask_of(name)) != 0)
        return usage_failure(bad_filter_message(expression, link_type_of(pcap_datalink(handle)), pcap_geterr(handle)));
    const int status = pcap_setfilter(handle, &program);
    pcap_freecode(&program);
    if (status != 0) return cannot_set_up(name, "the filter could not be set", pcap_geterr(handle));
    return {};
}

bool prefer_cooked_v2(pcap_t *handle) {
    int *offered = nullptr;
    const int count = pcap_list_datalinks(handle, &offered);
    if (count < 0) return false;
    const bool has_v2 = std::find(offered, offered + count, DLT_LINUX_SLL2) != offered + count;
    pcap_free_datalinks(offered);
    return has_v2 && pcap_datalink(handle) == DLT_LINUX_SLL;
}

} // namespace

Result<PcapHandle> open_interface(const std::string &name, const LiveOptions &options) {
    std::array<char, PCAP_ERRBUF_SIZE> reason{};
    PcapHandle handle{pcap_create(name.c_str(), reason.data())};
    if (!handle) return failure(fmt::format("cannot capture on {}: {}", name, reason.data()));
    pcap_t *pcap = handle.get();

    // Before activation these only note what is wanted; they cannot fail.
    pcap_set_snaplen(pcap, options.snapshot_length);
    pcap_set_promisc(pcap, options.promiscuous && name != any_device ? 1 : 0);
    pcap_set_timeout(pcap, static_cast<int>(ring_block_time.count()));
    pcap_set_buffer_size(pcap, options.buffer_bytes);
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    // More than 0 is a warning: it goes, but not quite as asked.
    if (const int status = pcap_activate(pcap); status < 0) return cannot_activate(name, pcap, status);

    // Version 2 of the cooked header names the interface that each packet was seen on.
    if (prefer_cooked_v2(pcap)) pcap_set_datalink(pcap, DLT_LINUX_SLL2);
    if (options.direction != CaptureDirection::inout && pcap_setdirection(pcap, pcap_direction(options.direction)) != 0)
        return cannot_set_up(name, "this device cannot tell packets in from packets out; leave the direction away",
                             pcap_geterr(pcap));
    if (const auto set = set_filter(pcap, name, options.filter); !set) return std::unexpected(set.error());
    if (pcap_setnonblock(pcap, 1, reason.data()) != 0)
        return cannot_set_up(name, "non-blocking mode is refused", reason.data());
    if (pcap_get_selectable_fd(pcap) < 0)
        return cannot_set_up(name, "this kind of device cannot be waited on", "it has no file descriptor for poll()");
    return handle;
}

} // namespace doorplate
