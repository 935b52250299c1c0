#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <rapidjson/writer.h>

namespace doorplate {

// One JSON value, written piece by piece to the end of a string. Text may be any bytes: what is not UTF-8 becomes
// U+FFFD. Absent values are null. Numbers are whole up to 64 bits; readers need to keep all of them (times are in
// nanoseconds).
class JsonValue {
  public:
    explicit JsonValue(std::string &text) : output_{text}, writer_(output_) { writer_.SetMaxDecimalPlaces(4); }

    JsonValue &begin_object() { return after(writer_.StartObject()); }
    JsonValue &end_object() { return after(writer_.EndObject()); }
    JsonValue &begin_array() { return after(writer_.StartArray()); }
    JsonValue &end_array() { return after(writer_.EndArray()); }
    JsonValue &key(std::string_view name);

    JsonValue &value(std::string_view text);
    JsonValue &value(const std::string &text) { return value(std::string_view(text)); }
    JsonValue &value(const char *text) { return value(std::string_view(text)); }
    template <std::integral T> JsonValue &value(T number) {
        if constexpr (std::same_as<T, bool>) return after(writer_.Bool(number));
        if constexpr (std::signed_integral<T>) return after(writer_.Int64(number));
        return after(writer_.Uint64(static_cast<std::uint64_t>(number)));
    }
    JsonValue &value(double number) { return after(writer_.Double(number)); }
    JsonValue &null() { return after(writer_.Null()); }
    template <typename T> JsonValue &value(const std::optional<T> &maybe) { return maybe ? value(*maybe) : null(); }

    template <typename T> JsonValue &member(std::string_view name, const T &content) {
        return key(name).value(content);
    }
    JsonValue &null_member(std::string_view name) { return key(name).null(); }

  private:
    // RapidJSON's idea of an output.
    struct Output {
        using Ch = char;
        // NOLINTNEXTLINE(cppcoreguidelines-avoid-const-or-ref-data-members)
        std::string &text;
        void Put(char c) { text += c; }
        void Flush() {}
    };

    static rapidjson::SizeType length(std::string_view text) { return static_cast<rapidjson::SizeType>(text.size()); }
    JsonValue &after(bool) { return *this; }

    Output output_;
    rapidjson::Writer<Output> writer_;
};

} // namespace doorplate
