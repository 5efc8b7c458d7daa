#pragma once

/// hOCR 1.2 (http://kba.cloud/hocr-spec/1.2/): the text of pages as XHTML with places and confidences in `title`. Pure, any
/// thread; equal input gives equal bytes.

#include <string>
#include <vector>

#include "pipeline/core/page_text.h"

namespace recto::encode {

struct HocrPage {
    const PageText* text = nullptr; ///< From clean_text.
    std::string image;              ///< As the document refers to it: a relative reference, or a file's name.
    int width = 0, height = 0;      ///< Of that image, pixels: places are in these.
    int number = 1;                 ///< Logical page, from 1.
    double dpi_x = 0, dpi_y = 0;    ///< 0: not known, not said.
};

/// One document with all `pages`. ocr_page holds ocr_carea (a block), this one ocr_par, ocr_line and ocrx_word; characters
/// that an engine placed are ocrx_cinfo. Blocks without lines are ocr_image or ocr_separator. A line that runs down the
/// page has `writing-mode: vertical-rl` as its style. Words that no space parts have none between them.
[[nodiscard]] std::string write_hocr(const std::vector<HocrPage>& pages, const std::string& software,
                                     const std::string& title);

} // namespace recto::encode
