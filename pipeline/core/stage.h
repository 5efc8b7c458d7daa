#pragma once

/// What a stage is. Adding one is a folder under stages/ and a line in stages/registry.cpp (docs/ADDING_A_STAGE.md).
///
/// Three kinds, by what they see:
///   ImageStage  one decoded source image  -> ImageTreatment (first in the queue: findings at once)
///   PageStage   one rendered page image   -> JSON (second in the queue; reading, encoding, measuring)
///   ItemStage   a whole item after its pages -> changes the item, stages files (describe, encode the item, ...)
///
/// Threads: a Stage object is shared by all workers and immutable after open(); make_worker() is called once on each
/// worker's own thread and the worker it returns is used on that thread only. Errors are values; an exception that
/// escapes is turned into that page's error by the engine.

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/clock.h"
#include "pipeline/core/item.h"
#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"
#include "pipeline/core/settings.h"
#include "pipeline/core/source_text.h"

namespace recto {

struct StageInfo {
    std::string_view name; ///< Folder name and settings prefix: "reading".
    int version = 1;       ///< Raised whenever the same input would give another output (a golden test watches).
    std::vector<const SettingBase*> settings; ///< Every setting it reads: part of the cache key.
    std::vector<std::string_view> inputs;     ///< Page stages whose results it reads; part of the cache key.
    double peak_bytes_per_pixel = 0;          ///< Memory lease: bytes a pixel of its input raster, besides that raster.
    std::size_t peak_fixed_bytes = 0;         ///< ... plus this.
    std::string_view english, chinese;        ///< One line for --help and the final table.
    bool work_only = false; ///< Its results are for reports: kept in the work folder, no part of an item or of its key.
    /// A raster of at most so many pixels may be made larger first: then what is taken by the pixel is no less than these bytes.
    double small_pixels = 0;
    std::size_t peak_small_bytes = 0;

    /// Memory lease: what it takes besides a raster of that many pixels.
    [[nodiscard]] std::size_t peak_bytes(double pixels) const {
        const auto by_pixel = static_cast<std::size_t>(peak_bytes_per_pixel * pixels);
        return peak_fixed_bytes + (pixels <= small_pixels ? std::max(by_pixel, peak_small_bytes) : by_pixel);
    }
};

/// What open() gets; lives as long as the stage.
struct StageContext {
    const Settings* settings = nullptr;
    int workers = 1;          ///< Threads that will call make_worker().
    std::string model_folder; ///< Where OCR models lie; may be empty.
    /// The text that a source carries for its image `index` (Decoder::text); any thread. Empty: none can be had.
    std::function<Result<SourceText>(const Source& source, int index)> source_text{};
};

/// Time limit and cancellation for one call.
struct Limits {
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    std::stop_token stop;
    [[nodiscard]] bool expired() const { return stop.stop_requested() || std::chrono::steady_clock::now() >= deadline; }
};

class Stage {
  public:
    virtual ~Stage() = default;
    [[nodiscard]] virtual const StageInfo& info() const = 0;
    /// Loads models and the like. Called once before any worker; an error of code "missing.*" means exit 69.
    virtual Result<void> open(const StageContext& context) {
        context_ = context;
        return {};
    }
    /// Digests of models and data files that influence the output: part of the cache key. After open().
    [[nodiscard]] virtual std::string data_fingerprint() const { return {}; }

  protected:
    StageContext context_;
};

struct ImageInput {
    const Source& source;
    int index;            ///< Image in the source, from 0.
    const Raster& raster; ///< As stored in the file.
    const ImageInfo& info;
    const Limits& limits;
};

class ImageWorker {
  public:
    virtual ~ImageWorker() = default;
    virtual Result<ImageTreatment> run(const ImageInput& in) = 0;
};

class ImageStage : public Stage {
  public:
    [[nodiscard]] virtual std::unique_ptr<ImageWorker> make_worker() const = 0;
};

/// The page image once more, `scale` times as large, rendered from the scan by one resampling; its dpi is larger too. It
/// decodes the scan again, so that nobody keeps it. Errors: as decoding and render().
using LargerPage = std::function<Result<Raster>(double scale)>;

struct PageInput {
    const Item& item;               ///< Item after the item pass: page classes and codes are known. Read only.
    const Page& page;               ///< Read only; its treatment is filled.
    const Raster& raster;           ///< The page image: rendered from the source by one resampling, full resolution.
    const std::string& work_folder; ///< Where files made for this page go (exists; unique to page and stage key).
    const std::map<std::string, nlohmann::json>& results; ///< Results of the stages named in StageInfo::inputs.
    const Limits& limits;
    LargerPage larger{}; ///< For a stage that needs more detail; empty: there is no scan to render from.
};

class PageWorker {
  public:
    virtual ~PageWorker() = default;
    /// The result as JSON (schema of its own), cached under its key. "reading" returns PageText, "encode" EncodedPage.
    /// Known members of any result: "findings" are added to the page's; "files" with "staged_path" must still be there for
    /// the result to be used again.
    virtual Result<nlohmann::json> run(const PageInput& in) = 0;
};

class PageStage : public Stage {
  public:
    [[nodiscard]] virtual std::unique_ptr<PageWorker> make_worker() const = 0;
};

/// What stages see of the catalogue.
class CatalogueView {
  public:
    virtual ~CatalogueView() = default;
    /// Fields of the row with this 档号 (exact, after NFC and trimming), as written; null when absent. Any thread.
    [[nodiscard]] virtual const std::map<std::string, std::string>* find(std::string_view reference_code) const = 0;
};

struct ItemInput {
    Item& item;
    const CatalogueView& catalogue;
    const std::string& staging_folder; ///< Files for the new version go here; exists and is empty at the first stage.
    std::vector<StagedFile>& files;    ///< Files of the version so far; a stage appends its own.
    const Clock& clock;
    const Limits& limits;
    const nlohmann::json&
        provenance; ///< {"agent":"recto 0.1.0","build","cpu","settings":{...},"models":{...},"repository":{"code","name"},"fonds":[...]}
};

class ItemStage : public Stage {
  public:
    virtual Result<void> run(ItemInput& in) const = 0;
};

/// All stages, in order. Owned by the run.
struct StageList {
    std::unique_ptr<ImageStage> treatment;
    std::vector<std::unique_ptr<PageStage>> pages;
    std::vector<std::unique_ptr<ItemStage>> items;
};

} // namespace recto
