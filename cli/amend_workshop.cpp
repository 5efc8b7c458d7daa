#include "cli/amend_workshop.h"

#include <cstdio>

#include <pwd.h>
#include <unistd.h>

#include "cli/provenance.h"
#include "pipeline/core/messages.h"
#include "stages/intake/intake.h"
#include "stages/orientation.h"
#include "stages/registry.h"

namespace recto::cli {

std::string user_name() {
    const passwd* p = getpwuid(getuid());
    return p && p->pw_name ? p->pw_name : "unknown";
}

Result<std::unique_ptr<OpenWorkshop>> OpenWorkshop::open(const AmendArguments& a, const std::string& what, bool scans,
                                                         int workers) {
    std::unique_ptr<OpenWorkshop> w(new OpenWorkshop);
    auto fs = posix_file_system();
    SettingsOptions chosen = a.settings;
    if (chosen.profile.empty())
        if (const auto config = look_at_archive(a.archive)) chosen.profile = config->profile;
    RECTO_ASSIGN(w->settings_, chosen.load());
    RECTO_ASSIGN(w->archive_, open_archive(a.archive, nullptr, what));
    const ArchivePaths& paths = w->archive_->paths;
    RECTO_ASSIGN(w->catalogue_, RunStore::open(*w->archive_, "", "", w->settings_));
    w->stages_ = make_stages();
    w->decoder_ = std::make_unique<Decoder>(program_path(), workers + 1);
    const StageContext context{
        &w->settings_, workers, model_folder(),
        [decoder = w->decoder_.get()](const Source& source, int index) { return decoder->text(source.path, index); }};
    if (scans) {
        RECTO_TRY(w->stages_.treatment->open(context));
        for (auto& s : w->stages_.pages) RECTO_TRY(s->open(context));
    }
    for (auto& s : w->stages_.items) RECTO_TRY(s->open(context));
    w->store_ = std::make_unique<OcflStore>(fs, paths.storage());
    RECTO_TRY(w->store_->open());
    RECTO_TRY(w->store_->recover());
    RECTO_ASSIGN(w->index_, read_index(*fs, paths));
    RECTO_TRY(w->catalogue_->begin(what)); // behind until the new version is in it
    w->begun_ = true;
    w->clock_ = default_clock();
    OpenWorkshop* self = w.get();
    w->shop_ = std::make_unique<amend::Workshop>(
        amend::Workshop{fs, *w->store_, w->stages_, w->settings_, w->catalogue_->view(), *w->clock_, paths.work,
                        make_provenance(w->settings_, w->stages_, w->archive_->identity),
                        [self, fs, capture = a.capture](const std::string& path) {
                            intake::TakeOptions options;
                            options.overrides = capture;
                            return intake::take_source(path, *self->decoder_, *fs, options);
                        },
                        [self](const Source& source, int index) { return self->decoder_->decode(source.path, index); },
                        orientation_probes(w->settings_, model_folder())});
    return w;
}

OpenWorkshop::~OpenWorkshop() {
    // Whatever was changed is in it by now; an error leaves it behind, and the next command puts it right.
    if (begun_)
        if (auto ended = catalogue_->end(); !ended) (void)report_error(ended.error());
}

Result<std::string> OpenWorkshop::find(const std::string& wanted) const {
    std::string found;
    for (const auto& row : index_) {
        if (row.id != wanted && row.reference_code != wanted && "urn:uuid:" + row.id != wanted) continue;
        if (!found.empty())
            return fail("amend.no_item", "several items are called so: " + found + ", " + row.id, wanted);
        found = row.id;
    }
    if (!found.empty()) return found;
    // The index is for people and may be old: an id is looked up in storage itself.
    if (const auto state = store_->state("urn:uuid:" + wanted); state && state->head > 0) return wanted;
    return fail("amend.no_item", wanted, archive_->paths.root);
}

void OpenWorkshop::record(const char* event, const amend::Outcome& out, nlohmann::json details) {
    auto row =
        IndexRow{out.name, out.id, "storage/" + out.object_path, out.held ? "held" : "stored", out.counted_pages};
    if (auto done = update_index(fs(), archive_->paths, {row}); !done) (void)report_error(done.error());
    catalogue_->take(out.id);
    if (out.already) return;
    details.update({{"id", out.id}, {"version", out.version}, {"agent", agent()}});
    if (auto done = archive_->events->append(event, details); !done) (void)report_error(done.error());
}

nlohmann::json outcome_json(const amend::Outcome& out) {
    return {{"schema", 1},           {"id", out.id},         {"name", out.name},   {"version", out.version},
            {"held", out.held},      {"reason", out.reason}, {"pages", out.pages}, {"findings", out.findings},
            {"already", out.already}};
}

void tell(const amend::Outcome& out) {
    for (const Finding& f : out.findings)
        if (f.severity >= Severity::Warning)
            std::fprintf(stderr, "  %s\n", (ui_language() == Language::Chinese ? f.chinese() : f.english()).c_str());
    if (out.held) std::fprintf(stderr, "  %s\n", tr("cli.amend.still_held", out.name, out.reason).c_str());
}

} // namespace recto::cli
