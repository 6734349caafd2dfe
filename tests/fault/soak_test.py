"""The soak, for 15 seconds, or for half an hour with TALLYGATE_SOAK=1; TALLYGATE_SEED=N repeats one."""

import os
import random
import unittest

from soak import soak


class Soak(unittest.TestCase):
    def test_survives_chaos_at_half_load(self):
        seconds = 1800 if os.environ.get("TALLYGATE_SOAK") == "1" else 15
        seed = int(os.environ.get("TALLYGATE_SEED", random.randrange(2**31)))
        self.assertEqual(soak(seconds, seed), [], f"seed {seed}")


if __name__ == "__main__":
    unittest.main()
