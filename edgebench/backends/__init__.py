"""Runtimes that execute an artifact: one file each, named in base.BACKENDS, loaded alone in a process."""
