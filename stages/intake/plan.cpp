#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "pipeline/files/names.h"
#include "stages/intake/intake.h"

namespace recto::intake {

namespace {

constexpr int kMaxDepth = 64; // Deeper trees are loops of bind mounts or mistakes, not boxes of paper.

std::string lower_extension(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return {};
    std::string ext(name.substr(dot + 1));
    std::transform(ext.begin(), ext.end(), ext.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    return ext;
}

bool is_image_extension(const std::string& ext) {
    static const std::set<std::string> kKnown{"tif", "tiff", "jpg", "jpeg", "jpe", "jfif", "png", "jp2",
                                              "j2k", "jpf",  "jpx", "j2c",  "pdf", "bmp",  "gif", "webp"};
    return kKnown.count(ext) != 0;
}

bool is_system_file(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    return lower == "thumbs.db" || lower == "ehthumbs.db" || lower == "desktop.ini" || lower == "icon\r" ||
           lower == "picasa.ini" || lower == "@eadir" || lower == "__macosx" || lower == "$recycle.bin" ||
           lower == "system volume information" || lower == "lost+found";
}

/// A link whose target cannot be seen has no identity of its own (file_system.h reports the target's).
bool is_dangling(const FileStat& s) {
    return s.is_symlink && !s.is_directory && s.inode == 0 && s.device == 0 && s.size == 0;
}

class Planner {
  public:
    Planner(FileSystem& fs, const Settings& settings) : fs_(fs), follow_(settings.get(kFollowLinks)) {
        std::istringstream words(settings.get(kSidecars));
        for (std::string word; words >> word;) sidecars_.insert(word[0] == '.' ? word.substr(1) : word);
        part_ = settings.get(kMultiPageFiles) == "part";
    }

    void add_file(const std::string& path, const FileStat& stat) {
        if (!first_sight(path, stat)) return skip(path, "intake.skipped.twice");
        Delivery d;
        d.name = decode_name(file_name(path));
        d.path = path;
        d.kind = DeliveryKind::File;
        d.files = {path};
        d.is_input = true;
        plan.deliveries.push_back(std::move(d));
    }

    void add_input_folder(const std::string& path) {
        std::string name = decode_name(file_name(path));
        if (name.empty()) name = "/";
        visit(path, name, "", true, 0);
    }

    IntakePlan plan;

  private:
    struct Entry {
        std::string path, name;
    };

    bool first_sight(const std::string& path, const FileStat& stat) {
        if (stat.inode == 0 && stat.device == 0) return seen_paths_.insert(path).second;
        return seen_.insert({stat.device, stat.inode}).second;
    }

    void skip(const std::string& path, std::string_view code) { plan.skipped.push_back({path, std::string(code)}); }

    void problem(std::string_view code, std::string reason, const std::string& path) {
        Error e = fail(code, std::move(reason), path).value();
        e.stage = "intake";
        plan.errors.push_back(std::move(e));
    }

    /// `name`: of the folder itself; `below`: its path below the input, empty for the input.
    void visit(const std::string& folder, const std::string& name, const std::string& below, bool is_input, int depth) {
        auto stat = fs_.stat(folder);
        if (!stat) return problem("intake.unreadable", stat.error().reason, folder);
        // A folder met on the way down to itself is a loop; met elsewhere, it was reached by two ways.
        const auto key = std::make_pair(stat->device, stat->inode);
        const bool has_key = stat->device != 0 || stat->inode != 0;
        if (depth > kMaxDepth || (has_key && std::find(chain_.begin(), chain_.end(), key) != chain_.end()))
            return problem("intake.link_loop",
                           depth > kMaxDepth ? "folders nested too deeply" : "the folder contains itself", folder);
        if (!first_sight(folder, *stat)) return skip(folder, "intake.skipped.twice");
        auto names = fs_.list(folder);
        if (!names) return problem("intake.unreadable", names.error().reason, folder);
        std::sort(names->begin(), names->end(), [](const std::string& a, const std::string& b) {
            const bool less = natural_less(a, b), more = natural_less(b, a);
            return less != more ? less : a < b; // equal in natural order ("1.tif", "01.tif"): by bytes
        });

        std::vector<Entry> files, folders;
        for (const std::string& entry : *names) sort_entry(join_path(folder, entry), entry, files, folders);

        const std::string shown = below.empty() ? name : below;
        const bool loose = is_input && !folders.empty();
        std::vector<std::string> together;
        std::vector<Delivery> alone;
        for (const Entry& file : files) {
            if (loose && !part_ && lower_extension(file.name) == "pdf") {
                alone.push_back({decode_name(file.name), file.path, DeliveryKind::File, {file.path}, false});
            } else {
                together.push_back(file.path);
            }
        }
        if (!together.empty()) {
            plan.deliveries.push_back(
                {shown, folder, loose ? DeliveryKind::Flat : DeliveryKind::Folder, std::move(together), is_input});
        } else if (alone.empty() && folders.empty()) {
            skip(folder, "intake.skipped.no_files");
        }
        for (Delivery& d : alone) plan.deliveries.push_back(std::move(d));

        chain_.push_back(key);
        for (const Entry& sub : folders) {
            const std::string sub_name = decode_name(sub.name);
            visit(sub.path, sub_name, below.empty() ? sub_name : below + "/" + sub_name, false, depth + 1);
        }
        chain_.pop_back();
    }

    void sort_entry(std::string path, const std::string& name, std::vector<Entry>& files, std::vector<Entry>& folders) {
        if (name.front() == '.') return skip(path, "intake.skipped.hidden");
        if (is_system_file(name)) return skip(path, "intake.skipped.system");
        auto stat = fs_.stat(path);
        if (!stat) return problem("intake.unreadable", stat.error().reason, path);
        if (!stat->exists) return skip(path, "intake.skipped.vanished");
        if (is_dangling(*stat)) return skip(path, "intake.skipped.dangling");
        if (stat->is_directory) {
            if (stat->is_symlink && !follow_) return skip(path, "intake.skipped.link");
            folders.push_back({std::move(path), name});
            return;
        }
        const std::string ext = lower_extension(name);
        if (sidecars_.count(ext) != 0) return skip(path, "intake.skipped.sidecar");
        if (stat->size == 0 && !is_image_extension(ext)) return skip(path, "intake.skipped.empty");
        if (!first_sight(path, *stat)) return skip(path, "intake.skipped.twice");
        files.push_back({std::move(path), name});
    }

    FileSystem& fs_;
    bool follow_, part_ = false;
    std::set<std::string> sidecars_, seen_paths_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> chain_;
};

} // namespace

std::string_view to_string(DeliveryKind kind) {
    switch (kind) {
    case DeliveryKind::Folder: return "folder";
    case DeliveryKind::File: return "file";
    case DeliveryKind::Flat: return "flat";
    }
    return "folder";
}

Finding SkippedFile::finding() const {
    Finding f;
    f.code = code;
    f.severity = Severity::Info;
    f.args = {decode_name(path)};
    return f;
}

std::vector<const SettingBase*> settings() { return {&kMultiPageFiles, &kSidecars, &kFollowLinks}; }

std::string absolute_path(const std::string& path) {
    namespace stdfs = std::filesystem;
    std::error_code ignored;
    stdfs::path p(path);
    if (p.is_relative()) p = stdfs::current_path(ignored) / p;
    std::string text = p.lexically_normal().string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

Result<IntakePlan> plan_deliveries(const std::vector<std::string>& inputs, FileSystem& fs, const Settings& settings) {
    Planner planner(fs, settings);
    std::vector<std::pair<std::string, FileStat>> found;
    for (const std::string& input : inputs) {
        const std::string path = absolute_path(input);
        RECTO_ASSIGN(FileStat stat, fs.stat(path));
        if (!stat.exists) return fail("intake.not_found", "no such file or folder", input);
        if (is_dangling(stat)) return fail("intake.not_found", "a link to nothing", input);
        found.emplace_back(path, stat);
    }
    for (const auto& [path, stat] : found) {
        if (stat.is_directory) planner.add_input_folder(path);
        else planner.add_file(path, stat);
    }
    return std::move(planner.plan);
}

std::vector<Delivery> refine_after_probe(const Delivery& delivery, const std::vector<int>& image_counts,
                                         const Settings& settings) {
    if (delivery.kind == DeliveryKind::File || image_counts.size() != delivery.files.size()) return {delivery};
    const std::string mode = settings.get(kMultiPageFiles);
    const auto multi = [&](std::size_t i) { return image_counts[i] > 1; };
    std::size_t multi_count = 0;
    for (std::size_t i = 0; i < image_counts.size(); ++i) multi_count += multi(i) ? 1 : 0;
    const bool all = multi_count == image_counts.size();

    bool split = false;
    if (mode == "item") split = multi_count > 0;
    else if (mode == "auto")
        split = delivery.kind == DeliveryKind::Flat ? multi_count > 0 : delivery.is_input && all && multi_count > 1;
    // A folder's only file is the folder's item: the folder's name is the better one.
    if (!split || (delivery.kind == DeliveryKind::Folder && delivery.files.size() == 1)) return {delivery};

    std::vector<Delivery> out;
    Delivery rest = delivery;
    rest.files.clear();
    for (std::size_t i = 0; i < delivery.files.size(); ++i) {
        if (!multi(i)) {
            rest.files.push_back(delivery.files[i]);
            continue;
        }
        Delivery one;
        one.name = decode_name(file_name(delivery.files[i]));
        one.path = delivery.files[i];
        one.kind = DeliveryKind::File;
        one.files = {delivery.files[i]};
        out.push_back(std::move(one));
    }
    if (!rest.files.empty()) out.insert(out.begin(), std::move(rest));
    return out;
}

} // namespace recto::intake
