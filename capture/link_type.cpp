#include "capture/link_type.h"

#include <pcap/pcap.h>

namespace doorplate {

std::string link_type_name(LinkType type) {
    // In files doorplate meets, LINKTYPE and DLT values differ only for raw IP, which we call by its LINKTYPE value.
    const int value = static_cast<int>(type);
    const char *name = type == LinkType::raw_ip ? "RAW" : pcap_datalink_val_to_name(value);
    return name != nullptr ? name : "LINKTYPE_" + std::to_string(value);
}

} // namespace doorplate
