// Plain files for other systems, named by DA/T 31-2017, 9.6: page images <档号>-<serial>, the PDF of an item <档号>; and
// links.csv, which links every file to its catalogue row (数据挂接).

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "pipeline/files/csv.h"
#include "pipeline/files/item_fields.h"
#include "pipeline/files/link_table.h"
#include "pipeline/files/names.h"
#include "stages/package/package.h"

namespace recto {

namespace {

const Setting<std::string> kFiles{
    "folder.files", "both", std::vector<std::string_view>{"both", "images", "pdf"},
    "Files of a folder package: the preservation image of each page, the PDF of the item, or both.",
    "文件夹包中的文件:images 为每页保存图像,pdf 为每件 PDF,both 为两者。"};
const Setting<std::string> kLayout{
    "folder.layout", "item", std::vector<std::string_view>{"item", "volume"},
    "Folders of a folder package: item, one folder an item; volume, these within a folder for the volume, whose name "
    "is the "
    "档号 without its last part.",
    "文件夹包的目录:item 为每件一个文件夹;volume 为案卷文件夹(档号去掉最后一段)之下每件一个文件夹。"};
const Setting<std::string> kPageName{
    "folder.page_name", "{code}-{serial}",
    "Name of a page's file, without its extension: {code} is the 档号, {serial} the page's number in the item.",
    "单页文件名(不含扩展名):{code} 为档号,{serial} 为页在件内的序号。"};
const Setting<std::int64_t> kDigits{
    "folder.serial_digits", 4, {1, 8}, "Digits of {serial}, with leading zeros.", "{serial} 的位数,不足补零。"};

std::string replaced(std::string text, std::string_view what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

std::string extension_of(const std::string& path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string::npos || path.find('/', dot) != std::string::npos ? "" : path.substr(dot);
}

/// 档号 of the volume: without the last part, which "-", "·" or "/" sets off; the whole where there is only one part.
std::string volume_of(const std::string& code) {
    const std::size_t dash = code.find_last_of("-/");
    return dash == std::string::npos || dash == 0 ? code : code.substr(0, dash);
}

/// One file of a package.
struct Part {
    std::string logical, name; ///< In the store; in the package.
    LinkRow row;
};

Result<std::vector<Part>> parts_of(const nlohmann::json& item, const PackageFacts& facts, const Settings& settings) {
    const std::string files = settings.get(kFiles), pattern = settings.get(kPageName);
    if (pattern.find("{serial}") == std::string::npos)
        return fail("package.page_name", "it has no {serial}", std::string(kPageName.key));
    std::map<int, std::pair<std::string, std::string>> pages; // order -> UUID, class
    for (const auto& page : item.value("pages", nlohmann::json::array()))
        pages[page.value("order", 0)] = {page.value("id", ""), page.value("class", "")};
    LinkRow common;
    common.code = facts.display_name;
    common.item_id = facts.id;
    for (std::size_t i = 0; i < kLinkFields.size(); ++i) common.fields[i] = item_field(item, kLinkFields[i].id);
    std::vector<Part> out;
    for (const auto& file : item.value("files", nlohmann::json::array())) {
        const std::string role = file.value("role", "");
        const int order = file.value("page", 0);
        const bool image = role == "preservation" && files != "pdf";
        const bool pdf = role == "access" && files != "images" && file.value("media_type", "") == "application/pdf";
        if (!image && !pdf) continue;
        Part part;
        part.logical = file.value("path", "");
        std::string name = facts.display_name;
        if (image) {
            const std::string serial = fmt::format("{:0{}}", order, settings.get(kDigits));
            name = replaced(replaced(pattern, "{serial}", serial), "{code}", facts.display_name);
        }
        part.name = escape_name(name) + extension_of(part.logical);
        part.row = common;
        part.row.page = image ? order : 0;
        if (image && pages.contains(order)) std::tie(part.row.page_id, part.row.page_class) = pages[order];
        part.row.media_type = file.value("media_type", "");
        part.row.size = file.value("size", std::uint64_t{0});
        part.row.sha512 = file.value("sha512", "");
        out.push_back(std::move(part));
    }
    if (files != "pdf" && std::ranges::none_of(out, [](const Part& p) { return p.row.page > 0; }))
        return fail("package.no_images", "no file has the role preservation", facts.display_name);
    std::ranges::stable_sort(out, {}, [](const Part& p) { return p.row.page; });
    return out;
}

class FolderWriter final : public PackageWriter {
  public:
    [[nodiscard]] std::string_view name() const override { return "folder"; }
    [[nodiscard]] std::string_view english() const override {
        return "plain files named by DA/T 31, one folder an item, with links.csv for the catalogue";
    }
    [[nodiscard]] std::string_view chinese() const override {
        return "按 DA/T 31 命名的普通文件,每件一个文件夹,附挂接表 links.csv";
    }
    [[nodiscard]] std::vector<const SettingBase*> settings() const override {
        return {&kFiles, &kLayout, &kPageName, &kDigits};
    }

    [[nodiscard]] Result<PackageResult> write(const PackageRequest& in) const override {
        RECTO_ASSIGN(const PackagePlan plan, plan_package(in, [](const std::string& logical) {
                         return logical.starts_with("preservation/") || logical.starts_with("access/");
                     }));
        RECTO_ASSIGN(std::vector<Part> parts, parts_of(plan.item, plan.facts, in.settings));
        const std::string& code = plan.facts.display_name;
        const std::string own = escape_name(code);
        const std::string folder =
            in.settings.get(kLayout) == "volume" ? join_path(escape_name(volume_of(code)), own) : own;
        PackageResult result;
        result.path = join_path(in.output, folder);
        if (own != code) result.renamed = own;
        std::string rows(kBom);
        rows += link_heading();
        std::map<std::string, std::string> names; // to its logical path
        for (Part& part : parts) {
            part.row.file = join_path(folder, part.name);
            rows += link_row(part.row);
            if (!names.emplace(part.name, part.logical).second)
                return fail("package.page_name", "two files would have the name " + part.name, code);
            result.bytes += part.row.size;
            ++result.files;
        }
        RECTO_ASSIGN(const FileStat there, in.fs.stat(result.path));
        if (there.exists) {
            const auto links = in.fs.read(join_path(result.path, kLinksFile));
            if (!links || *links != rows)
                return fail("package.exists", "something else of this name is there", result.path);
            result.existed = true;
            return result;
        }
        RECTO_TRY(build_package(in.fs, result.path, result.bytes, [&](const std::string& made) -> Result<void> {
            for (const auto& [file, logical] : names) {
                const auto source = plan.sources.find(logical);
                if (source == plan.sources.end())
                    return fail("package.damaged_source", "no such file: " + logical, code);
                RECTO_ASSIGN(const std::string digest,
                             in.fs.copy(source->second, join_path(made, file), DigestAlgorithm::Sha512));
                if (digest != in.state.files.at(logical))
                    return fail("package.damaged_source", "its bytes have changed: " + logical, source->second);
            }
            return in.fs.write(join_path(made, kLinksFile), rows);
        }));
        return result;
    }

    /// The table of all items in the folder, from the tables of each: a later call adds its items.
    [[nodiscard]] Result<void> finish(FileSystem& fs, const std::string& output) const override {
        std::string all(kBom);
        all += link_heading();
        const auto add = [&](const std::string& folder) -> Result<bool> {
            const std::string file = join_path(folder, kLinksFile);
            RECTO_ASSIGN(const FileStat s, fs.stat(file));
            if (!s.exists || folder.ends_with(".partial")) return false;
            RECTO_ASSIGN(const std::string bytes, fs.read(file));
            const std::string head = std::string(kBom) + link_heading();
            if (!bytes.starts_with(head)) return false; // someone else's
            all += bytes.substr(head.size());
            return true;
        };
        RECTO_ASSIGN(std::vector<std::string> names, folders_in(fs, output));
        for (const std::string& name : names) {
            const std::string folder = join_path(output, name);
            RECTO_ASSIGN(const bool item, add(folder));
            if (item) continue;
            RECTO_ASSIGN(const std::vector<std::string> inner, folders_in(fs, folder));
            for (const std::string& within : inner) RECTO_TRY(add(join_path(folder, within)));
        }
        const std::string partial = join_path(output, std::string(kLinksFile) + ".partial");
        RECTO_TRY(fs.write(partial, all));
        RECTO_TRY(fs.sync(partial));
        RECTO_TRY(fs.rename(partial, join_path(output, kLinksFile)));
        return fs.sync(output);
    }

  private:
    static Result<std::vector<std::string>> folders_in(FileSystem& fs, const std::string& folder) {
        RECTO_ASSIGN(std::vector<std::string> names, fs.list(folder));
        std::vector<std::string> out;
        for (std::string& name : names) {
            RECTO_ASSIGN(const FileStat s, fs.stat(join_path(folder, name)));
            if (s.exists && s.is_directory && !s.is_symlink) out.push_back(std::move(name));
        }
        std::ranges::sort(out, natural_less);
        return out;
    }
};

} // namespace

const PackageWriter& folder_writer() {
    static const FolderWriter writer;
    return writer;
}

} // namespace recto
