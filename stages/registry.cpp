#include "stages/registry.h"

#include "stages/describe/describe.h"
#include "stages/encode/encode.h"
#include "stages/grouping/grouping.h"
#include "stages/intake/intake.h"
#include "stages/orientation.h"
#include "stages/preview/preview.h"
#include "stages/proof/proof.h"
#include "stages/reading/reading.h"
#include "stages/treatment/treatment.h"

namespace recto {

StageList make_stages() {
    StageList list;
    list.treatment = make_treatment_stage([](const StageContext& c) {
        static const Settings kDefaults;
        const Settings& s = c.settings ? *c.settings : kDefaults;
        return OrientationHelp{orientation_probes(s, c.model_folder), orientation_readers(s, c.model_folder)};
    });
    list.pages.push_back(make_preview_stage());
    list.pages.push_back(make_reading_stage());
    list.pages.push_back(make_proof_stage());
    list.pages.push_back(make_encode_stage());
    list.items.push_back(make_describe_stage());
    list.items.push_back(make_item_files_stage());
    return list;
}

std::vector<const SettingBase*> stage_settings() {
    std::vector<const SettingBase*> all = intake::settings();
    const auto add = [&](const std::vector<const SettingBase*>& more) {
        all.insert(all.end(), more.begin(), more.end());
    };
    const StageList list = make_stages();
    add(list.treatment->info().settings);
    add(group::settings());
    for (const auto& s : list.pages) add(s->info().settings);
    for (const auto& s : list.items) add(s->info().settings);
    return all;
}

} // namespace recto
