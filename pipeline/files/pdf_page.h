#pragma once

/// How the picture of a PDF page is got: taken out as it was stored when one scan fills the page, else rendered.
/// Internal to pipeline/files.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#ifndef POINTERHOLDER_TRANSITION
#define POINTERHOLDER_TRANSITION 4 // qpdf 11: std::shared_ptr only.
#endif
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFPageObjectHelper.hh>

#include "pipeline/files/decode_internal.h"

namespace recto::files {

/// PDF matrix [a b c d e f]: (x, y) to (ax + cy + e, bx + dy + f), y upwards, points.
struct PdfMatrix {
    double a = 1, b = 0, c = 0, d = 1, e = 0, f = 0;
    [[nodiscard]] PdfMatrix before(const PdfMatrix& next) const; ///< This one, then `next`.
};

struct PdfBox {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    [[nodiscard]] double width() const { return x1 - x0; }
    [[nodiscard]] double height() const { return y1 - y0; }
    [[nodiscard]] double area() const { return width() > 0 && height() > 0 ? width() * height() : 0; }
    [[nodiscard]] PdfBox cut(const PdfBox& o) const;
};

/// What is painted on a page.
struct PageContent {
    PdfBox box;     ///< Crop box within the media box, points (user unit applied to none of this).
    int rotate = 0; ///< Clockwise, 0 90 180 270.
    double user_unit = 1;
    std::optional<QPDFObjectHandle> scan; ///< The one image that makes up the page, unmasked.
    PdfMatrix placed;                     ///< Of the scan's unit square.
    bool only_images = true;              ///< Nothing but images is visible.
    bool one_bit = true;                  ///< Every visible image has one bit a pixel.
    bool shows_text = false;              ///< Text is painted and not painted over by a scan.
    bool hides_text = false;              ///< Some text is not painted, or painted over.
    double image_dpi = 0;                 ///< Of the image with the largest area or its mask, the finer one; 0 when there is none.
};
/// Interprets the content stream as far as needed to know that. Throws what qpdf throws.
PageContent examine_page(QPDF& pdf, QPDFPageObjectHelper page);

/// Data of an image as stored, ready for a decoder.
struct PdfImage {
    enum class Kind { Jpeg, Jpeg2000, Ccitt, Samples };
    enum class Space { Grey, Rgb, Cmyk, Indexed, FromData };
    Kind kind = Kind::Samples;
    QPDFObjectHandle stream;
    std::size_t leading_filters = 0; ///< Lossless filters before the image's own.
    int width = 0, height = 0, bits = 8;
    Space space = Space::Grey;
    bool inverted = false; ///< The Decode array runs from 1 to 0.
    std::vector<std::uint8_t> icc;
    std::vector<std::array<std::uint8_t, 3>> palette;             ///< RGB, for Indexed.
    bool black_is_1 = false, group4 = true, byte_aligned = false; ///< CCITT; not group 4: one-dimensional group 3.
    [[nodiscard]] int components() const { return space == Space::Rgb ? 3 : space == Space::Cmyk ? 4 : 1; }
};
/// Nothing when only a renderer can show it right (JBIG2, masks, odd colour spaces or Decode arrays).
std::optional<PdfImage> describe_image(QPDFObjectHandle stream);
/// The stored bytes: the JPEG or JPEG 2000 file, the CCITT data, or the samples after lossless filters.
Result<std::string> image_bytes(QPDF& pdf, const PdfImage& image, const std::string& path, int page);
Result<Raster> decode_pdf_image(const Input& in, QPDF& pdf, const PdfImage& image, int page);

/// Runs pdftoppm on page `page` (from 1) at `resolution` pixels per 72 units, which gives `width` x `height` pixels; it
/// ends with this thread and at the time limit.
Result<Raster> render_pdf_page(const Input& in, int page, double resolution, int width, int height);

/// The page's text layer by pdftotext, in pixels by `shown_to_pixels`: from points of the page as it is shown, y downwards.
/// Errors: "decode.text_layer", "decode.no_pdftotext".
Result<SourceText> read_pdf_text(const Input& in, int page, const PdfMatrix& shown_to_pixels);

/// Opens a PDF; "decode.encrypted" when it asks for a password.
Result<std::unique_ptr<QPDF>> open_pdf(const Input& in);

} // namespace recto::files
