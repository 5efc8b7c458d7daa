#include "stages/verify/ofd_zip.h"

#include <algorithm>

#include <zip.h>

namespace recto::verify {

Result<std::unique_ptr<OfdZip>> OfdZip::open(FileSystem& fs, const std::string& path, bool real) {
    std::unique_ptr<OfdZip> out(new OfdZip);
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = nullptr;
    if (real) source = zip_source_file_create(path.c_str(), 0, -1, &error);
    else {
        RECTO_ASSIGN(out->bytes_, fs.read(path));
        source = zip_source_buffer_create(out->bytes_.data(), out->bytes_.size(), 0, &error);
    }
    if (source) out->zip_ = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (!out->zip_) {
        const std::string why = zip_error_strerror(&error);
        if (source) zip_source_free(source);
        zip_error_fini(&error);
        return fail("ofd.zip", why, path);
    }
    zip_error_fini(&error);
    const auto count = static_cast<zip_uint64_t>(std::max<zip_int64_t>(0, zip_get_num_entries(out->zip_, 0)));
    if (count == 0) return fail("ofd.zip", "it is empty", path); // to libzip, a file without bytes is an archive too
    for (zip_uint64_t i = 0; i < count; ++i) {
        zip_stat_t s;
        if (zip_stat_index(out->zip_, i, 0, &s) != 0) return fail("ofd.zip", zip_strerror(out->zip_), path);
        const bool sized = (s.valid & ZIP_STAT_SIZE) != 0;
        if (!out->entries_.emplace(s.name, Entry{i, sized ? s.size : 0}).second) out->twice_.emplace_back(s.name);
    }
    return out;
}

OfdZip::~OfdZip() {
    if (zip_) zip_discard(zip_);
}

Result<void> OfdZip::visit(const std::string& name, const std::function<void(std::string_view)>& block) {
    const auto at = entries_.find(name);
    if (at == entries_.end()) return fail("ofd.missing", "no such entry", name);
    zip_file_t* file = zip_fopen_index(zip_, at->second.index, 0);
    if (!file) return fail("ofd.entry", zip_strerror(zip_), name);
    std::string buffer(std::size_t{1} << 16, '\0');
    std::uint64_t all = 0;
    zip_int64_t n = 0;
    while ((n = zip_fread(file, buffer.data(), buffer.size())) > 0) {
        all += static_cast<std::uint64_t>(n);
        if (all > at->second.size) break; // more than the directory says
        block(std::string_view(buffer).substr(0, static_cast<std::size_t>(n)));
    }
    const std::string why = n < 0 ? zip_file_strerror(file) : "";
    zip_fclose(file);
    if (n < 0) return fail("ofd.entry", why, name);
    if (all != at->second.size) return fail("ofd.entry", "its size is not what the directory says", name);
    return {};
}

Result<std::string> OfdZip::read(const std::string& name, std::uint64_t most) {
    if (const auto at = entries_.find(name); at != entries_.end() && at->second.size > most)
        return fail("ofd.too_large", std::to_string(at->second.size), name);
    std::string out;
    RECTO_TRY(visit(name, [&](std::string_view block) { out += block; }));
    return out;
}

Result<OfdZip::Ends> OfdZip::scan(const std::string& name) {
    constexpr std::size_t kKept = 64;
    Ends ends;
    RECTO_TRY(visit(name, [&](std::string_view block) {
        if (ends.head.size() < kKept) ends.head += block.substr(0, kKept - ends.head.size());
        ends.tail += block.substr(block.size() - std::min(block.size(), kKept));
        if (ends.tail.size() > kKept) ends.tail.erase(0, ends.tail.size() - kKept);
    }));
    return ends;
}

} // namespace recto::verify
