#include "capture/sockets/ebpf/event_decoder.h"

#include <limits>
#include <random>

#include <gmock/gmock.h>

#include "tests/sockets/kernel_records.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const KernelClock kernel_clock{std::chrono::seconds(1'700'000'000), 100};
constexpr std::string_view usr_bin_curl{"curl\0bin\0usr\0", 13};

TEST(SocketEventDecoder, reads_every_member) {
    doorplate_socket_event raw = socket_record(DOORPLATE_CONNECTED, 1'500'000'000);
    raw.flags = DOORPLATE_PORT_ASKED_FOR | DOORPLATE_IPV6_ONLY;
    raw.interface_index = 3;
    const auto decoded = decode_socket_event(record_of(raw), kernel_clock);
    ASSERT_TRUE(decoded);
    const SocketEvent &event = decoded->event;
    EXPECT_EQ(SocketEventKind::connected, event.kind);
    EXPECT_EQ(timestamp_from_ns(1'700'000'001'500'000'000), event.time);
    EXPECT_EQ("127.0.0.1:50000", event.socket.local.to_string());
    EXPECT_EQ("127.0.0.1:80", event.socket.remote.to_string());
    EXPECT_EQ(Transport::tcp, event.socket.transport);
    EXPECT_EQ(SocketState::syn_sent, event.socket.state);
    EXPECT_EQ(7U, event.socket.cookie);
    EXPECT_EQ(777U, event.socket.inode);
    EXPECT_EQ(4026531840U, event.socket.netns);
    EXPECT_EQ(1000U, event.socket.uid);
    EXPECT_EQ(3U, event.socket.interface_index);
    EXPECT_TRUE(event.socket.ipv6_only);
    EXPECT_TRUE(event.port_asked_for);
    EXPECT_EQ(43, event.tid);
    EXPECT_EQ("worker", event.thread_name);
    EXPECT_EQ((ProcessKey{42, 100}), decoded->process);
    EXPECT_EQ(1000U, decoded->uid);
    EXPECT_EQ(1001U, decoded->gid);
}

TEST(SocketEventDecoder, reads_ipv6_addresses) {
    doorplate_socket_event raw = socket_record();
    raw.family = 6;
    raw.local[0] = 0x20;
    raw.local[15] = 1;
    const auto decoded = decode_socket_event(record_of(raw), kernel_clock);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(Family::ipv6, decoded->event.socket.local.address.family());
}

TEST(SocketEventDecoder, takes_a_thread_name_of_any_bytes_without_an_end) {
    doorplate_socket_event raw = socket_record();
    std::memset(raw.thread, 0xff, sizeof(raw.thread));
    const auto decoded = decode_socket_event(record_of(raw), kernel_clock);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::string(16, '\xff'), decoded->event.thread_name);
}

TEST(SocketEventDecoder, refuses_what_is_cut_short_at_any_place) {
    const Record whole = record_of(socket_record());
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(decode_socket_event(Bytes(whole).first(length), kernel_clock)) << length;
    EXPECT_TRUE(decode_socket_event(whole, kernel_clock));
}

TEST(SocketEventDecoder, refuses_what_makes_no_sense) {
    const auto refused = [](const auto &change) {
        doorplate_socket_event raw = socket_record();
        change(raw);
        return !decode_socket_event(record_of(raw), kernel_clock);
    };
    EXPECT_TRUE(refused([](auto &raw) { raw.kind = DOORPLATE_EXECUTED; }));
    EXPECT_TRUE(refused([](auto &raw) { raw.kind = 255; }));
    EXPECT_TRUE(refused([](auto &raw) { raw.family = 0; }));
    EXPECT_TRUE(refused([](auto &raw) { raw.state = 0; }));
    EXPECT_TRUE(refused([](auto &raw) { raw.state = 99; }));
    EXPECT_TRUE(refused([](auto &raw) { raw.cookie = 0; }));
    EXPECT_TRUE(refused([](auto &raw) { raw.pid = 0; })) << "somebody must have connected";
    EXPECT_TRUE(refused([](auto &raw) { raw.pid = 0x80000000; })) << "no pid is negative";
}

TEST(SocketEventDecoder, needs_no_process_for_a_close) {
    doorplate_socket_event raw = socket_record(DOORPLATE_CLOSED);
    raw.pid = 0;
    const auto decoded = decode_socket_event(record_of(raw), kernel_clock);
    ASSERT_TRUE(decoded);
    EXPECT_FALSE(decoded->process);
}

TEST(SocketEventDecoder, clamps_times_that_no_clock_shows) {
    for (const std::uint64_t time : {std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1} << 63}) {
        const auto decoded = decode_socket_event(record_of(socket_record(DOORPLATE_SENT, time)), kernel_clock);
        ASSERT_TRUE(decoded);
        EXPECT_EQ(Timestamp::max(), decoded->event.time);
    }
    const KernelClock before_1970{-std::chrono::seconds(10), 100};
    EXPECT_EQ(timestamp_from_ns(0), decode_socket_event(record_of(socket_record()), before_1970)->event.time);
}

TEST(SocketEventDecoder, survives_any_bytes) {
    std::mt19937 random(1); // NOLINT(bugprone-random-generator-seed): the same every time
    for (int round = 0; round < 20'000; ++round) {
        Record record(sizeof(doorplate_socket_event));
        for (std::uint8_t &byte : record) byte = static_cast<std::uint8_t>(random());
        const auto decoded = decode_socket_event(record, kernel_clock);
        EXPECT_TRUE(!decoded || decoded->event.thread_name.size() <= 16U);
        static_cast<void>(decode_process_event(record, kernel_clock));
    }
}

TEST(ProcessEventDecoder, reads_program_and_arguments) {
    const auto event =
        decode_process_event(executed_record(0, usr_bin_curl, std::string_view("curl\0-s\0", 8)), kernel_clock);
    ASSERT_TRUE(event);
    EXPECT_EQ(ProcessEventKind::executed, event->kind);
    EXPECT_EQ((ProcessKey{42, 100}), event->key);
    EXPECT_EQ((ProcessKey{1, 50}), event->parent);
    EXPECT_EQ("curl", event->name);
    EXPECT_EQ("/usr/bin/curl", event->exe);
    EXPECT_THAT(event->command_line, ElementsAre("curl", "-s"));
    EXPECT_FALSE(event->command_line_cut);
}

TEST(ProcessEventDecoder, marks_a_deleted_program_as_proc_does) {
    const auto event = decode_process_event(executed_record(0, usr_bin_curl, {}, DOORPLATE_DELETED), kernel_clock);
    ASSERT_TRUE(event);
    EXPECT_EQ("/usr/bin/curl (deleted)", event->exe);
}

TEST(ProcessEventDecoder, does_not_pass_a_part_of_a_path_for_the_whole) {
    const auto event = decode_process_event(executed_record(0, usr_bin_curl, {}, DOORPLATE_PATH_CUT), kernel_clock);
    ASSERT_TRUE(event);
    EXPECT_FALSE(event->exe);
}

TEST(ProcessEventDecoder, keeps_the_bytes_that_a_process_chose) {
    const auto event = decode_process_event(
        executed_record(0, std::string_view("a\n/\x1b\xff\0", 6), "no end", DOORPLATE_ARGUMENTS_CUT), kernel_clock);
    ASSERT_TRUE(event);
    EXPECT_EQ("/a\n/\x1b\xff", event->exe);
    EXPECT_THAT(event->command_line, ElementsAre("no end"));
    EXPECT_TRUE(event->command_line_cut);
}

TEST(ProcessEventDecoder, refuses_lengths_beyond_the_record) {
    Record record = executed_record(0, usr_bin_curl, "x");
    record.pop_back();
    EXPECT_FALSE(decode_process_event(record, kernel_clock));
    doorplate_process_event raw = process_record(DOORPLATE_EXECUTED, 0);
    raw.path_bytes = raw.argument_bytes = 0xffff;
    EXPECT_FALSE(decode_process_event(record_of(raw), kernel_clock));
}

TEST(ProcessEventDecoder, refuses_other_kinds_and_short_records) {
    EXPECT_FALSE(decode_process_event(record_of(process_record(DOORPLATE_CONNECTED, 0)), kernel_clock));
    const Record whole = record_of(process_record(DOORPLATE_FORKED, 0));
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(decode_process_event(Bytes(whole).first(length), kernel_clock)) << length;
    EXPECT_TRUE(decode_process_event(whole, kernel_clock));
}

TEST(ProcessEventDecoder, takes_no_arguments_for_an_empty_list) {
    const auto event = decode_process_event(executed_record(0, {}, {}), kernel_clock);
    ASSERT_TRUE(event);
    EXPECT_FALSE(event->exe);
    EXPECT_THAT(event->command_line, IsEmpty());
}

TEST(KernelClock, turns_monotonic_time_into_the_wall_clocks) {
    const KernelClock clock = read_kernel_clock();
    doorplate_socket_event raw = socket_record();
    timespec monotonic{};
    ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
    raw.time =
        static_cast<std::uint64_t>(monotonic.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(monotonic.tv_nsec);
    const auto decoded = decode_socket_event(record_of(raw), clock);
    ASSERT_TRUE(decoded);
    const auto apart = std::chrono::system_clock::now() - decoded->event.time;
    EXPECT_LT(std::chrono::abs(apart), std::chrono::seconds(60));
}

} // namespace
} // namespace doorplate
