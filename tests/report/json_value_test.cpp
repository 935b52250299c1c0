#include "report/json/json_value.h"

#include <limits>

#include <gtest/gtest.h>

#include "tests/support/json_paths.h"

namespace doorplate {
namespace {

template <typename T> std::string json_of(const T &value) {
    std::string text;
    JsonValue(text).value(value);
    return text;
}

TEST(JsonValue, PutsCommasBetweenMembersAndElementsOnly) {
    std::string text;
    JsonValue json(text);
    json.begin_object().member("a", 1).key("b").begin_array().value(true).null().begin_object().end_object();
    json.end_array().null_member("c").key(std::string_view("d")).begin_array().end_array().end_object();
    EXPECT_EQ(R"({"a":1,"b":[true,null,{}],"c":null,"d":[]})", text);
}

TEST(JsonValue, WritesBehindWhatIsThere) {
    std::string text = "data: ";
    JsonValue(text).begin_array().value("x").end_array();
    EXPECT_EQ(R"(data: ["x"])", text);
}

// Wherever it stands in the eight bytes that are looked at together.
TEST(JsonValue, EscapesEveryByteThatNeedsItWhereverItStands) {
    for (std::size_t length = 1; length <= 17; ++length) {
        for (std::size_t place = 0; place < length; ++place) {
            for (int byte = 0; byte < 0x80; ++byte) {
                std::string text(length, 'x');
                text[place] = static_cast<char>(byte);
                const std::string json = json_of(text);
                ASSERT_EQ(text, test::json_paths(json).at("")) << json;
            }
        }
    }
}

TEST(JsonValue, ReplacesWhatIsNotUtf8) {
    EXPECT_EQ("\"abcdefgh\xef\xbf\xbd\"", json_of("abcdefgh\xff"));
    EXPECT_EQ("\"\xef\xbf\xbd\xef\xbf\xbd\"", json_of("\xc3\xe2"));
    EXPECT_EQ("\"gr\xc3\xbc\xc3\x9f dich\"", json_of("gr\xc3\xbc\xc3\x9f dich"));
    EXPECT_EQ("\"\"", json_of(std::string_view()));
}

TEST(JsonValue, WritesControlCharactersAsRfc8259Says) {
    EXPECT_EQ(R"("\"\\\b\f\n\r\t\u0000\u001B")", json_of(std::string_view("\"\\\b\f\n\r\t\0\x1b", 9)));
    EXPECT_EQ("\"/\x7f\"", json_of("/\x7f"));
}

TEST(JsonValue, KeepsAllOf64Bits) {
    EXPECT_EQ("18446744073709551615", json_of(std::numeric_limits<std::uint64_t>::max()));
    EXPECT_EQ("-9223372036854775808", json_of(std::numeric_limits<std::int64_t>::min()));
    EXPECT_EQ("255", json_of(std::uint8_t{255}));
    EXPECT_EQ("-128", json_of(std::int8_t{-128}));
}

TEST(JsonValue, CutsNumbersBehindFourDecimals) {
    EXPECT_EQ("0.0", json_of(0.0));
    EXPECT_EQ("1.0", json_of(1.0));
    EXPECT_EQ("0.99", json_of(0.99));
    EXPECT_EQ("0.1234", json_of(0.12349));
    EXPECT_EQ("0.0", json_of(0.00001));
    EXPECT_EQ("-2.5", json_of(-2.5));
    EXPECT_EQ("null", json_of(std::numeric_limits<double>::quiet_NaN()));
}

TEST(JsonValue, AbsentIsNull) {
    EXPECT_EQ("null", json_of(std::optional<int>()));
    EXPECT_EQ("7", json_of(std::optional(7)));
}

} // namespace
} // namespace doorplate
