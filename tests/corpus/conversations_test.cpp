// Every capture of the corpus is read, and its conversations are compared with those that tshark's dissection gave.
#include <cstddef>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/corpus/conversation.h"
#include "tests/corpus/corpus.h"
#include "tests/corpus/known_differences.h"

namespace doorplate {
namespace {

constexpr std::size_t least_equal_per_mille = 995;

struct Comparison {
    std::size_t expected = 0;
    std::size_t equal = 0;
    std::size_t left_out = 0; // expected, but of malformed frames only
    std::map<ConversationName, std::string> differences;
};

void compare(const std::string &capture, Comparison &comparison) {
    const Conversations expected = expected_conversations(capture);
    const Conversations observed = observed_conversations(capture);
    const auto name = [&](const ConversationKey &key) { return capture + " " + key.to_string(); };
    for (const auto &[key, conversation] : expected) {
        ++comparison.expected;
        const auto found = observed.find(key);
        if (found == observed.end() && may_be_missing(conversation)) {
            ++comparison.left_out;
            continue;
        }
        const std::string what = found == observed.end() ? "missing" : difference(conversation, found->second);
        if (what.empty()) {
            ++comparison.equal;
        } else {
            comparison.differences[name(key)] = what;
        }
    }
    for (const auto &[key, conversation] : observed) {
        if (!expected.contains(key)) comparison.differences[name(key)] = "extra";
    }
}

const Comparison &comparison() {
    static const Comparison result = [] {
        Comparison all;
        for (const std::string &capture : corpus_captures()) compare(capture, all);
        return all;
    }();
    return result;
}

// As a line of differences.tsv.
std::string line(const ConversationName &name, const std::string &what, const std::string &reason) {
    const std::size_t end = name.find(' ');
    return fmt::format("{}\t{}\t{}\t{}", name.substr(0, end), name.substr(end + 1), what, reason);
}

class CorpusTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!has_corpus()) GTEST_SKIP() << "the corpus of captures is not here: " << corpus_folder();
    }
};

TEST_F(CorpusTest, HasTheConversationsThatTsharkFindsBesidesTheKnownDifferences) {
    const auto known = known_differences();
    std::vector<std::string> unknown;
    for (const auto &[name, what] : comparison().differences) {
        const auto found = known.find(name);
        if (found == known.end() || found->second.what != what) unknown.push_back(line(name, what, "why?"));
    }
    std::vector<std::string> vanished;
    for (const auto &[name, difference] : known) {
        const auto found = comparison().differences.find(name);
        if (found == comparison().differences.end() || found->second != difference.what) {
            vanished.push_back(line(name, difference.what, difference.reason));
        }
    }
    EXPECT_TRUE(unknown.empty()) << "new; look into them:\n" << fmt::format("{}", fmt::join(unknown, "\n"));
    if (!vanished.empty()) {
        std::cout << "gone; take them out of differences.tsv:\n"
                  << fmt::format("{}", fmt::join(vanished, "\n")) << "\n";
    }
}

TEST_F(CorpusTest, AgreesWithTsharkOnNearlyEveryConversation) {
    const auto &[expected, equal, left_out, differences] = comparison();
    std::map<std::string, std::size_t> kinds;
    for (const auto &[name, what] : differences) ++kinds[what];
    std::cout << expected << " conversations expected, " << equal << " equal, " << left_out
              << " malformed ones left out";
    for (const auto &[what, count] : kinds) std::cout << ", " << count << " " << what;
    std::cout << "\n";
    EXPECT_GE(equal + left_out, expected * least_equal_per_mille / 1000);
}

// The specification's own captures and identifiers (corelight/community-id-spec, baseline/baseline_deflt.json).
TEST_F(CorpusTest, HasTheCommunityIdsOfTheSpecification) {
    std::set<std::string> ids;
    replay_corpus_capture("community-id/combined.pcap", [&](const FlowRecord &flow) { ids.insert(flow.community_id); });
    EXPECT_THAT(
        ids, testing::UnorderedElementsAre(
                 "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", "1:zavyT/cezQr1fmImYCwYnMXbgck=", "1:2ObVBgIn28oZvibYZhZMBgh7WdQ=",
                 "1:hLZd0XGWojozrvxqE0dWB1iM6R0=", "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=", "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=",
                 "1:pkvHqCL88/tg1k4cPigmZXUtL00=", "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:YHxtAirCG//0OzkcVAukqKQN9xM=",
                 "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
                 "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="));
}

} // namespace
} // namespace doorplate
