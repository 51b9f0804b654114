"""Where an artifact is measured: one file a device, named in base.DEVICES."""
