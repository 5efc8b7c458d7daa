#include "stages/reading/word_pairs.h"

#include <algorithm>
#include <cstring>

#include "pipeline/core/simplified.h"
#include "stages/reading/model_file.h"

namespace recto::reading {

namespace {

constexpr std::string_view kMagic = "RPR1";
/// Steps of the file's logarithms to one.
constexpr float kSteps = 12;

/// Marks of half width count as the Chinese ones, characters as the simplified ones.
char32_t plain(char32_t c) {
    constexpr std::u32string_view kNarrow = U",;?!:", kWide = U"，；？！：";
    const std::size_t mark = kNarrow.find(c);
    return mark != std::u32string_view::npos ? kWide[mark] : simplified(c);
}

/// FNV-1a, as in scripts/word_pairs.py.
std::uint32_t hashed(std::uint32_t key, std::u32string_view word) {
    for (const char32_t c : word) {
        const char32_t p = plain(c);
        for (const std::uint32_t byte : {p & 255U, p >> 8 & 255U}) key = (key ^ byte) * 16777619U;
    }
    return key;
}

constexpr std::uint32_t kBasis = 2166136261U;

} // namespace

Result<WordPairs> WordPairs::load(const std::string& path) {
    RECTO_ASSIGN(const std::string bytes, model_file(path));
    return parse(bytes, path);
}

Result<WordPairs> WordPairs::parse(std::string_view bytes, const std::string& name) {
    constexpr std::size_t kHead = kMagic.size() + sizeof(std::uint32_t);
    constexpr std::size_t kEach = sizeof(std::uint32_t) + sizeof(std::int8_t);
    if (bytes.size() < kHead || !bytes.starts_with(kMagic))
        return fail("read.model", "this is no file of word pairs", name);
    std::uint32_t count = 0;
    std::memcpy(&count, bytes.data() + kMagic.size(), sizeof count);
    if (count == 0 || bytes.size() != kHead + kEach * count)
        return fail("read.model", "the file of word pairs has another length than its head says", name);
    WordPairs pairs;
    pairs.keys_.resize(count);
    pairs.steps_.resize(count);
    std::memcpy(pairs.keys_.data(), bytes.data() + kHead, sizeof(std::uint32_t) * count);
    std::memcpy(pairs.steps_.data(), bytes.data() + kHead + sizeof(std::uint32_t) * count, count);
    if (!std::ranges::is_sorted(pairs.keys_)) return fail("read.model", "the file of word pairs is not in order", name);
    return pairs;
}

const std::int8_t* WordPairs::find(std::uint32_t key) const {
    const auto at = std::ranges::lower_bound(keys_, key);
    return at == keys_.end() || *at != key ? nullptr : &steps_[static_cast<std::size_t>(at - keys_.begin())];
}

float WordPairs::log_ratio(std::u32string_view first, std::u32string_view second) const {
    if (keys_.empty() || first.empty() || second.empty()) return 0;
    const std::uint32_t key = hashed(kBasis, first);
    const std::int8_t* steps = find(hashed(hashed(key, U"|"), second));
    if (steps == nullptr) steps = find(key); // words that were not seen behind it
    return steps == nullptr ? 0 : static_cast<float>(*steps) / kSteps;
}

} // namespace recto::reading
