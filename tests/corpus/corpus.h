#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "analyze/observation.h"

namespace doorplate {

// The captures, which are not in this repository: see docs/correctness.md. Tests that want them skip where it is
// missing.
[[nodiscard]] const std::filesystem::path &corpus_folder();
[[nodiscard]] bool has_corpus();

using TableRow = std::map<std::string, std::string>;

// A table with a head line and tabs; lines that begin with "#" are comments.
[[nodiscard]] std::vector<TableRow> read_table(const std::filesystem::path &path);

// The captures of the manifest, relative to the corpus.
[[nodiscard]] std::vector<std::string> corpus_captures();

// Reads a capture to its end or to its damage, like `doorplate replay`, and hands on every flow.
void replay_corpus_capture(const std::string &capture, const std::function<void(const FlowRecord &)> &on_flow);

} // namespace doorplate
