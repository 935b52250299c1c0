#include "capture/packet_source.h"

namespace doorplate {

void add_if_known(std::optional<std::uint64_t> &sum, const std::optional<std::uint64_t> &value) {
    if (value) sum = sum.value_or(0) + *value;
}

void add(CaptureStats &sum, const CaptureStats &part) {
    sum.packets += part.packets;
    sum.filtered_out += part.filtered_out;
    add_if_known(sum.received_by_filter, part.received_by_filter);
    add_if_known(sum.dropped_by_kernel, part.dropped_by_kernel);
    add_if_known(sum.dropped_by_interface, part.dropped_by_interface);
    sum.times_out_of_range += part.times_out_of_range;
    sum.damaged_places += part.damaged_places;
    sum.damaged_bytes += part.damaged_bytes;
    sum.lost_interfaces.insert(sum.lost_interfaces.end(), part.lost_interfaces.begin(), part.lost_interfaces.end());
}

} // namespace doorplate
