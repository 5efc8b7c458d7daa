// BagIt 1.0 (RFC 8493): payload = the logical files of the item's head version, SHA-512 and SHA-256 manifests.

#include <algorithm>
#include <array>
#include <map>

#include "pipeline/files/names.h"
#include "stages/package/package.h"

namespace recto {

namespace {

constexpr std::array kKinds{DigestAlgorithm::Sha512, DigestAlgorithm::Sha256};
const Setting<bool> kSm3{
    "bag.sm3", false,
    "A file sm3.txt in each bag: digests of the payload by SM3 (GB/T 32905). It is no manifest, because "
    "programs that check bags do not know the algorithm.",
    "在每个包中另附 sm3.txt:载荷的 SM3(GB/T 32905)摘要。通用校验软件不识该算法,故不作为清单文件。"};
constexpr std::string_view kDeclaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// RFC 8493, 2.1.3, asks for CR, LF and % to be encoded. Readers in wide use (bagit 1.9 among them) decode the first two
/// only and would look for "%252F" as it stands; readers that decode all three take any other "%XX" literally. So % is
/// encoded only where it would be read as one of the three: then both kinds find every file of ours.
std::string manifest_path(std::string_view path) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const std::string_view next = path.substr(i).substr(0, 3);
        const bool code = next == "%25" || next == "%0D" || next == "%0d" || next == "%0A" || next == "%0a";
        if (path[i] == '\r') out += "%0D";
        else if (path[i] == '\n') out += "%0A";
        else if (code) out += "%25";
        else out += path[i];
    }
    return out;
}

std::string one_line(std::string text) {
    std::replace_if(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

std::string bag_info(const PackageFacts& facts, const OcflState& state, std::uint64_t bytes, std::uint64_t files,
                     const std::string& date) {
    std::string out;
    const auto line = [&](std::string_view label, const std::string& value) {
        if (const std::string text = one_line(value); !text.empty()) out += std::string(label) + ": " + text + "\n";
    };
    line("Source-Organization", facts.repository_name.empty() ? facts.repository_code : facts.repository_name);
    line("External-Description", facts.title);
    line("External-Identifier", facts.reference_code);
    line("Bagging-Date", date);
    line("Payload-Oxum", std::to_string(bytes) + "." + std::to_string(files));
    line("Bag-Group-Identifier", facts.fonds);
    line("Internal-Sender-Identifier", "urn:uuid:" + facts.id);
    line("Internal-Sender-Description", "OCFL object " + state.id + ", version v" + std::to_string(state.head));
    line("Bag-Software-Agent", facts.agent);
    return out;
}

class BagWriter final : public PackageWriter {
  public:
    [[nodiscard]] std::string_view name() const override { return "bag"; }
    [[nodiscard]] std::string_view english() const override { return "BagIt 1.0 (RFC 8493) bag, one folder an item"; }
    [[nodiscard]] std::string_view chinese() const override { return "BagIt 1.0(RFC 8493)包,每件一个文件夹"; }

    [[nodiscard]] std::vector<const SettingBase*> settings() const override { return {&kSm3}; }

    [[nodiscard]] Result<PackageResult> write(const PackageRequest& in) const override {
        RECTO_ASSIGN(const PackagePlan plan, plan_package(in, [](const std::string&) { return true; }));
        PackageResult result;
        result.path = join_path(in.output, escape_name(plan.facts.display_name));
        result.files = plan.sources.size();
        result.bytes = plan.bytes;
        RECTO_ASSIGN(const FileStat there, in.fs.stat(result.path));
        if (there.exists) {
            RECTO_TRY(check_same(in, result.path));
            result.existed = true;
            return result;
        }
        RECTO_TRY(build_package(in.fs, result.path, plan.bytes,
                                [&](const std::string& folder) { return build(in, plan, result, folder); }));
        return result;
    }

  private:
    static std::string manifest_of(const OcflState& state) {
        std::string out;
        for (const auto& [logical, digest] : state.files) out += digest + "  data/" + manifest_path(logical) + "\n";
        return out;
    }

    /// A bag of this name that was made from the same files is as good as a new one.
    static Result<void> check_same(const PackageRequest& in, const std::string& path) {
        const auto manifest = in.fs.read(join_path(path, "manifest-sha512.txt"));
        const auto declaration = in.fs.read(join_path(path, "bagit.txt"));
        if (manifest && declaration && *manifest == manifest_of(in.state) && *declaration == kDeclaration) return {};
        return fail("package.exists", "something else of this name is there", path);
    }

    static Result<void> build(const PackageRequest& in, const PackagePlan& plan, const PackageResult& result,
                              const std::string& folder) {
        const std::string data = join_path(folder, "data");
        RECTO_TRY(in.fs.make_folders(data));
        std::vector<DigestAlgorithm> kinds(kKinds.begin(), kKinds.end());
        if (in.settings.get(kSm3)) kinds.push_back(DigestAlgorithm::Sm3);
        std::string sha256, sm3;
        for (const auto& [logical, source] : plan.sources) {
            const std::string target = join_path(data, logical);
            RECTO_TRY(in.fs.make_folders(parent_path(target)));
            RECTO_ASSIGN(const auto digests, in.fs.copy(source, target, kinds));
            if (digests[0] != in.state.files.at(logical))
                return fail("package.damaged_source", "its bytes have changed: " + logical, source);
            sha256 += digests[1] + "  data/" + manifest_path(logical) + "\n";
            if (digests.size() > 2) sm3 += digests[2] + "  data/" + manifest_path(logical) + "\n";
        }
        // Tag files, and the manifests of them all but themselves.
        const std::string date = rfc3339(in.clock.now()).substr(0, 10);
        std::map<std::string, std::string> tags{
            {"bag-info.txt", bag_info(plan.facts, in.state, result.bytes, result.files, date)},
            {"bagit.txt", std::string(kDeclaration)},
            {"manifest-sha256.txt", sha256},
            {"manifest-sha512.txt", manifest_of(in.state)}};
        if (!sm3.empty()) tags.emplace("sm3.txt", sm3);
        for (const auto& [name, bytes] : tags) RECTO_TRY(in.fs.write(join_path(folder, name), bytes));
        for (const DigestAlgorithm kind : kKinds) {
            std::string lines;
            for (const auto& [name, bytes] : tags) lines += digest_hex(kind, bytes) + "  " + name + "\n";
            RECTO_TRY(in.fs.write(join_path(folder, "tagmanifest-" + std::string(to_string(kind)) + ".txt"), lines));
        }
        return {};
    }
};

} // namespace

const PackageWriter& bag_writer() {
    static const BagWriter writer;
    return writer;
}

} // namespace recto
