#include "capture/sockets/ebpf/event_provider.h"

#include <bit>

#include <gmock/gmock.h>

#include "capture/sockets/ebpf/cgroup_root.h"
#include "tests/sockets/fake_proc.h"
#include "tests/sockets/kernel_records.h"

namespace doorplate {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view usr_bin_curl{"curl\0bin\0usr\0", 13};
constexpr std::string_view bin_sh{"sh\0bin\0", 7};

// Looks that never see anything.
class NoLooks final : public SocketProvider {
  public:
    std::vector<SocketFacts> drain() override { return {}; }
    void look_up(Transport, const Endpoint &local, const Endpoint &) override { asked.push_back(local); }
    void refresh() override {}
    [[nodiscard]] AttributionMethod method() const override { return AttributionMethod::netlink; }
    [[nodiscard]] std::vector<Degradation> degradations() const override { return {{"looks", "are weak"}}; }

    std::vector<Endpoint> asked;
};

class EventProviderTest : public testing::Test {
  protected:
    void SetUp() override {
        if (std::endian::native != std::endian::little) GTEST_SKIP() << "/proc is of a little-endian machine";
    }

    // The records wait in the fake kernel until now, so that the provider's own thread has nothing to take before.
    std::vector<SocketEvent> events() {
        if (!provider_) open();
        std::vector<SocketEvent> all;
        for (SocketFacts &facts : provider_->drain())
            for (SocketEvent &event : facts.events) all.push_back(std::move(event));
        return all;
    }
    void open() {
        auto table = ProcessTable::open(proc.path());
        ASSERT_TRUE(table);
        auto looks = std::make_unique<NoLooks>();
        looks_ = looks.get();
        provider_ = make_event_provider(std::make_unique<FakeKernelEvents>(kernel), ProcessBook(std::move(*table)),
                                        std::move(looks), {{"ebpf", "one program was refused"}});
    }

    FakeProc proc;
    FakeKernel kernel;
    NoLooks *looks_ = nullptr;
    std::unique_ptr<SocketProvider> provider_;
};

TEST_F(EventProviderTest, names_the_program_that_ran_when_the_socket_was_used_and_is_gone) {
    kernel.process_records.push_back(record_of(process_record(DOORPLATE_FORKED, 10)));
    kernel.process_records.push_back(executed_record(20, usr_bin_curl, std::string_view("curl\0-s\0", 8)));
    kernel.socket_records.push_back(record_of(socket_record(DOORPLATE_CONNECTED, 30)));
    kernel.process_records.push_back(record_of(process_record(DOORPLATE_EXITED, 40)));
    const auto all = events();
    ASSERT_THAT(all, SizeIs(1));
    const Process &process = *all.front().process;
    EXPECT_EQ((ProcessKey{42, 100}), process.key);
    EXPECT_EQ("/usr/bin/curl", process.exe);
    EXPECT_THAT(process.command_line, ElementsAre("curl", "-s"));
    EXPECT_EQ(1000U, process.uid);
    EXPECT_EQ(43, all.front().tid);
    EXPECT_EQ("worker", all.front().thread_name);
}

TEST_F(EventProviderTest, keeps_apart_what_one_process_ran_before_and_after) {
    kernel.process_records.push_back(executed_record(10, bin_sh, {}));
    kernel.socket_records.push_back(record_of(socket_record(DOORPLATE_CONNECTED, 20)));
    kernel.process_records.push_back(executed_record(30, usr_bin_curl, {}));
    kernel.socket_records.push_back(record_of(socket_record(DOORPLATE_CONNECTED, 40)));
    const auto all = events();
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ("/bin/sh", all[0].process->exe);
    EXPECT_EQ("/usr/bin/curl", all[1].process->exe);
}

TEST_F(EventProviderTest, brings_events_of_several_processors_into_order) {
    kernel.socket_records.push_back(record_of(socket_record(DOORPLATE_CLOSED, 50)));
    kernel.socket_records.push_back(record_of(socket_record(DOORPLATE_CONNECTED, 40)));
    const auto all = events();
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(SocketEventKind::connected, all[0].kind);
    EXPECT_EQ(SocketEventKind::closed, all[1].kind);
}

TEST_F(EventProviderTest, gives_a_forked_process_its_parents_program) {
    proc.add({.pid = 1, .name = "init", .start_ticks = "50", .command_line = std::string("init\0", 5)});
    kernel.process_records.push_back(record_of(process_record(DOORPLATE_FORKED, 10)));
    kernel.socket_records.push_back(record_of(socket_record(DOORPLATE_CONNECTED, 20)));
    const auto all = events();
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_THAT(all.front().process->command_line, ElementsAre("init"));
    EXPECT_EQ(1, all.front().process->parent_pid);
    EXPECT_EQ("init", all.front().process->parent_name);
}

TEST_F(EventProviderTest, reads_a_process_from_before_from_proc) {
    proc.add({.pid = 42, .name = "server", .start_ticks = "100"});
    kernel.socket_records.push_back(record_of(socket_record()));
    const auto all = events();
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_THAT(all.front().process->command_line, ElementsAre("server", "-p", "8080"));
}

TEST_F(EventProviderTest, does_not_take_a_later_process_with_the_same_pid_for_it) {
    proc.add({.pid = 42, .name = "later", .start_ticks = "200"});
    kernel.socket_records.push_back(record_of(socket_record()));
    const auto all = events();
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ((ProcessKey{42, 100}), all.front().process->key);
    EXPECT_THAT(all.front().process->command_line, IsEmpty());
}

TEST_F(EventProviderTest, says_the_user_of_the_moment) {
    proc.add({.pid = 42, .start_ticks = "100"});
    doorplate_socket_event raw = socket_record();
    raw.uid = 4242;
    kernel.socket_records.push_back(record_of(raw));
    EXPECT_EQ(4242U, events().at(0).process->uid);
}

TEST_F(EventProviderTest, begins_with_the_sockets_that_were_there) {
    kernel.files.push_back(record_of(socket_record(DOORPLATE_HELD)));
    const auto all = events();
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(SocketEventKind::held, all.front().kind);
}

TEST_F(EventProviderTest, believes_no_program_when_events_of_processes_were_lost) {
    kernel.process_records.push_back(record_of(process_record(DOORPLATE_FORKED, 5)));
    kernel.process_records.push_back(executed_record(10, bin_sh, {}));
    kernel.socket_records.push_back(record_of(socket_record(DOORPLATE_CONNECTED, 30)));
    kernel.lost[DOORPLATE_EXECUTED] = 3; // the next program of this process may be among them
    const auto all = events();
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_FALSE(all.front().process->exe);
    EXPECT_EQ((ProcessKey{42, 100}), all.front().process->key) << "who it was, the socket's event says";
}

TEST_F(EventProviderTest, fetches_owners_from_the_sockets_when_events_were_lost_and_counts_them) {
    kernel.owners.push_back(record_of(socket_record(DOORPLATE_HELD)));
    kernel.lost[DOORPLATE_SENT] = 12;
    const auto all = events();
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(SocketEventKind::held, all.front().kind);
    static_cast<void>(events());
    EXPECT_EQ(1, kernel.owners_listed) << "once for each loss";
    EXPECT_THAT(provider_->degradations(),
                Contains(testing::AllOf(Field(&Degradation::what, "ebpf_events"),
                                        Field(&Degradation::reason, HasSubstr("12 send events were lost")))));
}

TEST_F(EventProviderTest, counts_records_that_make_no_sense_and_goes_on) {
    kernel.socket_records.push_back({1, 2, 3});
    kernel.process_records.push_back({});
    kernel.socket_records.push_back(record_of(socket_record()));
    EXPECT_THAT(events(), SizeIs(1));
    EXPECT_THAT(provider_->degradations(), Contains(Field(&Degradation::reason, HasSubstr("2 records"))));
}

TEST_F(EventProviderTest, passes_questions_and_degradations_on) {
    open();
    provider_->look_up(Transport::udp, {IpAddress::v4({127, 0, 0, 1}), 53}, {IpAddress::v4({127, 0, 0, 1}), 1});
    EXPECT_THAT(looks_->asked, SizeIs(1));
    EXPECT_THAT(provider_->degradations(), Contains(Field(&Degradation::what, "looks")));
    EXPECT_THAT(provider_->degradations(), Contains(Field(&Degradation::what, "ebpf")));
    EXPECT_EQ(AttributionMethod::ebpf, provider_->method());
}

TEST(ProcessBook, forgets_when_it_is_full_and_asks_proc_again) {
    const FakeProc proc;
    auto table = ProcessTable::open(proc.path());
    ASSERT_TRUE(table);
    ProcessBook book(std::move(*table), 10);
    for (std::int32_t pid = 1; pid <= 100; ++pid) {
        ProcessEvent event;
        event.key = {pid, 1};
        event.exe = "/bin/" + std::to_string(pid);
        book.apply(event);
    }
    EXPECT_EQ("/bin/100", book.describe({100, 1}, 0, 0)->exe);
    EXPECT_FALSE(book.describe({1, 1}, 0, 0)->exe);
}

TEST(ProcessBook, forgets_whoever_ended_a_while_ago) {
    const FakeProc proc;
    auto table = ProcessTable::open(proc.path());
    ASSERT_TRUE(table);
    ProcessBook book(std::move(*table));
    ProcessEvent event;
    event.key = {7, 1};
    event.exe = "/bin/seven";
    book.apply(event);
    event.kind = ProcessEventKind::exited;
    book.apply(event);
    EXPECT_EQ("/bin/seven", book.describe({7, 1}, 0, 0)->exe) << "its last events may still come";
    event.time += std::chrono::minutes(2);
    event.key = {8, 1};
    book.apply(event);
    EXPECT_FALSE(book.describe({7, 1}, 0, 0)->exe);
}

TEST(CgroupRoot, is_found_among_the_mounts) {
    EXPECT_EQ("/sys/fs/cgroup",
              find_cgroup2_root("30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"));
    EXPECT_EQ("/a b\\c",
              find_cgroup2_root("1 2 0:1 / /x rw - tmpfs t rw\n41 31 0:38 / /a\\040b\\134c rw - cgroup2 c rw"));
}

TEST(CgroupRoot, is_not_a_part_of_the_hierarchy_nor_the_old_kind) {
    EXPECT_FALSE(find_cgroup2_root("30 23 0:26 /machine /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
                                   "31 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"));
}

TEST(CgroupRoot, is_not_found_in_what_is_no_mountinfo) {
    for (const char *text : {"", "\n\n", "- cgroup2", "a b c / e - cgroup2", "1 2 3 / /x rw - cgroup"})
        EXPECT_FALSE(find_cgroup2_root(text)) << text;
}

} // namespace
} // namespace doorplate
