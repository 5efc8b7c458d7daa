// Which decoder reads a file, and the border at which the libraries' exceptions end.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "pipeline/files/decode_internal.h"

namespace recto::files {
namespace {

tl::unexpected<Error> fail_errno(const std::string& path) {
    const int e = errno;
    const char* code = e == ENOENT || e == ENOTDIR ? "io.not_found"
                       : e == EACCES || e == EPERM ? "io.denied"
                                                   : "io.read";
    return fail(code, std::strerror(e), path);
}

bool starts_with(Bytes head, std::string_view magic, std::size_t at = 0) {
    return head.size() >= at + magic.size() && std::memcmp(head.data() + at, magic.data(), magic.size()) == 0;
}

/// Runs `work` and turns what a library throws into an error of this file.
template <class T, class Work> Result<T> guarded(const std::string& path, int page, Work&& work) {
    try {
        Result<T> result = work();
        if (!result) {
            if (result.error().file.empty()) result.error().file = path;
            if (result.error().page == 0) result.error().page = page;
        }
        return result;
    } catch (const std::bad_alloc&) {
        return fail("decode.no_memory", "the image needs more memory than a decoder may use", path, page);
    } catch (const cv::Exception& e) {
        if (e.code == cv::Error::StsNoMem)
            return fail("decode.no_memory", "the image needs more memory than a decoder may use", path, page);
        return fail("decode.damaged", e.err, path, page);
    } catch (const std::exception& e) { return fail("decode.damaged", e.what(), path, page); }
}

template <class T, class Tiff, class Jpeg, class Png, class Jp2, class Pdf>
Result<T> dispatch(const Input& in, Tiff tiff, Jpeg jpeg, Png png, Jp2 jp2, Pdf pdf) {
    switch (format_of(in.bytes)) {
    case Format::Tiff: return tiff();
    case Format::Jpeg: return jpeg();
    case Format::Png: return png();
    case Format::Jp2:
    case Format::J2k: return jp2();
    case Format::Pdf: return pdf();
    case Format::Unknown: break;
    }
    if (in.bytes.empty()) return fail("decode.empty", "the file has no bytes", in.path);
    return fail("decode.unknown_format", "not a TIFF, JPEG, PNG, JPEG 2000 or PDF file", in.path);
}

} // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); // Never hangs on a FIFO.
    if (fd < 0) return fail_errno(path);
    MappedFile file;
    struct stat st{};
    if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        ::close(fd);
        return fail("io.read", "not a regular file", path);
    }
    file.size_ = static_cast<std::size_t>(st.st_size);
    if (file.size_ > 0) {
        void* p = ::mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED) {
            auto error = errno == ENOMEM ? fail("decode.no_memory", "the file is larger than a decoder may map", path)
                                         : fail_errno(path);
            ::close(fd);
            return error;
        }
        file.data_ = static_cast<std::uint8_t*>(p);
    }
    ::close(fd);
    return file;
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) ::munmap(data_, size_);
}

Format format_of(Bytes head) {
    using namespace std::string_view_literals;
    if (starts_with(head, "II\x2a\0"sv) || starts_with(head, "MM\0\x2a"sv) || starts_with(head, "II\x2b\0"sv) ||
        starts_with(head, "MM\0\x2b"sv))
        return Format::Tiff;
    if (starts_with(head, "\xff\xd8\xff"sv)) return Format::Jpeg;
    if (starts_with(head, "\x89PNG\r\n\x1a\n"sv)) return Format::Png;
    if (starts_with(head, "\0\0\0\x0cjP  \r\n\x87\n"sv)) return Format::Jp2;
    if (starts_with(head, "\xff\x4f\xff\x51"sv)) return Format::J2k;
    // ISO 32000 wants %PDF- at the start; readers allow it within the first 1024 bytes.
    const std::string_view start(reinterpret_cast<const char*>(head.data()), std::min<std::size_t>(head.size(), 1024));
    if (start.find("%PDF-") != std::string_view::npos) return Format::Pdf;
    return Format::Unknown;
}

Result<void> check_size(const Input& in, std::uint64_t width, std::uint64_t height, int page) {
    if (width == 0 || height == 0) return fail("decode.damaged", "the image has no pixels", in.path, page);
    // Sides beyond 2^24 are no scan, and keep every product below 2^63.
    constexpr std::uint64_t kMaxSide = 1U << 24;
    if (width > kMaxSide || height > kMaxSide || width * height > in.limits.max_pixels)
        return fail("decode.too_large",
                    fmt::format("{} x {} pixels, the limit is {} pixels", width, height, in.limits.max_pixels), in.path,
                    page);
    return {};
}

Finding remark(std::string code, Severity severity, std::vector<std::string> args) {
    Finding f;
    f.code = std::move(code);
    f.severity = severity;
    f.args = std::move(args);
    return f;
}

ImageInfo damaged_image(const std::string& reason) {
    ImageInfo info;
    info.findings.push_back(remark("decode.damaged", Severity::Error, {reason}));
    return info;
}

Result<Source> probe_file(const std::string& path, const DecodeLimits& limits) {
    return guarded<Source>(path, 0, [&]() -> Result<Source> {
        RECTO_ASSIGN(const MappedFile file, MappedFile::open(path));
        const PixelMaker none;
        const Input in{path, file.bytes(), limits, none};
        RECTO_ASSIGN(Source source,
                     (dispatch<Source>(
                         in, [&] { return probe_tiff(in); }, [&] { return probe_jpeg(in); },
                         [&] { return probe_png(in); }, [&] { return probe_jp2(in); }, [&] { return probe_pdf(in); })));
        if (source.images.empty()) return fail("decode.empty", "the file holds no image", path);
        return source;
    });
}

Result<Raster> decode_file(const std::string& path, int index, const DecodeLimits& limits, const PixelMaker& make) {
    return guarded<Raster>(path, index + 1, [&]() -> Result<Raster> {
        if (index < 0) return fail("decode.no_such_image", "images are counted from 0");
        RECTO_ASSIGN(const MappedFile file, MappedFile::open(path));
        const Input in{path, file.bytes(), limits, make};
        return dispatch<Raster>(
            in, [&] { return decode_tiff(in, index); }, [&] { return decode_jpeg(in, index); },
            [&] { return decode_png(in, index); }, [&] { return decode_jp2(in, index); },
            [&] { return decode_pdf(in, index); });
    });
}

} // namespace recto::files

namespace recto {

Result<Source> probe_here(const std::string& path, const DecodeLimits& limits) {
    return files::probe_file(path, limits);
}

Result<SourceText> text_here(const std::string& path, int index, const DecodeLimits& limits) {
    return files::guarded<SourceText>(path, index + 1, [&]() -> Result<SourceText> {
        RECTO_ASSIGN(const files::MappedFile file, files::MappedFile::open(path));
        const files::PixelMaker none;
        const files::Input in{path, file.bytes(), limits, none};
        if (files::format_of(in.bytes) != files::Format::Pdf) return SourceText{};
        return files::text_of_pdf(in, index);
    });
}

Result<Raster> decode_here(const std::string& path, int index, const DecodeLimits& limits) {
    return files::decode_file(path, index, limits,
                              [](int rows, int cols, int type) { return cv::Mat(rows, cols, type); });
}

} // namespace recto
