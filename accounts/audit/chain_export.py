"""The chain as files, which are checked without this site and without its database."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from accounts import audit
from accounts.audit import digests
from accounts.audit.offline import verify_audit
from accounts.audit.sealing import position
from accounts.audit.verification import chain, layouts, purge_records, unsealed
from accounts.models import Action


def export(folder: Path) -> int:
    """Writes the chain into a new folder that only this account of the machine can read; the number of seals.

    Raises:
        FileExistsError: the folder is there.
        CannotVerify: rows of a source or a column that no longer exists.
    """
    at = position()
    folder.mkdir(mode=0o700, parents=True)
    audit.record(Action.EXPORT, object_type="audit-chain", purpose="audit", detail={"seals": at.last_seq})
    (folder / "digests").mkdir(mode=0o700)
    for number, content in digests.stored().items():
        (folder / digests.name_of(number)).write_bytes(content)
    seals = 0
    with _new(folder / "chain.jsonl") as out:
        for links in chain():
            seals += len(links)
            out.writelines(_line(link) for link in links)
    with _new(folder / "purges.jsonl") as out:
        out.writelines(_line(link) for link in purge_records())
    with _new(folder / "layouts.json") as out:
        json.dump(layouts(), out, indent=1)
    with _new(folder / "unsealed.json") as out:
        json.dump(unsealed(at.horizon), out)
    shutil.copyfile(verify_audit.__file__, folder / "verify_audit.py")
    return seals


def _new(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")


def _line(link: verify_audit.Link) -> str:
    return json.dumps(link, ensure_ascii=False) + "\n"
