#include "stages/reading/worn_line.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// Characters that a place may hold, at most; and what the likeliest has to be below for others to be thought of.
constexpr std::size_t kMostCandidates = 8;
constexpr float kSure = 0.9F;
/// Candidates less likely than the first of these are left out, and those, and words made of them, that are less likely than
/// the likeliest ones by the other factors.
constexpr float kLeastChance = 0.0005F, kLeastShare = 0.01F, kLeastShareOfWord = 0.001F;
/// Two neighbours wider apart than by so many usual advances have a place between them, if the network gives anything there
/// this probability.
constexpr double kTwoPlaces = 1.6;
constexpr float kLeastOfPlace = 0.005F;
constexpr std::size_t kLeastAdvances = 4;
/// What words weigh beside the picture, as an exponent; and the share (logarithm) of what is no word: a Chinese character that
/// is not in the list, and any other character.
constexpr float kWeightOfWords = 0.4F;
constexpr float kUnknown = -18.0F, kNoWord = -8.0F;

struct Candidate {
    int label;
    float chance;     ///< As the network sees it.
    double share = 0; ///< Among all ways to read the line.
};

struct Place {
    CtcChar where; ///< Its label is the likeliest by the picture.
    std::vector<Candidate> candidates;
};

class WornLine {
  public:
    WornLine(const LineLikelihoods& line, const Charset& charset, const WordList& words)
        : line_(line), charset_(charset), words_(words) {}

    std::vector<CtcChar> read() {
        find_places();
        choose();
        return std::move(out_);
    }

  private:
    [[nodiscard]] bool is_han_label(int label) const { return is_han(charset_.code_point(label)); }

    /// What characters may stand between two steps: `first`, if it is a label, and the others by their highest probability.
    [[nodiscard]] std::vector<Candidate> candidates(int from, int to, Candidate first) const {
        from = std::max(0, from), to = std::min(line_.steps, to);
        std::vector<Candidate> found;
        if (from >= to) return found;
        std::vector<float> best(static_cast<std::size_t>(line_.classes), 0);
        for (int step = from; step < to; ++step) {
            const float* row = line_.values.data() + static_cast<std::size_t>(step) * best.size();
            for (std::size_t i = 1; i < best.size(); ++i) best[i] = std::max(best[i], row[i]);
        }
        const float most = *std::max_element(best.begin() + 1, best.end());
        const float least = std::max(kLeastChance, kLeastShare * (first.label > 0 ? first.chance : most));
        for (int i = 1; i < line_.classes; ++i) {
            const float chance = best[static_cast<std::size_t>(i)];
            if (chance >= least && i != first.label && charset_.code_point(i) != U' ') found.push_back({i, chance});
        }
        const std::size_t kept = std::min(found.size(), kMostCandidates - (first.label > 0 ? 1 : 0));
        std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(),
                          [](const Candidate& a, const Candidate& b) { return a.chance > b.chance; });
        found.resize(kept);
        if (first.label > 0) found.insert(found.begin(), first);
        return found;
    }

    void find_places() {
        const std::vector<CtcChar> seen = ctc_decode(line_.values, line_.steps, line_.classes);
        std::vector<double> advances;
        for (std::size_t i = 1; i < seen.size(); ++i)
            if (is_han_label(seen[i - 1].label) && is_han_label(seen[i].label))
                advances.push_back(seen[i].position - seen[i - 1].position);
        double usual = 0;
        if (advances.size() >= kLeastAdvances) {
            std::ranges::nth_element(advances, advances.begin() + static_cast<std::ptrdiff_t>(advances.size() / 2));
            usual = advances[advances.size() / 2];
        }
        for (std::size_t i = 0; i < seen.size(); ++i) {
            if (i > 0 && usual > 0) fill_between(seen[i - 1].position, seen[i].position, usual);
            Place place{seen[i], {{seen[i].label, seen[i].confidence}}};
            if (seen[i].confidence < kSure && charset_.code_point(seen[i].label) != U' ')
                place.candidates = candidates(static_cast<int>(seen[i].begin) - 1, static_cast<int>(seen[i].end) + 1,
                                              place.candidates[0]);
            places_.push_back(std::move(place));
        }
    }

    /// Places that the network passed over.
    void fill_between(double left, double right, double usual) {
        if (right - left <= kTwoPlaces * usual) return;
        const int missing = static_cast<int>(std::lround((right - left) / usual)) - 1;
        for (int k = 1; k <= missing; ++k) {
            const double middle = left + k * (right - left) / (missing + 1);
            Place place;
            place.where.position = middle;
            place.where.begin = std::floor(middle - 0.35 * usual);
            place.where.end = std::ceil(middle + 0.35 * usual);
            place.candidates =
                candidates(static_cast<int>(place.where.begin), static_cast<int>(place.where.end), {0, 0});
            if (place.candidates.empty() || place.candidates[0].chance < kLeastOfPlace) continue;
            places_.push_back(std::move(place));
        }
    }

    /// Calls `use(begin, length, labels, weight)` for every word that may begin at a place; a single character is always one.
    /// `labels`: indices into the candidates.
    template <class Use> void each_word(std::size_t begin, const Use& use) const {
        std::u32string word;
        std::vector<std::size_t> labels;
        const auto extend = [&](const auto& self, float logarithm, float share) -> void {
            const std::size_t at = begin + word.size();
            if (at == places_.size() || word.size() == WordList::kLongest) return;
            const std::vector<Candidate>& here = places_[at].candidates;
            for (std::size_t k = 0; k < here.size(); ++k) {
                const char32_t c = charset_.code_point(here[k].label);
                if (!word.empty() && !is_han(c)) continue;
                const float rest = share * here[k].chance / here[0].chance;
                if (rest < kLeastShareOfWord) continue;
                word.push_back(c), labels.push_back(k);
                const float picture = logarithm + std::log(here[k].chance);
                std::optional<float> common = words_.log_share(word);
                if (word.size() == 1 && !common) common = is_han(c) ? kUnknown : kNoWord;
                if (common) use(word.size(), labels, picture + kWeightOfWords * *common);
                if (is_han(c)) self(self, picture, rest);
                word.pop_back(), labels.pop_back();
            }
        };
        extend(extend, 0, 1);
    }

    /// The likeliest way through all places, and the share that each candidate has of all ways.
    void choose() {
        constexpr double kNever = -std::numeric_limits<double>::infinity();
        const std::size_t n = places_.size();
        const auto add = [](double& sum, double x) { // of logarithms
            if (x == kNever) return;
            const double more = std::max(sum, x), less = std::min(sum, x);
            sum = more + std::log1p(std::exp(less - more));
        };
        struct Step {
            std::size_t begin = 0;
            std::vector<std::size_t> labels;
        };
        std::vector<double> best(n + 1, kNever), before(n + 1, kNever), after(n + 1, kNever);
        std::vector<Step> way(n + 1);
        best[0] = before[0] = after[n] = 0;
        for (std::size_t i = 0; i < n; ++i)
            each_word(i, [&](std::size_t length, const std::vector<std::size_t>& labels, float weight) {
                add(before[i + length], before[i] + weight);
                if (best[i] + weight <= best[i + length]) return;
                best[i + length] = best[i] + weight;
                way[i + length] = {i, labels};
            });
        for (std::size_t i = n; i-- > 0;)
            each_word(i, [&](std::size_t length, const std::vector<std::size_t>& labels, float weight) {
                add(after[i], after[i + length] + weight);
                const double share = std::exp(before[i] + weight + after[i + length] - before[n]);
                for (std::size_t k = 0; k < length; ++k) places_[i + k].candidates[labels[k]].share += share;
            });
        std::vector<CtcChar> reversed;
        for (std::size_t end = n; end > 0; end = way[end].begin)
            for (std::size_t k = way[end].labels.size(); k-- > 0;)
                reversed.push_back(character(places_[way[end].begin + k], way[end].labels[k]));
        out_.assign(reversed.rbegin(), reversed.rend());
    }

    static CtcChar character(Place& place, std::size_t chosen) {
        CtcChar c = place.where;
        float seen = 0;
        for (const Candidate& candidate : place.candidates) seen += candidate.chance;
        seen = std::min(1.0F, seen);
        const auto chance = [&](const Candidate& candidate) { return static_cast<float>(candidate.share) * seen; };
        c.label = place.candidates[chosen].label;
        c.confidence = std::clamp(chance(place.candidates[chosen]), 0.0F, 1.0F);
        c.rivals = {};
        place.candidates.erase(place.candidates.begin() + static_cast<std::ptrdiff_t>(chosen));
        std::ranges::stable_sort(place.candidates, std::ranges::greater{}, &Candidate::share);
        for (std::size_t k = 0; k < std::min(c.rivals.size(), place.candidates.size()); ++k)
            c.rivals[k] = {place.candidates[k].label, chance(place.candidates[k])};
        return c;
    }

    const LineLikelihoods& line_;
    const Charset& charset_;
    const WordList& words_;
    std::vector<Place> places_;
    std::vector<CtcChar> out_;
};

} // namespace

std::vector<CtcChar> read_worn(const LineLikelihoods& line, const Charset& charset, const WordList& words) {
    return WornLine(line, charset, words).read();
}

} // namespace recto::reading
