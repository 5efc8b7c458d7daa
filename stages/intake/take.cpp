#include <array>

#include "pipeline/files/names.h"
#include "stages/intake/intake.h"

namespace recto::intake {

namespace {

bool same_file(const FileStat& a, const FileStat& b) {
    return a.exists && b.exists && a.size == b.size && a.mtime_ns == b.mtime_ns && a.inode == b.inode &&
           a.device == b.device;
}

void override_capture(CaptureFacts& facts, const CaptureFacts& by) {
    const auto take = [](std::string& mine, const std::string& theirs) {
        if (!theirs.empty()) mine = theirs;
    };
    take(facts.device, by.device);
    take(facts.software, by.software);
    take(facts.operator_name, by.operator_name);
    take(facts.station, by.station);
    take(facts.time, by.time);
}

} // namespace

std::string percent_encode_name(std::string_view bytes) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    out.reserve(bytes.size());
    for (const char c : bytes) {
        const auto u = static_cast<unsigned char>(c);
        if (u >= 0x20 && u < 0x7F && c != '%') {
            out += c;
        } else {
            out += '%';
            out += kHex[u >> 4];
            out += kHex[u & 15];
        }
    }
    return out;
}

Result<Source> take_source(const std::string& path, const Probe& probe, FileSystem& fs, const TakeOptions& options) {
    RECTO_ASSIGN(const FileStat before, fs.stat(path));
    if (!before.exists) return fail("intake.not_found", "the file is gone", path);
    if (before.is_directory) return fail("intake.not_found", "a folder where a file was", path);
    // Checked before anything opens it: a named pipe has no bytes either and would wait for ever.
    if (before.size == 0) return fail("decode.empty", "the file has no bytes", path);

    std::optional<std::string> digest;
    if (options.recall) digest = options.recall(path, before);
    const bool remembered = digest.has_value();
    if (!remembered) { RECTO_ASSIGN(digest, fs.digest(path, DigestAlgorithm::Sha512)); }
    RECTO_ASSIGN(Source source, probe(path));
    RECTO_ASSIGN(const FileStat after, fs.stat(path));
    if (!same_file(before, after))
        return fail_retry("intake.changed", "the file changed while it was read; is it still being written?", path);
    if (!remembered && options.remember) options.remember(path, before, *digest);

    const std::string name = file_name(path);
    source.path = path;
    source.original_name = decode_name(name);
    source.original_bytes = percent_encode_name(name);
    source.sha512 = *digest;
    source.size = before.size;
    override_capture(source.capture, options.overrides);
    return source;
}

} // namespace recto::intake
