#include "review/outliers.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace recto {
namespace {

constexpr std::size_t kFewest = 8;  ///< Pages: below, nothing is typical.
constexpr double kFar = 4;          ///< Spreads from the median.
constexpr double kToSigma = 1.4826; ///< Median absolute deviation to the sigma of a normal distribution.

struct Measure {
    std::string_view id;
    double (*of)(const PageReport&); ///< NaN: the page does not have it.
    double least_spread;             ///< Differences smaller than a few of these are of no interest.
};

double known(double value) { return value > 0 ? value : std::nan(""); }

constexpr std::array<Measure, 7> kMeasures{{
    {"report.measure.width", [](const PageReport& p) { return known(p.width_mm); }, 3},
    {"report.measure.height", [](const PageReport& p) { return known(p.height_mm); }, 3},
    {"report.measure.sharpness", [](const PageReport& p) { return known(p.sharpness); }, 0.03},
    {"report.measure.contrast", [](const PageReport& p) { return known(p.contrast); }, 0.03},
    {"report.measure.ink", [](const PageReport& p) { return known(p.ink_ratio); }, 0.01},
    {"report.measure.skew", [](const PageReport& p) { return p.skew_deg; }, 0.3},
    {"report.measure.confidence",
     [](const PageReport& p) { return p.state == "read" ? known(p.confidence) : std::nan(""); }, 0.02},
}};

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

} // namespace

std::vector<Outlier> outliers(const RunReport& run, std::size_t most) {
    std::vector<Outlier> all;
    for (const ItemReport& item : run.items)
        for (const PageReport& page : item.pages)
            if (page.error_code.empty() && page.state != "blank") all.push_back({&item, &page, {}, 0, 0, 0});
    if (all.size() < kFewest) return {};
    for (const Measure& m : kMeasures) {
        std::vector<double> values;
        for (const Outlier& o : all)
            if (const double v = m.of(*o.page); !std::isnan(v)) values.push_back(v);
        if (values.size() < kFewest) continue;
        const double middle = median(values);
        std::vector<double> apart = values;
        for (double& v : apart) v = std::abs(v - middle);
        const double spread = std::max(kToSigma * median(apart), m.least_spread);
        for (Outlier& o : all) {
            const double v = m.of(*o.page);
            if (std::isnan(v)) continue;
            const double distance = std::abs(v - middle) / spread;
            if (distance <= o.distance) continue;
            o = {o.item, o.page, std::string(m.id), v, middle, distance};
        }
    }
    std::erase_if(all, [](const Outlier& o) { return o.distance < kFar; });
    std::ranges::stable_sort(all, [](const Outlier& a, const Outlier& b) { return a.distance > b.distance; });
    if (all.size() > most) all.resize(most);
    return all;
}

} // namespace recto
