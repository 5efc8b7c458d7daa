#include "pipeline/core/memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>

#include <opencv2/core.hpp>

namespace recto {
namespace {

class Memory : public testing::Test {
  protected:
    void SetUp() override {
        before_ = cv::Mat::getDefaultAllocator();
        set_up_memory();
    }
    void TearDown() override { cv::Mat::setDefaultAllocator(before_); }
    cv::MatAllocator* before_ = nullptr;
};

bool in_large_pages(const cv::Mat& m) { return reinterpret_cast<std::uintptr_t>(m.data) % (2U << 20) == 0; }

TEST_F(Memory, PicturesOfPagesBeginAtALargePage) {
    for (const int type : {CV_8UC1, CV_8UC3, CV_32FC1, CV_16UC1}) {
        const cv::Mat page(3508, 2480, type);
        EXPECT_TRUE(in_large_pages(page)) << type;
        EXPECT_EQ(page.step[0], 2480 * page.elemSize());
        EXPECT_EQ(page.step[1], page.elemSize());
        EXPECT_TRUE(page.isContinuous());
    }
}

TEST_F(Memory, MatricesKeepTheirValuesWhateverTheirSize) {
    for (const int rows : {1, 7, 1000, 4200}) {
        cv::Mat a(rows, 1031, CV_32SC1);
        std::iota(a.begin<int>(), a.end<int>(), 5);
        cv::Mat b = a.clone(), c;
        a.copyTo(c);
        a.setTo(0);
        EXPECT_EQ(b.at<int>(rows - 1, 1030), rows * 1031 + 4);
        EXPECT_EQ(cv::norm(b, c, cv::NORM_INF), 0);
        const cv::Mat part = b(cv::Rect(3, 0, 20, rows)).clone();
        EXPECT_EQ(part.at<int>(0, 0), 8);
    }
    const int sizes[] = {5, 300, 4000};
    cv::Mat cube(3, sizes, CV_8UC1, cv::Scalar(9));
    EXPECT_EQ(cube.step[0], 1200000U);
    EXPECT_EQ(cube.at<uchar>(4, 299, 3999), 9);
}

TEST_F(Memory, MatricesMayOutliveTheSetting) {
    cv::Mat page(3508, 2480, CV_8UC1, cv::Scalar(3));
    cv::Mat::setDefaultAllocator(before_);
    cv::Mat copy = page;
    page.release();
    EXPECT_EQ(copy.at<uchar>(3507, 2479), 3);
    copy.create(100, 100, CV_8UC3); // given back by whoever made it
    copy.create(3508, 2480, CV_8UC3);
    EXPECT_EQ(copy.total(), 3508U * 2480U);
}

} // namespace
} // namespace recto
