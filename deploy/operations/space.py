"""`python -m deploy.operations.space deploy OWNER/NAME`: to the Space, tried out, or taken back.

One commit replaces all files of the Space; then it is built there. When the build fails, when it
does not start, or the smoke test finds something wrong, the files that were there before are put
back, and the command fails. `HF_TOKEN` is the key; `HF_ENDPOINT`, which huggingface_hub reads,
another Hub.
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
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, SpaceStage
from huggingface_hub.errors import HfHubHTTPError

from deploy.operations.smoke import SmokeFailed, smoke
from deploy.operations.space_tree import write_tree

BUILD_PATIENCE_S = 1_800.0
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
    """The Space does not serve the new version; the message says why."""


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
        """Raises DeploymentFailed, with the Space as it was before."""
        before = self.api.repo_info(self.name, repo_type="space").sha
        self.say(f"{self.name} is at {before}")
        try:
            self._put(tree, message)
        except DeploymentFailed as failure:
            self.say(f"failed: {failure}")
            self._restore(str(before), failure)
            raise DeploymentFailed(f"{failure}; {before} was put back and serves") from failure

    def _put(self, tree: Path, message: str) -> None:
        files = {
            path.relative_to(tree).as_posix(): path for path in tree.rglob("*") if path.is_file()
        }
        there = self.api.list_repo_files(self.name, repo_type="space")
        # `upload_folder` may make several commits of it, each of which would be built.
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
        """The files of that revision as a new commit, until they serve."""
        with tempfile.TemporaryDirectory() as folder:
            tree = self.api.snapshot_download(
                self.name, repo_type="space", revision=revision, cache_dir=folder
            )
            try:
                self._put(Path(tree), f"Go back to {revision}: {failure}"[:200])
            except DeploymentFailed as again:
                raise DeploymentFailed(
                    f"{failure}; {revision} was put back, but does not serve either: {again}"
                ) from again

    def _until_running(self, commit: str) -> None:
        give_up = time.monotonic() + self.patience_s
        seen, built = "", False
        while True:
            runtime = self.api.get_space_runtime(self.name)
            if runtime.stage != seen:
                seen = str(runtime.stage)
                self.say(f"stage {runtime.stage}")
            # The Hub may go on telling of the old commit for a while.
            told: str | None = runtime.raw.get("sha")
            current = built if told is None else told == commit
            if current and runtime.stage in _FAILED:
                reason = runtime.raw.get("errorMessage") or "no reason is given"
                raise DeploymentFailed(f"the Space is in stage {runtime.stage}: {reason}")
            if current and runtime.stage == SpaceStage.RUNNING:
                return
            built = built or runtime.stage != SpaceStage.RUNNING
            if time.monotonic() > give_up:
                raise DeploymentFailed(
                    f"still in stage {runtime.stage} after {self.patience_s:.0f} s"
                )
            time.sleep(self.poll_s)


def public_url(name: str) -> str:
    """Where Hugging Face serves a Space."""
    return f"https://{name.replace('/', '-').replace('_', '-').replace('.', '-').lower()}.hf.space"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.operations.space", description=__doc__)
    parser.add_argument("command", choices=["deploy"])
    parser.add_argument("name", help="OWNER/NAME of the Space")
    parser.add_argument("--url", help="where it is served, if not on hf.space")
    parser.add_argument("--tree", type=Path, help="files to send, instead of what git tracks")
    parser.add_argument("--revision", default="the working tree", help="for the commit's message")
    parser.add_argument("--patience", type=float, default=BUILD_PATIENCE_S, metavar="SECONDS")
    parser.add_argument("--poll", type=float, default=10.0, metavar="SECONDS")
    arguments = parser.parse_args()
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
    except (DeploymentFailed, HfHubHTTPError, httpx.HTTPError, OSError) as failure:
        sys.stderr.write(f"error: {failure}\n")
        return 1
    print(f"{arguments.name} serves {arguments.revision} at {space.url}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
