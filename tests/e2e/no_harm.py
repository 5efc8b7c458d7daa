"""Treatment does no harm: pages with known text, evenly chosen from ../shared, read as they are and treated; the same pages
degraded. bench/no_harm.py measures all pages; the figures behind the bounds are in docs/PERFORMANCE.md."""

import pathlib
import sys

import common

sys.path.insert(0, str(common.TOP / "bench"))
import no_harm  # noqa: E402


class NoHarm(common.Case):
    """Small pages only, so that it takes a minute or two of processor time; the kinds are spread over the pages."""

    # At least so much better on average, in shares of the words: half of what the bench measures on all pages.
    GAIN = {"turned": 0.30, "askew on a bed": 0.10, "stained": -0.005, "bordered": -0.005}

    def pages(self, count):
        out = []
        for name in ("ehri_en_a", "oldbooks_a", "tess_test", "sroie_a", "cnocr"):
            self.need_shared("data", name)
            pages = [p for p in no_harm.pages_of(common.SHARED / "data", name, 0) if p.stat().st_size < 400_000]
            n = min(count, len(pages))
            out += [(name, pages[(2 * i + 1) * len(pages) // (2 * n)]) for i in range(n)]
        return [(number, *page) for number, page in enumerate(out)]

    def test_an_untouched_page_loses_nothing(self):
        rows = no_harm.measure(common.RECTO, self.pages(2), ["as it is"], self.folder)
        self.assertGreaterEqual(len(rows), 8)
        for row in rows:
            self.assertGreaterEqual(row["treated"], row["as_it_is"] - no_harm.MOST_LOST, row)
        self.assertGreater(no_harm.means(rows, "as it is")[0], 0.7)

    def test_degraded_pages_gain(self):
        kinds = no_harm.KINDS[1:]
        rows = no_harm.measure(common.RECTO, self.pages(1), kinds, self.folder)
        for kind in kinds:
            before, after = no_harm.means(rows, kind)
            print(f"{kind}: {before:.4f} -> {after:.4f}")
            self.assertGreaterEqual(after, before + self.GAIN[kind], kind)


if __name__ == "__main__":
    common.main()
