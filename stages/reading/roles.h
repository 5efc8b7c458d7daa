#pragma once

/// What a block is in its document: by its place on the page, the size of its type and its text. Pure function, any thread.
///
/// Careful: a block stays Body unless place, size and text agree; descriptions and lists rest on the roles, and a wrong one
/// hides text from them.

#include <string_view>
#include <vector>

#include "pipeline/core/page_text.h"

namespace recto::reading {

/// Sets the roles of `blocks` (in reading order, as arrange() leaves them) of a page of that size, pixels. Headers and page
/// numbers at the top come first, those at the foot and footers last, and footnotes after the body of their column; the body keeps
/// its order. A closing signature and date that arrange() left in the last paragraph become blocks of their own.
void assign_roles(std::vector<TextBlock>& blocks, int width, int height);

/// "国发〔1956〕12号", "(56)政办字第3号", "政发[2012]3号": a line that is an official document's number and nothing else.
[[nodiscard]] bool is_document_number(std::string_view text);
/// "二〇一二年三月十七日", "2012年3月17日", "一九五六年三月": a line that is a date and nothing else.
[[nodiscard]] bool is_date_line(std::string_view text);
/// "- 12 -", "第3页", "— 四 —", "12/30", "xiv": a line that is a page's number and nothing else.
[[nodiscard]] bool is_page_number(std::string_view text);

} // namespace recto::reading
