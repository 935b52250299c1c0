#include "report/json/json_value.h"

#include "report/utf8.h"

namespace doorplate {

JsonValue &JsonValue::key(std::string_view name) {
    const std::string repaired = valid_utf8(name);
    return after(writer_.Key(repaired.data(), length(repaired)));
}

JsonValue &JsonValue::value(std::string_view text) {
    const std::string repaired = valid_utf8(text);
    return after(writer_.String(repaired.data(), length(repaired)));
}

} // namespace doorplate
