// PDF: each page's scan taken out as it is stored, else the page rendered.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "pipeline/files/pdf_page.h"

#include <qpdf/QPDFExc.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>

namespace recto::files {
namespace {

/// How one page is read, decided from its dictionary and content alone.
struct Plan {
    std::optional<PdfImage> image; ///< Nothing: rendered.
    int width = 0, height = 0;     ///< Pixels of the raster.
    int orientation = 1;
    double dpi_x = 0, dpi_y = 0;
    double resolution = 0; ///< For the renderer: pixels per 72 units.
    bool one_bit = false;
    PdfMatrix shown_to_pixels; ///< From the page as it is shown (points from its top left, y downwards) to the raster.
    bool shows_text = false, hides_text = false;
};

/// From a page as it is shown to its own coordinates, points.
PdfMatrix shown_to_page(const PdfBox& box, int rotate) {
    switch (rotate) {
    case 90: return {0, 1, 1, 0, box.x0, box.y0};
    case 180: return {-1, 0, 0, 1, box.x1, box.y0};
    case 270: return {0, -1, -1, 0, box.x1, box.y1};
    default: return {1, 0, 0, -1, box.x0, box.y1};
    }
}

/// EXIF orientation of an image whose unit square is placed by `m` on a page turned by `rotate`; 0 when it is skewed.
int orientation_of(const PdfMatrix& m, int rotate) {
    // Where the image's right and down point on the page as shown, y downwards.
    double rx = m.a, ry = -m.b, dx = -m.c, dy = m.d;
    for (int i = 0; i < rotate / 90; ++i) {
        std::swap(rx, ry);
        rx = -rx;
        std::swap(dx, dy);
        dx = -dx;
    }
    const auto axis = [](double x, double y) { // 1 right, 2 down, -1 left, -2 up, 0 oblique.
        if (std::abs(y) <= 0.005 * std::abs(x)) return x > 0 ? 1 : -1;
        if (std::abs(x) <= 0.005 * std::abs(y)) return y > 0 ? 2 : -2;
        return 0;
    };
    const int right = axis(rx, ry), down = axis(dx, dy);
    static constexpr int kTable[8][2] = {{1, 2}, {-1, 2}, {-1, -2}, {1, -2}, {2, 1}, {2, -1}, {-2, -1}, {-2, 1}};
    for (int i = 0; i < 8; ++i)
        if (kTable[i][0] == right && kTable[i][1] == down) return i + 1;
    return 0;
}

Plan plan_page(const Input& in, QPDF& pdf, QPDFPageObjectHelper page) {
    Plan plan;
    const PageContent content = examine_page(pdf, page);
    plan.shows_text = content.shows_text;
    plan.hides_text = content.hides_text;
    const double across = content.box.width() * content.user_unit / 72,
                 down = content.box.height() * content.user_unit / 72;
    int scan_width = 0, scan_height = 0;
    bool lies = false; ///< The scan is shown turned by a quarter.
    if (content.scan) {
        const int orientation = orientation_of(content.placed, content.rotate);
        QPDFObjectHandle dict = QPDFObjectHandle(*content.scan).getDict();
        const auto side = [&](const char* key) {
            QPDFObjectHandle v = dict.getKey(key);
            return v.isInteger() ? static_cast<int>(std::clamp<long long>(v.getIntValue(), 0, 1 << 24)) : 0;
        };
        scan_width = side("/Width");
        scan_height = side("/Height");
        lies = orientation >= 5;
        auto image = orientation == 0 ? std::nullopt : describe_image(*content.scan);
        if (image && image->width > 0 && image->height > 0) {
            plan.width = image->width;
            plan.height = image->height;
            plan.orientation = orientation;
            const auto& m = content.placed;
            plan.dpi_x = image->width * 72 / (std::hypot(m.a, m.b) * content.user_unit);
            plan.dpi_y = image->height * 72 / (std::hypot(m.c, m.d) * content.user_unit);
            const double area = m.a * m.d - m.b * m.c;
            const PdfMatrix to_square{m.d / area,
                                      -m.b / area,
                                      -m.c / area,
                                      m.a / area,
                                      (m.c * m.f - m.d * m.e) / area,
                                      (m.b * m.e - m.a * m.f) / area};
            const auto wide = static_cast<double>(image->width), high = static_cast<double>(image->height);
            plan.shown_to_pixels =
                shown_to_page(content.box, content.rotate).before(to_square).before({wide, 0, 0, -high, 0, high});
            plan.image = std::move(image);
            return plan;
        }
    }
    // Rendered as the page is shown: upright. Images alone keep about their own resolution; print gets at least 300.
    const bool turned = content.rotate % 180 != 0;
    const double wide = turned ? down : across, high = turned ? across : down;
    double dpi = content.only_images && content.image_dpi > 0
                     ? std::clamp(content.image_dpi, 100.0, content.one_bit ? 1200.0 : 600.0)
                     : std::clamp(content.image_dpi, 300.0, 600.0);
    if (std::abs(dpi - std::round(dpi)) < 0.15) dpi = std::round(dpi);
    // An A0 sheet at 300 dpi is 140 million pixels; more is a poster of unknown purpose.
    const double pixels = 0.99 * static_cast<double>(std::min<std::uint64_t>(in.limits.max_pixels, 160'000'000));
    dpi = std::min(dpi, std::sqrt(pixels / std::max(wide * high, 1e-6)));
    plan.one_bit = content.one_bit && content.only_images;
    const double units_wide = wide * 72 / content.user_unit, units_high = high * 72 / content.user_unit;
    plan.resolution = dpi * content.user_unit;
    // A scan that only the renderer reads (JBIG2) comes out pixel for pixel if its grid is met. Poppler rounds a page's
    // size up, and an image's far edge up to the next whole pixel even when it is whole: hence a hair less.
    if (lies) std::swap(scan_width, scan_height);
    const double largest = std::min(scan_width * 72 / units_wide, scan_height * 72 / units_high);
    const double smallest = std::max((scan_width - 1) * 72 / units_wide, (scan_height - 1) * 72 / units_high);
    const double exact = largest - 0.02 * (largest - smallest);
    if (scan_width > 0 && scan_height > 0 && largest > smallest &&
        static_cast<double>(scan_width) * scan_height <= static_cast<double>(in.limits.max_pixels))
        plan.resolution = exact;
    const auto side = [&](double units) {
        return static_cast<int>(std::clamp(std::ceil(units * plan.resolution / 72 - 1e-9), 1.0, 16'777'216.0));
    };
    plan.shown_to_pixels = {plan.resolution / 72, 0, 0, plan.resolution / 72, 0, 0};
    plan.width = side(units_wide);
    plan.height = side(units_high);
    plan.dpi_x = plan.width / wide;
    plan.dpi_y = plan.height / high;
    return plan;
}

const char* photometric_of(const PdfImage& image) {
    switch (image.space) {
    case PdfImage::Space::Grey: return image.bits == 1 ? "bilevel" : "grey";
    case PdfImage::Space::Rgb: return image.kind == PdfImage::Kind::Jpeg ? "ycbcr" : "rgb";
    case PdfImage::Space::Cmyk: return "cmyk";
    case PdfImage::Space::Indexed: return "palette";
    case PdfImage::Space::FromData: break;
    }
    return "other";
}

ImageInfo describe(const Plan& plan) {
    ImageInfo info;
    info.width = plan.width;
    info.height = plan.height;
    info.orientation = plan.orientation;
    Resolution resolution = resolve_dpi(plan.width, plan.height, plan.dpi_x, plan.dpi_y);
    info.dpi = resolution.dpi;
    info.findings = std::move(resolution.findings);
    if (!plan.image) {
        info.rendered = true;
        info.bits_per_sample = plan.one_bit ? 1 : 8;
        info.samples = plan.one_bit ? 1 : 3;
        info.photometric = plan.one_bit ? "bilevel" : "rgb";
        info.compression = "pdf";
        info.findings.push_back(remark("decode.rendered", Severity::Info, {fmt::format("{:.0f}", plan.dpi_x)}));
        return info;
    }
    const PdfImage& image = *plan.image;
    info.bits_per_sample = image.bits;
    info.samples = image.components();
    info.photometric = photometric_of(image);
    info.has_icc = !image.icc.empty();
    switch (image.kind) {
    case PdfImage::Kind::Jpeg: info.compression = "jpeg"; break;
    case PdfImage::Kind::Jpeg2000: info.compression = "jpeg2000"; break;
    case PdfImage::Kind::Ccitt: info.compression = image.group4 ? "g4" : "g3"; break;
    case PdfImage::Kind::Samples: info.compression = image.leading_filters == 0 ? "none" : "deflate"; break;
    }
    if (image.bits > 8)
        info.findings.push_back(remark("decode.reduced_to_8_bits", Severity::Info, {std::to_string(image.bits)}));
    if (image.space == PdfImage::Space::Cmyk)
        info.findings.push_back(remark(info.has_icc ? "decode.cmyk_by_profile" : "decode.cmyk_plain", Severity::Info));
    return info;
}

std::string info_text(QPDF& pdf, const char* key) {
    QPDFObjectHandle info = pdf.getTrailer().getKey("/Info");
    if (!info.isDictionary() || !info.getKey(key).isString()) return {};
    return tag_text(info.getKey(key).getUTF8Value());
}

/// ISO 32000-2, 7.9.4: D:YYYYMMDDHHmmSSOHH'mm, to RFC 3339 when it is complete.
std::string pdf_time(const std::string& s) {
    if (!s.starts_with("D:") || s.size() < 16) return {};
    const std::string d = s.substr(2, 14);
    if (d.find_first_not_of("0123456789") != std::string::npos) return s;
    const std::string t = fmt::format("{}-{}-{}T{}:{}:{}", d.substr(0, 4), d.substr(4, 2), d.substr(6, 2),
                                      d.substr(8, 2), d.substr(10, 2), d.substr(12, 2));
    if (s.size() >= 17 && s[16] == 'Z') return t + "Z";
    if (s.size() >= 22 && (s[16] == '+' || s[16] == '-')) return t + s.substr(16, 3) + ":" + s.substr(20, 2);
    return t;
}

std::string reason_of(const std::exception& e) {
    const auto* q = dynamic_cast<const QPDFExc*>(&e);
    return tag_text(q != nullptr ? q->getMessageDetail() : e.what());
}

} // namespace

Result<std::unique_ptr<QPDF>> open_pdf(const Input& in) {
    auto pdf = std::make_unique<QPDF>();
    pdf->setSuppressWarnings(true);
    try {
        pdf->processMemoryFile("file", reinterpret_cast<const char*>(in.bytes.data()), in.bytes.size());
    } catch (const QPDFExc& e) {
        if (e.getErrorCode() == qpdf_e_password) return fail("decode.encrypted", "a password is needed", in.path);
        if (e.getErrorCode() == qpdf_e_unsupported && e.getMessageDetail().find("ncrypt") != std::string::npos)
            return fail("decode.encrypted", reason_of(e), in.path);
        return fail("decode.damaged", reason_of(e), in.path);
    } catch (const std::bad_alloc&) { throw; } catch (const std::exception& e) {
        return fail("decode.damaged", reason_of(e), in.path);
    }
    return pdf;
}

Result<Source> probe_pdf(const Input& in) {
    RECTO_ASSIGN(const std::unique_ptr<QPDF> pdf, open_pdf(in));
    Source source;
    source.media_type = "application/pdf";
    source.extension = "pdf";
    try {
        const auto pages = QPDFPageDocumentHelper(*pdf).getAllPages();
        if (pages.empty()) return fail("decode.empty", "the PDF has no pages", in.path);
        for (const auto& page : pages) {
            try {
                const Plan plan = plan_page(in, *pdf, page);
                if (auto size = check_size(in, static_cast<std::uint64_t>(plan.width),
                                           static_cast<std::uint64_t>(plan.height), 0);
                    !size) {
                    ImageInfo info;
                    info.findings.push_back(remark(size.error().code, Severity::Error, {size.error().reason}));
                    source.images.push_back(std::move(info));
                    continue;
                }
                source.images.push_back(describe(plan));
            } catch (const std::bad_alloc&) { throw; } catch (const std::exception& e) {
                source.images.push_back(damaged_image(reason_of(e)));
            }
        }
        source.capture.software = info_text(*pdf, "/Creator");
        if (source.capture.software.empty()) source.capture.software = info_text(*pdf, "/Producer");
        source.capture.time = pdf_time(info_text(*pdf, "/CreationDate"));
        if (pdf->anyWarnings()) {
            const auto warnings = pdf->getWarnings();
            const std::string first = warnings.empty() ? std::string() : reason_of(warnings.front());
            source.images.front().findings.push_back(remark("decode.pdf_repaired", Severity::Warning, {first}));
        }
    } catch (const QPDFExc& e) { return fail("decode.damaged", reason_of(e), in.path); }
    return source;
}

Result<SourceText> text_of_pdf(const Input& in, int index) {
    RECTO_ASSIGN(const std::unique_ptr<QPDF> pdf, open_pdf(in));
    try {
        const auto pages = QPDFPageDocumentHelper(*pdf).getAllPages();
        if (index < 0 || static_cast<std::size_t>(index) >= pages.size())
            return fail("decode.no_such_image", fmt::format("the file has {} pages", pages.size()), in.path, index + 1);
        const Plan plan = plan_page(in, *pdf, pages[static_cast<std::size_t>(index)]);
        RECTO_ASSIGN(SourceText text, read_pdf_text(in, index + 1, plan.shown_to_pixels));
        text.printed = plan.shows_text;
        text.hidden = plan.hides_text;
        return text;
    } catch (const QPDFExc& e) { return fail("decode.damaged", reason_of(e), in.path, index + 1); }
}

Result<Raster> decode_pdf(const Input& in, int index) {
    RECTO_ASSIGN(const std::unique_ptr<QPDF> pdf, open_pdf(in));
    try {
        const auto pages = QPDFPageDocumentHelper(*pdf).getAllPages();
        if (static_cast<std::size_t>(index) >= pages.size())
            return fail("decode.no_such_image", fmt::format("the file has {} pages", pages.size()), in.path, index + 1);
        const Plan plan = plan_page(in, *pdf, pages[static_cast<std::size_t>(index)]);
        Raster r;
        if (plan.image) {
            RECTO_ASSIGN(r, decode_pdf_image(in, *pdf, *plan.image, index + 1));
        } else {
            RECTO_ASSIGN(r, render_pdf_page(in, index + 1, plan.resolution, plan.width, plan.height));
            if (r.mode == ColourMode::Colour && is_grey(r.pixels)) {
                cv::Mat grey = in.make(r.pixels.rows, r.pixels.cols, CV_8UC1);
                cv::extractChannel(r.pixels, grey, 0);
                r.pixels = grey;
                r.mode = plan.one_bit && is_black_and_white(grey) ? ColourMode::Bilevel : ColourMode::Grey;
            }
        }
        r.dpi = resolve_dpi(plan.width, plan.height, plan.dpi_x, plan.dpi_y).dpi;
        return r;
    } catch (const QPDFExc& e) { return fail("decode.damaged", reason_of(e), in.path, index + 1); }
}

} // namespace recto::files
