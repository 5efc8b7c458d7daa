#include "stages/verify/bag_check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include <unicode/ucnv.h>

#include "pipeline/files/names.h"
#include "stages/verify/checksums.h"
#include "stages/verify/ocfl_inventory.h"

namespace recto::verify {

namespace {

constexpr std::uint64_t kMaxTagFile = std::uint64_t{512} << 20; ///< Bytes; larger manifests are refused, not read.

std::string_view trim(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Lines without their ends: LF, CR LF or CR.
std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    std::string line;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\n' && text[i] != '\r') {
            line += text[i];
            continue;
        }
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
        lines.push_back(std::move(line));
        line.clear();
    }
    if (!line.empty()) lines.push_back(std::move(line));
    return lines;
}

/// %0D, %0A and, when `percent`, %25 become the bytes they stand for.
std::string decoded(std::string_view path, bool percent) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const std::string code =
            path[i] == '%' && i + 2 < path.size() ? lower_ascii(path.substr(i + 1, 2)) : std::string();
        if (code == "0d") out += '\r';
        else if (code == "0a") out += '\n';
        else if (code == "25" && percent) out += '%';
        else {
            out += path[i];
            continue;
        }
        i += 2;
    }
    return out;
}

bool climbs(std::string_view path) {
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (part == ".." || part == ".") return true;
        if (slash == std::string_view::npos) return false;
        path.remove_prefix(slash + 1);
    }
}

struct Manifest {
    std::string name, algorithm;
    std::map<std::string, std::string> digests; ///< File as found in the bag -> digest (lower case).
};

class BagChecker {
  public:
    BagChecker(FileSystem& fs, std::string folder, const BagCheckOptions& options, Report& report, Issues& issues)
        : fs_(fs), folder_(std::move(folder)), options_(options), report_(report), issues_(issues) {}

    void run() {
        ++report_.objects;
        if (!declaration()) return;
        walk("");
        if (!folders_.contains("data")) issues_.error("data", "bag.no_payload");
        for (const auto& [path, size] : files_) by_form_[to_nfc(path)].push_back(path);
        std::vector<Manifest> payload, tags;
        for (const auto& [path, size] : files_) {
            if (path.find('/') != std::string::npos || !path.ends_with(".txt")) continue;
            if (path.starts_with("manifest-")) read_manifest(path, path.substr(9), true, payload);
            if (path == "sm3.txt" && lists_payload_by_sm3()) read_manifest(path, path, true, payload);
            if (path.starts_with("tagmanifest-")) read_manifest(path, path.substr(12), false, tags);
        }
        if (payload.empty()) issues_.error("", "bag.no_manifest");
        completeness(payload);
        fetch(payload);
        bag_info();
        remarks();
        std::map<std::string, std::vector<const Manifest*>> claims;
        for (const auto* list : {&payload, &tags}) {
            for (const Manifest& manifest : *list) {
                for (const auto& [path, digest] : manifest.digests) claims[path].push_back(&manifest);
            }
        }
        digests(claims);
    }

  private:
    bool declaration() {
        const auto s = fs_.stat(join_path(folder_, "bagit.txt"));
        if (!s || !s->exists || s->is_directory || s->is_symlink || s->size > 4096) {
            issues_.error("bagit.txt", "bag.declaration", "");
            return false;
        }
        const auto bytes = fs_.read(join_path(folder_, "bagit.txt"));
        if (!bytes) {
            issues_.error("bagit.txt", "unreadable", bytes.error().reason);
            return false;
        }
        const auto lines = lines_of(*bytes);
        constexpr std::string_view kVersion = "BagIt-Version:", kEncoding = "Tag-File-Character-Encoding:";
        const auto refuse = [&](const std::string& what) {
            issues_.error("bagit.txt", "bag.declaration", what);
            return false;
        };
        if (lines.size() != 2) return refuse(std::to_string(lines.size()) + " lines");
        if (!lines[0].starts_with(kVersion)) return refuse(lines[0]);
        if (!lines[1].starts_with(kEncoding)) return refuse(lines[1]);
        const std::string version(trim(std::string_view(lines[0]).substr(kVersion.size())));
        encoding_ = trim(std::string_view(lines[1]).substr(kEncoding.size()));
        static constexpr std::array<std::string_view, 6> kKnown{"0.93", "0.94", "0.95", "0.96", "0.97", "1.0"};
        if (std::find(kKnown.begin(), kKnown.end(), version) == kKnown.end()) return refuse(lines[0]);
        strict_ = version == "1.0";
        // RFC 8493, 2.1.1: one space, no more and no less.
        if (strict_ && (lines[0] != "BagIt-Version: 1.0" || lines[1] != "Tag-File-Character-Encoding: " + encoding_))
            return refuse(lines[0] + " / " + lines[1]);
        return true;
    }

    void walk(const std::string& relative) {
        if (std::count(relative.begin(), relative.end(), '/') > 200)
            return issues_.error(relative, "unreadable", "too deep");
        const auto names = fs_.list(join_path(folder_, relative));
        if (!names) return issues_.error(relative, "unreadable", names.error().reason);
        for (const std::string& name : *names) {
            const std::string path = relative.empty() ? name : relative + "/" + name;
            const auto s = fs_.stat(join_path(folder_, path));
            if (!s) issues_.error(path, "unreadable", s.error().reason);
            else if (s->is_symlink) issues_.error(path, "bag.link");
            else if (s->is_directory) {
                folders_.insert(path);
                walk(path);
            } else {
                files_[path] = s->size;
            }
        }
    }

    /// A tag file as UTF-8.
    std::optional<std::string> tag_file(const std::string& path) {
        if (files_[path] > kMaxTagFile) {
            issues_.error(path, "unreadable", "too large");
            return {};
        }
        const auto bytes = fs_.read(join_path(folder_, path));
        if (!bytes) {
            issues_.error(path, "unreadable", bytes.error().reason);
            return {};
        }
        if (lower_ascii(encoding_) == "utf-8") {
            if (!is_valid_utf8(*bytes)) issues_.error(path, "bag.encoding", encoding_);
            return *bytes;
        }
        UErrorCode status = U_ZERO_ERROR;
        const auto source_size = static_cast<std::int32_t>(std::min<std::size_t>(bytes->size(), 0x1FFFFFFF));
        const std::int32_t needed =
            ucnv_convert("UTF-8", encoding_.c_str(), nullptr, 0, bytes->data(), source_size, &status);
        if (status != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(status)) {
            issues_.error(path, "bag.encoding", encoding_);
            return {};
        }
        std::string text(static_cast<std::size_t>(needed), '\0');
        status = U_ZERO_ERROR;
        ucnv_convert("UTF-8", encoding_.c_str(), text.data(), needed, bytes->data(), source_size, &status);
        if (U_FAILURE(status)) {
            issues_.error(path, "bag.encoding", encoding_);
            return {};
        }
        return text;
    }

    /// The file that an entry means: its spelling, else percent-decoded, else in another Unicode form.
    std::optional<std::string> resolve(const std::string& manifest, const std::string& path) {
        if (const std::string plain = decoded(path, strict_); files_.contains(plain)) return plain;
        if (files_.contains(path)) return path;
        const std::string form = to_nfc(decoded(path, strict_));
        if (const auto same = by_form_.find(form); same != by_form_.end()) {
            issues_.warning(manifest, "bag.normalization", path);
            return same->second.front();
        }
        // Made where names are not told apart by case: the content is there if a file of the other case has its digest.
        if (by_case_.empty())
            for (const auto& [other, paths] : by_form_) by_case_.emplace(lower_ascii(other), &paths.front());
        const auto other = by_case_.find(lower_ascii(form));
        if (other == by_case_.end()) return {};
        issues_.warning(manifest, "bag.case", path);
        return *other->second;
    }

    /// Digests by SM3 beside the manifests (bag.sm3): a tag file to others, for us one more list of the payload.
    bool lists_payload_by_sm3() {
        const auto text = tag_file("sm3.txt");
        return text && text->size() > 71 && text->compare(64, 7, "  data/") == 0;
    }

    void read_manifest(const std::string& file, const std::string& suffix, bool payload, std::vector<Manifest>& out) {
        Manifest manifest{file, lower_ascii(suffix.substr(0, suffix.size() - 4)), {}};
        std::erase(manifest.algorithm, '-');
        const bool known = known_checksum(manifest.algorithm) && manifest.algorithm != "size";
        if (!known) issues_.warning(file, "bag.algorithm", manifest.algorithm);
        const auto text = tag_file(file);
        if (!text) return;
        std::set<std::string> seen;
        std::map<std::string, std::string> folded;
        for (const std::string& line : lines_of(*text)) {
            if (trim(line).empty()) continue;
            const std::size_t blank = line.find_first_of(" \t");
            const std::size_t start = blank == std::string::npos ? blank : line.find_first_not_of(" \t", blank);
            if (start == std::string::npos || blank == 0) {
                issues_.error(file, "bag.line", line);
                continue;
            }
            const std::string digest = lower_ascii(line.substr(0, blank));
            std::string path = line.substr(start);
            if (path.starts_with('*')) { // "binary" mark of md5sum and its kin
                issues_.warning(file, "bag.md5sum", path);
                path.erase(0, 1);
            }
            if (path.starts_with("./")) {
                issues_.warning(file, "bag.relative", path);
                path.erase(0, 2);
            }
            const bool outside = payload ? !path.starts_with("data/")
                                         : (path.starts_with("data/") || path.front() == '/' || path.front() == '~');
            if (path.empty() || outside || climbs(path) || path.find('\\') == 0 ||
                path.find('\0') != std::string::npos) {
                issues_.error(file, "bag.outside", path);
                continue;
            }
            if (known && (digest.size() != checksum_length(manifest.algorithm) ||
                          digest.find_first_not_of("0123456789abcdef") != std::string::npos)) {
                issues_.error(file, "bag.line", line);
                continue;
            }
            if (!payload && path.starts_with("tagmanifest-")) issues_.error(file, "bag.line", line);
            const auto found = resolve(file, path);
            if (!found) {
                issues_.error(path, "bag.missing", file);
                continue;
            }
            const auto [at, fresh] = manifest.digests.emplace(*found, digest);
            if (!fresh && at->second != digest) issues_.error(file, "bag.twice_differing", path);
            else if (!seen.insert(path).second && strict_) issues_.error(file, "bag.twice", path);
            else if (!fresh) issues_.warning(file, "bag.twice", path);
            const auto [other, alone] = folded.emplace(lower_ascii(path), path);
            if (!alone && other->second != path) issues_.warning(file, "bag.case", path);
        }
        if (known) out.push_back(std::move(manifest));
    }

    void completeness(const std::vector<Manifest>& manifests) {
        for (const auto& [path, size] : files_) {
            if (!path.starts_with("data/")) continue;
            ++report_.files;
            report_.bytes += size;
            const auto lists = [&](const Manifest& m) { return m.digests.contains(path); };
            if (std::none_of(manifests.begin(), manifests.end(), lists)) {
                issues_.error(path, "bag.unlisted");
            } else if (strict_) { // RFC 8493, 2.1.3: every payload manifest lists every payload file
                for (const Manifest& m : manifests) {
                    if (!lists(m)) issues_.error(path, "bag.not_in_all", m.name);
                }
            }
        }
    }

    void fetch(const std::vector<Manifest>& manifests) {
        if (!files_.contains("fetch.txt")) return;
        const auto text = tag_file("fetch.txt");
        for (const std::string& line : text ? lines_of(*text) : std::vector<std::string>()) {
            if (trim(line).empty()) continue;
            const std::size_t a = line.find_first_of(" \t");
            const std::size_t length_at = a == std::string::npos ? a : line.find_first_not_of(" \t", a);
            const std::size_t b = length_at == std::string::npos ? length_at : line.find_first_of(" \t", length_at);
            const std::size_t path_at = b == std::string::npos ? b : line.find_first_not_of(" \t", b);
            if (path_at == std::string::npos || line.substr(0, a).find(':') == std::string::npos) {
                issues_.error("fetch.txt", "bag.line", line);
                continue;
            }
            std::string path = line.substr(path_at);
            if (path.starts_with("./")) path.erase(0, 2);
            const std::string length = line.substr(length_at, b - length_at);
            if (length != "-" && length.find_first_not_of("0123456789") != std::string::npos)
                issues_.error("fetch.txt", "bag.line", line);
            if (!path.starts_with("data/") || climbs(path)) {
                issues_.error("fetch.txt", "bag.outside", path);
                continue;
            }
            const std::string plain = decoded(path, strict_);
            if (!files_.contains(plain) && !files_.contains(path))
                issues_.error(path, "bag.not_fetched", line.substr(0, a));
            else if (std::none_of(manifests.begin(), manifests.end(), [&](const Manifest& m) {
                         return m.digests.contains(plain) || m.digests.contains(path);
                     }))
                issues_.error("fetch.txt", "bag.line", line);
        }
    }

    void bag_info() {
        for (const char* name : {"bag-info.txt", "package-info.txt"}) { // the latter: drafts up to 0.95
            if (!files_.contains(name)) continue;
            const auto text = tag_file(name);
            if (!text) continue;
            std::string body = *text;
            if (body.starts_with("\xEF\xBB\xBF")) body.erase(0, 3);
            bool any = false;
            for (const std::string& line : lines_of(body)) {
                if (trim(line).empty()) continue;
                if (line.front() == ' ' || line.front() == '\t') { // a folded line goes on from the one before
                    if (!any) issues_.error(name, "bag.line", line);
                    continue;
                }
                const std::size_t colon = line.find(':');
                if (colon == std::string::npos || colon == 0) {
                    issues_.error(name, "bag.line", line);
                    continue;
                }
                any = true;
                if (lower_ascii(trim(line.substr(0, colon))) == "payload-oxum")
                    oxum(name, std::string(trim(std::string_view(line).substr(colon + 1))));
            }
        }
    }

    void oxum(const std::string& file, const std::string& value) {
        std::uint64_t bytes = 0, count = 0;
        const char* end = value.data() + value.size();
        const auto first = std::from_chars(value.data(), end, bytes);
        const bool dot = first.ec == std::errc() && first.ptr != end && *first.ptr == '.';
        const auto second = dot ? std::from_chars(first.ptr + 1, end, count) : first;
        if (!dot || second.ec != std::errc() || second.ptr != end)
            return issues_.error(file, "bag.line", "Payload-Oxum: " + value);
        std::uint64_t seen_bytes = 0, seen = 0;
        for (const auto& [path, size] : files_) {
            if (!path.starts_with("data/")) continue;
            ++seen;
            seen_bytes += size;
        }
        if (seen != count || seen_bytes != bytes)
            issues_.error(file, "bag.oxum", value, std::to_string(seen_bytes) + "." + std::to_string(seen));
    }

    void remarks() {
        std::map<std::string, std::string> folded;
        for (const auto& [path, size] : files_) {
            const std::string name = file_name(path);
            if (name == "Thumbs.db" || name == ".DS_Store" || name == "desktop.ini" || name.starts_with("._"))
                issues_.warning(path, "bag.system_file");
            const auto [at, alone] = folded.emplace(lower_ascii(path), path);
            if (!alone) issues_.warning(path, "bag.case", at->second);
        }
        for (const auto& [form, paths] : by_form_) {
            if (paths.size() > 1) issues_.warning(paths[1], "bag.normalization", paths[0]);
        }
    }

    void digests(const std::map<std::string, std::vector<const Manifest*>>& claims) {
        if (!options_.digests) return;
        std::vector<ChecksumJob> jobs;
        for (const auto& [path, manifests] : claims) {
            ChecksumJob job{join_path(folder_, path), {}, {}, 0};
            for (const Manifest* manifest : manifests) job.names.push_back(manifest->algorithm);
            jobs.push_back(std::move(job));
        }
        run_checksums(fs_, jobs, options_.threads);
        auto at = claims.begin();
        for (std::size_t i = 0; i < jobs.size(); ++i, ++at) {
            const auto& [path, manifests] = *at;
            if (!jobs[i].values) {
                issues_.error(path, "unreadable", jobs[i].values.error().reason);
                continue;
            }
            for (std::size_t k = 0; k < manifests.size(); ++k) {
                const std::string& said = manifests[k]->digests.at(path);
                if (said != (*jobs[i].values)[k])
                    issues_.error(path, "bag.digest", manifests[k]->name, said, (*jobs[i].values)[k]);
            }
        }
    }

    FileSystem& fs_;
    const std::string folder_;
    const BagCheckOptions& options_;
    Report& report_;
    Issues& issues_;
    bool strict_ = true; ///< Version 1.0.
    std::string encoding_;
    std::map<std::string, std::uint64_t> files_; ///< Relative path -> size.
    std::set<std::string> folders_;
    std::map<std::string, std::vector<std::string>> by_form_; ///< NFC of a path -> the paths that have it.
    std::map<std::string, const std::string*> by_case_;       ///< The same without case; made when first asked for.
};

} // namespace

void check_bag(FileSystem& fs, const std::string& folder, const BagCheckOptions& options, Report& report,
               Issues& issues) {
    BagChecker(fs, folder, options, report, issues).run();
}

} // namespace recto::verify
