#pragma once

namespace doorplate {

// What standard output is connected to. The only question this program asks of a terminal.
struct Terminal {
    bool present = false;
    int columns = 0;
    int rows = 0;
    // The terminal shows colours and nobody asked for none (NO_COLOR, TERM=dumb).
    bool wants_colour = false;
};

[[nodiscard]] Terminal standard_output_terminal();

} // namespace doorplate
