#include "stages/reading/ctc.h"

#include <algorithm>

#include <fmt/format.h>

#include "stages/reading/model_file.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// Index of the largest of `n` values, the first one where several are equal. Two passes that vectorise beat one pass
/// that carries an index: a line has about a million values.
int argmax(const float* values, int n, float& best) {
    float lanes[16];
    std::fill(std::begin(lanes), std::end(lanes), values[0]);
    int i = 0;
    for (; i + 16 <= n; i += 16)
        for (int k = 0; k < 16; ++k) lanes[k] = values[i + k] > lanes[k] ? values[i + k] : lanes[k];
    best = *std::max_element(std::begin(lanes), std::end(lanes));
    for (; i < n; ++i) best = std::max(best, values[i]);
    const float* at = std::find(values, values + n, best);
    return at == values + n ? 0 : static_cast<int>(at - values); // only NaN is found nowhere
}

/// A label below it is no reading anyone would weigh, and a character above it has no rivals worth the search.
constexpr float kLeastRival = 0.01F, kWithoutRivals = 0.98F;

std::array<CtcChar::Rival, 3> rivals_of(const float* values, int n, int label) {
    std::array<CtcChar::Rival, 3> out{};
    for (int i = 1; i < n; ++i) {
        if (values[i] < std::max(kLeastRival, out.back().confidence) || i == label) continue;
        std::size_t at = out.size() - 1;
        for (; at > 0 && out[at - 1].confidence < values[i]; --at) out[at] = out[at - 1];
        out[at] = {i, values[i]};
    }
    return out;
}

} // namespace

std::vector<CtcChar> ctc_decode(std::span<const float> probabilities, int steps, int classes) {
    std::vector<CtcChar> out;
    if (steps <= 0 || classes <= 1 || probabilities.size() < static_cast<std::size_t>(steps) * classes) return out;
    int previous = 0;
    double weight = 0;
    std::vector<int> best; // step at which each character is surest
    for (int step = 0; step < steps; ++step) {
        float p = 0;
        const int label = argmax(probabilities.data() + static_cast<std::size_t>(step) * classes, classes, p);
        if (label != 0) {
            if (label != previous) {
                out.push_back({label, 0, 0, static_cast<double>(step), 0});
                best.push_back(step);
                weight = 0;
            }
            CtcChar& c = out.back();
            if (p > c.confidence) c.confidence = p, best.back() = step;
            c.end = step + 1;
            // Running mean of the step's centre, weighted by probability.
            weight += p;
            c.position += (step + 0.5 - c.position) * (p / std::max(weight, 1e-9));
        }
        previous = label;
    }
    for (std::size_t i = 0; i < out.size(); ++i)
        if (out[i].confidence < kWithoutRivals)
            out[i].rivals =
                rivals_of(probabilities.data() + static_cast<std::size_t>(best[i]) * classes, classes, out[i].label);
    return out;
}

Result<Charset> Charset::load(const std::string& path) {
    RECTO_ASSIGN(const std::string content, model_file(path));
    return parse(content, path);
}

Result<Charset> Charset::parse(std::string_view content, const std::string& name) {
    Charset set;
    set.name_ = name;
    auto add = [&](std::string_view label) {
        const std::u32string points = decode_utf8(label);
        set.labels_.emplace_back(label);
        set.code_points_.push_back(points.empty() ? U'\0' : points[0]);
        return !points.empty() && points.find(kBadUtf8) == std::u32string::npos;
    };
    (void)add(""); // the blank
    std::size_t line = 0;
    for (std::size_t begin = 0; begin < content.size();) {
        std::size_t end = std::min(content.find('\n', begin), content.size());
        std::string_view label = content.substr(begin, end - begin);
        if (label.ends_with('\r')) label.remove_suffix(1);
        ++line;
        if (!add(label))
            return fail("read.model", fmt::format("line {} of the dictionary is no character in UTF-8", line), name);
        begin = end + 1;
    }
    if (line == 0) return fail("read.model", "the dictionary is empty", name);
    (void)add(" ");
    set.known_.insert(set.labels_.begin(), set.labels_.end());
    return set;
}

Result<void> Charset::check(int classes, const std::string& model_file) const {
    if (classes == size()) return {};
    return fail(
        "read.model",
        fmt::format("the model gives {} classes but blank, dictionary {} and space make {}", classes, name_, size()),
        model_file);
}

} // namespace recto::reading
