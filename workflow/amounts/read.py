"""Reading policy sets: policy.toml and tariff.dmn together, all faults at once."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from bpmn.faults import Fault
from workflow.amounts.assembly import Assembly, Shared
from workflow.amounts.model import Policy
from workflow.amounts.policy_file import read_policy_file, read_thresholds
from workflow.amounts.refusals import PolicyRefused, fault
from workflow.amounts.tariff import TableReader
from workflow.amounts.vocabulary import (
    CATEGORIES,
    DATA,
    POLICY,
    TARIFF,
    THRESHOLDS,
    category_order,
    shared_file,
)


def read_policies(files: Mapping[str, bytes]) -> Mapping[str, Policy]:
    """All policy sets of a rule book, by id: its files `policies/<id>/policy.toml` and `…/tariff.dmn`.

    Raises:
        PolicyRefused: every fault of every set, each with file, element or cell, and reason.
    """
    folders: dict[str, dict[str, bytes]] = defaultdict(dict)
    faults: list[Fault] = []
    shared = _shared(files, faults)
    for path, content in sorted(files.items()):
        if not path.startswith("policies/"):
            continue
        folder, _, name = path.rpartition("/")
        if folder.count("/") != 1 or name not in (POLICY, TARIFF):
            faults.append(fault(path, "-", "政策集里没有这样的文件", "a policy set has no such file"))
            continue
        folders[folder][name] = content
    policies: dict[str, Policy] = {}
    for folder, parts in folders.items():
        policy = _read_set(folder, parts, shared, faults)
        if policy is not None and policy.id != folder.rpartition("/")[2]:
            faults.append(
                fault(f"{folder}/{POLICY}", "id", "应与文件夹同名", "must be the name of the folder")
            )
        elif policy is not None:
            policies[policy.id] = policy
    if faults:
        raise PolicyRefused(faults)
    return MappingProxyType(policies)


def read_folder(folder: Path) -> Policy:
    """One policy set from a folder on disk, wherever it lies and whatever the folder is called.

    Raises:
        PolicyRefused: as above.
    """
    parts = {name: (folder / name).read_bytes() for name in (POLICY, TARIFF) if (folder / name).is_file()}
    faults: list[Fault] = []
    policy = _read_set(str(folder), parts, _shared({}, faults), faults)
    if policy is None or faults:
        raise PolicyRefused(faults)
    return policy


def packaged() -> tuple[str, ...]:
    """The ids of the policy sets that came with the program."""
    return tuple(sorted(each.parent.name for each in DATA.glob(f"policies/*/{POLICY}")))


def _shared(files: Mapping[str, bytes], faults: list[Fault]) -> Shared:
    thresholds = read_thresholds(THRESHOLDS, shared_file(files, THRESHOLDS), faults)
    return Shared(category_order(files.get(CATEGORIES)), thresholds)


def _read_set(folder: str, parts: Mapping[str, bytes], shared: Shared, faults: list[Fault]) -> Policy | None:
    """One set, or None; whatever is wrong is added to `faults`."""
    mine: list[Fault] = []
    missing = [name for name in (POLICY, TARIFF) if name not in parts]
    mine += [fault(f"{folder}/{name}", "-", "缺少这个文件", "this file is missing") for name in missing]
    policy = None
    if not missing:
        rows = TableReader(f"{folder}/{TARIFF}", mine).read(parts[TARIFF])
        part = read_policy_file(f"{folder}/{POLICY}", parts[POLICY], mine)
        if part is not None:
            policy = Assembly(folder, part, shared, mine).policy(rows)
    faults += mine
    return None if mine else policy
