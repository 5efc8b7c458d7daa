// Identities, digests, keys and times: known answers from the standards.

#include <chrono>
#include <cstdlib>
#include <set>

#include <gtest/gtest.h>

#include "pipeline/core/clock.h"
#include "pipeline/core/digest.h"
#include "pipeline/core/ids.h"

namespace recto {
namespace {

Uuid uuid(std::string_view text) {
    Uuid u;
    EXPECT_TRUE(Uuid::parse(text, u)) << text;
    return u;
}

TEST(Uuid, KnownAnswerOfRfc9562) {
    // RFC 9562, appendix A.4: the DNS name space and "www.example.com".
    const Uuid dns = uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    EXPECT_EQ(Uuid::from_name(dns, "www.example.com").to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid, DerivedIdentitiesNeverChange) {
    // Both values lie in archives: a change here would give every record another identity.
    EXPECT_EQ(Uuid::recto_space().to_string(), "7d1c7d2e-5b0e-4c6f-9a59-0c1f6d5a2b41");
    const Uuid once = Uuid::from_name(Uuid::recto_space(), "档号"),
               again = Uuid::from_name(Uuid::recto_space(), "档号");
    EXPECT_EQ(once, again);
    EXPECT_NE(once, Uuid::from_name(Uuid::recto_space(), "档号 "));
    EXPECT_NE(once, Uuid::from_name(once, "档号"));
}

TEST(Uuid, VersionAndVariantBits) {
    std::set<std::string> seen;
    for (int i = 0; i < 500; ++i) {
        const std::string random = Uuid::random().to_string();
        EXPECT_EQ(random[14], '4');
        EXPECT_NE(std::string("89ab").find(random[19]), std::string::npos);
        EXPECT_TRUE(seen.insert(random).second);
        const std::string named = Uuid::from_name(Uuid::recto_space(), std::to_string(i)).to_string();
        EXPECT_EQ(named[14], '5');
        EXPECT_NE(std::string("89ab").find(named[19]), std::string::npos);
    }
}

TEST(Uuid, ParsesOneFormOnly) {
    EXPECT_EQ(uuid("6BA7B810-9DAD-11D1-80B4-00C04FD430C8").to_string(), "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    Uuid out = uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    const Uuid before = out;
    for (const char* bad : {"", "6ba7b810", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c",
                            "6ba7b810-9dad-11d1-80b4-00c04fd430c8 ", "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
                            "6ba7b810+9dad-11d1-80b4-00c04fd430c8", "{6ba7b810-9dad-11d1-80b4-00c04fd430c}",
                            "6ba7b810-9dad-11d1-80b4--0c04fd430c8"})
        EXPECT_FALSE(Uuid::parse(bad, out)) << bad;
    EXPECT_EQ(out, before);
    EXPECT_TRUE(Uuid().is_nil());
    EXPECT_EQ(Uuid().to_string(), "00000000-0000-0000-0000-000000000000");
    EXPECT_FALSE(before.is_nil());
}

TEST(Digest, KnownAnswers) {
    EXPECT_EQ(digest_hex(DigestAlgorithm::Sha256, "abc"), // FIPS 180-4
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digest_hex(DigestAlgorithm::Sha256, ""),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(digest_hex(DigestAlgorithm::Sha512, "abc"),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    EXPECT_EQ(digest_hex(DigestAlgorithm::Md5, "abc"), "900150983cd24fb0d6963f7d28e17f72"); // RFC 1321
    // GB/T 32905-2016, examples A.1 and A.2.
    EXPECT_EQ(digest_hex(DigestAlgorithm::Sm3, "abc"),
              "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    std::string abcd;
    for (int i = 0; i < 16; ++i) abcd += "abcd";
    EXPECT_EQ(digest_hex(DigestAlgorithm::Sm3, abcd),
              "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

TEST(Digest, PiecesMakeTheSameDigestAndTheHasherStartsAnew) {
    std::string bytes;
    for (int i = 0; i < 10000; ++i) bytes += static_cast<char>(i * 31);
    for (const DigestAlgorithm a :
         {DigestAlgorithm::Sha256, DigestAlgorithm::Sha512, DigestAlgorithm::Sm3, DigestAlgorithm::Md5}) {
        Hasher hasher(a);
        for (int round = 0; round < 2; ++round) {
            for (std::size_t at = 0; at < bytes.size(); at += 777)
                hasher.update(std::string_view(bytes).substr(at, 777));
            EXPECT_EQ(hasher.finish(), digest_hex(a, bytes));
        }
        hasher.update(std::as_bytes(std::span(bytes)));
        Hasher moved = std::move(hasher);
        EXPECT_EQ(moved.finish(), digest_hex(a, bytes));
        DigestAlgorithm parsed{};
        EXPECT_TRUE(parse_digest_algorithm(to_string(a), parsed));
        EXPECT_EQ(parsed, a);
    }
    DigestAlgorithm untouched = DigestAlgorithm::Sm3;
    EXPECT_FALSE(parse_digest_algorithm("SHA512", untouched));
    EXPECT_FALSE(parse_digest_algorithm("", untouched));
    EXPECT_EQ(untouched, DigestAlgorithm::Sm3);
}

TEST(KeyBuilder, FieldsDoNotRunTogether) {
    const auto key = [](std::initializer_list<std::string_view> fields) {
        KeyBuilder builder;
        for (std::string_view f : fields) builder.add(f);
        return builder.finish();
    };
    EXPECT_EQ(key({"ab", "c"}), key({"ab", "c"}));
    const std::set<std::string> all{key({"ab", "c"}), key({"a", "bc"}), key({"abc"}),     key({"abc", ""}),
                                    key({"", "abc"}), key({"2:ab1:c"}), key({"c", "ab"}), key({})};
    EXPECT_EQ(all.size(), 8U);
    EXPECT_EQ(key({"ab", "c"}), digest_hex(DigestAlgorithm::Sha256, "2:ab1:c"));
}

class ZoneTest : public testing::Test {
  protected:
    void TearDown() override {
        unsetenv("TZ");
        unsetenv("SOURCE_DATE_EPOCH");
        tzset();
    }
    static void zone(const char* name) {
        setenv("TZ", name, 1);
        tzset();
    }
};

TEST_F(ZoneTest, Rfc3339HasSecondsAndOffset) {
    const auto at =
        std::chrono::system_clock::time_point(std::chrono::seconds(1'000'000'000)) + std::chrono::milliseconds(900);
    zone("UTC0");
    EXPECT_EQ(rfc3339(at), "2001-09-09T01:46:40Z");
    zone("CST-8"); // POSIX zones are named by what must be added to get UTC.
    EXPECT_EQ(rfc3339(at), "2001-09-09T09:46:40+08:00");
    zone("NST3:30");
    EXPECT_EQ(rfc3339(at), "2001-09-08T22:16:40-03:30");
    zone("XST0:30");
    EXPECT_EQ(rfc3339(at), "2001-09-09T01:16:40-00:30");
}

TEST_F(ZoneTest, SourceDateEpochStopsTheClock) {
    setenv("SOURCE_DATE_EPOCH", "1000000000", 1);
    EXPECT_EQ(default_clock()->now().time_since_epoch(), std::chrono::seconds(1'000'000'000));
    setenv("SOURCE_DATE_EPOCH", "soon", 1);
    const auto before = std::chrono::system_clock::now();
    EXPECT_GE(default_clock()->now(), before);
    const auto at = std::chrono::system_clock::time_point(std::chrono::hours(5));
    EXPECT_EQ(fixed_clock(at)->now(), at);
}

} // namespace
} // namespace recto
