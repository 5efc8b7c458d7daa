#pragma once

/// PDF/A-2u (ISO 19005-2, level U): one image a page and the text over it, invisible, each word on its print.
///
/// The text layer uses a blank TrueType font of our own. Each pair of (character, advance) has a CID of its own, so one Tj
/// shows a whole line with exact advances: spacing adjustments (TJ) would make readers see spaces inside Chinese words.

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/core/page_text.h"
#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto::encode {

struct PdfImage {
    std::string path;   ///< Encoded bytes, put into the PDF as they are; read when the PDF is written. Empty: no image.
    std::string filter; ///< "DCTDecode" (8 bits), "CCITTFaxDecode" (G4, 1 bit), "JBIG2Decode" (1 bit, embedded stream),
                        ///< "FlateDecode" (8 bits, no predictor).
    int width = 0, height = 0; ///< Pixels.
    int components = 3;        ///< 1 = grey (or bilevel), 3 = sRGB.
};

/// `colours` drawn over the whole page, where the bi-level `mask` is black.
struct PdfMasked {
    PdfImage colours, mask;
};

struct PdfPage {
    double width_pt = 0, height_pt = 0; ///< 1/72 inch; brought into PDF's 3 to 14400.
    PdfImage image;
    std::vector<PdfMasked> inks;    ///< Drawn over `image` in this order.
    const PageText* text = nullptr; ///< From clean_text; null for none. Must outlive write_pdf.
    std::string label;              ///< Printed page number; empty when none.
};

struct PdfBookmark {
    std::string title;
    int page = 0; ///< From 0.
};

struct PdfDocument {
    std::string title, author, identifier, keywords;
    std::string language; ///< BCP 47, "zh-CN".
    std::string software; ///< "recto 0.1.0"
    std::string created;  ///< RFC 3339; the only time in the file.
    std::vector<PdfPage> pages;
    std::vector<PdfBookmark> bookmarks;
    bool fast_web_view = false; ///< Linearized.
};

struct WrittenFile {
    std::string sha512;
    std::uint64_t size = 0;
};

/// Writes `document` to `path`; images are streamed, so memory does not grow with the number of pages beyond their text.
/// Equal input gives equal bytes. Any thread. Errors: "encode.pdf", and those of the file system.
Result<WrittenFile> write_pdf(FileSystem& fs, const PdfDocument& document, const std::string& path);

/// "D:20261122171500+08'00'" of an RFC 3339 time.
[[nodiscard]] std::string pdf_date(const std::string& rfc3339);

} // namespace recto::encode
