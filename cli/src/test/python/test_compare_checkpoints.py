import json
import os
import pickle
import random
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.join(
    os.path.dirname(__file__), "..", "..", "main", "resources", "python", "compare_checkpoints.py"
)


class CompareTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def compare(self, name, left, right):
        for side, data in (("left", left), ("right", right)):
            os.makedirs(os.path.join(self.directory.name, side), exist_ok=True)
            with open(os.path.join(self.directory.name, side, name), "wb") as file:
                file.write(data)
        with open(PROGRAM, "rb") as program:
            done = subprocess.run(
                [sys.executable, "-", "left", "right"], stdin=program, cwd=self.directory.name,
                stdout=subprocess.PIPE, check=True,
            )
        return json.loads(done.stdout)

    def test_a_time_in_a_file_is_no_difference_and_a_weight_is_one(self):
        one = {"step": 3, "weights": [1.0, 2.0], "savedAt": 1}
        said = self.compare("s.json", json.dumps(one).encode(),
                            json.dumps(dict(one, savedAt=2)).encode())
        self.assertEqual([{"path": "s.json", "equal": True, "how": "values"}], said["files"])
        said = self.compare("s.json", json.dumps(one).encode(),
                            json.dumps(dict(one, weights=[1.0, 2.0000001])).encode())
        self.assertFalse(said["files"][0]["equal"])
        self.assertEqual(["s.json: weights"], said["differ"])
        self.assertTrue(said["parts"]["position"])

    def test_a_state_that_is_named_like_metadata_still_counts(self):
        left, right = {"path": [1.0]}, {"path": [2.0]}
        said = self.compare("s.json", json.dumps(left).encode(), json.dumps(right).encode())
        self.assertFalse(said["files"][0]["equal"])

    def test_random_states_are_told_apart_from_weights(self):
        one = {"weights": [1.0], "random": random.Random(1).getstate()}
        other = {"weights": [1.0], "random": random.Random(2).getstate()}
        said = self.compare("s.pkl", pickle.dumps(one), pickle.dumps(other))
        self.assertEqual({"weights": True, "rng": False}, said["parts"])

    def test_safetensors_are_compared_without_their_notes(self):
        def file(note, value):
            header = json.dumps({"__metadata__": {"note": note}, "w": {
                "dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
            return struct.pack("<Q", len(header)) + header + struct.pack("<f", value)

        said = self.compare("model.safetensors", file("a", 1), file("b", 1))
        self.assertTrue(said["files"][0]["equal"])
        said = self.compare("model.safetensors", file("a", 1), file("a", 2))
        self.assertFalse(said["files"][0]["equal"])

    def test_what_cannot_be_read_counts_by_its_bytes(self):
        said = self.compare("x.dat", b"abc", b"abd")
        self.assertEqual([{"path": "x.dat", "equal": False, "how": "bytes"}], said["files"])


if __name__ == "__main__":
    unittest.main()
