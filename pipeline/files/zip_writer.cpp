// APPNOTE.TXT 6.3: local header and data of each entry, then the directory, its end, and the ZIP64 form of that where needed.

#include "pipeline/files/zip_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <zlib.h>

namespace recto {
namespace {

constexpr std::uint64_t kMost32 = 0xFFFFFFFF, kMost16 = 0xFFFF;

/// Little-endian.
template <class T> void le(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
}

/// Raw deflate, level 6; empty when it would not be smaller.
std::string deflated(std::string_view bytes) {
    z_stream stream{};
    if (deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
    std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), std::numeric_limits<uInt>::max()));
    const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    out.resize(done ? stream.total_out : 0);
    deflateEnd(&stream);
    if (out.size() >= bytes.size()) out.clear();
    return out;
}

} // namespace

ZipTime zip_time(std::string_view text) {
    constexpr std::array<std::size_t, 6> kAt{0, 5, 8, 11, 14, 17}; // YYYY-MM-DDTHH:MM:SS
    std::array<unsigned, 6> v{};
    for (std::size_t i = 0; i < v.size(); ++i) {
        const std::size_t digits = i == 0 ? 4 : 2;
        if (text.size() < kAt[i] + digits) return {};
        const char* from = text.data() + kAt[i];
        if (std::from_chars(from, from + digits, v[i]).ptr != from + digits) return {};
    }
    const auto [year, month, day, hour, minute, second] = v;
    if (year < 1980 || year > 2107 || month < 1 || month > 12 || day < 1 || day > 31) return {};
    if (hour > 23 || minute > 59 || second > 60) return {};
    return {static_cast<std::uint16_t>((year - 1980) << 9 | month << 5 | day),
            static_cast<std::uint16_t>(hour << 11 | minute << 5 | std::min(second, 59U) / 2)};
}

Result<void> ZipWriter::put(std::string_view bytes) {
    RECTO_TRY(sink_(bytes));
    at_ += bytes.size();
    return {};
}

Result<void> ZipWriter::add(const std::string& name, std::string_view bytes, ZipMethod method) {
    if (bytes.size() >= kMost32 || name.size() > kMost16)
        return fail("zip.too_large", std::to_string(bytes.size()) + " bytes in one entry", name);
    const std::string small = method == ZipMethod::Deflate ? deflated(bytes) : std::string();
    const std::string_view data = small.empty() ? bytes : std::string_view(small);
    const auto crc = static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
    const bool ascii = std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    const bool far = at_ >= kMost32;
    large_ = large_ || far;
    // What local header and directory have in common: version needed to the length of the name.
    std::string common;
    le<std::uint16_t>(common, far ? 45 : 20);
    le<std::uint16_t>(common, ascii ? 0 : 0x0800); // names in UTF-8
    le<std::uint16_t>(common, small.empty() ? 0 : 8);
    le(common, time_.time);
    le(common, time_.date);
    le(common, crc);
    le(common, static_cast<std::uint32_t>(data.size()));
    le(common, static_cast<std::uint32_t>(bytes.size()));
    le(common, static_cast<std::uint16_t>(name.size()));

    directory_ += "PK\x01\x02";
    le<std::uint16_t>(directory_, far ? 45 : 20); // made by: MS-DOS names no permissions
    directory_ += common;
    le<std::uint16_t>(directory_, far ? 12 : 0); // extra field
    directory_.append(10, '\0');                 // comment, disk, attributes
    le(directory_, static_cast<std::uint32_t>(far ? kMost32 : at_));
    directory_ += name;
    if (far) {
        le<std::uint16_t>(directory_, 1);
        le<std::uint16_t>(directory_, 8);
        le(directory_, at_);
    }
    ++entries_;

    std::string header = "PK\x03\x04" + common;
    le<std::uint16_t>(header, 0);
    RECTO_TRY(put(header + name));
    return put(data);
}

Result<void> ZipWriter::finish() {
    const std::uint64_t start = at_, size = directory_.size();
    RECTO_TRY(put(directory_));
    std::string end;
    if (large_ || start >= kMost32 || size >= kMost32 || entries_ >= kMost16) {
        const std::uint64_t here = at_;
        end += "PK\x06\x06";
        le<std::uint64_t>(end, 44); // bytes that follow
        le<std::uint16_t>(end, 45);
        le<std::uint16_t>(end, 45);
        end.append(8, '\0'); // disks
        le(end, entries_);
        le(end, entries_);
        le(end, size);
        le(end, start);
        end += "PK\x06\x07";
        le<std::uint32_t>(end, 0);
        le(end, here);
        le<std::uint32_t>(end, 1);
    }
    end += "PK\x05\x06";
    end.append(4, '\0'); // disks
    le(end, static_cast<std::uint16_t>(std::min(entries_, kMost16)));
    le(end, static_cast<std::uint16_t>(std::min(entries_, kMost16)));
    le(end, static_cast<std::uint32_t>(std::min(size, kMost32)));
    le(end, static_cast<std::uint32_t>(std::min(start, kMost32)));
    le<std::uint16_t>(end, 0);
    return put(end);
}

} // namespace recto
