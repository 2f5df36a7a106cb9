"""Find the files to read in files and folders, in an order and by names that no machine changes."""

import os
import stat
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from digitbatch.errors import InputError, UsageError
from digitbatch.inputs.file_kinds import (
    HEAD_BYTES,
    ending_of,
    has_ending,
    is_input,
    kind_of_other,
)
from digitbatch.inputs.file_names import portable, relative_name
from digitbatch.inputs.source import SourceFile

# Paths are strings until a file is taken: os.scandir gives strings, and a folder may hold a
# million.
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH116, PTH118, PTH119, PTH120, PTH123


HIDDEN = "hidden"
SYSTEM = "system file"
OWN = "digitbatch output"
NOT_A_FILE = "neither file nor folder"
LINK_OUT = "link out of the folder"
LINK_BROKEN = "broken link"
AGAIN = "reached twice"
UNKNOWN = "cannot be opened to see what it is"

_OWN_MARK = ".digitbatch"  # in the name of what digitbatch writes beside its results
_LONGEST_ENDING = 5
_SYSTEM_NAMES = frozenset({
    "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "$recycle.bin", "#recycle",
    "system volume information", "lost+found",
    "@eadir",  # small copies of every picture, on network disks
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found."""

    files: tuple[SourceFile, ...]
    """Sorted by name, folder by folder. No two have the same name."""
    skipped: Mapping[str, int]
    """How many entries were left out, by reason. A folder counts once."""
    unreadable: tuple[SourceFile, ...] = ()
    """Those of `files` that are folders which cannot be listed: opening one raises PageError."""
    endings: Mapping[str, int] = field(default_factory=dict)
    """How many of those left out are files that are no page, by ending, most first; "" is none."""
    base: str | None = None
    """The folder that names are relative to, absolute; None: they are whole paths."""


def walk(inputs: Sequence[Path], *, ignore: Collection[Path] = ()) -> Walk:
    """Find every file to read.

    A file is one if its ending or its first bytes are those of a page or a picture, also of one
    that is not read: its row says so. Archives, videos, office files and all else are counted.
    Hidden files, system files and what digitbatch wrote are skipped, unless named in `inputs`
    themselves (not what digitbatch wrote: a wildcard on the command line names that too).

    Args:
        inputs: Files and folders. Folders are searched with all that is in them; a link in one is
            followed where it stays within the inputs. Nothing is read twice.
        ignore: Files and folders to leave out, whether they exist or not: the run's own outputs.

    Raises:
        UsageError: One of the inputs does not exist.
    """
    return _Walker([_Root.of(path) for path in inputs], ignore).run()


@dataclass(frozen=True, slots=True)
class _Root:
    path: str  # as given: it is what gets opened
    absolute: str  # names are made of it
    is_folder: bool

    @staticmethod
    def of(path: Path) -> "_Root":
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"cannot find {portable(str(path))!r} ({reason}): give files or folders that exist"
            ) from error
        # ".." behind a link leads elsewhere than the letters of the path say.
        absolute = os.path.realpath(path) if ".." in path.parts else os.path.abspath(path)
        return _Root(str(path), absolute, is_folder)

    @property
    def folder(self) -> str:
        return self.absolute if self.is_folder else os.path.dirname(self.absolute)


class _Walker:
    def __init__(self, roots: list[_Root], ignore: Collection[Path]) -> None:
        self.roots = roots
        self.base = _common_folder([root.folder for root in roots]) if roots else None
        self.own = {os.path.realpath(path) for path in ignore}
        self.own_names = {os.path.basename(path) for path in self.own}
        self.files: list[SourceFile] = []
        self.folders: list[str] = []  # the real folder of each of `files`
        self.unreadable: list[SourceFile] = []
        self.skipped: Counter[str] = Counter()
        self.endings: Counter[str] = Counter()
        self.links: list[tuple[str, str]] = []  # path and name, to be looked at in the end
        self.visited: set[tuple[int, int]] = set()  # device and inode of folders

    def run(self) -> Walk:
        for root in self.roots:
            if root.is_folder:
                self._walk_folder(root.path, relative_name(root.absolute, self.base))
        # What else leads to a file comes last, so that each is found at its own place first.
        found = {
            os.path.join(folder, os.path.basename(source.location))
            for folder, source in zip(self.folders, self.files, strict=True)
            if self.links or not all(root.is_folder for root in self.roots)
        }
        for root in self.roots:
            if not root.is_folder:
                self._take_named(root, found)
        self._follow_links(found)
        files, unreadable = (
            tuple(sorted(sources, key=lambda source: by_place(source.name)))
            for sources in ([*self.files, *self.unreadable], self.unreadable)
        )
        endings = dict(sorted(self.endings.items(), key=lambda item: (-item[1], item[0])))
        return Walk(files, dict(sorted(self.skipped.items())), unreadable, endings, self.base)

    def _walk_folder(self, path: str, name: str) -> None:
        """Take what is in a folder and below; `name` is the folder's, "" for the base."""
        if os.path.realpath(path) in self.own:
            self.skipped[OWN] += 1
            return
        waiting = [(path, name, os.path.realpath(path))]
        while waiting:
            path, name, real = waiting.pop()
            try:
                # Mounts and, on Windows, junctions can lead back without being links.
                about = os.stat(path)
                if (about.st_dev, about.st_ino) in self.visited:
                    continue
                self.visited.add((about.st_dev, about.st_ino))
                with os.scandir(path) as listing:
                    entries = list(listing)
            except OSError:
                own_name = name or portable(os.path.basename(real))
                # No file's name ends in "/", so this one stays apart from all of them.
                self.unreadable.append(SourceFile(path, own_name + "/"))
                continue
            for entry in entries:
                reason = self._reason_to_skip(entry, real)
                if reason:
                    self.skipped[reason] += 1
                    continue
                entry_name = portable(entry.name)
                entry_name = f"{name}/{entry_name}" if name else entry_name
                if entry.is_symlink() or _is_junction(entry):
                    self.links.append((entry.path, entry_name))
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, entry_name, os.path.join(real, entry.name)))
                elif entry.is_file(follow_symlinks=False):
                    if self._take(entry.path, entry_name):
                        self.folders.append(real)
                else:  # a pipe, a device, a socket: opening one may hang
                    self.skipped[NOT_A_FILE] += 1

    def _take(self, path: str, name: str) -> bool:
        if not has_ending(name):
            try:
                with open(path, "rb") as file:
                    head = file.read(HEAD_BYTES)
            except OSError:
                self.skipped[UNKNOWN] += 1
                return False
            if not is_input(head):
                self.skipped[kind_of_other(name, head).value] += 1
                ending = ending_of(name)
                # Not each number or word behind a dot is an ending: there may be a million.
                is_one = len(ending) <= _LONGEST_ENDING and not ending.isdigit()
                self.endings[ending if is_one else ""] += 1
                return False
        self.files.append(SourceFile(path, name))
        return True

    def _take_named(self, root: _Root, found: set[str]) -> None:
        """Take a file that the user named, even a hidden one."""
        if _OWN_MARK in os.path.basename(root.absolute):
            self.skipped[OWN] += 1
        else:
            name = relative_name(root.absolute, self.base)
            self._take_from(root.path, name, os.path.realpath(root.path), found)

    def _follow_links(self, found: set[str]) -> None:
        inside = [os.path.realpath(root.path) for root in self.roots if root.is_folder]
        while self.links:
            links, self.links = sorted(self.links), []
            for path, name in links:
                real = os.path.realpath(path)
                before = len(self.files)
                if not any(_is_below(real, folder) for folder in inside):
                    self.skipped[LINK_OUT] += 1
                elif os.path.isdir(real):
                    self._walk_folder(path, name)
                elif os.path.exists(real) or real in self.own:
                    self._take_from(path, name, real, found)
                elif has_ending(name):
                    self.files.append(SourceFile(path, name))  # its row says that it is gone
                else:
                    self.skipped[LINK_BROKEN] += 1
                found.update(os.path.realpath(source.location) for source in self.files[before:])

    def _take_from(self, path: str, name: str, real: str, found: set[str]) -> None:
        """Take what is no folder, unless it has been found elsewhere."""
        if real in self.own:
            self.skipped[OWN] += 1
        elif real in found:
            self.skipped[AGAIN] += 1
        elif not os.path.isfile(real):
            self.skipped[NOT_A_FILE] += 1
        elif self._take(path, name):
            found.add(real)

    def _reason_to_skip(self, entry: "os.DirEntry[str]", real_folder: str) -> str | None:
        name = entry.name
        if _OWN_MARK in name or (
            name in self.own_names and os.path.join(real_folder, name) in self.own
        ):
            return OWN
        if name.lower() in _SYSTEM_NAMES:
            return SYSTEM
        return HIDDEN if name.startswith((".", "~$")) or _has_hidden_flag(entry) else None


def by_place(name: str) -> str:
    """What names are sorted by: their parts, so that what is in a folder stays together."""
    return name.replace("/", "\0")  # no name holds a NUL


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_junction(entry: "os.DirEntry[str]") -> bool:
    # A Windows folder link; Python 3.11 cannot ask, there the walk's memory of folders ends loops.
    return sys.version_info >= (3, 12) and entry.is_junction()


def _has_hidden_flag(entry: "os.DirEntry[str]") -> bool:
    try:
        # Only Windows has these; its listing brings them along, without a further call.
        about = entry.stat(follow_symlinks=False) if os.name == "nt" else None
    except OSError:
        return False
    return bool(getattr(about, "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_HIDDEN)


class Roots:
    """The folders given as inputs, by what the system calls them, not by their names.

    A disk that is unmounted leaves an empty folder of the same name, and then each of a million
    files is "gone": that is one fault and no million rows.
    """

    def __init__(self, inputs: Sequence[Path]) -> None:
        self._places = {path: _place(path) for path in inputs if path.is_dir()}

    def check(self) -> None:
        """Find out after a file could not be reached whether all are out of reach.

        Raises:
            InputError: If a folder is not what it was.
        """
        for path, place in self._places.items():
            if _place(path) != place:
                raise InputError(
                    f"{path} went away while it was read (is a disk or a network drive no longer "
                    "mounted?): what was read is kept; bring it back and run the same command again"
                )


def _place(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
        next(path.iterdir(), None)  # a network drive that is down may still know its own name
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _common_folder(folders: list[str]) -> str | None:
    """The deepest folder that holds all of `folders`, absolute; None on different drives."""
    try:
        return os.path.commonpath(folders)
    except ValueError:
        return None
