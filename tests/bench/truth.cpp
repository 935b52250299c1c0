#include "tests/bench/truth.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include <fmt/format.h>

namespace doorplate {

bool write_truth(const std::string &path, const GeneratedFlows &flows, CaptureFormat format) {
    std::vector<const GeneratedFlow *> order;
    for (const GeneratedFlow &flow : flows) {
        if (flow.ends[client].packets > 0) order.push_back(&flow);
    }
    std::ranges::sort(order, {}, [](const GeneratedFlow *flow) { return flow->first; });
    const auto kept = [&format](Timestamp time) {
        const auto nanoseconds = time.time_since_epoch().count();
        return format.nanoseconds ? nanoseconds : nanoseconds / 1'000 * 1'000;
    };
    std::ofstream file(path);
    for (const GeneratedFlow *flow : order) {
        const GeneratedEnd &a = flow->ends[client];
        const GeneratedEnd &b = flow->ends[server];
        file << fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", transport_token(flow->transport),
                            a.endpoint.address.to_string(), a.endpoint.port, b.endpoint.address.to_string(),
                            b.endpoint.port, a.packets, a.frame_bytes, b.packets, b.frame_bytes, kept(flow->first),
                            kept(flow->last));
    }
    file.close();
    return !file.fail();
}

} // namespace doorplate
