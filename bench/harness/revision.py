"""Another revision of this repository, checked out and built under build/compare/, to be measured beside this one."""
import os
import shutil
import subprocess
import sys

import rows as table

from harness.child import finished_group

PLACE = os.path.join(table.ROOT, "build", "compare")
# Of an old revision some may not be there; what it has of them is built.
TARGETS = tuple(["bench/" + name for name in ("pitboss-bench", "pitboss-savina", "pitboss-loop")[:count]] for count in (3, 2, 1, 0))


class Unknown(Exception):
    """There is no such revision, or it cannot be built; the text says why."""


def git(*words):
    done = subprocess.run(["git", "-C", table.ROOT, *words], capture_output=True, text=True)
    if done.returncode:
        raise Unknown(done.stderr.strip())
    return done.stdout.strip()


def whole(folder, commit):
    """It has the commit's files, all and unchanged. A checkout that was cut short has not, nor one that somebody worked in."""
    if not os.path.exists(os.path.join(folder, ".git")):  # git would take the repository around it
        return False
    return subprocess.run(["git", "-C", folder, "diff", "--quiet", commit, "--"], capture_output=True).returncode == 0


def checkout(name):
    """(commit, folder): a git worktree, kept for the next time; `git worktree remove FOLDER` frees it."""
    try:
        commit = git("rev-parse", "--verify", "--end-of-options", name + "^{commit}")
    except Unknown:
        raise Unknown(f"no such revision: {name}") from None
    folder = os.path.join(PLACE, commit[:12])
    if not whole(folder, commit):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(PLACE, exist_ok=True)
        git("worktree", "add", "--force", "--force", "--detach", folder, commit)  # twice: also where one was cut short
    return commit, folder


def built(name):
    """(commit, folder of its benchmark programs)"""
    commit, folder = checkout(name)
    print(f"bench/run: building {commit[:12]} in {os.path.relpath(folder)}", file=sys.stderr, flush=True)
    for targets in TARGETS:
        done = finished_group([os.path.join(folder, "scripts", "build"), "release", *targets], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            break
    programs = os.path.join(folder, "build", "release", "bench")
    if done.returncode or not os.access(os.path.join(programs, "pitboss-bench"), os.X_OK):
        raise Unknown(f"{commit[:12]} does not build, or has no pitboss-bench:\n{done.stderr[-2000:]}")
    return commit, programs
