#include "capture/sockets/procfs_sockets.h"

#include <bit>
#include <string>

#include <gmock/gmock.h>

#include "tests/sockets/fake_proc.h"

namespace doorplate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// The fixtures are what a little-endian kernel writes.
class SocketTableText : public testing::Test {
  protected:
    void SetUp() override {
        if (std::endian::native != std::endian::little) GTEST_SKIP() << "the texts are of a little-endian machine";
    }
};

SocketRecord only_row(std::string_view row, Transport transport, Family family) {
    const ParsedSockets parsed = parse_socket_table(row, transport, family, 7);
    EXPECT_EQ(0U, parsed.malformed);
    EXPECT_THAT(parsed.sockets, SizeIs(1));
    return parsed.sockets.empty() ? SocketRecord{} : parsed.sockets.front();
}

std::size_t malformed_in(std::string_view text) {
    return parse_socket_table(text, Transport::tcp, Family::ipv4, 0).malformed;
}

TEST_F(SocketTableText, an_ipv4_listener) {
    const SocketRecord socket =
        only_row("   1: 0100007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 12345 1 "
                 "00000000c0ffee00 100 0 0 10 0\n",
                 Transport::tcp, Family::ipv4);
    EXPECT_EQ("127.0.0.1:53", socket.local.to_string());
    EXPECT_EQ("0.0.0.0:0", socket.remote.to_string());
    EXPECT_EQ(SocketState::listen, socket.state);
    EXPECT_EQ(12345U, socket.inode);
    EXPECT_EQ(101U, socket.uid);
    EXPECT_EQ(7U, socket.netns);
    EXPECT_FALSE(socket.has_peer());
}

TEST_F(SocketTableText, an_ipv6_connection) {
    const SocketRecord socket = only_row(
        table_row("B80D0120000000000000000001000000:01BB", "B80D0120000000000000000002000000:C001", "01", "0", "9"),
        Transport::tcp, Family::ipv6);
    EXPECT_EQ("[2001:db8::1]:443", socket.local.to_string());
    EXPECT_EQ("[2001:db8::2]:49153", socket.remote.to_string());
    EXPECT_EQ(SocketState::established, socket.state);
}

TEST_F(SocketTableText, a_connection_in_time_wait_has_no_inode) {
    const SocketRecord socket = only_row("  12: 0100007F:1F90 0100007F:C350 06 00000000:00000000 03:00001770 00000000  "
                                         "   0        0 0 3 0000000000000000\n",
                                         Transport::tcp, Family::ipv4);
    EXPECT_EQ(SocketState::time_wait, socket.state);
    EXPECT_EQ(0U, socket.inode);
}

TEST_F(SocketTableText, the_udp_table_has_wider_numbers_and_words_at_the_end) {
    const SocketRecord socket =
        only_row("  390: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   108        0 20817 2 "
                 "0000000000000000 0\n",
                 Transport::udp, Family::ipv4);
    EXPECT_EQ(5353, socket.local.port);
    EXPECT_EQ(SocketState::close, socket.state);
}

TEST(SocketTable, the_heading_is_no_row) { EXPECT_EQ(0U, malformed_in(table_heading)); }

TEST(SocketTable, an_empty_text_has_no_rows) {
    const ParsedSockets parsed = parse_socket_table("", Transport::tcp, Family::ipv4, 0);
    EXPECT_THAT(parsed.sockets, IsEmpty());
    EXPECT_EQ(0U, parsed.malformed);
}

TEST(SocketTable, rows_that_make_no_sense_are_counted) {
    const auto row = [](std::string_view local, std::string_view state, std::string_view uid, std::string_view inode) {
        return table_row(local, "00000000:0000", state, uid, inode);
    };
    EXPECT_EQ(0U, malformed_in(row("0100007F:0035", "0A", "0", "1")));
    EXPECT_EQ(1U, malformed_in(row("0100007F:00350", "0A", "0", "1")));
    EXPECT_EQ(1U, malformed_in(row("0100007F-0035", "0A", "0", "1")));
    EXPECT_EQ(1U, malformed_in(row("010000 F:0035", "0A", "0", "1")));
    EXPECT_EQ(1U, malformed_in(row("-100007F:0035", "0A", "0", "1")));
    EXPECT_EQ(1U, malformed_in(row("B80D0120000000000000000001000000:0035", "0A", "0", "1")));
    EXPECT_EQ(1U, malformed_in(row("0100007F:0035", "00", "0", "1")));
    EXPECT_EQ(1U, malformed_in(row("0100007F:0035", "FF", "0", "1")));
    EXPECT_EQ(1U, malformed_in(row("0100007F:0035", "0A", "-1", "1")));
    EXPECT_EQ(1U, malformed_in(row("0100007F:0035", "0A", "0", "99999999999999999999999")));
    EXPECT_EQ(2U, malformed_in("\n\x1b[31m\xff\n"));
}

TEST_F(SocketTableText, rows_around_a_bad_one_are_kept) {
    const std::string good = table_row("0100007F:0035", "00000000:0000", "0A", "0", "1");
    const ParsedSockets parsed =
        parse_socket_table(std::string(table_heading) + good + "nonsense\n" + good, Transport::tcp, Family::ipv4, 0);
    EXPECT_THAT(parsed.sockets, SizeIs(2));
    EXPECT_EQ(1U, parsed.malformed);
}

TEST_F(SocketTableText, a_last_line_that_is_cut_is_no_row) {
    const std::string row = table_row("0100007F:0035", "00000000:0000", "0A", "0", "12345");
    EXPECT_EQ(1U, malformed_in(row.substr(0, row.find(" 12345"))));
}

std::vector<std::string> locals(const std::vector<SocketRecord> &sockets) {
    std::vector<std::string> texts;
    texts.reserve(sockets.size());
    for (const SocketRecord &socket : sockets) texts.push_back(socket.local.to_string());
    return texts;
}

TEST_F(SocketTableText, all_tables_are_dumped_sorted) {
    const FakeProc proc;
    proc.tcp(table_row("0100007F:0051", "00000000:0000", "0A", "0", "2") +
             table_row("0100007F:0050", "00000000:0000", "0A", "0", "1"));
    proc.file("net/udp6",
              std::string(table_heading) + table_row("00000000000000000000000000000000:0035",
                                                     "00000000000000000000000000000000:0000", "07", "0", "3"));
    const auto table = open_procfs_sockets(proc.path(), 0);
    ASSERT_TRUE(table);
    EXPECT_THAT(locals(*table.value()->dump()), ElementsAre("127.0.0.1:80", "127.0.0.1:81", "[::]:53"));
}

TEST_F(SocketTableText, a_connection_is_found_by_its_tuple_and_a_listener_where_there_is_none) {
    const FakeProc proc;
    proc.tcp(table_row("00000000:0050", "00000000:0000", "0A", "0", "1") +
             table_row("0100007F:0050", "0100007F:C000", "01", "0", "2"));
    const auto table = open_procfs_sockets(proc.path(), 0);
    ASSERT_TRUE(table);
    const Endpoint local{IpAddress::v4({127, 0, 0, 1}), 80};
    const Endpoint remote{IpAddress::v4({127, 0, 0, 1}), 0xC000};
    const Endpoint stranger{IpAddress::v4({127, 0, 0, 1}), 1};
    EXPECT_THAT(locals(*table.value()->find({Transport::tcp, local, remote})), ElementsAre("127.0.0.1:80"));
    EXPECT_THAT(locals(*table.value()->find({Transport::tcp, local, stranger})), ElementsAre("0.0.0.0:80"));
    EXPECT_THAT(locals(*table.value()->find({Transport::udp, local, remote})), IsEmpty());
}

TEST(SocketTable, a_directory_without_tables_is_refused_with_advice) {
    const TempDir empty;
    const auto table = open_procfs_sockets(empty.path(), 0);
    ASSERT_FALSE(table);
    EXPECT_THAT(table.error().message, HasSubstr("is a proc file system mounted there?"));
}

SocketRecord waiting_on(IpAddress address, bool ipv6_only) {
    SocketRecord socket;
    socket.state = SocketState::listen;
    socket.local = {address, 80};
    socket.remote = {address.family() == Family::ipv4 ? IpAddress::v4({}) : IpAddress::v6({}), 0};
    socket.ipv6_only = ipv6_only;
    return socket;
}

bool takes_ipv4(const SocketRecord &socket) {
    const SocketTuple tuple{Transport::tcp, {IpAddress::v4({192, 0, 2, 1}), 80}, {IpAddress::v4({192, 0, 2, 2}), 5}};
    return !select_sockets({socket}, tuple).empty();
}

TEST(SelectSockets, a_dual_stack_listener_takes_ipv4_unless_it_says_no) {
    EXPECT_TRUE(takes_ipv4(waiting_on(IpAddress::v4({}), false)));
    EXPECT_TRUE(takes_ipv4(waiting_on(IpAddress::v6({}), false)));
    EXPECT_FALSE(takes_ipv4(waiting_on(IpAddress::v6({}), true)));
    EXPECT_FALSE(takes_ipv4(waiting_on(IpAddress::v4({192, 0, 2, 9}), false)));
}

TEST(SelectSockets, an_ipv4_wildcard_does_not_take_ipv6) {
    const SocketTuple tuple{
        Transport::tcp, {*IpAddress::parse("2001:db8::1"), 80}, {*IpAddress::parse("2001:db8::2"), 5}};
    EXPECT_THAT(select_sockets({waiting_on(IpAddress::v4({}), false)}, tuple), IsEmpty());
    EXPECT_THAT(select_sockets({waiting_on(IpAddress::v6({}), true)}, tuple), SizeIs(1));
}

TEST(SelectSockets, a_mapped_address_is_the_ipv4_one) {
    SocketRecord socket = waiting_on(*IpAddress::parse("::ffff:192.0.2.1"), false);
    EXPECT_TRUE(takes_ipv4(socket));
    socket.state = SocketState::established;
    socket.remote = {*IpAddress::parse("::ffff:192.0.2.2"), 5};
    EXPECT_TRUE(takes_ipv4(socket));
}

} // namespace
} // namespace doorplate
