"""The formats of a report, each a pure function of a document that escapes for itself what records say."""
