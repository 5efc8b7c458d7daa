#include "stages/treatment/manual.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "stages/treatment/page_frame.h"

namespace recto::treat {
namespace {

tl::unexpected<Error> bad_value(const char* name, const std::string& text, const std::string& why) {
    return fail("by_hand.value", std::string(name) + " '" + text + "': " + why);
}

std::string trimmed(std::string_view text) {
    const auto from = text.find_first_not_of(" \t\r\n");
    return from == std::string_view::npos ? ""
                                          : std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

/// A number, with "%" a share of `whole`. The decimal sign is a point wherever the program runs.
std::optional<double> number_of(std::string text, double whole) {
    const bool share = !text.empty() && text.back() == '%';
    if (share) text.pop_back();
    if (text.empty() || text.find_first_not_of("+-.0123456789") != std::string::npos) return std::nullopt;
    const char* begin = text.c_str() + (text[0] == '+' ? 1 : 0);
    double value = 0;
    const auto [end, error] = std::from_chars(begin, text.c_str() + text.size(), value);
    if (error != std::errc() || end != text.c_str() + text.size() || !std::isfinite(value)) return std::nullopt;
    return share ? value / 100 * whole : value;
}

/// "x,y x,y ...": spaces or semicolons between points.
std::optional<std::vector<Point>> points_of(const std::string& text, const ImageInfo& info) {
    std::vector<Point> out;
    std::string all = text;
    std::replace(all.begin(), all.end(), ';', ' ');
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t from = all.find_first_not_of(' ', at);
        if (from == std::string::npos) break;
        const std::size_t end = std::min(all.find(' ', from), all.size());
        const std::string word = all.substr(from, end - from);
        const auto comma = word.find(',');
        if (comma == std::string::npos) return std::nullopt;
        const auto x = number_of(word.substr(0, comma), info.width), y = number_of(word.substr(comma + 1), info.height);
        if (!x || !y) return std::nullopt;
        out.push_back({*x, *y});
        at = end;
    }
    return out;
}

/// Around their middle, so that people may name corners in any order.
Quad around(const std::vector<Point>& points) {
    Quad q;
    std::copy_n(points.begin(), 4, q.begin());
    return content_order(q, Transform(1, 1));
}

double cross(const Point& a, const Point& b, const Point& c) {
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

bool convex(const Quad& q) {
    for (std::size_t i = 0; i < 4; ++i)
        if (cross(q[i], q[(i + 1) % 4], q[(i + 2) % 4]) <= 0) return false;
    return true;
}

double area_of(const Quad& q) { return (cross(q[0], q[1], q[2]) + cross(q[0], q[2], q[3])) / 2; }

Result<void> read_quad(const std::string& text, const ImageInfo& info, ManualTreatment& m) {
    if (text == "whole" || text == "整幅") {
        m.whole = true;
        return {};
    }
    const auto points = points_of(text, info);
    if (!points || points->size() != 4) return bad_value("corners", text, "four corners 'x,y x,y x,y x,y', or 'whole'");
    for (const Point& p : *points)
        if (p.x < -1 || p.y < -1 || p.x > info.width + 1 || p.y > info.height + 1)
            return bad_value(
                "corners", text,
                fmt::format("{:.0f},{:.0f} is outside the scan of {} x {} pixels", p.x, p.y, info.width, info.height));
    m.quad = around(*points);
    if (!convex(*m.quad)) return bad_value("corners", text, "these four are not the corners of a page");
    if (area_of(*m.quad) < 0.01 * info.width * info.height)
        return bad_value("corners", text, "less than a hundredth of the scan");
    return {};
}

Result<void> read_split(const std::string& text, const ImageInfo& info, ManualTreatment& m) {
    if (text == "none" || text == "不拆") {
        m.one_page = true;
        return {};
    }
    Fold fold;
    if (text.find(',') == std::string::npos) {
        const auto share = text.back() == '%' ? number_of(text, 1) : std::nullopt;
        if (!share || *share < 0.05 || *share > 0.95)
            return bad_value("split", text,
                             "'none', a share of the width from 5% to 95%, or the fold's ends 'x,y x,y'");
        fold.share = *share;
        m.fold = fold;
        return {};
    }
    const auto points = points_of(text, info);
    if (!points || points->size() != 2) return bad_value("split", text, "the fold's two ends 'x,y x,y'");
    for (const Point& p : *points)
        if (p.x < -1 || p.y < -1 || p.x > info.width + 1 || p.y > info.height + 1)
            return bad_value(
                "split", text,
                fmt::format("{:.0f},{:.0f} is outside the scan of {} x {} pixels", p.x, p.y, info.width, info.height));
    fold.ends = {(*points)[0], (*points)[1]};
    const double length = std::hypot(fold.ends[0].x - fold.ends[1].x, fold.ends[0].y - fold.ends[1].y);
    if (length < 0.3 * std::min(info.width, info.height))
        return bad_value("split", text, "a fold goes from one edge of the sheet to the other");
    m.fold = fold;
    return {};
}

} // namespace

bool ManualTreatment::empty() const {
    return !keep && !turn_deg && !angle_deg && !quad && !whole && !fold && !one_page;
}

Result<ManualTreatment> parse_manual(const ManualWords& words, const ImageInfo& info) {
    ManualTreatment m;
    if (const std::string turn = trimmed(words.turn); !turn.empty()) {
        if (turn != "0" && turn != "90" && turn != "180" && turn != "270")
            return bad_value("turn", turn, "a clockwise turn of 0, 90, 180 or 270 degrees");
        m.turn_deg = std::stoi(turn);
    }
    if (const std::string angle = trimmed(words.angle); !angle.empty()) {
        const auto value = angle.back() == '%' ? std::nullopt : number_of(angle, 1);
        if (!value || std::abs(*value) > 45) return bad_value("angle", angle, "an angle from -45 to 45 degrees");
        m.angle_deg = *value;
    }
    if (const std::string quad = trimmed(words.quad); !quad.empty()) RECTO_TRY(read_quad(quad, info, m));
    if (const std::string split = trimmed(words.split); !split.empty()) RECTO_TRY(read_split(split, info, m));
    if (const std::string keep = trimmed(words.keep); !keep.empty() && keep != "no" && keep != "否") {
        if (keep != "yes" && keep != "是") return bad_value("keep", keep, "'yes', or nothing");
        if (!m.empty()) return bad_value("keep", keep, "a page that is kept as it is has no other values");
        m.keep = true;
    }
    if (m.fold && (m.quad || m.whole))
        return bad_value("split", words.split, "the corners of two pages are set one by one");
    return m;
}

void to_json(nlohmann::json& j, const ManualTreatment& m) {
    j = nlohmann::json::object();
    if (m.keep) j["keep"] = true;
    if (m.turn_deg) j["turn"] = *m.turn_deg;
    if (m.angle_deg) j["angle"] = *m.angle_deg;
    if (m.quad) j["quad"] = *m.quad;
    if (m.whole) j["quad"] = "whole";
    if (m.one_page) j["split"] = "none";
    if (m.fold) j["split"] = m.fold->share > 0 ? nlohmann::json(m.fold->share) : nlohmann::json(m.fold->ends);
    if (!m.half.empty()) j["half"] = m.half;
}

void from_json(const nlohmann::json& j, ManualTreatment& m) {
    m = {};
    m.keep = j.value("keep", false);
    if (j.contains("turn")) m.turn_deg = j["turn"].get<int>();
    if (j.contains("angle")) m.angle_deg = j["angle"].get<double>();
    if (j.contains("quad")) {
        m.whole = j["quad"] == "whole";
        if (!m.whole) m.quad = j["quad"].get<Quad>();
    }
    if (j.contains("split")) {
        m.one_page = j["split"] == "none";
        if (j["split"].is_number()) m.fold = Fold{j["split"].get<double>(), {}};
        if (j["split"].is_array()) m.fold = Fold{0, j["split"].get<std::array<Point, 2>>()};
    }
    m.half = j.value("half", "");
}

bool differs(const PageTreatment& then, const PageTreatment& now, const ImageInfo& info) {
    if (then.orientation_deg != now.orientation_deg || then.split != now.split || then.cropped != now.cropped)
        return true;
    const double was = then.deskewed ? then.skew_deg : 0, is = now.deskewed ? now.skew_deg : 0;
    if (std::abs(was - is) > 0.2) return true;
    if (!then.cropped) return false;
    const double reach = 0.01 * std::max(info.width, info.height);
    for (std::size_t i = 0; i < 4; ++i)
        if (std::hypot(then.quad[i].x - now.quad[i].x, then.quad[i].y - now.quad[i].y) > reach) return true;
    return false;
}

} // namespace recto::treat
