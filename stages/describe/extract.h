#pragma once

/// Fields proposed from the text of an item: 文号, 题名, 日期, 责任者, 密级. Rules over lines and their places; pure.
/// What the rules look for follows GB/T 9704 (layout of official documents): letterhead, number, red rule, title,
/// addressee, text, signature, date.

#include <optional>
#include <string>
#include <vector>

#include "pipeline/core/item.h"

namespace recto::describe {

/// Document numbers in a line: bytes of the line's text, as written, and with brackets 〔〕 and no spaces.
struct NumberFound {
    std::size_t begin = 0, end = 0; ///< Bytes of the text searched.
    std::string as_written, value;
};
/// 柳政发〔2023〕12号 in all bracket forms, （85）柳政字第12号, 柳政字第12号.
[[nodiscard]] std::vector<NumberFound> find_document_numbers(std::string_view line);

/// All fields that the text yields, at most one of each id, source "extracted". Only body pages are read for them, but
/// a volume (an item with a cover or contents page) is described by its cover alone, with its dates as an interval.
[[nodiscard]] std::vector<Field> extract_fields(const Item& item);

/// 密级 marks (绝密, 机密, 秘密, in either script, with ★ and term: "机密★1年") of all pages, in page order, id
/// "security_level", value in simplified characters. A mark stands alone in its line at the head of a page, in a stamp, or behind
/// the label 密级 anywhere; the word in running text or in a title is none. At most one a page, its highest.
[[nodiscard]] std::vector<Field> find_security_marks(const Item& item);

/// 3 for 绝密, 2 for 机密, 1 for 秘密, else 0: the highest that the text names, in either script.
[[nodiscard]] int security_rank(std::string_view text);

} // namespace recto::describe
