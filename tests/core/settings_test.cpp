// Settings: how values are parsed and refused, and what goes into cache keys.

#include "pipeline/core/settings.h"

#include <gmock/gmock.h>

namespace recto {
namespace {

using testing::HasSubstr;

const Setting<bool> kSwitch{"toy.switch", true, "A switch.", "开关。"};
const Setting<std::int64_t> kCount{"toy.count", 7, {1, 99}, "A count.", "数目。"};
const Setting<double> kAngle{"toy.angle", 0.5, {-45, 45}, "An angle.", "角度。"};
const Setting<double> kFree{"toy.free", 0.0, "Any number.", "任意数。"};
const Setting<std::string> kName{"toy.name", "", "A name.", "名称。"};
const Setting<std::string> kKind{"toy.kind", "red", {"red", "blue"}, "A kind.", "种类。"};
const Setting<double> kFloor{
    "toy.floor", 1.0, {0, std::numeric_limits<double>::infinity()}, "Not below zero.", "不小于零。"};

template <class T> T parsed(const SettingBase& setting, std::string_view text) {
    const auto value = setting.parse(text);
    EXPECT_TRUE(value.has_value()) << text;
    return value ? std::get<T>(*value) : T{};
}

std::string refused(const SettingBase& setting, std::string_view text) {
    const auto value = setting.parse(text);
    EXPECT_FALSE(value.has_value()) << setting.key << " took '" << text << "'";
    if (value) return {};
    EXPECT_EQ(value.error().code, "config.bad_value");
    EXPECT_THAT(value.error().reason, HasSubstr(std::string(setting.key)));
    EXPECT_THAT(value.error().reason, HasSubstr(std::string(text)));
    return value.error().reason;
}

TEST(Settings, ParseWhatAPersonWrites) {
    EXPECT_TRUE(parsed<bool>(kSwitch, "true"));
    EXPECT_FALSE(parsed<bool>(kSwitch, " false "));
    EXPECT_EQ(parsed<std::int64_t>(kCount, "42"), 42);
    EXPECT_EQ(parsed<std::int64_t>(kCount, "99"), 99);
    EXPECT_EQ(parsed<double>(kAngle, "-1.5"), -1.5);
    EXPECT_EQ(parsed<double>(kAngle, "1e1"), 10);
    EXPECT_EQ(parsed<double>(kFree, "-1e300"), -1e300);
    EXPECT_EQ(parsed<std::string>(kName, "馆 藏"), "馆 藏");
    EXPECT_EQ(parsed<std::string>(kName, ""), "");
    EXPECT_EQ(parsed<std::string>(kKind, "blue"), "blue");
}

TEST(Settings, RefuseTheRestAndSayWhatIsAllowed) {
    for (const char* bad : {"yes", "1", "TRUE", "", "truefalse"})
        EXPECT_THAT(refused(kSwitch, bad), HasSubstr("true or false"));
    for (const char* bad : {"0", "100", "7.5", "seven", "", "7x", "99999999999999999999"})
        EXPECT_THAT(refused(kCount, bad), HasSubstr("from 1 to 99"));
    for (const char* bad : {"45.1", "-46", "nan", "inf", "1,5", ""})
        EXPECT_THAT(refused(kAngle, bad), HasSubstr("from -45 to 45"));
    for (const char* bad : {"nan", "inf", "-inf", "1e999"}) EXPECT_THAT(refused(kFree, bad), HasSubstr("number"));
    EXPECT_THAT(refused(kFloor, "-0.1"), HasSubstr("0 or more"));
    for (const char* bad : {"green", "Red", ""}) EXPECT_THAT(refused(kKind, bad), HasSubstr("red, blue"));
}

TEST(Settings, DefaultsUntilSet) {
    Settings settings;
    EXPECT_EQ(settings.get(kCount), 7);
    EXPECT_EQ(settings.get(kKind), "red");
    EXPECT_FALSE(settings.is_set(kCount));
    settings.set(kCount, *kCount.parse("8"));
    EXPECT_EQ(settings.get(kCount), 8);
    EXPECT_TRUE(settings.is_set(kCount));
    EXPECT_EQ(to_string(settings.value_of(kCount)), "8");
    EXPECT_EQ(to_string(settings.value_of(kSwitch)), "true");
}

TEST(Settings, FingerprintDependsOnValuesOnly) {
    Settings plain, said, other;
    said.set(kAngle, *kAngle.parse("0.5")); // Saying the default changes nothing that is computed.
    other.set(kAngle, *kAngle.parse("0.25"));
    const std::vector<const SettingBase*> list{&kCount, &kAngle}, turned{&kAngle, &kCount};
    EXPECT_EQ(plain.fingerprint(list), "toy.angle=0.5\ntoy.count=7\n");
    EXPECT_EQ(plain.fingerprint(list), plain.fingerprint(turned));
    EXPECT_EQ(plain.fingerprint(list), said.fingerprint(list));
    EXPECT_NE(plain.fingerprint(list), other.fingerprint(list));
    EXPECT_EQ(plain.fingerprint({&kCount}), other.fingerprint({&kCount}));
}

TEST(Settings, NumbersReadBackExactly) {
    for (const double v : {0.1, 1.0 / 3, 1e-17, 123456789.125, -0.0}) {
        const std::string text = to_string(SettingValue(v));
        EXPECT_EQ(parsed<double>(kFree, text), v) << text;
    }
}

} // namespace
} // namespace recto
