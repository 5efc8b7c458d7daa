#pragma once

/// An open TIFF of untrusted origin and the list of its images. Internal to pipeline/files.

#include <tiffio.h>

#include <memory>
#include <string>
#include <vector>

#include "pipeline/files/decode_internal.h"

namespace recto::files {

/// What libtiff had to say while it read; collected per handle, never printed.
struct TiffLog {
    std::string error;        ///< First error since clear().
    std::string data_warning; ///< First warning that means pixels are missing or invented.
    int bad_lines = 0;        ///< CCITT rows of the wrong length.
    void clear() { *this = {}; }
};

/// Reads a file in memory through libtiff without its own mapping: a truncated strip is an error, not a fault.
class TiffFile {
  public:
    static std::unique_ptr<TiffFile> open(Bytes bytes, std::string& reason);
    ~TiffFile();
    TiffFile(const TiffFile&) = delete;
    TiffFile& operator=(const TiffFile&) = delete;

    [[nodiscard]] TIFF* get() const { return tiff_; }
    TiffLog log;

    /// Where an image's directory lies; 0 marks a directory that cannot be read.
    struct Image {
        std::uint64_t offset = 0;
        std::string reason; ///< Why it cannot be read.
    };
    /// Directories that are pages, in file order: reduced copies of an earlier image and masks are left out. A chain
    /// that loops or breaks ends the list; a break adds one unreadable image, so that nothing is lost silently.
    std::vector<Image> images(int& left_out);
    /// Makes `image` the current directory.
    bool select(const Image& image);

  private:
    explicit TiffFile(Bytes bytes) : bytes_(bytes) {}
    static tsize_t read(thandle_t self, void* buffer, tsize_t size);
    static toff_t seek(thandle_t self, toff_t offset, int whence);
    static toff_t size(thandle_t self);
    static int on_error(TIFF*, void* self, const char* module, const char* format, va_list args);
    static int on_warning(TIFF*, void* self, const char* module, const char* format, va_list args);

    Bytes bytes_;
    std::uint64_t at_ = 0;
    TIFF* tiff_ = nullptr;
};

/// The tags that decide how pixels are read.
struct TiffLayout {
    std::uint32_t width = 0, height = 0;
    std::uint16_t bits = 1, samples = 1, photometric = 0, planar = 1, compression = 1, format = 1;
    std::uint16_t extra_count = 0, orientation = 1, ink_set = 1;
    const std::uint16_t* extra = nullptr; ///< Types of the extra samples; owned by libtiff.
    bool tiled = false;
    double dpi_x = 0, dpi_y = 0; ///< 0 when there is none.
    Bytes icc;                   ///< Owned by libtiff.

    [[nodiscard]] int colours() const { return samples - extra_count; }
    /// Index of the alpha sample, -1 when there is none. `associated`: colours are already multiplied by it.
    [[nodiscard]] int alpha(bool& associated) const;
    /// True for 16-bit samples whose profile is too coarse for 8 bits: they are read as sRGB, and have no profile then.
    [[nodiscard]] bool converted_deep() const;
};
[[nodiscard]] TiffLayout read_layout(TIFF* tiff);

/// Pixels of the current directory.
Result<Raster> read_tiff_pixels(const Input& in, TiffFile& file, const TiffLayout& layout, int page);

} // namespace recto::files
