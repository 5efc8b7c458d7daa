// Every fault of a carrier of a handover is named; none is not.

#include "stages/verify/verify.h"

#include <memory>

#include <gmock/gmock.h>

#include "pipeline/core/digest.h"
#include "pipeline/files/charset.h"
#include "pipeline/files/memory_file_system.h"

namespace recto::verify {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kFirst = "电子档案/1987/WS/A-1/A-1-0001.jpg", kSecond = "电子档案/1987/WS/A-2.pdf";

class HandoverCheckTest : public ::testing::Test {
  protected:
    void SetUp() override {
        put(kFirst, "a page");
        put(kSecond, "a pdf");
        put("说明文件.TXT", "说明");
        put("文件目录.XML", catalogue());
        list();
    }

    static std::string catalogue(const std::string& numbers = "12", const std::string& second = kSecond) {
        std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<文件目录>";
        out += "<文件><顺序号>" + numbers.substr(0, 1) +
               "</顺序号><档号>A-1</档号><电子档案名称>电子档案/1987/WS/A-1</电子档案名称></文件>";
        out += "<文件><顺序号>" + numbers.substr(1) + "</顺序号><档号>A-2</档号><电子档案名称>" + second +
               "</电子档案名称></文件>";
        return out + "</文件目录>";
    }

    void put(const std::string& path, const std::string& bytes) {
        ASSERT_TRUE(fs_.make_folders(parent_path("/out/" + path)));
        ASSERT_TRUE(fs_.write("/out/" + path, bytes));
    }
    /// The list of digests of what is there.
    void list() {
        ASSERT_TRUE(fs_.make_folders("/out/其他"));
        ASSERT_TRUE(fs_.remove("/out/其他/digests-sm3.txt"));
        std::string lines;
        const auto files = list_files(fs_, "/out");
        ASSERT_TRUE(files);
        for (const std::string& file : *files)
            lines += digest_hex(DigestAlgorithm::Sm3, fs_.read("/out/" + file).value()) + "  " + file + "\n";
        ASSERT_TRUE(fs_.write("/out/其他/digests-sm3.txt", lines));
    }

    std::vector<std::string> codes() {
        const Report report = verify_path("/out", {}, &fs_);
        EXPECT_EQ(report.kind, Kind::Handover);
        std::vector<std::string> out;
        for (const Issue& i : report.issues) {
            out.push_back(i.code + " " + i.path);
            EXPECT_NE(i.message(Language::Chinese), i.message(Language::English)) << i.code;
        }
        return out;
    }

    MemoryFileSystem fs_;
};

TEST_F(HandoverCheckTest, AGoodCarrierInAnyCharacterSet) {
    EXPECT_THAT(codes(), IsEmpty());
    EXPECT_EQ(verify_path("/out", {}, &fs_).objects, 2U);
    std::string text = catalogue();
    text.replace(text.find("UTF-8"), 5, "GB18030");
    put("文件目录.XML", to_charset(text, "GB18030").value());
    list();
    EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(HandoverCheckTest, ChangedMissingAndExtraFiles) {
    put(kSecond, "A pdf");
    EXPECT_THAT(codes(), ElementsAre("handover.digest " + kSecond));
    ASSERT_TRUE(fs_.remove("/out/" + kSecond));
    EXPECT_THAT(codes(), ElementsAre("handover.no_record 文件目录.XML", "handover.missing " + kSecond));
    put(kSecond, "a pdf");
    put("电子档案/1987/WS/A-1/A-1-0002.jpg", "another");
    EXPECT_THAT(codes(), ElementsAre("handover.unlisted 电子档案/1987/WS/A-1/A-1-0002.jpg"));
    list();
    EXPECT_THAT(codes(), IsEmpty());
    put("电子档案/1987/WS/A-3.pdf", "of no entry");
    list();
    EXPECT_THAT(codes(), ElementsAre("handover.no_entry 电子档案/1987/WS/A-3.pdf"));
}

TEST_F(HandoverCheckTest, PapersThatAreMissingOrWrong) {
    put("文件目录.XML", catalogue("13"));
    list();
    EXPECT_THAT(codes(), ElementsAre("handover.order 文件目录.XML"));
    put("文件目录.XML", catalogue("12", "../../etc/passwd"));
    list();
    EXPECT_THAT(codes(), ElementsAre("handover.outside 文件目录.XML", "handover.no_entry " + kSecond));
    put("文件目录.XML", "<文件目录");
    list();
    EXPECT_THAT(codes(), ElementsAre("handover.catalogue 文件目录.XML"));
    put("文件目录.XML", catalogue());
    ASSERT_TRUE(fs_.remove("/out/说明文件.TXT"));
    list();
    EXPECT_THAT(codes(), ElementsAre("handover.no_notes 说明文件.TXT"));
    put("说明文件.TXT", "说明");
    ASSERT_TRUE(fs_.remove("/out/其他/digests-sm3.txt"));
    EXPECT_THAT(codes(), ElementsAre("handover.digests 其他/digests-*.txt"));
    put("其他/digests-sm3.txt", "no digest\n");
    EXPECT_THAT(codes(), testing::Contains("handover.digests 其他/digests-sm3.txt"));
    put("其他/digests-sm3.txt", std::string(64, '0') + "  /etc/passwd\n");
    EXPECT_THAT(codes(), testing::Contains("handover.outside 其他/digests-sm3.txt"));
}

} // namespace
} // namespace recto::verify
