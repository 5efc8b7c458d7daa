#pragma once

/// The text of a page as a table: the columns of Tesseract's TSV, so that programs made for it read ours. Pure, any thread.

#include <string>
#include <string_view>

#include "pipeline/core/page_text.h"

namespace recto::encode {

/// level page_num block_num par_num line_num word_num left top width height conf text
inline constexpr std::string_view kTsvHeading =
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n";

/// A row for the page (level 1), each block (2), its paragraph (3), each line (4) and each word (5), without the heading.
/// Places are in pixels of an image of `width` x `height`; conf is 0 to 100 for words, -1 for all others. `text` from
/// clean_text: no word has a tab or a line end in it. A Chinese run is one word.
[[nodiscard]] std::string tsv_rows(const PageText& text, int page, int width, int height);

} // namespace recto::encode
