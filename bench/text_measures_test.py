#!/usr/bin/env python3
"""Checks the measures of reading on small texts. A second; no Recto needed."""
import random
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.dont_write_bytecode = True

from against_ocrmypdf import distance  # noqa: E402
from text_measures import class_of, errors, lay, place, right_ones, wilson  # noqa: E402


class Places(unittest.TestCase):
    def test_closest_part_is_found(self):
        rng = random.Random(2)
        for _ in range(200):
            line, text = ("".join(rng.choice("柳州市人") for _ in range(rng.randrange(1, n))) for n in (9, 40))
            edits, start, end = place(line, text)
            self.assertEqual(edits, distance(line, text[start:end]), (line, text))
            best = min(distance(line, text[i:j]) for i in range(len(text) + 1) for j in range(i, len(text) + 1))
            self.assertEqual(edits, best, (line, text))

    def test_no_place_twice(self):
        found, left = lay(["同意", "同意", "不同意"], "不同意,同意")
        self.assertEqual([e for e, _, _ in found], [0, 2, 0])
        self.assertEqual(left, 1)

    def test_of_equal_places_the_expected_one(self):
        found, left = lay(["请批示", "特此通知", "请批示"], "x特此通知请批示")
        self.assertEqual([(s, e) for _, s, e in found], [(5, 8), (1, 5), (0, 0)])
        self.assertEqual(left, 1)
        found, _ = lay(["甲请批示乙丙", "丁请批示", "请批示"], "甲请批示乙丙丁请批示请批示")
        self.assertEqual([e for e, _, _ in found], [0, 0, 0])
        self.assertEqual(place("请批示", "请批示甲乙丙请批示", 6), (0, 6, 9))

    def test_lines_that_do_not_belong_take_no_place(self):
        truth = "the committee met on monday the ledger was examined by the clerk"
        head, line, worn = "MINISTRY OF TRADE", "ledger was exarnined by thc clerk", "the cornmittee met 0n monday"
        self.assertEqual([truth[s:e] for _, s, e in lay([head, line, worn], truth, certain=True)[0]],
                         ["", "ledger was examined by the clerk", "the committee met on monday"])
        self.assertNotEqual(lay([head], truth)[0][0][1:], (0, 0))
        # Too short to be told from chance, be it right or wrong.
        self.assertEqual(lay(["met", "rnet"], truth, certain=True)[0], [(3, 0, 0), (4, 0, 0)])


class Errors(unittest.TestCase):
    truth = "第一行写防汛\n第二行写造林\n第三行写征粮\n第四行写修路\n"

    def test_all_right(self):
        self.assertEqual(errors(self.truth, "第一行写防汛 第二行写造林\n\n第三行写征粮第四行写修路"), (0, 0, 24))

    def test_wrong_order_alone(self):
        edits, ordered, _ = errors(self.truth, "第三行写征粮\n第四行写修路\n第一行写防汛\n第二行写造林")
        self.assertGreater(edits, 8)
        self.assertEqual(ordered, 0)

    def test_columns_read_across(self):
        edits, ordered, _ = errors(self.truth, "第一行写防汛第三行写征粮\n第二行写造林第四行写修路")
        self.assertGreater(edits, 4)
        self.assertEqual(ordered, 0)

    def test_wrong_characters_are_no_matter_of_order(self):
        edits, ordered, _ = errors(self.truth, "第一行写防讯\n第二行写造材\n第三行写征粮\n第四行写修路x")
        self.assertEqual((edits, ordered), (3, 3))

    def test_nothing_read(self):
        self.assertEqual(errors(self.truth, ""), (24, 24, 24))


class Characters(unittest.TestCase):
    def test_right_ones(self):
        self.assertEqual(right_ones("柳川市x", "柳州市"), [True, False, True, False])
        self.assertEqual(right_ones("市", ""), [False])
        self.assertEqual(right_ones("AFTER Tca", "after Tea"), [True] * 7 + [False, True])
        self.assertEqual(right_ones("TWo", "Two"), [True, False, True])

    def test_classes(self):
        self.assertEqual([class_of(c) for c in "柳〇7aé。《+я"], ["han", "han", "digit", "latin", "latin", "punct", "punct", "punct", "other"])

    def test_wilson(self):
        low, high = wilson(8, 10)
        self.assertAlmostEqual(low, 0.490, places=3)
        self.assertAlmostEqual(high, 0.943, places=3)
        self.assertEqual(wilson(0, 0), (0.0, 1.0))


if __name__ == "__main__":
    unittest.main()
