// Any bytes as a capture file, through the whole program: read, analyse, report in every format.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "analyze/observer.h"
#include "capture/savefile_source.h"
#include "report/report_writer.h"
#include "tests/support/memory_stream.h"

namespace doorplate {
namespace {

void replay(Bytes bytes) {
    Result<std::unique_ptr<PacketSource>> opened =
        read_savefile(std::make_unique<MemoryStream>(std::vector(bytes.begin(), bytes.end())), "fuzz", "");
    if (!opened) return;
    PacketSource &source = **opened;

    std::string text;
    const std::unique_ptr<ByteSink> sink = string_sink(text);
    AnalysisOptions options;
    options.flows.max_flows = 16; // eviction is a path, too
    Observer observer(options, [&](const FlowRecord &flow) { write_ndjson_flow(flow, nullptr, *sink); });

    bool at_end = false;
    while (!at_end) {
        const Result<PacketBatch> batch = source.read(Duration::zero());
        if (!batch) break;
        observer.ingest(batch->packets, source.interfaces());
        at_end = batch->at_end;
    }

    const Observation observation = observer.finish();
    write_ndjson_end(observation, *sink);
    write_text(observation, TextStyle{.width = 60, .colour = true, .explain = true}, *sink);
    write_json(observation, *sink);
    write_csv(observation, *sink);
    write_html(observation, *sink);
    if (!sink->close()) std::abort();
}

} // namespace
} // namespace doorplate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    doorplate::replay(doorplate::Bytes(data, size));
    return 0;
}
