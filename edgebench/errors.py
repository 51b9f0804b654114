"""Every error a user can cause, as one tree; the command line prints each as one line and exits with 2.

EdgebenchError
├── UsageError        an option or a name that does not exist
├── DatasetError      a folder, a file name or an image that is not what the layout says
├── ModelError        a model file that cannot be read, or that gives no finite answer
├── ConversionError   a converter failed, or its result is not the same function
├── BackendError      a runtime is missing, or it refuses the artifact
├── DeviceError       a device cannot be reached, or a runner died on it
├── RecordError       a record that is damaged, of another schema, or already there
└── ReportError       a report cannot be made, or is out of date (`report --check`)
"""

from __future__ import annotations


class EdgebenchError(Exception):
    """What is wrong, the value found, and what to do: one line."""


class UsageError(EdgebenchError):
    pass


class DatasetError(EdgebenchError):
    pass


class ModelError(EdgebenchError):
    pass


class ConversionError(EdgebenchError):
    pass


class BackendError(EdgebenchError):
    pass


class DeviceError(EdgebenchError):
    pass


class RecordError(EdgebenchError):
    pass


class ReportError(EdgebenchError):
    pass
