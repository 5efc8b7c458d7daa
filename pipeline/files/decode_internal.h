#pragma once

/// What the decoders of the formats share. Internal to pipeline/files: others include decode.h.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/model.h"
#include "pipeline/core/result.h"
#include "pipeline/files/decode.h"

namespace recto::files {

using Bytes = std::span<const std::uint8_t>;

/// Makes the pixels of a raster; the worker hands out shared memory here, so that nothing is copied afterwards. The
/// content of what it returns is undefined. Throws std::bad_alloc or cv::Exception when there is no memory.
using PixelMaker = std::function<cv::Mat(int rows, int cols, int type)>;

/// A file mapped for reading. A file cut short by somebody while it is read raises SIGBUS: the child dies and that is
/// the file's error.
class MappedFile {
  public:
    static Result<MappedFile> open(const std::string& path);
    MappedFile(MappedFile&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
    MappedFile& operator=(MappedFile&&) = delete;
    ~MappedFile();
    [[nodiscard]] Bytes bytes() const { return {data_, size_}; }

  private:
    MappedFile() = default;
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

enum class Format { Unknown, Tiff, Jpeg, Png, Jp2, J2k, Pdf };
[[nodiscard]] Format format_of(Bytes head);

/// One request on one file.
struct Input {
    const std::string& path; ///< For messages, and for the PDF renderer.
    Bytes bytes;             ///< The whole file.
    const DecodeLimits& limits;
    const PixelMaker& make;
};

Result<Source> probe_tiff(const Input& in);
Result<Raster> decode_tiff(const Input& in, int index);
Result<Source> probe_jpeg(const Input& in);
Result<Raster> decode_jpeg(const Input& in, int index);
Result<Source> probe_png(const Input& in);
Result<Raster> decode_png(const Input& in, int index);
Result<Source> probe_jp2(const Input& in);
Result<Raster> decode_jp2(const Input& in, int index);
Result<Source> probe_pdf(const Input& in);
Result<Raster> decode_pdf(const Input& in, int index);
Result<SourceText> text_of_pdf(const Input& in, int index);

/// probe_here and decode_here with the place of the pixels chosen by the caller.
Result<Source> probe_file(const std::string& path, const DecodeLimits& limits);
Result<Raster> decode_file(const std::string& path, int index, const DecodeLimits& limits, const PixelMaker& make);

// ---- sizes ---------------------------------------------------------------------------------------------------------

/// "decode.too_large" or "decode.damaged" unless 1 <= width, height and their product is within the limit.
Result<void> check_size(const Input& in, std::uint64_t width, std::uint64_t height, int page);

// ---- resolution (resolution.cpp) -----------------------------------------------------------------------------------

struct Resolution {
    Dpi dpi;
    std::vector<Finding> findings; ///< "decode.dpi_*"
};

/// Judges the resolution a file declares (0 = none). Credible: 20 to 4800 dpi, and not a program's default of 72 or 96
/// on a picture that would be larger than A3. One credible axis serves for both. Else the resolution is inferred: the
/// usual scanning resolution at which the pixels are a sheet of a known size; failing that 300 dpi is assumed.
[[nodiscard]] Resolution resolve_dpi(int width, int height, double declared_x, double declared_y);

// ---- EXIF (exif.cpp) -----------------------------------------------------------------------------------------------

struct Exif {
    int orientation = 0; ///< 1 to 8; 0 when absent.
    double dpi_x = 0, dpi_y = 0;
    CaptureFacts capture;
};
/// Reads a TIFF-structured EXIF block (after "Exif\0\0"); malformed parts are skipped, never followed out of bounds.
[[nodiscard]] Exif parse_exif(Bytes block);
/// "Make Model" without repeating the make.
[[nodiscard]] std::string device_name(std::string_view make, std::string_view model);
/// Text of a tag for display: valid UTF-8, NFC, no control characters, trimmed, at most 200 characters' worth of bytes.
[[nodiscard]] std::string tag_text(std::string_view bytes);

// ---- colour (colour.cpp) -------------------------------------------------------------------------------------------

enum class IccSpace { None, Grey, Rgb, Cmyk, Lab, Other };
/// Space of a profile by its header; None when it is no profile.
[[nodiscard]] IccSpace icc_space(Bytes profile);
/// The profile if it describes pixels of `mode`, else empty.
[[nodiscard]] std::vector<std::uint8_t> icc_for(ColourMode mode, Bytes profile);

/// Says of a profile (empty: there is none) that cannot be used for pixels of `photometric` (ImageInfo's word):
/// "decode.profile_damaged" or "decode.profile_other". Bi-level and Lab pixels need none, so nothing is said of theirs.
void remark_profile(std::vector<Finding>& findings, Bytes profile, std::string_view photometric);

/// A profile by PNG's gAMA and cHRM chunks or the like: `gamma` the exponent from samples to light; `white` and
/// `primaries` as x, y pairs (red, green, blue), empty for sRGB's. Empty where this is sRGB itself within a twentieth of the
/// exponent, and where the numbers describe no colour space. Equal input gives equal bytes.
[[nodiscard]] std::vector<std::uint8_t> profile_of_gamma(ColourMode mode, double gamma,
                                                         std::span<const double> white_and_primaries);

/// True when neighbours of 8 bits in that profile would lie more than two of L* apart (linear scans): such pixels are
/// converted to sRGB before they are reduced.
[[nodiscard]] bool needs_depth(ColourMode mode, Bytes profile);

/// 16-bit samples of a grey or RGB profile to sRGB (grey with its tone curve). Not thread-safe; one per decode.
class DeepToSrgb {
  public:
    DeepToSrgb(ColourMode mode, Bytes profile);
    ~DeepToSrgb();
    DeepToSrgb(const DeepToSrgb&) = delete;
    DeepToSrgb& operator=(const DeepToSrgb&) = delete;
    [[nodiscard]] bool usable() const { return transform_ != nullptr; }
    void row(const std::uint16_t* in, std::uint8_t* out, std::size_t pixels) const;

  private:
    void* transform_ = nullptr;
};

/// Converts rows of 8-bit samples to sRGB. CMYK goes through `profile` when that is a CMYK profile, else by
/// (255 - ink)(255 - black) / 255. Not thread-safe; one per decode.
class ToRgb {
  public:
    enum class From { Cmyk, Lab }; ///< Lab: 8-bit ICC encoding (a and b offset by 128), D50.
    ToRgb(From from, Bytes profile);
    ~ToRgb();
    ToRgb(const ToRgb&) = delete;
    ToRgb& operator=(const ToRgb&) = delete;
    /// `pixels` pixels of 4 (CMYK, 0 = no ink) or 3 (Lab) samples to R, G, B. `in` and `out` must not overlap.
    void row(const std::uint8_t* in, std::uint8_t* out, std::size_t pixels) const;
    [[nodiscard]] bool managed() const { return transform_ != nullptr; } ///< Through a profile.

  private:
    From from_;
    void* transform_ = nullptr;
};

/// Packed 1-bit samples to 0 and 255: a set bit becomes 255 unless `invert`.
void unpack_bits(const std::uint8_t* in, std::uint8_t* out, std::size_t pixels, bool invert);
/// c laid on white with opacity a, both 0 to 255.
inline std::uint8_t over_white(unsigned c, unsigned a) {
    const unsigned v = c * a + 255 * (255 - a) + 128;
    return static_cast<std::uint8_t>((v + (v >> 8)) >> 8);
}
/// True when the three channels agree in every pixel.
[[nodiscard]] bool is_grey(const cv::Mat& rgb);
/// True when a grey picture holds only 0 and 255.
[[nodiscard]] bool is_black_and_white(const cv::Mat& grey);

// ---- findings ------------------------------------------------------------------------------------------------------

[[nodiscard]] Finding remark(std::string code, Severity severity, std::vector<std::string> args = {});

/// A damaged image in a file whose other images are good: keeps its place in the numbering.
[[nodiscard]] ImageInfo damaged_image(const std::string& reason);

} // namespace recto::files
