// recto text, inspect, clean: one file at a time, without an archive.

#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "cli/cli.h"
#include "pipeline/engine/progress.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/image_out.h"
#include "stages/encode/access_clean.h"
#include "stages/encode/colour.h"
#include "stages/grouping/grouping.h"
#include "stages/reading/reading.h"
#include "stages/treatment/bilevel.h"
#include "stages/treatment/treatment.h"

namespace recto::cli {
namespace {

/// What text, inspect and clean share: decoding in a child and treatment.
class PageTool {
  public:
    explicit PageTool(const Settings& settings)
        : decoder_(program_path(), 2), options_(treat::Options::from_settings(settings)),
          probe_(treat::make_tesseract_probe()) {}
    Result<Source> probe(const std::string& path) {
        auto source = decoder_.probe(path);
        if (source) source->path = path;
        return source;
    }
    Result<Raster> decode(const Source& source, int index) { return decoder_.decode(source.path, index); }
    ImageTreatment treat(const Raster& raster, const ImageInfo& info) {
        return treat::treat_image(raster, info, options_, probe_.get());
    }

  private:
    Decoder decoder_;
    treat::Options options_;
    std::unique_ptr<treat::OrientationProbe> probe_;
};

int worse(int a, int b) { return a == kDone ? b : b == kDone ? a : kSomeFailed; }

int text(const std::string& file, const SettingsOptions& options, bool geometry, bool json) {
    const auto settings = options.load();
    if (!settings) return report_error(settings.error());
    auto reader = TextReader::open({&*settings, 1, model_folder()});
    if (!reader) return report_error(reader.error());
    PageTool tool(*settings);
    const auto source = tool.probe(file);
    if (!source) return report_error(source.error());
    int code = kDone, done = 0;
    bool first = true;
    for (int i = 0; i < static_cast<int>(source->images.size()); ++i) {
        const ImageInfo& info = source->images[static_cast<std::size_t>(i)];
        const auto raster = tool.decode(*source, i);
        if (!raster) {
            (void)report_error(raster.error());
            code = kSomeFailed;
            continue;
        }
        ImageTreatment treated;
        if (geometry) {
            treated = tool.treat(*raster, info);
        } else {
            PageTreatment whole;
            whole.transform = Transform(raster->width(), raster->height());
            whole.dpi = raster->dpi;
            treated.pages.push_back(whole);
        }
        for (const auto& page : treated.pages) {
            auto image = render(*raster, page.transform);
            if (!image) {
                (void)report_error(image.error());
                code = kSomeFailed;
                continue;
            }
            image->dpi = page.dpi;
            const auto read = (*reader)->read(*image, {std::chrono::steady_clock::now() + std::chrono::minutes(5), {}});
            if (!read) {
                Error e = read.error();
                e.file = file;
                e.page = i + 1;
                (void)report_error(e);
                code = kSomeFailed;
                continue;
            }
            if (json)
                std::printf(
                    "%s\n",
                    nlohmann::json(*read).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
            else std::printf("%s%s", first ? "" : "\f", read->plain().c_str());
            if (read->state == ReadState::NotMachineReadable)
                std::fprintf(stderr, "recto: %s\n", tr("cli.text.unreadable", file, std::to_string(i + 1)).c_str());
            first = false;
            ++done;
            std::fflush(stdout);
        }
    }
    return done == 0 && code != kDone ? static_cast<int>(kBadData) : code;
}

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

int inspect(const std::vector<std::string>& files, const SettingsOptions& options) {
    const auto settings = options.load();
    if (!settings) return report_error(settings.error());
    PageTool tool(*settings);
    int code = kDone, good = 0;
    for (const auto& file : files) {
        const auto source = tool.probe(file);
        if (!source) {
            code = worse(code, report_error(source.error()));
            continue;
        }
        for (int i = 0; i < static_cast<int>(source->images.size()); ++i) {
            const auto raster = tool.decode(*source, i);
            if (!raster) {
                code = worse(code, report_error(raster.error()));
                continue;
            }
            const ImageInfo& info = source->images[static_cast<std::size_t>(i)];
            std::printf("%s\n", inspected(file, i + 1, *raster, info, tool.treat(*raster, info))
                                    .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                                    .c_str());
            std::fflush(stdout);
            ++good;
        }
    }
    return code == kDone ? kDone : good > 0 ? static_cast<int>(kSomeFailed) : code;
}

Result<std::string> encoded_as(const Raster& raster, const std::string& path) {
    std::string extension = std::filesystem::path(path).extension().string();
    for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (extension == ".tif" || extension == ".tiff")
        return write_tiff(raster, raster.mode == ColourMode::Bilevel ? TiffCompression::G4 : TiffCompression::Lzw,
                          agent(), "");
    if (extension == ".jpg" || extension == ".jpeg") return write_jpeg(raster, 90);
    if (extension == ".png") return write_png(raster);
    return fail("cli.output_kind", "the name must end in .tif, .png or .jpg", path);
}

/// As access images are made: sRGB, and cleaned by `level`. What was done goes to stderr.
Raster for_people(const Raster& page, const PageTreatment& treatment, const std::vector<Finding>& findings,
                  const std::string& level) {
    const auto converted = encode::to_srgb(page);
    const Raster& shown = converted ? *converted : page;
    auto cleaned = encode::clean_for_people(shown, encode::parse_access_clean(level),
                                            encode::known_marks(treatment, findings, shown.width(), shown.height()));
    if (!cleaned.record.is_null()) std::fprintf(stderr, "%s\n", cleaned.record.dump().c_str());
    return std::move(cleaned.image);
}

int clean(const std::string& file, const std::string& output, const SettingsOptions& options, bool binary,
          bool geometry, const std::string& access) {
    const auto settings = options.load();
    if (!settings) return report_error(settings.error());
    PageTool tool(*settings);
    const auto source = tool.probe(file);
    if (!source) return report_error(source.error());
    auto fs = posix_file_system();
    int number = 0, code = kDone;
    for (int i = 0; i < static_cast<int>(source->images.size()); ++i) {
        const ImageInfo& info = source->images[static_cast<std::size_t>(i)];
        const auto raster = tool.decode(*source, i);
        if (!raster) {
            code = worse(code, report_error(raster.error()));
            continue;
        }
        ImageTreatment treated;
        if (geometry) treated = tool.treat(*raster, info);
        if (treated.pages.empty()) {
            PageTreatment whole;
            whole.transform = Transform(raster->width(), raster->height());
            whole.dpi = raster->dpi;
            treated.pages.push_back(whole);
        }
        for (const auto& page : treated.pages) {
            auto image = render(*raster, page.transform);
            if (!image) return report_error(image.error());
            image->dpi = page.dpi;
            if (!access.empty()) *image = for_people(*image, page, treated.findings, access);
            if (binary) *image = treat::to_bilevel(*image);
            // A second page goes beside the first: page.tif, page-2.tif.
            std::filesystem::path path(output);
            if (++number > 1)
                path.replace_filename(path.stem().string() + "-" + std::to_string(number) + path.extension().string());
            const auto bytes = encoded_as(*image, path.string());
            if (!bytes)
                return bytes.error().code == "cli.output_kind" ? (report_error(bytes.error()), kUsage)
                                                               : report_error(bytes.error());
            if (auto written = write_atomically(*fs, path.string(), *bytes); !written)
                return report_error(written.error());
        }
    }
    return code;
}

} // namespace

void add_text(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("text", tr("cli.text"));
    struct A {
        std::string file;
        SettingsOptions settings;
        bool no_geometry = false, json = false;
    };
    auto a = std::make_shared<A>();
    command->add_option("FILE", a->file, tr("cli.text.file"))->required();
    command->add_flag("--no-geometry", a->no_geometry, tr("cli.opt.no_geometry"));
    command->add_flag("--json", a->json, tr("cli.text.json"));
    a->settings.add_to(*command);
    command->callback([&action, a] { action = [a] { return text(a->file, a->settings, !a->no_geometry, a->json); }; });
}

void add_inspect(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("inspect", tr("cli.inspect"));
    auto files = std::make_shared<std::vector<std::string>>();
    auto settings = std::make_shared<SettingsOptions>();
    command->add_option("FILE", *files, tr("cli.inspect.file"))->required();
    settings->add_to(*command);
    command->callback(
        [&action, files, settings] { action = [files, settings] { return inspect(*files, *settings); }; });
}

void add_clean(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("clean", tr("cli.clean"));
    struct A {
        std::string file, output, access;
        SettingsOptions settings;
        bool binary = false, no_geometry = false;
    };
    auto a = std::make_shared<A>();
    command->add_option("IMAGE", a->file, tr("cli.clean.file"))->required();
    command->add_option("-o,--output", a->output, tr("cli.clean.output"))->required();
    command->add_flag("--binary", a->binary, tr("cli.clean.binary"));
    command->add_option("--access", a->access, tr("cli.clean.access"))->check(CLI::IsMember({"off", "light", "paper"}));
    command->add_flag("--no-geometry", a->no_geometry, tr("cli.opt.no_geometry"));
    a->settings.add_to(*command);
    command->callback([&action, a] {
        action = [a] { return clean(a->file, a->output, a->settings, a->binary, !a->no_geometry, a->access); };
    });
}

} // namespace recto::cli
