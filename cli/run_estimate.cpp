#include "cli/run_estimate.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "pipeline/core/messages.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/image_out.h"

namespace recto::cli {

namespace {

constexpr std::size_t kEncodedOfAForm = 8; ///< Images; half a second each.
constexpr std::size_t kMostProbed = 1000;  ///< Files whose headers are read; some milliseconds each.

// What a page took beside its images in the sample batch: ALTO and text; item.json, METS, PREMIS and inventories; the PDF's text
// layer.
constexpr std::uint64_t kTextOfAPage = 33'000, kMetadataOfAPage = 22'000, kLayerOfAPage = 4'000;

/// Bytes an image takes depend on this more than on anything else.
enum class Form { Bilevel, Grey, Colour };

struct Wanted {
    std::shared_ptr<const Source> source;
    int index;
};

Form form_of(const ImageInfo& image) {
    if (image.photometric == "bilevel" || (image.bits_per_sample == 1 && image.samples == 1)) return Form::Bilevel;
    return image.samples == 1 && image.photometric != "palette" ? Form::Grey : Form::Colour;
}

double pixels_of(const ImageInfo& image) { return static_cast<double>(image.width) * image.height; }

/// Removes itself with what is in it.
class ScratchFolder {
  public:
    Result<void> make() {
        std::string pattern = (std::filesystem::temp_directory_path() / "recto-estimate-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) return fail("io.write", "mkdtemp", pattern);
        path_ = pattern;
        return {};
    }
    ~ScratchFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

struct EncodedBytes {
    double preservation = 0, access = 0;
};

/// Of all pages on an image: two of a spread, none of a separator sheet.
Result<EncodedBytes> encoded_bytes(const Source& source, const Raster& scan, const ImageTreatment& treatment,
                                   PageWorker& encode, const std::string& folder) {
    EncodedBytes out;
    if (!treatment.separator.kind.empty()) return out;
    for (const PageTreatment& of : treatment.pages) {
        RECTO_ASSIGN(const Raster pixels, render(scan, of.transform));
        Item item;
        item.sources = {source};
        Page page;
        page.order = 1;
        page.treatment = of;
        const std::map<std::string, nlohmann::json> none;
        RECTO_ASSIGN(const nlohmann::json made, encode.run({item, page, pixels, folder, none, Limits{}}));
        const auto files = made.get<EncodedPage>();
        for (const StagedFile& file : files.files)
            (file.role == "preservation" ? out.preservation : out.access) += static_cast<double>(file.size);
        out.access += static_cast<double>(files.pdf_image.size);
        for (const PdfInk& ink : files.pdf_inks) out.access += static_cast<double>(ink.mask.size + ink.colours.size);
    }
    return out;
}

} // namespace

Result<SizeEstimate> estimate_sizes(const std::vector<std::string>& files, const Settings& settings, PageStage& encode,
                                    ProgressMode mode) {
    SizeEstimate out;
    const auto fs = posix_file_system();
    std::map<Form, std::vector<Wanted>> by_form;
    std::map<Form, double> pixels;
    double probed_bytes = 0, images = 0;
    PageTool tool(settings);
    const std::size_t probes = std::min(kMostProbed, files.size());
    auto show = show_counts("run.estimate.files", mode);
    for (std::size_t i = 0, next = 0; i < files.size(); ++i) {
        RECTO_ASSIGN(const FileStat s, fs->stat(files[i]));
        ++out.files;
        out.master += s.size;
        if (next == probes || i < next * files.size() / probes) continue;
        ++next;
        probed_bytes += static_cast<double>(s.size);
        show(static_cast<std::int64_t>(next), static_cast<std::int64_t>(probes));
        auto probed = tool.probe(files[i]);
        if (!probed) {
            ++out.unreadable;
            continue;
        }
        const auto source = std::make_shared<const Source>(std::move(*probed));
        for (std::size_t k = 0; k < source->images.size(); ++k) {
            ++images;
            const Form form = form_of(source->images[k]);
            pixels[form] += pixels_of(source->images[k]);
            by_form[form].push_back({source, static_cast<int>(k)});
        }
    }
    out.probed = probes;
    // Files that were not looked into hold as much a byte as those that were.
    const double share = probed_bytes > 0 ? static_cast<double>(out.master) / probed_bytes : 1;
    const auto of_all = [&](double figure) { return static_cast<std::uint64_t>(figure * share); };
    out.images = of_all(images);
    ScratchFolder folder;
    RECTO_TRY(folder.make());
    RECTO_TRY(encode.open({&settings, 1, {}, {}}));
    const auto worker = encode.make_worker();
    std::size_t tried = 0, to_try = 0;
    for (const auto& [form, list] : by_form) to_try += std::min(kEncodedOfAForm, list.size());
    show = show_counts("run.estimate.images", mode);
    for (const auto& [form, list] : by_form) {
        // Drawn evenly over the batch: what lies together is alike.
        const std::size_t draws = std::min(kEncodedOfAForm, list.size());
        double seen = 0, preservation = 0, access = 0;
        for (std::size_t k = 0; k < draws; ++k) {
            const Wanted& one = list[(2 * k + 1) * list.size() / (2 * draws)];
            show(static_cast<std::int64_t>(++tried), static_cast<std::int64_t>(to_try));
            const auto raster = tool.decode(*one.source, one.index);
            if (!raster) continue;
            auto bytes = encoded_bytes(*one.source, *raster, tool.treat(*raster, one.source->images[one.index]),
                                       *worker, folder.path());
            if (!bytes) continue;
            ++out.encoded;
            seen += static_cast<double>(raster->width()) * raster->height();
            preservation += bytes->preservation, access += bytes->access;
        }
        if (seen <= 0) continue;
        out.preservation += of_all(preservation / seen * pixels[form]);
        out.access += of_all(access / seen * pixels[form]);
    }
    out.access += out.images * kLayerOfAPage;
    out.text = out.images * kTextOfAPage;
    out.metadata = out.images * kMetadataOfAPage;
    return out;
}

nlohmann::json SizeEstimate::to_json() const {
    nlohmann::json list = nlohmann::json::array();
    const auto add = [&](const char* name, std::uint64_t bytes, bool known) {
        list.push_back({{"representation", name}, {"bytes", bytes}, {"known", known}});
    };
    add("master", master, true);
    add("preservation", preservation, false);
    add("access", access, false);
    add("text", text, false);
    add("metadata", metadata, false);
    return {{"schema", 1},
            {"estimate", true},
            {"basis",
             {{"files", files},
              {"probed", probed},
              {"images", images},
              {"unreadable", unreadable},
              {"encoded", encoded},
              {"text_bytes_a_page", kTextOfAPage},
              {"metadata_bytes_a_page", kMetadataOfAPage}}},
            {"representations", list},
            {"bytes", total()}};
}

std::string SizeEstimate::to_text() const {
    std::string out;
    const std::array<std::pair<const char*, std::uint64_t>, 6> rows{{{"master", master},
                                                                     {"preservation", preservation},
                                                                     {"access", access},
                                                                     {"text", text},
                                                                     {"metadata", metadata},
                                                                     {"", total()}}};
    for (const auto& [name, bytes] : rows) out += fmt::format("{:14} {:16}\n", name, bytes);
    return out +
           tr("run.estimate.basis", std::to_string(files), std::to_string(images), std::to_string(probed),
              std::to_string(encoded), std::to_string(kTextOfAPage)) +
           "\n";
}

} // namespace recto::cli
