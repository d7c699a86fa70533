"""Finds the user's app as uvicorn or flask would, imports it and calls it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import TYPE_CHECKING

from fargate_stacks.cli.settings import arguments
from fargate_stacks.core.construct import nearest
from fargate_stacks.core.stack import App
from fargate_stacks.errors import FargateStacksError, LoadError, RenderError

if TYPE_CHECKING:
    from fargate_stacks.core.template import Template

DEFAULT = "infra.py"
_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep
_BLUEPRINTS = _PACKAGE + "blueprints" + os.sep


def load_templates(
    target: str | None, settings: Mapping[str, str], names: Sequence[str] = (), *, cwd: Path
) -> dict[str, Template]:
    """Load the app, render it and give the stacks named, or all, in deployable order."""
    app = load_app(target, settings, cwd)
    from fargate_stacks.core.render import render

    try:
        templates = render(app)
    except RenderError as error:
        if error.source is None:
            raise
        raise RenderError(f"{_shown(error.source[0], cwd)}:{error.source[1]}: {error}") from None
    except FargateStacksError:
        raise
    except Exception as error:
        # a build() or customize() of the user's own; without a frame of theirs the fault is ours and stays whole
        own = _own(error.__traceback__)
        if own is None or _is_installed(own):
            raise
        raise _foreign(error, Path(own.tb_frame.f_code.co_filename).name) from error
    return select(templates, names)


class _NoApp(LoadError):
    """There is no app here."""


def load_if_there(
    target: str | None, settings: Mapping[str, str], *, cwd: Path, broken: bool = False
) -> dict[str, Template]:
    """Give the stacks of the app; none where there is no app, or, with `broken`, none that loads and none was named."""
    try:
        return load_templates(target, settings, cwd=cwd)
    except FargateStacksError as error:
        if target or not (broken or isinstance(error, _NoApp)):
            raise
        return {}


def select(templates: dict[str, Template], names: Sequence[str]) -> dict[str, Template]:
    """Give the stacks named, or all of them, in the order they came in. Raises LoadError."""
    for name in names:
        if name not in templates:
            hint = nearest(name, templates) or f"; the app has {', '.join(templates)}"
            raise LoadError(f"--stack {name}: there is no such stack{hint}")
    return {name: one for name, one in templates.items() if not names or name in names}


def load_app(target: str | None, settings: Mapping[str, str], cwd: Path) -> App:
    """Give the app that `target` names; without one that of infra.py, else of pyproject.toml.

    A target is FILE[:NAME] or package.module[:NAME], relative to cwd. Raises LoadError, from the user's own
    exception where there was one.
    """
    place, name = _split(target or _default(cwd))
    file = cwd / place
    is_file = place.endswith(".py") or file.is_file()
    if is_file and not file.is_file():
        raise LoadError(f"{place}: there is no such file in {cwd}; name another with --app")
    with _first_on_path(file.resolve().parent if is_file else cwd), _user_code(place, cwd):
        module = _run(file.resolve()) if is_file else importlib.import_module(place)
        found, who = _pick(module, name, place)
        if isinstance(found, App):
            if settings:
                keys = ", ".join(settings)
                raise LoadError(f"{who}: it is an App, not a function, so nothing takes --set {keys}")
            return found
        given = found(**arguments(found, settings, who))
    if not isinstance(given, App):
        raise LoadError(f"{who}: it returned {_kind(given)}; return an App")
    return given


def _default(cwd: Path) -> str:
    if (cwd / DEFAULT).is_file():
        return DEFAULT
    project = cwd / "pyproject.toml"
    if project.is_file():
        import tomllib

        try:
            settings = tomllib.loads(project.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise LoadError(f"pyproject.toml: {error}") from None
        app = settings.get("tool", {}).get("fargate-stacks", {}).get("app")
        if isinstance(app, str) and app:
            return app
        if app is not None:
            raise LoadError(f'pyproject.toml: app must be a text like "deploy.infra:app", got {app!r}')
    raise _NoApp(
        f"no app here: there is neither {DEFAULT} nor an app under [tool.fargate-stacks] in pyproject.toml; "
        "name one with --app, or begin with fargate-stacks init"
    )


def _split(target: str) -> tuple[str, str]:
    place, colon, name = target.rpartition(":")
    if not colon or not name.isidentifier():  # a bare place; C:\infra.py has a colon too
        place, name = target, ""
    return place, name


@contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    """Let the app import what lies beside it."""
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)


class _Fresh(SourceFileLoader):
    """Compiles at every load: a cached file of the same second and size would be taken for this one."""

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def _run(file: Path) -> ModuleType:
    """Run a file as the module of its name, anew each time."""
    name = file.stem
    loaded = sys.modules.get(name)
    if loaded is not None and not isinstance(loaded.__loader__, _Fresh) and loaded.__file__ != str(file):
        raise LoadError(f"{file.name}: another module named {name} is imported already; rename the file")
    spec = importlib.util.spec_from_loader(name, _Fresh(name, str(file)))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _pick(module: ModuleType, name: str, place: str) -> tuple[App | Callable[..., object], str]:
    members = vars(module)
    if name:
        if name not in members:
            known = [key for key, one in members.items() if isinstance(one, App) or key == "app"]
            hint = nearest(name, members) or (f"; it has {', '.join(known)}" if known else "")
            raise LoadError(f"{place}: there is no {name}{hint}")
    else:
        apps = {id(one): key for key, one in members.items() if isinstance(one, App)}
        if len(apps) > 1:
            choices = " or ".join(f"--app {place}:{key}" for key in apps.values())
            raise LoadError(f"{place}: there are {len(apps)} apps; choose one with {choices}")
        name = next(iter(apps.values()), "app")
        if name not in members:
            raise LoadError(f"{place}: there is no App and no function app; write app = App([...])")
    found = members[name]
    who = f"{place}:{name}"
    if isinstance(found, App) or callable(found):
        return found, who
    raise LoadError(f"{who}: it is {_kind(found)}; name an App or a function that returns one")


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


@contextmanager
def _user_code(place: str, cwd: Path) -> Iterator[None]:
    """Turn what the user's code raises into a LoadError: ours by its line, others with their traceback."""
    try:
        yield
    except LoadError:
        raise
    except FargateStacksError as error:
        line = _last_line(error.__traceback__, cwd)
        raise LoadError(f"{line}{error}") from None
    except ModuleNotFoundError as error:
        if error.__traceback__ is not None and _own(error.__traceback__) is None:
            raise LoadError(f"{place}: there is no module {error.name}; name another with --app") from None
        raise _foreign(error, place) from error
    except Exception as error:
        raise _foreign(error, place) from error


def _foreign(error: Exception, place: str) -> LoadError:
    error.__traceback__ = _own(error.__traceback__)
    return LoadError(f"{place}: it raised {type(error).__name__}; its traceback is above")


def _own(traceback: TracebackType | None) -> TracebackType | None:
    """Cut the frames that led into the user's code: ours and those of the import machinery."""
    while traceback is not None and _led_here(traceback):
        traceback = traceback.tb_next
    return traceback


def _led_here(traceback: TracebackType) -> bool:
    file = traceback.tb_frame.f_code.co_filename
    ours = file.startswith(_PACKAGE) and not file.startswith(_BLUEPRINTS)
    return ours or file.startswith("<frozen ") or file == importlib.__file__


def _is_installed(traceback: TracebackType) -> bool:
    import sysconfig

    places = {sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")}
    return traceback.tb_frame.f_code.co_filename.startswith(tuple(f"{place}{os.sep}" for place in places))


def _shown(file: str, cwd: Path) -> Path:
    path = Path(file)
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path


def _last_line(traceback: TracebackType | None, cwd: Path) -> str:
    """Give `infra.py:12: ` for the innermost line of the user's that led to an error."""
    line = ""
    while traceback is not None:
        if not _led_here(traceback) and not traceback.tb_frame.f_code.co_filename.startswith("<"):
            line = f"{_shown(traceback.tb_frame.f_code.co_filename, cwd)}:{traceback.tb_lineno}: "
        traceback = traceback.tb_next
    return line
