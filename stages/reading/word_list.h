#pragma once

/// How common the words of Chinese are: where a worn line's characters cannot be told, the ones that make words are likelier.
/// The list is that of jieba (MIT licence): a word, its count and its kind in a line. Immutable, any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/result.h"

namespace recto::reading {

class WordList {
  public:
    /// Longer words are not looked for: there are few, and they are made of shorter ones.
    static constexpr std::size_t kLongest = 4;

    WordList() = default; ///< Knows no word.
    /// Errors: "missing.model"; "read.model" where it is not UTF-8, a line has no count or there is no line.
    [[nodiscard]] static Result<WordList> load(const std::string& path);
    [[nodiscard]] static Result<WordList> parse(std::string_view content, const std::string& name);

    /// Natural logarithm of a word's share of all words of running text; nothing where it is no word, or not one of
    /// 1 to kLongest Chinese characters. Traditional characters count as their simplified ones: which of the two a page has is for
    /// the picture to say.
    [[nodiscard]] std::optional<float> log_share(std::u32string_view word) const;
    /// Whether longer words of the list begin with it.
    [[nodiscard]] bool begins_word(std::u32string_view characters) const;
    [[nodiscard]] std::size_t size() const { return keys_.size(); }

  private:
    std::vector<std::uint64_t> keys_; ///< In order: the characters of a word, 16 bits each.
    std::vector<float> shares_;
};

} // namespace recto::reading
