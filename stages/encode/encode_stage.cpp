#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/core/digest.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/image_out.h"
#include "stages/encode/access_clean.h"
#include "stages/encode/colour.h"
#include "stages/encode/encode.h"
#include "stages/encode/mixed_raster.h"

namespace recto {
namespace {

const Setting<std::string> kPreservation{
    "encode.preservation", "jpeg", std::vector<std::string_view>{"tiff", "jpeg", "none"},
    "Preservation image of each page, turned and cropped, at full resolution: tiff (lossless; bi-level pages G4), "
    "jpeg, or "
    "none (the masters are kept in any case). TIFF of a colour page costs about 20 MB.",
    "每页的保存图像(已转正、裁边,全分辨率):tiff(无损;二值页用 G4)、jpeg 或 none(无论如何都保留原始扫描件)。彩色页的 "
    "TIFF 约 20 MB。"};
const Setting<std::string> kTiffCompression{"encode.tiff_compression", "lzw",
                                            std::vector<std::string_view>{"lzw", "deflate", "none"},
                                            "Compression of grey and colour TIFF preservation images; all lossless.",
                                            "灰度和彩色 TIFF 保存图像的压缩方式,均为无损。"};
const Setting<std::int64_t> kPreservationQuality{
    "encode.preservation_quality", 90, {50, 100}, "JPEG quality of preservation images.", "保存图像的 JPEG 质量。"};
const Setting<std::int64_t> kAccessDpi{
    "encode.access_dpi",
    200,
    {0, 1200},
    "Resolution of the PDF's and the access images, dots per inch; coarser scans and bi-level pages are left as they "
    "are; 0 "
    "keeps full resolution.",
    "PDF 图像和利用图像的分辨率(dpi);较低分辨率的扫描件和二值页保持不变;0 表示全分辨率。"};
const Setting<std::int64_t> kJpegQuality{"encode.jpeg_quality",
                                         80,
                                         {20, 100},
                                         "JPEG quality of the PDF's and the access images.",
                                         "PDF 图像和利用图像的 JPEG 质量。"};
const Setting<bool> kAccessImages{
    "encode.access_images", false,
    "Keep a JPEG of each page beside the PDF (access/images); grey and colour pages share its bytes with the PDF.",
    "在 PDF 之外为每页保存 JPEG 利用图像(access/images);灰度和彩色页与 PDF 共用同一压缩数据。"};

const Setting<std::string> kPdfImages{
    "pdf.images", "faithful", std::vector<std::string_view>{"faithful", "compact"},
    "How the PDF holds a page. faithful: one picture, its look unchanged. compact: print as a bi-level mask at full "
    "resolution "
    "over small pictures of its colour and of the paper (mixed raster content), about a fifth of the bytes. A page on "
    "which a "
    "seal, a stamp, handwriting, pencil, a picture or a letterhead would visibly lose, or which would hardly become "
    "smaller, is "
    "kept faithful.",
    "PDF "
    "中页面图像的存放方式。faithful:每页一幅图像,外观不变。compact:"
    "文字以全分辨率二值蒙版叠加在低分辨率的字色与纸色图像上"
    "(混合光栅内容 MRC),约为五分之一大小;凡印章、戳记、手写、铅笔、图片或公文红头会有可见损失,或几乎不能变小的页面,"
    "仍按 faithful 存放。"};
const Setting<std::string> kPdfMask{
    "pdf.mask", "jbig2", std::vector<std::string_view>{"jbig2", "g4"},
    "Coding of masks and bi-level pages of compact PDFs, both lossless: jbig2 (generic regions, never symbols, which "
    "may put one "
    "character in another's place) or g4 (a third larger, read by the oldest software).",
    "紧凑型 PDF 中蒙版和二值页的编码,均为无损:jbig2(仅用通用区域,绝不用可能错换字符的符号替换)或 g4(大约三分之一,"
    "最旧的软件也能读取)。"};

const Setting<std::string> kAccessClean{
    "encode.access_clean", "off", std::vector<std::string_view>{"off", "light", "paper"},
    "Gentle clean-up of the PDF's and the access images; masters and preservation images are never touched. off: as "
    "scanned. "
    "light: slow changes of light (a gutter's shadow) are evened. paper: also lightens the paper in its own tone, "
    "fades what "
    "shines through, and paints scanner streaks, punch holes and black outside the paper. Stains and other marks of "
    "age, "
    "seals, stamps, pencil and handwriting stay at every level; a page on which any ink would lose a tenth of its "
    "contrast is "
    "left as it is.",
    "PDF "
    "图像和利用图像的轻度清理;原始扫描件和保存图像从不改动。off:与扫描件一致。light:均匀缓慢的明暗变化(如订口阴影)"
    "。paper:"
    "另按纸张本色提亮纸面,淡化透背字迹,"
    "以纸色填补扫描条纹、装订孔和纸外黑边。任何级别都保留污渍等岁月痕迹、印章、戳记、铅笔"
    "和手写字迹;若某处墨迹的对比度会降低一成以上,则该页保持原样。"};

/// Encodes the images of one page; each distinct image is compressed once.
class Encoder {
  public:
    Encoder(const Settings& settings, FileSystem& fs, const PageInput& in) : settings_(settings), fs_(fs), in_(in) {
        full_ = in.raster;
        if (in.page.treatment.dpi.x > 0) full_.dpi = in.page.treatment.dpi;
        if (!(full_.dpi.x > 0) || !(full_.dpi.y > 0)) full_.dpi = {300, 300, DpiSource::Assumed};
    }

    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }

    Result<EncodedPage> run() {
        if (full_.empty()) return fail("encode.image", "the page has no pixels");
        RECTO_TRY(preservation());
        if (in_.limits.stop.stop_requested()) return fail_retry("encode.stopped", "stopped on request");
        if (full_.mode == ColourMode::Bilevel) RECTO_TRY(bilevel());
        else RECTO_TRY(continuous());
        return std::move(page_);
    }

  private:
    Result<StagedFile> put(const std::string& name, const std::string& bytes, const char* media_type,
                           const Raster& image, const char* role) {
        StagedFile f;
        f.staged_path = join_path(in_.work_folder, name);
        f.media_type = media_type;
        f.role = role;
        f.sha512 = digest_hex(DigestAlgorithm::Sha512, bytes);
        f.size = bytes.size();
        f.width = image.width();
        f.height = image.height();
        f.dpi = image.dpi.x;
        RECTO_TRY(fs_.write(f.staged_path, bytes));
        return f;
    }

    Result<void> preservation() {
        const std::string kind = settings_.get(kPreservation);
        if (kind == "none") return {};
        const bool bilevel = full_.mode == ColourMode::Bilevel;
        StagedFile file;
        if (kind == "tiff" || bilevel) { // JPEG of a bi-level page would be larger and worse.
            const std::string way = settings_.get(kTiffCompression);
            const TiffCompression compression = bilevel            ? TiffCompression::G4
                                                : way == "deflate" ? TiffCompression::Deflate
                                                : way == "none"    ? TiffCompression::None
                                                                   : TiffCompression::Lzw;
            RECTO_ASSIGN(const std::string bytes, write_tiff(full_, compression, "Recto", ""));
            RECTO_ASSIGN(file, put("preservation.tif", bytes, "image/tiff", full_, "preservation"));
            file.logical_path = page_logical_path("preservation", in_.page.order, "tif");
        } else {
            RECTO_ASSIGN(const std::string bytes,
                         write_jpeg(full_, static_cast<int>(settings_.get(kPreservationQuality))));
            RECTO_ASSIGN(file, put("preservation.jpg", bytes, "image/jpeg", full_, "preservation"));
            file.logical_path = page_logical_path("preservation", in_.page.order, "jpg");
        }
        page_.files.push_back(std::move(file));
        return {};
    }

    /// The full image at the resolution of the access copies; shares the pixels when that is its own.
    Raster for_access(const Raster& image) const {
        const auto wanted = static_cast<double>(settings_.get(kAccessDpi));
        if (wanted <= 0) return image;
        // Less than a tenth above is not worth a resampling.
        const double sx = image.dpi.x > wanted * 1.1 ? wanted / image.dpi.x : 1;
        const double sy = image.dpi.y > wanted * 1.1 ? wanted / image.dpi.y : 1;
        if (sx == 1 && sy == 1) return image;
        Raster out = image;
        const cv::Size size(std::max(1, static_cast<int>(std::lround(image.width() * sx))),
                            std::max(1, static_cast<int>(std::lround(image.height() * sy))));
        // Down to a half, four neighbours cover what lies between: as good as areas at a fifth of their time.
        const bool mild = sx >= 0.5 && sy >= 0.5;
        cv::resize(image.pixels, out.pixels = cv::Mat(), size, 0, 0, mild ? cv::INTER_LINEAR : cv::INTER_AREA);
        out.dpi.x = image.dpi.x * size.width / image.width();
        out.dpi.y = image.dpi.y * size.height / image.height();
        return out;
    }

    Result<void> continuous() {
        page_.pdf_filter = "DCTDecode";
        page_.pdf_components = full_.mode == ColourMode::Colour ? 3 : 1;
        // A profile that cannot be used is left aside for the copies; the preservation image and the master keep it.
        auto converted = encode::to_srgb(full_);
        if (!converted) findings_.push_back({"encode.profile", Severity::Info, {converted.error().reason}, false, {}});
        Raster srgb = full_;
        srgb.icc.clear();
        const bool same = !converted || converted->pixels.data == full_.pixels.data;
        if (converted) srgb = std::move(*converted);
        const bool compact = settings_.get(kPdfImages) == "compact";
        if (compact) clean(srgb); // All layers are made from it.
        Raster access = for_access(srgb);
        access.icc.clear();
        if (!compact) clean(access);
        const bool full_size = access.pixels.data == full_.pixels.data;
        const bool shared = same && full_size && !page_.files.empty() && page_.files.front().media_type == "image/jpeg";
        StagedFile one;
        std::string bytes;
        if (shared) one = page_.files.front(); // One compression serves both.
        else { RECTO_ASSIGN(bytes, write_jpeg(access, static_cast<int>(settings_.get(kJpegQuality)), true)); }
        bool layered = false;
        if (compact) { RECTO_ASSIGN(layered, layers(srgb, shared ? one.size : bytes.size())); }
        const bool wanted = settings_.get(kAccessImages);
        if (!shared && (wanted || !layered)) {
            RECTO_ASSIGN(one, put("access.jpg", bytes, "image/jpeg", access, "pdf-image"));
        }
        if (wanted) add_access(one);
        if (layered) return {};
        one.role = "pdf-image";
        one.logical_path.clear();
        page_.pdf_image = std::move(one);
        return {};
    }

    /// The compact form of a page, where it has one that is worth having: true. `one_picture`: bytes of the page as it is else.
    Result<bool> layers(const Raster& srgb, std::uint64_t one_picture) {
        if (in_.limits.stop.stop_requested()) return fail_retry("encode.stopped", "stopped on request");
        RECTO_ASSIGN(const encode::MixedResult made, encode::make_mixed_raster(srgb));
        if (!made.layers) return false;
        if (!made.loss.within()) {
            findings_.push_back({"encode.kept_faithful",
                                 Severity::Info,
                                 {std::to_string(static_cast<int>(std::lround(100 * (1 - made.loss.ink_kept)))),
                                  std::to_string(static_cast<int>(std::lround(100 * made.loss.gone))),
                                  fmt::format("{:.1f}", made.loss.colour)},
                                 false,
                                 {}});
            return false;
        }
        std::vector<std::string> masks;
        std::size_t size = made.layers->background_jpeg.size();
        for (const encode::InkLayer& ink : made.layers->inks) {
            RECTO_ASSIGN(std::string mask, write_mask(ink.mask));
            size += mask.size() + ink.colours_jpeg.size();
            masks.push_back(std::move(mask));
        }
        constexpr double kWorthwhile = 0.8; // of the bytes of the one picture
        if (static_cast<double>(size) > kWorthwhile * static_cast<double>(one_picture)) return false;
        RECTO_ASSIGN(page_.pdf_image, put("background.jpg", made.layers->background_jpeg, "image/jpeg",
                                          made.layers->background, "pdf-image"));
        for (std::size_t k = 0; k < masks.size(); ++k) {
            const encode::InkLayer& ink = made.layers->inks[k];
            PdfInk out;
            out.mask_filter = mask_filter();
            out.components = page_.pdf_components;
            RECTO_ASSIGN(out.mask, put(fmt::format("mask{}", k), masks[k], mask_type(), ink.mask, "pdf-image"));
            RECTO_ASSIGN(out.colours, put(fmt::format("colours{}.jpg", k), ink.colours_jpeg, "image/jpeg", ink.colours,
                                          "pdf-image"));
            page_.pdf_inks.push_back(std::move(out));
        }
        return true;
    }

    /// Bytes of a mask or a bi-level page, by the setting.
    Result<std::string> write_mask(const Raster& mask) const { return jbig2() ? write_jbig2(mask) : write_g4(mask); }
    const char* mask_filter() const { return jbig2() ? "JBIG2Decode" : "CCITTFaxDecode"; }
    const char* mask_type() const { return jbig2() ? "image/x-jbig2" : "image/tiff"; }
    bool jbig2() const { return settings_.get(kPdfImages) == "compact" && settings_.get(kPdfMask) == "jbig2"; }

    /// By the setting, the gentle clean-up of what people are given.
    void clean(Raster& access) {
        const encode::AccessClean level = encode::parse_access_clean(settings_.get(kAccessClean));
        if (level == encode::AccessClean::Off) return;
        encode::AccessCleaning cleaned = encode::clean_for_people(
            access, level, encode::known_marks(in_.page.treatment, in_.page.findings, access.width(), access.height()));
        page_.access_clean = std::move(cleaned.record);
        access = std::move(cleaned.image);
        if (cleaned.vetoed)
            findings_.push_back({"encode.clean_vetoed",
                                 Severity::Info,
                                 {std::to_string(static_cast<int>(std::lround(100 * (1 - cleaned.ink_kept))))},
                                 false,
                                 {}});
    }

    Result<void> bilevel() {
        RECTO_ASSIGN(const std::string bytes, write_mask(full_));
        RECTO_ASSIGN(page_.pdf_image, put("access.bits", bytes, mask_type(), full_, "pdf-image"));
        page_.pdf_filter = mask_filter();
        page_.pdf_components = 1;
        if (!settings_.get(kAccessImages)) return {};
        Raster grey = full_;
        grey.mode = ColourMode::Grey;
        const Raster access = for_access(grey);
        RECTO_ASSIGN(const std::string jpeg, write_jpeg(access, static_cast<int>(settings_.get(kJpegQuality)), true));
        RECTO_ASSIGN(StagedFile file, put("access.jpg", jpeg, "image/jpeg", access, "access-image"));
        add_access(std::move(file));
        return {};
    }

    void add_access(StagedFile file) {
        file.role = "access-image";
        file.logical_path = page_logical_path("access/images", in_.page.order, "jpg");
        page_.files.push_back(std::move(file));
    }

    const Settings& settings_;
    FileSystem& fs_;
    const PageInput& in_;
    Raster full_;
    EncodedPage page_;
    std::vector<Finding> findings_;
};

class EncodeWorker final : public PageWorker {
  public:
    EncodeWorker(const Settings& settings, std::shared_ptr<FileSystem> fs) : settings_(settings), fs_(std::move(fs)) {}
    Result<nlohmann::json> run(const PageInput& in) override {
        try {
            Encoder encoder(settings_, *fs_, in);
            RECTO_ASSIGN(const EncodedPage page, encoder.run());
            nlohmann::json out = page;
            if (!encoder.findings().empty()) out["findings"] = encoder.findings();
            return out;
        } catch (const std::exception& e) { return fail("encode.image", e.what()); }
    }

  private:
    const Settings& settings_;
    std::shared_ptr<FileSystem> fs_;
};

class EncodeStage final : public PageStage {
  public:
    const StageInfo& info() const override { return info_; }
    Result<void> open(const StageContext& context) override {
        RECTO_TRY(PageStage::open(context));
        if (context.settings->get(kAccessClean) != "off") info_.peak_bytes_per_pixel += 25;   // its maps of marks
        if (context.settings->get(kPdfImages) == "compact") info_.peak_bytes_per_pixel += 40; // likewise, and of edges
        return {};
    }
    std::unique_ptr<PageWorker> make_worker() const override {
        return std::make_unique<EncodeWorker>(*context_.settings, posix_file_system());
    }

  private:
    StageInfo info_{.name = "encode",
                    .version = 3,
                    .settings = {&kPreservation, &kTiffCompression, &kPreservationQuality, &kAccessDpi, &kJpegQuality,
                                 &kAccessImages, &kAccessClean, &kPdfImages, &kPdfMask},
                    .inputs = {},
                    .peak_bytes_per_pixel =
                        12, // Converted copy 3, smaller copy 2, its coefficients 3, encoded bytes at worst 4.
                    .peak_fixed_bytes = std::size_t{8} << 20,
                    .english = "Makes the preservation image, the access image and the PDF's image of each page.",
                    .chinese = "生成每页的保存图像、利用图像和 PDF 图像。"};
};

} // namespace

std::unique_ptr<PageStage> make_encode_stage() { return std::make_unique<EncodeStage>(); }

} // namespace recto
