#pragma once

/// The treatment stage: looks at one scanned image and decides which way up it is, whether it holds two pages, how far
/// it is skewed, where the paper ends, and what is wrong with it. It stores parameters, never pixels; the page image is
/// rendered from the source by one resampling. Every decision is measured again and dropped when it would do harm:
/// unsure means "leave as it is, and say so".

#include <functional>
#include <memory>
#include <string>

#include "pipeline/core/model.h"
#include "pipeline/core/stage.h"
#include "stages/treatment/manual.h"
#include "stages/treatment/orient.h"

namespace recto {

/// Whom the stage asks about pages whose way up is in doubt.
struct OrientationHelp {
    std::function<std::unique_ptr<treat::OrientationProbe>()> make_probe; ///< For one worker; its result may be null.
    std::string readers;                                                  ///< For the cache key.
};

/// The stage of the engine. Settings: stages/treatment/settings.h. `help`: called once, when it is opened; empty: nobody is asked.
[[nodiscard]] std::unique_ptr<ImageStage>
make_treatment_stage(std::function<OrientationHelp(const StageContext&)> help = {});

namespace treat {

/// What treat_image() is asked to do; from_settings() reads it from the settings of the stage.
struct Options {
    bool orient = true, split = true, deskew = true, crop = true, separators = true;
    bool second_opinion_always = false;
    bool keep_targets = false; ///< The crop takes in colour bars and rulers beside the sheet.
    double max_skew_deg = 15, min_skew_deg = 0.1;
    double crop_margin_mm = 2.5;
    double min_dpi = 200, min_sharpness = 0.25, min_contrast = 0.25;
    [[nodiscard]] static Options from_settings(const Settings& settings);
};

/// All of treatment for one image. `probe` may be null: then unsure pages stay as they are. Pure but for the probe; any
/// thread. `info.orientation` (EXIF/TIFF tag) is applied before anything is looked at.
/// `manual`: what a person decided; it is done without a veto, and nothing is said to be unsure of it.
[[nodiscard]] ImageTreatment treat_image(const Raster& raster, const ImageInfo& info, const Options& options,
                                         OrientationProbe* probe, const ManualTreatment* manual = nullptr);

} // namespace treat
} // namespace recto
