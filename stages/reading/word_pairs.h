#pragma once

/// Which words of Chinese follow which, as Open-Gram counted them (CC BY-SA 3.0; scripts/word_pairs.py makes the file of Debian's
/// sunpinyin-data). Immutable, any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/result.h"

namespace recto::reading {

class WordPairs {
  public:
    WordPairs() = default; ///< Knows no pair.
    /// Errors: "missing.model"; "read.model" where it is not such a file, or not the whole of one.
    [[nodiscard]] static Result<WordPairs> load(const std::string& path);
    [[nodiscard]] static Result<WordPairs> parse(std::string_view bytes, const std::string& name);

    /// Natural logarithm of how much likelier the second of two words, or marks, is behind the first than anywhere, from -10 to 10; 0
    /// where nothing is known. Marks of any width and characters of both ways of writing are the same. The pairs are kept by a hash of
    /// 32 bits: about one in ten thousand that is not there is taken for another one.
    [[nodiscard]] float log_ratio(std::u32string_view first, std::u32string_view second) const;
    [[nodiscard]] std::size_t size() const { return keys_.size(); } ///< With single words.

  private:
    [[nodiscard]] const std::int8_t* find(std::uint32_t key) const;

    std::vector<std::uint32_t> keys_; ///< In order.
    std::vector<std::int8_t> steps_;
};

} // namespace recto::reading
