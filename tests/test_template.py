"""The template is one that AWS would take: cfn-lint finds nothing, and SAM's own translator transforms it."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import unittest
from unittest import mock

TEMPLATE = pathlib.Path(__file__).resolve().parent.parent / "template.yaml"


def load():
    """The template with CloudFormation's short tags in their long form."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def tag(loader, suffix, node):
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
            if suffix == "GetAtt":
                value = value.split(".", 1)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        return {suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix: value}

    Loader.add_multi_constructor("!", tag)
    return yaml.load(TEMPLATE.read_text(), Loader)


class TemplateTest(unittest.TestCase):
    def test_cfn_lint_finds_nothing(self):
        if not shutil.which("cfn-lint"):
            self.skipTest("cfn-lint is not on the PATH: the template was not linted")
        ran = subprocess.run(["cfn-lint", str(TEMPLATE)], capture_output=True, text=True, timeout=300)
        self.assertEqual((ran.returncode, ran.stdout), (0, ""), ran.stdout + ran.stderr)

    def test_sam_transforms_it(self):
        if not importlib.util.find_spec("samtranslator"):
            self.skipTest("samtranslator is not installed: the SAM transform was not tried")
        from samtranslator.parser.parser import Parser
        from samtranslator.translator.translator import Translator


        template = load()
        # What `sam package` puts there once it has uploaded the jar.
        template["Globals"]["Function"]["CodeUri"] = "s3://bucket/functions.jar"
        functions = [n for n, r in template["Resources"].items() if r["Type"] == "AWS::Serverless::Function"]
        with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "us-east-1"}):
            made = Translator({}, Parser()).translate(template, {})
        types = [r["Type"] for r in made["Resources"].values()]
        self.assertEqual(types.count("AWS::Lambda::Function"), len(functions))
        self.assertEqual(types.count("AWS::IAM::Role"), len(functions) + 1)
        self.assertEqual(types.count("AWS::Lambda::EventSourceMapping"), 3)
        self.assertNotIn("AWS::Serverless::Function", types)

    def test_no_statement_allows_everything(self):
        if not importlib.util.find_spec("yaml"):
            self.skipTest("PyYAML is not installed: the policies were not read")
        for name, resource in load()["Resources"].items():
            for policy in resource.get("Properties", {}).get("Policies", []):
                document = policy.get("PolicyDocument", policy)
                for statement in document["Statement"]:
                    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                    self.assertFalse([a for a in actions if "*" in a], name)
                    self.assertNotEqual(statement["Resource"], "*", name)

    def test_every_queue_of_work_has_a_dead_letter_queue(self):
        if not importlib.util.find_spec("yaml"):
            self.skipTest("PyYAML is not installed: the queues were not read")
        queues = {n: r for n, r in load()["Resources"].items() if r["Type"] == "AWS::SQS::Queue"}
        for name, queue in queues.items():
            if not name.endswith("DeadLetters"):
                self.assertIn("RedrivePolicy", queue["Properties"], name)


if __name__ == "__main__":
    unittest.main()
