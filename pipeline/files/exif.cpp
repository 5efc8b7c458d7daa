// EXIF 2.32 (CIPA DC-008): orientation, resolution and who captured when. Bounds are checked at every read, since the
// block comes from an untrusted file.

#include <cstring>
#include <optional>

#include "pipeline/files/decode_internal.h"
#include "pipeline/files/names.h"

namespace recto::files {
namespace {

class Reader {
  public:
    explicit Reader(Bytes block) : block_(block) { little_ = block.size() >= 2 && block[0] == 'I'; }
    [[nodiscard]] bool has(std::size_t at, std::size_t n) const {
        return at <= block_.size() && n <= block_.size() - at;
    }
    [[nodiscard]] std::uint32_t u16(std::size_t at) const {
        return little_ ? block_[at] | block_[at + 1] << 8 : block_[at] << 8 | block_[at + 1];
    }
    [[nodiscard]] std::uint32_t u32(std::size_t at) const {
        return little_ ? u16(at) | u16(at + 2) << 16 : u16(at) << 16 | u16(at + 2);
    }
    [[nodiscard]] std::string_view chars(std::size_t at, std::size_t n) const {
        return {reinterpret_cast<const char*>(block_.data()) + at, n};
    }

  private:
    Bytes block_;
    bool little_;
};

struct Entry {
    std::uint32_t tag, type, count;
    std::size_t at; ///< Where its value lies.
};

/// Calls `visit` for each entry of the directory at `offset` whose value lies within the block.
template <class Visit> void each_entry(const Reader& r, std::size_t offset, Visit visit) {
    static constexpr std::size_t kSizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    if (!r.has(offset, 2)) return;
    const std::uint32_t n = r.u16(offset);
    for (std::uint32_t i = 0; i < n; ++i) {
        const std::size_t at = offset + 2 + std::size_t{12} * i;
        if (!r.has(at, 12)) return;
        Entry e{r.u16(at), r.u16(at + 2), r.u32(at + 4), at + 8};
        if (e.type == 0 || e.type > 12) continue;
        const std::uint64_t size = std::uint64_t{kSizes[e.type]} * e.count;
        if (size > 4) e.at = r.u32(at + 8);
        if (size == 0 || !r.has(e.at, size)) continue;
        visit(e);
    }
}

std::optional<std::uint32_t> whole(const Reader& r, const Entry& e) {
    if (e.type == 3) return r.u16(e.at);
    if (e.type == 4) return r.u32(e.at);
    return std::nullopt;
}

double rational(const Reader& r, const Entry& e) {
    if (e.type != 5) return whole(r, e).value_or(0);
    const std::uint32_t d = r.u32(e.at + 4);
    return d == 0 ? 0 : static_cast<double>(r.u32(e.at)) / d;
}

std::string text(const Reader& r, const Entry& e) {
    return e.type == 2 ? tag_text(r.chars(e.at, e.count)) : std::string();
}

/// "2026:03:17 10:00:00" with a zone "+08:00" is RFC 3339; without one it stays as written.
std::string exif_time(const std::string& written, const std::string& zone) {
    if (written.size() != 19 || zone.size() != 6) return written;
    std::string t = written;
    t[4] = t[7] = '-';
    t[10] = 'T';
    return t + zone;
}

} // namespace

std::string tag_text(std::string_view bytes) {
    if (const auto end = bytes.find('\0'); end != std::string_view::npos) bytes = bytes.substr(0, end);
    std::string s = decode_name(bytes.substr(0, 4096));
    for (char& c : s)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    const auto first = s.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    s = s.substr(first, s.find_last_not_of(' ') - first + 1);
    if (s.size() > 200) {
        std::size_t cut = 200;
        while (cut > 0 && (static_cast<unsigned char>(s[cut]) & 0xc0) == 0x80) --cut;
        s.resize(cut);
    }
    return s;
}

std::string device_name(std::string_view make, std::string_view model) {
    if (make.empty() || model.starts_with(make)) return std::string(model);
    if (model.empty()) return std::string(make);
    return std::string(make) + " " + std::string(model);
}

Exif parse_exif(Bytes block) {
    Exif exif;
    if (block.size() < 8 || !(block[0] == 'I' || block[0] == 'M') || block[0] != block[1]) return exif;
    const Reader r(block);
    std::string make, model, time, original, zone, zone_original;
    std::uint32_t unit = 2;
    std::size_t sub = 0;
    each_entry(r, r.u32(4), [&](const Entry& e) {
        switch (e.tag) {
        case 0x010f: make = text(r, e); break;
        case 0x0110: model = text(r, e); break;
        case 0x0112:
            if (const auto v = whole(r, e); v && *v >= 1 && *v <= 8) exif.orientation = static_cast<int>(*v);
            break;
        case 0x011a: exif.dpi_x = rational(r, e); break;
        case 0x011b: exif.dpi_y = rational(r, e); break;
        case 0x0128: unit = whole(r, e).value_or(2); break;
        case 0x0131: exif.capture.software = text(r, e); break;
        case 0x0132: time = text(r, e); break;
        case 0x013b: exif.capture.operator_name = text(r, e); break;
        case 0x013c: exif.capture.station = text(r, e); break;
        case 0x8769: sub = whole(r, e).value_or(0); break;
        default: break;
        }
    });
    if (sub != 0)
        each_entry(r, sub, [&](const Entry& e) {
            if (e.tag == 0x9003) original = text(r, e);
            if (e.tag == 0x9010) zone = text(r, e);
            if (e.tag == 0x9011) zone_original = text(r, e);
        });
    if (unit == 3) {
        exif.dpi_x *= 2.54;
        exif.dpi_y *= 2.54;
    } else if (unit != 2) {
        exif.dpi_x = exif.dpi_y = 0; // No absolute unit.
    }
    exif.capture.device = device_name(make, model);
    exif.capture.time = original.empty() ? exif_time(time, zone) : exif_time(original, zone_original);
    return exif;
}

} // namespace recto::files
