#include "stages/reading/worn_line.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// Characters that a place may hold, at most; and what the likeliest has to be below for others to be thought of.
constexpr std::size_t kMostCandidates = 20;
constexpr float kSure = 0.9F;
/// Candidates less likely than the first of these are left out, and those, and words made of them, that are less likely than
/// the likeliest ones by the other factors.
constexpr float kLeastChance = 0.0003F, kLeastShare = 0.002F, kLeastShareOfWord = 0.0001F;
/// Two neighbours wider apart than by so many usual advances have a place between them, if the network gives anything there
/// this probability.
constexpr double kTwoPlaces = 1.6;
constexpr float kLeastOfPlace = 0.005F;
constexpr std::size_t kLeastAdvances = 4;
/// What words, and how well they follow one another, weigh beside the picture, as exponents.
constexpr float kWeightOfWords = 0.6F, kWeightOfPairs = 0.6F;
/// Ways to a place that are gone on with.
constexpr std::size_t kMostWays = 64;
/// The share (logarithm) of a Chinese character that is not in the list.
constexpr float kUnknown = -18.0F;
constexpr double kNever = -std::numeric_limits<double>::infinity();

/// The share (logarithm) of what is no word: marks as Open-Gram counts them; it has no brackets, figures and letters.
float log_share_of_mark(char32_t c) {
    constexpr std::pair<std::u32string_view, float> kShares[] = {{U"，,", -2.7F},           {U"。", -3.5F},
                                                                 {U"、“”：:！!？?", -5.1F}, {U"0123456789", -6.0F},
                                                                 {U"；;", -6.7F},           {U"（）()《》〔〕", -7.0F}};
    for (const auto& [marks, share] : kShares)
        if (marks.find(c) != std::u32string_view::npos) return share;
    return -8.0F;
}

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
    WornLine(const LineLikelihoods& line, const Charset& charset, const Language& language)
        : line_(line), charset_(charset), language_(language) {}

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

    /// A word in the line, or a single character of any kind.
    struct Word {
        std::size_t begin = 0;
        std::u32string text{};
        std::vector<std::size_t> labels{}; ///< Indices into the candidates of its places.
        float weight = 0;                  ///< By the picture and how common it is, a logarithm like all that follow.
        std::vector<float> behind{};       ///< How well it follows each of those that end where it begins.
        double best = kNever;              ///< Of the ways to it.
        std::size_t from = 0;              ///< The one before it on the best way.
        double before = kNever;            ///< Of all ways to it, and from behind it to the line's end.
        double after = kNever;
    };

    /// Calls `use(word)` for every word that may begin at a place; a single character is always one.
    template <class Use> void each_word(std::size_t begin, const Use& use) const {
        Word word{.begin = begin};
        const auto extend = [&](const auto& self, float picture, float share) -> void {
            const std::size_t at = begin + word.text.size();
            if (at == places_.size() || word.text.size() == WordList::kLongest) return;
            const std::vector<Candidate>& here = places_[at].candidates;
            for (std::size_t k = 0; k < here.size(); ++k) {
                const char32_t c = charset_.code_point(here[k].label);
                if (!word.text.empty() && !is_han(c)) continue;
                const float rest = share * here[k].chance / here[0].chance;
                if (rest < kLeastShareOfWord) continue;
                word.text.push_back(c), word.labels.push_back(k);
                const float seen = picture + std::log(here[k].chance);
                std::optional<float> common = language_.words.log_share(word.text);
                if (word.text.size() == 1 && !common) common = is_han(c) ? kUnknown : log_share_of_mark(c);
                if (common) {
                    word.weight = seen + kWeightOfWords * *common;
                    use(word);
                }
                if (language_.words.begins_word(word.text)) self(self, seen, rest);
                word.text.pop_back(), word.labels.pop_back();
            }
        };
        extend(extend, 0, 1);
    }

    static void add(double& sum, double logarithm) {
        if (logarithm == kNever) return;
        const double more = std::max(sum, logarithm), less = std::min(sum, logarithm);
        sum = more + std::log1p(std::exp(less - more));
    }

    /// The likeliest way through all places, and the share that each candidate has of all ways.
    void choose() {
        const std::size_t n = places_.size();
        std::vector<std::vector<Word>> ending(n + 1); // by the place behind them
        ending[0].push_back({.best = 0, .before = 0});
        for (std::size_t i = 0; i <= n; ++i) {
            std::vector<Word>& former = ending[i];
            std::ranges::stable_sort(former, std::ranges::greater{}, &Word::best);
            former.resize(std::min(former.size(), kMostWays));
            each_word(i, [&](Word word) {
                for (std::size_t k = 0; k < former.size(); ++k) {
                    const float follows = language_.pairs.log_ratio(former[k].text, word.text);
                    const float more = word.weight + kWeightOfPairs * follows;
                    word.behind.push_back(more);
                    add(word.before, former[k].before + more);
                    if (former[k].best + more > word.best) word.best = former[k].best + more, word.from = k;
                }
                ending[i + word.labels.size()].push_back(std::move(word));
            });
        }
        double all = kNever;
        for (Word& word : ending[n]) add(all, word.before), word.after = 0;
        for (std::size_t end = n; end > 0; --end)
            for (const Word& word : ending[end]) {
                const double share = std::exp(word.before + word.after - all);
                for (std::size_t k = 0; k < word.labels.size(); ++k)
                    places_[word.begin + k].candidates[word.labels[k]].share += share;
                for (std::size_t k = 0; k < word.behind.size(); ++k)
                    add(ending[word.begin][k].after, word.after + word.behind[k]);
            }
        std::vector<CtcChar> reversed;
        for (std::size_t end = n, at = 0; end > 0;) {
            const Word& word = ending[end][at];
            for (std::size_t k = word.labels.size(); k-- > 0;)
                reversed.push_back(character(places_[word.begin + k], word.labels[k]));
            at = word.from, end = word.begin;
        }
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
    const Language& language_;
    std::vector<Place> places_;
    std::vector<CtcChar> out_;
};

} // namespace

std::vector<CtcChar> read_worn(const LineLikelihoods& line, const Charset& charset, const Language& language) {
    return WornLine(line, charset, language).read();
}

} // namespace recto::reading
