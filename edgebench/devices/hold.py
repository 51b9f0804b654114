"""A board is one session's for as long as that lives: a second one is refused, and what a dead one left is ended.

A connection with a lock on the board is held open; it ends with the process that holds it, however that ends.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import uuid
import weakref
from typing import Optional

from edgebench.devices.transport import Transport
from edgebench.errors import DeviceError

SESSION = "EDGEBENCH_SESSION"  # of this process and of those it starts: the workers of a fleet may drive its boards
END = """
end() {  # a folder of a job, or of several: the processes that work in it, and the folder
    for job in "$1" "$1"/*/; do
        for one in /proc/[0-9]*; do test "$one/cwd" -ef "$job" && kill -9 "${one#/proc/}"; done
    done 2> /dev/null
    rm -rf "$1"
}
"""
_TAKE = (
    END
    + """
cd && mkdir -p CACHE/sessions && cd CACHE/sessions && exec 8> ../lock && flock -w 60 8 || exit
for other in *; do
    test -d "$other" && test "$other" != OWN || continue
    if flock -n "$other/held" true; then end "$other"
    elif test "${other%%.*}" != SESSION; then echo "process $(cat "$other/held")"; exit; fi
done
mkdir -p OWN && exec 9>> OWN/held && flock -s 9 && echo $$ > OWN/held || exit
exec 8>&-
echo held
exec cat > /dev/null
"""
)


class Hold:
    def __init__(self, transport: Transport, cache: str) -> None:
        """cache: a folder below the home there. Nothing is taken yet."""
        self._transport = transport
        self._process: Optional[subprocess.Popen[bytes]] = None
        session = os.environ.setdefault(SESSION, uuid.uuid4().hex[:12])
        own = f"{session}.{uuid.uuid4().hex[:12]}"
        self.folder = f"{cache}/sessions/{own}"  # of the jobs of this process
        self._script = _TAKE.replace("CACHE", cache).replace("OWN", own).replace("SESSION", session)

    def take(self) -> None:
        """Where it is not held already; also again, after the connection was lost.

        DeviceError where another session has the board. Jobs of one that is gone are ended, and what they left.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.release()
        process, said = self._transport.opened(f"sh -c {shlex.quote(self._script)}")
        self._process = process
        self._ends = weakref.finalize(self, _end, process)
        if said != "held":
            self.release()
            raise DeviceError(
                f"host {self._transport.host!r}: another session measures there. Wait for its end; or, if it is gone "
                f"and its connection was cut, there: kill {said.rpartition(' ')[2]}."
            )

    def release(self) -> None:
        if self._process is not None:
            self._ends()
            self._process = None


def _end(process: subprocess.Popen[bytes]) -> None:
    """What it holds there ends with its standard input."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        process.communicate(timeout=5)
    process.kill()
    process.wait()
