"""`python -m deploy.operations.space deploy OWNER/NAME`: deploy to a Space, or roll back.

One commit replaces all files of the Space, and the Space builds it. If the build, the start or the
smoke test fails, the earlier files are restored and the command fails. `HF_TOKEN` is the key;
`HF_ENDPOINT`, which huggingface_hub reads, names another Hub.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import httpx2
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    SpaceRuntime,
    SpaceStage,
    get_token,
)
from huggingface_hub.errors import HfHubHTTPError

from deploy.operations.smoke import SmokeFailed, smoke
from deploy.operations.space_tree import write_tree

BUILD_PATIENCE_S = 1_800.0
NETWORK = (httpx.HTTPError, httpx2.HTTPError)
"""Failures of the network: httpx is ours, httpx2 is huggingface_hub's."""
_FAILED = {
    SpaceStage.NO_APP_FILE,
    SpaceStage.CONFIG_ERROR,
    SpaceStage.BUILD_ERROR,
    SpaceStage.RUNTIME_ERROR,
    SpaceStage.STOPPED,
    SpaceStage.PAUSED,
    SpaceStage.DELETING,
}


class DeploymentFailed(Exception):
    """The Space does not serve the new version. The message gives the reason."""


@dataclass(frozen=True)
class Space:
    """One Space on one Hub."""

    api: HfApi
    name: str
    url: str
    say: Callable[[str], None]
    patience_s: float = BUILD_PATIENCE_S
    poll_s: float = 10.0

    def deploy(self, tree: Path, message: str) -> None:
        """Replace the files and wait until they serve.

        Raises DeploymentFailed once the Space has its earlier files back.
        """
        before = self.api.repo_info(self.name, repo_type="space").sha
        self.say(f"{self.name} is at {before}")
        try:
            self._put(tree, message)
        except DeploymentFailed as failure:
            self.say(f"failed: {failure}")
            self._restore(str(before), failure)
            raise DeploymentFailed(f"{failure}; {before} was restored and serves") from failure

    def _put(self, tree: Path, message: str) -> None:
        files = {
            path.relative_to(tree).as_posix(): path for path in tree.rglob("*") if path.is_file()
        }
        there = self.api.list_repo_files(self.name, repo_type="space")
        # `upload_folder` may make several commits, and the Space would build each of them.
        commit = self.api.create_commit(
            self.name,
            repo_type="space",
            commit_message=message,
            operations=[
                *(CommitOperationDelete(name) for name in there if name not in files),
                *(CommitOperationAdd(name, path) for name, path in sorted(files.items())),
            ],
        )
        self.say(f"sent as {commit.oid}")
        self._until_running(commit.oid)
        try:
            smoke(self.url, say=self.say, patience_s=min(self.patience_s, 120.0))
        except SmokeFailed as failure:
            raise DeploymentFailed(f"the smoke test failed: {failure}") from failure

    def _restore(self, revision: str, failure: DeploymentFailed) -> None:
        """Commit the files of that revision again, and wait until they serve."""
        with tempfile.TemporaryDirectory() as folder:
            tree = self.api.snapshot_download(
                self.name, repo_type="space", revision=revision, cache_dir=folder
            )
            try:
                self._put(Path(tree), f"Go back to {revision}: {failure}"[:200])
            except DeploymentFailed as again:
                raise DeploymentFailed(
                    f"{failure}; {revision} was restored, but does not serve either: {again}"
                ) from again

    def _until_running(self, commit: str) -> None:
        give_up = time.monotonic() + self.patience_s
        seen, built = "", False
        while True:
            runtime = self._runtime(give_up)
            if runtime.stage != seen:
                seen = str(runtime.stage)
                self.say(f"stage {runtime.stage}")
            # The Hub may report the earlier commit for a while.
            told: str | None = runtime.raw.get("sha")
            current = built if told is None else told == commit
            if current and runtime.stage in _FAILED:
                reason = runtime.raw.get("errorMessage") or "the Hub gives no reason"
                raise DeploymentFailed(f"the Space is in stage {runtime.stage}: {reason}")
            if current and runtime.stage == SpaceStage.RUNNING:
                return
            built = built or runtime.stage != SpaceStage.RUNNING
            if time.monotonic() > give_up:
                raise DeploymentFailed(
                    f"still in stage {runtime.stage} after {self.patience_s:.0f} s"
                )
            time.sleep(self.poll_s)

    def _runtime(self, give_up: float) -> SpaceRuntime:
        """The state of the Space. A failed request is repeated, since a build takes minutes."""
        while True:
            try:
                return self.api.get_space_runtime(self.name)
            except (HfHubHTTPError, *NETWORK) as failure:
                if time.monotonic() > give_up:
                    raise DeploymentFailed(
                        f"the Hub does not report its state: {failure}"
                    ) from failure
                self.say(f"the Hub does not report its state: {_line(failure)}; trying again")
            time.sleep(self.poll_s)


def public_url(name: str) -> str:
    """Address at which Hugging Face serves a Space."""
    return f"https://{name.replace('/', '-').replace('_', '-').replace('.', '-').lower()}.hf.space"


def _line(failure: Exception) -> str:
    """A failure's message on one line."""
    return " ".join(str(failure).split()) or type(failure).__name__


def _failed(reason: str) -> int:
    sys.stderr.write(f"error: {reason}\n")
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.operations.space", description=__doc__)
    parser.add_argument("command", choices=["deploy"])
    parser.add_argument("name", help="OWNER/NAME of the Space")
    parser.add_argument("--url", help="public address, if not on hf.space")
    parser.add_argument(
        "--tree", type=Path, help="folder to send instead of the files that git tracks"
    )
    parser.add_argument(
        "--revision", default="the working tree", help="revision for the commit message"
    )
    parser.add_argument("--patience", type=float, default=BUILD_PATIENCE_S, metavar="SECONDS")
    parser.add_argument("--poll", type=float, default=10.0, metavar="SECONDS")
    arguments = parser.parse_args()
    if get_token() is None:
        return _failed("HF_TOKEN is not set. Set it to a token that may write to the Space.")
    space = Space(
        HfApi(),
        arguments.name,
        arguments.url or public_url(arguments.name),
        lambda line: print(line, flush=True),
        patience_s=arguments.patience,
        poll_s=arguments.poll,
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            if arguments.tree is None:
                write_tree(Path(folder))
            space.deploy(arguments.tree or Path(folder), f"Deploy {arguments.revision}")
    except HfHubHTTPError as failure:
        return _failed(f"{space.api.endpoint} refused: {_line(failure)}")
    except NETWORK as failure:
        return _failed(
            f"{space.api.endpoint} does not answer: {_line(failure)}. "
            "Check the network and try again."
        )
    except (DeploymentFailed, ValueError, OSError) as failure:
        return _failed(_line(failure))
    print(f"{arguments.name} serves {arguments.revision} at {space.url}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
