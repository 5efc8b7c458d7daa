#pragma once

/// A worn page of Chinese in its three pictures, and what the network that learnt such print says of its places. One thread.

#include <vector>

#include "stages/reading/page_view.h"

namespace recto::reading {

class Networks;

class WornPage {
  public:
    /// `views`: the page as it is, with its print made whole, and with evened contrast. The reference outlives it.
    WornPage(Networks& networks, std::vector<PageView> views) : views(std::move(views)), networks_(networks) {}

    /// A level line, as all pictures show it together. Boxes and contrasts are those of `view`, one of the pictures. A place that
    /// was read for another picture is not looked at again. Throws what the networks throw.
    ReadLine read(PageView& view, const Quad& quad);

    /// Lines that stand better in another picture than in `chosen`, one of them, and those that it has nothing of, join it: a line is
    /// found shorter in one, and not at all in another. Only level lines of the pictures that were drawn, all of which were read together
    /// (`read`), are looked at.
    void join(PageView& chosen);

    std::vector<PageView> views;

  private:
    struct Strip {
        StripGeometry geometry;
        std::vector<CtcChar> characters;
        int steps = 0;
    };
    struct Place {
        Quad quad;
        std::vector<Strip> strips;
    };
    const Place& look_at(const Quad& quad);

    Networks& networks_;
    std::vector<Place> seen_;
};

} // namespace recto::reading
