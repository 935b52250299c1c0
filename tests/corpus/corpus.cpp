#include "tests/corpus/corpus.h"

#include <fstream>
#include <sstream>

#include "analyze/observer.h"
#include "capture/packet_source.h"

namespace doorplate {
namespace {

std::vector<std::string> cells(const std::string &line) {
    std::vector<std::string> result;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, '\t');) result.push_back(cell);
    return result;
}

} // namespace

const std::filesystem::path &corpus_folder() {
    static const std::filesystem::path folder = DOORPLATE_CORPUS_DIR;
    return folder;
}

bool has_corpus() { return std::filesystem::exists(corpus_folder() / "MANIFEST.tsv"); }

std::vector<TableRow> read_table(const std::filesystem::path &path) {
    std::ifstream file(path);
    std::vector<std::string> names;
    std::vector<TableRow> rows;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.starts_with('#')) continue;
        const std::vector<std::string> values = cells(line);
        if (names.empty()) {
            names = values;
            continue;
        }
        TableRow &row = rows.emplace_back();
        for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = i < values.size() ? values[i] : std::string();
    }
    return rows;
}

std::vector<std::string> corpus_captures() {
    std::vector<std::string> captures;
    for (const TableRow &row : read_table(corpus_folder() / "MANIFEST.tsv")) captures.push_back(row.at("file"));
    return captures;
}

void replay_corpus_capture(const std::string &capture, const std::function<void(const FlowRecord &)> &on_flow) {
    const auto source = open_savefile({.path = (corpus_folder() / capture).string(), .filter = {}});
    if (!source) return; // not a capture, or a kind that we do not read: the conversations will be missing
    AnalysisOptions options;
    options.detect_protocols = false; // thousands of small captures; tests/detect looks into payloads
    Observer observer(options, on_flow);
    while (true) {
        const auto batch = (*source)->read(Duration::zero());
        if (!batch) break;
        observer.ingest(batch->packets, (*source)->interfaces());
        if (batch->at_end) break;
    }
    (void)observer.finish();
}

} // namespace doorplate
