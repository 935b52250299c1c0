#include "capture/interfaces.h"

#include <array>
#include <memory>

#include <fmt/format.h>
#include <pcap/pcap.h>

#include "capture/socket_address.h"

namespace doorplate {

namespace {

Interface from_pcap(const pcap_if_t &device) {
    Interface interface;
    interface.name = device.name;
    if (device.description != nullptr) interface.description = device.description;
    interface.up = (device.flags & PCAP_IF_UP) != 0;
    interface.running = (device.flags & PCAP_IF_RUNNING) != 0;
    interface.loopback = (device.flags & PCAP_IF_LOOPBACK) != 0;
    interface.wireless = (device.flags & PCAP_IF_WIRELESS) != 0;
    for (const pcap_addr_t *entry = device.addresses; entry != nullptr; entry = entry->next)
        if (const auto address = interface_address(entry->addr, entry->netmask))
            interface.addresses.push_back(*address);
    return interface;
}

} // namespace

Result<std::vector<Interface>> list_interfaces() {
    std::array<char, PCAP_ERRBUF_SIZE> reason{};
    pcap_if_t *first = nullptr;
    if (pcap_findalldevs(&first, reason.data()) != 0)
        return failure(fmt::format("cannot list the network interfaces: {}", reason.data()));
    const std::unique_ptr<pcap_if_t, decltype(&pcap_freealldevs)> devices{first, pcap_freealldevs};

    std::vector<Interface> interfaces;
    for (const pcap_if_t *device = devices.get(); device != nullptr; device = device->next)
        interfaces.push_back(from_pcap(*device));
    return interfaces;
}

} // namespace doorplate
