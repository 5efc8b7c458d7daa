#include "stages/package/package.h"

#include <algorithm>
#include <array>

#include "pipeline/files/item_fields.h"
#include "pipeline/files/strict_json.h"

namespace recto {

const PackageWriter& bag_writer();      // bag/
const PackageWriter& folder_writer();   // folder/
const PackageWriter& ofd_writer();      // ofd/
const PackageWriter& eark_writer();     // eark/
const PackageWriter& handover_writer(); // handover/

const Setting<std::string> kPackageKinds{
    "package.kinds", "bag",
    "Kinds of package that recto package makes when --as names none, joined with +: folder+ofd. Several of them have a "
    "folder each.",
    "recto package 未用 --as 指定时生成的包种类,以 + 连接,如 folder+ofd;多于一种时各占一个文件夹。"};

std::span<const PackageWriter* const> package_writers() {
    static const std::array kWriters{
        &bag_writer(), &folder_writer(), &ofd_writer(), &eark_writer(), &handover_writer(),
    };
    return kWriters;
}

const PackageWriter* find_package_writer(std::string_view name) {
    const auto writers = package_writers();
    const auto at = std::find_if(writers.begin(), writers.end(), [&](const auto* w) { return w->name() == name; });
    return at == writers.end() ? nullptr : *at;
}

std::vector<const SettingBase*> package_settings() {
    std::vector<const SettingBase*> list{&kPackageKinds};
    for (const PackageWriter* writer : package_writers())
        for (const SettingBase* s : writer->settings()) list.push_back(s);
    return list;
}

PackageFacts package_facts(const nlohmann::json& item) {
    using nlohmann::json;
    PackageFacts facts;
    facts.reference_code = item.value("reference_code", "");
    facts.display_name = facts.reference_code.empty() ? item.value("provisional_name", "") : facts.reference_code;
    facts.id = item.at("id").get<std::string>();
    if (facts.display_name.empty()) facts.display_name = facts.id;
    facts.held = item.value("held", false);
    if (const auto repository = item.find("repository"); repository != item.end() && repository->is_object()) {
        facts.repository_code = repository->value("code", "");
        facts.repository_name = repository->value("name", "");
    }
    if (const auto fonds = item.find("fonds"); fonds != item.end() && fonds->is_array() && !fonds->empty()) {
        const json& first = fonds->front();
        if (first.is_string()) facts.fonds = first.get<std::string>();
        else if (first.is_object()) facts.fonds = first.value("code", "");
    }
    if (const auto made = item.find("provenance"); made != item.end() && made->is_object())
        facts.agent = made->value("agent", "");
    facts.title = item_field(item, "title");
    return facts;
}

Result<PackagePlan> plan_package(const PackageRequest& in, const std::function<bool(const std::string&)>& wanted) {
    if (in.state.head == 0) return fail("package.no_item", "no such object", in.state.id);
    const auto path = in.store.content_path(in.state, "metadata/item.json");
    if (!path) return fail("package.no_item", "the object has no metadata/item.json", in.state.id);
    RECTO_ASSIGN(const std::string bytes, in.fs.read(*path));
    RECTO_ASSIGN(StrictJson parsed, parse_strict_json(bytes, *path));
    PackagePlan plan;
    plan.item = std::move(parsed.value);
    try {
        plan.facts = package_facts(plan.item);
    } catch (const nlohmann::json::exception& e) { return fail("package.no_item", e.what(), *path); }
    if (plan.facts.held && !in.include_held) return fail("package.held", "the item is held", plan.facts.display_name);
    for (const auto& [logical, digest] : in.state.files) {
        if (!wanted(logical)) continue;
        RECTO_ASSIGN(std::string source, in.store.content_path(in.state, logical));
        RECTO_ASSIGN(const FileStat s, in.fs.stat(source));
        if (!s.exists || s.is_directory || s.is_symlink)
            return fail("package.damaged_source", "no such file: " + logical, source);
        plan.bytes += s.size;
        plan.sources.emplace(logical, std::move(source));
    }
    return plan;
}

namespace {

using Step = std::function<Result<void>(const std::string&)>;

/// `make` and `sync` are given "<path>.partial", which a death leaves and the next attempt removes.
Result<void> build_beside(FileSystem& fs, const std::string& path, std::uint64_t bytes, const Step& make,
                          const Step& sync) {
    RECTO_TRY(fs.make_folders(parent_path(path)));
    RECTO_ASSIGN(const std::uint64_t room, fs.free_bytes(parent_path(path)));
    if (room < bytes) return fail_retry("io.no_space", std::to_string(bytes) + " bytes are needed", parent_path(path));
    const std::string partial = path + ".partial";
    const auto fill = [&]() -> Result<void> {
        RECTO_TRY(fs.remove_tree(partial));
        RECTO_TRY(make(partial));
        RECTO_TRY(sync(partial));
        return fs.rename(partial, path);
    };
    if (auto done = fill(); !done) {
        (void)fs.remove_tree(partial);
        return tl::unexpected(done.error());
    }
    return fs.sync(parent_path(path));
}

} // namespace

Result<void> build_package(FileSystem& fs, const std::string& path, std::uint64_t bytes, const Step& build) {
    return build_beside(
        fs, path, bytes,
        [&](const std::string& partial) -> Result<void> {
            RECTO_TRY(fs.make_folders(partial));
            return build(partial);
        },
        [&](const std::string& partial) { return sync_tree(fs, partial); });
}

Result<void> build_package_file(FileSystem& fs, const std::string& path, std::uint64_t bytes, const Step& build) {
    return build_beside(
        fs, path, bytes,
        [&](const std::string& partial) -> Result<void> {
            RECTO_TRY(fs.write(partial, ""));
            return build(partial);
        },
        [&](const std::string& partial) { return fs.sync(partial); });
}

} // namespace recto
