#include "tests/support/network_namespace.h"

#include <cstdlib>
#include <exception>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>

#include "capture/privileges.h"

namespace doorplate {

std::optional<std::string> why_no_network_namespace() {
    if (!has_right(Right::net_raw) || !has_right(Right::net_admin))
        return "needs CAP_NET_RAW and CAP_NET_ADMIN; run the tests as root";
    bool unshared = false;
    std::thread([&] { unshared = unshare(CLONE_NEWNET) == 0; }).join();
    if (!unshared) return "needs CAP_SYS_ADMIN for a network namespace; run the tests as root";
    return std::nullopt;
}

void in_network_namespace(const std::function<void()> &body) {
    std::thread([&] {
        if (unshare(CLONE_NEWNET) != 0) {
            ADD_FAILURE() << "cannot make a network namespace";
            return;
        }
        run_command("ip link set lo up");
        try {
            body();
        } catch (const std::exception &exception) { // GoogleTest catches on its own thread only
            ADD_FAILURE() << exception.what();
        }
    }).join();
}

void run_command(const std::string &command) {
    EXPECT_EQ(0, std::system(command.c_str())) << command; // NOLINT(bugprone-command-processor,cert-env33-c)
}

} // namespace doorplate
