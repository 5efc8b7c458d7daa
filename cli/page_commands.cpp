// recto text, clean: one file at a time, without an archive.

#include <cstdio>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "cli/cli.h"
#include "cli/page_tool.h"
#include "pipeline/core/clock.h"
#include "pipeline/engine/run.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/image_out.h"
#include "stages/encode/access_clean.h"
#include "stages/encode/colour.h"
#include "stages/encode/hocr.h"
#include "stages/encode/records.h"
#include "stages/encode/table_csv.h"
#include "stages/encode/text_layer.h"
#include "stages/encode/tsv.h"
#include "stages/reading/reading.h"
#include "stages/treatment/bilevel.h"

namespace recto::cli {
namespace {

/// Pages of one file as `recto text --format` gives them: what can be said page by page goes out at once.
class TextOutput {
  public:
    TextOutput(std::string file, const std::string& format, bool paragraphs)
        : file_(std::move(file)), format_(format), paragraphs_(paragraphs) {}

    void page(const PageText& read, const Dpi& dpi) {
        ++pages_;
        if (format_ == "json")
            std::printf("%s\n",
                        nlohmann::json(read).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
        else if (format_ == "alto") separated(write_alto(encode::clean_text(read), alto_page(read)));
        else if (format_ == "tsv")
            std::printf("%s%s", pages_ == 1 ? std::string(encode::kTsvHeading).c_str() : "",
                        encode::tsv_rows(encode::clean_text(read), pages_, read.width, read.height).c_str());
        else if (format_ == "hocr") kept_.push_back({encode::clean_text(read), dpi});
        else separated(paragraphs_ ? read.paragraphs() : read.plain());
        std::fflush(stdout);
    }

    /// One hOCR document has all pages, so it comes at the end.
    void end() const {
        if (format_ != "hocr" || kept_.empty()) return;
        std::vector<encode::HocrPage> pages;
        for (const auto& [text, dpi] : kept_)
            pages.push_back({&text, file_, text.width, text.height, static_cast<int>(pages.size()) + 1, dpi.x, dpi.y});
        const std::string out = encode::write_hocr(pages, agent(), std::filesystem::path(file_).filename().string());
        std::fwrite(out.data(), 1, out.size(), stdout);
    }

  private:
    void separated(const std::string& text) { std::printf("%s%s", pages_ == 1 ? "" : "\f", text.c_str()); }

    [[nodiscard]] encode::AltoPage alto_page(const PageText& read) const {
        encode::AltoPage page;
        page.image = file_;
        page.width = read.width;
        page.height = read.height;
        page.order = pages_;
        page.page_class = "body";
        page.software = agent();
        page.created = rfc3339(default_clock()->now());
        return page;
    }

    std::string file_, format_;
    bool paragraphs_ = false;
    int pages_ = 0;
    std::vector<std::pair<PageText, Dpi>> kept_;
};

/// Writes the tables of a page into `folder`: <number>.table<k>.csv, as an archive has them.
Result<void> write_tables(const PageText& page, const std::string& folder, int number) {
    const auto fs = posix_file_system();
    int k = 0;
    for (const TextBlock& block : page.blocks) {
        const std::string csv = encode::table_csv(block);
        if (csv.empty()) continue;
        RECTO_TRY(fs->make_folders(folder));
        RECTO_TRY(write_atomically(*fs, join_path(folder, fmt::format("{:04}.table{}.csv", number, ++k)), csv));
    }
    return {};
}

struct TextOptions {
    bool geometry = true, paragraphs = false;
    std::string format = "text";
    std::string tables; ///< Folder for tables as CSV; empty: none are written.
};

int text(const std::string& file, const SettingsOptions& options, const TextOptions& wanted) {
    const auto settings = options.load();
    if (!settings) return report_error(settings.error());
    PageTool tool(*settings);
    auto reader = TextReader::open(
        {&*settings, 1, model_folder(), [&](const Source& source, int index) { return tool.text(source, index); }});
    if (!reader) return report_error(reader.error());
    const auto source = tool.probe(file);
    if (!source) return report_error(source.error());
    int code = kDone, done = 0;
    TextOutput output(file, wanted.format, wanted.paragraphs);
    for (int i = 0; i < static_cast<int>(source->images.size()); ++i) {
        const ImageInfo& info = source->images[static_cast<std::size_t>(i)];
        const auto raster = tool.decode(*source, i);
        if (!raster) {
            (void)report_error(raster.error());
            code = kSomeFailed;
            continue;
        }
        ImageTreatment treated;
        if (wanted.geometry) {
            treated = tool.treat(*raster, info);
        } else {
            PageTreatment whole;
            whole.transform = Transform(raster->width(), raster->height());
            whole.dpi = raster->dpi;
            treated.pages.push_back(whole);
        }
        for (const auto& page : treated.pages) {
            const LargerPage at_scale = [&](double scale) { return render_page(*raster, page, scale); };
            const auto image = at_scale(1);
            if (!image) {
                (void)report_error(image.error());
                code = kSomeFailed;
                continue;
            }
            const auto reading = (*reader)->read(
                *image, {*source, i, page.transform, at_scale},
                {std::chrono::steady_clock::now() + std::chrono::seconds(settings->get(kPageTimeLimit)), {}});
            if (!reading) {
                Error e = reading.error();
                e.file = file;
                e.page = i + 1;
                (void)report_error(e);
                code = kSomeFailed;
                continue;
            }
            const PageText* read = &reading->text;
            for (const Finding& f : reading->findings)
                std::fprintf(stderr, "recto: %s, %d: %s\n", file.c_str(), i + 1,
                             (ui_language() == Language::Chinese ? f.chinese() : f.english()).c_str());
            output.page(*read, image->dpi);
            if (read->state == ReadState::NotMachineReadable)
                std::fprintf(stderr, "recto: %s\n", tr("cli.text.unreadable", file, std::to_string(i + 1)).c_str());
            ++done;
            if (!wanted.tables.empty())
                if (const auto written = write_tables(*read, wanted.tables, done); !written)
                    return report_error(written.error());
        }
    }
    output.end();
    return done == 0 && code != kDone ? static_cast<int>(kBadData) : code;
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
        bool no_geometry = false;
        TextOptions wanted;
    };
    auto a = std::make_shared<A>();
    command->add_option("FILE", a->file, tr("cli.text.file"))->required();
    command->add_flag("--no-geometry", a->no_geometry, tr("cli.opt.no_geometry"));
    auto* format = command->add_option("--format", a->wanted.format, tr("cli.text.format"))
                       ->check(CLI::IsMember({"text", "hocr", "tsv", "alto", "json"}));
    auto* json =
        command->add_flag_callback("--json", [a] { a->wanted.format = "json"; }, tr("cli.text.json"))->excludes(format);
    command->add_flag("--paragraphs", a->wanted.paragraphs, tr("cli.text.paragraphs"))
        ->excludes(json)
        ->excludes(format);
    command->add_option("--tables", a->wanted.tables, tr("cli.text.tables"))->type_name("DIR");
    a->settings.add_to(*command);
    command->callback([&action, a] {
        action = [a] {
            a->wanted.geometry = !a->no_geometry;
            return text(a->file, a->settings, a->wanted);
        };
    });
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
