#pragma once

/// Checks of what a line says that need no other source: days that no calendar has, check digits, sums in figures beside
/// sums in words, names of a list. A check never changes text; it names the place and, where one exchange of characters that
/// look alike makes the value right, proposes that to the reviewer. Pure functions, any thread.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/item.h"

namespace recto::describe {

/// Names that occur in the holdings (units, places, persons), one a line of a UTF-8 file; empty lines and lines that begin
/// with # are none. Names of fewer than three characters are passed over: too much looks like them.
class Dictionary {
  public:
    Dictionary() = default;
    explicit Dictionary(std::string_view file);
    [[nodiscard]] bool empty() const { return by_length_.empty(); }
    /// The names of `length` characters; null when there are none.
    [[nodiscard]] const std::vector<std::u32string>* of_length(std::size_t length) const;
    [[nodiscard]] std::vector<std::size_t> lengths() const; ///< Ascending.

  private:
    std::map<std::size_t, std::vector<std::u32string>> by_length_; ///< Sorted, each once.
};

/// Something in a line that cannot be as it stands.
struct Doubtful {
    const char* code;       ///< "check.date", "check.id_number", ...; rows of the message table.
    std::size_t begin, end; ///< Bytes of the line's text.
    std::string proposal;   ///< What it says when characters that look alike are exchanged; "" when that is not clear.
};

/// In order of their places. Confidences of the line's characters decide where several proposals are possible.
[[nodiscard]] std::vector<Doubtful> check_line(const TextLine& line, const Dictionary& dictionary);

/// The same of all lines of a page, as findings with their place in the source. Arguments: the line's name in ALTO, the text as
/// it stands, the proposal or "–", the whole line.
[[nodiscard]] std::vector<Finding> check_page(const Page& page, const Dictionary& dictionary);

} // namespace recto::describe
