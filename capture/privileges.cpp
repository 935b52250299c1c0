#include "capture/privileges.h"

#include <memory>
#include <type_traits>

#include <sys/capability.h>
#include <sys/prctl.h>

namespace doorplate {

namespace {

using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, decltype(&cap_free)>;

Capabilities own_capabilities() { return {cap_get_proc(), cap_free}; }

cap_value_t value_of(Right right) {
    switch (right) {
    case Right::net_raw: return CAP_NET_RAW;
    case Right::net_admin: return CAP_NET_ADMIN;
    case Right::sys_ptrace: return CAP_SYS_PTRACE;
    case Right::dac_read_search: return CAP_DAC_READ_SEARCH;
    case Right::dac_override: return CAP_DAC_OVERRIDE;
    case Right::bpf: return CAP_BPF;
    case Right::perfmon: return CAP_PERFMON;
    }
    return -1;
}

bool is_set(const Capabilities &capabilities, cap_value_t value, cap_flag_t set) {
    cap_flag_value_t flag = CAP_CLEAR;
    return capabilities && cap_get_flag(capabilities.get(), value, set, &flag) == 0 && flag == CAP_SET;
}

} // namespace

std::string_view right_token(Right right) {
    switch (right) {
    case Right::net_raw: return "CAP_NET_RAW";
    case Right::net_admin: return "CAP_NET_ADMIN";
    case Right::sys_ptrace: return "CAP_SYS_PTRACE";
    case Right::dac_read_search: return "CAP_DAC_READ_SEARCH";
    case Right::dac_override: return "CAP_DAC_OVERRIDE";
    case Right::bpf: return "CAP_BPF";
    case Right::perfmon: return "CAP_PERFMON";
    }
    return "CAP_UNKNOWN";
}

bool has_right(Right right) { return is_set(own_capabilities(), value_of(right), CAP_EFFECTIVE); }

bool drop_rights_except(const std::vector<Right> &keep) {
    const auto before = own_capabilities();
    const Capabilities after{cap_init(), cap_free};
    if (!before || !after) return false;
    for (const Right right : keep) {
        const cap_value_t value = value_of(right);
        for (const cap_flag_t set : {CAP_PERMITTED, CAP_EFFECTIVE})
            if (is_set(before, value, set)) cap_set_flag(after.get(), set, 1, &value, CAP_SET);
    }

    // Without this, a program executed later could regain what its file grants, or all of the bounding set as root.
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    // Emptying the bounding set takes CAP_SETPCAP. It may be missing; the line above holds without it.
    for (cap_value_t value = 0; CAP_IS_SUPPORTED(value); ++value) cap_drop_bound(value);
    if (cap_reset_ambient() != 0) return false;
    return cap_set_proc(after.get()) == 0;
}

} // namespace doorplate
