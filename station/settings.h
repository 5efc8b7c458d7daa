#pragma once

/// Settings of `recto watch`.

#include "pipeline/core/settings.h"

namespace recto::station {

inline const Setting<double> kStable{
    "watch.stable",
    2.0,
    {0.1, 3600},
    "Seconds that a file's size and time must not change before it is taken to be whole, where nothing else says so (a "
    "rename, a close seen by the system, a marker file).",
    "文件的大小和时间须保持不变多少秒才视为完整(没有改名移入、关闭通知或标记文件时)。"};
inline const Setting<double> kEmptyWait{"watch.empty_wait",
                                        30.0,
                                        {0, 86400},
                                        "Seconds after which a file that is still empty is set aside.",
                                        "文件持续为空多少秒后移出并说明。"};
inline const Setting<double> kGrowLimit{"watch.grow_limit",
                                        900.0,
                                        {1, 86400},
                                        "Seconds after which a file that still grows is set aside.",
                                        "文件持续增长多少秒后移出并说明。"};
inline const Setting<std::string> kMarker{
    "watch.marker", std::string(".done"),
    "Ending of marker files: 0001.tif.done says that 0001.tif is whole, a file of that name in a folder that the "
    "folder is.",
    "标记文件的后缀:0001.tif.done 表示 0001.tif 已完整;文件夹内同名文件表示该文件夹已完整。"};
inline const Setting<bool> kMarkerOnly{"watch.marker_only", false, "A file is whole only when its marker is there.",
                                       "只有出现标记文件才视为完整。"};
inline const Setting<double> kItemIdle{"watch.item_idle",
                                       300.0,
                                       {0.5, 86400},
                                       "Seconds without a new page after which an item is complete.",
                                       "一件在多少秒内没有新页即视为完整。"};
inline const Setting<bool> kNextCloses{"watch.next_closes", true,
                                       "An item is complete when the station begins the next folder.",
                                       "工位开始下一个文件夹时,前一件即视为完整。"};
inline const Setting<std::string> kAfter{
    "watch.after", std::string("done"), std::vector<std::string_view>{"done", "remove"},
    "What becomes of a file that is safely stored in the archive: moved to done/, or removed.",
    "文件安全入库后的处理:移至 done/,或删除。"};
inline const Setting<double> kLease{
    "watch.lease",
    60.0,
    {1, 86400},
    "Seconds without a sign of life after which another watcher takes over the claims of one on another machine.",
    "其他机器上的监视程序多少秒无活动后,由本程序接管其已认领的文件。"};

[[nodiscard]] std::vector<const SettingBase*> settings();

} // namespace recto::station
