"""Over SSH to a board of another architecture: a loopback sshd whose shell is an aarch64 userland under qemu.

A binfmt_misc of its own in a user namespace runs the guest's programs (Linux 6.7 and later); no root on the host.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time

import pytest
from test_ssh import reach as reach  # a fixture
from test_ssh import run, server

from edgebench.emulation import boards, packages, userland
from edgebench.errors import DeviceError

GUEST = (
    "bash", "dash", "coreutils", "tar", "util-linux", "util-linux-extra", "sed", "mawk", "grep", "findutils",
    "libc-bin", "python3-minimal", "libpython3-stdlib", "libstdc++6", "libgomp1",
)  # fmt: skip
STATIC = ("qemu-user-static",)
MAGIC = r":edgebench:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:" \
        r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:"  # fmt: skip
BOOT = """set -e
mount -t proc proc {root}/proc
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf '%s' '{magic}{qemu}:F' > /proc/sys/fs/binfmt_misc/register
mount --rbind /dev {root}/dev
mount --bind {shown}/proc/cpuinfo {root}/proc/cpuinfo
mount --rbind {shown}/sys {root}/sys
echo ready > {folder}/ready
while :; do sleep 1000 & wait; done
"""


def made(name, of, make):
    """In the cache of emulation, beside its own parts."""
    return userland._part(userland.folder(), name, of, lambda line: None, make)


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    """Commands that enter the namespace of a running aarch64 userland; its root."""
    folder = tmp_path_factory.mktemp("guest")
    can = f"mkdir -p {folder}/b && mount -t binfmt_misc none {folder}/b"
    alone = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "sh", "-c", can], capture_output=True).returncode:
        pytest.skip("this kernel gives a user namespace no binfmt_misc (Linux 6.7 does)")
    try:
        here = packages.architecture()
        qemu = made("qemu-static", STATIC, lambda out, work: packages.fetch(work, here, STATIC, out))
        base = made("ssh-root", GUEST, lambda out, work: packages.fetch(work, "arm64", GUEST, out))
    except DeviceError as error:
        pytest.skip(str(error))
    root, shown = folder / "root", folder / "shown"
    subprocess.run(["cp", "-a", base, root], check=True)
    for name in ("proc", "sys", "dev", "tmp", "root", "etc"):
        (root / name).mkdir(exist_ok=True)
    for link, target in (("bin/sh", "dash"), ("usr/bin/awk", "mawk"), ("usr/bin/python3", "python3.11")):
        if not (root / link).exists():
            (root / link).symlink_to(target)
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    for name, data in boards.files(boards.find("pi4")).items():
        (shown / name).parent.mkdir(parents=True, exist_ok=True)
        (shown / name).write_bytes(data.replace(b"Rev 1.5\n", b"Rev 1.5 (EMULATED)\n"))
    (folder / "boot").write_text(
        BOOT.format(
            root=root, magic=MAGIC, qemu=next(qemu.glob("usr/bin/qemu-aarch64-static")), shown=shown, folder=folder
        )
    )
    with subprocess.Popen([*alone, "--kill-child", "bash", folder / "boot"], stderr=subprocess.PIPE) as boot:
        deadline = time.monotonic() + 20
        while not (folder / "ready").exists():
            if boot.poll() is not None or time.monotonic() > deadline:
                boot.kill()
                pytest.skip(f"the namespace does not come up here: {boot.stderr.read()[-200:]!r}")
            time.sleep(0.05)
        init = subprocess.run(["pgrep", "-P", str(boot.pid)], capture_output=True, text=True).stdout.split()[0]
        clean = "/usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/root QEMU_CPU=cortex-a72"
        enter = f"nsenter --preserve-credentials -U -m -p -t {init} chroot {root} {clean}"
        yield f'exec {enter} /bin/bash -c "cd /root; $SSH_ORIGINAL_COMMAND"', root
        boot.kill()


@pytest.fixture(scope="module")
def board(guest, tmp_path_factory):
    yield from server(tmp_path_factory.mktemp("board"), guest[0])


def test_a_board_of_another_architecture_is_measured_and_marked_as_emulated(
    board, guest, reach, tiny_artifacts, tiny_dataset, monkeypatch, tmp_path, capfd
):
    reach()
    monkeypatch.chdir(tmp_path)
    options = ["run", tiny_artifacts["tflite-int8"], "--data", tiny_dataset, "--split", "test-1", "--images", "2"]
    code, err = run(monkeypatch, capfd, *options, "--device", "raspberrypi", "--host", "board")
    assert code == 0, err
    assert "aarch64" in err and "its times mean nothing" in err
    code, err = run(monkeypatch, capfd, *options, "--repeats", "1", "--iterations", "20")
    assert code == 0, err
    files = [next(tmp_path.glob(f"results/runs/{name}/*.json")) for name in ("board", "local")]
    there, here = (json.loads(file.read_text()) for file in files)
    assert there["device"]["emulated"] and there["device"]["host"]["machine"] == "aarch64"
    assert there["latency"] == [] and there["count"] is None
    images = [one["accuracy"]["test-1"]["images"] for one in (there, here)]
    assert [one["patches_um"] for one in images[0]] == [one["patches_um"] for one in images[1]]
    code, err = run(monkeypatch, capfd, *options, "--device", "ssh", "--host", "board", "--clean", "--force")
    assert code == 0, err
    assert "sending" not in err
    assert not (guest[1] / "root" / ".cache" / "edgebench").exists()
