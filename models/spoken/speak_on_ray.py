"""Speaks the shards of a corpus with Ray Data: on the processors of a cluster, or of this machine.

Ray moves the plans of shards and what became of them; sound, units and texts go from the texts'
folder straight into the shards, so both folders must be the same for all machines. What Ray does by
default and we promise not to do is switched off: usage statistics, a dashboard, and ports that are
open to the network on a single machine. It writes a password to ~/.ray and logs below /tmp/ray.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import DuologueError
from models.spoken.speak_dialogue import Recipe
from models.spoken.speak_shards import SHARDS_PER_PROCESS, SpokenShard, speak_shard
from models.spoken.text_dialogue import ShardPlan

_STARTS = 3
"""How often a Ray of our own is tried to start. Its agents have 15 s, which a busy machine may not
give (2.60; no setting changes that)."""
_OBJECT_STORE_BYTES = 100_000_000
"""Only plans of shards and what became of them lie there. By default it is 30 % of the memory."""
_LOOPBACK = "127.0.0.1"
_ONE_MACHINE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Ray's variable; 0: there is one machine, so nothing listens to others. Without it Ray 2.60 takes
the machine's own address on Linux even where it was told 127.0.0.1, and listens to everybody
(findings/ray-takes-no-loopback-address.sh)."""
_PATIENT = {
    # A process that has not registered in its first minute would be killed and started again, and
    # on a busy machine so would the next.
    "worker_register_timeout_seconds": 900,
    "agent_register_timeout_ms": 900_000,
    "health_check_timeout_ms": 60_000,
    # Those that are needed start when the first shards come.
    "prestart_worker_first_driver": False,
}


def _speak_row(row: dict[str, Any], folder: Path, recipe: Recipe) -> dict[str, Any]:
    plan = ShardPlan(row["file"], int(row["first"]), int(row["count"]))
    return vars(speak_shard(plan, folder, recipe))


def begin_ray(jobs: int, address: str | None = None) -> Any:
    """Start Ray on this machine with ``jobs`` processors, or join the cluster at ``address``.

    Raises DuologueError without Ray, or where the cluster is not there.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when a cluster starts
    os.environ["RAY_DATA_DISABLE_PROGRESS_BARS"] = "1"
    try:
        import ray
    except ImportError as error:
        raise DuologueError(
            "Ray is not installed; install it with: script/setup train natural speak scale, or "
            "leave out --ray."
        ) from error
    where = (
        {"address": address}
        if address
        else {
            "num_cpus": jobs,
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE_BYTES,
            "_node_ip_address": _LOOPBACK,
            "_system_config": _PATIENT,
        }
    )
    if not address:
        os.environ[_ONE_MACHINE] = "0"  # for its processes; here it was read at the import
        ray._private.ray_constants.ENABLE_RAY_CLUSTER = False
    for left in range(0 if address else _STARTS - 1, -1, -1):
        try:
            ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
            break
        except Exception as error:  # Ray raises plain ones, too
            ray.shutdown()
            if left:
                continue
            raise DuologueError(
                f"There is no Ray cluster at {address}; start one first."
                if address
                else "Ray could not be started, perhaps because this machine is too busy; its "
                "logs are below /tmp/ray. Without --ray it is not needed."
            ) from error
    return ray


def speak_on_ray(
    plans: Sequence[ShardPlan],
    folder: Path,
    recipe: Recipe,
    jobs: int,
    address: str | None = None,
) -> Iterator[SpokenShard]:
    """Speak shards in at most ``jobs`` processes of Ray; gives each when it is done.

    A shard whose machine was lost is spoken again elsewhere.
    """
    ray = begin_ray(jobs, address)
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        rows = [vars(plan) for plan in plans]
        spoken = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            partial(_speak_row, folder=folder.resolve(), recipe=recipe),
            num_cpus=1,
            compute=ray.data.TaskPoolStrategy(size=jobs),
            max_calls=SHARDS_PER_PROCESS,
        )
        for row in spoken.iter_rows():
            yield SpokenShard(**row)
    finally:
        ray.shutdown()
