#pragma once

/// The things of the archive and their identity: source file, image, page, item.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/core/finding.h"
#include "pipeline/core/ids.h"
#include "pipeline/core/raster.h"
#include "pipeline/core/transform.h"

namespace recto {

/// How and when a source was captured, from TIFF and EXIF tags or from the operator's word. Empty = not known.
struct CaptureFacts {
    std::string device;   ///< Make and model, or --device.
    std::string software; ///< Scanning software.
    std::string operator_name, station;
    std::string time; ///< RFC 3339, or as written in the tag when it has no zone ("2026:03:17 10:00:00").
};

/// One image inside a source, as its header says it. Nothing is decoded to learn this.
struct ImageInfo {
    int width = 0, height = 0; ///< Pixels as stored.
    int bits_per_sample = 0, samples = 0;
    std::string photometric; ///< "bilevel", "grey", "palette", "rgb", "cmyk", "ycbcr", "lab", ...
    std::string compression; ///< "none", "lzw", "g4", "jpeg", "deflate", "jpeg2000", ...
    Dpi dpi;                 ///< source == File only when present and credible (20 to 4800).
    int orientation = 1;     ///< EXIF/TIFF orientation tag, 1 to 8.
    bool has_icc = false;
    bool rendered = false;         ///< PDF page that had to be rendered instead of extracted.
    std::vector<Finding> findings; ///< "decode.*" remarks, e.g. resolution not credible, alpha dropped.
};

/// A file as it was delivered. Its bytes are never changed.
struct Source {
    std::string path;           ///< Where it was read from, UTF-8 as far as it decodes; absolute.
    std::string original_name;  ///< File name as delivered, decoded to NFC UTF-8 for display.
    std::string original_bytes; ///< The same name as bytes, percent-encoded where not printable ASCII.
    std::string sha512;         ///< Digest at intake.
    std::uint64_t size = 0;     ///< Bytes.
    std::string media_type;     ///< "image/tiff", "image/jpeg", "image/png", "image/jp2", "application/pdf".
    std::string extension;      ///< Of the master's name: "tif", "jpg", "png", "jp2", "pdf".
    CaptureFacts capture;
    std::vector<ImageInfo> images;
};

/// Which image of which of an item's sources.
struct ImageRef {
    int source = 0; ///< Index into Item::sources, from 0.
    int index = 0;  ///< Image in that source, from 0.
};

/// Frozen names: persisted.
enum class PageClass { Body, Cover, Contents, Blank, BlankVerso, BackNote, Separator, Target };
[[nodiscard]] std::string_view
to_string(PageClass c); ///< "body" "cover" "contents" "blank" "blank-verso" "back-note" "separator" "target"
[[nodiscard]] PageClass parse_page_class(std::string_view name); ///< Unknown reads as Body.
/// True for pages that bear text or pictures of the record itself and count as 页 by DA/T 22.
[[nodiscard]] bool counts_as_page(PageClass c);

/// What treatment found and decided for one page; the parameters, never the pixels.
struct PageTreatment {
    Transform transform;     ///< Source image -> page image at full resolution.
    int orientation_deg = 0; ///< Clockwise turn applied: 0, 90, 180, 270.
    double orientation_confidence = 0;
    double skew_deg = 0;          ///< Measured in the upright page; > 0: content turned clockwise.
    double skew_confidence = 0;   ///< 0 to 1.
    double residual_skew_deg = 0; ///< Measured again after turning.
    bool deskewed = false;        ///< False: within tolerance, unsure or vetoed, left as it is.
    bool has_quad = false;
    Quad quad{}; ///< Page corners in source pixels, when the paper's edge was found.
    double quad_confidence = 0;
    bool cropped = false;
    bool blank = false;
    double ink_ratio = 0;               ///< Share of ink pixels, 0 to 1.
    double target = 0;                  ///< Confidence, 0 to 1, that it is a test target: a colour chart, a grey wedge.
    double sharpness = 0, contrast = 0; ///< 0 to 1, higher is better.
    Dpi dpi;                            ///< Resolution of the page image.
    std::string split;                  ///< "" or "left", "right": which half of a spread, as a reader sees it upright.
    std::string signature;              ///< 64-bit perceptual hash, hex; for duplicates within an item.
    std::vector<Finding> findings;
};

/// A separator sheet or barcode found on an image.
struct Separator {
    std::string kind;  ///< "code128", "qr", "patch-t", ...; empty when the image is no separator.
    std::string value; ///< The 档号, for barcodes.
};

/// Result of the treatment stage for one image: one page, or two for a spread.
struct ImageTreatment {
    std::vector<PageTreatment> pages;
    Separator separator;
    /// Barcodes on an image that is no separator sheet, by kind and value: a label on a letter. Grouping decides whether
    /// one of them is a 档号 with which an item begins; the page stays a page.
    std::vector<Separator> codes;
    std::vector<Finding> findings; ///< About the image as a whole.
};

void to_json(nlohmann::json& j, const CaptureFacts& c);
void from_json(const nlohmann::json& j, CaptureFacts& c);
void to_json(nlohmann::json& j, const Dpi& d); ///< {"x","y","source"}
void from_json(const nlohmann::json& j, Dpi& d);
void to_json(nlohmann::json& j, const ImageInfo& i);
void from_json(const nlohmann::json& j, ImageInfo& i);
void to_json(nlohmann::json& j, const Source& s);
void from_json(const nlohmann::json& j, Source& s);
void to_json(nlohmann::json& j, const PageTreatment& t);
void from_json(const nlohmann::json& j, PageTreatment& t);
void to_json(nlohmann::json& j, const ImageTreatment& t);
void from_json(const nlohmann::json& j, ImageTreatment& t);

} // namespace recto
