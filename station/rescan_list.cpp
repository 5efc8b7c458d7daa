#include "station/rescan_list.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "pipeline/files/csv.h"
#include "pipeline/files/names.h"

namespace recto::station {

RescanList::RescanList(std::shared_ptr<FileSystem> fs, const std::string& folder, const std::string& station)
    : fs_(std::move(fs)) {
    const std::string name = station.empty() ? "station" : escape_name(station);
    csv_ = join_path(folder, name + ".csv");
    log_ = join_path(folder, name + ".jsonl");
}

Result<void> RescanList::load() {
    rows_.clear();
    RECTO_ASSIGN(const auto stat, fs_->stat(log_));
    if (!stat.exists) return {};
    RECTO_ASSIGN(const auto text, fs_->read(log_));
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        RECTO_TRY(apply(text.substr(at, end - at)));
        at = end + 1;
    }
    return {};
}

Result<void> RescanList::apply(const std::string& line) {
    const auto j = nlohmann::json::parse(line, nullptr, false);
    if (!j.is_object()) return {}; // torn by a death: the page is looked at again
    const std::string sha = j.value("sha512", ""), page = j.value("page_id", "");
    const int image = j.value("image", 1);
    const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const RescanRow& r) {
        return sha.empty() ? r.page_id == page : r.sha512 == sha && r.image == image;
    });
    if (j.value("done", false)) {
        if (row != rows_.end()) row->done = true;
    } else if (j.contains("findings")) {
        if (row == rows_.end())
            rows_.push_back({j.value("time", ""), j.value("item", ""), j.value("file", ""), sha, "", "", image,
                             j["findings"].get<std::vector<Finding>>(), false});
    } else if (row != rows_.end()) {
        row->item_id = j.value("item_id", "");
        row->page_id = page;
    }
    return {};
}

Result<void> RescanList::write(const std::string& line) {
    // A death in mid-append leaves a torn line; the next one begins on its own.
    std::string before;
    if (const auto text = fs_->read(log_); text && !text->empty() && text->back() != '\n') before = "\n";
    RECTO_TRY(fs_->append(log_, before + line + "\n", false));
    RECTO_TRY(load()); // another watcher may write the same list
    std::string csv(kBom);
    csv += csv_row({"序号 / No.", "时间 / Time", "件 / Item", "文件 / File", "图像 / Image", "原因 / Reason",
                    "代码 / Code", "件标识 / Item id", "页标识 / Page id", "已重扫 / Rescanned"});
    int number = 0;
    for (const RescanRow& r : rows_) {
        std::string reason, code;
        for (const Finding& f : r.findings) {
            reason += (reason.empty() ? "" : "; ") + f.chinese() + " / " + f.english();
            code += (code.empty() ? "" : " ") + f.code;
        }
        csv += csv_row({std::to_string(++number), r.time, r.item, r.file, std::to_string(r.image), reason, code,
                        r.item_id, r.page_id, r.done ? "是 / yes" : ""});
    }
    RECTO_TRY(fs_->write(csv_ + ".new", csv));
    return fs_->rename(csv_ + ".new", csv_);
}

Result<void> RescanList::add(const RescanRow& r) {
    for (const RescanRow& known : rows_)
        if (known.sha512 == r.sha512 && known.image == r.image) return {};
    const nlohmann::json j = {{"schema", 1},        {"time", r.time},   {"item", r.item},        {"file", r.file},
                              {"sha512", r.sha512}, {"image", r.image}, {"findings", r.findings}};
    return write(j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Result<void> RescanList::identify(const std::string& sha512, int image, const std::string& item_id,
                                  const std::string& page_id) {
    for (const RescanRow& known : rows_)
        if (known.sha512 == sha512 && known.image == image && known.page_id != page_id)
            return write(
                nlohmann::json{{"sha512", sha512}, {"image", image}, {"item_id", item_id}, {"page_id", page_id}}
                    .dump());
    return {};
}

Result<void> RescanList::resolve(const std::string& page_id) {
    for (const RescanRow& known : rows_)
        if (known.page_id == page_id && !known.done)
            return write(nlohmann::json{{"page_id", page_id}, {"done", true}}.dump());
    return {};
}

} // namespace recto::station
