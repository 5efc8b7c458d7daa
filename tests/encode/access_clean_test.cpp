// The clean-up for people on pages with known marks: what is kept of each, what goes, and when it is vetoed.

#include <cmath>
#include <cstdio>
#include <map>
#include <random>

#include <opencv2/imgproc.hpp>

#include "pipeline/files/decode.h"
#include "stages/encode/access_clean.h"
#include "stages/encode/page_ink.h"
#include "tests/encode/support.h"

namespace recto {
namespace {
using namespace testing;
using encode::AccessClean;

/// A letter of 200 dpi with one mark of each kind, each with the mask of what was drawn.
struct MarkedPage {
    Raster raster;
    std::map<std::string, cv::Mat> masks;
    cv::Mat all; ///< Every mark.

    explicit MarkedPage(unsigned seed, cv::Scalar paper = {226, 214, 188}) : random_(seed) {
        raster.mode = ColourMode::Colour;
        raster.dpi = {200, 200, DpiSource::File};
        raster.pixels = cv::Mat(2339, 1654, CV_8UC3, paper);
        all = cv::Mat::zeros(raster.pixels.size(), CV_8UC1);
    }

    double real(double a, double b) { return std::uniform_real_distribution<double>(a, b)(random_); }
    int whole(int a, int b) { return std::uniform_int_distribution<int>(a, b)(random_); }
    std::string word() {
        std::string out;
        for (int i = whole(3, 9); i > 0; --i) out += static_cast<char>('a' + whole(0, 25));
        return out;
    }
    cv::Mat lines(int left, int right, int top, int bottom, int step, double size, int thick) {
        cv::Mat m = cv::Mat::zeros(raster.pixels.size(), CV_8UC1);
        for (int y = top; y < bottom; y += step)
            for (int x = left; x < right;) {
                const std::string w = word();
                const int width = cv::getTextSize(w, cv::FONT_HERSHEY_COMPLEX, size, thick, nullptr).width;
                if (x + width > right) break;
                cv::putText(m, w, {x, y}, cv::FONT_HERSHEY_COMPLEX, size, cv::Scalar(255), thick, cv::LINE_AA);
                x += width + static_cast<int>(20 * size);
            }
        return m;
    }
    /// Multiplies the page by `light` (share that each channel keeps) where the mask is, by the mask's own softness.
    void lay(const std::string& name, const cv::Mat& mask, cv::Vec3d light, double blur) {
        cv::Mat soft;
        cv::GaussianBlur(mask, soft, {0, 0}, blur);
        const int reach = static_cast<int>(4 * blur) + 1;
        const cv::Rect b = cv::boundingRect(mask);
        const cv::Rect place =
            cv::Rect(b.x - reach, b.y - reach, b.width + 2 * reach, b.height + 2 * reach) & cv::Rect({}, mask.size());
        for (int y = place.y; y < place.y + place.height; ++y)
            for (int x = place.x; x < place.x + place.width; ++x) {
                const double share = soft.at<uchar>(y, x) / 255.0;
                if (share == 0) continue;
                auto& v = raster.pixels.at<cv::Vec3b>(y, x);
                for (int c = 0; c < 3; ++c) v[c] = cv::saturate_cast<uchar>(v[c] * (1 - share * (1 - light[c])));
            }
        masks[name] = soft > 160;
        all |= soft > 4;
    }
    void draw_all() {
        lay("print", lines(200, 1450, 300, 1500, 56, 0.9, 2), {0.2, 0.2, 0.22}, 0.7);
        cv::Mat m = lines(200, 1200, 1560, 1640, 40, 0.8, 1);
        lay("pencil", m, {0.80, 0.80, 0.81}, 0.7);
        m = cv::Mat::zeros(m.size(), CV_8UC1);
        cv::circle(m, {1150, 1450}, 165, cv::Scalar(255), 11, cv::LINE_AA);
        cv::circle(m, {1150, 1450}, 40, cv::Scalar(255), cv::FILLED, cv::LINE_AA);
        lay("red seal", m, {0.93, 0.55, 0.55}, 1);
        m = cv::Mat::zeros(m.size(), CV_8UC1);
        cv::rectangle(m, {250, 1700, 330, 110}, cv::Scalar(255), 5, cv::LINE_AA);
        cv::putText(m, "RECEIVED", {280, 1770}, cv::FONT_HERSHEY_COMPLEX, 1.4, cv::Scalar(255), 3, cv::LINE_AA);
        lay("blue stamp", m, {0.74, 0.80, 0.94}, 1);
        lay("margin note", lines(30, 190, 500, 900, 50, 0.6, 1), {0.45, 0.5, 0.75}, 0.7);
        m = cv::Mat::zeros(m.size(), CV_8UC1);
        cv::ellipse(m, {1000, 2000}, {170, 120}, 20, 0, 360, cv::Scalar(255), cv::FILLED);
        lay("stain", m, {0.88, 0.83, 0.70}, 14);
        m = lines(200, 1450, 2030, 2280, 56, 0.9, 2); // the other side's print, mirrored and blurred by the paper
        m |= lines(200, 1450, 330, 1500, 56, 0.9, 2);
        cv::flip(m, m, 1);
        lay("shine", m, {0.86, 0.86, 0.86}, 4);
        masks["shine"] &= ~grown(masks["print"], 25) & ~grown(masks["red seal"], 25);
    }
    static cv::Mat grown(const cv::Mat& mask, int by) {
        cv::Mat out;
        cv::dilate(mask, out, cv::Mat::ones(by, by, CV_8UC1));
        return out;
    }
    /// Light that falls off towards the left, as beside a gutter.
    void shade(double least) {
        for (int x = 0; x < raster.width(); ++x) {
            const double light = least + (1 - least) * (1 - std::exp(-x / 250.0));
            raster.pixels.col(x) *= light;
        }
    }
    void grain(double sigma) {
        cv::Mat noise(raster.pixels.size(), CV_16SC3), wide;
        cv::RNG rng(static_cast<std::uint64_t>(whole(1, 1 << 30)));
        rng.fill(noise, cv::RNG::NORMAL, 0, sigma);
        raster.pixels.convertTo(wide, CV_16S);
        wide += noise;
        wide.convertTo(raster.pixels, CV_8U);
    }
    /// Contrast of a mark to the paper around it, as a share of the paper, over all channels.
    double contrast(const cv::Mat& image, const std::string& name) const {
        const cv::Mat& mask = masks.at(name);
        const cv::Mat ring = grown(mask, name == "stain" ? 141 : 41) & ~grown(all, 5); // a stain has no edge
        const cv::Scalar mark = cv::mean(image, mask), paper = cv::mean(image, ring);
        double sum = 0;
        for (int c = 0; c < 3; ++c) sum += std::pow((paper[c] - mark[c]) / paper[c], 2);
        return std::sqrt(sum / 3);
    }

  private:
    std::mt19937 random_;
};

TEST(AccessCleanTest, EveryMarkKeepsItsContrast) {
    for (const unsigned seed : {1U, 2U})
        for (const AccessClean level : {AccessClean::Light, AccessClean::Paper}) {
            MarkedPage page(seed);
            page.draw_all();
            page.shade(0.75);
            page.grain(2.5);
            const auto made = encode::clean_for_people(page.raster, level);
            SCOPED_TRACE(made.record.dump());
            ASSERT_TRUE(made.done);
            for (const auto& [name, mask] : page.masks) {
                if (name == "shine") continue;
                const double kept = page.contrast(made.image.pixels, name) / page.contrast(page.raster.pixels, name);
                std::printf("%u %s %-12s %.3f\n", seed, level == AccessClean::Light ? "light" : "paper", name.c_str(),
                            kept);
                // Measured: .995 to 1.008; the stain .936, whose ring of paper lies a centimetre away in another light.
                EXPECT_GT(kept, name == "stain" ? 0.90 : 0.95) << name;
                EXPECT_LT(kept, 1.15) << name;
            }
            const double shine = page.contrast(made.image.pixels, "shine") / page.contrast(page.raster.pixels, "shine");
            if (level == AccessClean::Light) {
                EXPECT_NEAR(shine, 1, 0.05);
            } else {
                EXPECT_LT(shine, 0.75);
            }
            // The shadow: paper at the left as bright as in the middle, within a twentieth (it was a fifth darker).
            const auto paper = [&](const cv::Mat& m, int x) { return cv::mean(m({x, 1900, 14, 60}))[1]; };
            EXPECT_LT(paper(page.raster.pixels, 20), 0.85 * paper(page.raster.pixels, 700));
            EXPECT_GT(paper(made.image.pixels, 20), 0.93 * paper(made.image.pixels, 700));
        }
}

TEST(AccessCleanTest, ThePapersToneStays) {
    for (const cv::Scalar& tone : {cv::Scalar(226, 214, 188), cv::Scalar(205, 190, 160), cv::Scalar(240, 240, 236)}) {
        MarkedPage page(5, tone);
        page.draw_all();
        const auto made = encode::clean_for_people(page.raster, AccessClean::Paper);
        ASSERT_TRUE(made.done) << made.record.dump();
        const cv::Vec3b v = made.image.pixels.at<cv::Vec3b>(100, 800);
        EXPECT_NEAR(v[0], std::min(244.0, tone[0] * 1.35), 2);
        for (int c = 1; c < 3; ++c) EXPECT_NEAR(v[c] / double(v[0]), tone[c] / tone[0], 0.02);
    }
}

TEST(AccessCleanTest, BrownedEdgesAreNotShadow) {
    MarkedPage page(6);
    page.draw_all();
    for (int x = 0; x < page.raster.width(); ++x) { // browner towards the right, over the whole height
        const double age = std::exp(-(page.raster.width() - x) / 120.0);
        for (int y = 0; y < page.raster.height(); ++y) {
            auto& v = page.raster.pixels.at<cv::Vec3b>(y, x);
            v = {cv::saturate_cast<uchar>(v[0] * (1 - 0.12 * age)), cv::saturate_cast<uchar>(v[1] * (1 - 0.22 * age)),
                 cv::saturate_cast<uchar>(v[2] * (1 - 0.40 * age))};
        }
    }
    const auto made = encode::clean_for_people(page.raster, AccessClean::Light);
    const auto brown = [](const cv::Mat& m) {
        return cv::mean(m({1640, 100, 10, 100}))[2] / cv::mean(m({800, 100, 10, 100}))[2];
    };
    EXPECT_NEAR(brown(made.image.pixels), brown(page.raster.pixels), 0.03);
}

TEST(AccessCleanTest, HolesBordersAndStreaksOutsideThePaper) {
    MarkedPage page(7);
    page.draw_all();
    cv::Mat& p = page.raster.pixels;
    const double mm = 200 / 25.4;
    const cv::Point hole[2] = {{static_cast<int>(11 * mm), 1169 - static_cast<int>(40 * mm)},
                               {static_cast<int>(11 * mm), 1169 + static_cast<int>(40 * mm)}};
    for (const auto& h : hole)
        cv::circle(p, h, static_cast<int>(2.8 * mm), cv::Scalar(18, 18, 20), cv::FILLED, cv::LINE_AA);
    cv::circle(p, {1500, 200}, static_cast<int>(2.8 * mm), cv::Scalar(18, 18, 20),
               cv::FILLED); // one alone may be print
    p.colRange(p.cols - 30, p.cols).setTo(cv::Scalar(12, 12, 12));
    cv::line(p, {900, 0}, {900, p.rows - 1}, cv::Scalar(150, 140, 120), 2);
    const cv::Mat before = p.clone();
    encode::KnownMarks known;
    known.streaks.push_back({Point{898, 0}, Point{903, 0}, Point{903, 2339}, Point{898, 2339}});
    const auto made = encode::clean_for_people(page.raster, AccessClean::Paper, known);
    ASSERT_TRUE(made.done) << made.record.dump();
    EXPECT_EQ(made.record.at("holes"), 2);
    EXPECT_GT(made.record.at("border"), 0.01);
    const auto at = [&](cv::Point q) { return int{made.image.pixels.at<cv::Vec3b>(q)[1]}; };
    const int paper = at({800, 100});
    for (const auto& h : hole) EXPECT_NEAR(at(h), paper, 8);
    EXPECT_LT(at({1500, 200}), 60);
    EXPECT_NEAR(at({p.cols - 10, 1200}), paper, 8);
    EXPECT_NEAR(at({900, 100}), paper, 8);
    EXPECT_EQ(cv::norm(before, p, cv::NORM_INF), 0) << "the input is read only";
    // The same page without what is known, and at the level that paints nothing.
    const auto light = encode::clean_for_people(page.raster, AccessClean::Light, known);
    EXPECT_LT(light.image.pixels.at<cv::Vec3b>(hole[0])[1], 60);
}

// A picture that fills the page to its edge is no scanner's bed, and a carbon copy beside a letterhead does not shine through.
TEST(AccessCleanTest, WhatIsUnsureStays) {
    MarkedPage photo(8);
    photo.draw_all();
    cv::Mat picture = photo.raster.pixels({0, 0, 400, 2339});
    cv::RNG rng(3);
    rng.fill(picture, cv::RNG::UNIFORM, 0, 90);
    cv::GaussianBlur(picture, picture, {0, 0}, 3);
    const cv::Mat before = picture.clone();
    const auto made = encode::clean_for_people(photo.raster, AccessClean::Paper);
    EXPECT_EQ(made.record.at("border"), 0);

    MarkedPage carbon(9);
    carbon.lay("letterhead", carbon.lines(200, 1450, 150, 300, 56, 0.9, 2), {0.2, 0.2, 0.22}, 0.7);
    carbon.lay("carbon", carbon.lines(200, 1450, 400, 2100, 50, 0.8, 2), {0.62, 0.62, 0.66}, 2.2);
    carbon.grain(2.5);
    const auto kept = encode::clean_for_people(carbon.raster, AccessClean::Paper);
    EXPECT_GT(carbon.contrast(kept.image.pixels, "carbon") / carbon.contrast(carbon.raster.pixels, "carbon"), 0.95)
        << kept.record.dump();
}

// The veto sees ink that a clean-up took: measured on pictures in which marks were painted out or paled by hand.
TEST(AccessCleanTest, TheVetoSeesInkThatIsGone) {
    MarkedPage page(10);
    page.draw_all();
    page.grain(2);
    const auto look = encode::look_at(page.raster);
    const auto ink = encode::find_ink(look);
    EXPECT_GT(encode::ink_kept(ink, look, {}), 0.999);
    for (const char* name : {"print", "pencil", "red seal", "blue stamp", "margin note"}) {
        Raster less = page.raster;
        less.pixels = page.raster.pixels.clone();
        cv::Mat where;
        cv::dilate(page.masks.at(name), where, cv::Mat::ones(5, 5, CV_8UC1));
        // A quarter of the mark's contrast is taken away in one part of the page only.
        where(cv::Rect(0, 0, 700, where.rows)).setTo(0);
        if (cv::countNonZero(where) == 0) where = MarkedPage::grown(page.masks.at(name), 5);
        cv::Mat pale = page.raster.pixels * 0.7 + cv::Scalar(226, 214, 188) * 0.3;
        pale.copyTo(less.pixels, where);
        EXPECT_LT(encode::ink_kept(ink, encode::look_at(less), {}), 1 - encode::kMostInkLost) << name;
    }
}

TEST(AccessCleanTest, OffAndBilevelAreTheInputItself) {
    MarkedPage page(11);
    page.draw_all();
    EXPECT_EQ(encode::clean_for_people(page.raster, AccessClean::Off).image.pixels.data, page.raster.pixels.data);
    Raster bilevel;
    bilevel.mode = ColourMode::Bilevel;
    bilevel.pixels = page.masks.at("print");
    EXPECT_EQ(encode::clean_for_people(bilevel, AccessClean::Paper).image.pixels.data, bilevel.pixels.data);
    EXPECT_TRUE(encode::clean_for_people(bilevel, AccessClean::Paper).record.is_null());
}

} // namespace
} // namespace recto
