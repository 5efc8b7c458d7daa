#include "stages/treatment/separator.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "stages/treatment/code_places.h"
#include "stages/treatment/code_reader.h"

namespace recto::treat {
namespace {
constexpr double kSparse = 0.12; // share of the image with print, at most, of a sheet that is a separator

std::string upper_without_spaces(const std::string& text) {
    std::string out;
    for (const char c : text)
        if (c != ' ' && c != '-' && c != '_') out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

cv::Rect box_of(const Barcode& code) {
    double l = 1e9, t = 1e9, r = 0, b = 0;
    for (const Point& p : code.place) {
        l = std::min(l, p.x);
        t = std::min(t, p.y);
        r = std::max(r, p.x);
        b = std::max(b, p.y);
    }
    return {static_cast<int>(l), static_cast<int>(t), static_cast<int>(std::ceil(r - l)),
            static_cast<int>(std::ceil(b - t))};
}

/// A sheet bears its code and little else; a letter with a label bears more text than label.
bool is_sheet(const CodePlaces& places, const std::vector<cv::Rect>& codes, const cv::Size& size) {
    double area = 0;
    for (const cv::Rect& c : codes) area += c.area();
    const double elsewhere = places.print_outside(codes),
                 share = area / (static_cast<double>(size.width) * size.height);
    return elsewhere < kSparse && (elsewhere < 0.025 || elsewhere < 3 * share);
}

/// Print on all sides: a piece of dense text. A matrix code has a quiet zone.
bool amid_print(const CodePlaces& places, const CodePlace& p) {
    const cv::Rect all(0, 0, places.print.cols, places.print.rows);
    const cv::Rect inner =
        cv::Rect(p.place.x / 16 - 1, p.place.y / 16 - 1, p.place.width / 16 + 2, p.place.height / 16 + 2) & all;
    const cv::Rect outer = cv::Rect(inner.x - 1, inner.y - 1, inner.width + 2, inner.height + 2) & all;
    const int ring = outer.area() - inner.area();
    return ring > 0 && cv::countNonZero(places.print(outer)) - cv::countNonZero(places.print(inner)) > 0.75 * ring;
}

/// Reads at the places found; codes at more than one of them are all kept.
std::vector<Barcode> read_places(const Raster& raster, const Analysis& a, const CodePlaces& places, bool& unreadable) {
    std::vector<Barcode> codes;
    if (places.tiny) return read_codes(a.work).codes;
    for (const CodePlace& p : places.places) {
        if (p.matrix && amid_print(places, p)) continue;
        const bool sheet = is_sheet(places, {p.place}, a.work.size());
        CodeReading r = read_code_at(raster, a, p, places.print_outside({p.place}) < kSparse);
        // A place as large as a barcode of a sheet: 24 blocks of bars are 35 x 5 mm.
        unreadable |= sheet && r.damaged && p.area >= 24 * 256;
        for (Barcode& c : r.codes) // one code may look like two places
            if (std::none_of(codes.begin(), codes.end(),
                             [&](const Barcode& b) { return b.kind == c.kind && b.value == c.value; }))
                codes.push_back(std::move(c));
    }
    return codes;
}
} // namespace

bool looks_like_reference_code(const std::string& value) {
    if (value.size() < 4 || value.size() > 120) return false;
    int digits = 0, joints = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const auto c = static_cast<unsigned char>(value[i]);
        if (std::isdigit(c)) ++digits;
        else if (c == '-' || c == '.' || c == '/' || c == '*' || c == '_') ++joints;
        else if (c == 0xC2 && i + 1 < value.size() && static_cast<unsigned char>(value[i + 1]) == 0xB7)
            ++joints; // middle dot
        else if (std::isspace(c) || c == ':' || c == '?' || c == '=' || c == '&' || c < 0x20) return false;
    }
    return digits >= 2 && joints >= 2;
}

SeparatorSearch find_separator(const Raster& raster, const Analysis& a, double work_dpi) {
    SeparatorSearch s;
    const CodePlaces places = find_code_places(a);
    s.codes = read_places(raster, a, places, s.unreadable);
    std::vector<cv::Rect> boxes;
    for (const Barcode& b : s.codes) boxes.push_back(box_of(b));
    std::vector<Barcode> patches = find_patch_codes(a.small, work_dpi / 2);

    const auto decide = [&](std::string kind, std::string value) {
        s.separator = {std::move(kind), std::move(value)};
        s.unreadable = false;
    };
    for (const Barcode& b : s.codes)
        if (upper_without_spaces(b.value) == "PATCHT") {
            decide("patch-t", "");
            return s;
        }
    // Of several codes on a sheet the one of a 档号's form is meant.
    std::stable_partition(s.codes.begin(), s.codes.end(),
                          [](const Barcode& b) { return looks_like_reference_code(b.value); });
    if (!s.codes.empty() && is_sheet(places, boxes, a.work.size())) {
        decide(s.codes[0].kind, s.codes[0].value);
        return s;
    }
    for (const Barcode& b : patches)
        if (b.kind == "patch-t" || b.kind == "patch-2" || b.kind == "patch-3") {
            decide(b.kind, "");
            return s;
        }
    s.unreadable &= s.codes.empty();
    return s;
}

} // namespace recto::treat
