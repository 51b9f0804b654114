"""Where joules come from, on the machine that is measured: one file a source; never an estimate."""
