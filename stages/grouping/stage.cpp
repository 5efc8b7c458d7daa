// The second half of the item pass as an item stage: it runs once all pages are read.

#include "stages/grouping/grouping.h"

namespace recto {

namespace group {
namespace {

class ClassifyStage final : public ItemStage {
  public:
    const StageInfo& info() const override {
        static const StageInfo kInfo{"grouping", 1, settings(), {"reading"}, 0, 1 << 20, "Page classes and printed numbers by text",
                                     "按文字判定页类和印刷页码"};
        return kInfo;
    }
    Result<void> run(ItemInput& in) const override {
        static const Settings kDefaults;
        classify_by_text(in.item, context_.settings ? *context_.settings : kDefaults);
        return {};
    }
};

} // namespace
} // namespace group

std::unique_ptr<ItemStage> make_classify_stage() { return std::make_unique<group::ClassifyStage>(); }

} // namespace recto
