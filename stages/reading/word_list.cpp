#include "stages/reading/word_list.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "pipeline/core/simplified.h"
#include "stages/reading/model_file.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// 0: no word of this list's kind.
std::uint64_t key_of(std::u32string_view word) {
    if (word.empty() || word.size() > WordList::kLongest) return 0;
    std::uint64_t key = 0;
    for (const char32_t c : word) {
        const char32_t plain = simplified(c);
        if (!is_han(plain) || plain > 0xFFFF) return 0;
        key = key << 16 | plain;
    }
    return key;
}

} // namespace

Result<WordList> WordList::load(const std::string& path) {
    RECTO_ASSIGN(const std::string content, model_file(path));
    return parse(content, path);
}

Result<WordList> WordList::parse(std::string_view content, const std::string& name) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> counts; // by key
    std::uint64_t all = 0;
    std::size_t line = 0;
    for (std::size_t begin = 0; begin < content.size();) {
        const std::size_t end = std::min(content.find('\n', begin), content.size());
        const std::string_view row = content.substr(begin, end - begin);
        begin = end + 1;
        ++line;
        const std::size_t gap = row.find(' ');
        std::uint64_t count = 0;
        const char* number = gap == std::string_view::npos ? nullptr : row.data() + gap + 1;
        if (number == nullptr || std::from_chars(number, row.data() + row.size(), count).ec != std::errc{})
            return fail("read.model", fmt::format("line {} of the word list has no count", line), name);
        const std::u32string word = decode_utf8(row.substr(0, gap));
        if (word.find(kBadUtf8) != std::u32string::npos)
            return fail("read.model", fmt::format("line {} of the word list is not UTF-8", line), name);
        all += count;
        if (const std::uint64_t key = key_of(word); key != 0 && count > 0) counts.emplace_back(key, count);
    }
    if (line == 0) return fail("read.model", "the word list is empty", name);
    std::ranges::sort(counts);
    WordList list;
    list.keys_.reserve(counts.size());
    list.shares_.reserve(counts.size());
    for (std::size_t i = 0; i < counts.size();) { // a word and its traditional form are one
        const std::uint64_t key = counts[i].first;
        std::uint64_t count = 0;
        for (; i < counts.size() && counts[i].first == key; ++i) count += counts[i].second;
        list.keys_.push_back(key);
        list.shares_.push_back(static_cast<float>(std::log(static_cast<double>(count) / static_cast<double>(all))));
    }
    return list;
}

std::optional<float> WordList::log_share(std::u32string_view word) const {
    const std::uint64_t key = key_of(word);
    const auto at = std::ranges::lower_bound(keys_, key);
    if (key == 0 || at == keys_.end() || *at != key) return std::nullopt;
    return shares_[static_cast<std::size_t>(at - keys_.begin())];
}

bool WordList::begins_word(std::u32string_view characters) const {
    const std::uint64_t key = key_of(characters);
    if (key == 0) return false;
    for (std::size_t more = 1; more + characters.size() <= kLongest; ++more) {
        const auto at = std::ranges::lower_bound(keys_, key << 16 * more);
        if (at != keys_.end() && *at >> 16 * more == key) return true;
    }
    return false;
}

} // namespace recto::reading
