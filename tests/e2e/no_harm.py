"""Treatment does no harm: small pages with known text, drawn from ../shared by a fixed seed, read as they are and treated; the
same pages degraded. bench/no_harm.py measures all pages; docs/PERFORMANCE.md has its figures."""

import random
import sys

import common
from PIL import Image

sys.path.insert(0, str(common.TOP / "bench"))
import no_harm  # noqa: E402

SMALL = 1_200_000  # pixels: a second of reading
SETS = ("ehri_en_a", "tess_test", "sroie_a", "cnocr")


class NoHarm(common.Case):
    # Treated minus raw on average, as shares of the words: the least that must come out, well below the measured .69, .33, .22
    # and .25. The reader by itself copes with some lines that lie on their side (.29 of the words), so the gain alone says
    # little of turned pages: what is read of them in the end counts too (measured .98).
    LEAST_GAIN = {"turned": 0.6, "askew on a bed": 0.2, "stained": 0.12, "bordered": 0.12}
    LEAST_READ = {"turned": 0.95}

    def pages(self, of_each):
        rng, out = random.Random(20), []
        for name in SETS:
            self.need_shared("data", name)
            small = []
            for path in no_harm.pages_of(common.SHARED / "data", name, 0):
                with Image.open(path) as image:
                    if image.width * image.height < SMALL:
                        small.append(path)
            out += [(name, path) for path in rng.sample(small, min(of_each, len(small)))]
        return [(number, *page) for number, page in enumerate(out)]

    def test_an_untouched_page_loses_nothing(self):
        rows = no_harm.measure(common.RECTO, self.pages(2), ["as it is"], self.folder)
        self.assertGreaterEqual(len(rows), 7)
        self.assertEqual([row for row in rows if no_harm.harmed(row)], [])
        self.assertGreater(no_harm.means(rows, "as it is")[1], 0.85)

    def test_degraded_pages_gain(self):
        kinds = no_harm.KINDS[1:]
        rows = no_harm.measure(common.RECTO, self.pages(1), kinds, self.folder)
        for kind in kinds:
            before, after = no_harm.means(rows, kind)
            print(f"{kind}: {before:.4f} as it is, {after:.4f} treated")
            self.assertGreaterEqual(after - before, self.LEAST_GAIN[kind], kind)
            self.assertGreaterEqual(after, self.LEAST_READ.get(kind, 0), kind)


if __name__ == "__main__":
    common.main()
