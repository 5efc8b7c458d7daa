// Every fault of a folder package is named; none is not.

#include "stages/verify/verify.h"

#include <algorithm>
#include <memory>

#include <gmock/gmock.h>

#include "pipeline/files/csv.h"
#include "pipeline/files/link_table.h"
#include "pipeline/files/memory_file_system.h"

namespace recto::verify {
namespace {

class FolderCheckTest : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const char* item : {"A-1", "A-2"}) {
            std::string own;
            ASSERT_TRUE(fs_.make_folders(std::string("/out/") + item));
            for (int page = 1; page <= 2; ++page) {
                LinkRow row;
                row.code = item;
                row.file = std::string(item) + "/" + item + "-000" + std::to_string(page) + ".jpg";
                row.page = page;
                const std::string bytes = row.file;
                row.size = bytes.size();
                row.sha512 = digest_hex(DigestAlgorithm::Sha512, bytes);
                ASSERT_TRUE(fs_.write("/out/" + row.file, bytes));
                own += link_row(row);
            }
            rows_ += own;
            ASSERT_TRUE(fs_.write(std::string("/out/") + item + "/links.csv", table(own)));
        }
        ASSERT_TRUE(fs_.write("/out/links.csv", table(rows_)));
    }

    static std::string table(const std::string& rows) { return std::string(kBom) + link_heading() + rows; }

    std::vector<std::string> codes(const std::string& path) {
        const Report report = verify_path(path, {}, &fs_);
        EXPECT_EQ(report.kind, Kind::Folder);
        std::vector<std::string> out;
        for (const Issue& i : report.issues) out.push_back(i.code + " " + i.path);
        return out;
    }

    MemoryFileSystem fs_;
    std::string rows_;
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(FolderCheckTest, AllPackagesAndOneByItself) {
    EXPECT_THAT(codes("/out"), IsEmpty());
    EXPECT_THAT(codes("/out/A-2"), IsEmpty());
    EXPECT_EQ(verify_path("/out", {}, &fs_).files, 4U);
}

TEST_F(FolderCheckTest, AChangedByteALostAndAForeignFile) {
    ASSERT_TRUE(fs_.write("/out/A-1/A-1-0001.jpg", "A-1/A-1-0001.jpG"));
    EXPECT_THAT(codes("/out"), ElementsAre("folder.digest A-1/A-1-0001.jpg"));
    EXPECT_THAT(codes("/out/A-1"), ElementsAre("folder.digest A-1-0001.jpg"));
    ASSERT_TRUE(fs_.write("/out/A-1/A-1-0001.jpg", "shorter"));
    EXPECT_THAT(codes("/out"), ElementsAre("folder.digest A-1/A-1-0001.jpg", "folder.size A-1/A-1-0001.jpg"));
    ASSERT_TRUE(fs_.remove("/out/A-1/A-1-0001.jpg"));
    EXPECT_THAT(codes("/out"), ElementsAre("folder.missing A-1/A-1-0001.jpg"));
    EXPECT_THAT(codes("/out/A-1"), ElementsAre("folder.missing A-1-0001.jpg"));
    ASSERT_TRUE(fs_.write("/out/A-2/run.exe", "x"));
    EXPECT_THAT(codes("/out"), ElementsAre("folder.missing A-1/A-1-0001.jpg", "folder.unlisted A-2/run.exe"));
}

TEST_F(FolderCheckTest, TablesThatLieAreNotFollowed) {
    LinkRow row;
    row.code = "x";
    row.file = "A-1/../../etc/passwd";
    ASSERT_TRUE(fs_.write("/out/links.csv", table(rows_ + link_row(row))));
    EXPECT_THAT(codes("/out"), ElementsAre("folder.outside links.csv"));
    ASSERT_TRUE(fs_.write("/out/links.csv", table(rows_ + "a,b\r\n")));
    EXPECT_THAT(codes("/out"), ElementsAre("folder.table links.csv"));
    const std::string first = rows_.substr(0, rows_.find("\r\n") + 2);
    ASSERT_TRUE(fs_.write("/out/links.csv", table(rows_ + first)));
    EXPECT_THAT(codes("/out"), ElementsAre("folder.twice A-1/A-1-0001.jpg"));
    ASSERT_TRUE(fs_.write("/out/links.csv", "a,b\r\n"));
    EXPECT_EQ(verify_path("/out", {}, &fs_).kind, Kind::Unknown);
}

} // namespace
} // namespace recto::verify
