"""A Raspberry Pi where there is none: qemu, a Debian userland for aarch64, and a board that runtimes take for real."""
