#include "analyze/socket_history.h"

#include <gtest/gtest.h>

#include "tests/roles/socket_story.h"

namespace doorplate {
namespace {

const std::string here_web = "192.0.2.1:80";
const std::string here_client = "192.0.2.1:40000";
const std::string peer = "198.51.100.7:5000";
const std::string web = "198.51.100.7:443";

// --- the socket itself ---------------------------------------------------------------------------------------------

TEST(SocketHistoryTest, TheHolderOfTheExactFiveTupleIsNamed) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(500ms, 2s).who());
}

TEST(SocketHistoryTest, AnIpv4FlowFindsTheIpv4MappedSocketThatCarriesIt) {
    Story story;
    story.at(1s).connected("[::ffff:192.0.2.1]:40000", "[::ffff:198.51.100.7]:443").held_by(42);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(1s, 2s).who());
}

TEST(SocketHistoryTest, AnotherTransportOnTheSameNumbersIsAnotherSocket) {
    Story story;
    story.at(1s).connected_udp(here_client, web).held_by(42);
    EXPECT_EQ("exited", story.tcp(here_client, web).between(1s, 2s).who());
}

TEST(SocketHistoryTest, AllHoldersOfASharedSocketAreNamed) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(43).held_by(42);
    EXPECT_EQ("exact: 42 43", story.tcp(here_client, web).between(1s, 2s).who());
}

TEST(SocketHistoryTest, TheOlderProcessComesFirst) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(10, 900).held_by(20, 100);
    EXPECT_EQ("exact: 20 10", story.tcp(here_client, web).between(1s, 2s).who());
}

TEST(SocketHistoryTest, WhoKeepsAnAcceptedSocketComesBeforeWhoPassedItOn) {
    Story story;
    story.at(1s).connected(here_web, peer).held_by(10, 1).held_by(20, 500);
    story.at(2s).connected(here_web, peer).held_by(20, 500);
    EXPECT_EQ("exact: 20 10", story.tcp(here_web, peer).between(500ms, 3s).who());
}

TEST(SocketHistoryTest, AHolderThatHadLetGoBeforeTheFlowBeganIsNotNamed) {
    Story story;
    story.at(1s).listening("0.0.0.0:80").held_by(10).held_by(99);
    story.at(2s).listening("0.0.0.0:80").held_by(10);
    EXPECT_EQ("wildcard: 10", story.tcp(here_web, peer).between(3s, 4s).who());
}

TEST(SocketHistoryTest, AHolderThatTookTheSocketLongAfterTheFlowIsNotNamed) {
    Story story;
    story.at(1s).listening("0.0.0.0:80").held_by(10);
    story.at(20s).listening("0.0.0.0:80").held_by(10);
    story.at(30s).listening("0.0.0.0:80").held_by(10).held_by(99);
    EXPECT_EQ("wildcard: 10", story.tcp(here_web, peer).between(2s, 3s).who());
}

TEST(SocketHistoryTest, AHolderLearnedLaterIsTheHolderOfTheWholeTime) {
    Story story;
    story.look_up_at(1s).connected(here_client, web).not_searched_to_the_end();
    EXPECT_EQ("exited", story.tcp(here_client, web).between(1s, 1100ms).who());
    story.at(2s).connected(here_client, web).held_by(42);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(1s, 1100ms).who());
}

TEST(SocketHistoryTest, AHolderIsRememberedWhenOnlyTimeWaitIsLeft) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    story.at(2s).in_time_wait(here_client, web);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(500ms, 1500ms).seen_to_begin().who());
}

TEST(SocketHistoryTest, AHolderIsRememberedWhenTheSocketIsGone) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    story.at(2s);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(500ms, 1500ms).who());
}

TEST(SocketHistoryTest, ASocketThatTheNextLookSeesFirstIsFoundForAFlowThatWasOver) {
    Story story;
    story.at(1s);
    story.at(4s).connected(here_client, web).in_state(SocketState::close_wait).held_by(42);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(1500ms, 2s).who());
}

TEST(SocketHistoryTest, ALookUpOfOneSocketSaysNothingOfOthers) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    story.look_up_at(2s).connected("192.0.2.1:40001", web).held_by(43);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(3s, 4s).who());
    EXPECT_EQ(2U, story.history().connected().size());
}

TEST(SocketHistoryTest, ASocketThatOneLookMissedLivesOn) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    story.at(2s);
    story.at(3s).connected(here_client, web).held_by(42);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(2500ms, 4s).who());
    EXPECT_EQ(1U, story.history().connected().size());
}

TEST(SocketHistoryTest, TheSocketsOwnerIsKnownEvenIfItsHolderIsNot) {
    Story story;
    story.at(1s).connected(here_client, web).owned_by_user(33).unreadable();
    EXPECT_EQ(33U, story.tcp(here_client, web).between(1s, 2s).answer().attribution.socket_uid);
}

TEST(SocketHistoryTest, TimeWaitDoesNotMakeRootTheOwner) {
    Story story;
    story.at(1s).connected(here_client, web).owned_by_user(33).held_by(42);
    story.at(2s).in_time_wait(here_client, web);
    EXPECT_EQ(33U, story.tcp(here_client, web).between(1s, 2s).answer().attribution.socket_uid);
    Story late;
    late.at(2s).in_time_wait(here_client, web);
    EXPECT_EQ(std::nullopt, late.tcp(here_client, web).between(1s, 2s).answer().attribution.socket_uid);
}

// --- without cookies -----------------------------------------------------------------------------------------------

TEST(SocketHistoryTest, WithoutCookiesTheInodeTellsSocketsApart) {
    Story story;
    story.at(1s).connected(here_client, web).known_by_inode_only().held_by(42);
    story.at(2s).connected(here_client, web).another().known_by_inode_only().held_by(43);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(500ms, 1005ms).who());
    EXPECT_EQ("exact: 43", story.tcp(here_client, web).between(2005ms, 3s).who());
}

TEST(SocketHistoryTest, WithoutCookiesTimeWaitBelongsToTheSocketBeforeIt) {
    Story story;
    story.at(1s).connected(here_client, web).known_by_inode_only().held_by(42);
    story.at(2s).in_time_wait(here_client, web).known_by_inode_only();
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(500ms, 2500ms).who());
    EXPECT_EQ(1U, story.history().connected().size());
}

TEST(SocketHistoryTest, WithoutCookiesAnAcceptedSocketContinuesTheOneInTheQueue) {
    Story story;
    story.at(1s).without_file(SocketState::syn_received, here_web, peer).known_by_inode_only();
    story.at(2s).connected(here_web, peer).known_by_inode_only().held_by(42);
    EXPECT_EQ("exact: 42", story.tcp(here_web, peer).between(900ms, 950ms).seen_to_begin().who());
}

TEST(SocketHistoryTest, WithoutCookiesANewSocketDoesNotContinueTimeWait) {
    Story story;
    story.at(1s).in_time_wait(here_client, web).known_by_inode_only();
    story.at(2s).connected(here_client, web).known_by_inode_only().held_by(42);
    EXPECT_EQ("exited", story.tcp(here_client, web).between(500ms, 600ms).seen_to_begin().who());
}

// --- the same tuple again ------------------------------------------------------------------------------------------

TEST(SocketHistoryTest, OfTwoSocketsOneAfterTheOtherTheOneThatWasThereIsMeant) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    story.at(2s).connected(here_client, web).held_by(42);
    story.at(3s).connected(here_client, web).another().held_by(43);
    story.at(4s).connected(here_client, web).another().held_by(43);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(1500ms, 1600ms).who());
    EXPECT_EQ("exact: 43", story.tcp(here_client, web).between(3500ms, 3600ms).who());
}

TEST(SocketHistoryTest, AFlowInTheGapBetweenTwoSocketsIsAmbiguous) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    story.at(2s).connected(here_client, web).another().held_by(43);
    EXPECT_EQ("ambiguous: 42 43", story.tcp(here_client, web).between(1500ms, 1600ms).who());
}

TEST(SocketHistoryTest, AHandshakeInTheGapDecidesForTheLaterSocket) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    story.at(2s).connected(here_client, web).another().held_by(43);
    EXPECT_EQ("exact: 43", story.tcp(here_client, web).between(1500ms, 1600ms).seen_to_begin().who());
}

TEST(SocketHistoryTest, TwoSocketsOfOneProcessAreNotAmbiguous) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    story.at(2s).connected(here_client, web).another().held_by(42);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(1500ms, 1600ms).who());
}

TEST(SocketHistoryTest, ASocketOfBeforeTheHandshakeIsNotTheFlows) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    story.at(2s).in_time_wait(here_client, web);
    story.at(4s);
    EXPECT_EQ("exited", story.tcp(here_client, web).between(3s, 3100ms).seen_to_begin().who());
}

TEST(SocketHistoryTest, ASynThatIsSentAgainStillBelongsToItsSocket) {
    Story story;
    story.at(1s).connected(here_client, web).in_state(SocketState::syn_sent).held_by(42);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(2s, 3s).seen_to_begin().who());
}

TEST(SocketHistoryTest, ASocketThatALookAfterTheFlowsEndDidNotSeeYetIsALaterOne) {
    Story story;
    story.at(500ms);
    story.at(2s);
    story.at(3s).connected(here_client, web).held_by(43);
    EXPECT_EQ("exited", story.tcp(here_client, web).between(1s, 1200ms).who());
}

TEST(SocketHistoryTest, OfTwoLaterSocketsTheFirstIsMeant) {
    Story story;
    story.at(1500ms);
    story.at(2s).connected_udp(here_client, web).held_by(42);
    story.at(3s).connected_udp(here_client, web).another().held_by(43);
    EXPECT_EQ("exact: 42", story.udp(here_client, web).between(1s, 4s).who());
}

TEST(SocketHistoryTest, TheSameTupleInTwoNamespacesIsAmbiguous) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42).connected(here_client, web).in_namespace(7).held_by(43);
    EXPECT_EQ("ambiguous: 42 43", story.tcp(here_client, web).between(1s, 2s).who());
}

TEST(SocketHistoryTest, ASocketThatConnectsElsewhereIsAskedByTheTimeOfEachPeer) {
    Story story;
    story.at(1s).connected_udp(here_client, "198.51.100.1:53").held_by(42);
    story.at(2s)
        .connected_udp(here_client, "198.51.100.2:53")
        .with_the_cookie_of(here_client, "198.51.100.1:53")
        .not_searched_to_the_end();
    EXPECT_EQ("exact: 42", story.udp(here_client, "198.51.100.1:53").between(500ms, 1s).who());
    EXPECT_EQ("exact: 42", story.udp(here_client, "198.51.100.2:53").between(1500ms, 2s).who());
    EXPECT_EQ(1U, story.history().connected().size());
}

TEST(SocketHistoryTest, APidThatWasUsedAgainIsAnotherProcess) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42, 100);
    story.at(2s).connected("192.0.2.1:40001", web).held_by(42, 777);
    const auto first = story.tcp(here_client, web).between(1s, 1500ms).answer().attribution;
    const auto second = story.tcp("192.0.2.1:40001", web).between(2s, 3s).answer().attribution;
    EXPECT_EQ(100U, first.holders.at(0)->key.start_ticks);
    EXPECT_EQ(777U, second.holders.at(0)->key.start_ticks);
}

// --- doors ---------------------------------------------------------------------------------------------------------

TEST(SocketHistoryTest, AConnectionThatNobodySawIsTheListeners) {
    Story story;
    story.at(1s).listening(here_web).held_by(42);
    EXPECT_EQ("listener: 42", story.tcp(here_web, peer).between(1100ms, 1200ms).who());
}

TEST(SocketHistoryTest, AConnectionThatIsNotAcceptedYetIsTheListeners) {
    Story story;
    story.at(1s).listening(here_web).held_by(42).without_file(SocketState::syn_received, here_web, peer);
    EXPECT_EQ("listener: 42", story.tcp(here_web, peer).between(1s, 1100ms).seen_to_begin().who());
}

TEST(SocketHistoryTest, AConnectionThatWaitsLongToBeAcceptedIsTheListeners) {
    Story story;
    for (const Duration time : {1s, 2s, 3s})
        story.at(time).listening(here_web).held_by(42).without_file(SocketState::established, here_web, peer);
    EXPECT_EQ("listener: 42", story.tcp(here_web, peer).between(500ms, 4s).who());
}

TEST(SocketHistoryTest, AConnectionThatTheServerClosedFirstIsTheListeners) {
    Story story;
    story.at(1s).listening(here_web).held_by(42).in_time_wait(here_web, peer);
    EXPECT_EQ("listener: 42", story.tcp(here_web, peer).between(900ms, 950ms).seen_to_begin().who());
}

TEST(SocketHistoryTest, AnAcceptedConnectionIsItsHandlersAndNotTheListeners) {
    Story story;
    story.at(1s).listening(here_web).held_by(42).connected(here_web, peer).held_by(43);
    EXPECT_EQ("exact: 43", story.tcp(here_web, peer).between(500ms, 2s).who());
}

TEST(SocketHistoryTest, PreforkedProcessesAllHoldTheListener) {
    Story story;
    story.at(1s).listening("0.0.0.0:80").held_by(12, 110).held_by(10, 100).held_by(11, 110);
    EXPECT_EQ("wildcard: 10 11 12", story.tcp(here_web, peer).between(1s, 2s).who());
}

TEST(SocketHistoryTest, AGroupThatSharesAPortIsNamedTogether) {
    Story story;
    story.at(1s).listening(here_web).held_by(10).listening(here_web).another().held_by(11);
    EXPECT_EQ("listener: 10 11", story.tcp(here_web, peer).between(1s, 2s).who());
}

TEST(SocketHistoryTest, ARestartedServerIsKnownByTheTimeOfTheFlow) {
    Story story;
    story.at(1s).listening(here_web).held_by(10);
    story.at(2s).listening(here_web).held_by(10);
    story.at(3s).listening(here_web).another().held_by(20);
    story.at(4s).listening(here_web).another().held_by(20);
    EXPECT_EQ("listener: 10", story.tcp(here_web, peer).between(1500ms, 1600ms).who());
    EXPECT_EQ("ambiguous: 10 20", story.tcp(here_web, peer).between(2500ms, 2600ms).who());
    EXPECT_EQ("listener: 20", story.tcp(here_web, peer).between(3500ms, 3600ms).who());
}

TEST(SocketHistoryTest, AListenerThatWasOpenedAfterTheFlowIsNotNamed) {
    Story story;
    story.at(1s);
    story.at(3s);
    story.at(4s).listening(here_web).held_by(42);
    EXPECT_EQ("exited", story.tcp(here_web, peer).between(1500ms, 2s).who());
}

TEST(SocketHistoryTest, AListenerThatWasClosedBeforeTheFlowIsNotNamed) {
    Story story;
    story.at(1s).listening(here_web).held_by(42);
    story.at(2s);
    story.at(3s);
    EXPECT_EQ("exited", story.tcp(here_web, peer).between(2500ms, 2600ms).who());
}

TEST(SocketHistoryTest, ASpecificAddressComesBeforeTheWildcard) {
    Story story;
    story.at(1s).listening("0.0.0.0:80").held_by(10).listening(here_web).held_by(11);
    EXPECT_EQ("listener: 11", story.tcp(here_web, peer).between(1s, 2s).who());
    EXPECT_EQ("wildcard: 10", story.tcp("192.0.2.2:80", peer).between(1s, 2s).who());
}

TEST(SocketHistoryTest, ADualStackListenerTakesIpv4) {
    Story story;
    story.at(1s).listening("[::]:80").held_by(42);
    EXPECT_EQ("wildcard: 42", story.tcp(here_web, peer).between(1s, 2s).who());
    EXPECT_EQ("wildcard: 42", story.tcp("[2001:db8::1]:80", "[2001:db8::7]:5000").between(1s, 2s).who());
}

TEST(SocketHistoryTest, AnIpv6OnlyListenerTakesNoIpv4) {
    Story story;
    story.at(1s).listening("[::]:80").for_ipv6_only().held_by(42);
    EXPECT_EQ("exited", story.tcp(here_web, peer).between(1s, 2s).who());
    EXPECT_EQ("wildcard: 42", story.tcp("[2001:db8::1]:80", "[2001:db8::7]:5000").between(1s, 2s).who());
}

TEST(SocketHistoryTest, AnIpv4WildcardComesBeforeADualStackOne) {
    Story story;
    story.at(1s).listening("[::]:80").held_by(66).listening("0.0.0.0:80").held_by(44);
    EXPECT_EQ("wildcard: 44", story.tcp(here_web, peer).between(1s, 2s).who());
}

TEST(SocketHistoryTest, AnIpv4WildcardTakesNoIpv6) {
    Story story;
    story.at(1s).listening("0.0.0.0:80").held_by(44);
    EXPECT_EQ("exited", story.tcp("[2001:db8::1]:80", "[2001:db8::7]:5000").between(1s, 2s).who());
}

TEST(SocketHistoryTest, AListenerOnAnotherAddressIsNotNamed) {
    Story story;
    story.at(1s).listening("127.0.0.1:80").held_by(42);
    EXPECT_EQ("exited", story.tcp(here_web, peer).between(1s, 2s).who());
}

TEST(SocketHistoryTest, ATcpSocketThatIsOnlyBoundIsNoDoor) {
    Story story;
    story.at(1s).listening(here_web).in_state(SocketState::close).held_by(42);
    EXPECT_EQ("exited", story.tcp(here_web, peer).between(1s, 2s).who());
}

TEST(SocketHistoryTest, AnUnconnectedUdpSocketIsBound) {
    Story story;
    story.at(1s).bound_udp("192.0.2.1:53").held_by(42).bound_udp("0.0.0.0:67").held_by(43);
    EXPECT_EQ("bound: 42", story.udp("192.0.2.1:53", peer).between(1s, 2s).who());
    EXPECT_EQ("wildcard: 43", story.udp("192.0.2.1:67", "192.0.2.9:68").between(1s, 2s).who());
}

TEST(SocketHistoryTest, AConnectedUdpSocketComesBeforeTheBoundOne) {
    Story story;
    story.at(1s).bound_udp("192.0.2.1:53").held_by(42).connected_udp("192.0.2.1:53", peer).held_by(43);
    EXPECT_EQ("exact: 43", story.udp("192.0.2.1:53", peer).between(1s, 2s).who());
    EXPECT_EQ("bound: 42", story.udp("192.0.2.1:53", "198.51.100.7:5001").between(1s, 2s).who());
}

// --- why nobody is known -------------------------------------------------------------------------------------------

TEST(SocketHistoryTest, WithoutAnyFactsItSaysSo) {
    Story story;
    EXPECT_TRUE(story.history().empty());
    EXPECT_EQ("no_socket_facts", story.tcp(here_client, web).between(1s, 2s).who());
}

TEST(SocketHistoryTest, WithoutFactsOfTheFlowsTimeItSaysSo) {
    Story story;
    story.at(1s);
    EXPECT_EQ("no_socket_facts", story.tcp(here_client, web).between(5s, 6s).who());
}

TEST(SocketHistoryTest, ASocketThatNoLookSawBelongedToAProcessThatIsGone) {
    Story story;
    story.at(1s);
    story.at(2s);
    EXPECT_EQ("exited", story.tcp(here_client, web).between(1200ms, 1300ms).who());
}

TEST(SocketHistoryTest, TimeWaitOfAFlowThatWasSeenToBeginMeansItsProcessIsGone) {
    Story story;
    story.at(1s);
    story.at(2s).in_time_wait(here_client, web);
    EXPECT_EQ("exited", story.tcp(here_client, web).between(1200ms, 1300ms).seen_to_begin().who());
}

TEST(SocketHistoryTest, TimeWaitOfAnOlderFlowIsTheKernels) {
    Story story;
    story.at(1s).in_time_wait(here_client, web);
    EXPECT_EQ("kernel_socket", story.tcp(here_client, web).between(1s, 1300ms).who());
}

TEST(SocketHistoryTest, AnOrphanThatIsStillClosingBelongedToAProcessThatIsGone) {
    Story story;
    for (const Duration time : {1s, 2s, 3s}) story.at(time).without_file(SocketState::fin_wait1, here_client, web);
    EXPECT_EQ("exited", story.tcp(here_client, web).between(1s, 3s).who());
}

TEST(SocketHistoryTest, ASocketThatNobodyHoldsInTwoLooksIsTheKernels) {
    Story story;
    story.at(1s).bound_udp("0.0.0.0:51820");
    EXPECT_EQ("exited", story.udp("192.0.2.1:51820", peer).between(1s, 2s).who());
    story.at(2s).bound_udp("0.0.0.0:51820");
    EXPECT_EQ("kernel_socket", story.udp("192.0.2.1:51820", peer).between(1s, 2s).who());
}

TEST(SocketHistoryTest, AKernelConnectionIsNotGivenToTheListenerThatHandedItOver) {
    Story story;
    for (const Duration time : {1s, 2s}) story.at(time).listening(here_web).held_by(42).connected(here_web, peer);
    EXPECT_EQ("kernel_socket", story.tcp(here_web, peer).between(1s, 3s).who());
}

TEST(SocketHistoryTest, TwoLooksThatWereNotAllowedToSeeDoNotMakeASocketTheKernels) {
    Story story;
    for (const Duration time : {1s, 2s, 3s}) story.at(time).connected(here_client, web).unreadable();
    EXPECT_EQ("no_permission", story.tcp(here_client, web).between(1s, 3s).who());
}

TEST(SocketHistoryTest, TwoLooksThatWereNotFinishedDoNotMakeASocketTheKernels) {
    Story story;
    for (const Duration time : {1s, 2s, 3s}) story.at(time).connected(here_client, web).not_searched_to_the_end();
    EXPECT_EQ("exited", story.tcp(here_client, web).between(1s, 3s).who());
}

TEST(SocketHistoryTest, MissingRightsAreNamed) {
    Story story;
    story.at(1s).connected(here_client, web).unreadable();
    const auto attribution = story.tcp(here_client, web).between(1s, 2s).answer().attribution;
    EXPECT_EQ("no_permission", in_words(attribution));
    EXPECT_EQ((std::vector{Right::sys_ptrace, Right::dac_read_search}), attribution.missing_rights);
}

TEST(SocketHistoryTest, RightsAreNotBlamedWhereNoneIsMissing) {
    Story story;
    story.at(1s).connected(here_client, web).unreadable_for_anybody();
    const auto attribution = story.tcp(here_client, web).between(1s, 2s).answer().attribution;
    EXPECT_EQ("no_permission", in_words(attribution));
    EXPECT_EQ(std::vector<Right>{}, attribution.missing_rights);
}

TEST(SocketHistoryTest, MissingRightsAreNotBlamedForASocketThatNobodyHolds) {
    Story story;
    story.at(1s).in_time_wait(here_client, web).unreadable();
    EXPECT_EQ("exited", story.tcp(here_client, web).between(900ms, 950ms).seen_to_begin().who());
}

TEST(SocketHistoryTest, AHiddenHandlerIsNotGuessedFromAVisibleListener) {
    Story story;
    story.at(1s).listening(here_web).held_by(42).connected(here_web, peer).unreadable();
    EXPECT_EQ("no_permission", story.tcp(here_web, peer).between(1s, 2s).who());
}

TEST(SocketHistoryTest, AListenerWhoseHolderIsHiddenSaysSo) {
    Story story;
    story.at(1s).listening(here_web).unreadable();
    EXPECT_EQ("no_permission", story.tcp(here_web, peer).between(1s, 2s).who());
}

TEST(SocketHistoryTest, ProtocolsWithoutPortsUseRawSockets) {
    Story story;
    story.at(1s);
    SocketQuestion question;
    question.transport = Transport::icmp;
    question.start = question.end = at_time(1s);
    EXPECT_EQ("raw_socket", in_words(story.history().who(question).attribution));
}

// --- evidence for roles --------------------------------------------------------------------------------------------

TEST(SocketHistoryTest, AListenerIsSeenEvenBesideTheExactSocket) {
    Story story;
    story.at(1s).listening("0.0.0.0:80").held_by(42).connected(here_web, peer).held_by(43);
    const SocketAnswer answer = story.tcp(here_web, peer).between(1s, 2s).answer();
    EXPECT_TRUE(answer.listener_seen);
    EXPECT_FALSE(answer.connected_out);
}

TEST(SocketHistoryTest, ASocketOnAPortWithoutAListenerMustHaveConnected) {
    Story story;
    story.at(1s).connected(here_client, web).held_by(42);
    const SocketAnswer answer = story.tcp(here_client, web).between(1s, 2s).answer();
    EXPECT_FALSE(answer.listener_seen);
    EXPECT_TRUE(answer.connected_out);
}

TEST(SocketHistoryTest, ALookUpCannotSayThatThereIsNoListener) {
    Story story;
    story.look_up_at(1s).connected(here_client, web).held_by(42);
    EXPECT_FALSE(story.tcp(here_client, web).between(1s, 2s).answer().connected_out);
}

TEST(SocketHistoryTest, ASocketInSynSentHasConnectedWhateverListens) {
    Story story;
    story.look_up_at(1s).connected(here_client, web).in_state(SocketState::syn_sent).held_by(42);
    EXPECT_TRUE(story.tcp(here_client, web).between(1s, 2s).answer().connected_out);
}

TEST(SocketHistoryTest, AListenerThatClosedAfterAcceptingWasSeenInTheFlowsTime) {
    Story story;
    story.at(1s).listening(here_web).held_by(42);
    story.at(2s).connected(here_web, peer).held_by(42);
    const SocketAnswer answer = story.tcp(here_web, peer).between(1500ms, 3s).answer();
    EXPECT_TRUE(answer.listener_seen);
    EXPECT_FALSE(answer.connected_out);
}

// --- the port map, and bounds --------------------------------------------------------------------------------------

TEST(SocketHistoryTest, DoorsAreListedByTransportPortAndAddress) {
    Story story;
    story.at(1s).bound_udp("0.0.0.0:53").held_by(1).listening("[::]:80").held_by(2).listening("0.0.0.0:80").held_by(3);
    story.listening("127.0.0.1:25").unreadable().connected(here_client, web).held_by(4);
    std::vector<std::string> doors;
    for (const ListeningSocket &door : story.history().listeners())
        doors.push_back(door.socket.local.to_string() + " " + in_words(door.attribution));
    EXPECT_EQ((std::vector<std::string>{"127.0.0.1:25 no_permission", "0.0.0.0:80 listener: 3", "[::]:80 listener: 2",
                                        "0.0.0.0:53 bound: 1"}),
              doors);
}

TEST(SocketHistoryTest, ADoorThatIsClosedIsNotListed) {
    Story story;
    story.at(1s).listening(here_web).held_by(42);
    story.at(2s);
    EXPECT_TRUE(story.history().listeners().empty());
}

TEST(SocketHistoryTest, WhoLetGoOfADoorIsNotListed) {
    Story story;
    story.at(1s).listening(here_web).held_by(42).held_by(43);
    story.at(2s).listening(here_web).held_by(43);
    EXPECT_EQ("listener: 43", in_words(story.history().listeners().at(0).attribution));
}

TEST(SocketHistoryTest, ADoorKeepsTheTimeWhenItWasFirstSeen) {
    Story story;
    story.at(1s).listening(here_web).held_by(42);
    story.at(2s).listening(here_web).held_by(42);
    EXPECT_EQ(at_time(1s), story.history().listeners().at(0).first_seen);
}

TEST(SocketHistoryTest, ProcessesAreListedByPidAndStart) {
    Story story;
    story.at(1s).listening(here_web).held_by(9, 1).held_by(3, 8).held_by(3, 7);
    std::vector<ProcessKey> keys;
    for (const auto &process : story.history().processes()) keys.push_back(process->key);
    EXPECT_EQ((std::vector<ProcessKey>{{3, 7}, {3, 8}, {9, 1}}), keys);
}

TEST(SocketHistoryTest, NewerKnowledgeOfAProcessWinsButAnExeOnceReadIsKept) {
    Process first;
    first.key = {42, 100};
    first.name = "bash";
    first.exe = "/bin/bash";
    first.command_line = {"bash"};
    Process second = first;
    second.name = "curl";
    second.exe.reset();
    second.command_line.clear();
    Story story;
    story.at(1s).connected(here_client, web).seen_as(first);
    const auto before = story.tcp(here_client, web).between(1s, 2s).answer().attribution.holders.at(0);
    story.at(2s).connected(here_client, web).seen_as(second);
    const auto after = story.tcp(here_client, web).between(1s, 2s).answer().attribution.holders.at(0);
    EXPECT_EQ("bash", before->name);
    EXPECT_EQ("curl", after->name);
    EXPECT_EQ("/bin/bash", after->exe);
    EXPECT_EQ((std::vector<std::string>{"bash"}), after->command_line);
}

TEST(SocketHistoryTest, AHolderOfWhomNothingElseCouldBeReadIsNamedByPid) {
    SocketHistory history;
    SocketFacts facts;
    facts.begun = facts.ended = at_time(1s);
    facts.whole_table = true;
    SocketRecord socket;
    socket.state = SocketState::listen;
    socket.local = endpoint(here_web);
    socket.inode = 5;
    facts.sockets.push_back({socket, {{{42, 7}, 3}}, HolderSearch::complete});
    history.ingest(facts);
    EXPECT_EQ("listener: 42", in_words(history.listeners().at(0).attribution));
}

TEST(SocketHistoryTest, ClosedSocketsAreForgottenAfterAWhile) {
    Story story(1min);
    story.at(1s).connected(here_client, web).held_by(42);
    story.at(2s);
    story.at(1min);
    EXPECT_EQ("exact: 42", story.tcp(here_client, web).between(1s, 1500ms).who());
    story.at(1min + 3s);
    EXPECT_EQ("exited", story.tcp(here_client, web).between(1s, 1500ms).who());
}

TEST(SocketHistoryTest, HoldersThatComeAndGoDoNotPileUp) {
    Story story(1min);
    for (std::int32_t look = 0; look < 5000; ++look)
        story.at(look * 1s).listening(here_web).held_by(1).held_by(100 + look, 200U + static_cast<unsigned>(look));
    EXPECT_GE(62U, story.tcp(here_web, peer).between(0s, 5000s).answer().attribution.holders.size());
    EXPECT_GE(2000U, story.history().processes().size());
}

TEST(SocketHistoryTest, ProcessesOfForgottenSocketsDoNotPileUp) {
    Story story(1min);
    for (std::int32_t look = 0; look < 5000; ++look)
        story.at(look * 1s).connected("192.0.2.1:" + std::to_string(10000 + look), web).held_by(100 + look);
    EXPECT_GE(2000U, story.history().processes().size());
}

} // namespace
} // namespace doorplate
