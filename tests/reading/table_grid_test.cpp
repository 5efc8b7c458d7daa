/// Tables drawn into pictures of pages, and drawings that are none.

#include "stages/reading/table_grid.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace recto::reading {
namespace {

/// A page of A4 at 300 dpi to draw on.
cv::Mat paper() { return {3508, 2480, CV_8UC1, cv::Scalar(236)}; }

void rule(cv::Mat& page, int x0, int y0, int x1, int y1, int thickness = 3) {
    cv::line(page, {x0, y0}, {x1, y1}, cv::Scalar(60), thickness);
}

/// A grid whose borders stand at `xs` and `ys`.
void grid(cv::Mat& page, const std::vector<int>& xs, const std::vector<int>& ys, int thickness = 3) {
    for (const int y : ys) rule(page, xs.front(), y, xs.back(), y, thickness);
    for (const int x : xs) rule(page, x, ys.front(), x, ys.back(), thickness);
}

/// Rows of marks as print leaves them: short strokes, none of them a rule.
void text(cv::Mat& page, int x, int y, int width, int height = 40) {
    for (int at = x; at + height < x + width; at += height + 6) {
        cv::line(page, {at, y + height / 4}, {at + height - 8, y + height / 4}, cv::Scalar(40), 4);
        cv::line(page, {at, y + 3 * height / 4}, {at + height - 8, y + 3 * height / 4}, cv::Scalar(40), 4);
        cv::line(page, {at + height / 2, y}, {at + height / 2, y + height}, cv::Scalar(40), 4);
    }
}

void erase(cv::Mat& page, int x, int y, int width, int height) {
    cv::rectangle(page, cv::Rect(x, y, width, height), cv::Scalar(236), cv::FILLED);
}

cv::Mat turned(const cv::Mat& page, double degrees) {
    cv::Mat out;
    const cv::Mat m = cv::getRotationMatrix2D({page.cols / 2.0F, page.rows / 2.0F}, degrees, 1);
    cv::warpAffine(page, out, m, page.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar(236));
    return out;
}

const std::vector<int> kX = {300, 700, 1400, 2100}, kY = {600, 720, 860, 1000, 1140};

/// Every cell where kX and kY have it, up to `slack` pixels.
void expect_plain(const std::vector<TableGrid>& tables, double slack, const char* what) {
    ASSERT_EQ(tables.size(), 1U) << what;
    const auto& cells = tables[0].cells;
    ASSERT_EQ(cells.size(), 12U) << what;
    for (int r = 0; r < 4; ++r)
        for (int c = 0; c < 3; ++c) {
            const TableCell& cell = cells[static_cast<std::size_t>(r * 3 + c)];
            EXPECT_EQ(cell.row, r) << what;
            EXPECT_EQ(cell.column, c) << what;
            EXPECT_EQ(cell.rows * cell.columns, 1) << what;
            const auto i = static_cast<std::size_t>(c), k = static_cast<std::size_t>(r);
            EXPECT_NEAR(cell.box.x, kX[i], slack) << what;
            EXPECT_NEAR(cell.box.x + cell.box.width, kX[i + 1], slack) << what;
            EXPECT_NEAR(cell.box.y, kY[k], slack) << what;
            EXPECT_NEAR(cell.box.y + cell.box.height, kY[k + 1], slack) << what;
        }
}

TEST(TableGrids, APlainGridWithTextInIt) {
    for (const int thickness : {1, 3, 7}) {
        cv::Mat page = paper();
        grid(page, kX, kY, thickness);
        text(page, 320, 640, 300);
        text(page, 720, 640, 600);
        text(page, 300, 300, 1800);
        text(page, 300, 1300, 1800);
        expect_plain(find_tables(page), 8, ("thickness " + std::to_string(thickness)).c_str());
    }
}

TEST(TableGrids, GapsInItsRules) {
    cv::Mat page = paper();
    grid(page, kX, kY);
    for (const int y : kY)
        for (int x = 420; x < 2000; x += 330) erase(page, x, y - 6, 22, 12);
    for (const int x : kX)
        for (int y = 640; y < 1100; y += 140) erase(page, x - 6, y, 12, 18);
    expect_plain(find_tables(page), 8, "gaps");
}

TEST(TableGrids, LeaningByHalfADegree) {
    for (const double degrees : {-0.5, 0.5, 0.9}) {
        cv::Mat page = paper();
        grid(page, kX, kY);
        const auto tables = find_tables(turned(page, degrees));
        // Where the middle of each cell is on the turned page.
        ASSERT_EQ(tables.size(), 1U) << degrees;
        ASSERT_EQ(tables[0].cells.size(), 12U) << degrees;
        const double a = degrees * CV_PI / 180, cx = 1240, cy = 1754;
        for (const TableCell& cell : tables[0].cells) {
            const auto c = static_cast<std::size_t>(cell.column), r = static_cast<std::size_t>(cell.row);
            const double x = (kX[c] + kX[c + 1]) / 2.0 - cx, y = (kY[r] + kY[r + 1]) / 2.0 - cy;
            EXPECT_NEAR(cell.box.x + cell.box.width / 2, cx + x * std::cos(a) + y * std::sin(a), 8) << degrees;
            EXPECT_NEAR(cell.box.y + cell.box.height / 2, cy - x * std::sin(a) + y * std::cos(a), 8) << degrees;
            EXPECT_NEAR(cell.box.width, kX[c + 1] - kX[c], 10) << degrees;
        }
    }
}

TEST(TableGrids, SpansOfColumnsAndOfRows) {
    cv::Mat page = paper();
    grid(page, kX, kY);
    erase(page, 1390, 610, 20, 100); // the first row's last two columns are one
    erase(page, 310, 850, 380, 20);  // the first column's second and third rows are one
    const auto tables = find_tables(page);
    ASSERT_EQ(tables.size(), 1U);
    ASSERT_EQ(tables[0].cells.size(), 10U);
    const auto& wide = tables[0].cells[1];
    EXPECT_EQ(wide.row, 0);
    EXPECT_EQ(wide.column, 1);
    EXPECT_EQ(wide.columns, 2);
    EXPECT_EQ(wide.rows, 1);
    EXPECT_NEAR(wide.box.width, 1400, 12);
    const auto& tall = tables[0].cells[2];
    EXPECT_EQ(tall.row, 1);
    EXPECT_EQ(tall.column, 0);
    EXPECT_EQ(tall.rows, 2);
    EXPECT_EQ(tall.columns, 1);
    EXPECT_NEAR(tall.box.height, 280, 12);
    // Whatever spans, the cells tile the table.
    std::set<std::pair<int, int>> covered;
    for (const TableCell& c : tables[0].cells)
        for (int r = c.row; r < c.row + c.rows; ++r)
            for (int k = c.column; k < c.column + c.columns; ++k) EXPECT_TRUE(covered.emplace(r, k).second);
    EXPECT_EQ(covered.size(), 12U);
}

TEST(TableGrids, NoRulesAtItsSides) {
    cv::Mat page = paper();
    for (const int y : kY) rule(page, kX.front(), y, kX.back(), y);
    for (const int x : {700, 1400}) rule(page, x, kY.front(), x, kY.back());
    expect_plain(find_tables(page), 12, "open sides");
}

TEST(TableGrids, DoubleRulesAreOneBorder) {
    cv::Mat page = paper();
    grid(page, kX, kY);
    for (const int y : {590, 1150}) rule(page, 290, y, 2110, y);
    for (const int x : {290, 2110}) rule(page, x, 590, x, 1150);
    const auto tables = find_tables(page);
    ASSERT_EQ(tables.size(), 1U);
    EXPECT_EQ(tables[0].cells.size(), 12U);
}

TEST(TableGrids, TwoTablesOfOnePage) {
    cv::Mat page = paper();
    grid(page, kX, kY);
    grid(page, {300, 1200, 2100}, {2000, 2150, 2300});
    const auto tables = find_tables(page);
    ASSERT_EQ(tables.size(), 2U);
    EXPECT_EQ(tables[0].cells.size(), 12U);
    EXPECT_EQ(tables[1].cells.size(), 4U);
    EXPECT_LT(tables[0].box.y, tables[1].box.y);
}

TEST(TableGrids, LowResolutionToo) {
    cv::Mat page = paper(), small;
    grid(page, kX, kY, 4);
    cv::resize(page, small, {}, 0.5, 0.5, cv::INTER_AREA);
    const auto tables = find_tables(small);
    ASSERT_EQ(tables.size(), 1U);
    EXPECT_EQ(tables[0].cells.size(), 12U);
    EXPECT_NEAR(tables[0].cells[0].box.x, 150, 6);
}

TEST(TableGrids, ThePictureIsLeftAsItIs) {
    for (const double factor : {1.0, 0.4}) {
        cv::Mat page;
        cv::resize(paper(), page, {}, factor, factor);
        cv::line(page, {100, 100}, {700, 100}, cv::Scalar(60), 3);
        const cv::Mat before = page.clone();
        (void)find_tables(page);
        EXPECT_EQ(cv::norm(page, before, cv::NORM_INF), 0) << factor;
    }
}

TEST(TableGrids, NoTables) {
    const auto none = [](const char* what, auto draw) {
        cv::Mat page = paper();
        draw(page);
        EXPECT_TRUE(find_tables(page).empty()) << what;
    };
    none("an empty page", [](cv::Mat&) {});
    none("text", [](cv::Mat& p) {
        for (int y = 300; y < 3200; y += 70) text(p, 300, y, 1900);
    });
    none("a box to tick", [](cv::Mat& p) { grid(p, {300, 360}, {600, 660}); });
    none("boxes in a form, side by side", [](cv::Mat& p) {
        for (int x = 300; x < 2000; x += 250) grid(p, {x, x + 200}, {600, 760});
    });
    none("a box for postcodes: one row", [](cv::Mat& p) { grid(p, {300, 400, 500, 600, 700, 800, 900}, {600, 700}); });
    none("a frame around the page", [](cv::Mat& p) {
        grid(p, {200, 2280}, {200, 3300});
        for (int y = 300; y < 3200; y += 70) text(p, 300, y, 1900);
    });
    none("a frame with a heading", [](cv::Mat& p) { grid(p, {200, 2280}, {200, 500, 3300}); });
    none("letter paper with rules for lines", [](cv::Mat& p) {
        for (int y = 500; y < 3200; y += 110) rule(p, 250, y, 2230, y);
    });
    none("the same in a frame", [](cv::Mat& p) {
        std::vector<int> ys;
        for (int y = 500; y < 3200; y += 110) ys.push_back(y);
        grid(p, {250, 2230}, ys);
    });
    none("vertical rules of an old book", [](cv::Mat& p) {
        std::vector<int> xs;
        for (int x = 300; x <= 2200; x += 190) xs.push_back(x);
        grid(p, xs, {300, 3100});
    });
    none("underlines", [](cv::Mat& p) {
        for (int y = 600; y < 2000; y += 100) {
            text(p, 400, y, 900);
            rule(p, 400, y + 50, 1300, y + 50);
        }
    });
    none("a cross", [](cv::Mat& p) {
        rule(p, 300, 900, 2100, 900);
        rule(p, 1200, 300, 1200, 1500);
    });
    none("manuscript paper", [](cv::Mat& p) {
        std::vector<int> xs, ys;
        for (int x = 300; x <= 2200; x += 95) xs.push_back(x);
        for (int y = 300; y <= 3000; y += 95) ys.push_back(y);
        grid(p, xs, ys, 2);
    });
    none("a dark bar and a picture", [](cv::Mat& p) {
        cv::rectangle(p, cv::Rect(300, 300, 1800, 60), cv::Scalar(30), cv::FILLED);
        cv::rectangle(p, cv::Rect(300, 600, 900, 900), cv::Scalar(90), cv::FILLED);
    });
    EXPECT_TRUE(find_tables(cv::Mat(50, 50, CV_8UC1, cv::Scalar(255))).empty());
    EXPECT_TRUE(find_tables(cv::Mat()).empty());
}

/// Lines over the whole page, as a copier draws them: two across, three down, leaning a little.
void streaks(cv::Mat& page) {
    for (const int y : {660, 2100}) rule(page, 0, y, page.cols, y + 9, 2);
    for (const int x : {350, 1000, 1900}) rule(page, x, 0, x - 7, page.rows, 2);
}

TEST(TableGrids, LinesOfACopierOverTheWholePageAreNone) {
    cv::Mat page = paper();
    rule(page, 300, 500, 2150, 500); // of a letterhead
    for (int y = 700; y < 2800; y += 90) text(page, 320, y, 1800);
    streaks(page);
    EXPECT_TRUE(find_tables(page).empty());
}

TEST(TableGrids, LinesOfACopierPartNoCells) {
    cv::Mat page = paper();
    grid(page, kX, kY);
    streaks(page);
    expect_plain(find_tables(page), 8, "crossed by streaks");
}

TEST(TableGrids, ATableThatIsThePageIsOne) {
    cv::Mat page = paper();
    grid(page, {20, 700, 1400, 2460}, {25, 900, 1800, 2700, 3480});
    const auto tables = find_tables(page);
    ASSERT_EQ(tables.size(), 1U);
    EXPECT_EQ(tables[0].cells.size(), 12U);
    page = paper();
    for (int y = 40; y < page.rows; y += 60) rule(page, 0, y, page.cols, y); // a ledger, wider than the scan
    for (const int x : {600, 1200, 1800}) rule(page, x, 0, x, page.rows);
    EXPECT_FALSE(find_tables(page).empty());
}

TEST(TableGrids, StrokesOfALetterheadOverItsRuleAreNone) {
    cv::Mat page(3508, 2480, CV_8UC1, cv::Scalar(235));
    for (int k = 0; k < 8; ++k) { // letters of 9 mm that are all level and upright strokes
        const cv::Rect letter(700 + 130 * k, 420, 108, 108);
        cv::rectangle(page, letter, cv::Scalar(40), 9);
        cv::line(page, {letter.x, 474}, {letter.x + 108, 474}, cv::Scalar(40), 9);
        cv::line(page, {letter.x + 54, 420}, {letter.x + 54, 528}, cv::Scalar(40), 9);
    }
    cv::line(page, {320, 660}, {2160, 660}, cv::Scalar(40), 8);
    EXPECT_TRUE(find_tables(page).empty());
}

} // namespace
} // namespace recto::reading
