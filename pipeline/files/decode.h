#pragma once

/// Reading scans. Untrusted files are opened only in decoding children (`recto _worker`): the parent gets a raster in a
/// memfd, a time limit kills a hung child, an address-space limit stops a bomb, and a crash is that file's error.

#include <chrono>
#include <memory>
#include <string>

#include "pipeline/core/model.h"
#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"
#include "pipeline/core/source_text.h"

namespace recto {

/// Descriptor on which a decoding child finds its socket: `recto _worker` calls decode_worker_main(kDecodeWorkerFd).
inline constexpr int kDecodeWorkerFd = 3;

struct DecodeLimits {
    std::chrono::milliseconds time{60'000};           ///< For one request; a child over it is killed.
    std::size_t address_space = std::size_t{4} << 30; ///< RLIMIT_AS of a child, bytes.
    std::uint64_t max_pixels = 600'000'000;           ///< Larger images are refused by name ("decode.too_large").
};

/// A pool of decoding children. Thread-safe: concurrent callers use different children, started when first needed.
class Decoder {
  public:
    /// `program`: the recto binary to start as `_worker` ("/proc/self/exe" for itself).
    Decoder(std::string program, int max_children, DecodeLimits limits = {});
    ~Decoder(); ///< Ends the children.
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    /// Reads the headers: kind by content (not by name), every image's size, resolution, tags, capture facts. Fills
    /// all of Source but path, names, digest and size. Errors: "decode.unknown_format", "decode.damaged",
    /// "decode.encrypted", "decode.empty", "decode.too_large", "decode.time_limit", "decode.crashed", ...
    Result<Source> probe(const std::string& path);

    /// Decodes image `index` (from 0) of the file to grey, bilevel or RGB as raster.h says. CMYK, palette, Lab and
    /// 16-bit are converted (CMYK through its ICC profile when it has one); alpha is laid on white.
    Result<Raster> decode(const std::string& path, int index);

    /// The text layer of page `index` (from 0) of a PDF, in pixels of what decode() gives. A page without one, and a file
    /// that can have none, is a success without lines. Errors: as decode(); "decode.text_layer" when pdftotext refuses it.
    Result<SourceText> text(const std::string& path, int index);

    /// Reads every object of a PDF and decodes every stream that it can: is the file whole? Returns its number of pages.
    /// Errors: "pdf.damaged" (also when it killed the child), "pdf.time_limit".
    Result<int> check_pdf(const std::string& path);

    /// Kills the children; calls under way and later ones fail with "decode.stopped". Any thread; for Ctrl-C.
    void stop();

  private:
    struct Pool;
    std::unique_ptr<Pool> pool_;
};

/// The same without a child, for the worker itself, tests and fuzzers.
Result<Source> probe_here(const std::string& path, const DecodeLimits& limits = {});
Result<Raster> decode_here(const std::string& path, int index, const DecodeLimits& limits = {});
Result<SourceText> text_here(const std::string& path, int index, const DecodeLimits& limits = {});
Result<int> check_pdf_here(const std::string& path);

/// Main loop of `recto _worker`: serves requests on file descriptor `fd` until it closes. Returns the exit code.
int decode_worker_main(int fd);

} // namespace recto
