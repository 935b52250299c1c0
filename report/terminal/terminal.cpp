#include "report/terminal/terminal.h"

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace doorplate {

Terminal standard_output_terminal() {
    Terminal terminal;
    terminal.present = isatty(STDOUT_FILENO) == 1;
    winsize size{};
    if (terminal.present && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        terminal.columns = size.ws_col;
        terminal.rows = size.ws_row;
    }
    const char *kind = std::getenv("TERM");
    const char *no_colour = std::getenv("NO_COLOR"); // https://no-color.org: set and not empty
    const bool dumb = kind == nullptr || std::string_view{kind} == "dumb";
    terminal.wants_colour = terminal.present && !dumb && (no_colour == nullptr || *no_colour == '\0');
    return terminal;
}

} // namespace doorplate
