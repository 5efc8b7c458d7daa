// Geometry: what each step does to known points, that invert() undoes apply(), and that JSON keeps every bit.

#include "pipeline/core/transform.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace recto {
namespace {

void expect_point(Point got, double x, double y, double tolerance = 1e-9) {
    EXPECT_NEAR(got.x, x, tolerance);
    EXPECT_NEAR(got.y, y, tolerance);
}

TEST(Transform, IdentityOfAnImage) {
    const Transform t(300, 200);
    EXPECT_TRUE(t.is_identity());
    EXPECT_TRUE(t.is_exact());
    EXPECT_EQ(t.width(), 300);
    EXPECT_EQ(t.height(), 200);
    expect_point(t.apply({17.25, 4.5}), 17.25, 4.5);
}

TEST(Transform, QuarterTurnsAreClockwise) {
    Transform once(300, 200);
    once.rotate_quarters(1);
    EXPECT_EQ(once.width(), 200);
    EXPECT_EQ(once.height(), 300);
    expect_point(once.apply({0, 0}), 200, 0); // The top left corner comes to the top right.
    expect_point(once.apply({300, 0}), 200, 300);
    expect_point(once.apply({0, 200}), 0, 0);
    EXPECT_TRUE(once.is_exact());

    Transform twice(300, 200);
    twice.rotate_quarters(2);
    EXPECT_EQ(twice.width(), 300);
    expect_point(twice.apply({0, 0}), 300, 200);
    EXPECT_TRUE(twice.is_exact());

    Transform thrice(300, 200);
    thrice.rotate_quarters(3);
    EXPECT_EQ(thrice.width(), 200);
    expect_point(thrice.apply({0, 0}), 0, 300);
    EXPECT_TRUE(thrice.is_exact());
}

TEST(Transform, QuarterTurnsAddUp) {
    for (int first = 0; first < 4; ++first) {
        for (int second = 0; second < 4; ++second) {
            Transform two(300, 200), one(300, 200);
            two.rotate_quarters(first).rotate_quarters(second);
            one.rotate_quarters((first + second) % 4);
            EXPECT_EQ(two.width(), one.width());
            EXPECT_EQ(two.height(), one.height());
            for (const Point p : {Point{0, 0}, Point{300, 0}, Point{12, 34}}) {
                const Point expected = one.apply(p);
                expect_point(two.apply(p), expected.x, expected.y);
            }
        }
    }
}

TEST(Transform, PositiveAnglesTurnTheContentClockwise) {
    Transform t(400, 400);
    t.rotate(10);
    const Point centre = t.apply({200, 200});
    expect_point(centre, t.width() / 2.0, t.height() / 2.0);
    const Point right = t.apply({300, 200}); // Right of the centre goes down, since y points down.
    EXPECT_NEAR(right.x - centre.x, 100 * std::cos(10 * std::acos(-1.0) / 180), 1e-9);
    EXPECT_NEAR(right.y - centre.y, 100 * std::sin(10 * std::acos(-1.0) / 180), 1e-9);
    EXPECT_FALSE(t.is_exact());
}

TEST(Transform, RotatingGrowsTheCanvasToHoldAll) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> angles(-45, 45);
    for (int i = 0; i < 200; ++i) {
        Transform t(1240, 1754);
        t.rotate(angles(random));
        for (const Point corner : {Point{0, 0}, Point{1240, 0}, Point{1240, 1754}, Point{0, 1754}}) {
            const Point p = t.apply(corner);
            EXPECT_GE(p.x, -1e-5);
            EXPECT_GE(p.y, -1e-5);
            EXPECT_LE(p.x, t.width() + 1e-5);
            EXPECT_LE(p.y, t.height() + 1e-5);
        }
    }
    Transform none(100, 50);
    none.rotate(0);
    EXPECT_EQ(none.width(), 100);
    EXPECT_EQ(none.height(), 50);
    EXPECT_TRUE(none.is_identity());
}

TEST(Transform, NinetyDegreesAreAQuarterTurn) {
    Transform turned(300, 200), quarter(300, 200);
    turned.rotate(90);
    quarter.rotate_quarters(1);
    EXPECT_EQ(turned.width(), quarter.width());
    EXPECT_EQ(turned.height(), quarter.height());
    const Point expected = quarter.apply({30, 40});
    expect_point(turned.apply({30, 40}), expected.x, expected.y, 1e-9);
}

TEST(Transform, MirrorSwapsLeftAndRightAndIsNoTurn) {
    Transform t(300, 200);
    t.mirror();
    expect_point(t.apply({0, 50}), 300, 50);
    EXPECT_FALSE(t.is_exact()); // No turn makes it.
    t.mirror();
    EXPECT_TRUE(t.is_identity());
}

TEST(Transform, CropMovesTheOrigin) {
    Transform t(300, 200);
    t.crop({10, 20, 100, 50});
    EXPECT_EQ(t.width(), 100);
    EXPECT_EQ(t.height(), 50);
    expect_point(t.apply({10, 20}), 0, 0);
    EXPECT_TRUE(t.is_exact());
    Transform outside(300, 200);
    outside.crop({-5.5, 0, 400, 200});
    expect_point(outside.apply({0, 0}), 5.5, 0);
    EXPECT_FALSE(outside.is_exact()); // Half a pixel needs resampling.
}

TEST(Transform, ScaleResizesTheCanvas) {
    Transform t(301, 200);
    t.scale(0.5, 2);
    EXPECT_EQ(t.width(), 151);
    EXPECT_EQ(t.height(), 400);
    expect_point(t.apply({100, 100}), 50, 200);
    EXPECT_FALSE(t.is_exact());
}

TEST(Transform, UnwarpMapsTheCorners) {
    const Quad quad{Point{120, 80}, Point{1010, 130}, Point{980, 1500}, Point{90, 1440}};
    Transform t(1200, 1600);
    t.unwarp(quad, 800, 1200);
    EXPECT_EQ(t.width(), 800);
    EXPECT_EQ(t.height(), 1200);
    expect_point(t.apply(quad[0]), 0, 0, 1e-6);
    expect_point(t.apply(quad[1]), 800, 0, 1e-6);
    expect_point(t.apply(quad[2]), 800, 1200, 1e-6);
    expect_point(t.apply(quad[3]), 0, 1200, 1e-6);
    expect_point(t.invert({800, 1200}), quad[2].x, quad[2].y, 1e-6);
    // A homography keeps straight lines: the crossing of the diagonals stays the crossing of the diagonals.
    const Point middle = t.invert({400, 600});
    const auto side = [&](Point a, Point b) {
        return ((b.x - a.x) * (middle.y - a.y) - (b.y - a.y) * (middle.x - a.x)) / std::hypot(b.x - a.x, b.y - a.y);
    };
    EXPECT_NEAR(side(quad[0], quad[2]), 0, 1e-6);
    EXPECT_NEAR(side(quad[1], quad[3]), 0, 1e-6);
}

TEST(Transform, UnwarpOfARectangleIsACrop) {
    Transform warped(500, 500), cropped(500, 500);
    warped.unwarp({Point{50, 60}, Point{250, 60}, Point{250, 360}, Point{50, 360}}, 200, 300);
    cropped.crop({50, 60, 200, 300});
    const Point expected = cropped.apply({123, 234});
    expect_point(warped.apply({123, 234}), expected.x, expected.y, 1e-9);
}

Transform random_transform(std::mt19937& random) {
    std::uniform_real_distribution<double> number(0, 1);
    Transform t(2480, 3508);
    for (int step = 0; step < 4; ++step) {
        switch (static_cast<int>(number(random) * 5)) {
        case 0: t.rotate_quarters(1 + static_cast<int>(number(random) * 3)); break;
        case 1: t.rotate(number(random) * 20 - 10); break;
        case 2: t.crop({number(random) * 50, number(random) * 50, t.width() * 0.9, t.height() * 0.9}); break;
        case 3: t.scale(0.5 + number(random), 0.5 + number(random)); break;
        default: {
            const double w = t.width(), h = t.height(), d = 20 * number(random);
            t.unwarp({Point{d, 0}, Point{w, d}, Point{w - d, h}, Point{0, h - d}}, t.width(), t.height());
        }
        }
    }
    return t;
}

TEST(Transform, InvertUndoesApply) {
    std::mt19937 random(42);
    std::uniform_real_distribution<double> x(0, 2480), y(0, 3508);
    for (int i = 0; i < 300; ++i) {
        const Transform t = random_transform(random);
        const Point p{x(random), y(random)};
        expect_point(t.invert(t.apply(p)), p.x, p.y, 1e-6);
    }
}

TEST(Transform, JsonKeepsEveryBit) {
    std::mt19937 random(3);
    for (int i = 0; i < 50; ++i) {
        const Transform t = random_transform(random);
        const auto back = nlohmann::json::parse(nlohmann::json(t).dump()).get<Transform>();
        EXPECT_EQ(back.width(), t.width());
        EXPECT_EQ(back.height(), t.height());
        for (int k = 0; k < 9; ++k) EXPECT_EQ(back.matrix().val[k], t.matrix().val[k]);
    }
    const auto box = nlohmann::json(Box{1.5, 2, 3, 4});
    EXPECT_EQ(box.dump(), "[1.5,2.0,3.0,4.0]");
    EXPECT_EQ(box.get<Box>().height, 4);
    EXPECT_EQ(nlohmann::json(Point{1, 2}).dump(), "[1.0,2.0]");
    EXPECT_THROW((void)nlohmann::json::array({1, 2}).get<Box>(), nlohmann::json::exception);
}

} // namespace
} // namespace recto
