#include "cli/provenance.h"

#include <pwd.h>
#include <unistd.h>

#include "cli/cli.h"
#include "config/config.h"

namespace recto::cli {
namespace {

std::string cpu_features() {
#if defined(__x86_64__)
    std::string out = "x86-64";
    if (__builtin_cpu_supports("avx2")) out += " avx2";
    if (__builtin_cpu_supports("avx512f")) out += " avx512f";
    if (__builtin_cpu_supports("avx512vnni")) out += " avx512vnni";
    return out;
#elif defined(__aarch64__)
    return "aarch64";
#else
    return "other";
#endif
}

std::string account_name() {
    const passwd* p = getpwuid(getuid());
    return p && p->pw_name ? p->pw_name : "unknown";
}

} // namespace

nlohmann::json make_provenance(const Settings& settings, const StageList& stages, const ArchiveConfig& archive) {
    nlohmann::json j = {{"agent", agent()},
                        {"build", std::string("gcc ") + __VERSION__},
                        {"cpu", cpu_features()},
                        {"user", account_name()}};
    j["repository"] = {{"code", archive.code}, {"name", archive.name}};
    j["fonds"] = archive.fonds;
    j["settings"] = nlohmann::json::object();
    for (const SettingBase* s : all_settings())
        if (settings.is_set(*s)) j["settings"][std::string(s->key)] = to_string(settings.value_of(*s));
    j["stages"] = nlohmann::json::object();
    j["models"] = nlohmann::json::object();
    const auto add = [&](const Stage& stage) {
        j["stages"][std::string(stage.info().name)] = stage.info().version;
        if (const auto data = stage.data_fingerprint(); !data.empty())
            j["models"][std::string(stage.info().name)] = data;
    };
    add(*stages.treatment);
    for (const auto& s : stages.pages) add(*s);
    for (const auto& s : stages.items) add(*s);
    return j;
}

} // namespace recto::cli
