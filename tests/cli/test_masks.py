"""A secret goes in wherever a text can come from, and comes out nowhere."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import click
import pytest
from rich.console import Console

from fargate_stacks.cli.github import GitHub
from fargate_stacks.cli.masks import Masks
from fargate_stacks.cli.screen import Coloured, JsonLines, Plain, Quiet, Screen, screen
from fargate_stacks.cli.tree import Tree
from fargate_stacks.deploy.drift import Difference
from fargate_stacks.deploy.messages import Message, Note, Outputs, Planned
from fargate_stacks.deploy.plan import Change, Plan, PropertyChange
from fargate_stacks.errors import DeployError
from tests.cli.conftest import Project
from tests.cli.conftest import Run as Ran
from tests.cli.places import KINDS, of_message
from tests.deploy.stage import template

SECRET = "Tr0ub4dor&3/+ x"
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"
JSON = '{"user": "admin", "word": "p\u00e4ss\\"w\u00f6rd"}'
FORMS = {
    "as it is": (SECRET, SECRET),
    "in JSON": (JSON, json.dumps(JSON)[1:-1]),
    "in JSON in JSON": (JSON, json.dumps(json.dumps(JSON))[3:-3]),
    "as Python shows it": (KEY, repr(KEY.strip())[1:-1]),
    "in a URL": (SECRET, quote(SECRET, safe="")),
    "in a path of a URL": (SECRET, quote(SECRET)),
    "in a form": (SECRET, quote_plus(SECRET)),
    "in a URL in small letters": (SECRET, quote(SECRET, safe="").replace("%2F", "%2f").replace("%2B", "%2b")),
    "in base64": (SECRET, base64.b64encode(SECRET.encode()).decode()),
    "in base64 for URLs": (SECRET, base64.urlsafe_b64encode(SECRET.encode()).decode()),
    "lines": (KEY, KEY.strip()),
    "lines as Windows ends them": (KEY, KEY.strip().replace("\n", "\r\n")),
    "lines on one line": (KEY, " ".join(KEY.split())),
    "one of its lines": (KEY, "hkiG9w0BAQEFAASC"),
    "a word of three letters": ("abc", "abc"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_known_value_is_hidden_in_every_form(form: str) -> None:
    secret, shown = FORMS[form]
    assert Masks([secret]).text(f"said: {shown}; gone") == "said: ****; gone"


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc"])
def test_a_known_value_is_hidden_within_longer_base64(before: bytes) -> None:
    text = Masks([SECRET]).text(base64.b64encode(before + SECRET.encode() + b" and more").decode())
    found = base64.b64decode(text.replace("****", "*").partition("*")[0] + "AAAA"[: -len(text.partition("*")[0]) % 4])
    assert "****" in text
    assert SECRET[:3].encode() not in found


@pytest.mark.parametrize("end", ["", "...", "…", '..."', " (truncated)"])
def test_the_beginning_of_a_value_is_hidden_where_a_text_breaks_off(end: str) -> None:
    text = f"the value {SECRET[:11]}{end}"
    assert Masks([SECRET]).text(text) == f"the value ****{end}"


def test_the_longer_of_two_values_is_hidden_first() -> None:
    assert Masks(["pass", "password-1"]).text("password-1") == "****"


def test_a_short_value_hides_no_part_of_a_word() -> None:
    assert Masks(["a"]).text("a bad a") == "**** bad ****"


def test_an_empty_value_hides_nothing() -> None:
    assert Masks(["", " "]).text("all is well") == "all is well"


# what nobody has named a secret


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"Name": "DB_PASSWORD", "Value": "hunter2"}', '{"Name": "DB_PASSWORD", "Value": "****"}'),
        ('{"Value": "hunter2", "Name": "DB_PASSWORD"}', '{"Value": "****", "Name": "DB_PASSWORD"}'),
        ('[{"Value": "hunter2", "Name": "DB_PASSW', '[{"Value": "****", "Name": "DB_PASSW'),
        ('{"DbPassword": "hunter2", "b', '{"DbPassword": "****", "b'),
        ('{"a": {"api_key": ["hunter2"]}}', '{"a": {"api_key": ["****"]}}'),
        ('{"Name": "A_TOKEN", "Value": {"Fn::Sub": "hunter2"}}', '{"Name": "A_TOKEN", "Value": {"Fn::Sub": "****"}}'),
        ("postgres://me:hunt@er2@db/shop", "postgres://me:****@db/shop"),
        ("redis://:hunter2@db", "redis://:****@db"),
        ("DB_PASSWORD=hunter2 in the environment", "DB_PASSWORD=**** in the environment"),
        ("https://x/?token=hunter2&a=b", "https://x/?token=****&a=b"),
        ('password: "hunter2"', "password: ****"),
        ("Authorization: Bearer abcdefghijk", "Authorization: Bearer ****"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    assert Masks().text(text) == shown


def test_a_secret_in_escaped_json_is_hidden() -> None:
    text = f"invalid: {json.dumps(json.dumps([{'Name': 'DB_PASSWORD', 'Value': 'hunter2'}]))} at 1"
    assert "hunter2" not in Masks().text(text)


@pytest.mark.parametrize(
    "text",
    [
        "give --parameter shop.DbPassword=VALUE",
        '{"Secrets": [{"Name": "DB_PASSWORD", "ValueFrom": "/shop/password"}]}',
        '{"DbPassword": {"Ref": "Word"}}',
        '{"SecretArn": "x", "PasswordLength": 12}',
        '{"MasterUserPassword": "{{resolve:secretsmanager:shop:SecretString:word}}"}',
        "unable to pull secrets or registry auth: execution resource retrieval failed",
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:shop-AbCdEf",
    ],
)
def test_the_way_to_a_secret_is_shown(text: str) -> None:
    assert Masks().text(text) == text


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("MasterUserPassword", "hunter2", "****"),
        ("SecretString", '{"word": "hunter2"}', "****"),
        ("SecretString", '{"Fn::Sub": "hunter2"}', "****"),
        ("ContainerDefinitions.app.Environment.DB_PASSWORD.Value", "hunter2", "****"),
        ("ContainerDefinitions.0.Environment.PLAIN/DB_PASSWORD.Value", "hunter2", "****"),
        ("ContainerDefinitions.0.Environment.3.Value", "hunter2", "****"),
        ("ContainerDefinitions.0.Environment.PLAIN.Value", "hunter2", "hunter2"),
        ("ContainerDefinitions.0.Secrets", '[{"Name": "A", "ValueFrom": "/a"}]', '[{"Name": "A", "ValueFrom": "/a"}]'),
        ("Parameters.DbPassword", "(known after data.Word)", "(known after data.Word)"),
        ("ManageMasterUserPassword", "true", "true"),
        ("Token", "trueSecret", "****"),
        ("SecretArn", "arn:aws:secretsmanager:us-east-1:1:secret:x", "arn:aws:secretsmanager:us-east-1:1:secret:x"),
    ],
)
def test_values_of_properties_are_hidden_by_their_paths(path: str, value: str, shown: str) -> None:
    one = Masks().within(PropertyChange(path, value, value))
    assert (one.before, one.after) == (shown, shown)


def test_what_has_drifted_is_hidden_by_its_path() -> None:
    found = Masks().within([Difference("ContainerDefinitions.app.Environment.A_TOKEN.Value", "hunter2", "swordfish")])
    assert found == [Difference("ContainerDefinitions.app.Environment.A_TOKEN.Value", "****", "****")]


# every place of every message, on every screen


def places(text: str) -> Iterator[Message]:
    for kind in KINDS:
        wanted = 0
        while True:
            message, count = of_message(kind, wanted, text)
            if wanted == count:
                break
            yield message
            wanted += 1


class All:
    """Every screen, and what they wrote."""

    def __init__(self, folder: Path, *secrets: str) -> None:
        self.stream = io.StringIO()
        self.files = [folder / "summary", folder / "outputs"]
        console = Console(file=self.stream, width=500, height=200, color_system=None, legacy_windows=False)
        tree = Tree(self.stream, self.stream, console=console, moving=False)
        tree._show = lambda: console.print(tree.block())  # type: ignore[method-assign]
        makes = (Plain, Coloured, Quiet)
        self.screens: list[Screen] = [tree, JsonLines(self.stream), *(one(self.stream, self.stream) for one in makes)]
        names = dict(zip(("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"), map(str, self.files), strict=True))
        self.screens[-1].beside = GitHub(self.stream, names)
        given = {f"P{number}": value for number, value in enumerate(secrets)}
        parameters = {key: {"Type": "String", "NoEcho": True} for key in given}
        for one in self.screens:
            one.hide(given, {"shop": template(parameters=parameters)})

    def say(self, *said: Message) -> str:
        self.stream.seek(0)
        self.stream.truncate()
        for file in self.files:
            file.write_text("")
        for message in said:
            for one in self.screens:
                one(message)
        return self.stream.getvalue() + "".join(one.read_text() for one in self.files)


def test_messages_have_many_places() -> None:
    assert len(list(places(SECRET))) > 80


@pytest.mark.parametrize("form", FORMS)
def test_no_screen_shows_a_noecho_value_from_any_place_of_any_message(form: str, tmp_path: Path) -> None:
    secret, shown = FORMS[form]
    screens = All(tmp_path, secret)
    for message in places(f"before {shown} after"):
        assert shown not in screens.say(message), message


def test_a_noecho_value_is_hidden_in_outputs_and_what_looks_like_one_is_not(tmp_path: Path) -> None:
    outputs = {"Word": "hunter2", "Url": "postgres://me:word@db/shop"}
    told = All(tmp_path, "hunter2").say(Outputs(stack="shop", outputs=outputs))
    assert "hunter2" not in told
    assert "postgres://me:word@db/shop" in told


def test_a_default_of_a_noecho_parameter_is_hidden() -> None:
    one = template(
        parameters={"Word": {"Type": "CommaDelimitedList", "NoEcho": "true", "Default": "hunter2,swordfish"}}
    )
    assert Masks.of({}, {"shop": one}).text("hunter2,swordfish or swordfish") == "**** or ****"


def test_a_value_for_one_stack_is_hidden_and_one_for_a_shown_parameter_is_not() -> None:
    one = template(parameters={"Word": {"Type": "String", "NoEcho": True}, "Size": {"Type": "String"}})
    masks = Masks.of({"shop.Word": "hunter2", "Size": "large"}, {"shop": one})
    assert masks.text("hunter2 is large") == "**** is large"


# ways around the messages


MODES = ("live", "plain", "jsonl", "quiet")


def shown_by(output: str, error: BaseException, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    def run() -> None:
        with screen(output) as out:
            out.hide({"Word": SECRET}, {"shop": template(parameters={"Word": {"NoEcho": True}})})
            raise error

    with pytest.raises(click.exceptions.Exit) as ended:
        run()
    said = capsys.readouterr()
    return ended.value.exit_code, said.out + said.err


@pytest.mark.parametrize("output", MODES)
def test_errors_are_shown_without_it(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = shown_by(output, DeployError(f"shop: {SECRET} is refused", exit_code=6), capsys)
    assert code == 6
    assert "error: shop: **** is refused" in said
    assert SECRET not in said


@pytest.mark.parametrize("output", MODES)
def test_faults_of_ours_keep_their_traceback_without_it(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    from botocore.exceptions import ParamValidationError

    try:
        raise ValueError(f"cause {SECRET!r}") from None
    except ValueError as cause:
        error = ParamValidationError(report=f"Invalid type, value: {SECRET}, type: str")
        error.__cause__ = cause
    code, said = shown_by(output, error, capsys)
    assert code == 1
    assert "Traceback" in said and "test_masks.py" in said and "ParamValidationError" in said and "cause" in said
    assert SECRET not in said


def test_questions_are_asked_without_it() -> None:
    out = Plain(io.StringIO(), io.StringIO())
    out.hide({"Word": SECRET}, {"shop": template(parameters={"Word": {"NoEcho": True}})})
    with pytest.raises(DeployError, match=r"^deploy: shop is stuck at \*\*\*\*: delete it\? there is no terminal"):
        out.ask(f"shop is stuck at {SECRET}: delete it?")


def test_a_parameter_without_a_name_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    from fargate_stacks.cli import main

    assert main(["deploy", "--parameter", "hunter2"]) == 2
    said = capsys.readouterr()
    assert "write KEY=VALUE, got a text without =" in said.err
    assert "hunter2" not in said.out + said.err


def test_a_setting_that_is_a_secret_is_not_repeated(project: Project, run: Callable[..., Ran]) -> None:
    project.infra("""
        def app(db_password: int) -> App:
            raise ValueError(f"db_password={db_password}")
    """)
    for value in ("hunter2", "4711"):
        done = run("synth", "--set", f"db_password={value}")
        assert done.code == 2
        assert "****" in done.err
        assert value not in done.err


def test_before_and_after_are_hidden_in_a_plan_of_every_screen(tmp_path: Path) -> None:
    change = Change(
        "Modify",
        "Web",
        "AWS::ECS::TaskDefinition",
        properties=(
            PropertyChange("ContainerDefinitions.app.Environment.DB_PASSWORD.Value", "old-word", "new-word"),
            PropertyChange("ContainerDefinitions.app.Environment", '[{"Value": "old-word", "Name": "API_KEY"}]', None),
        ),
    )
    told = All(tmp_path).say(Planned(stack="shop", plan=Plan("shop", False, "", "", (change,))), Note(text="end"))
    assert "old-word" not in told and "new-word" not in told
    assert told.count("****") >= 12


# a whole run

TEMPLATE = {
    "Parameters": {"Word": {"Type": "String", "NoEcho": True}},
    "Resources": {
        "Kept": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Word"}}},
        "Last": {"Type": "AWS::SQS::Queue", "DependsOn": "Kept"},
    },
    "Outputs": {"Word": {"Value": {"Ref": "Word"}}},
}


def test_no_output_of_whole_runs_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from fargate_stacks.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    Path("shop.json").write_text(json.dumps(TEMPLATE))
    word, other = "hunter2-Aa1/", "hunter2-Bb2/"
    reason = f"{word} is refused, and {quote(word, safe='')} too"
    fails = f'[[resource]]\nname = "Last"\nfails = "create"\nreason = "{reason}"\n'
    codes = []

    def run(command: str, output: str, value: str, scenario: str = "") -> None:
        Path("local.toml").write_text(scenario or "\n")
        where = ["--local", "--template", "shop.json", "--stack", f"shop-{output}"]
        codes.append(main([command, "--output", output, *where, "--parameter", f"Word={value}"]))

    try:
        for output in MODES:
            run("deploy", output, word, fails)
            run("deploy", output, word)
            run("deploy", output, other)
        run("diff", "jsonl", word)
    finally:
        main(["local", "stop"])
    said = capsys.readouterr()
    assert codes == [7, 0, 0] * len(MODES) + [0]
    assert said.out.count("Word=****") == 2 * 3
    assert "**** is refused, and **** too" in said.err
    for text in (said.out, said.err, (tmp_path / "summary").read_text(), (tmp_path / "outputs").read_text()):
        assert "hunter2" not in text
