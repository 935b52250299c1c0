#pragma once

#include "analyze/port_role.h"
#include "report/terminal/text_table.h"

namespace doorplate {

// The colour that goes with a role's word in every table.
[[nodiscard]] constexpr Ink ink_of(PortRole role) {
    switch (role) {
    case PortRole::service:
    case PortRole::dynamic_service:
    case PortRole::multicast_service: return Ink::service;
    case PortRole::ephemeral: return Ink::ephemeral;
    case PortRole::fixed_source:
    case PortRole::privileged_source:
    case PortRole::negotiated:
    case PortRole::none: return Ink::plain;
    }
    return Ink::plain;
}

} // namespace doorplate
