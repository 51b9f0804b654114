"""Boards that can be emulated: what a runtime asks before it chooses its kernels, and the caches to simulate."""

from __future__ import annotations

from dataclasses import dataclass

from edgebench.errors import UsageError

CORES = 4
_ARMV8 = "fp asimd evtstrm crc32 cpuid"
_ARMV82 = (
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"  # SDOT, FP16
)


@dataclass(frozen=True)
class Board:
    name: str
    model: str  # as /proc/device-tree/model says it
    revision: str
    cpu: str  # of qemu
    midr: int  # main ID register of the core, by which XNNPACK and others choose
    features: str
    mhz: int
    memory_bytes: int
    caches: tuple[tuple[int, int], ...]  # KiB and ways of L1D, L2, L3; lines of 64 bytes


BOARDS = {
    board.name: board
    for board in (
        Board(
            "pi3", "Raspberry Pi 3 Model B Plus Rev 1.3", "a020d3", "cortex-a53", 0x410FD034, _ARMV8, 1400, 2**30,
            ((32, 4), (512, 16)),
        ),
        Board(
            "pi4", "Raspberry Pi 4 Model B Rev 1.5", "c03115", "cortex-a72", 0x410FD083, _ARMV8, 1800, 4 * 2**30,
            ((32, 2), (1024, 16)),
        ),
        Board(
            "pi5", "Raspberry Pi 5 Model B Rev 1.0", "c04170", "cortex-a76", 0x414FD0B1, _ARMV82, 2400, 4 * 2**30,
            ((64, 4), (512, 8), (2048, 16)),
        ),
    )
}  # fmt: skip


def find(name: str) -> Board:
    if name not in BOARDS:
        raise UsageError(f"no board {name!r} to emulate. Boards: {', '.join(BOARDS)}.")
    return BOARDS[name]


def files(board: Board) -> dict[str, bytes]:
    """Path below the root to contents: what Linux on the board would say of it, its model marked as emulated."""
    implementer, variant = board.midr >> 24, board.midr >> 20 & 0xF
    part, revision = board.midr >> 4 & 0xFFF, board.midr & 0xF
    core = (
        f"BogoMIPS\t: 108.00\nFeatures\t: {board.features}\nCPU implementer\t: 0x{implementer:02x}\n"
        f"CPU architecture: 8\nCPU variant\t: 0x{variant:x}\nCPU part\t: 0x{part:03x}\nCPU revision\t: {revision}\n"
    )
    cores = "".join(f"processor\t: {number}\n{core}\n" for number in range(CORES))
    told = f"Revision\t: {board.revision}\nSerial\t\t: 0000000000000000\nModel\t\t: {board.model}\n"
    cpus = "sys/devices/system/cpu"
    found = {
        "proc/cpuinfo": (cores + told).encode(),
        "proc/device-tree/model": f"{board.model} (EMULATED)\0".encode(),
        **{f"{cpus}/{name}": f"0-{CORES - 1}\n".encode() for name in ("possible", "present", "online")},
    }
    for number in range(CORES):
        found[f"{cpus}/cpu{number}/regs/identification/midr_el1"] = f"0x{board.midr:016x}\n".encode()
        found[f"{cpus}/cpu{number}/cpufreq/cpuinfo_max_freq"] = f"{board.mhz}000\n".encode()
    return found
