// Writes the captures that tools/bench measures with. The same arguments give the same bytes on any machine.
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/capture_writer.h"
#include "tests/bench/profiles.h"
#include "tests/bench/truth.h"

namespace doorplate {
namespace {

constexpr std::string_view usage = R"(usage: generate_capture PROFILE FILE [OPTION...]

  PROFILE       packets    flows
  small      20,000,000  1,000,000   60-byte frames, each of a flow picked at random
  mixed       4,367,242              an office's uplink; flows come at a steady rate
  elephants   1,307,798        100   full segments in trains
  synflood    5,000,000              every packet a flow

  --packets N     other than these
  --flows N       small, elephants
  --seed N        other captures of the same kind (default 1)
  --pcapng        instead of pcap
  --nanoseconds   instead of microseconds
  --truth FILE    also writes what there is to find: see truth.h
)";

struct Profile {
    std::string_view name;
    Amount amount;
    void (*play)(Amount, Stage &, GeneratedFlows &);
};

constexpr std::array profiles{
    Profile{"small", {20'000'000, 1'000'000}, play_small},
    Profile{"mixed", {4'367'242, 0}, play_mixed},
    Profile{"elephants", {1'307'798, 100}, play_elephants},
    Profile{"synflood", {5'000'000, 0}, play_synflood},
};

struct Order {
    const Profile *profile = nullptr;
    std::string file;
    Amount amount;
    std::uint64_t seed = 1;
    CaptureFormat format;
    std::string truth;
};

// Nothing if it is not a number from 1.
std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
    return value;
}

// An option with a value. False if there is none such, or not with this value.
bool take(std::string_view option, const std::string &text, Order &order) {
    if (option == "--truth") {
        order.truth = text;
        return true;
    }
    const auto value = number(text);
    if (!value) return false;
    if (option == "--packets") {
        order.amount.packets = *value;
    } else if (option == "--seed") {
        order.seed = *value;
    } else if (option == "--flows" && order.amount.flows != 0) {
        order.amount.flows = *value;
    } else {
        return false;
    }
    return true;
}

std::optional<Order> parse(std::span<const std::string> words) {
    if (words.size() < 2) return std::nullopt;
    Order order;
    for (const Profile &profile : profiles) {
        if (profile.name == words[0]) order.profile = &profile;
    }
    if (order.profile == nullptr) return std::nullopt;
    order.file = words[1];
    order.amount = order.profile->amount;
    for (std::size_t i = 2; i < words.size(); ++i) {
        const std::string &option = words[i];
        if (option == "--pcapng") {
            order.format.pcapng = true;
        } else if (option == "--nanoseconds") {
            order.format.nanoseconds = true;
        } else {
            ++i;
            if (i == words.size() || !take(option, words[i], order)) return std::nullopt;
        }
    }
    return order;
}

// 0, or a failed program's exit code.
int generate(const Order &order) {
    CaptureWriter capture(order.file, order.format);
    Stage stage(capture, order.seed);
    GeneratedFlows flows;
    order.profile->play(order.amount, stage, flows);
    if (!capture.close()) {
        fmt::print(stderr, "generate_capture: cannot write {}\n", order.file);
        return 1;
    }
    if (!order.truth.empty() && !write_truth(order.truth, flows, order.format)) {
        fmt::print(stderr, "generate_capture: cannot write {}\n", order.truth);
        return 1;
    }
    fmt::print("{} packets, {} flows\n", capture.packets(), flows.size());
    return 0;
}

} // namespace
} // namespace doorplate

int main(int count, char **arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    const auto order = doorplate::parse(words);
    if (!order) {
        fmt::print(stderr, "{}", doorplate::usage);
        return 2;
    }
    return doorplate::generate(*order);
}
