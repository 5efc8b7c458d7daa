// JBIG2 bytes of ours, read back by jbig2dec: the same pixels, whatever they are.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/files/image_out.h"

namespace recto {
namespace {

namespace fs = std::filesystem;

Raster bilevel(cv::Mat pixels) {
    Raster r;
    r.mode = ColourMode::Bilevel;
    r.dpi = {300, 300, DpiSource::File};
    r.pixels = std::move(pixels);
    return r;
}

/// What jbig2dec makes of an embedded stream; empty when it refuses it.
cv::Mat read_back(const std::string& bytes) {
    const fs::path folder = fs::temp_directory_path() / ("recto-jbig2-" + std::to_string(getpid()));
    fs::create_directories(folder);
    std::ofstream(folder / "in.jb2", std::ios::binary) << bytes;
    const std::string command = "jbig2dec -q -e -t pbm -o '" + (folder / "out.pbm").string() + "' '" +
                                (folder / "in.jb2").string() + "' > /dev/null 2>&1";
    cv::Mat out;
    if (std::system(command.c_str()) == 0) {
        std::ifstream in(folder / "out.pbm", std::ios::binary);
        std::string magic;
        int width = 0, height = 0;
        in >> magic >> width >> height;
        in.get();
        if (magic == "P4" && width > 0 && height > 0) {
            std::string row(static_cast<std::size_t>((width + 7) / 8), '\0');
            out.create(height, width, CV_8UC1);
            for (int y = 0; y < height && in.read(row.data(), static_cast<std::streamsize>(row.size())); ++y)
                for (int x = 0; x < width; ++x)
                    out.at<std::uint8_t>(y, x) =
                        (row[static_cast<std::size_t>(x / 8)] >> (7 - x % 8) & 1) != 0 ? 0 : 255;
        }
    }
    fs::remove_all(folder);
    return out;
}

void expect_lossless(const cv::Mat& pixels, const std::string& what) {
    const auto bytes = write_jbig2(bilevel(pixels));
    ASSERT_TRUE(bytes) << what;
    const cv::Mat back = read_back(*bytes);
    ASSERT_EQ(back.size(), pixels.size()) << what;
    EXPECT_EQ(cv::norm(back, pixels, cv::NORM_INF), 0) << what;
}

TEST(Jbig2, AnyPictureComesBackPixelForPixel) {
    std::mt19937 chance(7);
    for (const auto& [width, height] :
         {std::pair{1, 1}, {1, 40}, {40, 1}, {2, 2}, {7, 5}, {8, 8}, {9, 3}, {31, 33}, {257, 129}})
        for (const int share : {0, 3, 50, 97, 100}) { // of black
            cv::Mat pixels(height, width, CV_8UC1);
            for (int y = 0; y < height; ++y)
                for (int x = 0; x < width; ++x)
                    pixels.at<std::uint8_t>(y, x) = static_cast<int>(chance() % 100) < share ? 0 : 255;
            expect_lossless(pixels,
                            std::to_string(width) + "x" + std::to_string(height) + ", black " + std::to_string(share));
        }
}

TEST(Jbig2, RegularPatternsComeBackToo) { // Long runs of the likelier symbol, and carries.
    cv::Mat stripes(64, 200, CV_8UC1), board(64, 200, CV_8UC1), rows(64, 200, CV_8UC1),
        rings(300, 300, CV_8UC1, cv::Scalar(255));
    for (int y = 0; y < 64; ++y)
        for (int x = 0; x < 200; ++x) {
            stripes.at<std::uint8_t>(y, x) = x % 3 == 0 ? 0 : 255;
            board.at<std::uint8_t>(y, x) = (x + y) % 2 == 0 ? 0 : 255;
            rows.at<std::uint8_t>(y, x) = y / 5 % 2 == 0 ? 0 : 255; // mostly like the row above
        }
    for (int r = 5; r < 150; r += 9) cv::circle(rings, {150, 150}, r, cv::Scalar(0), 3);
    expect_lossless(stripes, "stripes");
    expect_lossless(board, "board");
    expect_lossless(rows, "rows");
    expect_lossless(rings, "rings");
}

TEST(Jbig2, APageOfPrintIsSmallerThanInG4) {
    cv::Mat page(1754, 1240, CV_8UC1, cv::Scalar(255));
    for (int line = 0; line < 30; ++line)
        cv::putText(page, "Concerning the inspection of highways " + std::to_string(7919 * line),
                    {100, 120 + 52 * line}, cv::FONT_HERSHEY_COMPLEX, 1, cv::Scalar(0), 2);
    expect_lossless(page, "print");
    EXPECT_LT(write_jbig2(bilevel(page))->size(), write_g4(bilevel(page))->size());
    EXPECT_EQ(*write_jbig2(bilevel(page)), *write_jbig2(bilevel(page))) << "equal input, equal bytes";
}

TEST(Jbig2, OtherPicturesAreRefused) {
    Raster grey = bilevel(cv::Mat(4, 4, CV_8UC1, cv::Scalar(90)));
    grey.mode = ColourMode::Grey;
    EXPECT_EQ(write_jbig2(grey).error().code, "encode.image");
    EXPECT_EQ(write_jbig2(bilevel({})).error().code, "encode.image");
}

} // namespace
} // namespace recto
