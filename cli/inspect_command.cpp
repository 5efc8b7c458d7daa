// recto inspect: what treatment sees on pages, as JSON Lines or as a report for people, without an archive.

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/page_tool.h"
#include "pipeline/core/clock.h"
#include "pipeline/engine/run.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/image_out.h"
#include "pipeline/files/names.h"
#include "review/inspection.h"
#include "stages/grouping/grouping.h"

namespace recto::cli {
namespace {

nlohmann::json inspected(const std::string& file, int page, const Raster& raster, const ImageInfo& info,
                         const ImageTreatment& t) {
    nlohmann::json j = {
        {"schema", 1},      {"file", file}, {"page", page}, {"width", raster.width()}, {"height", raster.height()},
        {"dpi", raster.dpi}};
    j["dpi"]["source"] = to_string(info.dpi.source);
    const PageTreatment* first = t.pages.empty() ? nullptr : &t.pages.front();
    j["orientation_deg"] = first ? first->orientation_deg : 0;
    j["orientation_confidence"] = first ? first->orientation_confidence : 0.0;
    j["skew_deg"] = first ? first->skew_deg : 0.0;
    j["skew_confidence"] = first ? first->skew_confidence : 0.0;
    j["quads"] = nlohmann::json::array();
    bool blank = !t.pages.empty();
    nlohmann::json findings = t.findings;
    for (const auto& p : t.pages) {
        if (p.has_quad) j["quads"].push_back(p.quad);
        blank = blank && p.blank;
        for (const auto& f : p.findings) findings.push_back(f);
    }
    for (const auto& f : info.findings) findings.push_back(f);
    j["blank"] = blank;
    j["separator"] = t.separator.kind.empty()
                         ? nlohmann::json(nullptr)
                         : nlohmann::json{{"kind", t.separator.kind}, {"value", t.separator.value}};
    // What the picture alone tells; cover, contents, back note and body need the text of the page (`recto run`).
    const auto tell = [&](PageClass c, double confidence) {
        j["class"] = to_string(c);
        j["class_confidence"] = confidence;
    };
    j["class"] = j["class_confidence"] = nullptr;
    if (!t.separator.kind.empty()) tell(PageClass::Separator, t.separator.value.empty() ? 0.95 : 0.99);
    else if (first && first->target >= group::kTargetSure) tell(PageClass::Target, first->target);
    else if (blank) tell(PageClass::Blank, 0.95);
    j["codes"] = nlohmann::json::array();
    for (const Separator& c : t.codes) j["codes"].push_back({{"kind", c.kind}, {"value", c.value}});
    j["quality"] = {{"sharpness", first ? first->sharpness : 0.0},
                    {"contrast", first ? first->contrast : 0.0},
                    {"ink_ratio", first ? first->ink_ratio : 0.0},
                    {"findings", findings}};
    j["pages"] = static_cast<int>(t.pages.size());
    return j;
}

/// The report's view of what was looked at: files of a folder are a batch, told as grouping tells of an item. Pictures lie in
/// a folder of their own until the report has taken them.
class Sheet {
  public:
    Sheet(FileSystem& fs, std::string folder, const Settings& settings)
        : fs_(fs), folder_(std::move(folder)), work_(join_path(folder_, ".pictures")), settings_(settings) {}

    Result<void> open() {
        RECTO_TRY(fs_.make_folders(folder_));
        (void)::chmod(folder_.c_str(), 0750); // pages of records: not for everybody
        RECTO_TRY(fs_.remove_tree(work_));
        return fs_.make_folders(work_);
    }

    void begin(Source source) {
        source.original_name = decode_name(file_name(source.path));
        source.original_bytes = source.path; // two files of one name are two
        const std::string batch = decode_name(parent_path(source.path));
        auto at = std::ranges::find(batches_, batch, &group::GroupInput::name);
        if (at == batches_.end()) at = batches_.insert(batches_.end(), group::GroupInput{batch, false, {}});
        at->sources.push_back({std::move(source), {}, {}, {}});
        current_ = &*at;
    }
    void add(const Raster& raster, const ImageTreatment& treatment) {
        group::TreatedSource& file = current_->sources.back();
        const std::string name =
            fmt::format("{}-{}-{}", current_ - batches_.data(), current_->sources.size() - 1, file.treatments.size());
        // A picture that cannot be made costs the report a picture, nothing else.
        put(name + "-scan.jpg", raster);
        for (std::size_t p = 0; p < treatment.pages.size(); ++p)
            if (const auto page = render(raster, treatment.pages[p].transform))
                put(fmt::format("{}-{}.jpg", name, treatment.pages[p].split), *page);
        file.treatments.push_back(treatment);
    }
    void add(const Error& error) {
        group::TreatedSource& file = current_->sources.back();
        file.image_errors.emplace(static_cast<int>(file.treatments.size()), error);
        file.treatments.emplace_back();
    }
    void refuse(Error error, const std::string& file) {
        error.file = file;
        run_.errors.push_back(std::move(error));
    }

    Result<std::string> write() {
        run_.started = run_.ended = rfc3339(default_clock()->now());
        for (std::size_t b = 0; b < batches_.size(); ++b) {
            const auto items = group::group_items(batches_[b], {"", nullptr, &settings_});
            for (const Item& item : items) add_item(b, item);
        }
        auto written = write_inspection(fs_, folder_, run_);
        (void)fs_.remove_tree(work_);
        return written;
    }

  private:
    void put(const std::string& name, const Raster& raster) {
        constexpr int kSide = 800; // large enough to judge an angle by
        if (const auto jpeg = make_thumbnail(raster, kSide)) (void)fs_.write(join_path(work_, name), *jpeg);
    }
    void add_item(std::size_t batch, const Item& item) {
        ItemReport out;
        out.id = item.id.to_string();
        out.name = batches_[batch].name;
        out.state = "stored";
        for (const Page& page : item.pages) {
            PageReport row = page_report(item, page);
            row.state = page.error ? "error" : page.treatment.blank ? "blank" : "seen"; // nothing was read
            const std::string& path = item.sources.at(static_cast<std::size_t>(page.image.source)).path;
            const auto& sources = batches_[batch].sources;
            const auto file =
                std::ranges::find_if(sources, [&](const group::TreatedSource& s) { return s.source.path == path; });
            const std::string name = fmt::format("{}-{}-{}", batch, file - sources.begin(), page.image.index);
            row.scan_picture = join_path(work_, name + "-scan.jpg");
            row.work_results["preview"] = {
                {"file", join_path(work_, fmt::format("{}-{}.jpg", name, page.treatment.split))}};
            out.pages.push_back(std::move(row));
        }
        run_.pages += static_cast<int>(out.pages.size());
        run_.items.push_back(std::move(out));
    }

    FileSystem& fs_;
    std::string folder_, work_;
    const Settings& settings_;
    std::vector<group::GroupInput> batches_;
    group::GroupInput* current_ = nullptr;
    RunReport run_;
};

int inspect(const std::vector<std::string>& files, const std::string& html, const SettingsOptions& options) {
    const auto settings = options.load();
    if (!settings) return report_error(settings.error());
    auto fs = posix_file_system();
    PageTool tool(*settings);
    std::optional<Sheet> sheet;
    if (!html.empty()) {
        sheet.emplace(*fs, html, *settings);
        if (const auto opened = sheet->open(); !opened) return report_error(opened.error());
    }
    int code = kDone, good = 0;
    for (const auto& file : files) {
        const auto source = tool.probe(file);
        if (!source) {
            code = worse(code, report_error(source.error()));
            if (sheet) sheet->refuse(source.error(), file);
            continue;
        }
        if (sheet) sheet->begin(*source);
        for (int i = 0; i < static_cast<int>(source->images.size()); ++i) {
            const auto raster = tool.decode(*source, i);
            if (!raster) {
                code = worse(code, report_error(raster.error()));
                if (sheet) sheet->add(raster.error());
                continue;
            }
            const ImageInfo& info = source->images[static_cast<std::size_t>(i)];
            const ImageTreatment treated = tool.treat(*raster, info);
            if (sheet) sheet->add(*raster, treated);
            else
                std::printf("%s\n", inspected(file, i + 1, *raster, info, treated)
                                        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                                        .c_str());
            std::fflush(stdout);
            ++good;
        }
    }
    if (sheet) {
        const auto written = sheet->write();
        if (!written) return report_error(written.error());
        std::fprintf(stderr, "%s\n", tr("run.report", *written).c_str());
    }
    return code == kDone ? kDone : good > 0 ? static_cast<int>(kSomeFailed) : code;
}

} // namespace

void add_inspect(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("inspect", tr("cli.inspect"));
    struct A {
        std::vector<std::string> files;
        std::string html;
        SettingsOptions settings;
    };
    auto a = std::make_shared<A>();
    command->add_option("FILE", a->files, tr("cli.inspect.file"))->required();
    command->add_option("--html", a->html, tr("cli.inspect.html"));
    a->settings.add_to(*command);
    command->callback([&action, a] { action = [a] { return inspect(a->files, a->html, a->settings); }; });
}

} // namespace recto::cli
