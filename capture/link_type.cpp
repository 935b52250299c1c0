#include "capture/link_type.h"

#include <array>

#include <pcap/pcap.h>

namespace doorplate {

namespace {

struct Pair {
    int link_type;
    int dlt;
};

// libpcap has this table, too, but keeps it to itself. Where several link types are one DLT, the first is what it would
// write.
constexpr std::array<Pair, 7> differing{{{101, DLT_RAW},
                                         {12, DLT_RAW},
                                         {14, DLT_RAW},
                                         {100, DLT_ATM_RFC1483},
                                         {102, DLT_SLIP_BSDOS},
                                         {103, DLT_PPP_BSDOS},
                                         {106, DLT_ATM_CLIP}}};

} // namespace

int dlt_of(LinkType type) {
    const int value = static_cast<int>(type);
    for (const Pair &pair : differing)
        if (pair.link_type == value) return pair.dlt;
    return value;
}

LinkType link_type_of(int dlt) {
    for (const Pair &pair : differing)
        if (pair.dlt == dlt) return static_cast<LinkType>(pair.link_type);
    return static_cast<LinkType>(dlt);
}

std::string link_type_name(LinkType type) {
    const char *name = pcap_datalink_val_to_name(dlt_of(type));
    return name != nullptr ? name : "LINKTYPE_" + std::to_string(static_cast<int>(type));
}

} // namespace doorplate
