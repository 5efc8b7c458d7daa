// Broken print made whole: how the page is parted, and what the network gives back of strokes that were there.
#include "stages/reading/restore.h"

#include <vector>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/files/decode.h"
#include "stages/reading/restore_network.h"
#include "tests/reading/bad_copy.h"

using namespace recto;
using namespace recto::reading;

namespace {

/// Lines of print, black on white; its letters are some 30 pixels high.
cv::Mat print(cv::Size size) {
    cv::Mat out(size, CV_8UC1, cv::Scalar(255));
    for (int y = 60; y < size.height; y += 70)
        cv::putText(out, "Receipt 1952 Nanning 386 Wuzhou Guilin 47", {20, y}, cv::FONT_HERSHEY_COMPLEX, 1.3,
                    cv::Scalar(0), 3, cv::LINE_AA);
    return out;
}

double mean_difference(const cv::Mat& a, const cv::Mat& b) {
    return cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total());
}

#ifdef RECTO_PPOCR
/// Squares of grey levels, of both pictures at half their size: edges are as soft then as the network draws them.
double difference(const cv::Mat& a, const cv::Mat& b) {
    cv::Mat x, y;
    cv::resize(a, x, {}, 0.5, 0.5, cv::INTER_AREA);
    cv::resize(b, y, {}, 0.5, 0.5, cv::INTER_AREA);
    return cv::norm(x, y, cv::NORM_L2SQR) / static_cast<double>(x.total());
}
#endif

cv::Mat restored(const cv::Mat& page, double height, const RestoreTile& tile) {
    auto out = restore_print(page, height, tile, {});
    EXPECT_TRUE(out) << out.error().to_string();
    return out ? *out : cv::Mat();
}

TEST(Restore, EachPixelComesFromTheInnerPartOfOneTile) {
    const cv::Mat page = print({1100, 900});
    int tiles = 0;
    const cv::Mat out = restored(page, 25, [&](const cv::Mat& tile) {
        EXPECT_EQ(tile.size(), cv::Size(kRestoredTile, kRestoredTile));
        EXPECT_EQ(tile.type(), CV_8UC1);
        ++tiles;
        cv::Mat seen = tile.clone(); // a network knows least at its rims: what it says there is not used
        cv::rectangle(seen, cv::Rect(0, 0, tile.cols, tile.rows), cv::Scalar(0), 40);
        return seen;
    });
    EXPECT_GE(tiles, 3 * 3);
    EXPECT_LT(mean_difference(out, page), 30) << "rims of 20 pixels would be seen in half of the picture";
    const cv::Mat same = restored(page, 25, [](const cv::Mat& tile) { return tile; });
    EXPECT_EQ(cv::countNonZero(same != page), 0);
}

TEST(Restore, PaperIsNotShownAndAnySizeIsTaken) {
    const auto never = [](const cv::Mat& tile) {
        ADD_FAILURE() << "an empty tile was shown";
        return tile;
    };
    for (const cv::Size size : {cv::Size(1, 1), cv::Size(3, 4000), cv::Size(1000, 700)}) {
        const cv::Mat out = restored(cv::Mat(size, CV_8UC1, cv::Scalar(240)), 50, never);
        EXPECT_EQ(out.size(), size);
        EXPECT_EQ(cv::countNonZero(out != 255), 0);
    }
}

TEST(Restore, StopsWhenItsTimeIsUp) {
    Limits limits;
    limits.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
    const auto out = restore_print(print({1100, 900}), 25, [](const cv::Mat& tile) { return tile; }, limits);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, "read.time_limit");
}

#ifdef RECTO_PPOCR

TEST(Restore, TheNetworkMendsStrokesAndTakesDustAway) {
    RestoreNetwork network(ov::Core{}, {});
    const auto tile = [&](const cv::Mat& t) { return network.restore(t); };
    auto letter = decode_here(std::string(RECTO_SOURCE_DIR) + "/samples/batch/stack-20231106/0002.tif", 0);
    ASSERT_TRUE(letter) << letter.error().to_string();
    const cv::Mat page = to_grey(*letter) > 150;
    for (const double lost : {0.2, 0.4, 0.5}) {
        const cv::Mat broken = copied_badly(page, lost), mended = restored(broken, 40, tile);
        // Measured: .63, .52 and .52; on the broken picture 591, 1116 and 1388.
        EXPECT_LT(difference(mended, page), (lost < 0.3 ? 0.75 : 0.65) * difference(broken, page)) << lost;
    }
    EXPECT_LT(difference(restored(page, 40, tile), page), 300)
        << "sound print stays; measured 230, what drawing it smaller costs";
}

#endif

} // namespace
