// recto package: what leaves the archive.

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "cli/archive_access.h"
#include "cli/cli.h"
#include "config/config.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/ocfl.h"
#include "stages/package/package.h"

namespace recto::cli {
namespace {

struct PackageArguments {
    std::string archive, output;
    std::vector<std::string> kinds, items;
    SettingsOptions settings;
    bool json = false, dry_run = false;
};

/// One call of the command: the archive, the items that are asked for, what has come of them.
class Packaging {
  public:
    Packaging(const PackageArguments& arguments, const Settings& settings, FileSystem& fs, OcflStore& store,
              std::vector<IndexRow> rows, EventLog& events)
        : a_(arguments), settings_(settings), fs_(fs), store_(store), rows_(std::move(rows)), events_(events) {}

    void make(const PackageWriter& writer, const std::string& output) {
        if (writer.takes_set()) make_set(writer, output);
        else make_each(writer, output);
    }

    /// Bytes of each representation of the items: what packages of them would hold.
    void state_sizes() {
        std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> sizes; // files, bytes
        for (const IndexRow& row : rows_) {
            const auto state = store_.state("urn:uuid:" + row.id);
            if (!state) {
                code_ = report_error(state.error());
                continue;
            }
            for (const auto& [logical, digest] : state->files) {
                const std::size_t slash = logical.find('/');
                const auto file = store_.content_path(*state, logical);
                const auto s = file ? fs_.stat(*file) : Result<FileStat>(tl::unexpected(file.error()));
                if (!s) {
                    code_ = report_error(s.error());
                    continue;
                }
                auto& [files, bytes] = sizes[slash == std::string::npos ? "metadata" : logical.substr(0, slash)];
                ++files;
                bytes += s->size;
            }
        }
        nlohmann::json list = nlohmann::json::array();
        for (const auto& [name, size] : sizes) {
            list.push_back({{"representation", name}, {"files", size.first}, {"bytes", size.second}});
            if (!a_.json) std::printf("%-14s %10lu %16lu\n", name.c_str(), size.first, size.second);
        }
        if (a_.json)
            std::printf(
                "%s\n",
                nlohmann::json{{"schema", 1}, {"items", rows_.size()}, {"representations", list}}.dump(1).c_str());
    }

    int end() {
        if (a_.json && !a_.dry_run) {
            nlohmann::json out = {{"schema", 1}, {"packages", packages_}};
            if (!set_.is_null()) out.update(set_);
            std::printf("%s\n", out.dump(1).c_str());
        }
        return code_;
    }

  private:
    void made(const PackageWriter& writer, const PackageResult& result, nlohmann::json entry, nlohmann::json event) {
        entry.update({{"as", writer.name()},
                      {"path", result.path},
                      {"files", result.files},
                      {"bytes", result.bytes},
                      {"existed", result.existed}});
        packages_.push_back(std::move(entry));
        if (!a_.json) std::printf("%s\n", result.path.c_str());
        if (result.existed) return;
        event.update({{"as", writer.name()}, {"files", result.files}, {"bytes", result.bytes}});
        (void)events_.append("package", event);
    }

    void make_each(const PackageWriter& writer, const std::string& output) {
        Decoder decoder(program_path(), 1);
        const auto decode = [&](const std::string& path, int index) { return decoder.decode(path, index); };
        int count = 0, held = 0;
        for (const IndexRow& row : rows_) {
            const auto state = store_.state("urn:uuid:" + row.id);
            if (!state) {
                code_ = report_error(state.error());
                continue;
            }
            const auto result = writer.write({fs_, store_, *state, output, *clock_, settings_, false, decode});
            if (!result) {
                held += result.error().code == "package.held";
                Error e = result.error();
                if (e.file.empty()) e.file = row.reference_code;
                (void)report_error(e);
                packages_.push_back(
                    {{"as", writer.name()}, {"item", row.reference_code}, {"id", row.id}, {"error", e.code}});
                // An item that is held is left out when everything was asked for; asked for by name it is a failure.
                code_ = code_ == kDone ? static_cast<int>(kSomeFailed) : code_;
                continue;
            }
            ++count;
            if (!result->renamed.empty())
                std::fprintf(stderr, "recto: %s\n",
                             tr("cli.package.renamed", row.reference_code, result->renamed).c_str());
            made(writer, *result, {{"item", row.reference_code}, {"id", row.id}},
                 {{"id", row.id}, {"version", state->head}});
        }
        if (count > 0)
            if (const auto finished = writer.finish(fs_, output); !finished) code_ = report_error(finished.error());
        std::fprintf(stderr, "%s\n",
                     tr("cli.package.done", std::to_string(count), std::to_string(held), output).c_str());
    }

    /// All items in one set of packages: what a handover is.
    void make_set(const PackageWriter& writer, const std::string& output) {
        std::vector<std::string> objects;
        for (const IndexRow& row : rows_) objects.push_back("urn:uuid:" + row.id);
        const auto result = writer.write_set({fs_, store_, objects, output, *clock_, settings_});
        if (!result) {
            code_ = report_error(result.error());
            return;
        }
        nlohmann::json left = nlohmann::json::array();
        for (const auto& [object, error] : result->left_out) {
            const auto row = std::ranges::find(rows_, object, [](const IndexRow& r) { return "urn:uuid:" + r.id; });
            Error e = error;
            if (row != rows_.end()) e.file = row->reference_code;
            (void)report_error(e);
            left.push_back({{"item", e.file}, {"error", e.code}});
            code_ = code_ == kDone ? static_cast<int>(kSomeFailed) : code_;
        }
        for (const PackageResult& package : result->packages) made(writer, package, {}, {});
        set_ = {{"items", result->items}, {"left_out", left}};
        std::fprintf(stderr, "%s\n",
                     tr("cli.package.set_done", std::to_string(result->items), std::to_string(result->packages.size()),
                        std::to_string(result->left_out.size()), output)
                         .c_str());
    }

    const PackageArguments& a_;
    const Settings& settings_;
    FileSystem& fs_;
    OcflStore& store_;
    std::vector<IndexRow> rows_;
    EventLog& events_;
    std::shared_ptr<const Clock> clock_ = default_clock();
    nlohmann::json packages_ = nlohmann::json::array(), set_;
    int code_ = kDone;
};

std::vector<std::string> split_kinds(const std::string& text) {
    std::vector<std::string> out{""};
    for (const char c : text) {
        if (c == '+') out.emplace_back();
        else if (c != ' ') out.back() += c;
    }
    return out;
}

int package(const PackageArguments& a) {
    const auto settings = a.settings.load();
    if (!settings) return report_error(settings.error());
    std::vector<const PackageWriter*> writers;
    for (const std::string& kind : a.kinds.empty() ? split_kinds(settings->get(kPackageKinds)) : a.kinds) {
        writers.push_back(find_package_writer(kind));
        if (writers.back() != nullptr) continue;
        std::string names;
        for (const auto* w : package_writers()) names += (names.empty() ? "" : ", ") + std::string(w->name());
        std::fprintf(stderr, "recto: %s\n", tr("cli.package.unknown", kind, names).c_str());
        return kUsage;
    }
    if (a.output.empty() && !a.dry_run) {
        std::fprintf(stderr, "recto: %s\n", tr("cli.package.no_output").c_str());
        return kUsage;
    }
    auto archive = open_archive(a.archive, nullptr, "recto package");
    if (!archive) return report_error(archive.error());
    auto fs = posix_file_system();
    OcflStore store(fs, (*archive)->paths.storage());
    if (auto opened = store.open(); !opened) return report_error(opened.error());
    if (auto recovered = store.recover(); !recovered) return report_error(recovered.error());
    const auto index = read_index(*fs, (*archive)->paths);
    if (!index) return report_error(index.error());

    std::vector<IndexRow> rows;
    if (a.items.empty()) rows = *index;
    bool missing = false;
    for (const auto& wanted : a.items) {
        const auto it = std::ranges::find_if(
            *index, [&](const IndexRow& r) { return r.reference_code == wanted || r.id == wanted; });
        if (it != index->end()) {
            rows.push_back(*it);
            continue;
        }
        std::fprintf(stderr, "recto: %s\n", tr("cli.package.no_item", wanted).c_str());
        missing = true;
    }
    if (missing) return kNoInput;
    Packaging packaging(a, *settings, *fs, store, std::move(rows), *(*archive)->events);
    if (a.dry_run) packaging.state_sizes();
    else
        for (const PackageWriter* writer : writers)
            packaging.make(*writer, writers.size() == 1 ? a.output : join_path(a.output, std::string(writer->name())));
    return packaging.end();
}

} // namespace

void add_package(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("package", tr("cli.package"));
    auto a = std::make_shared<PackageArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("ITEM", a->items, tr("cli.package.item"));
    std::string kinds = tr("cli.package.as");
    for (const PackageWriter* w : package_writers())
        kinds += fmt::format("\n{}: {}", w->name(), ui_language() == Language::Chinese ? w->chinese() : w->english());
    command->add_option("--as", a->kinds, kinds)->allow_extra_args(false);
    command->add_option("-o,--output", a->output, tr("cli.package.output"));
    command->add_flag("--dry-run", a->dry_run, tr("cli.package.dry_run"));
    a->settings.add_to(*command);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return package(*a); }; });
}

} // namespace recto::cli
