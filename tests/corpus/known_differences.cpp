#include "tests/corpus/known_differences.h"

#include "tests/corpus/corpus.h"

namespace doorplate {

std::map<ConversationName, KnownDifference> known_differences() {
    const std::filesystem::path table =
        std::filesystem::path(DOORPLATE_SOURCE_DIR) / "tests" / "corpus" / "differences.tsv";
    std::map<ConversationName, KnownDifference> known;
    for (const TableRow &row : read_table(table)) {
        known[row.at("capture") + " " + row.at("conversation")] = {row.at("what"), row.at("reason")};
    }
    return known;
}

} // namespace doorplate
