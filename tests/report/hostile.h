#pragma once

#include <string>
#include <vector>

#include "tests/support/observation_builder.h"

namespace doorplate::test {

// Names as an attacker would choose them.
inline std::vector<std::string> hostile_names() {
    using namespace std::string_literals;
    return {"<script>alert(1)</script>"s,
            "\"><img src=x onerror=alert(1)>"s,
            "' onmouseover='alert(1)"s,
            "nul\0inside"s,
            "\x1b]0;owned\x07\x1b[2J"s,
            "\xc2\x9b"
            "31mC1"s, // U+009B, CSI in one character
            "\xe2\x80\xae"
            "fdp.exe"s, // U+202E, right-to-left override
            "a\xe2\x80\xa8"
            "b"s, // U+2028, a line end for JavaScript
            "bad\xff\xfe\xc0\x80utf8"s,
            "\xed\xa0\x80"s, // a surrogate
            "=cmd|' /C calc'!A0"s,
            "line\r\nfeed\ttab"s,
            "&amp;&#60;"s,
            "back\\slash"s,
            std::string(10000, 'A'),
            "z" +
                [] {
                    std::string marks;
                    for (int i = 0; i < 5000; ++i) marks += "\xcc\x81";
                    return marks;
                }(),
            ""s};
}

// Every place that holds foreign bytes holds `name`.
inline Observation everything_is_called(const std::string &name) {
    auto named = process(1, name, name);
    named->exe = name;
    named->command_line = {name, name};
    named->parent_name = name;
    named->cgroup = "/" + name;
    FlowRecord flow = curl_to_web_server().initiator_is(held_by({named, named}));
    flow.interface_names = {name};
    Observation observation = observation_of({flow});
    observation.host->hostname = name;
    observation.source.interfaces[0].name = name;
    observation.source.filter = name;
    observation.source.damage = name;
    observation.losses.packets_without_flow[name] = 1;
    observation.degradations = {{name, name}};
    ListeningSocket listener;
    listener.socket.local = endpoint("192.0.2.10:80");
    listener.socket.state = SocketState::listen;
    listener.attribution = held_by({named});
    observation.listeners = {listener};
    return observation;
}

} // namespace doorplate::test
