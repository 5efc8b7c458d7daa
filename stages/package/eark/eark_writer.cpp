// E-ARK submission information package, CSIP and SIP 2.2 (https://dilcis.eu): one folder an item, a representation each for the scans as
// they came, the preservation images, and what people use.

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "pipeline/files/item_fields.h"
#include "pipeline/files/names.h"
#include "stages/package/eark/eark_mets.h"
#include "stages/package/package.h"

namespace recto {

namespace {

const Setting<std::string> kDescriptive{"eark.descriptive", "both", std::vector<std::string_view>{"both", "dc", "ead3"},
                                        "Descriptive metadata of an E-ARK package: Dublin Core, EAD 3, or both.",
                                        "E-ARK 包的描述元数据:dc 为 Dublin Core,ead3 为 EAD 3,both 为两者。"};

struct Kind {
    std::string_view name, content;
};
constexpr std::array<Kind, 3> kKindsOfUse{
    {{"master", "ORIGINAL"}, {"preservation", "PRESERVATION"}, {"access", "ACCESS"}}};

/// The representation that a stored file belongs to, and its place there; text lies with what people use.
std::pair<std::string, std::string> place_of(const std::string& logical) {
    for (const Kind& kind : kKindsOfUse)
        if (const std::string folder = std::string(kind.name) + "/"; logical.starts_with(folder))
            return {std::string(kind.name), "data/" + logical.substr(folder.size())};
    if (logical.starts_with("text/")) return {"access", "data/" + logical};
    return {};
}

std::string media_type_of(std::string_view path) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kTypes{
        {{".tif", "image/tiff"},
         {".tiff", "image/tiff"},
         {".jpg", "image/jpeg"},
         {".jpeg", "image/jpeg"},
         {".png", "image/png"},
         {".jp2", "image/jp2"},
         {".pdf", "application/pdf"},
         {".xml", "application/xml"},
         {".txt", "text/plain"},
         {".csv", "text/csv"},
         {".json", "application/json"},
         {".html", "text/html"}}};
    std::string lower(path);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    for (const auto& [ending, type] : kTypes)
        if (lower.ends_with(ending)) return std::string(type);
    return "application/octet-stream";
}

class EarkWriter final : public PackageWriter {
  public:
    [[nodiscard]] std::string_view name() const override { return "eark"; }
    [[nodiscard]] std::string_view english() const override {
        return "E-ARK SIP 2.2 (CSIP) with PREMIS, Dublin Core and EAD 3, one folder an item";
    }
    [[nodiscard]] std::string_view chinese() const override {
        return "E-ARK SIP 2.2(CSIP)提交信息包,含 PREMIS、Dublin Core、EAD 3,每件一个文件夹";
    }
    [[nodiscard]] std::vector<const SettingBase*> settings() const override { return {&kDescriptive}; }

    [[nodiscard]] Result<PackageResult> write(const PackageRequest& in) const override {
        RECTO_ASSIGN(const PackagePlan plan, plan_package(in, [](const std::string& logical) {
                         return !place_of(logical).first.empty() || logical.starts_with("metadata/");
                     }));
        const std::string own = escape_name(plan.facts.display_name);
        PackageResult result;
        result.path = join_path(in.output, own);
        if (own != plan.facts.display_name) result.renamed = own;
        RECTO_ASSIGN(const Contents contents, contents_of(in, plan, own));
        for (const auto& [target, logical] : contents.copies) {
            (void)target;
            RECTO_ASSIGN(const FileStat s, in.fs.stat(plan.sources.at(logical)));
            result.bytes += s.size;
            ++result.files;
        }
        RECTO_ASSIGN(const FileStat there, in.fs.stat(result.path));
        if (there.exists) {
            const auto root = in.fs.read(join_path(result.path, "METS.xml"));
            if (!root || *root != contents.made.at("METS.xml"))
                return fail("package.exists", "something else of this name is there", result.path);
            result.existed = true;
            return result;
        }
        RECTO_TRY(build_package(in.fs, result.path, result.bytes, [&](const std::string& folder) -> Result<void> {
            for (const auto& [path, logical] : contents.copies) {
                const std::string target = join_path(folder, path);
                RECTO_TRY(in.fs.make_folders(parent_path(target)));
                RECTO_ASSIGN(const std::string digest,
                             in.fs.copy(plan.sources.at(logical), target, DigestAlgorithm::Sha512));
                if (digest != in.state.files.at(logical))
                    return fail("package.damaged_source", "its bytes have changed: " + logical,
                                plan.sources.at(logical));
            }
            for (const auto& [path, bytes] : contents.made) {
                const std::string target = join_path(folder, path);
                RECTO_TRY(in.fs.make_folders(parent_path(target)));
                RECTO_TRY(in.fs.write(target, bytes));
            }
            return {};
        }));
        return result;
    }

  private:
    struct Contents {
        std::map<std::string, std::string> copies; ///< Path in the package -> logical path.
        std::map<std::string, std::string> made;   ///< Path in the package -> bytes.
    };

    static EarkFile made_file(const std::string& path, const std::string& bytes) {
        return {path, media_type_of(path), digest_hex(DigestAlgorithm::Sha512, bytes), bytes.size()};
    }

    static Result<Contents> contents_of(const PackageRequest& in, const PackagePlan& plan, const std::string& own) {
        Contents out;
        EarkPackage package;
        package.id = own;
        package.title = plan.facts.title.empty() ? plan.facts.display_name : plan.facts.title;
        package.created = plan.item.value("created", "");
        const std::size_t space = plan.facts.agent.find(' ');
        package.agent = plan.facts.agent.substr(0, space);
        package.agent_version = space == std::string::npos ? "" : plan.facts.agent.substr(space + 1);
        package.submitter =
            plan.facts.repository_name.empty() ? plan.facts.repository_code : plan.facts.repository_name;
        package.submitter_code = plan.facts.repository_code;
        if (package.submitter.empty()) package.submitter = plan.facts.agent; // SIP asks for one
        const std::string descriptive = in.settings.get(kDescriptive);
        std::map<std::string, std::vector<EarkFile>> data;
        for (const auto& [logical, source] : plan.sources) {
            RECTO_ASSIGN(const FileStat s, in.fs.stat(source));
            EarkFile file{"", media_type_of(logical), in.state.files.at(logical), s.size};
            if (const auto [representation, path] = place_of(logical); !representation.empty()) {
                file.path = path;
                out.copies["representations/" + representation + "/" + path] = logical;
                data[representation].push_back(std::move(file));
                continue;
            }
            std::vector<EarkFile>* list = nullptr;
            if (logical == "metadata/dc.xml" && descriptive != "ead3") {
                file.path = "metadata/descriptive/dc.xml";
                list = &package.descriptive;
            } else if (logical == "metadata/premis.xml") {
                file.path = "metadata/preservation/premis.xml";
                list = &package.preservation;
            } else if (logical == "metadata/item.json") {
                file.path = "metadata/other/item.json";
                list = &package.other;
            }
            if (list == nullptr) continue;
            out.copies[file.path] = logical;
            list->push_back(std::move(file));
        }
        if (descriptive != "dc") {
            const std::string ead =
                eark_ead({plan.facts.id, plan.facts.display_name, package.title, item_field(plan.item, "date"),
                          item_field(plan.item, "creator"),
                          fmt::format("{} pages (页)", plan.item.value("pages", nlohmann::json::array()).size()),
                          package.submitter, plan.facts.agent, package.created});
            package.descriptive.push_back(made_file("metadata/descriptive/ead3.xml", ead));
            out.made["metadata/descriptive/ead3.xml"] = ead;
        }
        for (const Kind& kind : kKindsOfUse) {
            const auto files = data.find(std::string(kind.name));
            if (files == data.end()) continue;
            EarkRepresentation r{std::string(kind.name), std::string(kind.content), {}};
            const std::string path = "representations/" + r.name + "/METS.xml";
            const std::string mets = eark_representation_mets(package, r, files->second);
            r.mets = made_file(path, mets);
            out.made[path] = mets;
            package.representations.push_back(std::move(r));
        }
        out.made["METS.xml"] = eark_root_mets(package);
        return out;
    }
};

} // namespace

const PackageWriter& eark_writer() {
    static const EarkWriter writer;
    return writer;
}

} // namespace recto
